"""Rolling keys with addKey and removeKey: the proof is really verified, and nobody needs a permission for its own."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PublicFormat,
    pkcs12,
)

from migrate.emulator.certificates import CertificateRecipe, der, pool_key, thumbprint

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"
AUDIENCE = "00000002-0000-0000-c000-000000000000"
MALFORMED = (401, "Authentication_MissingOrMalformed")
FORBIDDEN = (403, "Authorization_RequestDenied")
BAD = (400, "Request_BadRequest")


def recipe(world: Any, number: int, *, pool: int = 1, days: int = 100) -> CertificateRecipe:
    """Give the same recipe each time: its dates count from the start of the tenant's clock, not from now."""
    start = world.emulator.tenant.clock.start - timedelta(days=200)
    return CertificateRecipe(
        common_name=f"key {number}", serial=number + 1, start=start, end=start + timedelta(days=200 + days), pool=pool
    )


def key(world: Any, number: int, **how: int) -> dict[str, Any]:
    encoded = base64.b64encode(der(recipe(world, number, **how))).decode()
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": encoded}


def rolled(world: Any) -> Any:
    """Make an application whose only certificate is number 1, of key 1 of the pool."""
    application = world.new_application()
    body = {"keyCredentials": [key(world, 1)]}
    assert world.web.patch(f"{APPS}/{application.id}", json=body, headers=world.bearer()).status_code == 204
    return world.emulator.tenant.applications.get(application.id)


def own_bearer(world: Any, application: Any) -> dict[str, str]:
    token = world.token_request(world.secret_form(application)).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def claims(world: Any, holder: Any, **changes: Any) -> dict[str, Any]:
    now = world.emulator.tenant.clock.timestamp()
    made = {"aud": AUDIENCE, "iss": holder.id, "nbf": now, "exp": now + 600, **changes}
    return {name: value for name, value in made.items() if value is not ...}


def proof(world: Any, holder: Any, *, pool: int = 1, algorithm: str = "RS256", **changes: Any) -> str:
    return jwt.encode(claims(world, holder, **changes), pool_key(pool), algorithm=algorithm)


def add(world: Any, holder: Any, headers: dict[str, str], **body: Any) -> Any:
    sent = {"keyCredential": key(world, 2), "passwordCredential": None, "proof": proof(world, holder), **body}
    return world.web.post(f"{APPS}/{holder.id}/addKey", json=sent, headers=headers)


def remove(world: Any, holder: Any, headers: dict[str, str], key_id: str, **body: Any) -> Any:
    sent = {"keyId": key_id, "proof": proof(world, holder), **body}
    return world.web.post(f"{APPS}/{holder.id}/removeKey", json=sent, headers=headers)


def held(world: Any, holder: Any) -> list[str]:
    return [item.key_id for item in world.emulator.tenant.applications.get(holder.id).keys]


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_application_rolls_its_own_key_without_any_permission(world: Any) -> None:
    application = rolled(world)
    me = own_bearer(world, application)
    made = add(world, application, me)
    assert made.status_code == 200, made.text
    body = made.json()
    assert body["@odata.context"].endswith("$metadata#microsoft.graph.keyCredential")
    assert (body["type"], body["usage"], body["key"]) == ("AsymmetricX509Cert", "Verify", None)
    assert base64.b64decode(body["customKeyIdentifier"]) == thumbprint(recipe(world, 2))
    assert held(world, application) == [application.keys[0].key_id, body["keyId"]]
    gone = remove(world, application, me, application.keys[0].key_id)
    assert (gone.status_code, gone.content) == (204, b"")
    assert held(world, application) == [body["keyId"]]


def test_the_added_certificate_signs_in(world: Any) -> None:
    application = rolled(world)
    application = replace(application)
    added = {"keyCredential": key(world, 3, pool=0), "proof": proof(world, application, algorithm="PS256")}
    assert add(world, application, own_bearer(world, application), **added).status_code == 200
    header = {"x5t": base64.urlsafe_b64encode(thumbprint(recipe(world, 3, pool=0))).decode().rstrip("=")}
    assertion = jwt.encode(world.assertion_claims(application), pool_key(0), algorithm="RS256", headers=header)
    assert world.token_request(world.assertion_form(application, assertion)).status_code == 200


