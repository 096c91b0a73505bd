"""Tokens that a host gets again for some time, found by any name of their identity.

One host may hold thousands of identities (the jump host holds them all), so nothing here looks through all of them for
a program that names one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from migrate.emulator.state.records import ManagedIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityToken:
    """A token that a managed identity got."""

    token: str = field(repr=False)
    resource: str
    client_id: str
    not_before: int
    expires_on: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which identity a program asked for: by client id, by principal (object) id or by ARM resource id.

    The pages ask for one of them; where several are given, all must name the same identity (assumed).
    """

    client_id: str | None = None
    object_id: str | None = None
    resource_id: str | None = None

    def names_one(self) -> bool:
        """Whether any identity was named."""
        return any((self.client_id, self.object_id, self.resource_id))

    def first_name(self) -> str:
        """Give one of the names that were given, as identities hold them."""
        return (self.client_id or self.object_id or self.resource_id or "").lower()

    def matches(self, identity: ManagedIdentity) -> bool:
        """Whether an identity is the named one; ARM ids compare without case."""
        asked = (self.client_id, self.object_id, self.resource_id)
        held = (identity.client_id, identity.principal_id, identity.resource_id.lower())
        return all(not wanted or wanted.lower() == has for wanted, has in zip(asked, held, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedToken:
    """A token that a host gets again for some time."""

    host: str
    resource_app_id: str
    since: datetime
    identity: ManagedIdentity
    token: IdentityToken


_Place: TypeAlias = tuple[str, str]
"""A host, and the client id of the resource that a token is for."""


class TokenCache:
    """Every token that was given out, by host and resource; of an identity the newest alone."""

    def __init__(self, entries: Iterable[CachedToken] = ()) -> None:
        self._entries: dict[_Place, dict[str, CachedToken]] = {}
        self._called: dict[_Place, dict[str, dict[str, None]]] = {}
        for entry in entries:
            self.keep(entry)

    def keep(self, entry: CachedToken) -> None:
        """Keep a token, and find it by each name of its identity."""
        place, identity = (entry.host, entry.resource_app_id), entry.identity
        self._entries.setdefault(place, {})[identity.principal_id] = entry
        called = self._called.setdefault(place, {})
        for name in (identity.client_id, identity.principal_id, identity.resource_id.lower()):
            called.setdefault(name, {})[identity.principal_id] = None

    def __iter__(self) -> Iterator[CachedToken]:
        """Walk every token, those of one host and resource beside one another."""
        return (entry for entries in list(self._entries.values()) for entry in list(entries.values()))

    def of(self, host: str, resource_app_id: str, selector: Selector) -> tuple[CachedToken, ...]:
        """Give the tokens of the identities that a selector may mean, the first that was kept first."""
        place = (host, resource_app_id)
        entries = self._entries.get(place, {})
        if not selector.names_one():
            return tuple(entries.values())
        keys = self._called.get(place, {}).get(selector.first_name(), {})
        return tuple(entries[key] for key in keys)
