"""Applications beyond the first few thousand: twins of earlier ones, with names, ids and secrets of their own.

Making an application with its identity and host by dice takes a quarter of a millisecond, which is too long for a
hundred thousand of them. A twin shares everything with its pattern but the unique values and what contains them. It has
the kind, the dates and the owners of its pattern, so that large tenants hold the same mixture as smaller ones.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

from migrate.emulator.seed.maker import Maker
from migrate.emulator.seed.names import DIFFERENT_NAMES, name_in_round, stem_of
from migrate.emulator.state.copies import copier
from migrate.emulator.state.records import Application, Host, ManagedIdentity, ServicePrincipal
from migrate.emulator.state.tenant import Tenant

FIRST_PATTERN: Final = DIFFERENT_NAMES
"""Index of the first application that has twins; the rare kinds stand before it."""
PATTERNS: Final = 2 * DIFFERENT_NAMES
"""A whole number of rounds through the names, so that a twin's name differs from its pattern's in a number alone."""
FIRST_TWIN: Final = FIRST_PATTERN + PATTERNS
_BYTES: Final = 32
_HEAD, _TAIL = 12, 18
"""Hexadecimal digits of an id that are its own, and that its family shares."""
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Fill = Callable[[bytes], str | int | bytes]
"""Makes a unique value out of 32 bytes."""
Gap = Callable[[Sequence[Any]], Any]
"""Makes a value that contains unique ones out of these."""
_CONTAINERS: Final = (tuple, list, dict, MappingProxyType)
_MEMBERS: Final = ("applications", "principals", "identities", "hosts")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """Everything that came into the tenant with one application."""

    applications: tuple[Application, ...]
    principals: tuple[ServicePrincipal, ...]
    identities: tuple[ManagedIdentity, ...]
    hosts: tuple[Host, ...]


class Pattern:
    """Watches one application come into the tenant, and makes twins of it."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        # Seeding removes nothing, so that lengths are places.
        self._before = (
            len(tenant.applications), len(tenant.service_principals), len(tenant.identities), len(tenant.hosts),
        )  # fmt: skip

    def add_twins(self, maker: Maker, indexes: range) -> None:
        """Add a twin for each of these indexes."""
        if not indexes:
            return
        family = self._arrived()
        name = family.applications[0].display_name
        fresh = _Fresh(maker.guids(), dict(_credential_values(family)))
        mould = _Mould(family, fresh.replaced, stem_of(name))
        for index in indexes:
            values = fresh.values(f"{maker.seed}\x1ftwin {index}")
            values.append(stem_of(name_in_round(name, index // DIFFERENT_NAMES)))
            self._store(**mould.cast(values))

    def _arrived(self) -> _Family:
        tenant, before = self._tenant, self._before
        return _Family(
            applications=tuple(record for _, record in tenant.applications.after(before[0])),
            principals=tuple(record for _, record in tenant.service_principals.after(before[1])),
            identities=tuple(record for _, record in tenant.identities.after(before[2])),
            hosts=tuple(record for _, record in tenant.hosts.after(before[3])),
        )

    def _store(
        self,
        applications: Iterable[Application],
        principals: Iterable[ServicePrincipal],
        identities: Iterable[ManagedIdentity],
        hosts: Iterable[Host],
    ) -> None:
        for application in applications:
            self._tenant.save_application(application)
        for principal in principals:
            self._tenant.save_service_principal(principal)
        for identity in identities:
            self._tenant.identities[identity.principal_id] = identity
        for host in hosts:
            self._tenant.hosts[host.name] = host


def _secret(random: bytes) -> str:
    text = base64.urlsafe_b64encode(random).decode()
    return f"{text[:3]}8Q~{text[3:37]}"


def _serial(random: bytes) -> int:
    return int.from_bytes(random[:15], "big") + 1


def _digest(length: int) -> Fill:
    return lambda random: random[:length]


class _Fresh:
    """Makes unique values in the place of others."""

    def __init__(self, guids: list[str], credentials: dict[object, Fill]) -> None:
        self.replaced: list[object] = [*guids, *credentials]
        self._fills = [*credentials.values()]
        self._heads = len(guids) * _HEAD
        self._size = self._heads // 2 + _TAIL // 2 + len(credentials) * _BYTES

    def values(self, label: str) -> list[Any]:
        """Make the values that belong to a label, in the order of the replaced ones.

        The ids of one family end alike: 48 bits tell them apart, 90 tell families apart.
        """
        random = hashlib.shake_256(label.encode()).digest(self._size)
        text = random.hex()
        last = self._heads
        tail = f"-4{text[last : last + 3]}-a{text[last + 3 : last + 6]}-{text[last + 6 : last + 18]}"
        values: list[Any] = [f"{text[at : at + 8]}-{text[at + 8 : at + 12]}{tail}" for at in range(0, last, _HEAD)]
        begin = (last + _TAIL) // 2
        for at, fill in enumerate(self._fills):
            values.append(fill(random[begin + at * _BYTES : begin + (at + 1) * _BYTES]))
        return values


def _credential_values(family: _Family) -> Iterator[tuple[object, Fill]]:
    """Walk the values of credentials that no other application may share."""
    holders: Iterable[Application | ServicePrincipal] = chain(family.applications, family.principals)
    for holder in holders:
        for password in holder.passwords:
            yield password.secret, _secret
        for key in holder.keys:
            if not isinstance(key.certificate, bytes):
                yield key.certificate.serial, _serial
            if key.custom_key_identifier is not None:
                yield key.custom_key_identifier, _digest(len(key.custom_key_identifier))


class _Mould:
    """A family, and how another one is made out of unique values."""

    def __init__(self, family: _Family, uniques: Sequence[object], stem: str) -> None:
        self._known = {value: at for at, value in enumerate((*uniques, stem))}
        self._stem = stem
        self._made: list[Gap] = []
        """How the values that contain unique ones are made of them."""
        self._uniques = len(self._known)
        self._members = {name: self._indexes(getattr(family, name)) for name in _MEMBERS}

    def cast(self, values: list[Any]) -> Mapping[str, Iterator[Any]]:
        """Give the members of the family that has these unique values."""
        for gap in self._made:
            values.append(gap(values))
        return {name: map(values.__getitem__, indexes) for name, indexes in self._members.items()}

    def _indexes(self, records: Iterable[object]) -> list[int]:
        return [at for at in map(self._index, records) if at is not None]

    def _index(self, value: Any) -> int | None:
        """Give the place of a value among the unique and the made ones, or None for one that all twins share."""
        kind = type(value)
        if kind is str:
            known = self._known.get(value)
            if known is not None:
                return known
            gap = self._gap_in_text(value)
        elif kind in _CONTAINERS:
            gap = self._gap(value)
        elif is_dataclass(kind):
            gap = self._gap_in_record(value)
        else:
            return self._known.get(value)
        if gap is None:
            return None
        self._made.append(gap)
        at = self._uniques + len(self._made) - 1
        if kind is str:
            self._known[value] = at
        return at

    def _gap_in_record(self, record: Any) -> Gap | None:
        indexes = [(name, self._index(getattr(record, name))) for name in record.__slots__]
        places = {name: at for name, at in indexes if at is not None}
        return copier(record, places) if places else None

    def _gap(self, value: Any) -> Gap | None:
        kind: Any = type(value)
        is_mapping = isinstance(value, (dict, MappingProxyType))
        items: Iterable[tuple[Any, Any]] = value.items() if is_mapping else enumerate(value)
        indexes = {key: at for key, at in ((key, self._index(part)) for key, part in items) if at is not None}
        if not indexes:
            return None
        if is_mapping:
            return lambda values: kind({**value, **{key: values[at] for key, at in indexes.items()}})
        if kind is tuple and len(value) == 1:  # as most credentials stand
            return lambda values: (values[indexes[0]],)
        return lambda values: kind([values[indexes[at]] if at in indexes else part for at, part in enumerate(value)])

    def _gap_in_text(self, text: str) -> Gap | None:
        found = [match for match in _GUID.findall(text) if match in self._known] if len(text) > _BYTES else []
        if not found and self._stem not in text:
            return None
        for unique in (*found, self._stem):
            text = text.replace(unique, f"\0{self._known[unique]}\0")  # no name or id has such a character
        parts = text.split("\0")
        form = "%s".join(part.replace("%", "%%") for part in parts[::2])
        order = [int(part) for part in parts[1::2]]
        return lambda values: form % tuple([values[at] for at in order])
