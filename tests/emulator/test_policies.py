"""App management policies: read, written, assigned, and enforced on every way to add a credential."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from migrate.emulator.certificates import CertificateRecipe, der

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"
POLICIES = "/v1.0/policies/appManagementPolicies"
DEFAULT = "/v1.0/policies/defaultAppManagementPolicy"
DEFAULT_ID = "00000000-0000-0000-0000-000000000000"
FORBIDDEN_TYPE = (400, "CredentialTypeNotAllowedAsPerAppPolicy")
TOO_LONG = (400, "CredentialInvalidLifetimeAsPerAppPolicy")
NO_PASSWORDS = {"restrictionType": "passwordAddition", "state": "enabled", "maxLifetime": None}


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def longest(kind: str, life: str, **more: Any) -> dict[str, Any]:
    return {"restrictionType": kind, "state": "enabled", "maxLifetime": life, **more}


def passwords(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"passwordCredentials": list(rules), "keyCredentials": []}


def keys(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"passwordCredentials": [], "keyCredentials": list(rules)}


def new_policy(world: Any, restrictions: dict[str, Any] | None = None, **changes: Any) -> str:
    body = {"displayName": "no secrets", "description": "why", "isEnabled": True,
            "restrictions": passwords(NO_PASSWORDS) if restrictions is None else restrictions, **changes}  # fmt: skip
    made = world.web.post(POLICIES, json=body, headers=world.bearer())
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def assign(world: Any, holder: str, policy_id: str) -> Any:
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{policy_id}"}
    return world.web.post(f"{holder}/appManagementPolicies/$ref", json=body, headers=world.bearer())


def sealed(world: Any, restrictions: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Make an application under a policy of its own."""
    application = world.new_application()
    answer = assign(world, f"{APPS}/{application.id}", new_policy(world, restrictions, **changes))
    assert (answer.status_code, answer.content) == (204, b"")
    return application


def add_password(world: Any, application: Any, days: int | None = None) -> Any:
    credential: dict[str, Any] = {}
    if days is not None:
        end = world.emulator.tenant.clock.now() + timedelta(days=days)
        credential = {"endDateTime": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    sent = {"passwordCredential": credential}
    return world.web.post(f"{APPS}/{application.id}/addPassword", json=sent, headers=world.bearer())


def certificate(world: Any, days: int) -> dict[str, Any]:
    start = world.emulator.tenant.clock.now().replace(microsecond=0)
    recipe = CertificateRecipe(common_name="c", serial=days, start=start, end=start + timedelta(days=days), pool=1)
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der(recipe)).decode()}


def patch_keys(world: Any, application: Any, sent: list[Any]) -> Any:
    return world.web.patch(f"{APPS}/{application.id}", json={"keyCredentials": sent}, headers=world.bearer())


@pytest.fixture
def default(world: Any) -> Iterator[Any]:
    """Write the default policy, and leave it as it was."""
    book = world.emulator.tenant.policies
    before = book.default

    def patch(**body: Any) -> Any:
        return world.web.patch(DEFAULT, json=body, headers=world.bearer())

    yield patch
    book.default = before


# --- the objects -----------------------------------------------------------------------------------------------------


def test_the_default_policy_is_off_and_empty(world: Any, operator: dict[str, str]) -> None:
    body = world.web.get(DEFAULT, headers=operator).json()
    assert body.pop("@odata.context").endswith("$metadata#policies/defaultAppManagementPolicy/$entity")
    assert body.pop("@odata.id").endswith(f"/defaultAppManagementPolicy/{DEFAULT_ID}")
    assert (body["id"], body["isEnabled"]) == (DEFAULT_ID, False)
    empty: dict[str, list[Any]] = {"passwordCredentials": [], "keyCredentials": []}
    assert (body["applicationRestrictions"], body["servicePrincipalRestrictions"]) == (empty, empty)
    assert "restrictions" not in body
    selected = world.web.get(DEFAULT, params={"$select": "isEnabled"}, headers=operator).json()
    assert set(selected) == {"@odata.context", "@odata.id", "isEnabled"}


