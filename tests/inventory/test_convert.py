from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import convert
from inventory.building import quick
from inventory.classify import HolderFacts, thumbprint
from inventory.convert_credentials import NOTHING, credentials
from inventory.instants import instant
from inventory.model import (
    Application,
    CredentialKind,
    Holder,
    Lock,
    ManagedIdentity,
    Purpose,
    ScanNote,
    ServicePrincipal,
    SignIn,
)
from inventory.wire import WireApplication, WireCertificate, WireSecret

# Bodies of our own in the shape of the Graph reference.
_APPLICATION: dict[str, Any] = {
    "id": "03EF14B0-0000-4000-8000-000000000001",
    "appId": "631A96BC-0000-4000-8000-000000000002",
    "displayName": "Orders",
    "createdDateTime": "2019-09-17T19:10:35.2742618Z",
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "isDisabled": None,
    "disabledByMicrosoftStatus": None,
    "tokenEncryptionKeyId": None,
    "passwordCredentials": [
        {
            "keyId": "F0B0B335-0000-4000-8000-000000000003",
            "displayName": "ci",
            "hint": "aB1",
            "secretText": "never-to-be-seen",
            "customKeyIdentifier": None,
            "startDateTime": "2021-09-09T19:50:29.3086381Z",
            "endDateTime": "2299-12-31T00:00:00Z",
        }
    ],
    "keyCredentials": [
        {
            "keyId": "70883316-0000-4000-8000-000000000004",
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
            "customKeyIdentifier": "p9PEYmuKhP2oaMzGfSdNQC/9ChA=",
            "key": "never-to-be-seen",
            "displayName": "CN=orders",
            "startDateTime": None,
            "endDateTime": "2024-01-25T00:00:00Z",
        }
    ],
    "owners": [{"@odata.type": "#microsoft.graph.user", "id": "o2", "displayName": None}, {"id": "o1"}],
    "web": {"redirectUris": []},
}
_IDENTITY: dict[str, Any] = {
    "id": "1B7A1D2C-0000-4000-8000-000000000005",
    "appId": "2c7a1d2c-0000-4000-8000-000000000006",
    "displayName": "id-orders",
    "servicePrincipalType": "ManagedIdentity",
    "alternativeNames": ["/subscriptions/s/resourcegroups/g/providers/x/id-orders", "isExplicit=True"],
    "keyCredentials": [{"keyId": "k", "usage": "Verify", "type": "AsymmetricX509Cert"}],
}
_SIGN_IN: dict[str, Any] = {
    "createdDateTime": "2026-03-01T08:00:00Z",
    "appId": "631A96BC-0000-4000-8000-000000000002",
    "servicePrincipalCredentialKeyId": "F0B0B335-0000-4000-8000-000000000003",
    "servicePrincipalCredentialThumbprint": "",
    "federatedCredentialId": "",
    "clientCredentialType": "clientSecret",
    "ipAddress": "203.0.113.7",
    "uniqueTokenIdentifier": "AbC_-1",
    "status": {"errorCode": 0, "failureReason": "Other."},
}


def _raw(body: object) -> bytes:
    return json.dumps(body).encode()


def _application(**changes: Any) -> Application:
    found = convert.application(_raw({**_APPLICATION, **changes}), ())
    assert isinstance(found, Application)
    return found


def test_an_application_is_read_with_its_credentials_and_without_any_secret() -> None:
    found = _application()
    certificate, secret = found.credentials
    assert (found.client_id, found.disabled, found.federated) == ("631a96bc-0000-4000-8000-000000000002", False, ())
    assert found.created == datetime(2019, 9, 17, 19, 10, 35, 274261, UTC)
    assert (secret.kind, secret.key_id, secret.hint) == (
        CredentialKind.SECRET,
        "f0b0b335-0000-4000-8000-000000000003",
        "aB1",
    )
    assert (secret.purpose, secret.holder, secret.holder_id) == (Purpose.AUTHENTICATION, Holder.APPLICATION, found.id)
    assert certificate.thumbprint == "A7D3C4626B8A84FDA868CCC67D274D402FFD0A10"
    assert certificate.start is None
    assert "never-to-be-seen" not in repr(found)


