"""The gates that look at the rollout around a credential, bent one at a time."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.estate import Policy as AppManagementPolicy
from inventory.estate import Restriction
from inventory.lifetimes import Policies
from inventory.model import ClientId, CredentialKind, Holder, KeyId, SignIn
from migrate import gates
from migrate.circumstances import (
    Caller,
    Circumstances,
    Forbidden,
    GoneCaller,
    Informed,
    NotTold,
    OptOut,
    Policy,
    Possible,
    Removed,
    RetirePolicy,
)
from migrate.days import Freeze
from migrate.entry import Entry, Json, Kind
from migrate.gate import Closed
from migrate.gates import freeze_window, opt_out
from migrate.model import Plan, SeenUse
from migrate.planning.plan import make_plan
from migrate.planning.seen import seen as seen_in
from migrate.rollback import Rules, rollback
from migrate.surroundings import Surroundings
from migrate.usedby import MOST, UNTOLD, unclear_of
from tests.support.questions import APPLICATION, IDENTITY, PAIRING, claims, history, ours, question, sign_in
from tests.support.tenants import NOW, OWNER, application, credential, guid, identity, principal, snapshot, trust, use

KEY = PAIRING.credentials[0].key_id
YOUNG = Circumstances(taken_at=NOW - timedelta(days=1))


def closed(*, policy: Policy | None = None, around: dict[str, Any] | None = None, **changes: Any) -> dict[str, str]:
    told = dataclasses.replace(YOUNG, **(around or {}))
    asked = question(policy=policy or Policy(), circumstances=told, **changes)
    return {name: answer.because for name, answer in gates.closed(gates.ask(asked))}


def by_exchange(days_ago: float, address: str) -> SignIn:
    return dataclasses.replace(ours(), at=NOW - timedelta(days=days_ago), address=address)


@pytest.mark.parametrize(
    ("age", "holds"),
    [
        (timedelta(hours=72), False),
        (timedelta(hours=72, seconds=1), True),
        (timedelta(minutes=-4), False),
        (timedelta(minutes=-6), True),
    ],
)
def test_a_plan_of_an_old_or_a_future_snapshot_holds(*, age: timedelta, holds: bool) -> None:
    told = closed(policy=Policy(plan_hours=72), around={"taken_at": NOW - age})
    assert set(told) == ({"plan-fresh"} if holds else set())


def test_an_exclusion_holds_to_the_end_of_its_day() -> None:
    def until(day: date) -> dict[str, str]:
        return closed(around={"opt_outs": (OptOut(application="orders", reason="year end", until=day),)})

    assert "year end" in until(NOW.date())["opt-out"]
    assert until(NOW.date() - timedelta(days=1)) == {}


@pytest.mark.parametrize(("first", "last", "holds"), [(-1, 1, True), (0, 0, True), (2, 3, False), (-2, -1, False)])
def test_a_freeze_window_holds_on_its_days(*, first: int, last: int, holds: bool) -> None:
    day = NOW.date()
    freeze = Freeze(first=day + timedelta(days=first), last=day + timedelta(days=last), reason="sale")
    assert set(closed(around={"freezes": (freeze,)})) == ({"freeze-window"} if holds else set())


@pytest.mark.parametrize(
    ("local", "zone", "holds"),
    [
        ("2026-12-14T23:59", "America/New_York", True),  # it is the 15th in Berlin already
        ("2026-12-14T10:59", "Europe/Berlin", False),
        ("2026-12-15T00:01", "Europe/Berlin", True),
        ("2027-01-05T23:59", "America/New_York", True),
        ("2027-01-05T23:59", "Pacific/Honolulu", True),
        ("2027-01-06T07:01", "America/New_York", False),
    ],
)
def test_a_day_that_people_name_is_left_alone_from_its_beginning_to_its_end_wherever_they_are(
    local: str, zone: str, *, holds: bool
) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    freeze = Freeze(first=date(2026, 12, 15), last=date(2027, 1, 5), reason="r")
    assert freeze.holds_at(now) is holds
    assert (
        isinstance(
            freeze_window.GATE.ask(question(now=now, circumstances=dataclasses.replace(YOUNG, freezes=(freeze,)))),
            Closed,
        )
        is holds
    )
    out = OptOut(application="orders", reason="r", until=freeze.last)
    after = now > datetime(2027, 1, 1, tzinfo=NOW.tzinfo)
    told = opt_out.GATE.ask(question(now=now, circumstances=dataclasses.replace(YOUNG, opt_outs=(out,))))
    assert isinstance(told, Closed) is (holds or not after)


@pytest.mark.parametrize(("zone", "night"), [("Europe/Berlin", (2026, 10, 25)), ("America/New_York", (2026, 11, 1))])
def test_the_hour_that_comes_twice_is_frozen_both_times(zone: str, night: tuple[int, int, int]) -> None:
    day = date(*night)
    freeze = Freeze(first=day, last=day, reason="the clocks are set back")
    for fold in (0, 1):
        at = datetime(*night, 1 if zone.startswith("America") else 2, 30, tzinfo=ZoneInfo(zone), fold=fold)
        assert freeze.holds_at(at)


def test_an_open_earlier_wave_trouble_and_a_young_canary_hold() -> None:
    assert "orders" in closed(around={"unsettled": 2, "waits_for": "orders"})["wave-order"]
    assert closed(around={"trouble": "the exchange fails"}) == {"wave-order": "the exchange fails"}
    assert set(closed(around={"canary_removed": NOW - timedelta(hours=1, minutes=59)})) == {"wave-order"}
    assert closed(around={"canary_removed": NOW - timedelta(hours=2)}) == {}
    for age, shut in ((timedelta(hours=1, minutes=59), {"wave-order"}), (timedelta(hours=2), set())):
        assert set(closed(around={"stand_in": Removed(at=NOW - age, client_id=ClientId("c"), name="first")})) == shut


@pytest.mark.parametrize(
    ("policy", "around", "holds"),
    [
        (Policy(per_run=2), {"removed_in_run": 1, "removed_in_hour": 9}, False),
        (Policy(per_run=2), {"removed_in_run": 2}, True),
        (Policy(per_hour=3), {"removed_in_hour": 2}, False),
        (Policy(per_hour=3), {"removed_in_hour": 3}, True),
        (Policy(), {"removed_in_run": 10_000, "removed_in_hour": 10_000}, False),
    ],
)
def test_the_change_limit_counts(*, policy: Policy, around: dict[str, Any], holds: bool) -> None:
    assert set(closed(policy=policy, around=around)) == ({"change-limit"} if holds else set())


@pytest.mark.parametrize(
    ("informed", "holds"),
    [
        (None, True),
        (Informed(at=NOW - timedelta(days=13), answer=None, by="x"), True),
        (Informed(at=NOW - timedelta(days=14), answer=None, by="x"), False),
        (Informed(at=NOW, answer=True, by="x"), False),
        (Informed(at=NOW - timedelta(days=99), answer=False, by="x"), True),
    ],
)
def test_owners_must_have_been_told_where_the_policy_asks(*, informed: Informed | None, holds: bool) -> None:
    told = closed(policy=Policy(owner_days=14), around={"informed": informed})
    assert set(told) == ({"owner-informed"} if holds else set())


def test_nobody_needs_to_tell_owners_where_the_policy_does_not_ask() -> None:
    assert closed(around={"informed": None}) == {}
    assert closed(around={"informed": Informed(at=NOW, answer=None, by="x")}) == {}


def test_a_no_of_the_owners_holds_whatever_the_policy_asks_and_until_they_agree() -> None:
    no = entry(Kind.OWNER_TOLD, SECOND, answer=False)
    again, agreed = entry(Kind.OWNER_TOLD, SECOND, answer=None), entry(Kind.OWNER_TOLD, SECOND, answer=True)
    for told, holds in (((no,), True), ((no, again), True), ((no, again, agreed), False), ((again,), False)):
        assert set(closed(around={"informed": surrounded(*told).informed})) == ({"owner-informed"} if holds else set())


def test_no_way_back_holds_unless_the_policy_does_without() -> None:
    assert "no-secrets" in closed(around={"rollback": Forbidden(policy="no-secrets")})["rollback-possible"]
    assert "unknown" in closed(around={"rollback": NotTold(why="not granted")})["rollback-possible"]
    assert closed(policy=Policy(rollback=False), around={"rollback": NotTold(why="not granted")}) == {}


def test_a_caller_that_only_fell_silent_holds() -> None:
    old = sign_in(key_id=KEY, days_ago=29, address="192.0.2.9")
    assert "192.0.2.9" in closed(history=history(old))["all-callers-moved"]
    assert "all-callers-moved" in closed(history=history(old, by_exchange(29.5, "192.0.2.9")))
    assert closed(history=history(old, by_exchange(28.5, "192.0.2.9"))) == {}
    assert closed(history=history(old), around={"gone": frozenset({"192.0.2.9"})}) == {}


def test_a_caller_of_which_only_the_journal_knows_holds() -> None:
    caller = Caller(address="192.0.2.9", last=NOW - timedelta(days=90))
    assert "192.0.2.9" in closed(around={"callers": (caller,)})["all-callers-moved"]
    assert closed(around={"callers": (caller,)}, history=history(by_exchange(5, "192.0.2.9"))) == {}


@pytest.mark.parametrize("unclear", [{}, {"credential_type": "none"}, {"credential_type": "unknownFutureValue"}])
def test_a_sign_in_that_leaves_its_credential_open_holds_when_it_is_out_of_the_window_too(
    unclear: dict[str, Any],
) -> None:
    old = sign_in(days_ago=29, address="192.0.2.9", **unclear)
    told = closed(history=history(old))["all-callers-moved"]
    assert "192.0.2.9" in told
    assert "leaves open which credential" in told
    assert "all-callers-moved" in closed(history=history(old, by_exchange(29.5, "192.0.2.9")))
    assert "all-callers-moved" in closed(history=history(old, by_exchange(5, "192.0.2.8")))
    assert closed(history=history(old, by_exchange(28.5, "192.0.2.9"))) == {}
    for given_up in ("192.0.2.9", "unclear"):
        assert closed(history=history(old), around={"gone": frozenset({given_up})}) == {}
    known = Caller(address="192.0.2.9", last=NOW - timedelta(days=90), unclear=True)
    assert "192.0.2.9" in closed(around={"callers": (known,)})["all-callers-moved"]


def test_unclear_gives_up_nobody_who_is_known_to_have_used_it() -> None:
    old = sign_in(key_id=KEY, days_ago=29, address="192.0.2.9")
    open_ = sign_in(days_ago=29, address="192.0.2.9")
    told = closed(history=history(old, open_), around={"gone": frozenset({"unclear"})})
    assert "which used it last" in told["all-callers-moved"]


def test_what_rules_the_credential_out_and_what_failed_leaves_no_caller() -> None:
    others = (
        sign_in(days_ago=29, address="192.0.2.9", credential_type="certificate"),
        sign_in(days_ago=29, address="192.0.2.9", key_id="11111111-1111-4111-8111-111111111111"),
        sign_in(days_ago=29, address="192.0.2.9", error_code=7000215),
    )
    assert closed(history=history(*others)) == {}


def test_many_unclear_addresses_are_bounded_and_none_is_lost() -> None:
    log = history(*(sign_in(days_ago=29 + n / 1000, address=f"2001:db8::{n:x}") for n in range(MOST + 7)))
    found = unclear_of(log, question().credential)
    assert len(found) == MOST + 1
    assert found[UNTOLD] == NOW - timedelta(days=29 + MOST / 1000)
    assert "2001:db8::0" in found
    every = frozenset({f"2001:db8::{n:x}" for n in range(MOST + 7)})
    assert UNTOLD in closed(history=log, around={"gone": every})["all-callers-moved"]


def test_another_federated_credential_does_not_move_a_caller() -> None:
    old = sign_in(key_id=KEY, days_ago=29, address="192.0.2.9")
    foreign = dataclasses.replace(by_exchange(1, "192.0.2.9"), federated_credential_id="another")
    failed = dataclasses.replace(by_exchange(1, "192.0.2.9"), error_code=700213)
    assert "all-callers-moved" in closed(history=history(old, foreign, failed))


def test_the_last_credential_needs_a_record_of_the_log() -> None:
    proofs = question().proofs
    unrelated = dataclasses.replace(ours(), federated_credential_id="another", token_id=proofs[-1].token_id)
    blind = dataclasses.replace(history(), sign_ins=(unrelated,))
    assert set(closed(history=blind)) == {"not-last-credential-without-proof"}
    two = application(
        "orders",
        credentials=(*APPLICATION.credentials, credential("orders", label="two")),
        federated=(trust(IDENTITY),),
    )
    (pairing,) = make_plan(snapshot(two, identities=(IDENTITY,))).pairings
    assert closed(history=blind, application=two, held=two.credentials, pairing=pairing) == {}
    late = dataclasses.replace(pairing, wave=2)
    told = closed(history=blind, application=two, held=two.credentials, pairing=late)
    assert set(told) == {"not-last-credential-without-proof"}


def test_in_a_later_wave_our_own_exchanges_are_no_sign_ins_of_the_application() -> None:
    pairing = question().pairing
    probe = claims(at=ours().at, token_id="uti of ours")
    record = dataclasses.replace(ours(), token_id="uti of ours")
    late = dataclasses.replace(pairing, wave=2)
    assert closed(history=history(record), probes=(probe,)) == {}
    told = closed(history=history(record), probes=(probe,), pairing=late)
    assert "but for our own exchanges" in told["not-last-credential-without-proof"]
    theirs = dataclasses.replace(record, token_id="uti of theirs")
    assert closed(history=history(record, theirs), probes=(probe,), pairing=late) == {}


def test_a_credential_that_appeared_after_the_plan_holds() -> None:
    def added(**changes: Any) -> dict[str, str]:
        new = dataclasses.replace(
            credential("orders", label="new"), start=NOW - timedelta(hours=1), end=NOW + timedelta(days=1)
        )
        more = dataclasses.replace(
            APPLICATION, credentials=(*APPLICATION.credentials, dataclasses.replace(new, **changes))
        )
        return closed(application=more, held=more.credentials)

    assert "was added since" in added()["application-unchanged"]
    assert "was added since" in added(start=NOW - timedelta(days=2))["application-unchanged"]  # its maker chooses it
    assert added(end=NOW - timedelta(minutes=1)) == {}


def test_a_certificate_that_was_rolled_under_the_key_id_of_the_old_one_is_another_one() -> None:
    """Whoever adds a certificate chooses its key id and its end; the log may name it by its thumbprint alone."""
    old = credential("orders", kind=CredentialKind.CERTIFICATE, label="old")
    before = application("orders", credentials=(old,), federated=(trust(IDENTITY),))
    (pairing,) = make_plan(snapshot(before, identities=(IDENTITY,))).pairings
    new = dataclasses.replace(old, thumbprint="AB" * 20)
    after = dataclasses.replace(before, credentials=(new,))
    told: dict[str, Any] = {"pairing": pairing, "credential": pairing.credentials[0]}
    assert "application-unchanged" not in closed(application=before, held=before.credentials, **told)
    because = closed(application=after, held=after.credentials, **told)["application-unchanged"]
    assert because == "the credential was changed since the plan was made"


def test_a_credential_of_the_service_principal_with_the_key_id_of_a_planned_one_was_added() -> None:
    theirs = principal("orders")
    twin = dataclasses.replace(APPLICATION.credentials[0], holder=Holder.SERVICE_PRINCIPAL, holder_id=theirs.id)
    because = closed(principal=dataclasses.replace(theirs, credentials=(twin,)))["application-unchanged"]
    assert "was added since" in because


def test_a_use_without_an_address_is_one_of_a_caller_that_cannot_be_seen_to_move() -> None:
    """A job that runs monthly is outside of the window of ``secret-unused``, and still a caller."""
    log = history(sign_in(key_id=KEY, days_ago=28.5, address=None), by_exchange(1, "192.0.2.7"))
    assert "unknown, which used it last at" in closed(history=log)["all-callers-moved"]
    assert closed(history=log, around={"gone": frozenset({"unknown"})}) == {}


# ---------------------------------------------------------------------- a way back


def restriction(**changes: Any) -> Restriction:
    plain = Restriction(
        holder="applications",
        credentials="passwordCredentials",
        type="passwordAddition",
        state="enabled",
        longest=None,
        for_apps_created_after=None,
    )
    return dataclasses.replace(plain, **changes)


def policies(*restrictions: Restriction, default: bool = True, enabled: bool = True) -> AppManagementPolicy:
    return AppManagementPolicy(
        id="p",
        name="no-secrets",
        is_default=default,
        enabled=enabled,
        restrictions=restrictions,
        applies_to=() if default else (APPLICATION.id,),
    )


OWN = policies(restriction(holder=""), default=False)


@pytest.mark.parametrize(
    ("found", "forbidden"),
    [
        ((), False),
        ((policies(restriction()),), True),
        ((policies(restriction(state=None)),), True),
        ((policies(restriction(state="disabled")),), False),
        ((policies(restriction(), enabled=False),), False),
        ((policies(restriction(type="passwordLifetime")),), False),
        ((policies(restriction(credentials="keyCredentials")),), False),
        ((policies(restriction(holder="servicePrincipals")),), False),
        ((policies(restriction()), policies(default=False)), False),
        ((OWN,), True),
        (
            (
                dataclasses.replace(
                    policies(restriction(holder=""), default=False), applies_to=(APPLICATION.id.upper(),)
                ),
            ),
            True,
        ),
        ((policies(restriction(for_apps_created_after="2999-01-01T00:00:00Z")),), False),
        ((policies(restriction(for_apps_created_after="who knows")),), True),
    ],
)
def test_policies_decide_whether_a_secret_can_be_added(
    *, found: tuple[AppManagementPolicy, ...], forbidden: bool
) -> None:
    made = dataclasses.replace(APPLICATION, created=datetime(2020, 1, 1, tzinfo=NOW.tzinfo))
    assert rollback(Rules(policies=Policies(found)), made) == (
        Forbidden(policy="no-secrets") if forbidden else Possible()
    )


def test_policies_that_cannot_be_read_are_unknown() -> None:
    assert rollback(Rules(missing="no"), None) == NotTold(why="no")


# ---------------------------------------------------------------------- what the journal says


FIRST, SECOND = (
    dataclasses.replace(pairing, wave=wave)
    for wave, pairing in enumerate(
        make_plan(
            snapshot(
                *(application(name, federated=(trust(identity(f"id-{name}")),)) for name in ("alpha", "beta")),
                identities=(identity("id-alpha"), identity("id-beta")),
            )
        ).pairings,
        start=1,
    )
)
PLAN = dataclasses.replace(make_plan(snapshot(APPLICATION, identities=(IDENTITY,))), pairings=(FIRST, SECOND))


def entry(kind: Kind, pairing: Any = FIRST, *, at: datetime = NOW, **data: Any) -> Entry:
    return Entry(
        kind=kind,
        plan="p",
        application=pairing.application.client_id,
        subject=pairing.credentials[0].key_id,
        data={"tenant_time": at.isoformat(), **data},
        at=datetime(2001, 1, 1, tzinfo=NOW.tzinfo),
        actor="somebody",
    )


def surrounded(*entries: Entry, rules: RetirePolicy | None = None, pairing: Any = SECOND) -> Circumstances:
    around = Surroundings(PLAN, rules or RetirePolicy(), entries, Rules())
    return around.around(pairing, pairing.credentials[0], NOW)


def test_a_later_wave_waits_until_the_earlier_one_is_settled() -> None:
    assert (surrounded().unsettled, surrounded().waits_for) == (1, FIRST.application.display_name)
    assert surrounded(pairing=FIRST).unsettled == 0
    for kind in (Kind.RETIRED, Kind.GONE):
        assert surrounded(entry(kind)).unsettled == 0
    for gate, left in (("secret-unused", 0), ("wave-order", 1), ("change-limit", 1), ("freeze-window", 1)):
        assert surrounded(entry(Kind.HELD, gates={gate: {}})).unsettled == left
    assert surrounded(entry(Kind.HELD, gates={"wave-order": {}, "secret-unused": {}})).unsettled == 0
    assert surrounded(entry(Kind.SCHEDULED)).unsettled == 1


def test_a_credential_of_the_service_principal_with_the_same_key_id_is_not_settled_by_the_other() -> None:
    assert surrounded(entry(Kind.RETIRED, holder="servicePrincipal")).unsettled == 1
    assert surrounded(entry(Kind.RETIRED, holder="application")).unsettled == 0


def test_what_soaks_holds_removals_of_later_waves_and_not_their_schedule() -> None:
    around = Surroundings(PLAN, RetirePolicy(), (), Rules())
    around.soaks(FIRST, FIRST.credentials[0])
    asked = (SECOND, SECOND.credentials[0], NOW)
    assert (around.around(*asked).unsettled, around.around(*asked, last=True).unsettled) == (0, 1)
    around.catch_up((entry(Kind.RETIRED),))
    assert around.around(*asked, last=True).unsettled == 0


def test_what_others_write_is_taken_once_and_counts_for_the_hour_and_not_for_this_run() -> None:
    around = Surroundings(PLAN, RetirePolicy(), (), Rules())
    around.catch_up((dataclasses.replace(entry(Kind.RETIRED), number=7),))
    found = around.around(SECOND, SECOND.credentials[0], NOW)
    assert (found.removed_in_hour, found.removed_in_run, around.last) == (1, 0, 7)


def test_the_tenants_time_counts_and_not_that_of_the_journal() -> None:
    assert surrounded(entry(Kind.RETIRED)).canary_removed == NOW
    assert surrounded(entry(Kind.RETIRED), pairing=FIRST).canary_removed is None
    assert surrounded(entry(Kind.RETIRED, at=NOW - timedelta(minutes=59))).removed_in_hour == 1
    assert surrounded(entry(Kind.RETIRED, at=NOW - timedelta(minutes=61))).removed_in_hour == 0


def test_trouble_of_one_application_stops_all_until_it_is_watched() -> None:
    assert "fails" in surrounded(entry(Kind.WATCH_FAILED, message="it fails")).trouble
    assert surrounded(entry(Kind.WATCH_FAILED, message="it fails"), entry(Kind.WATCHED)).trouble == ""
    assert surrounded(entry(Kind.WATCH_FAILED, SECOND, message="it fails"), entry(Kind.WATCHED)).trouble == "it fails"


def plan_entry(number: int, plan: Plan = PLAN, *, after: timedelta = timedelta(0), **changes: Any) -> Entry:
    taken_at = (plan.snapshot_taken_at + after).isoformat()
    data: dict[str, Json] = {"tenant": plan.tenant_id, "taken_at": taken_at, "pairings": [], **changes}
    return Entry(kind=Kind.PLAN, plan=plan.digest, number=number, at=NOW, data=data)


def test_a_plan_that_was_used_since_overtakes_this_one_in_the_middle_of_a_run() -> None:
    mine, other = dataclasses.replace(PLAN, digest="m" * 64), dataclasses.replace(PLAN, digest="o" * 64)
    around = Surroundings(mine, RetirePolicy(), (plan_entry(1, other), plan_entry(2, mine)), Rules())

    def overtaken(*entries: Entry) -> str:
        around.catch_up(entries)
        return around.around(SECOND, SECOND.credentials[0], NOW).overtaken

    assert overtaken() == ""
    assert overtaken(plan_entry(3, other, tenant="another", after=timedelta(days=1))) == ""
    assert overtaken(plan_entry(4, other, after=timedelta(days=-1))) == ""
    assert overtaken(plan_entry(5, other)) == "o" * 64
    assert "another plan" in closed(around={"overtaken": "o" * 64})["plan-fresh"]


def test_a_schedule_keeps_the_soak_that_it_was_given() -> None:
    assert surrounded(entry(Kind.SCHEDULED, SECOND, hours=72)).soak_hours == 72
    assert surrounded(entry(Kind.SCHEDULED, SECOND, hours=72), entry(Kind.HELD, SECOND)).soak_hours == 0
    assert surrounded(entry(Kind.SCHEDULED, SECOND)).soak_hours == 0  # of a version that did not say


def test_a_caller_is_given_up_for_one_application_alone() -> None:
    """Two applications may have one name, and one may be named like the id of another."""
    twin = dataclasses.replace(
        SECOND, application=dataclasses.replace(SECOND.application, display_name=FIRST.application.display_name)
    )
    posing = dataclasses.replace(
        SECOND, application=dataclasses.replace(SECOND.application, display_name=FIRST.application.client_id)
    )

    def gone(told: str, other: Any, pairing: Any) -> frozenset[str]:
        rules = RetirePolicy(callers=(GoneCaller(application=told, address="192.0.2.1", reason="r"),))
        around = Surroundings(dataclasses.replace(PLAN, pairings=(FIRST, other)), rules, (), Rules())
        return around.around(pairing, pairing.credentials[0], NOW).gone

    assert gone(FIRST.application.display_name, SECOND, FIRST) == {"192.0.2.1"}
    assert gone(FIRST.application.display_name, twin, FIRST) == frozenset()
    assert gone(FIRST.application.display_name, twin, twin) == frozenset()
    assert gone(FIRST.application.client_id, posing, FIRST) == {"192.0.2.1"}
    assert gone(FIRST.application.client_id, posing, posing) == frozenset()


def test_a_schedule_ends_with_a_closed_gate() -> None:
    scheduled = entry(Kind.SCHEDULED, SECOND, at=NOW - timedelta(days=1))
    assert surrounded(scheduled).scheduled == NOW - timedelta(days=1)
    assert surrounded(scheduled, entry(Kind.HELD, SECOND)).scheduled is None


def test_owners_and_callers_are_read_off_the_journal() -> None:
    told = surrounded(entry(Kind.OWNER_TOLD, SECOND, answer=None)).informed
    assert told == Informed(at=NOW, answer=None, by="somebody")
    assert surrounded(entry(Kind.OWNER_TOLD, SECOND, answer=False)).informed == dataclasses.replace(told, answer=False)
    callers = surrounded(entry(Kind.CALLERS, SECOND, addresses={"192.0.2.1": NOW.isoformat()})).callers
    assert callers == (Caller(address="192.0.2.1", last=NOW),)
    unclear = entry(Kind.CALLERS, SECOND, addresses={}, unclear={"192.0.2.1": NOW.isoformat()})
    assert surrounded(unclear).callers == (Caller(address="192.0.2.1", last=NOW, unclear=True),)


def test_our_own_exchange_on_the_host_of_a_caller_is_not_the_caller_moving() -> None:
    """``unsecret verify`` is run on that host, and leaves a record as the program would that still has the secret."""
    caller = Caller(address="192.0.2.9", last=NOW - timedelta(days=40))
    there = by_exchange(5, "192.0.2.9")
    for told in ("uti of ours", None):
        record = dataclasses.replace(there, token_id=told)
        probe = claims(at=record.at, token_id="uti of ours")
        held = closed(around={"callers": (caller,)}, history=history(record), probes=(probe,))
        assert held.keys() == {"all-callers-moved"}
        theirs = dataclasses.replace(record, token_id="uti of theirs")
        assert closed(around={"callers": (caller,)}, history=history(record, theirs), probes=(probe,)) == {}
    later = dataclasses.replace(there, at=there.at + timedelta(hours=1))
    assert closed(around={"callers": (caller,)}, history=history(later), probes=(claims(at=there.at),)) == {}


def owned_by(*names: str, told: tuple[str, ...] | None, **said: Any) -> dict[str, str]:
    owners = tuple(dataclasses.replace(OWNER, object_id=guid(name), display_name=name) for name in names)
    ids = None if told is None else frozenset(map(guid, told))
    informed = Informed(at=NOW - timedelta(days=20), answer=True, by="somebody", owners=ids)
    return closed(
        policy=Policy(owner_days=14),
        around={"informed": dataclasses.replace(informed, **said)},
        application=dataclasses.replace(APPLICATION, owners=owners),
    )


def test_who_became_an_owner_after_owners_were_told_has_to_be_told() -> None:
    assert owned_by("ada", "grace", told=("ada", "grace")) == {}
    assert owned_by("ada", told=("ada", "grace")) == {}, "who owns it no more needs no answer"
    assert owned_by("ada", told=None) == {}, "an entry of before this was written down"
    for answer in (True, None):
        held = owned_by("ada", "grace", told=("ada",), answer=answer)
        assert held == {"owner-informed": "grace owns it since its owners were told at 2026-04-11"}
    assert "linus and 1 more own it" in owned_by("ada", "linus", "grace", told=("ada",))["owner-informed"]
    unread = dataclasses.replace(APPLICATION, owners=None)
    informed = Informed(at=NOW, answer=True, by="somebody", owners=frozenset())
    told = closed(policy=Policy(owner_days=14), around={"informed": informed}, application=unread)
    assert told == {"owner-informed": "who owns it now cannot be read"}
    assert closed(around={"informed": informed}, application=unread) == {}, "the policy does not ask"


def test_a_caller_that_was_given_up_and_used_the_credential_after_that_is_none_that_is_gone() -> None:
    """A person may be wrong about a batch host; the log that shows it afterwards is not."""
    one = GoneCaller(application=SECOND.application.client_id, address="192.0.2.9", reason="it was switched off")
    rules, noted = RetirePolicy(callers=(one,)), NOW - timedelta(days=60)
    given_up = entry(Kind.CALLERS, SECOND, at=noted, given_up={"192.0.2.9": one.reason})

    def held(days_ago: float, rules: RetirePolicy = rules, *, unclear: bool = False) -> dict[str, str]:
        found = surrounded(given_up, rules=rules)
        caller = Caller(address="192.0.2.9", last=NOW - timedelta(days=days_ago), unclear=unclear)
        return closed(around={"callers": (caller,), "gone": found.gone, "gone_since": found.gone_since})

    assert held(61) == {}
    assert "192.0.2.9 was given up by [[caller]], and used it after that" in held(40)["all-callers-moved"]
    assert held(40, RetirePolicy(callers=(dataclasses.replace(one, reason="a drill; now it is"),))) == {}
    assert held(40, unclear=True) == {}
    around = Surroundings(PLAN, rules, (given_up,), Rules())
    assert around.newly_given_up(SECOND, SECOND.credentials[0]) == {}
    anew = Surroundings(PLAN, rules, (), Rules())
    assert anew.newly_given_up(SECOND, SECOND.credentials[0]) == {"192.0.2.9": one.reason}
    assert anew.newly_given_up(FIRST, FIRST.credentials[0]) == {}


def test_a_sign_in_that_may_answer_a_request_for_proofs_shows_no_caller_moved() -> None:
    """``verify --proof-out`` on the host of a job of every quarter: until its file is imported no journal knows it."""

    def asked(days_ago: float) -> Entry:
        at = NOW - timedelta(days=days_ago)
        return entry(Kind.PROOF_REQUESTED, SECOND, at=at, applications=[SECOND.application.client_id])

    requested = asked(6)
    imported = entry(Kind.PROOF_IMPORTED, SECOND, at=NOW - timedelta(days=4))
    caller = Caller(address="192.0.2.1", last=NOW - timedelta(days=60))

    def held(days_ago: float, *entries: Entry, **changes: Any) -> dict[str, str]:
        around = {"callers": (caller,), "asked": surrounded(*entries).asked}
        return closed(around=around, history=history(by_exchange(days_ago, "192.0.2.1")), **changes)

    assert held(5) == {}
    assert "may be of the proofs asked for at" in held(5, requested)["all-callers-moved"]
    assert held(6.1, requested) == {}, "it was there before"
    assert held(0.5, asked(8)) == {}, "it is too late to answer it"
    assert "all-callers-moved" in held(5, requested, imported), "the host may have tried more often than its file tells"
    assert held(3, requested, imported) == {}
    assert surrounded(requested, pairing=FIRST).asked == ()
    late = dataclasses.replace(PAIRING, wave=Policy().sign_ins_from_wave)
    assert "not-last-credential-without-proof" in held(5, requested, pairing=late)
    assert "not-last-credential-without-proof" not in held(5, pairing=late)


def seen(address: str | None, days_ago: float) -> tuple[SeenUse, ...]:
    """Let a log of the scan behind the plan show the credential of the second pairing in use."""
    used = dataclasses.replace(
        use(APPLICATION, address=address, days_ago=days_ago), client_id=SECOND.application.client_id,
        key_id=SECOND.credentials[0].key_id,
    )  # fmt: skip
    other = dataclasses.replace(used, key_id=KeyId(guid("another key")), address="192.0.2.99")
    report = dataclasses.replace(used, first=None, address=None)
    return seen_in(snapshot(uses=(used, other, report)), (FIRST, SECOND))


def test_who_was_seen_in_a_longer_log_of_the_scan_is_a_caller_as_well() -> None:
    """A log of 90 days shows the job of every quarter; Graph's, of 30 days, shows nothing of it at the removal."""
    plan = dataclasses.replace(PLAN, seen=seen("192.0.2.1", 60))
    found = Surroundings(plan, RetirePolicy(), (), Rules()).around(SECOND, SECOND.credentials[0], NOW)
    assert found.callers == (Caller(address="192.0.2.1", last=NOW - timedelta(days=60)),)
    assert found.seen_in_use == NOW - timedelta(days=60)
    held = closed(around={"callers": found.callers, "seen_in_use": found.seen_in_use})
    assert held.keys() == {"all-callers-moved"}
    assert "192.0.2.1" in held["all-callers-moved"]
    moved = history(by_exchange(5, "192.0.2.1"))
    assert closed(around={"callers": found.callers, "seen_in_use": found.seen_in_use}, history=moved) == {}
    first = Surroundings(plan, RetirePolicy(), (), Rules()).around(FIRST, FIRST.credentials[0], NOW)
    assert (first.callers, first.seen_in_use) == ((), None)


