"""A made-up tenant with the right answer for each application, and with what leads a planner astray.

Most applications run on a host that has their identity; names are drifted, hosts renamed, platform identities attached
beside, one of them to every machine. Decoys: one name in several subscriptions, identities that several applications
reuse, identities of another environment or owner, identities that have an application's name and run another one, hosts
that mention applications they only call, tags that are stale or were copied. The right answer of a decoy is that a
person has to decide: None.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from inventory.cloud import Cloud
from inventory.estate import Host, HostSetting, SettingKind
from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    Credential,
    CredentialKind,
    FederatedCredential,
    Holder,
    IdentityClientId,
    KeyId,
    ManagedIdentity,
    Owner,
    PrincipalId,
    Purpose,
    Snapshot,
)
from inventory.usage import SourceName, Use
from tests.support.tenants import AUDIENCE, ISSUER, NOW, TENANT

_PRODUCTS = tuple(
    first + second
    for first in ("al", "bor", "cas", "del", "el", "fin", "gar", "hol", "in", "jun", "kar", "lum", "mer", "nor")
    for second in ("a", "dex", "gate", "line", "mark", "nova", "port", "ray", "sync", "tor", "ven", "wise")
)
_THIRD = ("", "by", "co", "do", "fu", "go", "hy", "ko", "mo", "pa", "ri", "su", "ta", "vi", "wo", "zu")
"""More products where the tenant is larger, so that names collide as often in any."""
_SYSTEMS = ("api", "billing", "catalog", "export", "gateway", "import", "ledger", "mailer", "notifier", "orders",
            "payments", "portal", "pricing", "reports", "returns", "scheduler", "search", "shipping", "sync", "tax",
            "tracker", "vault", "webhook", "worker")  # fmt: skip
_ENVIRONMENTS = ("prod", "prod", "test", "dev")
_SUBSCRIPTIONS = 40
_SITE, _MACHINE = "microsoft.web/sites", "microsoft.compute/virtualmachines"


@dataclass(frozen=True, slots=True)
class Labelled:
    """The tenant, and the identity that belongs to each application."""

    snapshot: Snapshot
    truth: dict[ClientId, PrincipalId | None]
    kinds: dict[ClientId, str]


@dataclass(slots=True)
class _Maker:
    dice: random.Random
    products: tuple[str, ...]
    applications: list[Application] = field(default_factory=list)
    identities: list[ManagedIdentity] = field(default_factory=list)
    hosts: list[Host] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    truth: dict[ClientId, PrincipalId | None] = field(default_factory=dict)
    kinds: dict[ClientId, str] = field(default_factory=dict)
    platform: list[ManagedIdentity] = field(default_factory=list)
    policy: list[ManagedIdentity] = field(default_factory=list)
    """What a policy of Azure attaches to every machine."""
    groups: dict[tuple[str, str], int] = field(default_factory=dict)

    def guid(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def name(self, like: str = "") -> str:
        """Return a name, of the same environment as another one where that is given."""
        environment = like.split("-")[2] if like else self.dice.choice(_ENVIRONMENTS)
        return "-".join((self.dice.choice(self.products), self.dice.choice(_SYSTEMS), environment))

    def place(self, name: str) -> tuple[str, str]:
        """Return a subscription and a new resource group, so that no two identities have one ARM id."""
        subscription = f"{self.dice.randrange(_SUBSCRIPTIONS):08x}-0000-4000-8000-000000000000"
        number = self.groups.setdefault((subscription, name), 0)
        self.groups[subscription, name] += 1
        return subscription, f"rg-{name}-{number}" if number else f"rg-{name}"

    def application(self, name: str, *, federated: tuple[FederatedCredential, ...] = ()) -> Application:
        key, client = ApplicationId(self.guid()), ClientId(self.guid())
        secret = Credential(
            key_id=KeyId(self.guid()), kind=CredentialKind.SECRET, purpose=Purpose.AUTHENTICATION,
            purpose_reason="made", holder=Holder.APPLICATION, holder_id=key, client_id=client, display_name=None,
            hint=None, thumbprint=None, start=NOW - timedelta(days=self.dice.randrange(10, 900)),
            end=NOW + timedelta(days=self.dice.randrange(5, 700)),
        )  # fmt: skip
        person = f"Person {self.dice.randrange(500)}"
        made = Application(
            id=key, client_id=client, display_name=name, created=NOW - timedelta(days=900),
            sign_in_audience="AzureADMyOrg", disabled=False, tags=(), encryption_key=None,
            owners=(Owner(object_id=person, kind="user", display_name=person, enabled=True),), credentials=(secret,),
            federated=federated,
        )  # fmt: skip
        self.applications.append(made)
        return made

    def identity(
        self,
        name: str,
        place: tuple[str, str],
        *,
        tags: tuple[tuple[str, str], ...] = (),
        owners: tuple[Owner, ...] = (),
    ) -> ManagedIdentity:
        path = f"/subscriptions/{place[0]}/resourceGroups/{place[1]}/providers/Microsoft.ManagedIdentity"
        made = ManagedIdentity(
            principal_id=PrincipalId(self.guid()), client_id=IdentityClientId(self.guid()), name=name,
            resource_id=f"{path}/userAssignedIdentities/{name}", user_assigned=True, owners=owners,
            tags=(*tags, ("cost-center", "4711")),
        )  # fmt: skip
        self.identities.append(made)
        return made

    def host(
        self,
        name: str,
        place: tuple[str, str],
        *identities: ManagedIdentity,
        settings: tuple[HostSetting, ...] | None = (),
        tags: tuple[tuple[str, str], ...] = (),
    ) -> Host:
        kind = _MACHINE if settings is None else _SITE
        beside = self.policy if kind is _MACHINE else []
        number = len(self.hosts)
        made = Host(
            resource_id=f"/subscriptions/{place[0]}/resourcegroups/{place[1]}/providers/{kind}/{name}-{number}",
            type=kind, name=f"{name}-{number}", subscription_id=place[0], resource_group=place[1],
            location="westeurope", tags=tags, settings=settings,
            identities=tuple(sorted((one.resource_id or "").lower() for one in (*identities, *beside))),
            addresses=tuple(f"20.{number % 200}.{number // 250 % 250}.{each}" for each in range(3)),
        )  # fmt: skip
        self.hosts.append(made)
        return made

    def using(self, application: Application, prefix: str = "AZURE") -> tuple[HostSetting, ...]:
        """Return the settings of a host that signs in as the application, sometimes beside one that it calls."""
        found = [
            HostSetting(name=f"{prefix}_CLIENT_ID", kind=SettingKind.CLIENT_ID, client_id=application.client_id),
            HostSetting(name=f"{prefix}_CLIENT_SECRET", kind=SettingKind.SECRET),
        ]
        if self.dice.random() < 0.2:
            called = self.dice.choice(self.applications)
            found.append(
                HostSetting(name="DOWNSTREAM_API_CLIENT_ID", kind=SettingKind.CLIENT_ID, client_id=called.client_id)
            )
        return tuple(found)

    def seen(self, application: Application, host: Host | None) -> None:
        """Let the application sign in from a host, or from outside of Azure."""
        address = self.dice.choice(host.addresses) if host else f"198.51.100.{self.dice.randrange(250)}"
        self.uses.append(
            Use(
                source=SourceName("made"), client_id=application.client_id, address=address, delegated=False,
                last=NOW, last_success=NOW, successes=self.dice.randrange(1, 20_000),
            )
        )  # fmt: skip

    def answer(self, application: Application, identity: ManagedIdentity | None, kind: str) -> None:
        self.truth[application.client_id] = identity.principal_id if identity else None
        self.kinds[application.client_id] = kind


def _drifted(maker: _Maker, name: str) -> str:
    """Return a name for the identity or host of an application: its own, written otherwise, or another one."""
    return maker.dice.choice((f"id-{name}", f"id-{name}", f"mi_{name.replace('-', '_')}", f"id-{maker.name(name)}"))


def _on_a_site(maker: _Maker) -> None:
    name = maker.name()
    place, application = maker.place(name), maker.application(name)
    identity = maker.identity(_drifted(maker, name), place)
    beside = [maker.dice.choice(maker.platform)] if maker.platform and maker.dice.random() < 0.15 else []
    hosts = [
        maker.host(maker.dice.choice((f"app-{name}", f"app-{maker.name(name)}")), place, identity, *beside,
                   settings=maker.using(application))
        for _ in range(maker.dice.choice((1, 1, 1, 2)))
    ]  # fmt: skip
    if maker.dice.random() < 0.5:
        maker.seen(application, hosts[0])
    maker.answer(application, identity, "on a site")


def _on_a_machine(maker: _Maker) -> None:
    name = maker.name()
    place, application = maker.place(name), maker.application(name)
    identity = maker.identity(_drifted(maker, name), place)
    tags = (("application", application.client_id), ("cost-center", "4711"))
    host = maker.host(f"vm-{maker.name(name)}", place, identity, settings=None, tags=tags)
    if maker.dice.random() < 0.5:
        maker.seen(application, host)
    maker.answer(application, identity, "on a machine")


def _trusted(maker: _Maker) -> None:
    name = maker.name()
    identity = maker.identity(f"id-{maker.name(name)}", maker.place(name))
    trust = FederatedCredential(
        id=maker.guid(), name="by-hand", issuer=ISSUER, subject=identity.principal_id, audiences=(AUDIENCE,)
    )
    maker.answer(maker.application(name, federated=(trust,)), identity, "trusted already")


def _by_name(maker: _Maker) -> None:
    name = f"{maker.name()}-{maker.dice.randrange(10_000)}"
    identity = maker.identity(f"id-{name}", maker.place(name))
    maker.host(f"vm-{name}", maker.place(name), identity, settings=None)
    maker.answer(maker.application(name), identity, "by name alone")


def _one_name_everywhere(maker: _Maker) -> None:
    """The same name in three subscriptions, each with its own application, host and identity."""
    name = maker.name().rpartition("-")[0]
    for _ in range(3):
        place, application = maker.place(name), maker.application(name)
        identity = maker.identity(f"id-{name}", place)
        maker.host(f"app-{name}", place, identity, settings=maker.using(application))
        maker.answer(application, identity, "one name in several subscriptions")


def _reused(maker: _Maker) -> None:
    """One identity on the hosts of three applications, called after one of them."""
    name = maker.name()
    place = maker.place(name)
    identity = maker.identity(f"id-{name}", place)
    for at in range(3):
        application = maker.application(name if at == 0 else maker.name(name))
        maker.host(f"app-{application.display_name}", place, identity, settings=maker.using(application))
        maker.answer(application, None, "reused identity")


def _without(maker: _Maker) -> None:
    application = maker.application(maker.name())
    if maker.dice.random() < 0.5:
        maker.seen(application, None)
    maker.answer(application, None, "no identity")


def _other_environment(maker: _Maker) -> None:
    base = f"{maker.name().rpartition('-')[0]}-{maker.dice.randrange(10_000)}"
    maker.identity(f"id-{base}-dev", maker.place(base))
    maker.answer(maker.application(f"{base}-prod"), None, "identity of another environment")


def _system_assigned(maker: _Maker) -> None:
    name = maker.name()
    place, application = maker.place(name), maker.application(name)
    host = maker.host(f"app-{name}", place, settings=maker.using(application))
    maker.hosts[-1] = replace(host, system_principal=PrincipalId(maker.guid()))
    maker.answer(application, None, "system-assigned only")


def _namesake(maker: _Maker) -> None:
    """An identity with the application's name that runs another application."""
    name = f"{maker.name()}-{maker.dice.randrange(10_000)}"
    place, other = maker.place(name), maker.application(maker.name(name))
    identity = maker.identity(f"id-{name}", place)
    maker.host(f"app-{name}", place, identity, settings=maker.using(other))
    maker.answer(other, identity, "runs under another's name")
    namesake = maker.application(name)
    maker.seen(namesake, None)
    maker.answer(namesake, None, "namesake of another's identity")


