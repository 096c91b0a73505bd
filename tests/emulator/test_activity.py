"""The sign-in log and the reports: what a sign-in leaves behind, who finds it, and for how long."""

import base64
from datetime import timedelta
from typing import Any

import httpx
import pytest

from migrate.emulator.server import Emulator

SIGN_INS = "/beta/auditLogs/signIns"
CREDENTIALS = "/beta/reports/appCredentialSignInActivities"
SERVICE = "signInEventTypes/any(t: t eq 'servicePrincipal')"


def sign_ins(world: Any, condition: str, **options: str) -> list[dict[str, Any]]:
    headers = world.bearer()
    answer = world.web.get(SIGN_INS, params={"$filter": condition, **options}, headers=headers)
    found: list[dict[str, Any]] = []
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json()["value"]
        if "@odata.nextLink" not in answer.json():
            return found
        answer = world.web.get(answer.json()["@odata.nextLink"], headers=headers)


def activities(world: Any, condition: str) -> list[dict[str, Any]]:
    return list(world.web.get(CREDENTIALS, params={"$filter": condition}, headers=world.bearer()).json()["value"])


def test_a_secrets_use_names_its_key_id(world: Any) -> None:
    application = world.new_application()
    form = world.secret_form(application)
    world.token_request(form)
    world.token_request({**form, "client_secret": "wrong"})
    newest, oldest = sign_ins(world, f"{SERVICE} and appId eq '{application.app_id}'")
    assert newest["status"]["errorCode"] == 7000215
    assert newest["servicePrincipalCredentialKeyId"] == ""
    assert "AADSTS" not in newest["status"]["failureReason"]
    assert oldest["status"]["errorCode"] == 0
    assert oldest["servicePrincipalCredentialKeyId"] == application.passwords[0].key_id
    assert oldest["clientCredentialType"] == "clientSecret"
    assert oldest["resourceDisplayName"] == "Microsoft Graph"
    assert oldest["ipAddress"] == "127.0.0.1"
    assert oldest["uniqueTokenIdentifier"]
    assert form["client_secret"] not in str([newest, oldest])


def test_a_certificates_use_names_its_thumbprint(world: Any) -> None:
    application, key = world.certificate_holder()
    world.token_request(world.assertion_form(application, world.sign(key, world.assertion_claims(application))))
    newest = sign_ins(world, f"{SERVICE} and appId eq '{application.app_id}'", **{"$top": "1"})[0]
    assert newest["clientCredentialType"] == "certificate"
    assert newest["servicePrincipalCredentialKeyId"] == key.key_id
    assert len(newest["servicePrincipalCredentialThumbprint"]) == 40


def test_an_exchange_leaves_two_records(world: Any) -> None:
    application = world.new_application()
    made = world.federate(application).json()
    token = world.identity_token(world.identity)
    world.token_request(world.assertion_form(application, token))
    (record,) = sign_ins(world, f"{SERVICE} and appId eq '{application.app_id}'")
    assert record["clientCredentialType"] == "federatedIdentityCredential"
    assert record["federatedCredentialId"] == made["id"]
    assert record["servicePrincipalCredentialKeyId"] == ""
    assert record["managedServiceIdentity"]["federatedTokenIssuer"] == world.issuer
    by_identity = "signInEventTypes/any(t: t eq 'managedIdentity')"
    first = sign_ins(world, f"{by_identity} and appId eq '{world.identity.client_id}'")[-1]
    assert first["managedServiceIdentity"]["msiType"] == "userAssigned"
    assert first["managedServiceIdentity"]["associatedResourceId"] == world.identity.resource_id
    assert first["resourceId"] == "fb60f99c-7a34-4190-8149-302f77469936"


