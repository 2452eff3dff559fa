"""Looking inside a database: which tables there are, how many rows, how far it has been written. Never writes."""
