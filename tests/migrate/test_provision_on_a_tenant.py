"""Steps carried out and taken back on an embedded tenant, with others at it at the same time."""

from __future__ import annotations

import asyncio
import dataclasses
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.errors import PermissionMissingError, TenantUnreachableError
from migrate import rollout
from migrate.emulator.arm import associated
from migrate.emulator.arm.limits import Quota
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import convert as fault_plan
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.azure import RoleAssignment
from migrate.emulator.state.records import Host
from migrate.emulator.state.roles import READER
from migrate.entry import Entry, Kind
from migrate.errors import WriteFailedError
from migrate.exchange import ASSERTION_CLASS
from migrate.federation import Created, NotCreated, Present
from migrate.model import Pairing, Refusal
from migrate.provision import CarriedOut, NotCarriedOut, WouldCarryOut
from migrate.revert import Refused, Reverted, WouldRevert
from migrate.rollout import State
from migrate.settling import Settling
from migrate.steps import Action
from tests.support.estate import Estate, Saved, estate, take_identities
from tests.support.others import Meanwhile, Replaces, Restless, application, held, hold, other_identity, trust
from tests.support.rollout import rollout as started


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Estate, Saved]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(associated, "QUOTA", Quota(requests=1000, seconds=1.0))
        with started(tmp_path_factory.mktemp("provision"), patch, apps=40) as base:
            take_identities(base.emulator.tenant)
            made = asyncio.run(estate(base))
            yield made, made.save()


@pytest.fixture
def made(whole: tuple[Estate, Saved]) -> Iterator[Estate]:
    whole[1].restore()
    yield whole[0]
    remove(whole[0].tenant)


def stepped(made: Estate) -> Refusal:
    return made.stepped[0]


def host_of(made: Estate, refusal: Refusal) -> Host:
    wanted = next(step.on for step in refusal.steps if step.action is Action.ATTACH_IDENTITY).lower()
    return next(one for one in made.tenant.hosts.values() if one.resource_id.lower() == wanted)


def revert(made: Estate, what: Pairing | Refusal, **options: Any) -> Any:
    course = rollout.course(what) if isinstance(what, Pairing) else rollout.course_of_steps(what)
    return asyncio.run(made.revert(course, **options))


def kinds(made: Estate) -> list[Kind]:
    return [one for one in made.base.kinds() if one is not Kind.PLAN]


def carry_out(made: Estate, **options: Any) -> Any:
    _, (result,) = asyncio.run(made.federate((), (stepped(made),), **options))
    return result


def test_steps_are_carried_out_once_and_taken_back_newest_first(made: Estate) -> None:
    refusal, before = stepped(made), made.outcome()
    would = carry_out(made, apply=False)
    assert isinstance(would, WouldCarryOut)
    assert len(would.left) == len(refusal.steps)
    assert made.outcome() == before
    assert isinstance(carry_out(made), CarriedOut)
    assert carry_out(made) == CarriedOut(refusal=refusal, done=())
    assert kinds(made) == [Kind.IDENTITY_MEANT, Kind.IDENTITY_CREATED, Kind.ATTACH_MEANT, Kind.ATTACHED,
                           Kind.FEDERATE_MEANT, Kind.FEDERATED]  # fmt: skip
    dry = revert(made, refusal, apply=False)
    assert isinstance(dry, WouldRevert)
    assert [text.split()[0] for text in dry.left] == ["delete", "detach", "delete"]
    assert isinstance(revert(made, refusal), Reverted)
    after = made.outcome()
    assert {name: after[name] for name in ("trusts", "attached", "identities")} == {
        name: before[name] for name in ("trusts", "attached", "identities")
    }
    assert after["standings"][refusal.application.client_id][:2] == (State.REVERTED, State.PLANNED)


def test_what_a_host_has_stays_its_own_identity_too(made: Estate) -> None:
    host, other = host_of(made, stepped(made)), other_identity(made)
    hold(made, host, other, own=True)
    assert isinstance(carry_out(made), CarriedOut)
    assert {other.name, host.name} < held(made, host)
    assert len(held(made, host)) == 3
    assert isinstance(revert(made, stepped(made)), Reverted)
    assert held(made, host) == {other.name, host.name}