def test_a_record_of_a_longer_log_without_an_address_is_of_an_unknown_caller() -> None:
    plan = dataclasses.replace(PLAN, seen=seen(None, 60))
    found = Surroundings(plan, RetirePolicy(), (), Rules()).around(SECOND, SECOND.credentials[0], NOW)
    assert found.callers == (Caller(address=UNTOLD, last=NOW - timedelta(days=60)),)


def open_use(**changes: Any) -> Plan:
    """Return a plan behind which a log of the scan shows a sign-in that names no credential, 60 days ago."""
    given = use(APPLICATION, address="192.0.2.1", days_ago=60)
    one = dataclasses.replace(given, client_id=SECOND.application.client_id, **changes)
    return dataclasses.replace(PLAN, seen=seen_in(snapshot(uses=(one,)), (FIRST, SECOND)))


def around_second(plan: Plan) -> dict[str, Any]:
    found = Surroundings(plan, RetirePolicy(), (), Rules()).around(SECOND, SECOND.credentials[0], NOW)
    return {"callers": found.callers, "seen_in_use": found.seen_in_use}


def test_a_record_of_a_longer_log_that_names_no_credential_may_be_use_of_this_one() -> None:
    """A workspace of 90 days may not tell with which credential the job of every quarter signed in."""
    around = around_second(open_use())
    assert around == {
        "callers": (Caller(address="192.0.2.1", last=NOW - timedelta(days=60), unclear=True),),
        "seen_in_use": None,
    }
    assert "leaves open which credential it used" in closed(around=around)["all-callers-moved"]
    assert closed(around=around, history=history(by_exchange(5, "192.0.2.1"))) == {}
    for given_up in ("192.0.2.1", "unclear"):
        assert closed(around={**around, "gone": frozenset({given_up})}) == {}


