"""What every tenant has around its own applications: people, Microsoft's and foreign principals, resources."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from migrate.emulator.clouds import ARM_APP_ID, EXCHANGE_APP_ID, GRAPH_APP_ID
from migrate.emulator.ids import seeded_guid
from migrate.emulator.seed.identities import add_host, add_identity, add_system_assigned
from migrate.emulator.seed.maker import Maker
from migrate.emulator.seed.names import PEOPLE
from migrate.emulator.state.app_roles import GRAPH_ROLES
from migrate.emulator.state.records import Resource, ServicePrincipal, User

_NO_OTHERS: Final[Mapping[str, Any]] = MappingProxyType({})
_GRAPH_OTHERS: Final[Mapping[str, Any]] = MappingProxyType({"appRoles": [dict(role) for role in GRAPH_ROLES]})
_MICROSOFT_TENANT: Final = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
_FIRST_PARTY: Final = {
    "Microsoft Graph": GRAPH_APP_ID,
    "Windows Azure Service Management API": ARM_APP_ID,
    "Azure Key Vault": "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
    "Azure Storage": "e406a681-f3d4-42a8-90b6-c2b029497af1",
    "Office 365 Exchange Online": "00000002-0000-0ff1-ce00-000000000000",
    "AAD Token Exchange Endpoint: Public": EXCHANGE_APP_ID,
}


def add_people(maker: Maker, number: int) -> tuple[User, ...]:
    """Add users, one in six with a disabled account."""
    people = []
    for index in range(number):
        name = PEOPLE[index % len(PEOPLE)]
        alias = name.split()[0].lower() + (str(index // len(PEOPLE) + 1) if index >= len(PEOPLE) else "")
        user = User(
            id=maker.guid(),
            display_name=name,
            user_principal_name=f"{alias}@{maker.tenant.domain}",
            account_enabled=bool((index + 1) % 6),
            job_title=maker.dice.choice((None, "Engineer", "Product owner")),
        )
        maker.tenant.users[user.id] = user
        people.append(user)
    return tuple(people)


def add_microsoft(maker: Maker) -> None:
    """Add Microsoft's own service principals and the resources behind them."""
    for name, app_id in _FIRST_PARTY.items():
        principal = ServicePrincipal(
            id=maker.guid(), app_id=app_id, display_name=name, created=maker.long_ago(1500, 2500),
            owner_tenant=_MICROSOFT_TENANT, others=_GRAPH_OTHERS if app_id == GRAPH_APP_ID else _NO_OTHERS,
        )  # fmt: skip
        maker.tenant.save_service_principal(principal)
    cloud = maker.tenant.cloud
    exchange, graph, arm = cloud.exchange_audience, f"https://{cloud.graph_host}", f"https://{cloud.arm_host}"
    vault = f"https://{cloud.vault_domain}"
    maker.tenant.resources += [
        Resource(names=(exchange.lower(), EXCHANGE_APP_ID, f"api://{EXCHANGE_APP_ID}"), audience=EXCHANGE_APP_ID,
                 app_id=EXCHANGE_APP_ID, display_name="AAD Token Exchange Endpoint: Public", version="2.0"),
        Resource(names=(graph, GRAPH_APP_ID), audience=graph, app_id=GRAPH_APP_ID,
                 display_name="Microsoft Graph", version="1.0"),
        Resource(names=(arm, cloud.service_management, ARM_APP_ID), audience=arm, app_id=ARM_APP_ID,
                 display_name="Windows Azure Service Management API", version="1.0"),
        Resource(names=(vault, _FIRST_PARTY["Azure Key Vault"]), audience=vault,
                 app_id=_FIRST_PARTY["Azure Key Vault"], display_name="Azure Key Vault", version="1.0"),
        Resource(names=("https://storage.azure.com",), audience="https://storage.azure.com",
                 app_id=_FIRST_PARTY["Azure Storage"], display_name="Azure Storage", version="1.0"),
    ]  # fmt: skip


def add_foreign(maker: Maker, number: int) -> None:
    """Add service principals of other tenants' applications, some with a secret that someone here added."""
    for index in range(number):
        principal = ServicePrincipal(
            id=maker.guid(),
            app_id=maker.guid(),
            display_name=maker.dice.choice(("Fabrikam", "Tailspin", "Wingtip")) + f" Connector {index + 1}",
            created=maker.long_ago(),
            owner_tenant=seeded_guid("foreign tenant", index % 3),
            tags=("WindowsAzureActiveDirectoryIntegratedApp",),
        )
        if index % 4 == 0:
            principal = replace(principal, passwords=(maker.secret(200, display_name="vendor"),))
        maker.tenant.save_service_principal(principal)


def add_identities_alone(maker: Maker, number: int) -> None:
    """Add identities that belong to no application, and system-assigned ones."""
    for index in range(number):
        identity = add_identity(maker, f"id-platform-{index + 1:02}", group="platform")
        if index % 2:
            add_host(maker, f"vm-platform-{index + 1:02}", "vm", identity)
        add_system_assigned(maker, f"host-{index + 1:02}", "vm" if index % 2 else "app-service")
