"""What a credential is for: a signing key's password and an encryption certificate sign nobody in."""

import base64
import warnings
from datetime import timedelta
from typing import Any

import jwt
import pytest

from migrate.emulator.certificates import CertificateRecipe, der, pool_key, thumbprint

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"
POLICIES = "/v1.0/policies/appManagementPolicies"
KEY_ID = "5a1c3b52-7d1e-4a55-8f0e-{:012d}"
NOT_ALLOWED = (400, "CredentialTypeNotAllowedAsPerAppPolicy")
OPENING = "opens-the-signing-key"


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def recipe(world: Any, number: int) -> CertificateRecipe:
    start = world.emulator.tenant.clock.now().replace(microsecond=0) - timedelta(days=1)
    return CertificateRecipe(
        common_name=f"p{number}", serial=number, start=start, end=start + timedelta(days=90), pool=1
    )


def key(world: Any, number: int, **changes: Any) -> dict[str, Any]:
    encoded = base64.b64encode(der(recipe(world, number))).decode()
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": encoded, **changes}


def triple(world: Any, number: int, **changes: Any) -> dict[str, Any]:
    """Give what a client sends to make a signing key with its password."""
    signing = {"type": "X509CertAndPassword", "usage": "Sign", "keyId": KEY_ID.format(number), **changes}
    return {
        "keyCredentials": [key(world, number, **signing), key(world, number)],
        "passwordCredentials": [{"keyId": KEY_ID.format(number), "secretText": OPENING}],
    }


def principal_of(world: Any, application: Any) -> str:
    return f"{PRINCIPALS}/{world.emulator.tenant.service_principal_of(application).id}"


def patch(world: Any, address: str, body: dict[str, Any]) -> Any:
    return world.web.patch(address, json=body, headers=world.bearer())


def signed_in(world: Any, application: Any, certificate: CertificateRecipe) -> Any:
    header = {"x5t": base64.urlsafe_b64encode(thumbprint(certificate)).decode().rstrip("=")}
    assertion = jwt.encode(world.assertion_claims(application), pool_key(1), algorithm="RS256", headers=header)
    return world.token_request(world.assertion_form(application, assertion))


def test_the_password_of_a_signing_key_signs_nobody_in(world: Any) -> None:
    application = world.new_application()
    address = principal_of(world, application)
    assert patch(world, address, triple(world, 1)).status_code == 204
    form = world.secret_form(application, client_secret=OPENING)
    assert world.token_request(form).json()["error_codes"] == [7000215]
    shown = world.web.get(address, headers=world.bearer()).json()
    left = {"keyCredentials": [item for item in shown["keyCredentials"] if item["usage"] == "Verify"]}
    assert patch(world, address, left).status_code == 204
    assert world.token_request(form).json()["error_codes"] == [7000215], "not even when its key is gone"


def test_a_seeded_signing_password_signs_nobody_in(world: Any) -> None:
    tenant = world.emulator.tenant
    seen = 0
    for principal in tenant.service_principals:
        for password in principal.passwords:
            if password.signing_certificate is not None and tenant.applications.with_app_id(principal.app_id):
                application = tenant.applications.with_app_id(principal.app_id)
                form = {"grant_type": "client_credentials", "client_id": application.app_id,
                        "client_secret": password.secret, "scope": "https://graph.microsoft.com/.default"}  # fmt: skip
                assert world.token_request(form).status_code == 401
                seen += 1
    assert seen


def test_a_password_opens_a_certificate_with_its_key_alone(world: Any) -> None:
    address = principal_of(world, world.new_application())
    for kind in ("Symmetric", "AsymmetricX509Cert"):
        assert refusal(patch(world, address, triple(world, 2, type=kind))) == (400, "Request_BadRequest")
    assert refusal(patch(world, address, triple(world, 2, usage="Verify"))) == (400, "Request_BadRequest")


