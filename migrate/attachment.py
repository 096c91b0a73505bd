"""What a host says of its identities, and what a request must say to change one of them. Values; pure.

Sources: Azure, "Configure managed identities on Azure virtual machines (REST)": a PATCH names identities to add with
empty objects and those to remove with null; a ``type`` without ``SystemAssigned`` takes the system-assigned identity
away. Providers differ in whether a PATCH replaces the dictionary, so that every identity that is there is named again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SYSTEM, _USER, _NONE = "SystemAssigned", "UserAssigned", "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentity:
    """A user-assigned identity as Azure Resource Manager tells it."""

    resource_id: str
    principal_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityUse:
    """What of Azure uses an identity, in words; empty where nothing does. Raises, and is never empty, when unknown."""

    hosts: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    """Names of the federated credentials on the identity itself: outside tokens that act as it."""
    roles: tuple[str, ...] = ()
    """Scopes of its Azure role assignments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """The identities of a host at one moment."""

    system: bool
    """Whether it has a system-assigned identity."""
    identities: tuple[str, ...]
    """ARM ids of the user-assigned ones, as the host spells them, sorted without regard to case."""
    etag: str | None = None
    """Where the resource tells one (virtual machines and scale sets): a change of anybody else is then refused."""

    def has(self, identity: str) -> bool:
        """Whether an identity is attached."""
        return self.spelt(identity) is not None

    def spelt(self, identity: str) -> str | None:
        """Return an identity's ARM id as the host spells it."""
        return next((each for each in self.identities if each.lower() == identity.lower()), None)

    def lost(self, before: Attachment, *, but: str = "") -> tuple[str, ...]:
        """Return what was attached before and is not now, ``but`` one that was to go."""
        now = {each.lower() for each in self.identities} | {but.lower()}
        missing = tuple(each for each in before.identities if each.lower() not in now)
        return (*missing, *((_SYSTEM,) if before.system and not self.system else ()))


def attaching(before: Attachment, identity: str) -> dict[str, object]:
    """Return the body of a PATCH that adds an identity."""
    named: Mapping[str, object] = {each: {} for each in (*before.identities, identity)}
    return {"identity": {"type": _type(system=before.system, user=True), "userAssignedIdentities": named}}


def detaching(before: Attachment, identity: str) -> dict[str, object]:
    """Return the body of a PATCH that takes an identity away; the type stays, which an identity that comes needs."""
    named: Mapping[str, object] = {each: {} for each in before.identities} | {before.spelt(identity) or identity: None}
    return {"identity": {"type": _type(system=before.system, user=True), "userAssignedIdentities": named}}


def detaching_last(before: Attachment) -> dict[str, object]:
    """Return the body of a PATCH that takes the only user-assigned identity away, where null is refused for it."""
    return {"identity": {"type": _type(system=before.system, user=False)}}


def _type(*, system: bool, user: bool) -> str:
    """Spell a type as the documentation does, with a blank."""
    return ", ".join([_SYSTEM] * system + [_USER] * user) or _NONE


def ambiguous(before: Attachment, host: str) -> str:
    """Say why a second identity may break what runs on a host; empty where it does not.

    Source: Azure, "How to use managed identities on a virtual machine": a request that names no identity gets the
    system-assigned one, else the only user-assigned one; with several it is refused.
    """
    machine = "/microsoft.compute/" in host.lower()
    if not machine or before.system or len(before.identities) != 1:
        return ""
    return (
        f"{host.rpartition('/')[2]} has one identity, which code gets that names none; with a second one such code is "
        "refused: let it name its identity (AZURE_CLIENT_ID)"
    )