@pytest.mark.parametrize(
    ("changes", "callers"),
    [
        ({"last_success": None, "successes": None}, 1),  # the log does not tell whether it succeeded
        ({"last_success": None, "successes": 0, "failures": 1}, 0),
        ({"credential_type": "certificate"}, 0),
        ({"federated_credential_id": guid("a trust")}, 0),
        ({"first": None, "address": None}, 0),  # of a report, which names no credential of anybody
    ],
)
def test_what_is_no_use_of_a_secret_makes_nobody_a_caller_of_it(changes: dict[str, Any], callers: int) -> None:
    assert len(around_second(open_use(**changes))["callers"]) == callers


def test_a_sign_in_whose_outcome_a_log_does_not_tell_counts_as_use() -> None:
    key = SECOND.credentials[0].key_id
    (found,) = around_second(open_use(key_id=key, last_success=None, successes=None))["callers"]
    assert found == Caller(address="192.0.2.1", last=NOW - timedelta(days=60))


@pytest.mark.parametrize(("days_ago", "holds"), [(27.9, True), (28.1, False)])
def test_a_success_that_another_source_of_the_scan_knows_inside_the_window_holds(days_ago: float, holds: bool) -> None:  # noqa: FBT001
    told = closed(around={"seen_in_use": NOW - timedelta(days=days_ago)})
    assert ("the log does not show" in told.get("secret-unused", "")) is holds
    assert set(told) <= {"secret-unused"}


