"""Applications beyond the first few thousand: twins of earlier ones, with names, ids and secrets of their own.

Making an application with its identity and host by dice takes a quarter of a millisecond, which is too long for a
hundred thousand of them. A twin is its pattern taken apart, with every unique text replaced, and put together again.
It has the kind, the dates and the owners of its pattern, so that large tenants hold the same mixture as smaller ones.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from migrate.emulator.seed.maker import Maker
from migrate.emulator.seed.names import DIFFERENT_NAMES, name_in_round, stem_of
from migrate.emulator.state.plain import join, seal, take_apart
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
            self._store(mould.cast(values))

    def _arrived(self) -> _Family:
        tenant, before = self._tenant, self._before
        return _Family(
            applications=tuple(record for _, record in tenant.applications.after(before[0])),
            principals=tuple(record for _, record in tenant.service_principals.after(before[1])),
            identities=tuple(record for _, record in tenant.identities.after(before[2])),
            hosts=tuple(record for _, record in tenant.hosts.after(before[3])),
        )

    def _store(self, family: _Family) -> None:
        for application in family.applications:
            self._tenant.save_application(seal(application))
        for principal in family.principals:
            self._tenant.save_service_principal(seal(principal))
        for identity in family.identities:
            self._tenant.identities[identity.principal_id] = seal(identity)
        for host in family.hosts:
            self._tenant.hosts[host.name] = seal(host)


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
    """A family taken apart, and the places in it where unique values stand."""

    def __init__(self, family: _Family, uniques: Sequence[object], stem: str) -> None:
        self._known = {value: at for at, value in enumerate((*uniques, stem))}
        self._stem = stem
        self._made: list[Gap] = []
        """How the values that contain unique ones are made of them."""
        self._places: list[tuple[Any, Any, int]] = []
        """Containers, their keys, and which value stands there."""
        self._parts = take_apart(family)
        self._uniques = len(self._known)
        self._open(self._parts)

    def cast(self, values: list[Any]) -> _Family:
        """Give the family that has these unique values."""
        for gap in self._made:
            values.append(gap(values))
        for container, key, at in self._places:
            container[key] = values[at]
        return join(self._parts, _Family)

    def _open(self, container: Any) -> None:
        for key, value in container.items() if isinstance(container, dict) else enumerate(container):
            # What stands below "others" goes into the record as it is, so each twin needs one of its own.
            if isinstance(value, (dict, list)) and key != "others":
                self._open(value)
                continue
            at = self._index(value)
            if at is not None:
                self._places.append((container, key, at))

    def _index(self, value: Any) -> int | None:
        """Give the place of a value among the unique and the made ones, or None for one that all twins share."""
        if isinstance(value, (dict, list)):
            gap = self._gap(value)
        elif value in self._known:
            return self._known[value]
        else:
            gap = self._gap_in_text(value) if isinstance(value, str) else None
        if gap is None:
            return None
        self._made.append(gap)
        at = self._uniques + len(self._made) - 1
        if isinstance(value, str):
            self._known[value] = at
        return at

    def _gap(self, value: dict[str, Any] | list[Any]) -> Gap | None:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        indexes = {key: at for key, at in ((key, self._index(part)) for key, part in items) if at is not None}
        if not indexes:
            return None
        if isinstance(value, dict):
            return lambda values: value | {key: values[at] for key, at in indexes.items()}
        return lambda values: [values[indexes[at]] if at in indexes else part for at, part in enumerate(value)]

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
