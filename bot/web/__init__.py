"""HTTP: the transport for workspaces that deliver to a URL, and whether the bot is alive."""