def test_an_identity_that_somebody_attaches_at_the_same_moment_stays(made: Estate) -> None:
    host, other = host_of(made, stepped(made)), other_identity(made)

    async def story() -> Any:
        async with made.hosts() as real:
            between = Meanwhile(real, lambda: hold(made, host, other))
            return await made.federate((), (stepped(made),), hosts=between)

    _, (result,) = asyncio.run(story())
    assert isinstance(result, CarriedOut)
    assert other.name in held(made, host)


def test_an_identity_that_is_missing_afterwards_is_told_and_nothing_goes_on(made: Estate) -> None:
    host, other = host_of(made, stepped(made)), other_identity(made)
    hold(made, host, other)

    async def story() -> Any:
        async with made.hosts() as real:
            return await made.federate((), (stepped(made),), hosts=Replaces(real._arm, real._clock))

    _, (result,) = asyncio.run(story())
    assert isinstance(result, NotCarriedOut)
    assert other.name in result.message
    assert kinds(made)[-1] is Kind.ATTACH_FAILED
    assert Kind.FEDERATE_MEANT not in kinds(made)


def test_a_host_that_keeps_changing_is_left_alone(made: Estate) -> None:
    async def story() -> None:
        async with made.hosts() as real:
            restless = Restless(real._arm, real._clock)
            with pytest.raises(WriteFailedError, match="keep changing"):
                await restless.attach(host_of(made, stepped(made)).resource_id, other_identity(made).resource_id)

    before = made.outcome()
    asyncio.run(story())
    assert made.outcome() == before


def test_a_machine_whose_code_may_rely_on_its_only_identity_gets_no_second_one_unasked(made: Estate) -> None:
    machine = next(one for one in made.tenant.hosts.values() if one.kind == "vm" and len(one.identities) == 1)
    steps = tuple(
        dataclasses.replace(step, on=machine.resource_id) if step.action is Action.ATTACH_IDENTITY else step
        for step in stepped(made).steps
    )
    refusal = dataclasses.replace(stepped(made), steps=steps)
    _, (dry,) = asyncio.run(made.federate((), (refusal,), second_identity=False, apply=False))
    assert isinstance(dry, WouldCarryOut)
    assert len(dry.warnings) == 1
    before = held(made, machine)
    _, (result,) = asyncio.run(made.federate((), (refusal,), second_identity=False))
    assert isinstance(result, NotCarriedOut)
    assert "--second-identity" in result.message
    assert held(made, machine) == before


def missing(made: Estate) -> Pairing:
    return next(each for each in made.plan.pairings if not each.federated.exists)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"subject": "11111111-2222-4333-8444-555555555555"}, "trusts the subject 11111111"),
        ({"issuer": "https://token.actions.githubusercontent.com"}, "trusts the issuer https://token"),
        ({"audiences": ("api://AzureADTokenExchangeUSGov",)}, "its audience is api://AzureADTokenExchangeUSGov"),
        ({"name": "by-hand", "audiences": ("x",)}, "its audience is x"),
    ],
)
def test_a_hand_made_one_in_the_way_is_told_with_the_next_step(
    made: Estate, changes: dict[str, Any], told: str
) -> None:
    pairing = missing(made)
    by_hand = trust(made, pairing, **changes)
    for apply in (False, True):
        (result,), _ = asyncio.run(made.federate((pairing,), apply=apply))
        assert isinstance(result, NotCreated)
        assert told in result.message
        assert by_hand.id in result.message
        assert "was made by hand" in result.message
        asked, _, rest = result.message.partition("Who signs in with it: ")[2].partition(
            "; an empty answer is no proof"
        )
        assert shlex.split(asked)[:5] == ["az", "rest", "--method", "get", "--url"]
        assert {pairing.application.client_id in asked, by_hand.id in asked} == {True}
        delete = shlex.split(rest.partition("nobody needs it: ")[2].partition(", and run")[0])
        client_id = pairing.application.client_id
        assert delete[-4:] == ["--id", client_id, "--federated-credential-id", by_hand.id]
    assert application(made, pairing).federated[-1] == by_hand
    assert kinds(made) == []


