"""From journal entries to where an application stands, and whether a change may follow. Pure.

The entry of an intent is checked before it is written, and it is written before the change is made: so what does not
follow from the table never reaches the tenant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from inventory.model import ClientId, TenantId
from migrate.entry import Entry, Kind
from migrate.errors import IllegalTransitionError
from migrate.exchanged import ExchangeClaims
from migrate.gate import CodeState
from migrate.model import Abandoned, Pairing, Refusal
from migrate.rollout.memory import remembered
from migrate.rollout.reading import closed_gates, code_state
from migrate.rollout.standing import (
    SEAL,
    Course,
    FailedIn,
    HeldBy,
    Standing,
    TakenBack,
    Well,
    course,
    course_of_abandoned,
    course_of_steps,
)
from migrate.rollout.states import INTENTS, Event, State, transition

_EVENTS: Final[Mapping[Kind, Event]] = {
    Kind.IDENTITY_MEANT: Event.IDENTITY_MEANT,
    Kind.IDENTITY_CREATED: Event.IDENTITY_CREATED,
    Kind.ATTACH_MEANT: Event.ATTACH_MEANT,
    Kind.FEDERATE_MEANT: Event.FEDERATE_MEANT,
    Kind.FEDERATED: Event.FEDERATED,
    Kind.HELD: Event.HELD,
    Kind.SCHEDULED: Event.SCHEDULED,
    Kind.SOAKING: Event.SOAKING,
    Kind.SOAKED: Event.SOAKED,
    Kind.UNSCHEDULED: Event.UNSCHEDULED,
    Kind.RETIRE_MEANT: Event.REMOVE_MEANT,
    Kind.WATCHING: Event.WATCHING,
    Kind.WATCHED: Event.WATCHED,
    Kind.SEAL_MEANT: Event.SEAL_MEANT,
    Kind.BREAK_GLASS_MEANT: Event.GLASS_MEANT,
    Kind.DEACTIVATE_MEANT: Event.DEACTIVATE_MEANT,
    Kind.DEACTIVATED: Event.DEACTIVATED,
    Kind.ACTIVATE_MEANT: Event.ACTIVATE_MEANT,
    Kind.ACTIVATED: Event.ACTIVATED,
    Kind.BREAK_GLASS_MADE: Event.GLASS_MADE,
    Kind.UNSEAL_MEANT: Event.UNSEAL_MEANT,
    Kind.UNSEALED: Event.UNSEALED,
    Kind.UNFEDERATE_MEANT: Event.UNFEDERATE_MEANT,
    Kind.DETACH_MEANT: Event.DETACH_MEANT,
    Kind.DETACHED: Event.DETACHED,
    Kind.IDENTITY_DELETE_MEANT: Event.DELETE_MEANT,
    Kind.IDENTITY_DELETED: Event.DELETED,
    Kind.REVERTED: Event.REVERTED,
    Kind.PROOF_FAILED: Event.PROOF_LOST,
}
"""The kinds whose event depends on nothing else."""
_DONE: Final[Mapping[Kind, Kind]] = {
    Kind.IDENTITY_CREATED: Kind.IDENTITY_MEANT,
    Kind.ATTACHED: Kind.ATTACH_MEANT,
    Kind.FEDERATED: Kind.FEDERATE_MEANT,
    Kind.RETIRED: Kind.RETIRE_MEANT,
    Kind.SEALED: Kind.SEAL_MEANT,
    Kind.BREAK_GLASS_MADE: Kind.BREAK_GLASS_MEANT,
    Kind.DEACTIVATED: Kind.DEACTIVATE_MEANT,
    Kind.ACTIVATED: Kind.ACTIVATE_MEANT,
    Kind.UNSEALED: Kind.UNSEAL_MEANT,
    Kind.UNFEDERATED: Kind.UNFEDERATE_MEANT,
    Kind.DETACHED: Kind.DETACH_MEANT,
    Kind.IDENTITY_DELETED: Kind.IDENTITY_DELETE_MEANT,
}
"""What confirms which intent. A failure does not: what failed may have been done all the same."""
_UNDONE: Final[Mapping[Kind, Kind]] = {
    Kind.UNFEDERATED: Kind.FEDERATE_MEANT,
    Kind.DETACHED: Kind.ATTACH_MEANT,
    Kind.IDENTITY_DELETED: Kind.IDENTITY_MEANT,
    Kind.BREAK_GLASS_OVER: Kind.BREAK_GLASS_MEANT,
    Kind.ACTIVATED: Kind.DEACTIVATE_MEANT,
    Kind.DEACTIVATED: Kind.ACTIVATE_MEANT,
    Kind.FEDERATED: Kind.UNFEDERATE_MEANT,
    Kind.ATTACHED: Kind.DETACH_MEANT,
    Kind.IDENTITY_CREATED: Kind.IDENTITY_DELETE_MEANT,
    Kind.UNSEALED: Kind.SEAL_MEANT,
    Kind.SEALED: Kind.UNSEAL_MEANT,
}
"""What makes an earlier intent moot, because the opposite was seen."""
_LOST_FROM: Final = frozenset({State.PLANNED, State.ATTACHED})
"""Where nobody was to expect an exchange that works."""


def begin(what: Course) -> Standing:
    """Return where an application stands of which no entry tells."""
    return Standing(station=State.FEDERATED if what.federated else State.PLANNED)


def event(what: Course, now: Standing, entry: Entry) -> Event | None:
    """Return what an entry means for an application; None where it means nothing for where it stands."""
    match entry.kind:
        case Kind.ATTACHED:
            return Event.ATTACHED_ALL if what.hosts <= now.hosts | {entry.subject.lower()} else Event.ATTACHED_ONE
        case Kind.PROVEN:
            return Event.PROVEN if _proves(what, entry) else None
        case Kind.RETIRED | Kind.BREAK_GLASS_OVER:
            return _gone(what, now, entry)
        case Kind.UNFEDERATED:
            return Event.UNFEDERATED_ATTACHED if now.hosts else Event.UNFEDERATED
        case Kind.SEALED:
            return Event.SEALED if now.sealed | {entry.subject} >= SEAL else Event.SEALED_ONE
        case kind:
            return _EVENTS.get(kind, Event.FAILED if kind.value.endswith("-failed") else None)


def _gone(what: Course, now: Standing, entry: Entry) -> Event | None:
    """Count a credential that is gone; while a break-glass secret lives, an application is not retired."""
    if entry.kind is Kind.RETIRED:
        gone = now.removed | {entry.carried}
        whole = what.keys and what.keys <= gone and all(each.carried in gone for each in now.glass)
        return Event.REMOVED_ALL if whole else _another(what, entry)
    ended = any(each.label == entry.subject for each in now.glass) and len(now.glass) == 1
    return Event.GLASS_OVER_LAST if ended and what.keys and what.keys <= now.removed else Event.GLASS_OVER


def _another(what: Course, entry: Entry) -> Event | None:
    """Count the removal of a credential of the plan; one of an earlier plan changes nothing for this one."""
    return Event.REMOVED_ONE if entry.carried in what.keys else None


def _proves(what: Course, entry: Entry) -> bool:
    """Whether a successful exchange was one of this application's planned pairing, whichever plan it was made under."""
    if not what.subject:
        return False
    claims = msgspec.convert(dict(entry.data), ExchangeClaims)
    return (claims.assertion_issuer, claims.assertion_subject) == (what.issuer, what.subject)


