"""What the app management policy of an object allows: how long credentials live, whether one may be added. Pure.

Sources: "Application authentication methods API overview" (a policy of an object's own takes the place of the tenant's
default as a whole), "appManagementPolicy", "passwordCredentialConfiguration", "keyCredentialConfiguration" (an object
older than ``restrictForAppsCreatedAfterDateTime`` is spared). Assumed: a policy that is assigned and switched off
restricts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from inventory.estate import Policy, Restriction
from inventory.instants import instant
from inventory.model import Credential, CredentialKind, Holder

_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.\d+)?S)?)?"
)
_SECONDS = {
    "years": 365 * 86_400,
    "months": 30 * 86_400,
    "weeks": 7 * 86_400,
    "days": 86_400,
    "hours": 3_600,
    "minutes": 60,
    "seconds": 1,
}  # a year and a month as .NET reads them
_LISTS = {
    CredentialKind.SECRET: ("passwordCredentials", "passwordlifetime"),
    CredentialKind.CERTIFICATE: ("keyCredentials", "asymmetrickeylifetime"),
}
HOLDERS = {Holder.APPLICATION: "applications", Holder.SERVICE_PRINCIPAL: "servicePrincipals"}
"""How the tenant's default names whom it restricts."""
_CREATED_WHEN_UNKNOWN = datetime(2019, 1, 1, tzinfo=UTC)  # of service principals: "Create appManagementPolicy"


def duration(text: str | None) -> timedelta | None:
    """Read an ISO 8601 duration; None for what is none, and for more than Python can say."""
    found = _DURATION.fullmatch(text or "")
    if found is None or text in ("P", "PT"):
        return None
    seconds = sum(_SECONDS[unit] * int(number) for unit, number in found.groupdict().items() if number)
    return timedelta(seconds=seconds) if seconds <= timedelta.max.total_seconds() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The longest life that a policy allows."""

    longest: timedelta
    policy: Policy
    exempt: str = ""
    """Who may exceed it, in words; empty where nobody may."""


class Policies:
    """The app management policies of a tenant, by the objects that they are assigned to.

    Not ``whole``: one was not read, or not what it is assigned to, so that the default may not be in force for others.
    """

    def __init__(self, policies: Iterable[Policy], *, whole: bool = True) -> None:
        known = tuple(policies)
        self._default = next((one for one in known if one.is_default and whole), None)
        self._own = {holder.lower(): one for one in known if not one.is_default for holder in one.applies_to}

    def limit(self, credential: Credential, created: datetime | None) -> Limit | None:
        """Return the limit for a credential whose holder was created then; None where none is known."""
        return self.limit_of(credential.kind, credential.holder, credential.holder_id, created)

    def limit_of(self, what: CredentialKind, holder: Holder, holder_id: str, created: datetime | None) -> Limit | None:
        """Return the limit for a credential of a kind that an object, created then, would be given."""
        credentials, kind = _LISTS[what]
        policy, found = self._in_force(holder, holder_id, created, credentials, kind)
        limits = [(each, exempt(one.excluded_actors)) for one in found if (each := duration(one.longest)) is not None]
        if policy is None or not limits:
            return None
        longest, who = min(limits)
        return Limit(longest=longest, policy=policy, exempt=who)

    def forbidding(self, holder: Holder, holder_id: str, created: datetime | None) -> Policy | None:
        """Return the policy that forbids a new secret for an object that was created then; None where none does."""
        policy, found = self._in_force(holder, holder_id, created, "passwordCredentials", "passwordaddition")
        return policy if found else None

    def _in_force(
        self, holder: Holder, holder_id: str, created: datetime | None, credentials: str, kind: str
    ) -> tuple[Policy | None, tuple[Restriction, ...]]:
        """Return the policy that an object is under, and those of its restrictions of a kind that hold for it."""
        policy = self._own.get(holder_id.lower(), self._default)
        if policy is None or not policy.enabled:
            return None, ()
        wanted = (HOLDERS[holder] if policy.is_default else "", credentials, kind)
        return policy, tuple(
            one
            for one in policy.restrictions
            if (one.holder, one.credentials, one.type.casefold()) == wanted
            and (one.state or "enabled").casefold() == "enabled"
            and not spared(one.for_apps_created_after, created)
        )


def exempt(excluded_actors: str | None) -> str:
    """Say who is exempt from a restriction, in words; empty where nobody is ("appManagementPolicyActorExemptions").

    What else than custom security attributes stands there is not known, and still exempts somebody.
    """
    told = msgspec.json.decode(excluded_actors) if excluded_actors else None
    listed = told.get("customSecurityAttributes") if isinstance(told, dict) else None
    if isinstance(told, dict) and not any(told.values()):
        return ""
    names = [str(one["id"]) for one in listed or () if isinstance(one, dict) and isinstance(one.get("id"), str)]
    if told and not names:
        return "actors that it excludes"
    return f"actors with the custom security attribute {' or '.join(sorted(names))}" if names else ""


def spared(created_after: str | None, created: datetime | None) -> bool:
    """Whether a holder is older than what a restriction is about; a date that cannot be read spares nobody."""
    try:
        since = instant(created_after)
    except ValueError:
        return False
    return since is not None and (created or _CREATED_WHEN_UNKNOWN) < since
