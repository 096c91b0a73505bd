from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from inventory import hosting_convert as convert
from inventory.addresses import AddressBook
from inventory.estate import AssignedIdentity, Host, HostSetting, SettingKind
from inventory.hosting_wire import WireSignInSettings
from inventory.model import ClientId, FederatedCredential, IdentityClientId, ManagedIdentity, PrincipalId, ScanNote
from inventory.settings_kind import KnownIds
from tests.inventory.madeup_arm import GROUP, SUBSCRIPTION, row

UAMI = f"{GROUP}/providers/microsoft.managedidentity/userassignedidentities/id-a"
APP = "11111111-aaaa-4000-8000-000000000001"
SECRET = "Sesame-open-Sesame-open-Sesame-open-Sesame"
VAULT = "https://kv-contoso.vault.azure.net/secrets/orders"


def _raw(value: Any) -> bytes:
    return json.dumps(value).encode()


def _host(value: dict[str, Any], *addresses: tuple[str, str, str]) -> Host:
    with AddressBook() as book:
        for one in addresses:
            book.tell(*one)
        (found,) = convert.host(_raw(value), book, KnownIds())
    assert isinstance(found, Host)
    return found


def test_a_site_is_read_with_its_identities_and_addresses() -> None:
    found = _host(row(
        "microsoft.web/sites", "Orders", tags={"team": "a", "empty": None},
        identity={"type": "SystemAssigned,UserAssigned", "principalId": "BBBBBBBB-0000-4000-8000-000000000001",
                  "userAssignedIdentities": {UAMI.upper(): {"clientId": "x"}}},
        outbound="20.0.0.2,20.0.0.1", possible="20.0.0.1, 20.0.0.3,", publicIps=None,
    ))  # fmt: skip
    assert found == Host(
        resource_id=f"{GROUP}/providers/microsoft.web/sites/orders".replace("orders", "Orders").lower(),
        type="microsoft.web/sites",
        name="Orders",
        subscription_id=SUBSCRIPTION,
        resource_group="rg",
        location="westeurope",
        tags=(("empty", ""), ("team", "a")),
        system_principal=PrincipalId("bbbbbbbb-0000-4000-8000-000000000001"),
        identities=(UAMI,),
        addresses=("20.0.0.1", "20.0.0.2", "20.0.0.3"),
    )


def test_a_cluster_tells_issuer_kubelet_identity_and_outbound_addresses() -> None:
    address = f"{GROUP}/providers/microsoft.network/publicipaddresses/pip"
    found = _host(
        row(
            "microsoft.containerservice/managedclusters", "aks", kubelet={"kubeletidentity": {"resourceId": UAMI}},
            issuer="https://oidc.example/a/", balancer=[{"id": address.upper()}, {"id": "/gone"}, {}],
        ),
        (address, "20.0.0.9", ""),
    )  # fmt: skip
    assert (found.identities, found.issuer, found.addresses) == ((UAMI,), "https://oidc.example/a/", ("20.0.0.9",))


def test_a_machine_has_the_public_address_of_its_interface() -> None:
    nic, machine = f"{GROUP}/nic", f"{GROUP}/providers/microsoft.compute/virtualmachines/vm"
    raw = _raw(row("microsoft.compute/virtualmachines", "vm"))
    attached = (("/pip", "20.0.0.7", f"{nic}/ipconfigurations/a"), ("/free", "20.0.0.8", ""))
    with AddressBook() as book:
        for id_, address, to in (*attached, ("/two", "20.0.0.9", f"{nic}/ipconfigurations/b")):
            convert.addresses([_raw({"id": id_, "address": address, "attachedTo": to}), b"{}"], book)
        for interface, of in ((f"{GROUP}/other", machine), (nic, machine), ("", machine)):
            convert.interfaces([_raw({"id": interface, "machine": of}), b"[]"], book)
        assert len(book) == 3
        (found,) = convert.host(raw, book, KnownIds())
        assert isinstance(found, Host)
        assert found.addresses == ("20.0.0.7", "20.0.0.9")
        book.forget()
        (found,) = convert.host(raw, book, KnownIds())
        assert isinstance(found, Host)
        assert (len(book), found.addresses) == (0, ())


