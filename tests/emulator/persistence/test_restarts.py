"""What clients notice of a restart: nothing but other ports."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from migrate.emulator.clock import VirtualClock
from migrate.emulator.server import Emulator
from tests.emulator.arm.conftest import Arm
from tests.emulator.conftest import EXCHANGE, World
from tests.emulator.persistence.conftest import Run

APPS = "/v1.0/applications"
POLICY = "/v1.0/policies/defaultAppManagementPolicy"
NO_SECRETS = {
    "isEnabled": True,
    "applicationRestrictions": {"passwordCredentials": [{"restrictionType": "passwordAddition", "state": "enabled"}]},
}


def here(link: str) -> str:
    """Give an address without the host, whose port changes with every start."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def sign_ins(world: World) -> list[dict[str, Any]]:
    query = "?$filter=signInEventTypes/any(t: t eq 'servicePrincipal')"
    found: list[dict[str, Any]] = world.web.get(f"/beta/auditLogs/signIns{query}", headers=world.bearer()).json()[
        "value"
    ]
    return found


def test_the_audit_log_outlives_a_restart_and_forgets_after_its_retention(run: Run) -> None:
    audits = "/v1.0/auditLogs/directoryAudits"
    with run() as world:
        world.new_application()
        kept = world.web.get(audits, headers=world.bearer()).json()["value"]
        assert len(kept) == 1
    with run() as world:
        assert world.web.get(audits, headers=world.bearer()).json()["value"] == kept
        world.emulator.advance(timedelta(days=31))
        assert world.web.get(audits, headers=world.bearer()).json()["value"] == []


def test_a_token_from_before_a_restart_is_still_good(run: Run) -> None:
    with run() as world:
        headers = world.bearer()
        keys = world.web.get(f"/{world.emulator.tenant_id}/discovery/v2.0/keys").json()
    with run() as world:
        assert world.web.get(APPS, headers=headers).status_code == 200
        assert world.web.get(f"/{world.emulator.tenant_id}/discovery/v2.0/keys").json() == keys


def test_a_tenant_without_a_file_is_new_each_time() -> None:
    kept = []
    for _ in range(2):
        with Emulator(apps=5) as emulator:
            kept.append(emulator._memory.keys.public_keys(""))
    assert kept[0] != kept[1]


def test_secrets_and_federation_outlive_a_restart(run: Run) -> None:
    with run() as world:
        application = world.new_application(displayName="kept")
        form = world.secret_form(application)
        assert world.federate(application).status_code == 201
    with run() as world:
        assert world.token_request(form).status_code == 200
        found = world.emulator.tenant.application_named("kept")
        assert found == world.emulator.tenant.applications.get(application.id)
        token = world.identity_token(world.identity)
        assert world.token_request(world.assertion_form(found, token)).status_code == 200


def test_what_was_deleted_can_be_restored_and_what_was_removed_is_never_used_again(run: Run) -> None:
    with run() as world:
        headers = world.bearer()
        application = world.new_application(displayName="deleted")
        gone = application.passwords[0]
        removed = world.web.post(
            f"{APPS}/{application.id}/removePassword", json={"keyId": gone.key_id}, headers=headers
        )
        assert removed.status_code == 204
        assert world.web.delete(f"{APPS}/{application.id}", headers=headers).status_code == 204
    with run() as world:
        headers = world.bearer()
        tenant = world.emulator.tenant
        assert tenant.key_id_was_used(gone.key_id)
        assert tenant.secret_of(gone.key_id) == gone.secret
        restored = world.web.post(f"/v1.0/directory/deletedItems/{application.id}/restore", headers=headers)
        assert restored.status_code == 200
        assert tenant.applications.get(application.id) is not None
        assert tenant.deleted_service_principals.with_app_id(application.app_id) is not None


def test_a_policy_still_binds_after_a_restart(run: Run) -> None:
    with run() as world:
        application = world.new_application()
        assert world.web.patch(POLICY, json=NO_SECRETS, headers=world.bearer()).status_code == 204
    with run() as world:
        answer = world.web.post(f"{APPS}/{application.id}/addPassword", json={}, headers=world.bearer())
        assert answer.json()["error"]["code"] == "CredentialTypeNotAllowedAsPerAppPolicy"


def test_a_delta_link_from_before_a_restart_tells_of_what_came_after(run: Run) -> None:
    with run() as world:
        first = world.new_application(displayName="before")
        link = world.web.get(f"{APPS}/delta?$top=999", headers=world.bearer()).json()["@odata.deltaLink"]
        second = world.new_application(displayName="between")
    with run() as world:
        assert world.web.delete(f"{APPS}/{first.id}", headers=world.bearer()).status_code == 204
        told = world.web.get(here(link), headers=world.bearer()).json()
        assert {row["id"]: row.get("@removed") for row in told["value"]} == {
            second.id: None, first.id: {"reason": "changed"},
        }  # fmt: skip


def test_a_page_from_before_a_restart_is_followed_by_the_next_one(run: Run) -> None:
    with run() as world:
        headers = world.bearer()
        page = world.web.get(f"{APPS}?$top=5", headers=headers).json()
        world.web.delete(f"{APPS}/{page['value'][0]['id']}", headers=headers)
        everything = world.web.get(f"{APPS}?$top=999", headers=headers).json()["value"]
    with run() as world:
        following = world.web.get(here(page["@odata.nextLink"]), headers=world.bearer()).json()["value"]
        assert following == everything[4:9]