def test_a_hand_made_one_that_is_right_is_used_and_never_deleted(made: Estate) -> None:
    pairing = missing(made)
    by_hand = trust(made, pairing, name="by-hand")
    assert isinstance(asyncio.run(made.federate((pairing,)))[0][0], Present)
    result = revert(made, pairing)
    assert isinstance(result, Reverted)
    assert not result.done
    assert "by-hand" in result.kept[0]
    assert by_hand in application(made, pairing).federated


def test_one_that_somebody_made_anew_or_changed_is_not_ours_any_more(made: Estate) -> None:
    pairing = missing(made)
    assert isinstance(asyncio.run(made.federate((pairing,)))[0][0], Created)
    record = application(made, pairing)
    made.tenant.save_application(dataclasses.replace(record, federated=record.federated[:-1]))
    anew = trust(made, pairing)
    result = revert(made, pairing)
    assert isinstance(result, Reverted)
    assert not result.done
    assert "made anew" in result.kept[0]
    assert anew in application(made, pairing).federated


def test_one_that_is_gone_is_no_error_to_delete(made: Estate) -> None:
    async def story() -> bool:
        async with made.base.directory() as (_, writer):
            return await writer.delete_federated_credential(missing(made).application.id, fresh_guid())

    assert asyncio.run(story()) is False


def test_reads_that_lag_and_flap_are_waited_out_in_the_tenants_own_time(made: Estate) -> None:
    pairing = missing(made)
    lag = {"kind": "lagging-reads", "unseen": 0, "flapping": 3600, "stale_share": 0.5}
    install(made.tenant, fault_plan({"seed": 5, "faults": [lag]}))
    patient = dataclasses.replace(made, settling=Settling(in_a_row=4, reads=200))
    (result,), _ = asyncio.run(patient.federate((pairing,)))
    assert isinstance(result, Created)
    assert isinstance(revert(patient, pairing), Reverted)
    remove(made.tenant)
    assert pairing.federated.name not in {one.name for one in application(made, pairing).federated}
    hasty = dataclasses.replace(made, settling=Settling(in_a_row=3, reads=2))
    (never,), _ = asyncio.run(hasty.federate((pairing,)))
    assert isinstance(never, NotCreated)
    assert "does not show up" in never.message
    assert isinstance(asyncio.run(made.federate((pairing,)))[0][0], Created)


def test_an_identity_that_something_else_uses_stays(made: Estate) -> None:
    refusal = stepped(made)
    carry_out(made)
    identity = next(
        one for one in made.tenant.identities.values() if one.name == refusal.steps[0].on.rpartition("/")[2]
    )
    assignment = RoleAssignment(
        name=fresh_guid(), principal_id=identity.principal_id, role=READER, created=datetime(2026, 1, 1, tzinfo=UTC),
        scope=f"/subscriptions/{next(iter(made.tenant.azure.subscriptions))}",
    )  # fmt: skip
    made.tenant.azure.assignments[assignment.name] = assignment
    result = revert(made, refusal)
    made.tenant.azure.assignments.pop(assignment.name)
    assert isinstance(result, Reverted)
    assert len(result.done) == 2
    assert "it has an Azure role" in result.kept[0]
    assert made.tenant.identities.get(identity.principal_id)


def test_an_identity_that_another_application_trusts_stays_with_its_hosts(made: Estate) -> None:
    refusal, host = stepped(made), host_of(made, stepped(made))
    carry_out(made)
    identity = next(
        one for one in made.tenant.identities.values() if one.name == refusal.steps[0].on.rpartition("/")[2]
    )
    trust(made, missing(made), name="by-hand", subject=identity.principal_id)
    result = revert(made, refusal)
    assert isinstance(result, Reverted)
    assert [text.split()[1] for text in result.done] == ["federated"]
    assert missing(made).application.display_name in result.kept[0]
    assert identity.name in held(made, host)