@pytest.mark.parametrize("rule", ["passwordAddition", "customPasswordAddition"])
def test_a_policy_on_passwords_counts_those_of_signing_keys(world: Any, rule: str) -> None:
    address = principal_of(world, world.new_application())
    restrictions = {"passwordCredentials": [{"restrictionType": rule, "state": "enabled"}], "keyCredentials": []}
    body = {"displayName": "p", "description": "d", "isEnabled": True, "restrictions": restrictions}
    made = world.web.post(POLICIES, json=body, headers=world.bearer()).json()["id"]
    named = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{made}"}
    world.web.post(f"{address}/appManagementPolicies/$ref", json=named, headers=world.bearer())
    sent = triple(world, 20 + len(rule))
    assert refusal(patch(world, address, sent)) == NOT_ALLOWED
    alone = {"keyCredentials": sent["keyCredentials"]}
    assert patch(world, address, alone).status_code == 204, "the rule is about passwords"


def test_a_lock_on_signing_counts_the_password(world: Any) -> None:
    application = world.new_application()
    address = principal_of(world, application)
    signing = triple(world, 4)
    assert patch(world, address, {"keyCredentials": signing["keyCredentials"]}).status_code == 204
    lock = {"servicePrincipalLockConfiguration": {"isEnabled": True, "credentialsWithUsageSign": True}}
    assert patch(world, f"{APPS}/{application.id}", lock).status_code == 204
    held = world.web.get(address, headers=world.bearer()).json()["keyCredentials"]
    late = {"keyCredentials": held, "passwordCredentials": signing["passwordCredentials"]}
    assert refusal(patch(world, address, late)) == (400, "CannotUpdateLockedServicePrincipalProperty")


@pytest.mark.parametrize(
    "change", [{"type": "Symmetric"}, {"type": "X509CertAndPassword"}, {"usage": "Sign"}], ids=repr
)  # fmt: skip
def test_a_key_of_another_kind_signs_nobody_in(world: Any, change: dict[str, str]) -> None:
    application = world.new_application()
    sent = {"keyCredentials": [key(world, 5, **change)]}
    assert patch(world, f"{APPS}/{application.id}", sent).status_code == 204
    assert signed_in(world, application, recipe(world, 5)).json()["error_codes"] == [700027]
    now = world.emulator.tenant.clock.timestamp()
    claims = {"aud": "00000002-0000-0000-c000-000000000000", "iss": application.id, "nbf": now, "exp": now + 600}
    body = {"keyCredential": key(world, 6), "proof": jwt.encode(claims, pool_key(1), algorithm="RS256")}
    answer = world.web.post(f"{APPS}/{application.id}/addKey", json=body, headers=world.bearer())
    assert refusal(answer) == (401, "Authentication_MissingOrMalformed")


def test_an_encryption_certificate_signs_nobody_in(world: Any) -> None:
    application = world.new_application()
    address = f"{APPS}/{application.id}"
    assert patch(world, address, {"keyCredentials": [key(world, 7, keyId=KEY_ID.format(7))]}).status_code == 204
    assert signed_in(world, application, recipe(world, 7)).status_code == 200
    assert patch(world, address, {"tokenEncryptionKeyId": KEY_ID.format(7)}).status_code == 204
    assert signed_in(world, application, recipe(world, 7)).json()["error_codes"] == [700027]


def broken(certificate: bytes, place: bytes, offset: int, value: int) -> str:
    changed = bytearray(certificate)
    changed[certificate.find(place) + offset] = value
    return base64.b64encode(bytes(changed)).decode()


@pytest.mark.parametrize("kind", ["AsymmetricX509Cert", "X509CertAndPassword"])
def test_a_certificate_that_no_rule_allows_is_refused(world: Any, kind: str) -> None:
    address = f"{APPS}/{world.new_application().id}"
    good = der(recipe(world, 8))
    version = b"\xa0\x03\x02\x01\x02"
    wrong = [broken(good, version, 4, value) for value in (1, 3, 5, 255)]
    wrong += [broken(good, version + b"\x02\x01", 7, value) for value in (0, 0x80, 0xFF)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for encoded in wrong:
            sent = {"keyCredentials": [key(world, 8, type=kind, key=encoded)]}
            assert refusal(patch(world, address, sent)) == (400, "Request_BadRequest")
