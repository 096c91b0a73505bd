"""Sign-in records added up to one Use for each credential, address and resource. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from inventory.classify import thumbprint as digest
from inventory.ids import guid, spelled
from inventory.model import ClientId, KeyId
from inventory.usage import SourceName, Use

_LONGEST = 256
"""Characters of a text that are kept: an IPv6 address has 45, a name at most 256 in a directory."""


class Key(NamedTuple):
    """What the records of one row have in common."""

    client_id: ClientId
    key_id: KeyId | None = None
    thumbprint: str | None = None
    federated_credential_id: str | None = None
    credential_type: str | None = None
    address: str | None = None
    resource: str | None = None
    delegated: bool | None = None
    counted: bool = True
    """Whether the records tell if they succeeded."""


def key_of(
    client: str,
    *,
    key_id: str | None,
    thumbprint: str | None,
    federated: str | None,
    credential_type: str | None,
    address: str | None,
    resource: str | None,
    counted: bool,
) -> Key:
    """Bring the fields of an application's own sign-in to one spelling; an empty one does not apply.

    What cannot be an id or a digest names nothing: a record that says "N/A" does not say that it was another's.
    """
    return Key(
        client_id=ClientId(spelled(client)[:_LONGEST]),
        key_id=_key_id(key_id),
        thumbprint=digest(_kept(thumbprint)),
        federated_credential_id=_named(federated),
        credential_type=_kept(credential_type),
        address=_kept(address),
        resource=_kept((resource or "").lower()),
        delegated=False,
        counted=counted,
    )


def _named(text: str | None) -> str | None:
    """Return an id that some service may spell as it likes; zeros mean that there is none (.NET's Guid.Empty)."""
    found = _kept(spelled(text or ""))
    return found if found and found.strip("0-") else None


def _key_id(text: str | None) -> KeyId | None:
    found = guid(text)
    return KeyId(found) if found else None


def _kept(text: str | None) -> str | None:
    return (text or "")[:_LONGEST] or None


class Tally:
    """Adds records up; ``drain`` gives the rows so far and begins anew, so that memory has an end."""

    def __init__(self, source: SourceName) -> None:
        self._source = source
        self._rows: dict[Key, Use] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, key: Key, at: datetime, *, succeeded: bool | None) -> None:
        """Add one record; whether it succeeded is None where the record does not tell."""
        good = at if succeeded else None
        counts = {"successes": int(succeeded is True), "failures": int(succeeded is False)}
        self._add(key, row(self._source, key, first=at, last=at, last_success=good, **counts))

    def include(self, use: Use) -> None:
        """Add a row that somebody else added up."""
        self._add(_key(use), use)

    def drain(self) -> tuple[Use, ...]:
        """Return the rows in a stable order and forget them."""
        rows = tuple(sorted(self._rows.values(), key=_order))
        self._rows = {}
        return rows

    def _add(self, key: Key, use: Use) -> None:
        known = self._rows.get(key)
        self._rows[key] = use if known is None else _sum(known, use)


def merged(uses: Iterable[Use]) -> tuple[Use, ...]:
    """Add rows up that say the same of the same credential, in a stable order; the order given does not matter."""
    tallies: dict[SourceName, Tally] = {}
    for use in uses:
        tallies.setdefault(use.source, Tally(use.source)).include(use)
    return tuple(use for _, tally in sorted(tallies.items()) for use in tally.drain())


def row(
    source: SourceName,
    key: Key,
    *,
    first: datetime,
    last: datetime,
    last_success: datetime | None,
    successes: int,
    failures: int,
) -> Use:
    """Return the row of records with a key; where they do not tell if they succeeded, the counts mean nothing."""
    return Use(
        source=source,
        client_id=key.client_id,
        key_id=key.key_id,
        thumbprint=key.thumbprint,
        federated_credential_id=key.federated_credential_id,
        credential_type=key.credential_type,
        address=key.address,
        resource=key.resource,
        delegated=key.delegated,
        first=first,
        last=last,
        last_success=last_success if key.counted else None,
        successes=successes if key.counted else None,
        failures=failures if key.counted else None,
    )


def _key(use: Use) -> Key:
    return Key(
        client_id=use.client_id,
        key_id=use.key_id,
        thumbprint=use.thumbprint,
        federated_credential_id=use.federated_credential_id,
        credential_type=use.credential_type,
        address=use.address,
        resource=use.resource,
        delegated=use.delegated,
        counted=use.successes is not None,
    )


def _sum(one: Use, other: Use) -> Use:
    return dataclasses.replace(
        one,
        first=_least(one.first, other.first),
        last=_most(one.last, other.last),
        last_success=_most(one.last_success, other.last_success),
        successes=None if one.successes is None else one.successes + (other.successes or 0),
        failures=None if one.failures is None else one.failures + (other.failures or 0),
    )


def _least(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _most(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _order(use: Use) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in _key(use))
