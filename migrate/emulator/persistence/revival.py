"""An emulator's memory made of what a file holds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from migrate.emulator.clock import LATEST, VirtualClock
from migrate.emulator.clouds import cloud_named
from migrate.emulator.persistence.memory import (
    JOURNAL,
    KEYS,
    SHELVES,
    TABLES,
    UNSETTLED,
    Head,
    Memory,
    Rows,
    remember,
    shelf_of,
    table_of,
)
from migrate.emulator.state.hooks import Unsettled
from migrate.emulator.state.past import PastWriter
from migrate.emulator.state.plain import seal
from migrate.emulator.state.table import TableImage
from migrate.emulator.state.tenant import Tenant


def revive(head: Head, rows: Rows) -> Memory:
    """Make an emulator's memory of what was kept.

    Its clock shows the time that has passed since, as the service's would. Raises EmulatorError, ValueError, TypeError
    or LookupError for what cannot have been written by an emulator.
    """
    clock = VirtualClock(head.start)
    away = timedelta(seconds=max(0, clock.client_timestamp() - head.real))
    clock.advance_to(max(clock.now(), min(head.now + away, LATEST - timedelta(seconds=1))))
    tenant = Tenant(tenant_id=head.tenant_id, cloud=cloud_named(head.cloud), clock=clock, retention=head.retention)
    tenant.display_name, tenant.domain, tenant.policies = head.display_name, head.domain, head.policies
    tenant.resources += head.resources
    tenant.users |= {user.id: user for user in rows["users"]}
    for name in TABLES:
        table_of(tenant, name).resume(_table_image(rows[name], rows[JOURNAL + name], head.generations[name]))
    tenant.resume_credentials(dict(rows["removed_secrets"]), dict(rows["removed_certificates"]))
    _revive_azure(tenant, head, rows)
    _revive_log(tenant, head, rows)
    unsettled = {name: rows[UNSETTLED + name] for name in TABLES if UNSETTLED + name in rows}
    for record in (*(entry.identity for entry in rows["cached_tokens"]), *_befores(unsettled)):
        seal(record)
    return remember(
        tenant,
        apps=head.apps,
        seed=head.seed,
        keys=head.keys,
        outside=head.outside,
        cached=rows["cached_tokens"],
        unsettled=unsettled,
    )


def _befores(unsettled: Mapping[str, Sequence[Unsettled]]) -> Iterator[Any]:
    return (change[-1] for changes in unsettled.values() for change in changes if change[-1] is not None)


def _table_image(slots: Sequence[Any], journal: Sequence[str], generation: str) -> TableImage[Any]:
    return TableImage(
        order=[None if record is None else record.id for record in slots],
        records=[record for record in slots if record is not None],
        journal=journal,
        generation=generation,
    )


def _revive_azure(tenant: Tenant, head: Head, rows: Rows) -> None:
    for name in SHELVES:
        shelf_of(tenant, name).resume(rows[KEYS + name], rows[name])
    tenant.azure.subscriptions |= {item.id: item for item in head.subscriptions}
    tenant.azure.assignments |= {item.name: item for item in rows["assignments"]}
    for group in rows["groups"]:
        tenant.azure.put_group(group)


def _revive_log(tenant: Tenant, head: Head, rows: Rows) -> None:
    writer = PastWriter(head.past_start)
    for use in rows["uses"]:
        writer.add_use(use)
    for sign_in in rows["past"]:
        writer.add(*sign_in)
    tenant.sign_ins.begin_with(writer.finish())
    for entry in rows["sign_ins"]:
        tenant.sign_ins.record(entry)
    tenant.audits += rows["audits"]
