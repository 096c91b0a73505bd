"""Evidence of use, as values: what a source saw of a credential, and how much of the past the source can see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from inventory.ids import ClientId, KeyId

SourceName = NewType("SourceName", str)
EVERY_KIND = ("certificate", "federated", "secret")
"""The kinds of credential that sign in."""
SIGN_INS_OF_USERS = "users"
"""What a log of users' sign-ins sees: that they signed in with an application, by whatever credential of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of evidence as it was read: its window, its freshness, and what it cannot see."""

    name: SourceName
    read_at: datetime
    """The tenant's own time when it was read."""
    since: datetime | None
    """Begin of what it covers; None where that is not known."""
    until: datetime | None
    """Its newest record of any application: what happened later it does not show yet."""
    retention_days: int | None
    """How long it keeps records, where that is known or was measured."""
    missing: str = ""
    """Why it could not be read, in words that name the permission or licence; empty when it could."""
    blind_spots: tuple[str, ...] = ()
    """What it can never show, in words."""
    sees: tuple[str, ...] = ()
    """The kinds of credential that a record of it can name; of any other kind, and when unread, it shows nothing.

    ``SIGN_INS_OF_USERS``: of an application without a record in its window, it shows that no user signed in.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfUse:
    """Sign-ins of one day (UTC) that succeeded, or may have, with one credential and from one address."""

    client_id: ClientId
    key_id: KeyId | None
    thumbprint: str | None
    federated_credential_id: str | None
    credential_type: str | None
    address: str | None
    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one source saw of one credential, from one address, for one resource; or of one credential in all."""

    source: SourceName
    client_id: ClientId
    key_id: KeyId | None = None
    thumbprint: str | None = None
    """Upper-case hex, for certificates whose key id the source does not tell."""
    federated_credential_id: str | None = None
    credential_type: str | None = None
    """The source's own word: ``clientSecret``, ``certificate``, ``federatedIdentityCredential``, ..."""
    address: str | None = None
    resource: str | None = None
    """Client id of the resource that was signed in to, or its name where the id is not told, in lower case.

    The credential activity report tells an id without saying of what; it may be that of the service principal.
    """
    delegated: bool | None = None
    """Whether a user was part of it; None where the source does not tell."""
    first: datetime | None = None
    last: datetime | None = None
    """Last attempt, failed ones included."""
    last_success: datetime | None = None
    successes: int | None = None
    """None where the source does not count."""
    failures: int | None = None