def record(made: Estate, what: Pairing, kind: Kind, subject: str, **data: Any) -> None:
    entry = Entry(kind=kind, plan=made.plan.digest, application=what.application.client_id, subject=subject, data=data)
    with made.base.journal.lease(what.application.client_id):
        made.base.journal.record(entry)


def test_nothing_is_taken_back_once_a_credential_is_gone_whatever_is_said(made: Estate) -> None:
    pairing = missing(made)
    asyncio.run(made.federate((pairing,)))
    record(made, pairing, Kind.RETIRED, pairing.credentials[0].key_id, removed=True)
    before = made.outcome()
    result = revert(made, pairing, unused="really")
    assert isinstance(result, Refused)
    assert "nothing to sign in with" in result.message
    assert made.outcome() == before


def test_nothing_is_taken_back_that_is_in_use_or_of_which_that_is_unknown(made: Estate) -> None:
    pairing = next(each for each in made.plan.pairings if each.application.display_name == "orders-api")
    asyncio.run(made.federate((pairing,)))
    proven = asyncio.run(made.base.exchange(made.plan).exchange(pairing))
    made.tenant.clock.advance(timedelta(hours=1))
    result = revert(made, pairing, unused="nobody has deployed it")
    assert isinstance(result, Refused)
    assert "it is in use: 1 sign-ins" in result.message
    data = {"token_id": proven.claims.token_id}  # type: ignore[union-attr]
    record(made, pairing, Kind.HELD, "a", gates={})
    record(made, pairing, Kind.PROVEN, "", **data, **_claims(pairing, made))
    code: dict[str, Any] = {"tenant": made.plan.tenant_id, "findings": [], "scanned": 1}
    made.base.journal.record(Entry(kind=Kind.CODE_SCANNED, plan=made.plan.digest, subject="/code", data=code))
    unknown = revert(made, pairing, unused="")
    assert isinstance(unknown, Refused)
    assert "may have been rewritten" in unknown.message
    assert isinstance(revert(made, pairing, unused="the rewritten code was never deployed"), Reverted)


def _claims(pairing: Pairing, made: Estate) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    return {
        "application": pairing.application.client_id, "tenant": made.plan.tenant_id, "audience": "a",
        "credential_class": ASSERTION_CLASS, "issued_at": at, "expires_at": at,
        "assertion_issuer": pairing.federated.issuer, "assertion_subject": pairing.federated.subject,
        "assertion_audience": pairing.federated.audience,
    }  # fmt: skip


def test_a_lost_answer_is_resolved_by_reading(made: Estate) -> None:
    fault = {"kind": "reset", "methods": ["PUT", "PATCH", "POST"], "when": "after", "times": 1,
             "path": "/subscriptions/**"}  # fmt: skip
    for method in ("PUT", "PATCH"):
        install(made.tenant, fault_plan({"faults": [{**fault, "methods": [method]}]}))
        try:
            carry_out(made)
        except TenantUnreachableError:
            assert method == "PATCH"
        remove(made.tenant)
    assert isinstance(carry_out(made), CarriedOut)
    assert not asyncio.run(_begun(made))
    assert isinstance(revert(made, stepped(made)), Reverted)


async def _begun(made: Estate) -> Any:
    (_, now) = rollout.standings((), made.base.journal.entries(), made.stepped)[stepped(made).application.client_id]
    return now.begun


def test_without_the_right_it_is_told_which_one_is_missing(made: Estate) -> None:
    tenant = made.tenant
    operator = tenant.service_principal_of(tenant.application_named("unsecret-operator"))
    kept = {key: one for key, one in tenant.azure.assignments.items() if one.principal_id == operator.id}
    try:
        for key, one in kept.items():
            tenant.azure.assignments[key] = dataclasses.replace(one, role=READER)
        result = carry_out(made)
    except PermissionMissingError as error:  # pragma: no cover - it is a result
        raise AssertionError from error
    finally:
        tenant.azure.assignments.update(kept)
    assert isinstance(result, NotCarriedOut)
    assert "Microsoft.ManagedIdentity/userAssignedIdentities/write" in result.message
    assert kinds(made) == [Kind.IDENTITY_MEANT, Kind.IDENTITY_FAILED]