def test_the_default_policy_is_patched_part_by_part(world: Any, operator: dict[str, str], default: Any) -> None:
    # The sample of the reference page "Update tenantAppManagementPolicy", without state.
    rules = passwords(
        {"restrictionType": "passwordAddition", "maxLifetime": None,
         "restrictForAppsCreatedAfterDateTime": "2021-01-01T10:37:00Z"},
        {"restrictionType": "passwordLifetime", "maxLifetime": "P4DT12H30M5S",
         "restrictForAppsCreatedAfterDateTime": "2017-01-01T10:37:00Z"},
    )  # fmt: skip
    changed = default(applicationRestrictions=rules)
    assert (changed.status_code, changed.content) == (204, b"")
    assert default(servicePrincipalRestrictions=keys(longest("asymmetricKeyLifetime", "P30D"))).status_code == 204
    body = world.web.get(DEFAULT, headers=operator).json()
    first, second = body["applicationRestrictions"]["passwordCredentials"]
    assert (first["state"], first["restrictForAppsCreatedAfterDateTime"]) == ("enabled", "2021-01-01T10:37:00Z")
    assert second["maxLifetime"] == "P4DT12H30M5S"
    assert body["servicePrincipalRestrictions"]["keyCredentials"][0]["maxLifetime"] == "P30D"
    assert body["isEnabled"] is False


def test_what_concerns_no_credential_is_kept_and_told_by_the_versions_that_know_it(
    world: Any, operator: dict[str, str], default: Any
) -> None:
    uris = {"nonDefaultUriAddition": {"state": "enabled", "excludeSaml": True}}
    audiences = {"azureAdMultipleOrgs": {"state": "enabled"}}
    assert default(applicationRestrictions={"identifierUris": uris}).status_code == 204
    told = {"applicationRestrictions": {"audiences": audiences}}
    assert world.web.patch(DEFAULT, json=told, headers=operator).status_code == 400
    beta = DEFAULT.replace("v1.0", "beta")
    assert world.web.patch(beta, json=told, headers=operator).status_code == 204
    empty: dict[str, Any] = {"passwordCredentials": [], "keyCredentials": [], "identifierUris": uris}
    assert world.web.get(DEFAULT, headers=operator).json()["applicationRestrictions"] == empty
    shown = world.web.get(beta, headers=operator).json()["applicationRestrictions"]
    assert shown == {**empty, "audiences": audiences}
    policy_id = new_policy(world, {"applicationRestrictions": {"identifierUris": uris}})
    shown = world.web.get(f"{POLICIES}/{policy_id}", headers=operator).json()["restrictions"]
    assert shown["applicationRestrictions"] == {"identifierUris": uris}
    bad: list[dict[str, Any]] = [{"any": {}}, {"nonDefaultUriAddition": {"any": 1}}]
    for wrong in ({"identifierUris": each} for each in bad):
        assert default(applicationRestrictions=wrong).status_code == 400
        assert default(servicePrincipalRestrictions={"identifierUris": uris}).status_code == 400


def test_a_policy_lives(world: Any, operator: dict[str, str]) -> None:
    policy_id = new_policy(world)
    address = f"{POLICIES}/{policy_id}"
    shown = world.web.get(address, headers=operator).json()
    assert shown["@odata.context"].endswith("$metadata#policies/appManagementPolicies/$entity")
    assert shown["restrictions"]["passwordCredentials"][0] == {
        **NO_PASSWORDS, "restrictForAppsCreatedAfterDateTime": None, "excludeActors": None,
    }  # fmt: skip
    listed = world.web.get(POLICIES, headers=operator).json()
    assert listed["@odata.context"].endswith("$metadata#policies/appManagementPolicies")
    assert [item["isEnabled"] for item in listed["value"] if item["id"] == policy_id] == [True]
    changed = world.web.patch(address, json={"isEnabled": False, "displayName": "off"}, headers=operator)
    assert (changed.status_code, changed.content) == (204, b"")
    after = world.web.get(address, headers=operator).json()
    assert after == {**shown, "isEnabled": False, "displayName": "off"}
    assert world.web.delete(address, headers=operator).status_code == 204
    assert refusal(world.web.get(address, headers=operator)) == (404, "Request_ResourceNotFound")
    for method in ("PATCH", "DELETE"):
        assert world.web.request(method, address, json={}, headers=operator).status_code == 404


