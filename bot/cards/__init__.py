"""What people see: a value in, a card out. Every word the bot says is in here."""