def _container_app(**others: Any) -> dict[str, Any]:
    env = [
        {"name": "AZURE_CLIENT_ID", "value": APP},
        {"name": "AZURE_CLIENT_SECRET", "secretRef": "client-secret"},
        {"name": "ORDERS", "secretRef": "orders"},
        {"name": "MODE", "value": SECRET},
    ]
    secrets = [
        {"name": "client-secret"}, {"name": "orders", "keyVaultUrl": f"{VAULT}/0123", "identity": "system"},
        {"name": "microsoft-provider-authentication-secret"},
    ]  # fmt: skip
    return row(
        "microsoft.app/containerapps", "ca", containers=[{"env": env}, {"env": env[:1]}], secrets=secrets, **others
    )


def test_a_container_app_names_its_variables_and_secrets() -> None:
    found = _host(_container_app(outbound=["20.0.0.1", "no address"]))
    assert found.addresses == ("20.0.0.1",)
    assert found.settings == (
        HostSetting(name="AZURE_CLIENT_ID", kind=SettingKind.CLIENT_ID, client_id=ClientId(APP)),
        HostSetting(name="AZURE_CLIENT_SECRET", kind=SettingKind.SECRET, reference="client-secret"),
        HostSetting(name="MODE", kind=SettingKind.OTHER),
        HostSetting(name="ORDERS", kind=SettingKind.SECRET, reference=VAULT),
        HostSetting(name="microsoft-provider-authentication-secret", kind=SettingKind.SECRET,
                    reference="microsoft-provider-authentication-secret"),
    )  # fmt: skip


def test_a_container_group_tells_secure_variables_by_name_alone() -> None:
    variables = [{"name": "AZURE_CLIENT_SECRET"}, {"name": "COLOUR", "value": "red"}]
    containers = [{"name": "a", "properties": {"environmentVariables": variables}}]
    found = _host(row("microsoft.containerinstance/containergroups", "aci", groupContainers=containers))
    assert found.settings == (
        HostSetting(name="AZURE_CLIENT_SECRET", kind=SettingKind.SECRET),
        HostSetting(name="COLOUR", kind=SettingKind.OTHER),
    )


def test_odd_variables_do_not_cost_the_host() -> None:
    value = _container_app()
    value["containers"][0]["env"].append({"value": SECRET})
    with AddressBook() as nowhere:
        found, note = convert.host(_raw(value), nowhere, KnownIds())
    assert isinstance(found, Host)
    assert found.settings is None
    assert isinstance(note, ScanNote)
    assert "unreadable" in note.text
    assert SECRET not in repr(note)


def test_app_service_authentication_names_the_application_and_the_setting() -> None:
    site = _host(row("microsoft.web/sites", "orders"))
    body = {"properties": {"identityProviders": {"azureActiveDirectory": {
        "registration": {"clientId": APP.upper(), "clientSecretSettingName": "PLATFORM"}}}}}  # fmt: skip
    wire = msgspec.json.decode(_raw(body), type=WireSignInSettings)
    assert convert.with_sign_in(site, wire).sign_in_client == APP
    assert convert.with_sign_in(site, wire).settings is None
    told = (HostSetting(name="PLATFORM", kind=SettingKind.SECRET), HostSetting(name="X", kind=SettingKind.OTHER))
    known = replace(site, settings=told)
    assert convert.with_sign_in(known, wire).settings == (
        HostSetting(name="PLATFORM", kind=SettingKind.SECRET, client_id=ClientId(APP)),
        told[1],
    )
    nothing = msgspec.json.decode(b"{}", type=WireSignInSettings)
    assert convert.with_sign_in(known, nothing) is known


def _identity_row() -> dict[str, Any]:
    return {
        "id": UAMI, "name": "id-a", "subscriptionId": SUBSCRIPTION, "resourceGroup": "rg", "location": "westeurope",
        "tags": {"a": "b"}, "clientId": "22222222-0000-4000-8000-000000000001",
        "principalId": "33333333-0000-4000-8000-000000000001",
    }  # fmt: skip


