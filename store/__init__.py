"""What the bot remembers: SQLite by default, one file per state directory."""