def test_the_own_permission_ends_at_the_own_object(world: Any) -> None:
    mine, other = rolled(world), rolled(world)
    me = own_bearer(world, mine)
    assert refusal(add(world, other, me)) == FORBIDDEN
    assert refusal(remove(world, other, me, other.keys[0].key_id)) == FORBIDDEN
    patch = world.web.patch(f"{APPS}/{mine.id}", json={"keyCredentials": []}, headers=me)
    assert refusal(patch) == FORBIDDEN, "only addKey and removeKey need no permission"
    assert len(held(world, other)) == 1


def test_a_service_principal_rolls_its_own_key(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    principal = world.emulator.tenant.service_principal_of(application)
    body = {"keyCredentials": [key(world, 1)]}
    world.web.patch(f"{PRINCIPALS}/{principal.id}", json=body, headers=operator)
    sent = {"keyCredential": key(world, 2), "proof": proof(world, principal)}
    made = world.web.post(f"{PRINCIPALS}/{principal.id}/addKey", json=sent, headers=own_bearer(world, application))
    assert made.status_code == 200, made.text
    assert len(world.emulator.tenant.service_principals.get(principal.id).keys) == 2


def test_a_caller_with_permission_proves_possession_too(world: Any, operator: dict[str, str]) -> None:
    application = rolled(world)
    caller = world.emulator.tenant.application_named("unsecret-operator")
    assert add(world, application, operator).status_code == 200
    older = {"keyCredential": key(world, 3), "proof": proof(world, application, iss=caller.id)}
    assert add(world, application, operator, **older).status_code == 200, "iss of the caller, as the older page says"
    assert refusal(add(world, application, operator, proof=proof(world, caller, pool=2))) == MALFORMED


def confused(world: Any, holder: Any) -> str:
    """Sign with the public key as if it were a shared secret."""
    certificate = x509.load_der_x509_certificate(der(holder.keys[0].certificate))
    pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "typ": "JWT"}, claims(world, holder)]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    mac = base64.urlsafe_b64encode(hmac.new(pem, text.encode(), hashlib.sha256).digest()).decode().rstrip("=")
    return f"{text}.{mac}"


WRONG_PROOFS: dict[str, Callable[[Any, Any], str]] = {
    "foreign key": lambda world, holder: proof(world, holder, pool=3),
    "alg none": lambda world, holder: jwt.encode(claims(world, holder), "", algorithm="none"),
    "algorithm confusion": confused,
    "another hash": lambda world, holder: proof(world, holder, algorithm="RS512"),
    "audience of Microsoft Graph": lambda world, holder: proof(
        world, holder, aud="00000003-0000-0000-c000-000000000000"
    ),
    "audience a list of two": lambda world, holder: proof(world, holder, aud=[AUDIENCE, "x"]),
    "no audience": lambda world, holder: proof(world, holder, aud=...),
    "issuer the application id": lambda world, holder: proof(world, holder, iss=holder.app_id),
    "no issuer": lambda world, holder: proof(world, holder, iss=...),
    "over": lambda world, holder: proof(
        world, holder, nbf=claims(world, holder)["nbf"] - 1000, exp=claims(world, holder)["nbf"] - 400
    ),
    "to come": lambda world, holder: proof(
        world, holder, nbf=claims(world, holder)["nbf"] + 400, exp=claims(world, holder)["nbf"] + 900
    ),
    "too long a life": lambda world, holder: proof(world, holder, exp=claims(world, holder)["nbf"] + 601),
    "no exp": lambda world, holder: proof(world, holder, exp=...),
    "no nbf": lambda world, holder: proof(world, holder, nbf=...),
    "endless": lambda world, holder: proof(world, holder, nbf=-1.5, exp=10**400),
    "not a number": lambda world, holder: proof(world, holder, exp=float("nan")),
    "garbage": lambda _world, _holder: "not a token",
    "cut": lambda world, holder: proof(world, holder).rpartition(".")[0],
    "huge": lambda world, holder: proof(world, holder, more="x" * 70_000),
    "nul": lambda world, holder: proof(world, holder) + "\0",
}