def test_owners_come_in_a_stable_order_with_what_is_known_of_them() -> None:
    owners = _application().owners
    assert owners is not None
    assert [(one.object_id, one.kind, one.enabled) for one in owners] == [("o1", "unknown", None), ("o2", "user", None)]
    assert _application(owners=None).owners is None
    assert _application(owners=[]).owners == ()


@pytest.mark.parametrize(
    ("changes", "disabled"),
    [
        ({"isDisabled": True}, True),
        ({"isDisabled": False}, False),
        ({"disabledByMicrosoftStatus": "NotDisabled"}, False),
        ({"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}, True),
    ],
)
def test_both_ways_of_being_disabled_count(changes: dict[str, Any], disabled: bool) -> None:  # noqa: FBT001
    assert _application(**changes).disabled is disabled


@pytest.mark.parametrize(
    ("explicit", "expected"), [("isExplicit=True", True), ("isexplicit=false", False), ("x", None)]
)
def test_a_managed_identity_is_told_from_a_service_principal(explicit: str, expected: bool | None) -> None:  # noqa: FBT001
    arm = "/Subscriptions/s/resourceGroups/g/providers/x/id-orders"
    for names in ([arm, explicit], [explicit, arm]):
        found = convert.service_principal(_raw({**_IDENTITY, "alternativeNames": names}))
        assert isinstance(found, ManagedIdentity)
        assert (found.user_assigned, found.resource_id) == (expected, arm)
        assert found.principal_id == _IDENTITY["id"], "the subject of a federated credential is compared to the letter"


def test_a_saml_triple_on_a_service_principal_is_signing() -> None:
    shared = {
        "customKeyIdentifier": "lY85bR8r6yWTW6jnciNEONwlVhDyiQjdVLgPDnkI5mA=",
        "endDateTime": "2030-01-01T00:00:00Z",
    }
    body = {
        "id": "s",
        "appId": "a",
        "servicePrincipalType": "Application",
        "preferredSingleSignOnMode": None,
        "appOwnerOrganizationId": "AAAAAAAA-0000-4000-8000-000000000000",
        "keyCredentials": [
            {"keyId": "k1", "type": "X509CertAndPassword", "usage": "Sign", **shared},
            {"keyId": "k2", "type": "AsymmetricX509Cert", "usage": "Verify", **shared},
        ],
        "passwordCredentials": [{"keyId": "K1", **shared}, {"keyId": "own"}],
    }
    found = convert.service_principal(_raw(body))
    assert isinstance(found, ServicePrincipal)
    assert {(one.key_id, one.kind.value): one.purpose.value for one in found.credentials} == {
        ("k1", "certificate"): "signing",
        ("k1", "secret"): "signing",
        ("k2", "certificate"): "signing",
        ("own", "secret"): "authentication",
    }
    assert found.home_tenant == "aaaaaaaa-0000-4000-8000-000000000000"


def test_a_flexible_federated_credential_has_no_subject() -> None:
    body: dict[str, Any] = {
        "id": "f",
        "name": "flex",
        "issuer": "https://i",
        "subject": None,
        "audiences": ["a"],
        "claimsMatchingExpression": {},
    }
    found = convert.federated_credentials().one(_raw(body))
    assert not isinstance(found, ScanNote)
    assert found.subject is None


def test_a_sign_in_turns_empty_text_into_nothing() -> None:
    found = convert.sign_in(_raw(_SIGN_IN))
    assert isinstance(found, SignIn)
    assert (found.thumbprint, found.federated_credential_id, found.succeeded) == (None, None, True)
    assert found.key_id == "f0b0b335-0000-4000-8000-000000000003"
    assert found.token_id == "AbC_-1"


def _signed_in(**changes: Any) -> SignIn:
    found = convert.sign_in(_raw({**_SIGN_IN, **changes}))
    assert isinstance(found, SignIn)
    return found


@pytest.mark.parametrize("status", [None, {}, {"errorCode": None}, "missing"])
def test_a_sign_in_without_a_status_is_no_success_and_no_failure(status: Any) -> None:
    body = {name: value for name, value in _SIGN_IN.items() if name != "status" or status != "missing"}
    found = convert.sign_in(_raw({**body, **({} if status == "missing" else {"status": status})}))
    assert isinstance(found, SignIn)
    assert (found.error_code, found.succeeded) == (None, False)


@pytest.mark.parametrize("kind", ["clientAssertion", "unknownFutureValue", "somethingNew"])
def test_a_kind_of_credential_that_nobody_knew_is_kept_as_text(kind: str) -> None:
    assert _signed_in(clientCredentialType=kind).credential_type == kind


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (" F0B0B335-0000-4000-8000-000000000003\n", "f0b0b335-0000-4000-8000-000000000003"),
        ("00000000-0000-0000-0000-000000000000", None),
        ("none", None),
        ("", None),
        (None, None),
    ],
)
def test_a_sign_in_names_a_key_by_its_guid_or_not_at_all(told: str | None, expected: str | None) -> None:
    assert _signed_in(servicePrincipalCredentialKeyId=told).key_id == expected


