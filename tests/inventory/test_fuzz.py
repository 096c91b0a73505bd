"""Whatever a tenant answers: the object is read, or kept as one that could not be; nothing ever crashes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import convert, convert_roles
from inventory.mending import decoded, mended
from inventory.model import Application, ManagedIdentity, ScanNote, ServicePrincipal
from inventory.rows import Reading
from inventory.wire import WireAppRole, WireResource
from tests.support.examples import share

pytestmark = pytest.mark.slow

_SECRET = "Sup3r~secret.Text"
_TIMES = {"startDateTime": "2025-01-01T00:00:00.1234567Z", "endDateTime": "2027-01-01T00:00:00Z"}
_PASSWORD = {"keyId": "p1", "displayName": "ci", "hint": "Sup", "secretText": _SECRET, "customKeyIdentifier": None,
             **_TIMES}  # fmt: skip
_KEY = {"keyId": "k1", "type": "AsymmetricX509Cert", "usage": "Verify", "key": _SECRET, "displayName": "CN=x",
        "customKeyIdentifier": "p9PEYmuKhP2oaMzGfSdNQC/9ChA=", **_TIMES}  # fmt: skip
_HOLDER: dict[str, Any] = {
    "id": "o1", "appId": "A1", "displayName": "x", "createdDateTime": "2025-01-01T00:00:00Z", "tags": ["t"],
    "owners": [{"@odata.type": "#microsoft.graph.user", "id": "u1", "displayName": "Ana", "accountEnabled": True}],
    "tokenEncryptionKeyId": None, "passwordCredentials": [_PASSWORD], "keyCredentials": [_KEY],
}  # fmt: skip
_LOCK = {"isEnabled": True, "allProperties": True, "credentialsWithUsageVerify": True,
         "credentialsWithUsageSign": True, "tokenEncryptionKeyId": None}  # fmt: skip
_TRUST = {"id": "f1", "name": "n", "issuer": "i", "subject": None, "audiences": ["a"], "description": None,
          "claimsMatchingExpression": {"value": "v", "languageVersion": 1}}  # fmt: skip
_RESTRICTION = {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D",
                "restrictForAppsCreatedAfterDateTime": "2025-01-01T00:00:00Z",
                "excludeActors": {"customSecurityAttributes": [{"id": "Set_Name", "operator": "equals"}]}}  # fmt: skip
_RESTRICTIONS = {"passwordCredentials": [_RESTRICTION], "keyCredentials": [_RESTRICTION]}
_RESOURCE = WireResource(id="r", display_name="R", app_roles=[WireAppRole(id="role", value="Do.It")])

_KINDS: dict[str, tuple[Callable[[], Reading[Any, Any]], dict[str, Any]]] = {
    "applications": (convert.applications, {**_HOLDER, "createdByAppId": "A2", "isDisabled": False,
                     "signInAudience": "AzureADMyOrg", "disabledByMicrosoftStatus": None,
                     "serviceManagementReference": "m", "servicePrincipalLockConfiguration": _LOCK}),
    "service principals": (convert.service_principals, {**_HOLDER, "servicePrincipalType": "Application",
                           "accountEnabled": True, "alternativeNames": [], "appOwnerOrganizationId": "T",
                           "preferredSingleSignOnMode": "saml", "preferredTokenSigningKeyThumbprint": "AB"}),
    "identities": (convert.service_principals, {"id": "i", "appId": "I", "servicePrincipalType": "ManagedIdentity",
                   "displayName": "x", "alternativeNames": ["isExplicit=True", "/subscriptions/s/x"]}),
    "federated": (convert.federated_listing, {"id": "o1", "federatedIdentityCredentials": [_TRUST]}),
    "federated alone": (convert.federated_credentials, _TRUST),
    "app roles": (lambda: convert_roles.app_roles_held(_RESOURCE, convert_roles.no_tier),
                  {"principalId": "p", "appRoleId": "role", "principalType": "ServicePrincipal"}),
    "directory roles": (lambda: convert_roles.directory_roles_held({"d": "Admin"}, convert_roles.no_tier),
                        {"principalId": "p", "roleDefinitionId": "d", "directoryScopeId": "/",
                         "principal": {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "p"}}),
    "resources": (convert_roles.resources, {"id": "r", "displayName": "R",
                  "appRoles": [{"id": "role", "value": "Do.It", "displayName": "d"}]}),
    "definitions": (convert_roles.role_definitions, {"id": "d", "displayName": "Admin"}),
    "default policy": (lambda: convert_roles.policies(default=True), {"id": "d", "displayName": "Default",
                       "isEnabled": True, "applicationRestrictions": _RESTRICTIONS,
                       "servicePrincipalRestrictions": _RESTRICTIONS}),
    "policies": (lambda: convert_roles.policies(default=False), {"id": "q", "displayName": "strict",
                 "isEnabled": True, "restrictions": _RESTRICTIONS}),
    "changes": (convert_roles.changes, {"id": "o1", "@removed": {"reason": "deleted"}}),
    "sign-ins": (convert.sign_ins, {"createdDateTime": "2025-01-01T00:00:00Z", "appId": "A1", "ipAddress": "1",
                 "servicePrincipalCredentialKeyId": "p1", "servicePrincipalCredentialThumbprint": "",
                 "federatedCredentialId": "", "clientCredentialType": "clientSecret",
                 "uniqueTokenIdentifier": "u", "status": {"errorCode": 0}}),
}  # fmt: skip

_ODD: list[Any] = [None, True, 0, -1, 10**400, 1.5, "", "x", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00",
                   "not a time", "\ud800", "\x00", [], [None], [[]], {}, {"id": 5}, "A" * 5000]  # fmt: skip
_values = st.sampled_from(_ODD).map(copy.deepcopy) | st.text(max_size=12)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in below for place in _places(child, (*path, key)))]


@st.composite
def _mutated(draw: st.DrawFn, whole: dict[str, Any]) -> Any:
    """Change, drop or add something, in several places."""
    body: Any = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(_places(body)))
        if not place:
            if draw(st.booleans()) and isinstance(body, dict):
                body[draw(st.text(max_size=20))] = draw(_values)
            elif draw(st.integers(0, 9)) == 0:
                return draw(_values)
            continue
        inside = body
        for key in place[:-1]:
            inside = inside[key]
        if draw(st.booleans()):
            del inside[place[-1]]
        else:
            inside[place[-1]] = draw(_values)
    return body


@pytest.mark.parametrize("kind", _KINDS)
@settings(max_examples=share(120), deadline=None)
@given(data=st.data())
def test_a_mutated_row_is_read_or_kept_as_unreadable(kind: str, data: st.DataObject) -> None:
    make, whole = _KINDS[kind]
    rows = data.draw(st.lists(_mutated(whole), min_size=1, max_size=4))
    reading = make()
    assert not isinstance(reading.page(_page([whole])).entries[0], ScanNote), "the row is a good one"
    page = decoded(reading.page, _page([whole, *rows]))
    assert len(page.entries) == len(rows) + 1
    assert page.entries[0] == reading.one(json.dumps(whole).encode())
    assert list(page.entries[1:]) == [reading.one(mended(_raw(row))) for row in rows], "alone or in a page: the same"
    for entry in page.entries:
        assert _SECRET not in repr(entry)
        if isinstance(entry, ScanNote):
            assert entry.text.startswith("unreadable: ")


@pytest.mark.parametrize("kind", _KINDS)
@settings(max_examples=share(60), deadline=None)
@given(data=st.data())
def test_a_truncated_page_is_an_error_that_the_wire_asks_for_again(kind: str, data: st.DataObject) -> None:
    make, whole = _KINDS[kind]
    body = _page([whole] * 3)
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(msgspec.DecodeError) as caught:
        make().page(body[:cut])
    assert not isinstance(caught.value, msgspec.ValidationError)


@pytest.mark.parametrize("kind", _KINDS)
@settings(max_examples=share(60), deadline=None)
@given(noise=st.binary(max_size=60))
def test_noise_is_never_a_crash(kind: str, noise: bytes) -> None:
    make, _ = _KINDS[kind]
    assert isinstance(make().one(noise), ScanNote)
    for body in (noise, b'{"value":' + noise + b"}", b'{"value":[' + noise + b"]}"):
        try:
            make().page(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue


@given(
    names=st.sets(st.text(min_size=1, max_size=12), max_size=90), value=st.sampled_from([None, 1, "x", [1], {"a": []}])
)
def test_unknown_properties_are_kept_however_many_they_are(names: set[str], value: Any) -> None:
    whole = _KINDS["applications"][1]
    new = {name: value for name in names if name not in whole and "@" not in name}
    reading = convert.applications()
    for _ in range(2):  # at first row by row, then at once
        [found, plain] = reading.page(_page([{**new, **whole}, whole])).entries
        assert isinstance(found, Application)
        assert isinstance(plain, Application)
        kept = json.loads(found.unknown or "{}")
        assert kept.keys() >= new.keys() - _documented()
        assert plain.unknown == ""


def _documented() -> set[str]:
    from inventory.documented import APPLICATION  # noqa: PLC0415

    return set(APPLICATION)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ssoSecret", _SECRET),
        ("settings", {"inner": [{"adminPassword": _SECRET}]}),
        ("syncToken", _SECRET),
        ("blob", "x" * 5000),
    ],
)
def test_an_unknown_property_that_may_be_a_secret_is_told_and_not_kept(name: str, value: Any) -> None:
    for kind in ("applications", "service principals"):
        make, whole = _KINDS[kind]
        reading = make()
        for _ in range(2):
            [found] = reading.page(_page([{**whole, name: value}])).entries
            assert isinstance(found, Application | ServicePrincipal)
            assert json.loads(found.unknown) == {name: "not kept"}


def test_odatas_own_remarks_are_no_unknown_properties() -> None:
    remarks = {"@odata.type": "#microsoft.graph.application", "owners@odata.context": "x", "@odata.id": "y"}
    reading = convert.applications()
    for _ in range(2):
        [found] = reading.page(_page([{**_KINDS["applications"][1], **remarks}])).entries
        assert isinstance(found, Application)
        assert found.unknown == ""
    assert isinstance(convert.service_principal(_raw({**_KINDS["identities"][1], **remarks})), ManagedIdentity)


@given(st.text(alphabet=st.characters(), max_size=20), st.text(max_size=5))
def test_only_halves_of_pairs_are_mended(text: str, tail: str) -> None:
    body = json.dumps({"a": text, "b": "\\" + tail}).encode()
    told = json.loads(mended(body))
    assert told["a"] == "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text)
    assert told["b"] == json.loads(body)["b"]
    assert decoded(msgspec.json.decode, body) == told


def _raw(row: Any) -> bytes:
    return json.dumps(row).encode()


def _page(rows: list[Any]) -> bytes:
    return json.dumps({"@odata.context": "x", "value": rows, "@odata.nextLink": "https://x/y"}).encode()
