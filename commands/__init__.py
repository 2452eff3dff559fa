"""What people can say, one module per command. Judges words and people, writes rows; the work is started elsewhere."""