_SHA1 = "A7D3C4626B8A84FDA868CCC67D274D402FFD0A10"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (_SHA1.lower(), _SHA1),
        (":".join(_SHA1[at : at + 2] for at in range(0, 40, 2)), _SHA1),
        (f"\u200e {_SHA1[:8]} {_SHA1[8:]}", _SHA1),
        ("p9PEYmuKhP2oaMzGfSdNQC/9ChA=", _SHA1),
        ("p9PEYmuKhP2oaMzGfSdNQC_9ChA", _SHA1),
        ("ab12", "AB12"),
        (None, None),
    ],
)
def test_a_thumbprint_is_spelled_alike_in_the_log_and_on_the_object(told: str | None, expected: str | None) -> None:
    assert _signed_in(servicePrincipalCredentialThumbprint=told).thumbprint == expected
    keys = [{**_APPLICATION["keyCredentials"][0], "customKeyIdentifier": told}]
    (held,) = _application(keyCredentials=keys, passwordCredentials=[]).credentials
    assert held.thumbprint == (None if expected == "AB12" else expected)


@pytest.mark.parametrize(
    ("told", "expected"),
    [(" ABC1 ", "abc1"), ("00000000-0000-0000-0000-000000000000", None), ("", None), (None, None)],
)
def test_the_encryption_key_is_told_of_both_kinds_of_object(told: str | None, expected: str | None) -> None:
    assert _application(tokenEncryptionKeyId=told).encryption_key == expected
    found = convert.service_principal(_raw({**_APPLICATION, "tokenEncryptionKeyId": told}))
    assert isinstance(found, ServicePrincipal)
    assert found.encryption_key == expected


def test_a_password_keeps_the_thumbprint_that_it_carries_and_no_description() -> None:
    signing = {"keyId": "a", "customKeyIdentifier": "p9PEYmuKhP2oaMzGfSdNQC/9ChA="}
    described = {"keyId": "b", "customKeyIdentifier": "cAByAG8AZAB1AGMAdABpAG8AbgA="}
    body = {"id": "s", "appId": "a", "preferredSingleSignOnMode": "saml", "passwordCredentials": [described, signing]}
    found = convert.service_principal(_raw(body))
    assert isinstance(found, ServicePrincipal)
    assert [(one.thumbprint, one.purpose) for one in found.credentials] == [
        (_SHA1, Purpose.UNKNOWN),
        (None, Purpose.AUTHENTICATION),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("0001-01-01T00:00:00Z", None),
        ("2021-03-18T00:00:00-8:00", datetime(2021, 3, 18, 8, tzinfo=UTC)),
        ("2021-03-18T00:00:00", datetime(2021, 3, 18, tzinfo=UTC)),
        ("2021-09-09T19:50:29.3086381Z", datetime(2021, 9, 9, 19, 50, 29, 308638, UTC)),
        ("9999-12-31T23:59:59.9999999-08:00", datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
    ],
)
def test_times_are_read_leniently(text: str | None, expected: datetime | None) -> None:
    assert instant(text) == expected