def test_the_log_is_filtered_ordered_and_paged(world: Any) -> None:
    log = world.emulator.tenant.sign_ins
    newest_first = sign_ins(world, SERVICE, **{"$top": "17"})
    dates = [item["createdDateTime"] for item in newest_first]
    assert dates == sorted(dates, reverse=True)
    assert len({item["id"] for item in newest_first}) == len(newest_first)
    assert all(item["signInEventTypes"] == ["servicePrincipal"] for item in newest_first)
    middle = newest_first[len(newest_first) // 2]["createdDateTime"]
    later = sign_ins(world, f"{SERVICE} and createdDateTime ge {middle}", **{"$orderby": "createdDateTime asc"})
    assert later[0]["createdDateTime"] == middle
    failed = sign_ins(world, f"{SERVICE} and status/errorCode eq 7000222")
    assert failed
    assert all(item["status"]["errorCode"] == 7000222 for item in failed)
    assert len(newest_first) < len(log)


def test_only_interactive_sign_ins_come_without_a_filter_on_the_type(world: Any, operator: dict[str, str]) -> None:
    assert world.web.get(SIGN_INS, headers=operator).json()["value"] == []
    assert world.web.get("/v1.0/auditLogs/signIns", headers=operator).json()["value"] == []


@pytest.mark.parametrize(
    "query",
    ["$filter=nonsense eq 1", "$top=1001", "$filter=signInEventTypes/any(", "$orderby=appId",
     f"$filter={SERVICE}&$orderby=appId", f"$filter={SERVICE}&$skiptoken=x"],
)  # fmt: skip
def test_bad_questions_about_the_log_are_refused(world: Any, operator: dict[str, str], query: str) -> None:
    answer = world.web.get(f"{SIGN_INS}?{query}", headers=operator)
    assert answer.status_code == (200 if query == "$orderby=appId" else 400)


def test_the_credential_report_tells_attempts_from_successes(world: Any) -> None:
    application = world.new_application()
    key_id = application.passwords[0].key_id
    assert activities(world, f"keyId eq '{key_id}'") == []
    world.token_request(world.secret_form(application))
    (row,) = activities(world, f"keyId eq '{key_id}'")
    assert base64.b64decode(row["id"]).decode() == f"{key_id}|application"
    assert (row["keyType"], row["credentialOrigin"]) == ("clientSecret", "application")
    assert row["appObjectId"] == application.id
    world.web.patch(f"/v1.0/applications/{application.id}", json={"isDisabled": True}, headers=world.bearer())
    world.token_request(world.secret_form(application))
    (after,) = activities(world, f"appId eq '{application.app_id}'")
    assert after["signInActivity"]["lastSignInDateTime"] > row["signInActivity"]["lastSignInDateTime"]
    assert (
        after["signInActivity"]["lastSuccessfulSignInDateTime"] == row["signInActivity"]["lastSuccessfulSignInDateTime"]
    )


def test_reports_are_paged(world: Any, operator: dict[str, str]) -> None:
    address: str | None = f"{CREDENTIALS}?$top=5"
    seen: list[str] = []
    while address:
        body = world.web.get(address, headers=operator).json()
        seen += [row["id"] for row in body["value"]]
        address = body.get("@odata.nextLink")
    assert len(seen) == len(set(seen)) == len(list(world.emulator.tenant.sign_ins.credential_activities()))


def test_applications_have_a_report_too(world: Any, operator: dict[str, str]) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    world.token_request(world.secret_form(application))
    query = {"$filter": f"appId eq '{application.app_id}'"}
    address = "/beta/reports/servicePrincipalSignInActivities"
    (row,) = world.web.get(address, params=query, headers=operator).json()["value"]
    assert base64.b64decode(row["id"]).decode() == application.app_id
    assert row["lastSignInActivity"]["lastSignInDateTime"]


@pytest.mark.parametrize("days", [7, 30])
def test_the_log_reaches_back_as_far_as_the_licence_and_the_report_further(days: int, start_world: Any) -> None:
    with Emulator(apps=40, seed=5, retention_days=days) as emulator:
        world = start_world(emulator)
        seen = sign_ins(world, SERVICE)
        history = [item.created for item in emulator.tenant.sign_ins.entries()]
        oldest = emulator.tenant.clock.now() - timedelta(days=days)
        assert min(history) < oldest, "the seed goes further back than the log"
        assert min(item["createdDateTime"] for item in seen) >= f"{oldest:%Y-%m-%dT%H:%M}"
        rows = activities(world, "credentialOrigin eq 'application'")
        assert min(row["signInActivity"]["lastSignInDateTime"] for row in rows) < f"{oldest:%Y-%m-%dT%H:%M}"
        emulator.advance(timedelta(days=days))
        assert len(sign_ins(world, SERVICE)) <= 2, "only the test's own sign-ins are left"
        world.web.close()


def test_the_seeded_history_has_every_kind_of_use(world: Any) -> None:
    entries = list(world.emulator.tenant.sign_ins.entries())
    assert {item.credential_type for item in entries} >= {
        "clientSecret", "certificate", "federatedIdentityCredential", "managedIdentity",
    }  # fmt: skip
    assert {item.origin for item in entries} == {"application", "servicePrincipal"}
    assert 7000222 in {item.error_code for item in entries}


def test_the_control_endpoint_moves_time_and_tells_no_secret(own_world: Any) -> None:
    base = own_world.emulator.control_endpoint
    before = own_world.emulator.tenant.clock.now()
    moved = httpx.post(f"{base}/advance", json={"seconds": 86_400}, trust_env=False)
    assert moved.status_code == 200
    assert own_world.emulator.tenant.clock.now() - before >= timedelta(days=1)
    assert httpx.get(f"{base}/clock", trust_env=False).json()["now"] >= moved.json()["now"]
    counts = httpx.get(f"{base}/tenant", trust_env=False).json()
    assert counts["applications"] == len(own_world.emulator.tenant.applications)
    for body in (
        b"",
        b"{}",
        b"[]",
        b'{"seconds": -1}',
        b'{"seconds": "1"}',
        b'{"seconds": true}',
        b'{"seconds": 1e300}',
    ):
        assert httpx.post(f"{base}/advance", content=body, trust_env=False).status_code == 400
    assert httpx.get(f"{base}/clock", trust_env=False).status_code == 200