def _closed(maker: _Maker) -> None:
    """A site whose settings nobody may list: only names and sign-ins are left."""
    name = maker.name()
    place, application = maker.place(name), maker.application(name)
    identity = maker.identity(_drifted(maker, name), place)
    host = maker.host(f"app-{name}", place, identity)
    maker.hosts[-1] = host = replace(host, settings=None)
    if maker.dice.random() < 0.5:
        maker.seen(application, host)
    maker.answer(application, identity, "settings are closed")


def _misspelt(maker: _Maker) -> None:
    """A letter is missing in the identity's name, and no host is known."""
    name = f"{maker.name()}-{maker.dice.randrange(10_000)}"
    at = maker.dice.randrange(1, len(name) - 10)
    identity = maker.identity(f"id-{name[:at]}{name[at + 1 :]}", maker.place(name))
    maker.answer(maker.application(name), identity, "misspelt")


def _cloned(maker: _Maker) -> None:
    """A site that was copied from another one, settings and all, and got its own identity; it signs in as nobody."""
    name = maker.name()
    place, application = maker.place(name), maker.application(name)
    identity, other = maker.identity(f"id-{name}", place), maker.identity(f"id-{maker.name(name)}", maker.place(name))
    settings = maker.using(application)
    host = maker.host(f"app-{name}", place, identity, settings=settings)
    maker.host(f"app-{maker.name(name)}", maker.place(name), other, settings=settings)
    maker.seen(application, host)
    maker.answer(application, identity, "copied settings")


