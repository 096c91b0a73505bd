"""Sealing, unsealing and guarding applications of an embedded tenant, with the real Graph adapters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from inventory.errors import PermissionMissingError, TenantUnreachableError
from inventory.graph_directory import GraphDirectory
from inventory.model import (
    ApplicationId,
    ClientId,
    CredentialAdded,
    CredentialLog,
    Holder,
    KeyId,
    ServicePrincipalId,
)
from migrate import planfile, sealing
from migrate.cli.main import main
from migrate.emulator.state.records import PasswordCredential
from migrate.entry import Entry, Kind
from migrate.guard import Alarm, Found, Intact, Unclear, wards
from migrate.model import Pairing
from migrate.ports import SealWriter
from migrate.restrictions import ADDITIONS
from migrate.revert import NotReverted, Reverted, WouldRevert
from migrate.rollout import LOCK, POLICY, State
from migrate.seal import NotSealed, NotYet, Refused, Sealed, WouldSeal
from migrate.seal_writer import GraphSealWriter
from tests.support import faultpoints
from tests.support.estate import Saved
from tests.support.rollout import rollout as started
from tests.support.seals import Seals, watched

DEFAULT: dict[str, Any] = {
    "isEnabled": True,
    "applicationRestrictions": {
        "passwordCredentials": [
            {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D",
             "restrictForAppsCreatedAfterDateTime": "2019-01-01T00:00:00Z"},
            {"restrictionType": "passwordAddition", "state": "enabled", "maxLifetime": None,
             "restrictForAppsCreatedAfterDateTime": "2090-01-01T00:00:00Z"},
        ],
        "keyCredentials": [
            {"restrictionType": "asymmetricKeyLifetime", "state": "enabled", "maxLifetime": "P180D",
             "restrictForAppsCreatedAfterDateTime": None},
        ],
        "identifierUris": {"nonDefaultUriAddition": {"state": "enabled", "excludeSaml": True}},
    },
}  # fmt: skip
OWN = {
    "restrictions": {
        "keyCredentials": [
            {"restrictionType": "asymmetricKeyLifetime", "state": "enabled", "maxLifetime": "P30D",
             "restrictForAppsCreatedAfterDateTime": "2030-01-01T00:00:00Z"},
        ]
    }
}  # fmt: skip
WRITES_POLICIES = "be74164b-cff1-491c-8741-e671cb536e13"
READS_LOGS = "b0afded3-3588-46d8-8b3d-9842eff778da"
FORBIDDEN = (400, "CredentialTypeNotAllowedAsPerAppPolicy")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seals, Saved]]:
    with (
        pytest.MonkeyPatch.context() as patch,
        started(tmp_path_factory.mktemp("seal"), patch, apps=20) as base,
    ):
        seals = watched(base)
        yield seals, seals.made.save()
        seals.close()


@pytest.fixture
def seals(whole: tuple[Seals, Saved]) -> Iterator[Seals]:
    found, saved = whole
    assert len(found.watched) >= 3
    yield found
    saved.restore()


def plain(seals: Seals) -> list[Pairing]:
    """Return applications whose service principals sign and encrypt nothing."""
    tenant = seals.made.tenant
    keys = {each.app_id: each.keys for each in tenant.service_principals}
    own = {each.app_id: each.keys for each in tenant.applications}
    ids = [each.application.client_id for each in seals.watched]
    bare = {each for each in ids if not keys.get(each) and not own[each]}
    return [each for each in seals.watched if each.application.client_id in bare]


def set_default(seals: Seals, body: Any = None) -> None:
    assert seals.graph("PATCH", "policies/defaultAppManagementPolicy", body or DEFAULT).status_code == 204


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_sealed_application_takes_no_secret_and_everything_of_the_default_is_kept(seals: Seals) -> None:
    one, *others = plain(seals)[:3]
    set_default(seals)
    before = seals.made.sealed()
    (dry,) = asyncio.run(seals.seal(one, apply=False))
    assert isinstance(dry, WouldSeal)
    assert "passwordLifetime" in dry.left[0]
    assert "asymmetricKeyLifetime" in dry.left[0]
    assert seals.made.sealed() == before
    assert seals.state(one) is State.WATCHED
    assert [type(each) for each in asyncio.run(seals.seal(one, *others))] == [Sealed] * 3
    assert seals.state(one) is State.SEALED
    (policy,) = seals.assigned(one)
    told = {each["restrictionType"]: each for each in policy["restrictions"]["passwordCredentials"]}
    assert set(told) == {*ADDITIONS, "passwordLifetime"}
    assert (told["passwordLifetime"]["maxLifetime"], told["passwordAddition"]["state"]) == ("P90D", "enabled")
    (key,) = policy["restrictions"]["keyCredentials"]
    assert (key["restrictionType"], key["maxLifetime"]) == ("asymmetricKeyLifetime", "P180D")
    assert policy["restrictions"]["applicationRestrictions"] == {
        "identifierUris": DEFAULT["applicationRestrictions"]["identifierUris"]
    }
    assert refusal(seals.add_secret(f"applications/{one.application.id}")) == FORBIDDEN
    principal = next(x for x in seals.made.tenant.service_principals if x.app_id == one.application.client_id)
    assert refusal(seals.add_secret(f"servicePrincipals/{principal.id}")) == (
        400, "CannotUpdateLockedServicePrincipalProperty"
    )  # fmt: skip
    assert len(seals.made.sealed()["policies"]) == 1
    assert [each["id"] for each in seals.assigned(others[0])] == [policy["id"]]
    again = asyncio.run(seals.seal(one, *others))
    assert [(type(each), each.done) for each in again if isinstance(each, Sealed)] == [(Sealed, ())] * 3


def test_the_policy_that_an_application_has_is_kept_and_put_back(seals: Seals) -> None:
    one = plain(seals)[0]
    set_default(seals)
    own = seals.give_policy(one, "ours", **OWN)
    lock = {"isEnabled": True, "credentialsWithUsageVerify": True}
    seals.graph("PATCH", f"applications/{one.application.id}", {"servicePrincipalLockConfiguration": lock})
    before = seals.made.sealed()
    (dry,) = asyncio.run(seals.seal(one, apply=False))
    assert isinstance(dry, WouldSeal)
    assert any("spares it" in note for note in dry.notes)
    assert "'ours'" in dry.left[0]
    (done,) = asyncio.run(seals.seal(one))
    assert isinstance(done, Sealed)
    (policy,) = seals.assigned(one)
    (key,) = policy["restrictions"]["keyCredentials"]
    assert (key["maxLifetime"], key["restrictForAppsCreatedAfterDateTime"]) == ("P30D", None)
    assert isinstance(asyncio.run(seals.unseal(one, apply=False)), WouldRevert)
    taken = asyncio.run(seals.unseal(one))
    assert isinstance(taken, Reverted)
    assert len(taken.done) == 2
    assert [each["id"] for each in seals.assigned(one)] == [own]
    after = seals.made.sealed()
    assert {**after, "policies": ()} == {**before, "policies": ()}
    assert seals.state(one) is State.REVERTED
    (back,) = asyncio.run(seals.seal(one))
    assert isinstance(back, Sealed)
    assert len(back.done) == 2


def test_what_is_not_watched_or_still_has_a_credential_is_not_sealed(seals: Seals, run: Run) -> None:
    one = plain(seals)[0]
    other = seals.plan.pairings[-1]
    assert isinstance(asyncio.run(seals.seal(other))[0], NotYet)
    assert seals.add_secret(f"applications/{one.application.id}").status_code == 200
    before = seals.made.sealed()
    (held,) = asyncio.run(seals.seal(one))
    assert isinstance(held, Refused)
    assert "forbids to renew a secret" in held.message
    code, told = run("seal", "--app", one.application.client_id, text=True)
    assert (code, told.splitlines()[0]) == (1, f"  refused  {one.application.display_name}: {held.message}")
    assert seals.made.sealed() == before
    assert Kind.SEAL_MEANT not in {each.kind for each in seals.base.journal.entries()}


class Changed:
    """A writer of policies that answers as the real one, but for what a test changes."""

    def __init__(self, real: SealWriter, **changed: Any) -> None:
        self._real, self._changed = real, changed

    def __getattr__(self, name: str) -> Any:
        return self._changed.get(name) or getattr(self._real, name)


def through(**changed: Any) -> Callable[[SealWriter], SealWriter]:
    return lambda real: cast("SealWriter", Changed(real, **changed))


def forbidden(*_: Any) -> Any:
    raise PermissionMissingError("Graph said 403; grant Policy.Read.All", permission="Policy.Read.All")


@pytest.mark.parametrize("unknown", ["default_policy", "assigned", "lock"])
def test_what_cannot_be_read_is_never_taken_for_permissive(seals: Seals, unknown: str) -> None:
    one = plain(seals)[0]
    before = seals.made.sealed()
    (held,) = asyncio.run(seals.seal(one, through=through(**{unknown: forbidden})))
    assert isinstance(held, Refused)
    assert "unknown" in held.message
    assert seals.made.sealed() == before


def test_a_policy_that_cannot_be_assigned_leaves_the_former_one(seals: Seals) -> None:
    one = plain(seals)[0]
    own = seals.give_policy(one, "ours", **OWN)

    def refusing(real: SealWriter) -> SealWriter:
        async def assign(application: ApplicationId, policy_id: str) -> bool:
            return await real.assign(application, policy_id) if policy_id == own else forbidden()

        return cast("SealWriter", Changed(real, assign=assign))

    (failed,) = asyncio.run(seals.seal(one, through=refusing))
    assert isinstance(failed, NotSealed)
    assert [each["id"] for each in seals.assigned(one)] == [own]
    assert seals.state(one) is State.FAILED
    (done,) = asyncio.run(seals.seal(one))
    assert isinstance(done, Sealed)
    (policy,) = seals.assigned(one)

    def refusing_the_former(real: SealWriter) -> SealWriter:
        async def assign(application: ApplicationId, policy_id: str) -> bool:
            return forbidden() if policy_id == own else await real.assign(application, policy_id)

        return cast("SealWriter", Changed(real, assign=assign))

    assert isinstance(asyncio.run(seals.unseal(one, through=refusing_the_former)), NotReverted)
    assert [each["id"] for each in seals.assigned(one)] == [policy["id"]]
    asyncio.run(seals.unseal(one))
    assert [each["id"] for each in seals.assigned(one)] == [own]


@contextmanager
def lacking(seals: Seals, role: str) -> Iterator[None]:
    """Take a permission from the operator for a while."""
    operator = f"servicePrincipals(appId='{seals.base.emulator.environment()['AZURE_CLIENT_ID']}')/appRoleAssignments"
    grants = seals.graph("GET", operator).json()["value"]
    (grant,) = [each for each in grants if each["appRoleId"] == role]
    assert seals.graph("DELETE", f"{operator}/{grant['id']}").status_code == 204
    try:
        yield
    finally:
        again = {name: grant[name] for name in ("principalId", "resourceId", "appRoleId")}
        assert seals.graph("POST", operator, again).status_code == 201


def test_without_the_permission_to_write_policies_nothing_is_changed_and_it_is_named(seals: Seals) -> None:
    one = plain(seals)[0]
    before = seals.made.sealed()
    with lacking(seals, WRITES_POLICIES):
        (held,) = asyncio.run(seals.seal(one))
    assert isinstance(held, NotSealed)
    assert "Policy.ReadWrite.ApplicationConfiguration" in held.message
    assert {**seals.made.sealed()} == before


def test_a_service_principal_that_signs_is_not_locked(seals: Seals) -> None:
    tenant = seals.made.tenant
    signing = [
        each
        for each in seals.watched
        for principal in tenant.service_principals
        if principal.app_id == each.application.client_id and any(key.usage == "Sign" for key in principal.keys)
    ]
    assert signing
    (done,) = asyncio.run(seals.seal(signing[0]))
    assert isinstance(done, Sealed)
    assert any("signs tokens" in note for note in done.notes)
    assert seals.state(signing[0]) is State.SEALED
    assert not sealing.locked(seals.made.sealed()["locks"][signing[0].application.client_id])


def sealing_property() -> str:
    return "servicePrincipalLockConfiguration"


EVERY = [
    pytest.param(1, marks=pytest.mark.exhaustive, id="every point"),
    pytest.param(7, marks=pytest.mark.slow, id="every seventh point"),
    pytest.param(41, id="some points"),
]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("every", EVERY)
def test_seal_and_unseal_that_are_ended_anywhere_and_run_again_come_to_the_same(
    seals: Seals, whole: tuple[Seals, Saved], every: int
) -> None:
    """An application with a policy and a lock of its own: whatever the point, nothing of them is lost."""
    one = plain(seals)[0]
    set_default(seals)
    own = seals.give_policy(one, "ours", **OWN)
    whole[1].keep(".whole")
    saved = seals.made.save()

    def seal() -> None:
        assert isinstance(asyncio.run(seals.seal(one))[0], Sealed)

    def unseal() -> None:
        assert isinstance(asyncio.run(seals.unseal(one)), Reverted)

    def outcome() -> Any:
        found = seals.made.outcome()
        return found, [each["id"] == own for each in seals.assigned(one)]

    found = faultpoints.survey(reset=saved.restore, run=seal, outcome=outcome, every=every, first=every // 2)
    kinds = {name for name in found.points if " entry " in name}
    assert {"before entry seal-meant", "after entry sealed"} <= kinds
    assert {"before DELETE", "after POST", "after PATCH"} <= {" ".join(each.split()[:2]) for each in found.points}
    assert found.ended >= len(found.points) // every - 1
    saved.restore()
    seal()
    there = seals.made.save()
    back = faultpoints.survey(reset=there.restore, run=unseal, outcome=outcome, every=every, first=every // 3)
    assert back.ended >= len(back.points) // every - 1
    assert [each["id"] for each in seals.assigned(one)] == [own]
    whole[1].restore(".whole")
    whole[0].made.save()


def test_an_answer_that_was_lost_is_found_out_by_reading(seals: Seals) -> None:
    one = plain(seals)[0]

    def losing(real: SealWriter) -> SealWriter:
        async def assign(application: ApplicationId, policy_id: str) -> bool:
            await real.assign(application, policy_id)
            raise TenantUnreachableError("the answer was lost")

        return cast("SealWriter", Changed(real, assign=assign))

    with pytest.raises(TenantUnreachableError):
        asyncio.run(seals.seal(one, through=losing))
    (done,) = asyncio.run(seals.seal(one))
    assert isinstance(done, Sealed)
    assert len(seals.made.sealed()["policies"]) == 1
    told = [(each.kind, each.subject) for each in seals.base.journal.entries(application=one.application.client_id)]
    assert told.count((Kind.SEAL_MEANT, POLICY)) == told.count((Kind.SEALED, POLICY)) == 1


def test_what_somebody_changed_since_is_left_as_it_is_and_told(seals: Seals) -> None:
    one, two = plain(seals)[:2]
    gone = seals.give_policy(one, "ours", **OWN)
    asyncio.run(seals.seal(one, two))
    assert seals.graph("DELETE", f"policies/appManagementPolicies/{gone}").status_code == 204
    first = asyncio.run(seals.unseal(one))
    assert isinstance(first, Reverted)
    assert any("'ours' does not exist any more" in each for each in first.kept)
    assert seals.assigned(one) == []
    seals.take_policy(two)
    theirs = seals.give_policy(two, "theirs", **OWN)
    lock = {"isEnabled": True, "credentialsWithUsageSign": True}
    seals.graph("PATCH", f"applications/{two.application.id}", {sealing_property(): lock})
    second = asyncio.run(seals.unseal(two))
    assert isinstance(second, Reverted)
    assert [each.partition(" ")[2].partition(" ")[0] for each in second.kept] == ["lock", "'theirs'"]
    assert [each["id"] for each in seals.assigned(two)] == [theirs]
    asyncio.run(seals.seal(two))
    (renamed,) = seals.assigned(two)
    seals.graph("PATCH", f"policies/appManagementPolicies/{renamed['id']}", {"displayName": "another name"})
    set_default(seals)
    assert isinstance(asyncio.run(seals.seal(two))[0], Sealed)
    asyncio.run(seals.unseal(two))
    assert [each["id"] for each in seals.assigned(two)] == [theirs]


def test_what_the_seal_found_strict_enough_is_never_taken_off(seals: Seals) -> None:
    one, two = plain(seals)[:2]
    asyncio.run(seals.seal(one))
    (policy,) = seals.assigned(one)
    theirs = seals.give_policy(two, "as strict", restrictions=policy["restrictions"])
    lock = {"isEnabled": True, "allProperties": True}
    seals.graph("PATCH", f"applications/{two.application.id}", {sealing_property(): lock})
    (done,) = asyncio.run(seals.seal(two))
    assert isinstance(done, Sealed)
    assert (done.done, seals.state(two)) == ((), State.SEALED)
    before = seals.made.sealed()
    taken = asyncio.run(seals.unseal(two))
    assert isinstance(taken, Reverted)
    assert (len(taken.done), len(taken.kept)) == (0, 2)
    assert seals.made.sealed() == before
    assert [each["id"] for each in seals.assigned(two)] == [theirs]


def test_guard_finds_nothing_where_everything_is_as_it_was_left(seals: Seals) -> None:
    asyncio.run(seals.seal(*plain(seals)[:2]))
    found = asyncio.run(seals.guard())
    assert {type(each) for each in found} == {Intact}
    assert len(found) == len(seals.watched)


def alarms(seals: Seals, one: Pairing) -> list[Alarm]:
    return [each.alarm for each in asyncio.run(seals.guard(one)) if isinstance(each, Found)]


def test_guard_finds_a_secret_that_appeared_on_a_retired_application(seals: Seals) -> None:
    one = plain(seals)[0]
    seals.base.emulator.advance(timedelta(minutes=5))
    principal = next(x for x in seals.made.tenant.service_principals if x.app_id == one.application.client_id)
    keys = [seals.add_secret(path).json()["keyId"] for path in
            (f"applications/{one.application.id}", f"servicePrincipals/{principal.id}")]  # fmt: skip
    found = [each for each in asyncio.run(seals.guard(one)) if isinstance(each, Found)]
    assert [each.subject for each in found] == keys
    assert {each.alarm for each in found} == {Alarm.CREDENTIAL_APPEARED}
    assert all(each.at and each.owners is not None and "added later" in each.text for each in found)
    operator = seals.base.emulator.environment()["AZURE_CLIENT_ID"]
    name = next(x.display_name for x in seals.made.tenant.service_principals if x.app_id == operator)
    for each in found:
        assert isinstance(each.added, CredentialAdded)
        assert f"the application {name} (" in each.added.by
        assert abs(each.added.at - seals.made.tenant.clock.now()) < timedelta(minutes=1)


def test_guard_reads_the_audit_log_once_for_all_that_appeared_on_one_object(
    seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = plain(seals)[0]
    seals.base.emulator.advance(timedelta(minutes=5))
    keys = {seals.add_secret(f"applications/{one.application.id}").json()["keyId"] for _ in range(3)}
    asked: list[str] = []
    real = GraphDirectory.credential_log

    async def counted(self: GraphDirectory, object_id: ApplicationId | ServicePrincipalId) -> CredentialLog:
        asked.append(object_id)
        return await real(self, object_id)

    monkeypatch.setattr(GraphDirectory, "credential_log", counted)
    found = [each for each in asyncio.run(seals.guard(one)) if isinstance(each, Found)]
    assert {each.subject for each in found} == keys
    assert all(isinstance(each.added, CredentialAdded) for each in found)
    assert asked == [one.application.id]


def test_guard_says_why_it_is_unknown_who_added_a_credential(seals: Seals) -> None:
    one = plain(seals)[0]
    seals.base.emulator.advance(timedelta(minutes=5))
    seals.add_secret(f"applications/{one.application.id}")

    def added() -> str:
        (found,) = [each for each in asyncio.run(seals.guard(one)) if isinstance(each, Found)]
        assert isinstance(found.added, str)
        return found.added

    with lacking(seals, READS_LOGS):
        assert "AuditLog.Read.All" in added()
    with seals.made.tenant.lock:
        kept, seals.made.tenant.audits = seals.made.tenant.audits, []
    assert "30 days (7 without" in added()
    seals.made.tenant.audits = kept


def test_guard_looks_at_what_is_partly_retired(seals: Seals) -> None:
    """One whose removal began: what is left of the plan is expected, what is new or back again is not."""
    one = plain(seals)[0]
    left = replace(one.credentials[0], key_id=KeyId("11111111-1111-4111-8111-111111111111"))
    partly = replace(one, credentials=(*one.credentials, left))
    (ward,) = wards((partly,), seals.base.journal.entries())
    assert ward.standing.station is State.PARTLY_RETIRED
    assert alarms(seals, partly) == []
    application = seals.made.tenant.applications.get(one.application.id)
    assert application is not None
    start = seals.made.tenant.clock.now()

    def put(*keys: str) -> None:
        made = [PasswordCredential(key_id=each, secret="s", start=start, end=start + timedelta(9)) for each in keys]
        seals.made.tenant.save_application(replace(application, passwords=(*application.passwords, *made)))

    put(left.key_id)
    assert alarms(seals, partly) == []
    put(left.key_id, "22222222-2222-4222-8222-222222222222")
    assert alarms(seals, partly) == [Alarm.CREDENTIAL_APPEARED]
    put(one.credentials[0].key_id)
    assert alarms(seals, partly) == [Alarm.CREDENTIAL_RETURNED]
    assert alarms(seals, one) == [Alarm.CREDENTIAL_RETURNED]


def test_guard_finds_every_way_in_which_a_seal_is_undone(seals: Seals) -> None:
    one = plain(seals)[0]
    address = f"applications/{one.application.id}"
    asyncio.run(seals.seal(one))
    (policy,) = seals.assigned(one)
    set_default(seals)
    assert alarms(seals, one) == [Alarm.BEHIND_DEFAULT]
    asyncio.run(seals.seal(one))
    assert alarms(seals, one) == []
    (newer,) = seals.assigned(one)
    assert newer["id"] != policy["id"]
    seals.graph("PATCH", f"policies/appManagementPolicies/{newer['id']}", {"isEnabled": False})
    assert alarms(seals, one) == [Alarm.POLICY_LOOSENED]
    seals.take_policy(one)
    assert alarms(seals, one) == [Alarm.POLICY_OFF]
    seals.graph("PATCH", address, {sealing_property(): {"isEnabled": False}})
    assert alarms(seals, one) == [Alarm.POLICY_OFF, Alarm.LOCK_OFF]
    set_default(seals, {"isEnabled": False})
    assert seals.add_secret(address).status_code == 200
    assert alarms(seals, one) == [Alarm.CREDENTIAL_APPEARED, Alarm.POLICY_OFF, Alarm.LOCK_OFF]


def test_guard_finds_a_federated_credential_that_went_or_appeared(seals: Seals) -> None:
    one = plain(seals)[0]
    address = f"applications/{one.application.id}/federatedIdentityCredentials"
    asyncio.run(seals.seal(one))
    other = {"name": "by-night", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:a/b:ref:x",
             "audiences": ["api://AzureADTokenExchange"]}  # fmt: skip
    assert seals.graph("POST", address, other).status_code == 201
    assert alarms(seals, one) == [Alarm.FEDERATED_APPEARED]
    ours = next(each for each in seals.graph("GET", address).json()["value"]
                if each["subject"] == one.federated.subject)  # fmt: skip
    seals.graph("PATCH", f"{address}/{ours['id']}", {"subject": "11111111-1111-4111-8111-111111111111"})
    assert alarms(seals, one) == [Alarm.FEDERATED_CHANGED, Alarm.FEDERATED_APPEARED]
    seals.graph("DELETE", f"{address}/{ours['id']}")
    assert alarms(seals, one) == [Alarm.FEDERATED_REMOVED, Alarm.FEDERATED_APPEARED]


def test_guard_goes_on_to_tell_of_a_federated_credential_when_the_application_is_sealed_anew(seals: Seals) -> None:
    one = plain(seals)[0]
    asyncio.run(seals.seal(one))
    other = {"name": "by-night", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:a/b:ref:x",
             "audiences": ["api://AzureADTokenExchange"]}  # fmt: skip
    seals.graph("POST", f"applications/{one.application.id}/federatedIdentityCredentials", other)
    seals.take_policy(one)
    assert set(alarms(seals, one)) == {Alarm.FEDERATED_APPEARED, Alarm.POLICY_OFF}
    asyncio.run(seals.seal(one))
    assert alarms(seals, one) == [Alarm.FEDERATED_APPEARED]
    asyncio.run(seals.unseal(one))
    asyncio.run(seals.seal(one))
    assert alarms(seals, one) == []


def test_guard_finds_a_secret_of_a_service_principal_whose_maker_chose_an_old_start(seals: Seals) -> None:
    """No removal looked at the service principal, and its start says nothing."""
    one = plain(seals)[0]
    principal = next(x for x in seals.made.tenant.service_principals if x.app_id == one.application.client_id)
    body = {"passwordCredential": {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2031-01-01T00:00:00Z"}}
    made = seals.graph("POST", f"servicePrincipals/{principal.id}/addPassword", body).json()
    found = [each for each in asyncio.run(seals.guard(one)) if isinstance(each, Found)]
    assert [(each.alarm, each.subject) for each in found] == [(Alarm.CREDENTIAL_APPEARED, made["keyId"])]


def test_a_credential_that_somebody_adds_while_another_one_is_removed_is_not_taken_for_one_that_was_there() -> None:
    def entry(kind: Kind, **told: Any) -> Entry:
        whose: dict[str, Any] = {"application": ClientId("a"), "subject": "gone", "data": {"holder": "application"}}
        return Entry(kind=kind, plan="p", **whose, **told)

    meant = entry(Kind.RETIRE_MEANT, seen_before={"credentials": ["gone", "left"]})
    done = entry(Kind.RETIRED, seen_after={"credentials": ["left", "added meanwhile"]})
    left, added = KeyId("left"), KeyId("added meanwhile")
    assert sealing.baseline((meant, done), Holder.APPLICATION) == frozenset({left})
    assert sealing.baseline((done,), Holder.APPLICATION) == frozenset({left, added})
    assert sealing.baseline((meant, done), Holder.SERVICE_PRINCIPAL) is None


def test_guard_tells_what_it_cannot_read_as_unknown(seals: Seals) -> None:
    one = plain(seals)[0]
    asyncio.run(seals.seal(one))
    for part in ("default_policy", "assigned", "lock"):
        (found,) = asyncio.run(seals.guard(one, through=through(**{part: forbidden})))
        assert isinstance(found, Unclear)
        assert "unknown" in found.text
    assert LOCK in "".join(each.subject for each in seals.base.journal.entries())


Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(seals: Seals, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("migrate.clock.SystemClock.sleep", seals.base.clock.sleep)
    plan = seals.base.folder / "plan.json"
    planfile.write(seals.plan, plan)

    def once(command: str, *arguments: str, text: bool = False) -> tuple[int, Any]:
        capsys.readouterr()
        subject = () if command == "status" else (str(plan),)
        options = ("--journal", f"sqlite:///{seals.base.folder / 'journal.db'}", "--format", "text" if text else "json")
        code = main([command, *subject, *arguments, *options])
        said = capsys.readouterr()
        return code, said.out if text else json.loads(said.out) if said.out else said.err

    return once


def test_the_commands_seal_tell_guard_and_take_back(seals: Seals, run: Run) -> None:
    one = plain(seals)[0]
    client_id = one.application.client_id
    (row,) = [each for each in run("status")[1]["each"] if each["client_id"] == client_id]
    assert (row["state"], row["next"]) == ("watched", f"unsecret seal PLAN --app {client_id}")
    code, told = run("seal", "--app", client_id, text=True)
    assert code == 0
    assert "Dry run. To make these changes: unsecret seal" in told
    code, told = run("seal", text=True)
    waiting = [each for each in told.splitlines() if each.startswith("  not yet  ")]
    assert len(waiting) == len(seals.plan.pairings) - len(seals.watched)
    assert all("it is sealed once it was watched to the end" in each for each in waiting)
    assert told.count("        next: unsecret") == len(waiting)
    code, rows = run("seal", "--apply")
    assert (code, sorted({each["result"] for each in rows})) == (1, ["not yet", "sealed"])
    (row,) = [each for each in run("status")[1]["each"] if each["client_id"] == client_id]
    assert (row["state"], row["next"]) == ("sealed", "")
    assert run("seal", "--app", seals.plan.pairings[-1].application.client_id)[0] == 1
    assert run("guard") == (0, [])
    code, told = run("guard", text=True)
    assert "4 applications that lost credentials: nothing found" in told
    seals.take_policy(one)
    code, (row,) = run("guard")
    assert (code, row["result"], row["client_id"]) == (1, "policy-off", client_id)
    code, told = run("guard", text=True)
    assert (code, "owners: " in told) == (1, True)
    assert run("seal", "--app", client_id, "--apply")[0] == 0
    assert run("guard")[0] == 0
    assert run("revert", "--app", client_id, "--to", "watched")[1]["result"] == "would revert"
    assert run("revert", "--app", client_id, "--to", "watched", "--apply")[1]["result"] == "reverted"
    assert seals.assigned(one) == []
    assert run("revert", "--app", client_id, "--apply")[0] == 1  # its secret is gone: federation stays


def test_guard_takes_a_journal_and_ends_with_2_where_it_cannot_read(
    seals: Seals, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(seals.seal())
    journal = seals.base.folder / "journal.db"
    for source in (str(journal), f"sqlite:///{journal}"):
        assert main(["guard", source]) == 0
        assert "4 applications" in capsys.readouterr().out
    assert main(["guard", str(seals.base.folder / "missing.db")]) == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GraphSealWriter, "default_policy", forbidden)
        assert main(["guard", str(journal)]) == 2
    assert "whether its policy still holds is unknown" in capsys.readouterr().out
    other = f"sqlite:///{seals.base.folder / 'other.db'}"
    assert main(["guard", other]) == 2
    assert "nothing stands in the journal" in capsys.readouterr().err