def test_policies_have_permissions_of_their_own(world: Any) -> None:
    auditor = world.bearer("read-only-auditor")
    application = world.new_application()
    for method, address in (
        ("GET", DEFAULT), ("PATCH", DEFAULT), ("GET", POLICIES), ("POST", POLICIES),
        ("GET", f"{APPS}/{application.id}/appManagementPolicies"),
        ("POST", f"{APPS}/{application.id}/appManagementPolicies/$ref"),
    ):  # fmt: skip
        answer = world.web.request(method, address, json={}, headers=auditor)
        assert refusal(answer) == (403, "Authorization_RequestDenied"), (method, address)


BAD_RULES: list[Any] = [
    7,
    "x",
    [7],
    [{"restrictionType": "passwordAddition"}, {"restrictionType": "passwordAddition"}],
    [{"restrictionType": "asymmetricKeyLifetime", "maxLifetime": "P1D"}],
    [{"restrictionType": "nonsense"}],
    [{"restrictionType": None}],
    [{"restrictionType": "passwordLifetime"}],
    [{"restrictionType": "passwordLifetime", "maxLifetime": "30 days"}],
    [{"restrictionType": "passwordLifetime", "maxLifetime": "P"}],
    [{"restrictionType": "passwordLifetime", "maxLifetime": "PT"}],
    [{"restrictionType": "passwordLifetime", "maxLifetime": "P1Y"}],
    [{"restrictionType": "passwordLifetime", "maxLifetime": "-P1D"}],
    [{"restrictionType": "passwordLifetime", "maxLifetime": "P1D\n"}],
    [{"restrictionType": "passwordLifetime", "maxLifetime": 30}],
    [{"restrictionType": "passwordAddition", "state": None}],
    [{"restrictionType": "passwordAddition", "state": "on"}],
    [{"restrictionType": "passwordAddition", "restrictForAppsCreatedAfterDateTime": "yesterday"}],
    [{"restrictionType": "passwordAddition", "excludeActors": 7}],
    [{"restrictionType": "passwordAddition", "colour": "red"}],
]


@pytest.mark.parametrize("rules", BAD_RULES, ids=repr)
def test_bad_restrictions_are_refused(world: Any, operator: dict[str, str], rules: Any) -> None:
    before = len(world.emulator.tenant.policies.custom)
    body = {"displayName": "bad", "description": "bad", "restrictions": {"passwordCredentials": rules}}
    assert world.web.post(POLICIES, json=body, headers=operator).status_code == 400
    sent = {"applicationRestrictions": {"passwordCredentials": rules}}
    assert world.web.patch(DEFAULT, json=sent, headers=operator).status_code == 400
    assert len(world.emulator.tenant.policies.custom) == before


@pytest.mark.parametrize(
    "change", [{"displayName": None}, {"displayName": ""}, {"description": None}, {"isEnabled": "yes"}, {"colour": 1},
               {"restrictions": 7}, {"restrictions": {"colour": 1}}],
)  # fmt: skip
def test_a_bad_policy_is_refused(world: Any, operator: dict[str, str], change: dict[str, Any]) -> None:
    body = {"displayName": "bad", "description": "bad", **change}
    assert world.web.post(POLICIES, json=body, headers=operator).status_code == 400


# --- assigning -------------------------------------------------------------------------------------------------------


