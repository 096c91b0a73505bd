"""A snapshot made ready for planning: who names whom, what is attached where, which names mean the same. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from inventory.estate import Host, HostSetting, SettingKind, Tier
from inventory.model import Application, ClientId, ManagedIdentity, PrincipalId, Snapshot
from migrate.planning import clouds, names, tagging
from migrate.planning.decisions import Decisions

CLUSTER = "microsoft.containerservice/managedclusters"
ARC = "microsoft.hybridcompute/machines"
CLOUD_SHELL = "microsoft.portal/consoles"
STATIC_SITE = "microsoft.web/staticsites"
UNATTACHABLE = frozenset({CLUSTER, ARC, CLOUD_SHELL, STATIC_SITE})
"""Hosts whose code cannot get a managed identity token that serves as an assertion. A pod's token is itself the result
of a federation (AADSTS700222); Arc gives system-assigned ones only; Cloud Shell does not know the audience; managed
functions of a static web app have none ("API support in Azure Static Web Apps with Azure Functions")."""
_CLIENT_END = re.compile(r"(client|application|app)?id$")
_SECRET_END = re.compile(
    r"(client|app|application)?(secret|certificate|cert|password|key|pwd)(path|value|thumbprint|name)?$"
)
_NOT_WORD = re.compile(r"[\W_]+")


class Naming(IntEnum):
    """How a host names an application."""

    MENTIONS = 1
    """By a client id among others, without a secret beside it: perhaps an API that is called."""
    NAMES = 2
    """By the only client id of its settings, or by a tag."""
    USES = 3
    """By a client id with a secret beside it, or by the sign-in of the platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A host that names an application."""

    host: Host
    naming: Naming
    how: str
    tagged: bool = False
    """Whether only a tag says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSite:
    """A place in code that signs in as an application, as ``unsecret rewrite`` found it."""

    client_id: ClientId
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What evidence looks things up in; every collection is in an order that the snapshot's own does not change."""

    snapshot: Snapshot
    decisions: Decisions
    issuer: str
    audience: str
    applications: tuple[Application, ...]
    """The applications that are to be paired, by client id."""
    identities: Mapping[PrincipalId, ManagedIdentity]
    """The user-assigned ones: "system-assigned identities aren't supported" (Entra, "Configure an application to trust
    a managed identity")."""
    identity_names: Mapping[PrincipalId, names.Name]
    application_names: Mapping[ClientId, names.Name]
    said_of_identities: Mapping[PrincipalId, frozenset[str]]
    """Environments that tags state."""
    said_of_applications: Mapping[ClientId, frozenset[str]]
    """The same."""
    unique_names: frozenset[str]
    """Display names that only one application of the tenant has, without case."""
    unique_references: frozenset[str]
    """Service references (``serviceManagementReference``) that only one application has, without case."""
    by_resource: Mapping[str, PrincipalId]
    """By ARM id in lower case."""
    located: frozenset[str] | None
    """ARM ids in lower case of all identities, whatever is known of their kind; None where one is not located."""
    named: Mapping[ClientId, tuple[Named, ...]]
    hosts_with: Mapping[PrincipalId, tuple[Host, ...]]
    """Hosts that an identity is attached to, clusters left out: their kubelet's identity is not the pods'."""
    used_by: Mapping[str, frozenset[ClientId]]
    """Applications that a host uses or names, by the host's ARM id."""
    addresses: Mapping[ClientId, frozenset[str]]
    """Addresses that successful sign-ins came from."""
    by_address: Mapping[str, tuple[Host, ...]]
    """Hosts by outbound address."""
    every_address: frozenset[str]
    """Addresses of all hosts; empty where not every host was seen or tells its own."""
    sites: tuple[CodeSite, ...]
    privileged: Mapping[ClientId, str]
    """A role over the tenant (tiers 0 and 1) that an application holds."""
    subscriptions: frozenset[str]
    """Subscriptions of this tenant that something in the snapshot is in, in lower case."""

    def attached(self, host: Host) -> tuple[PrincipalId, ...]:
        """Return the identities of this tenant that are attached to a host."""
        return tuple(self.by_resource[one] for one in host.identities if one in self.by_resource)

    def running(self, client_id: ClientId) -> tuple[Named, ...]:
        """Return the hosts that use an application, or name it alone; a mere mention does not count."""
        return tuple(one for one in self.named.get(client_id, ()) if one.naming > Naming.MENTIONS)