@pytest.mark.parametrize("wrong", WRONG_PROOFS)
def test_a_wrong_proof_is_refused(world: Any, wrong: str) -> None:
    application = rolled(world)
    me = own_bearer(world, application)
    sent = WRONG_PROOFS[wrong](world, application)
    for answer in (
        add(world, application, me, proof=sent),
        remove(world, application, me, application.keys[0].key_id, proof=sent),
    ):
        assert refusal(answer) == MALFORMED
        assert answer.json()["error"]["message"] == "Access Token missing or malformed."
        assert sent not in answer.text
    assert held(world, application) == [application.keys[0].key_id]


@pytest.mark.parametrize("absent", [None, ""])
def test_no_proof_is_no_privilege(world: Any, operator: dict[str, str], absent: str | None) -> None:
    application = rolled(world)
    assert refusal(add(world, application, operator, proof=absent)) == FORBIDDEN
    assert refusal(remove(world, application, operator, application.keys[0].key_id, proof=absent)) == FORBIDDEN


def test_an_application_without_a_valid_certificate_cannot_roll(own_world: Any) -> None:
    world = own_world
    bare = world.new_application()
    assert refusal(add(world, bare, world.bearer())) == MALFORMED
    application = rolled(world)
    world.emulator.advance(timedelta(days=101))
    assert refusal(add(world, application, world.bearer())) == MALFORMED, "its certificate has expired"


def test_a_signing_key_proves_nothing(world: Any, operator: dict[str, str]) -> None:
    application = rolled(world)
    body = {"keyCredentials": [{**key(world, 1), "usage": "Sign"}]}
    world.web.patch(f"{APPS}/{application.id}", json=body, headers=operator)
    assert refusal(add(world, application, operator)) == MALFORMED


BAD_KEYS: list[dict[str, Any]] = [
    {"keyCredential": None},
    {"keyCredential": []},
    {"keyCredential": {"type": "AsymmetricX509Cert", "usage": "Verify"}},
    {"keyCredential": {"type": "AsymmetricX509Cert", "usage": "Verify", "key": "AAAA"}},
    {"keyCredential": {"type": "AsymmetricX509Cert", "usage": "Verify", "key": 7}},
    {"keyCredential": {"type": "Symmetric", "usage": "Verify", "key": "AAAA"}},
    {"keyCredential": {}},
    {"proof": 7},
    {"passwordCredential": "x"},
    {"passwordCredential": {"secretText": "no password belongs here"}},
    {"passwordCredential": {"colour": "red"}},
    {"colour": "red"},
]


@pytest.mark.parametrize("change", BAD_KEYS)
def test_a_bad_key_is_refused(world: Any, change: dict[str, Any]) -> None:
    application = rolled(world)
    answer = add(world, application, own_bearer(world, application), **change)
    assert answer.status_code == 400
    assert len(held(world, application)) == 1


@pytest.mark.parametrize("usage", ["Sign", None])
def test_an_added_certificate_must_be_for_verifying(world: Any, usage: str | None) -> None:
    application = rolled(world)
    sent = {**key(world, 2), "usage": usage}
    assert refusal(add(world, application, own_bearer(world, application), keyCredential=sent)) == BAD


def pfx(world: Any, number: int, password: str) -> str:
    certificate = x509.load_der_x509_certificate(der(recipe(world, number)))
    made = pkcs12.serialize_key_and_certificates(
        None, pool_key(1), certificate, None, BestAvailableEncryption(password.encode())
    )
    return base64.b64encode(made).decode()


def test_a_signing_key_comes_with_its_password(world: Any) -> None:
    application = rolled(world)
    me = own_bearer(world, application)
    sent = {"type": "X509CertAndPassword", "usage": "Sign", "key": pfx(world, 4, "opens-the-key")}
    for wrong in (None, {}, {"secretText": ""}, {"secretText": "another"}, {"secretText": "\0"}):
        answer = add(world, application, me, keyCredential=sent, passwordCredential=wrong)
        assert answer.status_code == 400, wrong
    made = add(world, application, me, keyCredential=sent, passwordCredential={"secretText": "opens-the-key"})
    assert made.status_code == 200, made.text
    assert "opens-the-key" not in made.text
    shown = world.web.get(f"{APPS}/{application.id}", headers=world.bearer()).json()
    (password,) = [item for item in shown["passwordCredentials"] if item["keyId"] == made.json()["keyId"]]
    assert (password["secretText"], password["customKeyIdentifier"]) == (None, made.json()["customKeyIdentifier"])