def test_one_policy_is_assigned_to_one_object(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    first, second = new_policy(world), new_policy(world)
    address = f"{APPS}/{application.id}"
    assert assign(world, address, first).status_code == 204
    assert refusal(assign(world, address, first)) == (400, "Request_BadRequest")
    assert refusal(assign(world, address, second)) == (409, "Request_MultipleObjectsWithSameKeyValue")
    listed = world.web.get(f"{address}/appManagementPolicies", headers=operator).json()["value"]
    assert [item["id"] for item in listed] == [first]
    wrong = world.web.delete(f"{address}/appManagementPolicies/{second}/$ref", headers=operator)
    assert refusal(wrong) == (404, "Request_ResourceNotFound")
    gone = world.web.delete(f"{address}/appManagementPolicies/{first}/$ref", headers=operator)
    assert (gone.status_code, gone.content) == (204, b"")
    assert world.web.get(f"{address}/appManagementPolicies", headers=operator).json()["value"] == []
    assert assign(world, address, second).status_code == 204


def test_a_policy_names_what_it_applies_to(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    principal = world.emulator.tenant.service_principal_of(application)
    policy_id = new_policy(world)
    assign(world, f"{APPS}(appId='{application.app_id}')", policy_id)
    assign(world, f"{PRINCIPALS}/{principal.id}", policy_id)
    query = {"$select": "id,appId"}
    found = world.web.get(f"{POLICIES}/{policy_id}/appliesTo", params=query, headers=operator).json()["value"]
    assert [(item["@odata.type"].rpartition(".")[2], item["id"]) for item in found] == [
        ("application", application.id), ("servicePrincipal", principal.id),
    ]  # fmt: skip
    world.web.delete(f"{POLICIES}/{policy_id}", headers=operator)
    held = world.web.get(f"{PRINCIPALS}/{principal.id}/appManagementPolicies", headers=operator).json()["value"]
    assert held == [], "what is deleted is assigned no longer"


BAD_REFERENCES = [None, 7, "", "x", "https://[", "https://h/v1.0/users/1", "/policies/appManagementPolicies/x"]


@pytest.mark.parametrize("reference", BAD_REFERENCES)
def test_a_bad_reference_is_refused(world: Any, operator: dict[str, str], reference: Any) -> None:
    application = world.new_application()
    address = f"{APPS}/{application.id}/appManagementPolicies/$ref"
    assert world.web.post(address, json={"@odata.id": reference}, headers=operator).status_code == 400


def test_an_unknown_policy_cannot_be_assigned(world: Any) -> None:
    application = world.new_application()
    answer = assign(world, f"{APPS}/{application.id}", "7d1c3d6e-5b0e-4b0f-9a3e-2f6f3c1d2b4a")
    assert refusal(answer) == (404, "Request_ResourceNotFound")


# --- enforcing -------------------------------------------------------------------------------------------------------


def test_no_secret_is_added_and_the_old_one_goes_on_working(world: Any, operator: dict[str, str]) -> None:
    application = sealed(world)
    answer = add_password(world, application)
    assert refusal(answer) == FORBIDDEN_TYPE
    listed = world.web.get(f"{APPS}/{application.id}/appManagementPolicies", headers=operator).json()["value"]
    message = f"Credential type not allowed as per assigned policy '{listed[0]['id']}'."
    assert answer.json()["error"]["message"] == message
    assert world.token_request(world.secret_form(application)).status_code == 200, "policies never keep tokens back"
    assert world.federate(application).status_code == 201, "and have no rule about federated credentials"
    principal = world.emulator.tenant.service_principal_of(application)
    free = world.web.post(f"{PRINCIPALS}/{principal.id}/addPassword", json={}, headers=operator)
    assert free.status_code == 200, "an application's policy is not its service principal's"


def test_secrets_may_be_short_lived(world: Any) -> None:
    application = sealed(world, passwords(longest("passwordLifetime", "P30DT1M")))
    answer = add_password(world, application, 31)
    assert refusal(answer) == TOO_LONG
    assert answer.json()["error"]["message"].startswith("Credential lifetime exceeds the max value allowed as per")
    assert refusal(add_password(world, application)) == TOO_LONG, "two years are too long as well"
    assert add_password(world, application, 30).status_code == 200


def test_certificates_may_be_short_lived(world: Any) -> None:
    application = world.new_application()
    assert patch_keys(world, application, [certificate(world, 100)]).status_code == 204
    assign(world, f"{APPS}/{application.id}", new_policy(world, keys(longest("asymmetricKeyLifetime", "P90D"))))
    (old,) = world.web.get(f"{APPS}/{application.id}", headers=world.bearer()).json()["keyCredentials"]
    assert refusal(patch_keys(world, application, [old, certificate(world, 91)])) == TOO_LONG
    assert patch_keys(world, application, [old, certificate(world, 89)]).status_code == 204, "the old one may stay"
    assert add_password(world, application).status_code == 200


def test_symmetric_keys_have_rules_of_their_own(world: Any) -> None:
    key = {"type": "Symmetric", "usage": "Sign", "key": "AAAA"}
    application = sealed(world, passwords(longest("symmetricKeyLifetime", "P4D")))
    assert refusal(patch_keys(world, application, [key])) == TOO_LONG
    start = world.emulator.tenant.clock.now()
    short = {**key, "startDateTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
             "endDateTime": f"{start + timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}"}  # fmt: skip
    assert patch_keys(world, application, [short]).status_code == 204
    banned = sealed(world, passwords({"restrictionType": "symmetricKeyAddition", "state": "enabled"}))
    assert refusal(patch_keys(world, banned, [key])) == FORBIDDEN_TYPE
    assert patch_keys(world, banned, [certificate(world, 900)]).status_code == 204


@pytest.mark.parametrize(
    ("rules", "enabled"),
    [({**NO_PASSWORDS, "state": "disabled"}, True), (NO_PASSWORDS, False),
     ({"restrictionType": "customPasswordAddition", "state": "enabled"}, True)],
    ids=["rule off", "policy off", "rule for clients' own secrets"],
)  # fmt: skip
def test_what_is_off_restricts_nothing(world: Any, rules: dict[str, Any], enabled: bool) -> None:  # noqa: FBT001 - drawn
    application = sealed(world, passwords(rules), isEnabled=enabled)
    assert add_password(world, application).status_code == 200


def test_a_policy_may_spare_what_is_older(world: Any) -> None:
    tenant = world.emulator.tenant
    application = world.new_application()
    principal = tenant.service_principal_of(application)
    created = tenant.applications.get(application.id).created

    def after(moment: datetime) -> str:
        rule = {**NO_PASSWORDS, "restrictForAppsCreatedAfterDateTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
        return new_policy(world, passwords(rule))

    spared, hit = after(created + timedelta(seconds=1)), after(created - timedelta(seconds=1))
    for policy_id, expected in ((spared, 200), (hit, 400)):
        assign(world, f"{APPS}/{application.id}", policy_id)
        assert add_password(world, application).status_code == expected
        world.web.delete(f"{APPS}/{application.id}/appManagementPolicies/{policy_id}/$ref", headers=world.bearer())
    tenant.save_service_principal(replace(principal, created=None))  # counts as made on 2019-01-01
    for moment, expected in ((datetime(2019, 1, 2, tzinfo=UTC), 200), (datetime(2019, 1, 1, tzinfo=UTC), 400)):
        policy_id = after(moment)
        assign(world, f"{PRINCIPALS}/{principal.id}", policy_id)
        answer = world.web.post(f"{PRINCIPALS}/{principal.id}/addPassword", json={}, headers=world.bearer())
        assert answer.status_code == expected
        world.web.delete(f"{PRINCIPALS}/{principal.id}/appManagementPolicies/{policy_id}/$ref", headers=world.bearer())


def test_a_policy_of_its_own_replaces_the_default_whole(world: Any, default: Any) -> None:
    application = world.new_application()
    rules = passwords(longest("passwordLifetime", "P90D"))
    default(isEnabled=True, applicationRestrictions=rules)
    answer = add_password(world, application)
    assert refusal(answer) == TOO_LONG
    assert f"'{DEFAULT_ID}'" in answer.json()["error"]["message"]
    loose = sealed(world, keys(longest("asymmetricKeyLifetime", "P1D")))
    assert add_password(world, loose).status_code == 200, "the default's limit is not inherited"
    assert default(isEnabled=False).status_code == 204
    assert add_password(world, application).status_code == 200


def test_the_default_has_rules_for_service_principals_of_their_own(world: Any, default: Any) -> None:
    application = world.new_application()
    principal = world.emulator.tenant.service_principal_of(application)
    default(isEnabled=True, servicePrincipalRestrictions=passwords(NO_PASSWORDS))
    answer = world.web.post(f"{PRINCIPALS}/{principal.id}/addPassword", json={}, headers=world.bearer())
    assert refusal(answer) == FORBIDDEN_TYPE
    assert add_password(world, application).status_code == 200


def test_a_new_application_obeys_the_default(world: Any, operator: dict[str, str], default: Any) -> None:
    default(isEnabled=True, applicationRestrictions=keys(longest("asymmetricKeyLifetime", "P90D")))
    body = {"displayName": "late", "keyCredentials": [certificate(world, 91)]}
    assert refusal(world.web.post(APPS, json=body, headers=operator)) == TOO_LONG
    body = {"displayName": "late", "keyCredentials": [certificate(world, 89)]}
    assert world.web.post(APPS, json=body, headers=operator).status_code == 201