@given(st.datetimes(min_value=datetime(2, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-14, 14))  # noqa: DTZ001
def test_every_time_comes_back_in_utc(moment: datetime, hours: int) -> None:
    sign = "-" if hours < 0 else "+"
    text = f"{moment.isoformat(timespec='microseconds')}7{sign}{abs(hours):02}:00"
    assert instant(text) == moment.replace(tzinfo=UTC) - timedelta(hours=hours)


def test_an_end_that_is_no_time_makes_the_object_unreadable_and_not_endless() -> None:
    broken = {**_APPLICATION, "passwordCredentials": [{"keyId": "k", "endDateTime": "soon"}]}
    found = convert.application(_raw(broken), ())
    assert found == ScanNote(
        subject=f"application {_APPLICATION['id']}", text="unreadable: it holds a time that is none"
    )


@pytest.mark.parametrize("name", ["passwordCredentials", "keyCredentials"])
def test_credentials_that_are_null_are_not_told_and_not_absent(name: str) -> None:
    found = convert.application(_raw({**_APPLICATION, name: None}), ())
    assert isinstance(found, ScanNote)
    assert found.text == "unreadable: its credentials are null: there may be some"
    page = convert.applications().decoded(_raw({"value": [{**_APPLICATION, name: None}, {**_APPLICATION, "id": "b"}]}))
    assert [type(one).__name__ for one in page.entries] == ["ScanNote", "Application"]


@pytest.mark.parametrize("key_id", ["", " "])
@pytest.mark.parametrize("name", ["passwordCredentials", "keyCredentials"])
def test_a_credential_without_a_key_id_makes_the_object_unreadable(name: str, key_id: str) -> None:
    odd = {**_APPLICATION, name: [{"keyId": key_id}]}
    found = convert.application(_raw(odd), ())
    assert isinstance(found, ScanNote)
    assert found.text == "unreadable: one of its credentials has no key id"
    page = convert.applications().decoded(_raw({"value": [odd, {**_APPLICATION, "id": "b"}]}))
    assert [type(one).__name__ for one in page.entries] == ["ScanNote", "Application"]


def test_a_special_type_of_object_is_kept_and_a_plain_one_is_not() -> None:
    told = {name: {**_APPLICATION, "@odata.type": f"#microsoft.graph.{name}"} for name in ("application", "agentic")}
    found = {name: convert.application(_raw(one), ()) for name, one in told.items()}
    assert {name: one.unknown for name, one in found.items() if isinstance(one, Application)} == {
        "application": "",
        "agentic": '{"@odata.type":"#microsoft.graph.agentic"}',
    }


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b'{"id": 1}', b'{"id": "\xff"}', b'{"id": "\\ud800"}'])
def test_what_is_no_object_is_a_note(raw: bytes) -> None:
    for reader in (convert.service_principal, convert.federated_credentials().one, convert.sign_in):
        note = reader(raw)
        assert isinstance(note, ScanNote)
        assert note.text.startswith("unreadable")


_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.lists(
        st.one_of(st.none(), st.integers(), st.dictionaries(st.text(max_size=3), st.none(), max_size=2)), max_size=3
    ),
    st.dictionaries(st.sampled_from(["id", "keyId", "errorCode", "x"]), st.text(max_size=3), max_size=3),
)


def _places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [path, *(place for key, value in inner for place in _places(value, (*path, key)))]


