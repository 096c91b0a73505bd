"""Switching off and locking: what an application forbids its service principal, and deactivation."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from migrate.emulator.certificates import CertificateRecipe, der

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"
LOCK = "servicePrincipalLockConfiguration"
LOCKED = (400, "CannotUpdateLockedServicePrincipalProperty")
ALL = {"isEnabled": True, "allProperties": True}
VERIFY = {"isEnabled": True, "credentialsWithUsageVerify": True}
SIGN = {"isEnabled": True, "credentialsWithUsageSign": True}
ENCRYPTION = {"isEnabled": True, "tokenEncryptionKeyId": True}


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def certificate(world: Any, number: int, usage: str = "Verify") -> dict[str, Any]:
    start = world.emulator.tenant.clock.now().replace(microsecond=0) - timedelta(days=1)
    recipe = CertificateRecipe(
        common_name=f"l{number}", serial=number + 1, start=start, end=start + timedelta(days=90), pool=1
    )
    return {"type": "AsymmetricX509Cert", "usage": usage, "key": base64.b64encode(der(recipe)).decode()}


def lock(world: Any, application: Any, value: Any, version: str = "v1.0") -> Any:
    return world.web.patch(f"/{version}/applications/{application.id}", json={LOCK: value}, headers=world.bearer())


class Subject:
    """An application whose service principal holds a secret, a certificate and a signing certificate."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.application = world.new_application()
        self.id = world.emulator.tenant.service_principal_of(self.application).id
        self.address = f"{PRINCIPALS}/{self.id}"
        assert self.add_password().status_code == 200
        assert self.patch(keyCredentials=[certificate(world, 1), certificate(world, 2, "Sign")]).status_code == 204

    def add_password(self, address: str = "") -> Any:
        return self.world.web.post(f"{address or self.address}/addPassword", json={}, headers=self.world.bearer())

    def patch(self, **body: Any) -> Any:
        return self.world.web.patch(self.address, json=body, headers=self.world.bearer())

    def shown(self) -> dict[str, Any]:
        return dict(self.world.web.get(self.address, headers=self.world.bearer()).json())

    def keys(self) -> tuple[dict[str, Any], dict[str, Any]]:
        verify, sign = self.shown()["keyCredentials"]
        return verify, sign


@pytest.fixture
def subject(world: Any) -> Subject:
    return Subject(world)


def test_a_locked_service_principal_takes_no_secret(world: Any, subject: Subject) -> None:
    before = subject.shown()
    assert lock(world, subject.application, ALL).status_code == 204
    answer = subject.add_password()
    assert refusal(answer) == LOCKED
    error = answer.json()["error"]
    assert error["message"] == "Property passwordCredentials is invalid."
    assert error["details"] == [
        {"code": "GenericError", "message": "Property passwordCredentials is invalid.", "target": "passwordCredentials"}
    ]
    removal = {"keyId": before["passwordCredentials"][0]["keyId"]}
    assert refusal(world.web.post(f"{subject.address}/removePassword", json=removal, headers=world.bearer())) == LOCKED
    assert subject.shown() == before
    assert subject.add_password(f"{APPS}/{subject.application.id}").status_code == 200, "the application is not locked"
    assert subject.patch(tags=["free"]).status_code == 204, "nor is anything but credentials"


def test_a_lock_says_which_key_list_it_guards(world: Any, subject: Subject) -> None:
    lock(world, subject.application, VERIFY)
    verify, sign = subject.keys()
    for sent in ([verify, sign, certificate(world, 3)], [sign]):
        answer = subject.patch(keyCredentials=sent)
        assert refusal(answer) == LOCKED
        assert answer.json()["error"]["message"] == "Property keyCredentials is invalid."
    assert subject.patch(keyCredentials=[verify, sign]).status_code == 204, "what does not change may be sent"
    assert subject.patch(keyCredentials=[verify]).status_code == 204, "signing keys are not locked"
    assert refusal(subject.add_password()) == LOCKED


def test_signing_keys_are_locked_by_themselves(world: Any, subject: Subject) -> None:
    lock(world, subject.application, SIGN)
    verify, sign = subject.keys()
    assert refusal(subject.patch(keyCredentials=[verify])) == LOCKED
    assert refusal(subject.patch(keyCredentials=[verify, sign, certificate(world, 4, "Sign")])) == LOCKED
    assert subject.patch(keyCredentials=[sign]).status_code == 204
    assert subject.add_password().status_code == 200


