"""The table of stations, and a model check of it: whatever happens, nothing is removed with a closed gate."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from inventory.model import ClientId, Holder, KeyId
from migrate import rollout
from migrate.entry import Entry, Kind
from migrate.errors import IllegalTransitionError
from migrate.gate import CodeState
from migrate.rollout import INTENTS, STATIONS, TABLE, Course, Event, Standing, State
from tests.support.examples import share
from tests.support.questions import PAIRING, claims

GATES = ("exchange-proven", "secret-unused", "code-rewritten")
KEYS = (KeyId("key-1"), KeyId("key-2"))
CARRIED = frozenset((Holder.APPLICATION, each) for each in KEYS)
HOST = "/subscriptions/s/resourcegroups/r/providers/microsoft.web/sites/app"
COURSE = Course(
    application=PAIRING.application,
    keys=CARRIED,
    hosts=frozenset({HOST}),
    issuer=PAIRING.federated.issuer,
    subject=PAIRING.federated.subject,
    wave=1,
)
BOTH = (Holder.APPLICATION, Holder.SERVICE_PRINCIPAL)
REMOVED = {State.PARTLY_RETIRED, State.RETIRED, State.WATCHED, State.SEALED}


def entry(kind: Kind, subject: str = "", **data: Any) -> Entry:
    return Entry(kind=kind, plan="p", application=COURSE.client_id, subject=subject, data=msgspec.to_builtins(data))


def proof() -> Entry:
    return Entry(kind=Kind.PROVEN, plan="p", application=COURSE.client_id, data=msgspec.to_builtins(claims()))


def test_every_row_is_there_once_and_every_fact_has_one_at_every_station() -> None:
    keys = [(row.source, row.event) for row in TABLE]
    assert len(set(keys)) == len(keys)
    facts = set(Event) - INTENTS
    assert set(keys) >= set(itertools.product(STATIONS, facts))
    assert {row.event for row in TABLE} == set(Event)


def test_every_kind_of_entry_about_an_application_is_the_evidence_of_a_row() -> None:
    told = {kind for row in TABLE for kind in row.evidence}
    assert set(Kind) - told == {
        Kind.PLAN,
        Kind.FREEZE_OVERRIDDEN,
        Kind.OWNER_TOLD,
        Kind.CALLERS,
        Kind.GONE,
        Kind.CHAIN_STARTED,
        Kind.PROOF_REQUESTED,
        Kind.PROOF_IMPORTED,
    }


def test_nothing_leads_to_removed_but_a_removal() -> None:
    into = {row.event for row in TABLE if row.target in REMOVED and row.source not in REMOVED}
    assert into == {Event.REMOVED_ONE, Event.REMOVED_ALL}
    assert not [row for row in TABLE if row.source in REMOVED and row.target not in REMOVED]


def test_a_key_id_that_application_and_service_principal_share_is_of_two_credentials() -> None:
    course = replace(COURSE, keys=frozenset((each, KEYS[0]) for each in BOTH))
    entries = [proof()]
    for holder, state in zip(BOTH, (State.PARTLY_RETIRED, State.RETIRED), strict=True):
        meant = entry(Kind.RETIRE_MEANT, KEYS[0], holder=holder, gates=dict.fromkeys(GATES, "because"))
        rollout.admit(course, rollout.fold(course, entries), meant, GATES)
        entries += [meant, entry(Kind.RETIRED, KEYS[0], holder=holder, removed=True)]
        assert rollout.fold(course, entries).station is state
    assert len(rollout.removed(entries)) == 2


def test_what_holds_one_of_two_credentials_with_a_key_id_holds_it_still_when_the_other_is_gone() -> None:
    held = [entry(Kind.HELD, KEYS[0], holder=each, gates={}) for each in BOTH]
    held.append(replace(held[0], application=ClientId("another")))
    gone = entry(Kind.RETIRED, KEYS[0], holder=BOTH[1], removed=True)
    assert rollout.held([*held, gone]) == (held[0], held[2])


def test_a_soak_that_is_called_off_takes_nothing_back_of_what_is_gone() -> None:
    entries = [proof(), entry(Kind.SCHEDULED, KEYS[0]), entry(Kind.SCHEDULED, KEYS[1])]
    entries.append(entry(Kind.RETIRED, KEYS[0], removed=True))
    for more in (entry(Kind.SCHEDULED, KEYS[1]), entry(Kind.UNSCHEDULED, KEYS[1])):
        now = rollout.fold(COURSE, entries)
        assert now.station is State.PARTLY_RETIRED
        rollout.admit(COURSE, now, more, GATES)
        entries.append(more)
    now = rollout.fold(COURSE, entries)
    assert now.station is State.PARTLY_RETIRED
    with pytest.raises(IllegalTransitionError):
        rollout.admit(COURSE, now, entry(Kind.UNFEDERATE_MEANT, "f"), GATES)


@pytest.mark.parametrize("kind", [Kind.UNFEDERATE_MEANT, Kind.DETACH_MEANT, Kind.IDENTITY_DELETE_MEANT])
def test_nothing_is_taken_back_after_or_during_a_removal(kind: Kind) -> None:
    begun = rollout.fold(COURSE, [proof(), entry(Kind.RETIRE_MEANT, KEYS[0])])
    gone = rollout.fold(COURSE, [proof(), entry(Kind.RETIRED, "of-an-earlier-plan")])
    assert gone.station is State.PROVEN
    for now in (begun, gone):
        with pytest.raises(IllegalTransitionError, match=r"run retire again|nothing to sign in with|does not follow"):
            rollout.admit(COURSE, now, entry(kind, "x"))


def test_code_decides_between_federated_and_rewritten_at_any_time() -> None:
    clean, nothing = CodeState(roots=("/code",), findings=()), CodeState(roots=(), findings=())
    entries = [entry(Kind.FEDERATED, "f", created=True)]
    assert rollout.fold(COURSE, entries).station is State.FEDERATED
    assert rollout.fold(COURSE, entries, nothing).station is State.FEDERATED
    assert rollout.fold(COURSE, entries, clean).station is State.REWRITTEN
    assert rollout.fold(COURSE, [*entries, proof()], clean).station is State.PROVEN


def test_a_federated_credential_stays_ours_when_a_later_run_finds_it_and_not_when_it_is_another() -> None:
    made = entry(Kind.FEDERATED, "f", created=True, id="1")
    same, other = entry(Kind.FEDERATED, "f", created=False, id="1"), entry(Kind.FEDERATED, "f", created=False, id="2")
    for entries, ours in (([made], True), ([made, same], True), ([made, other], False), ([other], False)):
        trust = rollout.fold(COURSE, entries).trust
        assert trust is not None
        assert trust.ours is ours


def test_what_was_meant_is_begun_until_it_or_its_opposite_was_seen() -> None:
    meant, failed = entry(Kind.FEDERATE_MEANT, "f"), entry(Kind.FEDERATE_FAILED, "f", message="no")
    assert rollout.fold(COURSE, [meant, failed]).begun == {(Kind.FEDERATE_MEANT, "f")}
    assert rollout.fold(COURSE, [meant, failed]).state is State.FAILED
    assert not rollout.fold(COURSE, [meant, entry(Kind.FEDERATED, "f", created=True)]).begun
    assert not rollout.fold(COURSE, [meant, entry(Kind.UNFEDERATED, "f")]).begun


def test_every_standing_has_a_next_command_that_names_the_application_or_a_thing_to_do() -> None:
    for station in STATIONS:
        told = rollout.next_command(COURSE, Standing(station=station))
        assert told or station is State.SEALED
        assert "{" not in told
    assert "revert" in rollout.next_command(COURSE, Standing(begun=frozenset({(Kind.DETACH_MEANT, "h")})))
    assert "retire" in rollout.next_command(COURSE, Standing(begun=frozenset({(Kind.RETIRE_MEANT, "k")})))


def test_a_seal_that_ended_in_the_middle_is_resumed_by_the_command_that_began_it() -> None:
    for kind, command in (
        (Kind.SEAL_MEANT, "unsecret seal PLAN --app"), (Kind.UNSEAL_MEANT, "--to watched --apply"),
    ):  # fmt: skip
        begun = Standing(station=State.WATCHED, begun=frozenset({(kind, rollout.POLICY)}))
        assert command in rollout.next_command(COURSE, begun)


class Walk(RuleBasedStateMachine):
    """Random walks. The model knows what is in the tenant and which gates are open; only ``admit`` stands between."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.open = dict.fromkeys(GATES, False)
        self.trusted = self.attached = self.proven = False
        self.scheduled = self.soaked = self.watched = False
        self.gone: set[str] = set()
        self.glass: set[str] = set()
        self.gates_at_removal: list[tuple[str, ...]] = []
        self.meant: str | None = None

    @property
    def now(self) -> Standing:
        return rollout.fold(COURSE, self.entries)

    def try_to(self, new: Entry) -> bool:
        try:
            rollout.admit(COURSE, self.now, new, GATES)
        except IllegalTransitionError:
            return False
        self.entries.append(new)
        return True

    def see(self, new: Entry) -> None:
        rollout.admit(COURSE, self.now, new, GATES)
        self.entries.append(new)

    @rule(is_open=st.booleans())
    def all_gates_move(self, is_open: bool) -> None:  # noqa: FBT001 - a value of Hypothesis
        self.open = dict.fromkeys(GATES, is_open)

    @rule(gate=st.sampled_from(GATES), is_open=st.booleans())
    def a_gate_moves(self, gate: str, is_open: bool) -> None:  # noqa: FBT001 - a value of Hypothesis
        self.open[gate] = is_open

    @rule()
    def attach(self) -> None:
        assert self.try_to(entry(Kind.ATTACH_MEANT, HOST))
        self.see(entry(Kind.ATTACHED, HOST, attached=not self.attached))
        self.attached = True

    @rule(seen=st.booleans())
    def federate(self, seen: bool) -> None:  # noqa: FBT001 - a value of Hypothesis
        assert self.try_to(entry(Kind.FEDERATE_MEANT, "f"))
        if seen:
            self.see(entry(Kind.FEDERATED, "f", created=True, id="1"))
        else:
            self.see(entry(Kind.FEDERATE_FAILED, "f", message="not seen"))
        self.trusted = self.trusted or seen

    @rule(works=st.booleans())
    def verify(self, works: bool) -> None:  # noqa: FBT001 - a value of Hypothesis
        self.proven = works and self.trusted
        self.see(proof() if self.proven else entry(Kind.PROOF_FAILED, message="AADSTS70025"))
        if not self.proven:
            self.scheduled = self.soaked = False

    @precondition(lambda self: not self.gone)
    @rule(opened=st.integers(0, len(GATES)))
    def go_well(self, opened: int) -> None:
        """Come to where a removal is near, which a walk seldom does by chance."""
        self.federate(seen=True)
        self.verify(works=True)
        self.open = {name: at < opened for at, name in enumerate(GATES)}

    @rule()
    def schedule(self) -> None:
        if self.try_to(entry(Kind.SCHEDULED)):
            assert self.proven or self.gone
            self.scheduled = not self.soaked

    @rule()
    def end_the_soak(self) -> None:
        if self.try_to(entry(Kind.SOAKED)):
            assert self.scheduled or self.gone
            self.scheduled, self.soaked = False, True

    @rule()
    def call_off(self) -> None:
        if self.try_to(entry(Kind.UNSCHEDULED)):
            assert self.scheduled or self.soaked or self.gone
            self.scheduled = self.soaked = False

    @precondition(lambda self: self.meant is None)
    @rule(key=st.sampled_from(KEYS), told=st.sampled_from([(*GATES, "another"), GATES, GATES[:2], ()]))
    def mean_to_remove(self, key: str, told: tuple[str, ...]) -> None:
        """The caller tells which gates it found open: those that are, or only some of them."""
        opened = {name: "because" for name in told if self.open.get(name, True)}
        if self.try_to(entry(Kind.RETIRE_MEANT, key, gates=opened)):
            self.gates_at_removal.append(tuple(name for name, is_open in self.open.items() if is_open))
            self.meant = key

    @precondition(lambda self: self.meant is not None)
    @rule(fate=st.sampled_from(["seen", "refused", "crash"]))
    def remove(self, fate: str) -> None:
        key = self.meant
        assert key is not None
        if fate == "refused":
            self.see(entry(Kind.RETIRE_FAILED, key, message="503"))
        elif fate == "seen":
            self.see(entry(Kind.RETIRED, key, removed=True))
            self.gone.add(key)
        self.meant = None if fate != "crash" else key

    @rule()
    def watch(self) -> None:
        if self.try_to(entry(Kind.WATCHED)):
            assert self.gone == set(KEYS)
            self.watched = True

    @rule()
    def seal(self) -> None:
        if self.try_to(entry(Kind.SEAL_MEANT, rollout.POLICY)):
            assert self.watched
            assert self.now.station in {State.WATCHED, State.SEALED}
            self.see(entry(Kind.SEALED, rollout.POLICY))
            if rollout.LOCK not in self.now.sealed:
                assert self.now.station is State.WATCHED
            assert self.try_to(entry(Kind.SEAL_MEANT, rollout.LOCK))
            self.see(entry(Kind.SEALED, rollout.LOCK))
            assert self.now.station is State.SEALED

    @rule(part=st.sampled_from(sorted(rollout.SEAL)), fate=st.sampled_from(["seen", "refused", "crash"]))
    def unseal(self, part: str, fate: str) -> None:
        """Take a part of the seal off; a run that ends leaves it begun, and nothing goes back further than watched."""
        if self.try_to(entry(Kind.UNSEAL_MEANT, part)):
            assert self.watched
            if fate == "refused":
                self.see(entry(Kind.UNSEAL_FAILED, part, message="503"))
            elif fate == "seen":
                self.see(entry(Kind.UNSEALED, part))
                assert self.now.station is State.WATCHED
                assert (Kind.UNSEAL_MEANT, part) not in self.now.begun

    @rule(fate=st.sampled_from(["stored", "refused", "crash"]))
    def break_the_glass(self, fate: str) -> None:
        label = f"glass {len(self.entries)}"
        if self.try_to(entry(Kind.BREAK_GLASS_MEANT, label)):
            assert self.gone
            if fate == "stored":
                told = {
                    "key_id": label,
                    "until": "2026-05-01T12:00:00+00:00",
                    "vault": "v",
                    "name": "n",
                    "version": "1",
                }
                self.see(entry(Kind.BREAK_GLASS_MADE, label, **told))
                self.glass.add(label)
                self.watched = False
            elif fate == "refused":
                self.see(entry(Kind.BREAK_GLASS_OVER, label, because="the vault did not take it"))

    @precondition(lambda self: self.glass)
    @rule()
    def a_break_glass_secret_ends(self) -> None:
        self.see(entry(Kind.BREAK_GLASS_OVER, self.glass.pop(), because="ended"))

    @rule()
    def take_back_the_trust(self) -> None:
        if self.try_to(entry(Kind.UNFEDERATE_MEANT, "f")):
            assert not self.gone
            assert self.meant is None
            self.see(entry(Kind.UNFEDERATED, "f"))
            self.trusted = self.proven = False

    @rule()
    def take_back_the_identity(self) -> None:
        if self.try_to(entry(Kind.DETACH_MEANT, HOST)):
            assert not self.gone
            self.see(entry(Kind.DETACHED, HOST))
            self.attached = False

    @invariant()
    def nothing_was_removed_with_a_closed_gate(self) -> None:
        assert all(set(GATES) <= set(opened) for opened in self.gates_at_removal)
        if self.now.station in {State.RETIRED, State.WATCHED, State.SEALED}:
            assert self.gone == set(KEYS)
            assert self.gates_at_removal
            assert not self.glass
        assert {each.key_id for each in self.now.glass} == self.glass
        assert {key for _, key in self.now.removed} == self.gone
        assert self.now.station in REMOVED or not self.gone