def test_the_later_of_two_times_of_a_caller_counts() -> None:
    for callers in itertools.permutations(Caller(address="192.0.2.9", last=NOW - timedelta(days=at)) for at in (9, 60)):
        assert "all-callers-moved" in closed(
            around={"callers": callers}, history=history(by_exchange(10, "192.0.2.9"))
        )  # fmt: skip


@given(name=st.sampled_from(["id", "client_id", "display_name"]), upper=st.booleans())
def test_an_application_is_named_by_any_of_its_names(*, name: str, upper: bool) -> None:
    told = getattr(SECOND.application, name)
    told = told.upper() if upper else told
    day = NOW.date()
    rules = RetirePolicy(
        opt_outs=(OptOut(application=told, reason="r", until=day), OptOut(application="x", reason="r", until=day)),
        callers=(GoneCaller(application=told, address="192.0.2.1", reason="r"),),
    )
    found = surrounded(rules=rules)
    assert [one.application for one in found.opt_outs] == [told]
    assert found.gone == {"192.0.2.1"}
    assert surrounded(rules=rules, pairing=FIRST).opt_outs == ()


def test_what_happens_to_a_credential_says_nothing_of_one_with_its_key_id_of_another_application() -> None:
    twin = dataclasses.replace(SECOND, credentials=FIRST.credentials)
    plan = dataclasses.replace(PLAN, pairings=(FIRST, twin))
    used = entry(Kind.CALLERS, addresses={"192.0.2.1": NOW.isoformat()})

    def around(*entries: Entry) -> Circumstances:
        told = Surroundings(plan, RetirePolicy(), entries, Rules())
        return told.around(twin, twin.credentials[0], NOW)

    soaking = around(entry(Kind.SCHEDULED, at=NOW - timedelta(days=30)), used)
    assert (soaking.scheduled, soaking.callers, soaking.unsettled) == (None, (), 1)
    gone = around(entry(Kind.RETIRED))
    assert (gone.unsettled, gone.canary_removed) == (0, NOW)
    assert around(entry(Kind.RETIRED, twin)).unsettled == 1
