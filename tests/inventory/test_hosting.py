from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from inventory.cloud import Cloud
from inventory.directory import FederatedOf, Page
from inventory.errors import CursorExpiredError, ReadFailedError, TenantUnreachableError
from inventory.estate import AssignedIdentity, Host, HostSetting, SettingKind, Subscription
from inventory.hosting import Hosting
from inventory.model import ClientId, IdentityClientId, PrincipalId, ScanNote
from inventory.settings_kind import KnownIds
from tests.inventory.madeup_arm import GROUP, RESOURCE_GRAPH, SUBSCRIPTION, MadeUpArm, row

_T = TypeVar("_T")
APP = "11111111-aaaa-4000-8000-000000000001"
LIST = "Microsoft.Web/sites/config/list/action"
_SITE = f"{GROUP}/providers/microsoft.web/sites"


@pytest.fixture
def arm() -> MadeUpArm:
    return MadeUpArm()


def _do(arm: MadeUpArm, job: Callable[[Hosting], Awaitable[_T]], cloud: Cloud = Cloud.PUBLIC) -> _T:
    async def run() -> _T:
        async with arm.reached(cloud) as connection:
            return await job(Hosting(connection, KnownIds(applications=frozenset({APP}))))

    return asyncio.run(run())


async def _listed(hosting: Hosting, cursor: str | None = None) -> list[Page[Any]]:
    """List hosts and notes; the subscriptions that were read are told before them."""
    return [
        Page(entries=tuple(one for one in page.entries if not isinstance(one, Subscription)), cursor=page.cursor)
        async for page in hosting.hosts(cursor)
    ]


def _entries(pages: list[Page[Any]]) -> list[Any]:
    return [one for page in pages for one in page.entries]


def _notes(pages: list[Page[Any]]) -> list[str]:
    return [f"{one.subject}: {one.text}" for one in _entries(pages) if isinstance(one, ScanNote)]


def _site(
    arm: MadeUpArm, name: str, settings: dict[str, Any] | None, kind: str = "microsoft.web/sites"
) -> dict[str, Any]:
    """Add a site; without settings the account may not list them."""
    made = row(kind, name)
    for what in ("appsettings", "connectionstrings"):
        path = f"{made['id']}/config/{what}/list"
        if settings is None:
            arm.answer(path, {"error": {"code": "AuthorizationFailed"}}, status=403)
        else:
            arm.answer(path, {"properties": settings if what == "appsettings" else {}})
    arm.answer(f"{made['id']}/config/authsettingsV2", {"properties": {}})
    return made


def test_a_site_and_its_slot_are_told_with_their_settings(arm: MadeUpArm) -> None:
    slot = _site(arm, "orders/staging", {"AZURE_CLIENT_SECRET": "x"}, "microsoft.web/sites/slots")
    arm.tables["hosts"] = [
        _site(arm, "orders", {"Audience": APP}),
        slot,
        row("microsoft.compute/virtualmachines", "vm"),
    ]
    hosts = {one.name: one for one in _entries(_do(arm, _listed))}
    assert hosts["orders"].settings == (
        HostSetting(name="Audience", kind=SettingKind.CLIENT_ID, client_id=ClientId(APP)),
    )
    assert hosts["orders/staging"].settings == (HostSetting(name="AZURE_CLIENT_SECRET", kind=SettingKind.SECRET),)
    assert hosts["orders/staging"].type == "microsoft.web/sites/slots"
    assert hosts["vm"].settings is None


def test_a_static_site_has_a_list_of_its_own(arm: MadeUpArm) -> None:
    made = row("microsoft.web/staticsites", "front")
    arm.answer(f"{made['id']}/listAppSettings", {"properties": {"AZURE_CLIENT_SECRET": "x"}})
    arm.tables["hosts"] = [made]
    (found,) = _entries(_do(arm, _listed))
    assert found.settings == (HostSetting(name="AZURE_CLIENT_SECRET", kind=SettingKind.SECRET),)