Walk.TestCase.settings = settings(
    max_examples=share(100), stateful_step_count=25, suppress_health_check=list(HealthCheck)
)
TestWalk = Walk.TestCase


IDLE = Course(application=PAIRING.application, keys=CARRIED, trusts=False, abandoned=True)
IDLE_GATES = ("deactivated-unmissed", "secret-unused")


class IdleWalk(RuleBasedStateMachine):
    """Random walks on the other road: nothing goes before it was deactivated, and nothing with a closed gate."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.open = dict.fromkeys(IDLE_GATES, False)
        self.disabled = False
        self.gone: set[str] = set()
        self.gates_at_removal: list[tuple[str, ...]] = []

    @property
    def now(self) -> Standing:
        return rollout.fold(IDLE, self.entries)

    def try_to(self, new: Entry) -> bool:
        try:
            rollout.admit(IDLE, self.now, new, IDLE_GATES)
        except IllegalTransitionError:
            return False
        self.entries.append(new)
        return True

    @rule(gate=st.sampled_from(IDLE_GATES), is_open=st.booleans())
    def a_gate_moves(self, gate: str, is_open: bool) -> None:  # noqa: FBT001 - a value of Hypothesis
        self.open[gate] = is_open

    @rule(fate=st.sampled_from(["seen", "failed", "crash"]))
    def deactivate(self, fate: str) -> None:
        if self.try_to(entry(Kind.DEACTIVATE_MEANT, "a", before=None)):
            assert not self.gone
            if fate == "seen":
                self.entries.append(entry(Kind.DEACTIVATED, "a"))
                self.disabled = True
            elif fate == "failed":
                self.entries.append(entry(Kind.DEACTIVATE_FAILED, "a", message="503"))

    @rule()
    def activate(self) -> None:
        assert self.try_to(entry(Kind.ACTIVATE_MEANT, "a"))
        self.entries.append(entry(Kind.ACTIVATED, "a"))
        self.disabled = False

    @rule()
    def somebody_screams(self) -> None:
        self.entries.append(entry(Kind.SCREAM_FAILED, "client", message="a sign-in"))
        assert self.now.state in {State.FAILED, State.PARTLY_RETIRED}

    @rule(key=st.sampled_from(KEYS), every=st.booleans())
    def remove(self, key: str, every: bool) -> None:  # noqa: FBT001 - a value of Hypothesis
        opened = {name: "because" for name in IDLE_GATES if every or self.open[name]}
        told = {name: "because" for name in opened if self.open[name]}
        if self.try_to(entry(Kind.RETIRE_MEANT, key, gates=told)):
            assert self.disabled or self.gone
            self.gates_at_removal.append(tuple(name for name, is_open in self.open.items() if is_open))
            self.entries.append(entry(Kind.RETIRED, key, removed=True))
            self.gone.add(key)

    @invariant()
    def nothing_was_removed_with_a_closed_gate(self) -> None:
        assert all(set(IDLE_GATES) <= set(opened) for opened in self.gates_at_removal)
        assert {key for _, key in self.now.removed} == self.gone
        if self.now.station is State.RETIRED:
            assert self.gone == set(KEYS)
        if self.now.station is State.DEACTIVATED:
            assert self.disabled
            assert not self.gone
        assert not {kind for kind, _ in self.now.begun} & {Kind.ACTIVATE_MEANT}


IdleWalk.TestCase.settings = settings(
    max_examples=share(60), stateful_step_count=20, suppress_health_check=list(HealthCheck)
)
TestIdleWalk = IdleWalk.TestCase
