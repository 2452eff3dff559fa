"""Neon's API v2 as a server on this machine, over real PostgreSQL with real time travel.

`sandbox_neon` starts one; everything that talks to it does so over HTTP and the PostgreSQL protocol. Where Neon's own
behaviour is not known, `assumptions.py` says what was assumed.
"""

from bot.sandbox.neon.sandbox import SandboxNeon, SeededProject, sandbox_neon

__all__ = ["SandboxNeon", "SeededProject", "sandbox_neon"]