def _mutated(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = _mutated(copy[path[0]], path[1:], value)
    return copy


@given(st.data())
def test_no_mutation_of_a_body_ever_raises(data: st.DataObject) -> None:
    body, reader = data.draw(
        st.sampled_from(
            [
                (_APPLICATION, lambda raw: convert.application(raw, None)),
                (_IDENTITY, convert.service_principal),
                (_APPLICATION, convert.service_principal),
                (_SIGN_IN, convert.sign_in),
            ]
        )
    )
    for _ in range(data.draw(st.integers(1, 3))):
        body = _mutated(body, data.draw(st.sampled_from(_places(body))), data.draw(_ODD))
    found = reader(_raw(body))
    if isinstance(found, ScanNote):
        assert found.text.startswith("unreadable: ")
        assert "never-to-be-seen" not in found.text


def test_what_came_with_later_versions_is_read() -> None:
    lock = {"isEnabled": True, "allProperties": False, "credentialsWithUsageVerify": True}
    found = _application(
        createdByAppId="631A96BC-0000-4000-8000-000000000009",
        serviceManagementReference="CMDB-7",
        servicePrincipalLockConfiguration=lock,
        isManagementRestricted=None,
    )
    assert found.created_by == "631a96bc-0000-4000-8000-000000000009"
    assert found.management_reference == "CMDB-7"
    assert found.lock == Lock(enabled=True, everything=False, verify=True, sign=False, encryption=False)
    assert found.unknown == '{"isManagementRestricted":null}'
    plain = _application()
    assert (plain.created_by, plain.management_reference, plain.lock, plain.unknown) == (None, None, None, "")


def test_new_words_for_usage_and_type_are_kept_as_they_are() -> None:
    found = _application(keyCredentials=[{"keyId": "k", "usage": "Attest", "type": "PostQuantum"}]).credentials
    assert [(one.usage, one.type, one.purpose) for one in found if one.kind is CredentialKind.CERTIFICATE] == [
        ("Attest", "PostQuantum", Purpose.UNKNOWN)
    ]


def test_a_service_principal_tells_its_age_and_tags() -> None:
    raw = {**_APPLICATION, "servicePrincipalType": "Application", "tags": ["HideApp"], "novelty": {"a": 1}}
    del raw["web"]
    found = convert.service_principal(_raw(raw))
    assert isinstance(found, ServicePrincipal)
    assert (found.created, found.tags) == (datetime(2019, 9, 17, 19, 10, 35, 274261, UTC), ("HideApp",))
    assert json.loads(found.unknown) == {"novelty": {"a": 1}}


_MARKS = st.sampled_from([None, "", "p9PEYmuKhP2oaMzGfSdNQC/9ChA=", "A7D3C4626B8A84FDA868CCC67D274D402FFD0A10",
                          "p9PEYmuKhP2oaMzGfSdNQC_9ChA=", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "odd", "ü" * 28])  # fmt: skip
_KEYS = st.sampled_from(["k1", "K1 ", "k2", "k3", ""])
_SECRETS = st.builds(lambda key, mark: WireSecret(key_id=key, custom_key_identifier=mark), _KEYS, _MARKS)
_CERTIFICATES = st.builds(
    lambda key, mark, usage, form: WireCertificate(key_id=key, custom_key_identifier=mark, usage=usage, type=form),
    _KEYS,
    _MARKS,
    st.sampled_from([None, "Verify", "verify", "Sign", "Encrypt", "New"]),
    st.sampled_from([None, "AsymmetricX509Cert", "X509CertAndPassword", "New"]),
)


@given(st.lists(_SECRETS, max_size=4), st.lists(_CERTIFICATES, max_size=4))
def test_the_short_way_judges_as_the_long_one_does(
    secrets: list[WireSecret], certificates: list[WireCertificate]
) -> None:
    wire = WireApplication(id="o", app_id="a", password_credentials=secrets, key_credentials=certificates)
    short = credentials(wire, Holder.APPLICATION, NOTHING)
    assert short == credentials(wire, Holder.APPLICATION, HolderFacts())
    by_rule = {id(one): thumbprint(one.custom_key_identifier) for one in certificates}
    marks = sorted(str(one.thumbprint) for one in short if one.kind is CredentialKind.CERTIFICATE)
    assert marks == sorted(str(mark) for mark in (by_rule[id(one)] for one in certificates))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    x: int
    y: int = 2


def test_values_that_are_built_quickly_are_the_values_themselves() -> None:
    made = quick(_Point)(x=1)
    assert (made, type(made), hash(made)) == (_Point(x=1), _Point, hash(_Point(x=1)))
    with pytest.raises(FrozenInstanceError):
        made.x = 5  # type: ignore[misc]
    with pytest.raises(TypeError):
        quick(_Point)(y=1)  # type: ignore[call-arg]