def _coincidence(maker: _Maker) -> None:
    """The only identity of this name belongs to something else, which no host or setting tells."""
    name = f"{maker.name()}-{maker.dice.randrange(10_000)}"
    maker.identity(f"id-{name}", maker.place(name))
    maker.answer(maker.application(name), None, "coincidence of names")


def _tagged(maker: _Maker) -> None:
    """An identity of another name, on a machine without a tag, that has the client id or two softer signs in tags."""
    name = f"{maker.name()}-{maker.dice.randrange(10_000)}"
    place, application = maker.place(name), maker.application(name)
    by_id = maker.dice.random() < 0.6
    tags = [("Application-Id", application.client_id)] if by_id else [("application", name)]
    owners = (application.owners or ()) if not by_id or maker.dice.random() < 0.5 else ()
    identity = maker.identity(f"id-{maker.name(name)}", place, tags=tuple(tags), owners=owners)
    beside = () if by_id else (("service", name),)
    maker.host(f"vm-{maker.name(name)}", place, identity, settings=None, tags=beside)
    maker.answer(application, identity, "named by tags")


def _copied_tags(maker: _Maker) -> None:
    """Three applications whose identities, and hosts, all have the tags of a fourth one that has none."""
    name = maker.name()
    template = maker.application(f"{name}-{maker.dice.randrange(10_000)}")
    tags = (("application", template.display_name), ("app-id", template.client_id))
    for _ in range(3):
        own = maker.name(name)
        place, application = maker.place(own), maker.application(own)
        identity = maker.identity(_drifted(maker, own), place, tags=tags)
        maker.host(f"app-{own}", place, identity, settings=maker.using(application), tags=tags)
        maker.answer(application, identity, "tags copied from another")
    maker.answer(template, None, "tags copied to others")


