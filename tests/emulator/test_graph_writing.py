"""Changes through Graph: federated credentials, secrets, certificates, objects; and every refusal of a change."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from migrate.emulator.certificates import CertificateRecipe, der

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"
EXCHANGE = "api://AzureADTokenExchange"


def federated(application: Any, rest: str = "") -> str:
    return f"{APPS}/{application.id}/federatedIdentityCredentials{rest}"


def certificate(number: int, *, days: int = 100) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=200)
    recipe = CertificateRecipe(
        common_name=f"test {number}", serial=number + 1, start=start, end=start + timedelta(days=200 + days), pool=1
    )
    key = base64.b64encode(der(recipe)).decode()
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": f"CN=test {number}"}


def keys_of(world: Any, headers: dict[str, str], application: Any) -> list[dict[str, Any]]:
    return list(world.web.get(f"{APPS}/{application.id}", headers=headers).json()["keyCredentials"])


def put_keys(world: Any, headers: dict[str, str], application: Any, keys: list[Any]) -> Any:
    return world.web.patch(f"{APPS}/{application.id}", json={"keyCredentials": keys}, headers=headers)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# --- federated credentials -------------------------------------------------------------------------------------------


def test_a_federated_credential_lives(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    made = world.federate(application, description="why")
    assert made.status_code == 201
    assert made.json()["@odata.id"].endswith(f"federatedIdentityCredentials/{made.json()['id']}")
    for key in (made.json()["id"], "mi-1", made.json()["id"].upper()):
        assert world.web.get(federated(application, f"/{key}"), headers=operator).json()["name"] == "mi-1"
    by_app_id = f"{APPS}(appId='{application.app_id}')/federatedIdentityCredentials"
    (listed,) = world.web.get(by_app_id, headers=operator).json()["value"]
    assert listed["description"] == "why"
    changed = world.web.patch(federated(application, "/mi-1"), json={"description": "since"}, headers=operator)
    assert (changed.status_code, changed.content) == (204, b"")
    assert world.web.get(federated(application, "/mi-1"), headers=operator).json()["description"] == "since"
    assert world.web.delete(federated(application, f"/{made.json()['id']}"), headers=operator).status_code == 204
    gone = world.web.get(federated(application, "/mi-1"), headers=operator)
    assert refusal(gone) == (404, "Request_ResourceNotFound")
    assert world.web.delete(federated(application, "/mi-1"), headers=operator).status_code == 404


def test_federated_credentials_can_be_filtered(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    world.federate(application)
    world.federate(application, name="other", subject="elsewhere")
    query = {"$filter": f"subject eq '{world.identity.principal_id}'", "$select": "name"}
    (found,) = world.web.get(federated(application), params=query, headers=operator).json()["value"]
    assert found["name"] == "mi-1"


def test_create_if_missing_is_idempotent(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    body = {"issuer": world.issuer, "subject": world.identity.principal_id, "audiences": [EXCHANGE]}
    address = federated(application, "(name='from-plan')")
    assert world.web.patch(address, json=body, headers=operator).status_code == 404, (
        "without the header it is an update"
    )
    headers = {**operator, "Prefer": "create-if-missing"}
    first = world.web.patch(address, json=body, headers=headers)
    assert (first.status_code, first.json()["name"]) == (201, "from-plan")
    renamed = world.web.patch(address, json={**body, "name": "another"}, headers=headers)
    assert refusal(renamed) == (400, "Request_BadRequest")
    second = world.web.patch(address, json=body, headers=headers)
    assert (second.status_code, second.content) == (204, b"")
    assert len(world.web.get(federated(application), headers=operator).json()["value"]) == 1


BAD_FEDERATED: list[tuple[str, dict[str, Any], int, str]] = [
    ("name taken", {"subject": "other"}, 409, "Request_MultipleObjectsWithSameKeyValue"),
    ("issuer and subject taken", {"name": "second"}, 400, "InvalidFederatedIdentityCredentialValue"),
    ("name too short", {"name": "ab", "subject": "x"}, 400, "InvalidFederatedIdentityCredentialValue"),
    ("name too long", {"name": "a" * 121, "subject": "x"}, 400, "InvalidFederatedIdentityCredentialValue"),
    ("name starts badly", {"name": "-abc", "subject": "x"}, 400, "InvalidFederatedIdentityCredentialValue"),
    ("name with blank", {"name": "a b c", "subject": "x"}, 400, "InvalidFederatedIdentityCredentialValue"),
    ("no audience", {"name": "second", "subject": "x", "audiences": []}, 400,
     "InvalidFederatedIdentityCredentialValue"),
    ("two audiences", {"name": "second", "subject": "x", "audiences": ["a", "b"]}, 400,
     "InvalidFederatedIdentityCredentialValue"),
    ("no subject", {"name": "second", "subject": None}, 400, "InvalidFederatedIdentityCredentialValue"),
    ("empty issuer", {"name": "second", "issuer": ""}, 400, "InvalidFederatedIdentityCredentialValue"),
    ("long subject", {"name": "second", "subject": "x" * 601}, 400, "InvalidFederatedIdentityCredentialValue"),
    ("subject a number", {"name": "second", "subject": 7}, 400, "Request_BadRequest"),
    ("audiences a text", {"name": "second", "subject": "x", "audiences": EXCHANGE}, 400, "Request_BadRequest"),
    ("unknown property", {"name": "second", "subject": "x", "colour": "red"}, 400, "BadRequest"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "status", "code"), [case[1:] for case in BAD_FEDERATED], ids=[case[0] for case in BAD_FEDERATED]
)
def test_a_bad_federated_credential_is_refused(world: Any, changes: dict[str, Any], status: int, code: str) -> None:
    application = world.new_application()
    assert world.federate(application).status_code == 201
    assert refusal(world.federate(application, **changes)) == (status, code)
    assert len(world.emulator.tenant.applications.get(application.id).federated) == 1


def test_issuer_and_subject_are_stored_unchecked(world: Any) -> None:
    application = world.new_application()
    made = world.federate(application, issuer=" not a url ", subject=" blank ")
    assert (made.status_code, made.json()["issuer"]) == (201, " not a url ")


def test_there_is_room_for_twenty(world: Any) -> None:
    application = world.new_application()
    for number in range(20):
        assert world.federate(application, name=f"fic-{number}", subject=f"s{number}").status_code == 201
    assert refusal(world.federate(application, name="one-more", subject="s21"))[0] == 400


def test_an_update_obeys_the_same_rules(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    world.federate(application)
    world.federate(application, name="second", subject="x")
    taken = {"subject": world.identity.principal_id}
    for body, code in (
        (taken, "InvalidFederatedIdentityCredentialValue"),
        ({"name": "renamed"}, "InvalidFederatedIdentityCredentialValue"),
        ({"audiences": ["a", "b"]}, "InvalidFederatedIdentityCredentialValue"),
    ):
        assert refusal(world.web.patch(federated(application, "/second"), json=body, headers=operator)) == (400, code)


# --- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("collection", [APPS, PRINCIPALS])
def test_a_secret_lives(world: Any, operator: dict[str, str], collection: str) -> None:
    application = world.new_application()
    holder = application.id if collection == APPS else world.emulator.tenant.service_principal_of(application).id
    body = {"passwordCredential": {"displayName": "rotated"}}
    made = world.web.post(f"{collection}/{holder}/addPassword", json=body, headers=operator).json()
    assert made["secretText"].startswith(made["hint"])
    form = world.secret_form(application, client_secret=made["secretText"])
    assert world.token_request(form).status_code == 200
    shown = world.web.get(f"{collection}/{holder}", headers=operator).json()["passwordCredentials"]
    assert [item["secretText"] for item in shown if item["keyId"] == made["keyId"]] == [None]
    removal = {"keyId": made["keyId"]}
    gone = world.web.post(f"{collection}/{holder}/removePassword", json=removal, headers=operator)
    assert gone.status_code == 204
    assert world.token_request(form).json()["error_codes"] == [7000215]
    again = world.web.post(f"{collection}/{holder}/removePassword", json=removal, headers=operator)
    assert again.status_code == 400
    assert again.json()["error"]["message"] == f"No password credential found with keyId {made['keyId']}"


@pytest.mark.parametrize(
    "body",
    [{"passwordCredential": {"endDateTime": "yesterday"}},
     {"passwordCredential": {"endDateTime": "2001-01-01T00:00:00Z"}},
     {"passwordCredential": {"startDateTime": "9999-12-31T00:00:00Z"}},
     {"passwordCredential": {"displayName": 7}}, {"passwordCredential": []}, {"passwordCredential": "x"}],
)  # fmt: skip
def test_a_bad_secret_is_refused(world: Any, operator: dict[str, str], body: dict[str, Any]) -> None:
    application = world.new_application()
    answer = world.web.post(f"{APPS}/{application.id}/addPassword", json=body, headers=operator)
    assert answer.status_code == 400


def test_secrets_cannot_be_patched(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    answer = world.web.patch(f"{APPS}/{application.id}", json={"passwordCredentials": []}, headers=operator)
    assert answer.status_code == 400
    assert len(world.emulator.tenant.applications.get(application.id).passwords) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b'{"keyId": 7}', b'{"keyId": "x"}', b"{}", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000,
     b'{"web": ' * 200 + b"1" + b"}" * 200],
)  # fmt: skip
@pytest.mark.parametrize("action", ["removePassword", ""])
def test_a_malformed_body_is_refused(world: Any, operator: dict[str, str], body: bytes, action: str) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    if action:
        answer = world.web.post(f"{APPS}/{application.id}/{action}", content=body, headers=operator)
    elif body == b"{}":
        return
    else:
        answer = world.web.patch(f"{APPS}/{application.id}", content=body, headers=operator)
    assert answer.status_code == 400


# --- certificates ----------------------------------------------------------------------------------------------------


def test_the_certificate_list_is_replaced_as_a_whole(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    assert put_keys(world, operator, application, [certificate(1), certificate(2), certificate(3)]).status_code == 204
    first, second, third = keys_of(world, operator, application)
    assert first["key"] is None
    assert put_keys(world, operator, application, [first, third]).status_code == 204
    assert keys_of(world, operator, application) == [first, third]
    assert second not in keys_of(world, operator, application)
    assert put_keys(world, operator, application, []).status_code == 204
    assert keys_of(world, operator, application) == []


def test_a_survivor_may_be_written_with_less_precision(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    put_keys(world, operator, application, [certificate(1)])
    (key,) = keys_of(world, operator, application)
    rewritten = {**key, "startDateTime": key["startDateTime"].replace("Z", ".0000000+00:00")}
    assert put_keys(world, operator, application, [rewritten]).status_code == 204


@pytest.mark.parametrize(
    "change",
    [{"endDateTime": "2031-01-01T00:00:00Z"}, {"usage": "Sign"}, {"displayName": "renamed"},
     {"customKeyIdentifier": "AAAA"}, {"type": None}],
)  # fmt: skip
def test_a_survivor_cannot_be_changed(world: Any, operator: dict[str, str], change: dict[str, Any]) -> None:
    application = world.new_application()
    put_keys(world, operator, application, [certificate(1), certificate(2)])
    first, second = keys_of(world, operator, application)
    answer = put_keys(world, operator, application, [{**first, **change}])
    assert refusal(answer) == (400, "KeyNotUpdatable")
    expected = f"Update to existing credential with KeyId '{first['keyId']}' is not allowed."
    assert answer.json()["error"]["message"] == expected
    assert keys_of(world, operator, application) == [first, second], "a refused change leaves everything as it was"


@pytest.mark.parametrize(
    "change",
    [{"usage": "Encrypt"}, {"type": "Nonsense"}, {"key": None}, {"key": "bm90IGEgY2VydA=="}, {"key": "%%%"},
     {"endDateTime": "2299-01-01T00:00:00Z"}, {"endDateTime": "2001-01-01T00:00:00Z"}, {"keyId": "x"}, {"colour": 1}],
)  # fmt: skip
def test_a_bad_new_certificate_is_refused(world: Any, operator: dict[str, str], change: dict[str, Any]) -> None:
    application = world.new_application()
    assert put_keys(world, operator, application, [{**certificate(1), **change}]).status_code == 400
    assert keys_of(world, operator, application) == []


@pytest.mark.parametrize("keys", [7, "x", {}, [7], None])
def test_a_certificate_list_must_be_one(world: Any, operator: dict[str, str], keys: Any) -> None:
    application = world.new_application()
    assert put_keys(world, operator, application, keys).status_code == 400


def test_a_key_id_is_never_accepted_twice(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    put_keys(world, operator, application, [certificate(1)])
    (key,) = keys_of(world, operator, application)
    put_keys(world, operator, application, [])
    again = put_keys(world, operator, application, [{**certificate(1), "keyId": key["keyId"]}])
    assert again.status_code == 400
    twice = [certificate(1), {**certificate(2), "keyId": "7d1c3d6e-5b0e-4b0f-9a3e-2f6f3c1d2b4a"}]
    assert put_keys(world, operator, application, [*twice, twice[1]]).status_code == 400


# --- objects ---------------------------------------------------------------------------------------------------------


def test_an_application_is_changed_and_switched_off(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    form = world.secret_form(application)
    body = {"@odata.type": "#microsoft.graph.application", "tags": ["wave:1"], "notes": "why", "isDisabled": True}
    assert world.web.patch(f"{APPS}/{application.id}", json=body, headers=operator).status_code == 204
    shown = world.web.get(f"{APPS}/{application.id}", headers=operator).json()
    assert (shown["tags"], shown["notes"], shown["isDisabled"]) == (["wave:1"], "why", True)
    assert world.token_request(form).json()["error_codes"] == [7000112]
    world.web.patch(f"{APPS}/{application.id}", json={"isDisabled": False}, headers=operator)
    assert world.token_request(form).status_code == 200
    principal = world.emulator.tenant.service_principal_of(application)
    inherited = world.web.get(f"{PRINCIPALS}/{principal.id}", headers=operator).json()["tags"]
    assert "wave:1" in inherited
    world.web.patch(f"{PRINCIPALS}/{principal.id}", json={"accountEnabled": False}, headers=operator)
    assert world.token_request(form).json()["error_codes"] == [7000112]


@pytest.mark.parametrize(
    "body",
    [{"appId": "x"}, {"id": "x"}, {"createdDateTime": "2020-01-01T00:00:00Z"}, {"nonsense": 1}, {"displayName": 7},
     {"displayName": ""}, {"displayName": None}, {"displayName": "x" * 257}, {"tags": "x"}, {"tags": [1]},
     {"isDisabled": "yes"}, {"signInAudience": "Everyone"}, {"web": []}, {"tokenEncryptionKeyId": "x"},
     {"federatedIdentityCredentials": []}],
)  # fmt: skip
def test_a_bad_change_is_refused(world: Any, operator: dict[str, str], body: dict[str, Any]) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    answer = world.web.patch(f"{APPS}/{application.id}", json=body, headers=operator)
    assert answer.status_code == 400
    assert world.emulator.tenant.applications.get(application.id) == application


NESTED: list[dict[str, Any]] = [
    {"web": {"redirectUris": 5}}, {"web": {"nonsense": 1}}, {"web": {"implicitGrantSettings": {"x": True}}},
    {"web": {"implicitGrantSettings": {"enableIdTokenIssuance": "yes"}}},
    {"web": {"redirectUriSettings": [{"uri": 1}]}},
    {"appRoles": [1, "x", None]}, {"appRoles": [{"id": "x"}]}, {"appRoles": [{"allowedMemberTypes": "User"}]},
    {"requiredResourceAccess": ["x"]}, {"requiredResourceAccess": [{"resourceAccess": [{"id": 7}]}]},
    {"api": {"oauth2PermissionScopes": 5}}, {"api": {"requestedAccessTokenVersion": 10**20}},
    {"api": {"requestedAccessTokenVersion": 2.5}}, {"api": {"preAuthorizedApplications": [{"appId": []}]}},
    {"info": {"logoUrl": 5}}, {"spa": []}, {"spa": {"redirectUris": [None]}}, {"publicClient": {"redirectUris": {}}},
    {"optionalClaims": {"idToken": 5}}, {"optionalClaims": {"idToken": [{"essential": 1}]}}, {"addIns": [5]},
    {"addIns": [{"properties": [{"key": 1}]}]}, {"parentalControlSettings": {"countriesBlockedForMinors": 3}},
]  # fmt: skip


@pytest.mark.parametrize("body", NESTED, ids=repr)
def test_what_lies_inside_a_property_has_its_type(world: Any, operator: dict[str, str], body: dict[str, Any]) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    answer = world.web.patch(f"{APPS}/{application.id}", json=body, headers=operator)
    assert refusal(answer)[0] == 400
    assert world.emulator.tenant.applications.get(application.id) == application


def test_well_formed_properties_are_kept(world: Any, operator: dict[str, str]) -> None:
    scope = {"id": "0c0c0c0c-1111-4222-8333-444444444444", "value": "a", "type": "User", "isEnabled": True,
             "adminConsentDescription": "d", "adminConsentDisplayName": "n", "origin": None}  # fmt: skip
    body = {
        "web": {"@odata.type": "#microsoft.graph.webApplication", "redirectUris": ["https://x.example"],
                "implicitGrantSettings": {"enableIdTokenIssuance": True}, "logoutUrl": None},
        "api": {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [scope],
                "knownClientApplications": [scope["id"]]},
        "optionalClaims": {"idToken": [{"name": "upn", "essential": False, "additionalProperties": ["x"]}]},
        "addIns": [{"id": scope["id"], "type": "t", "properties": [{"key": "k", "value": "v"}]}],
        "info": {"supportUrl": "https://x.example"},
    }  # fmt: skip
    application = world.new_application()
    address = f"{APPS}/{application.id}"
    assert world.web.patch(address, json=body, headers=operator).status_code == 204
    shown = world.web.get(address, headers=operator).json()
    assert {name: shown[name] for name in body} == body


def test_an_identifier_uri_is_one_applications(world: Any, operator: dict[str, str]) -> None:
    first, second = world.new_application(), world.new_application()
    address = f"{APPS}/{second.id}"
    named = {"identifierUris": [f"api://{first.id}"]}
    assert world.web.patch(f"{APPS}/{first.id}", json=named, headers=operator).status_code == 204
    taken = world.web.patch(address, json={"identifierUris": [f"API://{first.id}/"]}, headers=operator)
    assert refusal(taken) == (400, "Request_BadRequest")
    assert taken.json()["error"]["message"] == (
        "Another object with the same value for property identifierUris already exists."
    )
    assert world.web.patch(f"{APPS}/{first.id}", json=named, headers=operator).status_code == 204


def test_a_service_principal_follows_its_application(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    address = f"{PRINCIPALS}(appId='{application.app_id}')"
    for body in ({"isDisabled": True}, {"isDisabled": None}, {"signInAudience": "AzureADMultipleOrgs"}):
        assert refusal(world.web.patch(address, json=body, headers=operator)) == (400, "Request_BadRequest")
    change = {"isDisabled": True, "signInAudience": "AzureADMultipleOrgs"}
    assert world.web.patch(f"{APPS}/{application.id}", json=change, headers=operator).status_code == 204
    shown = world.web.get(address, headers=operator).json()
    assert {name: shown[name] for name in change} == change


def test_the_active_signing_certificate_is_chosen_and_falls_away_with_it(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    address = f"{PRINCIPALS}(appId='{application.app_id}')"
    preferred = "preferredTokenSigningKeyThumbprint"
    sign = {**certificate(91), "usage": "Sign"}
    assert world.web.patch(address, json={"keyCredentials": [sign]}, headers=operator).status_code == 204
    (held,) = world.web.get(address, headers=operator).json()["keyCredentials"]
    thumb = base64.b64decode(held["customKeyIdentifier"]).hex().upper()
    for wrong in ("zz", "0" * 40, 7):
        assert refusal(world.web.patch(address, json={preferred: wrong}, headers=operator))[0] == 400
    assert world.web.patch(address, json={preferred: thumb.lower()}, headers=operator).status_code == 204
    assert world.web.get(address, headers=operator).json()[preferred] == thumb
    assert world.web.patch(address, json={"keyCredentials": [held]}, headers=operator).status_code == 204
    assert world.web.get(address, headers=operator).json()[preferred] == thumb
    assert world.web.patch(address, json={"keyCredentials": []}, headers=operator).status_code == 204
    assert world.web.get(address, headers=operator).json()[preferred] is None
    both = {"keyCredentials": [sign], preferred: thumb}
    assert world.web.patch(address, json=both, headers=operator).status_code == 204
    assert world.web.patch(address, json={preferred: None}, headers=operator).status_code == 204
    assert world.web.get(address, headers=operator).json()[preferred] is None


def test_a_federated_credential_is_found_by_its_name_alone(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    first = world.federate(application, name="one").json()
    assert world.federate(application, name=first["id"], subject="another").status_code == 201
    by_name = federated(application, f"(name='{first['id']}')")
    assert world.web.get(by_name, headers=operator).json()["subject"] == "another"
    assert world.web.get(federated(application, f"/{first['id']}"), headers=operator).json()["name"] == "one"
    assert world.web.patch(by_name, json={"description": "changed"}, headers=operator).status_code == 204
    assert world.web.delete(by_name, headers=operator).status_code == 204
    left = world.web.get(federated(application), headers=operator).json()["value"]
    assert [(item["name"], item["description"]) for item in left] == [("one", None)]


def test_managed_identities_cannot_be_changed(world: Any, operator: dict[str, str]) -> None:
    address = f"{PRINCIPALS}/{world.identity.principal_id}"
    assert world.web.patch(address, json={"tags": ["x"]}, headers=operator).status_code == 403
    assert world.web.post(f"{address}/addPassword", json={}, headers=operator).status_code == 403


def test_creating_and_deleting_objects(world: Any, operator: dict[str, str]) -> None:
    assert world.web.post(APPS, json={}, headers=operator).status_code == 400
    made = world.web.post(APPS, json={"displayName": "new"}, headers=operator).json()
    assert world.web.post(PRINCIPALS, json={"appId": made["appId"]}, headers=operator).status_code == 201
    again = world.web.post(PRINCIPALS, json={"appId": made["appId"]}, headers=operator)
    assert refusal(again) == (409, "Request_MultipleObjectsWithSameKeyValue")
    unknown = {"appId": "11111111-1111-4111-8111-111111111111"}
    assert world.web.post(PRINCIPALS, json=unknown, headers=operator).status_code == 400
    assert world.web.delete(f"{APPS}/{made['id']}", headers=operator).status_code == 204
    assert world.web.get(f"{APPS}/{made['id']}", headers=operator).status_code == 404
    assert world.web.get(f"{PRINCIPALS}(appId='{made['appId']}')", headers=operator).status_code == 404


@pytest.mark.parametrize(("method", "address"), [("PUT", APPS), ("DELETE", APPS), ("POST", "/v1.0/organization")])
def test_methods_that_do_not_exist_are_refused(world: Any, operator: dict[str, str], method: str, address: str) -> None:
    assert world.web.request(method, address, headers=operator).status_code == 405


def test_an_oversized_body_is_refused(world: Any, operator: dict[str, str]) -> None:
    answer = world.web.post(APPS, content=b"x" * (4 * 1024 * 1024 + 1), headers=operator)
    assert answer.status_code == 413