def test_a_saml_triple_is_patched_onto_a_service_principal(world: Any, operator: dict[str, str]) -> None:
    principal = world.emulator.tenant.service_principal_of(world.new_application())
    key_id = "9a1c3b52-7d1e-4a55-8f0e-0f3f6a2b7c11"
    signing = {"type": "X509CertAndPassword", "usage": "Sign", "keyId": key_id, "key": pfx(world, 5, "61891f4ee44d")}
    body = {
        "keyCredentials": [signing, key(world, 5)],
        "passwordCredentials": [{"keyId": key_id.upper(), "secretText": "61891f4ee44d"}],
    }
    address = f"{PRINCIPALS}/{principal.id}"
    assert world.web.patch(address, json=body, headers=operator).status_code == 204
    shown = world.web.get(address, headers=operator).json()
    sign, verify = shown["keyCredentials"]
    (password,) = shown["passwordCredentials"]
    assert (sign["keyId"], password["keyId"]) == (key_id, key_id)
    assert sign["customKeyIdentifier"] == verify["customKeyIdentifier"] == password["customKeyIdentifier"]
    unchanged = {"keyCredentials": [sign, verify], "passwordCredentials": [password]}
    assert world.web.patch(address, json=unchanged, headers=operator).status_code == 204
    later = {**unchanged, "passwordCredentials": [{**password, "endDateTime": "2031-01-01T00:00:00Z"}]}
    assert refusal(world.web.patch(address, json=later, headers=operator)) == (400, "KeyNotUpdatable")
    for passwords in ([{"keyId": None, "secretText": "x"}], [{"secretText": "x"}], [7]):
        alone = {"keyCredentials": [sign, verify], "passwordCredentials": passwords}
        assert world.web.patch(address, json=alone, headers=operator).status_code == 400
    assert refusal(world.web.patch(address, json={"passwordCredentials": []}, headers=operator)) == BAD
    assert world.web.get(address, headers=operator).json() == shown


def test_removing_an_unknown_key_says_so(world: Any) -> None:
    application = rolled(world)
    me = own_bearer(world, application)
    answer = remove(world, application, me, "f0b0b335-1d71-4883-8f98-567911bfdca6")
    assert refusal(answer) == BAD
    assert answer.json()["error"]["message"] == "No credentials found to be removed."
    for body in ({"keyId": None}, {"keyId": "x"}, {"keyId": 7}, {"colour": 1}):
        assert remove(world, application, me, application.keys[0].key_id, **body).status_code == 400


def test_keys_of_a_managed_identity_cannot_be_rolled(world: Any, operator: dict[str, str]) -> None:
    principal = world.emulator.tenant.service_principals.get(world.identity.principal_id)
    sent = {"keyCredential": key(world, 2), "proof": proof(world, principal)}
    answer = world.web.post(f"{PRINCIPALS}/{principal.id}/addKey", json=sent, headers=operator)
    assert refusal(answer) == FORBIDDEN


