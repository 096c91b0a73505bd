"""A copy of everything at one moment, which is then written down while the tenant goes on.

It is made under the tenant's lock and costs some pointers for each record: records are frozen, so that what it shows
stays as it was. It makes no objects by the hundred thousand either, which would have Python's garbage collector look at
every object of a large tenant while requests wait.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from migrate.emulator.certificates import CertificateRecipe
from migrate.emulator.persistence.memory import (
    JOURNAL,
    KEYS,
    SHELVES,
    TABLES,
    UNSETTLED,
    Head,
    Memory,
    shelf_of,
    table_of,
)
from migrate.emulator.state.past import Past
from migrate.emulator.state.policies import PolicyBook
from migrate.emulator.state.table import TableImage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Some sign-ins of the past, as rows that are made when they are asked for; the same past is the same rows."""

    past: Past
    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin

    def __getitem__(self, place: slice) -> "_Stretch":
        begin, end, _ = place.indices(len(self))
        return _Stretch(past=self.past, begin=self.begin + begin, end=self.begin + end)

    def __iter__(self) -> Iterator[tuple[int, int, float, int]]:
        past, here = self.past, slice(self.begin, self.end)
        return zip(past.use[here], past.offset[here], past.chance[here], past.octet[here], strict=True)


class Part(Protocol):
    """Rows in their order."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: slice) -> "Part":
        """Give some of the rows; equal to others only if those are the same."""

    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A copy of everything at one moment, not yet written down."""

    head: Head
    tables: Mapping[str, TableImage[Any]]
    rows: Mapping[str, Sequence[Any]]
    past: Past
    secrets: Mapping[str, str]
    certificates: Mapping[str, CertificateRecipe | bytes]

    def parts(self) -> Iterator[tuple[str, Part]]:
        """Walk the parts of the file in its order, with their rows."""
        for name, table in self.tables.items():
            yield name, table.slots()
            yield JOURNAL + name, table.journal
        yield from self.rows.items()
        yield "uses", self.past.uses
        yield "past", _Stretch(past=self.past, begin=0, end=len(self.past))
        held = [record for table in self.tables.values() for record in table.records]
        secrets = {item.key_id for record in held for item in record.passwords}
        certificates = {item.key_id for record in held for item in record.keys}
        yield "removed_secrets", _others(self.secrets, secrets)
        yield "removed_certificates", _others(self.certificates, certificates)


def _others(known: Mapping[str, Any], held: set[str]) -> list[tuple[str, Any]]:
    return [item for item in known.items() if item[0] not in held]


def image_of(memory: Memory) -> Image:
    """Copy everything; the tenant's lock is held for some milliseconds where it is large."""
    tenant, azure = memory.tenant, memory.tenant.azure
    with tenant.lock:
        secrets, certificates = tenant.used_credentials()
        tables = {name: table_of(tenant, name).image() for name in TABLES}
        rows: dict[str, Sequence[Any]] = {
            "users": list(tenant.users.values()),
            "groups": list(azure.groups()),
            "assignments": list(azure.assignments.values()),
            "sign_ins": list(tenant.sign_ins.recorded),
            "audits": tenant.audits.copy(),
            "cached_tokens": memory.identities.cached(),
        }
        rows |= {UNSETTLED + name: changes for name, changes in tenant.faults.unsettled().items()}
        for name in SHELVES:
            rows[KEYS + name], rows[name] = shelf_of(tenant, name).slots()
        return Image(
            head=_head(memory, {name: table.generation for name, table in tables.items()}),
            tables=tables,
            rows=rows,
            past=tenant.sign_ins.past,
            secrets=secrets,
            certificates=certificates,
        )


def _head(memory: Memory, generations: dict[str, str]) -> Head:
    tenant, book = memory.tenant, memory.tenant.policies
    return Head(
        apps=memory.apps,
        seed=memory.seed,
        tenant_id=tenant.id,
        cloud=tenant.cloud.name,
        display_name=tenant.display_name,
        domain=tenant.domain,
        retention=tenant.retention,
        start=tenant.clock.start,
        now=tenant.clock.now(),
        real=tenant.clock.client_timestamp(),
        generations=generations,
        policies=PolicyBook(default=book.default, custom=dict(book.custom), assigned=dict(book.assigned)),
        resources=list(tenant.resources),
        subscriptions=list(tenant.azure.subscriptions.values()),
        past_start=tenant.sign_ins.past.start,
        keys=memory.keys.kept(),
        outside=memory.outside.kept(),
    )