def test_an_identity_joins_what_graph_told_by_either_id_without_case() -> None:
    found = convert.identity(_raw(_identity_row()))
    assert isinstance(found, AssignedIdentity)
    index = convert.by_any_id([found])
    told = ManagedIdentity(principal_id=found.principal_id, client_id=found.client_id, name="id-a", resource_id=None,
                           user_assigned=None)  # fmt: skip
    assert convert.joined(told, index) == replace(told, resource_id=UAMI, user_assigned=True)
    by_id = replace(told, principal_id=PrincipalId("elsewhere"), resource_id=UAMI.replace("id-a", "ID-A"))
    assert convert.joined(by_id, index) == replace(by_id, user_assigned=True)
    stranger = replace(told, principal_id=PrincipalId("elsewhere"), client_id=IdentityClientId("x"))
    assert convert.joined(stranger, index) is stranger


def test_a_federated_credential_is_told_by_its_arm_id() -> None:
    body = {"id": f"{UAMI}/federatedIdentityCredentials/GitHub", "name": "GitHub", "properties": {
        "issuer": "https://token.example", "subject": "repo:a", "audiences": ["api://Exchange"]}}  # fmt: skip
    assert convert.trust(_raw(body)) == FederatedCredential(
        id=f"{UAMI}/federatedidentitycredentials/github", name="GitHub", issuer="https://token.example",
        subject="repo:a", audiences=("api://Exchange",),
    )  # fmt: skip


# --- whatever a tenant says ------------------------------------------------------------------------------------------

_SEEDS = [
    _container_app(identity={"type": "UserAssigned", "userAssignedIdentities": {UAMI: {}}}),
    row("microsoft.web/sites", "a", identity={"type": "SystemAssigned", "principalId": "p"}, outbound="1.2.3.4"),
    row("microsoft.containerservice/managedclusters", "a", kubelet={"k": {"resourceId": UAMI}}, balancer=[{"id": "x"}]),
    _identity_row(),
    {"id": UAMI, "name": "a", "properties": {"issuer": "i", "subject": "s", "audiences": ["a"]}},
]
_ODD = st.sampled_from([None, 0, True, "", "x", [], {}, [None], {"a": None}, [[1]], "\ud800", 1e308, SECRET])


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in _paths(one, (*path, key)))]


@given(st.sampled_from(_SEEDS), st.data())
def test_a_body_of_any_form_is_converted_or_noted(seed: dict[str, Any], data: st.DataObject) -> None:
    value: Any = copy.deepcopy(seed)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_paths(value)))
        odd = copy.deepcopy(data.draw(_ODD))
        if not path:
            value = odd
            break
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        if data.draw(st.booleans()) and isinstance(holder, dict):
            del holder[path[-1]]
        else:
            holder[path[-1]] = odd
    raw = _raw(value)
    with AddressBook() as nowhere:
        told = [*convert.host(raw, nowhere, KnownIds()), convert.identity(raw), convert.trust(raw)]
    assert all(isinstance(one, (Host, AssignedIdentity, FederatedCredential, ScanNote)) for one in told)
    assert not [one for one in told if isinstance(one, ScanNote) and SECRET in one.text]


@given(st.binary(max_size=60))
def test_bytes_that_are_no_row_are_noted(raw: bytes) -> None:
    with AddressBook() as nowhere:
        (found,) = convert.host(raw, nowhere, KnownIds())
    assert isinstance(found, ScanNote)
    assert not isinstance(convert.identity(raw), AssignedIdentity)


@given(st.text("abcdefXYZ0123456789~._-", min_size=37, max_size=80))
def test_no_variable_of_a_container_keeps_its_value(secret: str) -> None:
    variable = {"name": "X", "value": f"Server=a;Client Id={APP};Password={secret}"}
    value = row("microsoft.app/containerapps", "ca", containers=[{"env": [variable]}])
    found = _host(value)
    assert found.settings == (HostSetting(name="X", kind=SettingKind.CONNECTION_STRING, client_id=ClientId(APP)),)
    assert secret not in repr(found)