def test_a_symmetric_key_is_kept_and_never_signs_in(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    content = b"0123456789abcdef0123456789abcdef"
    body = {"type": "Symmetric", "usage": "Verify", "key": base64.b64encode(content).decode()}
    answer = world.web.patch(f"{APPS}/{application.id}", json={"keyCredentials": [body]}, headers=operator)
    assert answer.status_code == 204
    header = {"x5t": base64.urlsafe_b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()}
    assertion = jwt.encode(world.assertion_claims(application), content, algorithm="HS256", headers=header)
    refused = world.token_request(world.assertion_form(application, assertion))
    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_client"


# --- lists of certificates -------------------------------------------------------------------------------------------


def patch_keys(world: Any, application: Any, keys: list[Any]) -> Any:
    return world.web.patch(f"{APPS}/{application.id}", json={"keyCredentials": keys}, headers=world.bearer())


def shown_keys(world: Any, application: Any, select: str = "") -> list[dict[str, Any]]:
    query = {"$select": select} if select else {}
    return list(
        world.web.get(f"{APPS}/{application.id}", params=query, headers=world.bearer()).json()["keyCredentials"]
    )


def test_a_survivor_may_carry_its_key_and_no_other(world: Any) -> None:
    application = rolled(world)
    (full,) = shown_keys(world, application, "keyCredentials")
    assert full["key"] == key(world, 1)["key"]
    assert patch_keys(world, application, [full]).status_code == 204
    assert refusal(patch_keys(world, application, [{**full, "key": key(world, 2)["key"]}])) == (400, "KeyNotUpdatable")
    assert shown_keys(world, application, "keyCredentials") == [full]


def test_a_refused_change_of_a_survivor_names_the_property(world: Any) -> None:
    application = rolled(world)
    (full,) = shown_keys(world, application)
    error = patch_keys(world, application, [{**full, "usage": "Sign"}]).json()["error"]
    assert [item["target"] for item in error["details"]] == ["keyCredentials"]


def test_a_key_may_be_sent_with_line_breaks_and_seven_digits(world: Any) -> None:
    application = world.new_application()
    encoded = base64.encodebytes(der(recipe(world, 6))).decode()
    assert "\n" in encoded
    start = recipe(world, 6).start + timedelta(days=1, microseconds=308_638)
    sent = {**key(world, 6), "key": encoded, "startDateTime": f"{start:%Y-%m-%dT%H:%M:%S}.3086381Z"}
    assert patch_keys(world, application, [sent]).status_code == 204
    (kept,) = shown_keys(world, application)
    assert kept["startDateTime"] == f"{start:%Y-%m-%dT%H:%M:%S}.3086380Z"
    assert patch_keys(world, application, [{**kept, "key": None}]).status_code == 204


def test_a_long_name_is_cut_at_ninety(world: Any) -> None:
    application = world.new_application()
    assert patch_keys(world, application, [{**key(world, 7), "displayName": "n" * 200}]).status_code == 204
    assert [item["displayName"] for item in shown_keys(world, application)] == ["n" * 90]


def test_a_bad_end_date_has_the_recorded_code(world: Any) -> None:
    application = world.new_application()
    for end in ("2001-01-01T00:00:00Z", "2299-01-01T00:00:00Z"):
        answer = patch_keys(world, application, [{**key(world, 8), "endDateTime": end}])
        assert refusal(answer) == (400, "KeyCredentialsInvalidEndDate")
        assert answer.json()["error"]["message"] == "Key credential end date is invalid."


# --- secrets ---------------------------------------------------------------------------------------------------------


def add_password(world: Any, application: Any, content: bytes | None, **body: Any) -> Any:
    sent = {"content": content} if content is not None else {"json": body}
    return world.web.post(f"{APPS}/{application.id}/addPassword", headers=world.bearer(), **sent)


def test_a_secret_lives_for_two_years_by_default(world: Any) -> None:
    application = world.new_application()
    for answer in (
        add_password(world, application, b""),
        add_password(world, application, b"{}"),
        add_password(world, application, b'{"passwordCredential": null}'),
    ):
        body = answer.json()
        assert answer.status_code == 200
        assert (body["displayName"], body["customKeyIdentifier"]) == (None, None)
        assert body["hint"] == body["secretText"][:3]
        assert 16 <= len(body["secretText"]) <= 64
        assert body["endDateTime"] == f"{int(body['startDateTime'][:4]) + 2}{body['startDateTime'][4:]}"


@pytest.mark.parametrize(
    ("start", "end"), [("2027-03-01", "2029-03-01"), ("2028-02-29", "2030-02-28"), ("2027-12-31", "2029-12-31")]
)
def test_the_two_years_are_those_of_the_calendar(world: Any, start: str, end: str) -> None:
    application = world.new_application()
    asked = {"startDateTime": f"{start}T10:20:30Z"}
    body = add_password(world, application, None, passwordCredential=asked).json()
    assert body["endDateTime"] == f"{end}T10:20:30Z"


def test_a_secret_takes_name_and_dates(world: Any) -> None:
    application = world.new_application()
    asked = {"displayName": "n" * 200, "startDateTime": "2020-01-01T00:00:00.1234567Z", "endDateTime": "2020-02-01",
             "secretText": "mine", "hint": "min"}  # fmt: skip
    body = add_password(world, application, None, passwordCredential=asked).json()
    assert body["displayName"] == "n" * 90
    assert (body["startDateTime"], body["endDateTime"]) == ("2020-01-01T00:00:00.1234560Z", "2020-02-01T00:00:00Z")
    assert body["secretText"] != "mine"


@pytest.mark.parametrize("body", [{"colour": 1}, {"passwordCredential": {"colour": 1}}, {"passwordCredential": 7}])
def test_an_unknown_parameter_is_refused(world: Any, body: dict[str, Any]) -> None:
    application = world.new_application()
    assert add_password(world, application, None, **body).status_code == 400
    assert len(world.emulator.tenant.applications.get(application.id).passwords) == 1


# --- owners ----------------------------------------------------------------------------------------------------------


def owner(world: Any) -> tuple[Any, dict[str, str]]:
    """Make an application that may manage what it owns, and give its bearer."""
    tenant = world.emulator.tenant
    application = world.new_application()
    principal = tenant.service_principal_of(application)
    graph = tenant.service_principals.with_app_id("00000003-0000-0000-c000-000000000000")
    grant = {"principalId": principal.id, "resourceId": graph.id, "appRoleId": "18a4783c-866b-4cc7-a460-3d5e5662c884"}
    address = f"{PRINCIPALS}/{principal.id}/appRoleAssignments"
    assert world.web.post(address, json=grant, headers=world.bearer()).status_code == 201
    return application, own_bearer(world, application)


def test_an_owner_manages_what_it_made_and_nothing_else(world: Any) -> None:
    _, me = owner(world)
    other = world.new_application()
    refused = world.web.post(f"{APPS}/{other.id}/addPassword", json={}, headers=me)
    assert refusal(refused) == FORBIDDEN
    made = world.web.post(APPS, json={"displayName": "mine"}, headers=me)
    assert made.status_code == 201
    assert world.web.post(f"{APPS}/{made.json()['id']}/addPassword", json={}, headers=me).status_code == 200


def test_an_owner_gives_no_service_principal_to_what_it_does_not_own(world: Any) -> None:
    _, me = owner(world)
    tenant, web = world.emulator.tenant, world.web
    other = web.post(APPS, json={"displayName": "bare"}, headers=world.bearer()).json()["appId"]
    deprived = world.new_application()
    web.delete(f"{PRINCIPALS}/{tenant.service_principal_of(deprived).id}", headers=world.bearer())
    for app_id in (other, deprived.app_id):
        assert refusal(web.post(PRINCIPALS, json={"appId": app_id}, headers=me)) == FORBIDDEN
        upsert = {**me, "Prefer": "create-if-missing"}
        answer = web.patch(f"{PRINCIPALS}(appId='{app_id}')", json={"tags": ["x"]}, headers=upsert)
        assert refusal(answer) == FORBIDDEN
        assert tenant.service_principals.with_app_id(app_id) is None
    mine = web.post(APPS, json={"displayName": "mine"}, headers=me).json()
    assert web.post(PRINCIPALS, json={"appId": mine["appId"]}, headers=me).status_code == 201


def test_an_owner_purges_the_service_principal_of_its_deleted_application(world: Any) -> None:
    _, me = owner(world)
    mine = world.web.post(APPS, json={"displayName": "mine"}, headers=me).json()
    principal = world.web.post(PRINCIPALS, json={"appId": mine["appId"]}, headers=me).json()
    assert world.web.delete(f"{APPS}/{mine['id']}", headers=me).status_code == 204
    purged = world.web.delete(f"/v1.0/directory/deletedItems/{principal['id']}", headers=me)
    assert purged.status_code == 204
