"""Talking to Neon's API v2: what is there, how to change it, and whether a change really happened.

`client.NeonClient` is the way in, `models` what it hands out. Nothing here decides whether a change ought to be
made, and nothing but the errors of `bot.errors` comes out.
"""