def gather(
    snapshot: Snapshot,
    applications: Iterable[Application],
    decisions: Decisions,
    sites: Iterable[CodeSite],
) -> Facts:
    """Make the indexes of a snapshot, for the applications that are to be paired."""
    open_ones = tuple(sorted(applications, key=lambda one: one.client_id))
    identities = {
        one.principal_id: one
        for one in sorted(snapshot.identities, key=lambda one: one.principal_id)
        if one.user_assigned
    }
    by_resource = {one.resource_id.lower(): key for key, one in identities.items() if one.resource_id}
    hosts = tuple(sorted(snapshot.hosts, key=lambda one: one.resource_id))
    named = _named(hosts, {one.client_id for one in snapshot.applications})
    return Facts(
        snapshot=snapshot,
        decisions=decisions,
        issuer=clouds.issuer(snapshot.cloud, snapshot.tenant_id),
        audience=clouds.audience(snapshot.cloud),
        applications=open_ones,
        identities=identities,
        identity_names={key: names.parse(one.name) for key, one in identities.items()},
        application_names={one.client_id: names.parse(one.display_name) for one in open_ones},
        said_of_identities={key: said for key, one in identities.items() if (said := _said_of_identity(one))},
        said_of_applications={one.client_id: said for one in open_ones if (said := _said_of_application(one))},
        unique_names=_unique(one.display_name for one in snapshot.applications),
        unique_references=_unique(one.management_reference or "" for one in snapshot.applications),
        by_resource=by_resource,
        located=_located(snapshot),
        named=named,
        hosts_with=_hosts_with(hosts, by_resource),
        used_by=_used_by(named),
        addresses=_addresses(snapshot),
        by_address=_by_address(hosts),
        every_address=_every_address(snapshot),
        privileged=_privileged(snapshot),
        subscriptions=_subscriptions(hosts, by_resource),
        sites=tuple(sorted(sites, key=lambda one: (one.client_id, one.path, one.line))),
    )


def group_of(resource_id: str) -> str:
    """Return the resource group of an ARM id in lower case; empty where there is none."""
    return resource_id.lower().partition("/resourcegroups/")[2].partition("/")[0]


def _said_of_identity(identity: ManagedIdentity) -> frozenset[str]:
    """Return the environments that tags state, unless the resource group states another one."""
    stated = names.parse(tagging.environment(identity.tags or ())).environments if identity.tags else frozenset()
    group = names.parse(group_of(identity.resource_id or "")).environments if stated else frozenset()
    return stated if not group or stated & group else frozenset()


def _said_of_application(application: Application) -> frozenset[str]:
    said = tagging.environment(tagging.pairs(application)) if application.tags else ""
    return names.parse(said).environments if said else frozenset()


def _unique(texts: Iterable[str]) -> frozenset[str]:
    found = Counter(text.casefold() for text in texts)
    return frozenset(text for text, number in found.items() if number == 1 and text)


def _located(snapshot: Snapshot) -> frozenset[str] | None:
    ids = [one.resource_id for one in snapshot.identities if one.user_assigned is not False]
    return frozenset(one.lower() for one in ids if one) if all(ids) else None


def _privileged(snapshot: Snapshot) -> dict[ClientId, str]:
    roles = {one.principal_id: one.role for one in snapshot.roles if one.tier <= Tier.MANAGEMENT}
    return {one.client_id: roles[one.id] for one in snapshot.service_principals if one.id in roles} if roles else {}


def _subscriptions(hosts: Iterable[Host], identities: Iterable[str]) -> frozenset[str]:
    return frozenset(
        {one.subscription_id.lower() for one in hosts} | {part for one in identities for part in one.split("/")[2:3]}
    )


def _hosts_with(hosts: tuple[Host, ...], by_resource: Mapping[str, PrincipalId]) -> dict[PrincipalId, tuple[Host, ...]]:
    found: defaultdict[PrincipalId, list[Host]] = defaultdict(list)
    for host in hosts:
        if host.type not in UNATTACHABLE:
            for one in host.identities:
                if one in by_resource:
                    found[by_resource[one]].append(host)
    return {key: tuple(listed) for key, listed in found.items()}


def _used_by(named: Mapping[ClientId, tuple[Named, ...]]) -> dict[str, frozenset[ClientId]]:
    found: defaultdict[str, set[ClientId]] = defaultdict(set)
    for client_id, listed in named.items():
        for one in listed:
            if one.naming > Naming.MENTIONS:
                found[one.host.resource_id].add(client_id)
    return {key: frozenset(clients) for key, clients in found.items()}


