"""Steps of a plan that come before, or instead of, a federated credential for an existing identity. Values only.

Each step has a reverse, or says that it has none. A step that needs what an earlier one makes (the principal id of an
identity that does not exist yet) leaves it empty.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Action(enum.StrEnum):
    """What a step does."""

    CREATE_IDENTITY = "create-identity"
    DELETE_IDENTITY = "delete-identity"
    ATTACH_IDENTITY = "attach-identity"
    DETACH_IDENTITY = "detach-identity"
    CREATE_FEDERATED = "create-federated-credential"
    DELETE_FEDERATED = "delete-federated-credential"
    DEACTIVATE = "deactivate-application"
    ACTIVATE = "activate-application"
    DELETE_APPLICATION = "delete-application"
    RESTORE_APPLICATION = "restore-application"


REVERSE = {
    Action.CREATE_IDENTITY: Action.DELETE_IDENTITY,
    Action.ATTACH_IDENTITY: Action.DETACH_IDENTITY,
    Action.CREATE_FEDERATED: Action.DELETE_FEDERATED,
    Action.DELETE_FEDERATED: Action.CREATE_FEDERATED,
    Action.DEACTIVATE: Action.ACTIVATE,
    Action.DELETE_APPLICATION: Action.RESTORE_APPLICATION,
}
"""What undoes what. A deleted application can be restored for 30 days (Graph, ``directory/deletedItems``)."""

FEDERATED_DESCRIPTION = "Created by unsecret: lets this managed identity act as the application."
"""What every federated credential of ours says of itself, whoever creates it."""


CARRIED_OUT = frozenset({Action.CREATE_IDENTITY, Action.ATTACH_IDENTITY, Action.CREATE_FEDERATED})
"""What ``unsecret federate`` does, and ``unsecret revert`` takes back; deactivating has a command of its own.

Deleting an application, or a federated credential that stands in the way, is for a person: nothing takes over from what
uses it, so that no evidence could open a gate for it, and a record of past sign-ins is none of those to come.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectTrust:
    """A federated credential that trusts an outside issuer, or an identity that does not exist yet."""

    name: str
    issuer: str | None
    """None where nobody told it: an ``[[runs]]`` of ``unsecret.toml`` can."""
    subject: str | None
    """None where nobody told it, or where an earlier step makes it."""
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change, with what undoes it."""

    action: Action
    on: str
    """ARM id of the identity or host, or object id of the application."""
    text: str
    """The step in words."""
    reverse: Action
    identity: str | None = None
    """ARM id of the identity that is created or attached."""
    location: str | None = None
    """Azure region of an identity that is created."""
    federated: DirectTrust | None = None


def step(
    action: Action,
    on: str,
    text: str,
    *,
    identity: str | None = None,
    location: str | None = None,
    federated: DirectTrust | None = None,
) -> Step:
    """Return a step with its reverse."""
    return Step(
        action=action,
        on=on,
        text=text,
        reverse=REVERSE[action],
        identity=identity,
        location=location,
        federated=federated,
    )
