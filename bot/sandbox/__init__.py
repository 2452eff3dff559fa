"""The whole outside world on one machine: Neon over real PostgreSQL, and Slack with a page.

Imports nothing from the rest of the house: what talks to it goes over its real protocols.
"""