def test_the_sign_in_log_and_the_activity_reports_go_on(run: Run) -> None:
    with run() as world:
        before = sign_ins(world)
        reports = world.web.get("/beta/reports/appCredentialSignInActivities", headers=world.bearer()).json()["value"]
    with run() as world:
        after = sign_ins(world)
        assert after[-len(before) :] == before
        assert len(after) == len(before) + 2  # the report's token and this one's
        again = world.web.get("/beta/reports/appCredentialSignInActivities", headers=world.bearer()).json()["value"]
        assert [row["id"] for row in again] == [row["id"] for row in reports]


def test_the_clock_goes_on_while_nothing_runs_and_never_back(
    run: Run, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = 1_800_000_000
    monkeypatch.setattr(VirtualClock, "client_timestamp", staticmethod(lambda: real))
    saved.unlink()
    start = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    with run(start=start) as world:
        world.emulator.advance(timedelta(days=40))
    for away, days in ((3600 * 24, 41), (-3600 * 24 * 300, 41)):
        real += away
        with run() as world:
            clock = world.emulator.tenant.clock
            assert clock.start == start
            assert timedelta(0) <= clock.now() - start - timedelta(days=days) < timedelta(minutes=1)
            clock.advance(timedelta(microseconds=1))  # something to save


def test_hosts_get_the_token_that_they_had(run: Run) -> None:
    with run() as world:
        token = world.identity_token(world.identity)
    with run() as world:
        assert world.identity_token(world.identity) == token
        world.emulator.advance(timedelta(hours=25))
        assert world.identity_token(world.identity) != token


def test_tokens_of_outside_issuers_are_good_after_a_restart(run: Run) -> None:
    issuer, subject = "https://token.actions.githubusercontent.com", "repo:contoso/app:ref:refs/heads/main"
    with run() as world:
        application = world.new_application()
        assert world.federate(application, issuer=issuer, subject=subject).status_code == 201
        token = world.emulator.outside.token(issuer=issuer, subject=subject, audience=EXCHANGE)
    with run() as world:
        assert world.token_request(world.assertion_form(application, token)).status_code == 200


def test_what_has_not_spread_at_the_end_of_a_run_has_not_at_the_next_start(run: Run, tmp_path: Path) -> None:
    def refusal(world: World) -> int:
        application = world.emulator.tenant.application_named("slow")
        answer = world.token_request(world.assertion_form(application, world.identity_token(world.identity)))
        return 0 if answer.status_code == 200 else int(answer.json()["error_codes"][0])

    plan = tmp_path / "faults.toml"
    plan.write_text('[[faults]]\nkind = "propagation"\nof = ["federated"]\nunseen = 7200\n')
    with run(faults=plan) as world:
        assert world.federate(world.new_application(displayName="slow")).status_code == 201
        assert refusal(world) == 70025
    with run(faults=plan) as world:
        assert refusal(world) == 70025
        world.emulator.advance(timedelta(hours=3))
        assert refusal(world) == 0
    with run() as world:
        assert refusal(world) == 0


def test_azure_resources_and_roles_outlive_a_restart(run: Run) -> None:
    with run() as world:
        arm = Arm(world=world)
        group, version = f"{arm.group}/providers", {"api-version": "2023-01-31"}
        made = f"{group}/Microsoft.ManagedIdentity/userAssignedIdentities/id-kept"
        assert arm.ask("PUT", made, json={"location": "westeurope", "tags": {"a": "b"}}, params=version).is_success
        paths = (f"/subscriptions/{arm.subscription}/resources", f"{arm.group}/resources", made)
        before = [arm.get(path).json() for path in paths]
        held = arm.tenant.azure.assignments
    with run() as world:
        arm = Arm(world=world)
        assert [arm.get(path).json() for path in paths] == before
        assert before[2]["tags"] == {"a": "b"}
        assert arm.tenant.azure.assignments == held


def test_the_tenant_is_saved_while_it_runs(run: Run, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrate.emulator.persistence.keeper.SAVED_EVERY", 0.05)
    with run() as world:
        application = world.new_application(displayName="saved meanwhile")
        for _ in range(100):
            if application.passwords[0].secret in state.read_text():
                break
            httpx.get(world.emulator.control_endpoint + "/tenant", trust_env=False)
            world.emulator._state._closed.wait(0.05)  # type: ignore[union-attr]  # it has one
        else:
            raise AssertionError("nothing was saved in five seconds")


def test_time_alone_is_nothing_to_save(run: Run, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with run():
        pass
    before = state.stat().st_mtime_ns
    monkeypatch.setattr("migrate.emulator.persistence.keeper.SAVED_EVERY", 0.02)
    with run() as world:
        world.emulator._state._closed.wait(0.2)  # type: ignore[union-attr]  # it has one
    assert state.stat().st_mtime_ns == before


def test_a_token_says_the_same_after_a_restart(run: Run) -> None:
    claims = []
    for _ in range(2):
        with run() as world:
            token = world.bearer()["Authorization"].removeprefix("Bearer ")
            claims.append(jwt.decode(token, options={"verify_signature": False}))
    changing = {"iat", "nbf", "exp", "uti", "aio"}
    assert len({str({key: value for key, value in each.items() if key not in changing}) for each in claims}) == 1