def step(what: Course, now: Standing, entry: Entry) -> Standing:
    """Return where an application stands after an entry."""
    happened = event(what, now, entry)
    row = transition(now.station, happened) if happened else None
    station = row.target if row else now.station
    return replace(
        remembered(now, entry), station=station, condition=_condition(now, entry, happened), begun=_begun(now, entry)
    )


def _condition(now: Standing, entry: Entry, happened: Event | None) -> Well | HeldBy | FailedIn | TakenBack:
    if happened is Event.FAILED or (happened is Event.PROOF_LOST and now.station not in _LOST_FROM):
        return FailedIn(kind=entry.kind, message=str(entry.data.get("message", "")))
    match happened:
        case Event.HELD:
            return HeldBy(gates=closed_gates(entry))
        case Event.REVERTED:
            return TakenBack()
        case None | Event.PROOF_LOST:
            return now.condition
        case _:
            return now.condition if entry.kind.value.endswith("-meant") else Well()


def _begun(now: Standing, entry: Entry) -> frozenset[tuple[Kind, str]]:
    if entry.kind in _DONE.values():
        return now.begun | {(entry.kind, entry.subject)}
    over = {_DONE.get(entry.kind), _UNDONE.get(entry.kind)} - {None}
    return frozenset(each for each in now.begun if each[0] not in over or each[1] != entry.subject)