def test_settings_that_are_not_granted_are_counted_and_named(arm: MadeUpArm) -> None:
    arm.tables["hosts"] = [_site(arm, f"a{number}", None if number % 2 else {}) for number in range(7)]
    pages = _do(arm, _listed)
    assert _notes(pages) == [f"settings: settings of 3 sites could not be read: {LIST} not granted"]
    settings = {one.name: one.settings for one in _entries(pages) if isinstance(one, Host)}
    assert settings == {f"a{number}": None if number % 2 else () for number in range(7)}


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [(409, "ScopeLocked", "answered 409 (ScopeLocked)"), (404, "", "answered 404"), (200, "", "cannot be understood")],
)
def test_settings_that_fail_otherwise_are_told_with_the_reason(
    arm: MadeUpArm, status: int, code: str, reason: str
) -> None:
    made = _site(arm, "orders", {})
    arm.answers[f"{made['id']}/config/connectionstrings/list"].clear()
    arm.answer(f"{made['id']}/config/connectionstrings/list", {"error": {"code": code}, "properties": 1}, status=status)
    arm.tables["hosts"] = [made]
    pages = _do(arm, _listed)
    (note,) = _notes(pages)
    assert note.startswith("settings: settings of 1 site could not be read: ")
    assert note.endswith(reason)
    assert _entries(pages)[0].settings is None, "half of the settings would read as all of them"


def test_a_stopped_listing_goes_on_and_counts_on(arm: MadeUpArm) -> None:
    arm.page_size = 2
    arm.tables["hosts"] = [_site(arm, f"a{number}", None) for number in range(5)]
    whole = _do(arm, _listed)
    assert [len(page.entries) for page in whole] == [2, 2, 2]
    assert [page.cursor is None for page in whole] == [False, False, True]
    for at in (0, 1):
        rest = _do(arm, lambda hosting, at=at: _listed(hosting, whole[at].cursor))  # type: ignore[misc]
        assert rest == whole[at + 1 :]
    assert _notes(whole) == [f"settings: settings of 5 sites could not be read: {LIST} not granted"]


def test_a_place_that_is_no_longer_known_is_found_by_number_and_that_is_said(arm: MadeUpArm) -> None:
    arm.page_size = 2
    arm.tables["hosts"] = [row("microsoft.compute/virtualmachines", f"vm{number}") for number in range(5)]
    whole = _do(arm, _listed)
    arm.lost = {"2"}
    rest = _do(arm, lambda hosting: _listed(hosting, whole[0].cursor))
    assert [one.name for one in _entries(rest) if isinstance(one, Host)] == ["vm2", "vm3", "vm4"]
    assert _notes(rest) == [
        "hosts: the listing went on after 2 rows by their number: what came or went meanwhile may be missing"
    ]
    arm.lost = {"2", "4"}
    with pytest.raises(ReadFailedError, match="answered 400"):
        _do(arm, lambda hosting: _listed(hosting, whole[0].cursor))


def test_a_cursor_that_is_none_of_ours_is_refused(arm: MadeUpArm) -> None:
    with pytest.raises(CursorExpiredError, match="begin the listing anew"):
        _do(arm, lambda hosting: _listed(hosting, "elsewhere"))


def test_without_any_subscription_that_is_said(arm: MadeUpArm) -> None:
    arm.answers["/subscriptions"].clear()
    arm.answer("/subscriptions", {"value": []})
    assert _notes(_do(arm, _listed)) == [
        "hosts: no Azure subscription is visible, grant Reader on them: hosts and their settings are unknown"
    ]


def test_a_subscription_that_is_not_readable_as_a_whole_is_named(arm: MadeUpArm) -> None:
    arm.answers["/subscriptions"].clear()
    arm.answer("/subscriptions", {"value": [{"subscriptionId": SUBSCRIPTION}, {"subscriptionId": "B"}, {"other": 1}]})
    arm.tables["subscriptions"] += [{"id": "", "subscriptionId": "not-listed"}]
    assert _notes(_do(arm, _listed)) == [
        "subscription b: Reader not granted on the whole of it: hosts and identities in it may be missing"
    ]

    async def whole(hosting: Hosting) -> list[Any]:
        return [one async for page in hosting.hosts() for one in page.entries if isinstance(one, Subscription)]

    assert _do(arm, whole) == [Subscription(id=SUBSCRIPTION)]


@pytest.mark.parametrize("status", [401, 403, 400])
def test_a_service_that_refuses_everything_ends_neither_listing(arm: MadeUpArm, status: int) -> None:
    for path in ("/subscriptions", RESOURCE_GRAPH):
        arm.answers[path].clear()
        arm.answer(path, {"error": {"code": "Refused"}}, status=status)

    async def both(hosting: Hosting) -> list[Page[Any]]:
        return [*await _listed(hosting), *[page async for page in hosting.identities()]]

    hosts, identities = _notes(_do(arm, both))
    assert hosts.startswith("hosts: ")
    assert hosts.endswith("hosts are unknown")
    assert identities.endswith("ARM ids are unknown")
    assert "Refused" in hosts


def test_rows_that_no_page_brings_are_said_to_be_missing(arm: MadeUpArm) -> None:
    arm.answer(RESOURCE_GRAPH, {"data": [], "resultTruncated": "true"})
    assert "hosts: Azure Resource Graph left rows out: resources may be missing" in _notes(_do(arm, _listed))


