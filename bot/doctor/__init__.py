"""`safepoint doctor`: whether everything outside fits together, as named findings.

Looks with the clients it is handed and changes nothing. A check that fails stops only those that need what it found,
and what could not be looked at is never OK. A finding may be shown to anybody: it names ids, states and error codes,
never a token, a password or a connection string.
"""

from bot.doctor.findings import Finding, State, failed
from bot.doctor.neon import examine_neon
from bot.doctor.slack import SCOPES, examine_slack

__all__ = ["SCOPES", "Finding", "State", "examine_neon", "examine_slack", "failed"]
