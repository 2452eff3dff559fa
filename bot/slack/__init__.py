"""Talking to people: what they say is written down and acked, what they see is rendered from the store and sent."""