def fold(what: Course, entries: Iterable[Entry], code: CodeState | None = None) -> Standing:
    """Return where an application stands; of ``entries`` only its own count. ``code`` is what is open in code by now.

    What code says is no step of its own: it is asked for as it is, so that a scan that was taken back takes nothing
    else back.
    """
    now = begin(what)
    for entry in entries:
        if entry.application == what.client_id:
            now = step(what, now, entry)
    clean = code is not None and is_clean(code, what.client_id)
    row = transition(now.station, Event.CODE_CLEAN if clean else Event.CODE_OPEN)
    return replace(now, station=row.target if row else now.station)


def is_clean(code: CodeState, client_id: ClientId) -> bool:
    """Whether code was scanned and nothing in it needs a credential of the application, or of nobody knows whom."""
    return bool(code.roots) and all(each.application not in {client_id, None} for each in code.findings)


def admit(what: Course, now: Standing, entry: Entry, gates: Iterable[str] = ()) -> None:
    """Refuse an intent that does not follow from where an application stands; a fact always passes.

    Args:
        what: What the plan means to do with the application.
        now: Where the application stands.
        entry: What is about to be written.
        gates: Names of the gates that must be open for a removal; the entry tells in ``gates`` which were.

    Raises:
        IllegalTransitionError: the table has no row for it, a gate is not told to be open, or what would be taken
            back is all that the application has left to sign in with.

    """
    happened = event(what, now, entry)
    if happened not in INTENTS:
        return
    name = what.application.display_name
    if transition(now.station, happened) is None:
        raise IllegalTransitionError(f"{name!r} is {now.station.value}: {happened.value} does not follow; see status")
    if happened is Event.REMOVE_MEANT and (shut := sorted(set(gates) - set(_opened(entry)))):
        raise IllegalTransitionError(
            f"a credential of {name!r} is not removed: not shown to be open: {', '.join(shut)}"
        )
    if happened in _TAKES_AWAY and (why := irreversible(now)):
        raise IllegalTransitionError(f"{name!r}: {happened.value}, but {why}")


_TAKES_AWAY: Final = frozenset({Event.UNFEDERATE_MEANT, Event.DETACH_MEANT, Event.DELETE_MEANT})


def _opened(entry: Entry) -> Mapping[str, Any]:
    told = entry.data.get("gates")
    return told if isinstance(told, dict) else {}


def irreversible(now: Standing) -> str:
    """Say why what was done for an application cannot be taken back; empty where it can."""
    if now.removed:
        return f"{len(now.removed)} of its credentials are removed for good: it would have nothing to sign in with"
    if any(kind is Kind.RETIRE_MEANT for kind, _ in now.begun):
        return "the removal of a credential was begun and may have been made: run retire again first"
    if now.station not in _TAKEN_BACK_FROM:
        return "its removal is scheduled: call that off first"
    return ""


_TAKEN_BACK_FROM: Final = frozenset({State.PLANNED, State.ATTACHED, State.FEDERATED, State.REWRITTEN, State.PROVEN})


def standings(
    pairings: Iterable[Pairing],
    entries: tuple[Entry, ...],
    refusals: Iterable[Refusal] = (),
    unused: Iterable[Abandoned] = (),
) -> dict[ClientId, tuple[Course, Standing]]:
    """Return for every application of a plan what is meant and where it stands, in the order of the plan."""
    by_application: dict[ClientId, list[Entry]] = {}
    for entry in entries:
        if entry.application:
            by_application.setdefault(entry.application, []).append(entry)
    code = code_known(entries)
    courses = (
        *(course(each) for each in pairings),
        *(course_of_steps(each) for each in refusals),
        *(course_of_abandoned(each) for each in unused),
    )
    return {one.client_id: (one, fold(one, by_application.get(one.client_id, ()), code)) for one in courses}


def code_known(entries: Iterable[Entry]) -> CodeState | None:
    """Return what is open in code for the tenant of the plan that was used last; None where there is no plan."""
    told = tuple(entries)
    tenants = [str(entry.data["tenant"]) for entry in told if entry.kind is Kind.PLAN]
    return code_state(told, TenantId(tenants[-1])) if tenants else None


def states(pairings: Iterable[Pairing], entries: tuple[Entry, ...]) -> Mapping[ClientId, State]:
    """Return the state of every pairing."""
    return {key: now.state for key, (_, now) in standings(pairings, entries).items()}