def _addresses(snapshot: Snapshot) -> dict[ClientId, frozenset[str]]:
    found: defaultdict[ClientId, set[str]] = defaultdict(set)
    for use in snapshot.uses:
        if use.address and use.last_success is not None and not use.delegated:
            found[use.client_id].add(use.address)
    return {key: frozenset(seen) for key, seen in found.items()}


def _by_address(hosts: tuple[Host, ...]) -> dict[str, tuple[Host, ...]]:
    found: defaultdict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        for address in host.addresses:
            found[address].append(host)
    return {address: tuple(listed) for address, listed in found.items()}


def _every_address(snapshot: Snapshot) -> frozenset[str]:
    telling = [host.addresses for host in snapshot.hosts if host.type not in {ARC, CLOUD_SHELL}]
    known = hosts_known(snapshot) and all(telling)
    return frozenset(address for addresses in telling for address in addresses) if known else frozenset()


def hosts_known(snapshot: Snapshot) -> bool:
    """Whether the scan saw every host: a note about hosts or a subscription says that it did not."""
    subjects = (note.subject for note in snapshot.notes)
    return not any(subject == "hosts" or subject.startswith(("subscription", "host ")) for subject in subjects)


# --- who names whom --------------------------------------------------------------------------------------------------


def _named(hosts: tuple[Host, ...], known: set[ClientId]) -> dict[ClientId, tuple[Named, ...]]:
    found: defaultdict[ClientId, list[Named]] = defaultdict(list)
    doubted: defaultdict[ClientId, set[str]] = defaultdict(set)
    for host in hosts:
        best: dict[ClientId, Named] = {}
        for client_id, one in _namings(host, known):
            if client_id not in best or one.naming > best[client_id].naming:
                best[client_id] = one
        used = any(one.naming is Naming.USES for one in best.values())
        for client_id, one in best.items():
            found[client_id].append(one)
            if one.tagged and used:
                doubted[client_id].add(host.resource_id)
    copied = {key: where for key, where in doubted.items() if len(where) > 1}
    return {key: tuple(_believed(one, copied.get(key, ())) for one in listed) for key, listed in found.items()}


def _believed(one: Named, copied: Container[str]) -> Named:
    """Take a tag for a mention where it was copied: to several hosts whose settings use other applications."""
    return replace(one, naming=Naming.MENTIONS) if one.host.resource_id in copied else one


def _namings(host: Host, known: set[ClientId]) -> Iterator[tuple[ClientId, Named]]:
    if host.sign_in_client in known and host.sign_in_client is not None:
        how = "App Service authentication signs users in with it"
        yield host.sign_in_client, Named(host=host, naming=Naming.USES, how=how)
    told = [one for one in host.settings or () if one.client_id in known]
    clients = {one.client_id for one in told}
    alone = len(clients) == 1 and not any(_hides_a_client(one) for one in host.settings or ())
    stems = {_stem(one.name, _SECRET_END) for one in host.settings or () if one.kind in _SECRETS}
    for one in told:
        if one.client_id is not None:
            naming = _naming(one, stems, alone=alone)
            yield one.client_id, Named(host=host, naming=naming, how=f"setting {one.name} names it")
    for name, value in host.tags:
        client_id = ClientId(value.strip().lower())
        if client_id in known:
            yield client_id, Named(host=host, naming=Naming.NAMES, how=f"tag {name} names it", tagged=True)


def _hides_a_client(setting: HostSetting) -> bool:
    """Whether a client id comes from a Key Vault or another store, so that nobody here knows whose it is."""
    return setting.kind is SettingKind.CLIENT_ID and setting.client_id is None and setting.reference is not None


_SECRETS = frozenset({SettingKind.SECRET, SettingKind.CERTIFICATE})


def _naming(setting: HostSetting, stems: set[str], *, alone: bool) -> Naming:
    if setting.kind in {*_SECRETS, SettingKind.CONNECTION_STRING} or _stem(setting.name, _CLIENT_END) in stems:
        return Naming.USES
    return Naming.NAMES if alone else Naming.MENTIONS


def _stem(name: str, end: re.Pattern[str]) -> str:
    """Cut the end off that says what it holds: ``AZURE_CLIENT_ID`` and ``AZURE_CLIENT_SECRET`` are both azure."""
    return end.sub("", _NOT_WORD.sub("", name).lower())
