"""Safepoint: restores, backups and drills for Postgres on Neon, asked for and approved in Slack."""