def test_the_encryption_key_is_locked_by_itself(world: Any, subject: Subject) -> None:
    lock(world, subject.application, ENCRYPTION)
    verify, _ = subject.keys()
    answer = subject.patch(tokenEncryptionKeyId=verify["keyId"])
    assert refusal(answer) == LOCKED
    assert answer.json()["error"]["details"][0]["target"] == "tokenEncryptionKeyId"
    assert subject.patch(tokenEncryptionKeyId=None).status_code == 204, "it is null already"
    assert subject.add_password().status_code == 200
    assert lock(world, subject.application, {**ENCRYPTION, "isEnabled": False}).status_code == 204
    assert subject.patch(tokenEncryptionKeyId=verify["keyId"]).status_code == 204


@pytest.mark.parametrize(
    "value", [None, {}, {"isEnabled": False, "allProperties": True}, {"isEnabled": True}, {"allProperties": True}]
)
def test_what_is_not_switched_on_is_open(world: Any, subject: Subject, value: Any) -> None:
    assert lock(world, subject.application, ALL).status_code == 204
    assert lock(world, subject.application, value).status_code == 204, "a configuration is replaced as a whole"
    assert subject.add_password().status_code == 200


def test_a_lock_is_shown_whole(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    lock(world, application, {"isEnabled": True, "credentialsWithUsageSign": True})
    shown = world.web.get(f"{APPS}/{application.id}", headers=operator).json()[LOCK]
    expected = {"isEnabled": True, "allProperties": None, "credentialsWithUsageVerify": None,
                "credentialsWithUsageSign": True, "tokenEncryptionKeyId": None}  # fmt: skip
    assert shown == expected
    beta = world.web.get(f"/beta/applications/{application.id}", headers=operator).json()[LOCK]
    assert beta == {**expected, "enforcementScope": None}


@pytest.mark.parametrize(
    "value",
    [7, "x", [], {"isEnabled": "yes"}, {"isEnabled": None}, {"colour": 1}, {"isEnabled": 1},
     {"isEnabled": True, "enforcementScope": "everywhere"}],
)  # fmt: skip
def test_a_bad_lock_is_refused(world: Any, value: Any) -> None:
    application = world.new_application()
    assert lock(world, application, value).status_code == 400


def test_a_lock_may_be_for_foreign_tenants_only(world: Any, subject: Subject) -> None:
    scoped = {**ALL, "enforcementScope": "foreignTenantOnly"}
    assert lock(world, subject.application, scoped, "beta").status_code == 204
    assert subject.add_password().status_code == 200, "this tenant is the application's home"
    lock(world, subject.application, {**ALL, "enforcementScope": "everywhere"}, "beta")
    assert refusal(subject.add_password()) == (400, "CannotUpdateLockedServicePrincipalPropertyWithEnforcementScope")
    lock(world, subject.application, {**ALL, "enforcementScope": "notConfigured"}, "beta")
    assert refusal(subject.add_password()) == LOCKED
    assert lock(world, subject.application, {**ALL, "enforcementScope": "mars"}, "beta").status_code == 400


# --- switching off ---------------------------------------------------------------------------------------------------


def disabled(world: Any, application: Any) -> None:
    answer = world.token_request(world.secret_form(application))
    assert answer.json()["error_codes"] == [7000112]
    assert answer.json()["error"] == "unauthorized_client"


def test_a_deactivated_application_gets_no_token_until_it_is_active_again(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    world.federate(application)
    federated = world.assertion_form(application, world.identity_token(world.identity))
    address = f"{APPS}/{application.id}"
    assert world.token_request(federated).status_code == 200
    assert world.web.patch(address, json={"isDisabled": True}, headers=operator).status_code == 204
    disabled(world, application)
    assert world.token_request(federated).json()["error_codes"] == [7000112], "its federated credential is off as well"
    assert world.web.get(address, headers=operator).json()["isDisabled"] is True
    assert len(world.emulator.tenant.applications.get(application.id).passwords) == 1, "everything is kept"
    for back in (False, None):
        assert world.web.patch(address, json={"isDisabled": back}, headers=operator).status_code == 204
        assert world.token_request(world.secret_form(application)).status_code == 200
        assert world.token_request(federated).status_code == 200


def test_a_disabled_service_principal_gets_no_token_until_it_is_enabled(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    address = f"{PRINCIPALS}(appId='{application.app_id}')"
    assert world.web.patch(address, json={"accountEnabled": False}, headers=operator).status_code == 204
    disabled(world, application)
    assert world.web.patch(address, json={"accountEnabled": True}, headers=operator).status_code == 204
    assert world.token_request(world.secret_form(application)).status_code == 200


@pytest.mark.parametrize("value", ["yes", 1, []])
def test_a_switch_is_a_truth_value(world: Any, operator: dict[str, str], value: Any) -> None:
    application = world.new_application()
    answer = world.web.patch(f"{APPS}/{application.id}", json={"isDisabled": value}, headers=operator)
    assert answer.status_code == 400