def _stale_tag(maker: _Maker) -> None:
    """An identity that was one application's by its tag, and runs another one now."""
    name = maker.name()
    former, application = maker.application(maker.name(name)), maker.application(name)
    place = maker.place(name)
    tag = maker.dice.choice((("client-id", former.client_id), ("application", former.display_name)))
    identity = maker.identity(f"id-{name}", place, tags=(tag,))
    maker.host(f"app-{name}", place, identity, settings=maker.using(application))
    maker.answer(application, identity, "stale tag")
    maker.answer(former, None, "former application of an identity")


def _wrong_owner(maker: _Maker) -> None:
    """An identity that has the application's name, and belongs to somebody else."""
    name = f"{maker.name()}-{maker.dice.randrange(10_000)}"
    owner = Owner(object_id=maker.guid(), kind="user", display_name=f"Other {maker.dice.randrange(500)}", enabled=True)
    maker.identity(f"id-{name}", maker.place(name), owners=(owner,))
    maker.answer(maker.application(name), None, "namesake of another owner")


def _in_one_repository(maker: _Maker) -> None:
    """Deployed by GitHub from one repository, which the identity's tag names; names that are only alike."""
    name = f"{maker.name()}-{maker.dice.randrange(10_000)}"
    repository = f"acme/{name}"
    trust = FederatedCredential(
        id=maker.guid(), name="deploy", issuer="https://token.actions.githubusercontent.com",
        subject=f"repo:{repository}:environment:prod", audiences=(AUDIENCE,),
    )  # fmt: skip
    application = maker.application(name, federated=(trust,))
    tags = (("repository", f"https://github.com/{repository}.git"),)
    place = maker.place(name)
    identity = maker.identity(f"id-{name[:3]}{name[4:]}", place, tags=tags, owners=application.owners or ())
    maker.host(f"vm-{maker.name(name)}", place, identity, settings=None)
    maker.answer(application, identity, "in one repository")


_SHARES: tuple[tuple[Callable[[_Maker], None], int], ...] = (
    (_on_a_site, 420), (_on_a_machine, 100), (_trusted, 80), (_by_name, 70), (_one_name_everywhere, 30), (_reused, 20),
    (_without, 60), (_other_environment, 40), (_system_assigned, 30), (_namesake, 30), (_closed, 40), (_misspelt, 10),
    (_cloned, 10), (_coincidence, 4), (_tagged, 40), (_copied_tags, 15), (_stale_tag, 20), (_wrong_owner, 15),
    (_in_one_repository, 10),
)  # fmt: skip


def labelled(size: int, seed: int = 1) -> Labelled:
    """Make a tenant of at least ``size`` applications."""
    more = _THIRD[: max(1, min(size // 10_000, len(_THIRD)))]
    products = tuple(product + third for product in _PRODUCTS for third in more)
    maker = _Maker(dice=random.Random(seed), products=products)  # noqa: S311 - ids, no secrets
    maker.platform = [maker.identity("id-monitoring", maker.place("platform")) for _ in range(max(1, size // 500))]
    maker.policy = [maker.identity("Built-In-Identity-westeurope", maker.place("Built-In-Identity-RG"))]
    kinds, weights = zip(*_SHARES, strict=True)
    while len(maker.applications) < size:
        maker.dice.choices(kinds, weights)[0](maker)
    snapshot = Snapshot(
        tenant_id=TENANT, cloud=Cloud.PUBLIC, taken_at=NOW, digest="d" * 64,
        applications=tuple(maker.applications), service_principals=(), identities=tuple(maker.identities), notes=(),
        hosts=tuple(maker.hosts), uses=tuple(maker.uses),
    )  # fmt: skip
    return Labelled(snapshot=snapshot, truth=maker.truth, kinds=maker.kinds)
