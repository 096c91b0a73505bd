"""What a plan could not see, said instead of left out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.model import Snapshot
from migrate.model import Pairing
from migrate.planning.facts import Facts, hosts_known

_ONE_TENANT = frozenset({None, "AzureADMyOrg"})


def notes(snapshot: Snapshot, facts: Facts, pairings: tuple[Pairing, ...]) -> tuple[str, ...]:
    """Return the blind spots of a plan in a stable order."""
    return (*_hosts(snapshot), *_addresses(snapshot, facts), *_identities(facts), *_tenants(snapshot, pairings))


def _hosts(snapshot: Snapshot) -> Iterator[str]:
    if not snapshot.hosts:
        yield "no host is known: pairings rest on names, tags and federated credentials alone; scan with Azure rights"
        return
    if not hosts_known(snapshot):
        yield "the scan could not see every host (see its notes): an application may run where nobody looked"
    closed = sum(one.settings is None and one.type.startswith("microsoft.web/") for one in snapshot.hosts)
    if closed:
        yield f"the settings of {closed} sites could not be read: they may use applications without being named"


def _addresses(snapshot: Snapshot, facts: Facts) -> Iterator[str]:
    if not facts.addresses:
        yield "no sign-in with an address is known: where applications sign in from was not compared with hosts"
    elif not any(one.addresses for one in snapshot.hosts):
        yield "no host's outbound addresses are known: where applications sign in from was compared with nothing"


def _identities(facts: Facts) -> Iterator[str]:
    lost = sum(one.resource_id is None for one in facts.identities.values())
    if lost:
        yield f"where {lost} user-assigned identities are is not known: hosts that have them do not speak for them"
    untold = sum(one.tags is None for one in facts.identities.values())
    if untold:
        yield f"the tags of {untold} user-assigned identities are not known: they were compared with nothing"


def _tenants(snapshot: Snapshot, pairings: tuple[Pairing, ...]) -> Iterator[str]:
    audiences = {one.client_id: one.sign_in_audience for one in snapshot.applications}
    several = sum(
        audiences.get(one.application.client_id) not in _ONE_TENANT and len(one.tenants) == 1 for one in pairings
    )
    if several:
        yield (
            f"{several} paired applications serve other tenants, which no scan shows: name them with tenants in "
            "[[pair]], so that the exchange is proven for each"
        )
