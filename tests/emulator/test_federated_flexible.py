"""Flexible federated credentials, upserts, and the federated credentials that managed identities show."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from migrate.emulator.certificates import pool_key
from migrate.emulator.state.records import FederatedCredential

EXCHANGE = "api://AzureADTokenExchange"
GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
TERRAFORM = "https://app.terraform.io"
INVALID = (400, "InvalidFederatedIdentityCredentialValue")
EXPRESSION = (
    "claims['sub'] matches 'repo:contoso/contoso-repo:ref:refs/heads/*' and claims['repository_id'] eq '456789'"
)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def address(application: Any, rest: str = "", version: str = "beta") -> str:
    return f"/{version}/applications/{application.id}/federatedIdentityCredentials{rest}"


def create(world: Any, application: Any, version: str = "beta", **changes: Any) -> Any:
    body = {
        "name": "FlexFic1",
        "issuer": GITHUB,
        "audiences": [EXCHANGE],
        "claimsMatchingExpression": {"value": EXPRESSION, "languageVersion": 1},
        **changes,
    }
    sent = {name: value for name, value in body.items() if value is not ...}
    return world.web.post(address(application, version=version), json=sent, headers=world.bearer())


def expression(value: Any, version: Any = 1) -> dict[str, Any]:
    return {"claimsMatchingExpression": {"value": value, "languageVersion": version}}


def test_a_flexible_credential_has_no_subject(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    made = create(world, application)
    assert made.status_code == 201, made.text
    assert made.json()["claimsMatchingExpression"] == {"value": EXPRESSION, "languageVersion": 1}
    assert made.json()["subject"] is None
    (old,) = world.web.get(address(application, version="v1.0"), headers=operator).json()["value"]
    assert (old["subject"], "claimsMatchingExpression" in old) == (None, False)
    (new,) = world.web.get(address(application), headers=operator).json()["value"]
    assert new["claimsMatchingExpression"]["value"] == EXPRESSION
    query = {"$expand": "federatedIdentityCredentials"}
    shown = world.web.get(f"/v1.0/applications/{application.id}", params=query, headers=operator).json()
    assert [item["subject"] for item in shown["federatedIdentityCredentials"]] == [None]


ACCEPTED = [
    (GITHUB, "claims['sub'] eq 'a' and claims['repository_owner_id'] eq '1' and claims['job_workflow_ref'] eq 'x'"),
    (GITHUB, "claims['repository_id'] eq '1' and claims['sub'] matches 'it''s ? and claims[''x''] eq y'"),
    (GITLAB, "claims['sub'] matches 'project_id:5:*' and claims['project_id'] eq '5'"),
    ("https://gitlab.example.com", "claims['sub'] matches 'p*' and claims['user_id'] eq '5'"),
    ("https://gitlab.example.ca", "claims['sub'] matches 'p*' and claims['namespace_id'] eq '5'"),
    (TERRAFORM, "claims['sub'] matches 'organization:contoso:*'"),
    ("https://app.eu.terraform.io", "claims['sub'] eq 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("issuer", "value"), ACCEPTED)
def test_an_expression_fits_its_issuer(world: Any, issuer: str, value: str) -> None:
    application = world.new_application()
    made = create(world, application, issuer=issuer, **expression(value))
    assert made.status_code == 201, made.text
    assert made.json()["claimsMatchingExpression"]["value"] == value


REFUSED = [
    (GITHUB, "claims['sub'] matches 'repo:contoso/contoso-repo:*'"),
    (GITHUB, "claims['repository_id'] eq '1'"),
    (GITHUB, f"{EXPRESSION} and claims['actor'] eq 'x'"),
    (GITLAB, "claims['sub'] matches 'project_path:a/b:*'"),
    (GITLAB, EXPRESSION),
    (TERRAFORM, "claims['aud'] eq 'x'"),
]


@pytest.mark.parametrize(("issuer", "value"), REFUSED)
def test_required_claims_are_required_and_others_are_not_allowed(world: Any, issuer: str, value: str) -> None:
    application = world.new_application()
    answer = create(world, application, issuer=issuer, **expression(value))
    assert refusal(answer) == INVALID
    # Text as recorded in hashicorp/terraform-provider-azuread#1901.
    assert answer.json()["error"]["message"] == (
        "The FederatedIdentityCredential.ClaimsMatchingExpression.Value is invalid. Rule exception: Expression "
        f"configured for issuer '{issuer}' either lacks all required claims or contains unallowed claims. paramName: "
        f"FederatedIdentityCredential.ClaimsMatchingExpression.Value, paramValue: {value}, objectType: "
        "Microsoft.Online.DirectoryServices.Application"
    )
    assert world.emulator.tenant.applications.get(application.id).federated == ()


@pytest.mark.parametrize(
    "value",
    ["", "sub eq 'x'", "claims['sub'] like 'x'", "claims['sub'] eq 'x' or claims['sub'] eq 'y'", f"{EXPRESSION} ",
     f" {EXPRESSION}", f"{EXPRESSION} and", f"{EXPRESSION}  and claims['sub'] eq 'x'", "claims['sub']  eq 'x'",
     "claims['sub'] eq x", "claims['sub'] eq 'it's'", "claims[sub] eq 'x'", "(claims['sub'] eq 'x')", "\0", None, 7],
)  # fmt: skip
def test_what_is_no_expression_is_refused(world: Any, value: Any) -> None:
    application = world.new_application()
    answer = create(world, application, issuer=TERRAFORM, **expression(value))
    assert answer.status_code == 400
    assert world.emulator.tenant.applications.get(application.id).federated == ()


@pytest.mark.parametrize("version", [None, 0, 2, "1", 1.0, True])
def test_the_language_version_is_one(world: Any, version: Any) -> None:
    assert refusal(create(world, world.new_application(), **expression(EXPRESSION, version))) == INVALID


@pytest.mark.parametrize(
    "changes",
    [{"subject": "x"}, {"claimsMatchingExpression": None}, {"claimsMatchingExpression": ...},
     {"claimsMatchingExpression": {}}, {"claimsMatchingExpression": "x"}, {"issuer": "https://issuer.example"},
     {"issuer": f"{GITHUB}/"}, {"issuer": "https://gitlab.example.org"}, {"audiences": []}, {"name": "x"},
     {"claimsMatchingExpression": {"value": EXPRESSION, "languageVersion": 1, "colour": 1}}],
)  # fmt: skip
def test_a_bad_flexible_credential_is_refused(world: Any, changes: dict[str, Any]) -> None:
    application = world.new_application()
    assert create(world, application, **changes).status_code == 400
    assert world.emulator.tenant.applications.get(application.id).federated == ()


def test_expressions_are_betas_alone(world: Any) -> None:
    application = world.new_application()
    answer = create(world, application, "v1.0")
    assert refusal(answer) == (400, "BadRequest")
    assert "claimsMatchingExpression" in answer.json()["error"]["message"]


def test_subject_and_expression_take_turns(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    create(world, application)
    place = address(application, "/FlexFic1")
    both = world.web.patch(place, json={"subject": "x"}, headers=operator)
    assert refusal(both) == INVALID
    swap = world.web.patch(place, json={"subject": "x", "claimsMatchingExpression": None}, headers=operator)
    assert swap.status_code == 204
    shown = world.web.get(place, headers=operator).json()
    assert (shown["subject"], shown["claimsMatchingExpression"]) == ("x", None)
    neither = world.web.patch(place, json={"subject": None}, headers=operator)
    assert refusal(neither) == INVALID
    back = world.web.patch(place, json={"subject": None, **expression(EXPRESSION)}, headers=operator)
    assert back.status_code == 204
    assert world.web.get(place, headers=operator).json()["subject"] is None


def test_two_flexible_credentials_of_one_issuer_must_differ(world: Any) -> None:
    application = world.new_application()
    assert create(world, application).status_code == 201
    assert refusal(create(world, application, name="second")) == INVALID
    other = expression(EXPRESSION.replace("456789", "456790"))
    assert create(world, application, name="second", **other).status_code == 201


def test_an_outside_token_cannot_be_checked_here(world: Any) -> None:
    application = world.new_application()
    create(world, application)
    claims = {"iss": GITHUB, "sub": "repo:contoso/contoso-repo:ref:refs/heads/main", "aud": EXCHANGE, "exp": 9**10}
    token = jwt.encode({**claims, "repository_id": "456789"}, pool_key(0), algorithm="RS256")
    answer = world.token_request(world.assertion_form(application, token))
    assert answer.json()["error_codes"] == [501661]


# --- plain ones ------------------------------------------------------------------------------------------------------


def test_null_empties_a_description_and_nothing_required(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    world.federate(application, description="why")
    place = address(application, "/mi-1")
    assert world.web.patch(place, json={"description": None}, headers=operator).status_code == 204
    assert world.web.get(place, headers=operator).json()["description"] is None
    for name in ("issuer", "subject", "audiences"):
        assert refusal(world.web.patch(place, json={name: None}, headers=operator)) == INVALID


def test_both_duplicates_are_worded_as_recorded(world: Any) -> None:
    application = world.new_application()
    assert world.federate(application, name="main").status_code == 201
    taken = world.federate(application, name="main", subject="x").json()["error"]
    assert taken["code"] == "Request_MultipleObjectsWithSameKeyValue"
    assert taken["message"] == "FederatedIdentityCredential with name main already exists."
    subject = world.identity.principal_id
    again = world.federate(application, name="second").json()["error"]
    assert again["message"] == (
        f"The combination of issuer and subject must be unique for the application. Issuer {world.issuer} and Subject: "
        f"{subject} already exist. paramName: FederatedIdentityCredential.Subject, paramValue: {subject}, objectType: "
        "Microsoft.Online.DirectoryServices.Application"
    )
    assert world.federate(application, name="Main", subject=subject.upper()).status_code == 201, "case tells them apart"


def test_the_last_place_is_refused_to_an_upsert_as_well(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    full = tuple(
        FederatedCredential(id=f"{n}", name=f"fic-{n}", issuer="i", subject=f"s{n}", audiences=(EXCHANGE,))
        for n in range(20)
    )
    tenant = world.emulator.tenant
    tenant.save_application(replace(tenant.applications.get(application.id), federated=full))
    headers = {**operator, "Prefer": "create-if-missing"}
    body = {"issuer": "i", "subject": "x", "audiences": [EXCHANGE]}
    refused = world.web.patch(address(application, "(name='fic-20')"), json=body, headers=headers)
    assert refused.status_code == 400
    known = world.web.patch(address(application, "(name='fic-19')"), json=body, headers=headers)
    assert known.status_code == 204, "an update needs no place"
    assert tenant.applications.get(application.id).federated[19].subject == "x"


# --- upserts of the objects around them ------------------------------------------------------------------------------


def test_an_application_is_upserted_by_its_unique_name(world: Any, operator: dict[str, str]) -> None:
    place = "/v1.0/applications(uniqueName='app-65278')"
    body = {"displayName": "Display name"}
    assert refusal(world.web.patch(place, json=body, headers=operator)) == (404, "Request_ResourceNotFound")
    headers = {**operator, "Prefer": "create-if-missing"}
    nameless = world.web.patch(place, json={}, headers=headers)
    assert nameless.status_code == 400, "displayName is required"
    made = world.web.patch(place, json=body, headers=headers)
    assert (made.status_code, made.json()["uniqueName"]) == (201, "app-65278")
    again = world.web.patch(place, json={"displayName": "Renamed"}, headers=headers)
    assert (again.status_code, again.content) == (204, b"")
    assert world.web.get(place, headers=operator).json()["displayName"] == "Renamed"
    credential = {"issuer": world.issuer, "subject": world.identity.principal_id, "audiences": [EXCHANGE]}
    fic = world.web.patch(f"{place}/federatedIdentityCredentials(name='fic01')", json=credential, headers=headers)
    assert (fic.status_code, fic.json()["name"]) == (201, "fic01")


def test_a_service_principal_is_upserted_by_its_application_id(world: Any, operator: dict[str, str]) -> None:
    made = world.web.post("/v1.0/applications", json={"displayName": "without"}, headers=operator).json()
    place = f"/v1.0/servicePrincipals(appId='{made['appId']}')"
    headers = {**operator, "Prefer": "create-if-missing"}
    assert world.web.patch(place, json={}, headers=operator).status_code == 404
    assert world.web.patch(place, json={"displayName": "My app instance"}, headers=headers).status_code == 201
    assert world.web.patch(place, json={"tags": ["x"]}, headers=headers).status_code == 204
    unknown = "/v1.0/servicePrincipals(appId='7d1c3d6e-5b0e-4b0f-9a3e-2f6f3c1d2b4a')"
    assert world.web.patch(unknown, json={}, headers=headers).status_code == 400


# --- managed identities ----------------------------------------------------------------------------------------------


def test_a_managed_identity_shows_its_federated_credentials(own_world: Any) -> None:
    world = own_world
    tenant = world.emulator.tenant
    identity = world.identity
    held = FederatedCredential(
        id="5a0c1f0e-6f7d-4f39-8d4f-2b1f8a3c9e11",
        name="aks",
        issuer="https://oidc/",
        subject="s",
        audiences=(EXCHANGE,),
    )
    with tenant.lock:
        tenant.identities[identity.principal_id] = replace(identity, federated=(held,))
    headers = world.bearer()
    place = f"/v1.0/servicePrincipals/{identity.principal_id}"
    listed = world.web.get(f"{place}/federatedIdentityCredentials", headers=headers).json()
    assert [item["name"] for item in listed["value"]] == ["aks"]
    none = {"$filter": "subject eq 'other'"}
    assert world.web.get(f"{place}/federatedIdentityCredentials", params=none, headers=headers).json()["value"] == []
    shown = world.web.get(place, params={"$expand": "federatedIdentityCredentials"}, headers=headers).json()
    assert [item["subject"] for item in shown["federatedIdentityCredentials"]] == ["s"]
    other = tenant.service_principal_of(tenant.application_named("orders-api"))
    empty = world.web.get(f"/v1.0/servicePrincipals/{other.id}/federatedIdentityCredentials", headers=headers)
    assert empty.json()["value"] == []
