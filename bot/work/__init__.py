"""Durable workflows, one per file. They read and write the store, drive Neon and look into databases; never Slack."""