def test_a_connection_that_is_lost_later_is_an_error(arm: MadeUpArm, waits: list[float]) -> None:
    made = _site(arm, "orders", {})
    arm.answers[f"{made['id']}/config/appsettings/list"].clear()
    arm.answer(f"{made['id']}/config/appsettings/list", {}, cut=3)
    arm.tables["hosts"] = [made, _site(arm, "other", {})]
    with pytest.raises(TenantUnreachableError):
        _do(arm, _listed)
    assert any(waits)


def test_an_odd_row_does_not_hide_the_others(arm: MadeUpArm) -> None:
    arm.tables["hosts"] = [{"id": "/odd"}, row("microsoft.compute/virtualmachines", "vm"), None]
    pages = _do(arm, _listed)
    assert [one.name for one in _entries(pages) if isinstance(one, Host)] == ["vm"]
    assert [one.partition(" - ")[0] for one in _notes(pages)] == [
        "host /odd: unreadable: Object missing required field `name`",
        "host: unreadable: Expected `object`, got `null`",
    ]  # fmt: skip


def test_public_addresses_that_cannot_be_read_are_said(arm: MadeUpArm) -> None:
    arm.tables["hosts"] = [row("microsoft.compute/virtualmachines", "vm")]
    arm.tables["addresses"] = [{"id": "/pip", "address": "20.0.0.1", "attachedTo": "/nic/ipconfigurations/a"}]
    arm.tables["interfaces"] = [{"id": "/nic", "machine": arm.tables["hosts"][0]["id"]}]
    assert _entries(_do(arm, _listed))[0].addresses == ("20.0.0.1",)


def test_a_vault_of_another_cloud_has_its_own_domain(arm: MadeUpArm) -> None:
    value = "@Microsoft.KeyVault(VaultName=kv-a;SecretName=s)"
    arm.tables["hosts"] = [_site(arm, "orders", {"S": value})]
    (found,) = _entries(_do(arm, _listed, Cloud.CHINA))
    assert found.settings[0].reference == "https://kv-a.vault.azure.cn/secrets/s"


# --- federated credentials of identities -----------------------------------------------------------------------------


def _identity(arm: MadeUpArm, name: str, answer: Any, status: int = 200) -> AssignedIdentity:
    resource_id = f"{GROUP}/providers/microsoft.managedidentity/userassignedidentities/{name}"
    arm.answer(f"{resource_id}/federatedIdentityCredentials", answer, status=status)
    return AssignedIdentity(resource_id=resource_id, name=name, principal_id=PrincipalId(f"p-{name}"),
                            client_id=IdentityClientId(f"c-{name}"), subscription_id=SUBSCRIPTION, resource_group="rg",
                            location=None)  # fmt: skip


def test_federated_credentials_of_identities_are_told_or_counted(arm: MadeUpArm) -> None:
    trust = {"id": "/X", "name": "x", "properties": {"issuer": "i", "subject": "s", "audiences": ["a"]}}
    identities = [
        _identity(arm, "a", {"value": [trust]}),
        _identity(arm, "b", {"value": []}),
        _identity(arm, "c", {}, 403),
        _identity(arm, "d", {"value": [trust, {"name": 1}]}),
    ]

    async def read(hosting: Hosting, cursor: str | None = None) -> list[Page[Any]]:
        return [page async for page in hosting.federated(identities, cursor)]

    pages = _do(arm, read)
    told = {one.holder_id: one.federated for one in _entries(pages) if isinstance(one, FederatedOf)}
    assert {holder: len(one) for holder, one in told.items()} == {"p-a": 1, "p-b": 0}
    unreadable, count = _notes(pages)
    assert "unreadable" in unreadable
    assert count == (
        "federated credentials: federated credentials of 1 identity could not be read: "
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read not granted"
    )


def test_federated_credentials_go_on_after_the_last_identity(arm: MadeUpArm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.hosting._TRUSTS_PAGE", 2)
    identities = [_identity(arm, name, {"value": []}) for name in "edcba"]

    async def read(hosting: Hosting, cursor: str | None = None) -> list[Page[Any]]:
        return [page async for page in hosting.federated(identities, cursor)]

    whole = _do(arm, read)
    assert [[one.holder_id for one in page.entries] for page in whole] == [["p-a", "p-b"], ["p-c", "p-d"], ["p-e"]]
    assert whole[-1].cursor is None
    assert _do(arm, lambda hosting: read(hosting, whole[0].cursor)) == whole[1:]
