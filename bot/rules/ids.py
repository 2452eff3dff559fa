"""Names of things, as distinct types: passing a branch where a project belongs is a type error."""

from typing import NewType

ProjectId = NewType("ProjectId", str)
BranchId = NewType("BranchId", str)
EndpointId = NewType("EndpointId", str)
OperationId = NewType("OperationId", str)
SnapshotId = NewType("SnapshotId", str)

TargetName = NewType("TargetName", str)
RequestId = NewType("RequestId", str)
BackupId = NewType("BackupId", str)
Digest = NewType("Digest", str)
"""SHA-256 of a plan's canonical JSON, in hex: what people approve."""

PersonId = NewType("PersonId", str)
"""A Slack user id (`U…`) of the workspace the bot is installed in; never a name, which people can change."""
ChannelId = NewType("ChannelId", str)
MessageTs = NewType("MessageTs", str)
"""Slack's message id: seconds since the epoch with six decimals, as text."""
