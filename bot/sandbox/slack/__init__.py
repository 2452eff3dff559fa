"""A strict Slack on one machine: Web API, Socket Mode or signed HTTP, people who act, faults, and a page to look at.

Speaks Slack's protocols to an unmodified slack_bolt and slack_sdk, and is stricter than Slack where Slack is vague.
"""

from bot.sandbox.slack.server import SandboxSlack, sandbox_slack
from bot.sandbox.slack.specs import ChannelSpec, Person

__all__ = ["ChannelSpec", "Person", "SandboxSlack", "sandbox_slack"]
