"""The stations of one application and how it gets from one to another. Values and one table; pure.

An *intent* is written down before a change is made and is refused where the table has no row for it. A *fact* is what
was seen afterwards: facts are never refused, so that the table has a row for every fact at every station.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from migrate.entry import Kind


class State(enum.StrEnum):
    """Where an application stands. The last three stand in place of the station that it was at."""

    PLANNED = "planned"
    ATTACHED = "identity attached"
    FEDERATED = "federated"
    REWRITTEN = "code rewritten"
    PROVEN = "proven"
    DEACTIVATED = "deactivated"
    SOAKING = "soaking"
    RETIRABLE = "retirable"
    PARTLY_RETIRED = "partly retired"
    RETIRED = "retired"
    WATCHED = "watched"
    SEALED = "sealed"
    HELD = "held"
    FAILED = "failed"
    REVERTED = "reverted"


class Event(enum.StrEnum):
    """What happens to an application."""

    IDENTITY_MEANT = "the identity is to be created"
    IDENTITY_CREATED = "the identity is there"
    ATTACH_MEANT = "the identity is to be attached to a host"
    ATTACHED_ONE = "the identity is attached to a host, others are left"
    ATTACHED_ALL = "the identity is attached to every host of the plan"
    FEDERATE_MEANT = "the federated credential is to be created"
    FEDERATED = "the federated credential is there"
    CODE_CLEAN = "no scanned code needs a credential of it"
    CODE_OPEN = "scanned code needs a credential of it, or no scan is on record"
    PROVEN = "the exchange works"
    PROOF_LOST = "the exchange fails"
    SCHEDULED = "the removal is scheduled"
    SOAKING = "nothing amiss during the soak"
    SOAKED = "the soak is over"
    UNSCHEDULED = "the removal is called off"
    REMOVE_MEANT = "a credential is to be removed"
    REMOVED_ONE = "a credential is gone, others are left"
    REMOVED_ALL = "every credential of the plan is gone"
    WATCHING = "nothing amiss since the removal"
    WATCHED = "watched for longer than a token lives"
    SEAL_MEANT = "new credentials are to be forbidden"
    SEALED_ONE = "a part of the seal is there, the other is left"
    SEALED = "new credentials are forbidden"
    GLASS_MEANT = "a break-glass secret is to be made"
    GLASS_MADE = "a break-glass secret is there"
    GLASS_OVER = "a break-glass secret is over"
    GLASS_OVER_LAST = "the last break-glass secret is over, and every credential of the plan is gone"
    DEACTIVATE_MEANT = "it is to be deactivated"
    DEACTIVATED = "it is deactivated"
    ACTIVATE_MEANT = "it is to be activated again"
    ACTIVATED = "it is active again"
    UNSEAL_MEANT = "the seal is to be taken off"
    UNSEALED = "a part of the seal is off"
    UNFEDERATE_MEANT = "the federated credential is to be deleted"
    UNFEDERATED_ATTACHED = "the federated credential is gone, the identity is attached"
    UNFEDERATED = "the federated credential is gone, and nothing else is left of the rollout"
    DETACH_MEANT = "the identity is to be detached from a host"
    DETACHED = "the identity is detached from a host"
    DELETE_MEANT = "the identity is to be deleted"
    DELETED = "the identity is gone"
    REVERTED = "what was asked for is taken back"
    HELD = "a gate is closed"
    FAILED = "a change failed, or was not seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A row of the table: at ``source``, ``event`` leads to ``target``, and an entry of one of the kinds shows it."""

    source: State
    event: Event
    target: State
    evidence: tuple[Kind, ...]


STATIONS: Final = tuple(state for state in State if state not in {State.HELD, State.FAILED, State.REVERTED})
INTENTS: Final = frozenset(
    {
        Event.IDENTITY_MEANT,
        Event.ATTACH_MEANT,
        Event.FEDERATE_MEANT,
        Event.SCHEDULED,
        Event.SOAKED,
        Event.UNSCHEDULED,
        Event.REMOVE_MEANT,
        Event.WATCHED,
        Event.SEAL_MEANT,
        Event.GLASS_MEANT,
        Event.DEACTIVATE_MEANT,
        Event.ACTIVATE_MEANT,
        Event.UNSEAL_MEANT,
        Event.UNFEDERATE_MEANT,
        Event.DETACH_MEANT,
        Event.DELETE_MEANT,
    }
)
"""What can be refused; everything else was seen and is true."""
REVERSIBLE: Final = (State.PLANNED, State.ATTACHED, State.FEDERATED, State.REWRITTEN, State.PROVEN)
"""Before a removal is scheduled: everything up to here can be taken back."""
_REMOVABLE: Final = (State.PROVEN, State.DEACTIVATED, State.RETIRABLE, State.PARTLY_RETIRED)
"""The gates decide, at the moment of it. A plan without a soak goes from proven straight to the removal, and what was
deactivated has soaked as such."""

_AFTER_A_REMOVAL: Final = (State.PARTLY_RETIRED, State.RETIRED, State.WATCHED, State.SEALED)
"""Where a new secret may be needed; before a removal the old one is there."""


def _rows(
    event: Event, evidence: Kind | tuple[Kind, ...], moves: dict[State, State], at: Iterable[State] = ()
) -> list[Transition]:
    """Return the rows of an event: ``moves`` from one station to another; at the other stations of ``at`` it stays."""
    kinds = evidence if isinstance(evidence, tuple) else (evidence,)
    targets = {station: station for station in at} | moves
    return [Transition(source=one, event=event, target=to, evidence=kinds) for one, to in targets.items()]


def _all_to(target: State, sources: Iterable[State]) -> dict[State, State]:
    return dict.fromkeys(sources, target)


_FAILURES: Final = tuple(kind for kind in Kind if kind.value.endswith("-failed") and kind is not Kind.PROOF_FAILED)

TABLE: Final[tuple[Transition, ...]] = (
    # What adds trust is allowed anywhere: it repairs what somebody else took away.
    *_rows(Event.IDENTITY_MEANT, Kind.IDENTITY_MEANT, {}, STATIONS),
    *_rows(Event.IDENTITY_CREATED, Kind.IDENTITY_CREATED, {}, STATIONS),
    *_rows(Event.ATTACH_MEANT, Kind.ATTACH_MEANT, {}, STATIONS),
    *_rows(Event.ATTACHED_ONE, Kind.ATTACHED, {}, STATIONS),
    *_rows(Event.ATTACHED_ALL, Kind.ATTACHED, {State.PLANNED: State.ATTACHED}, STATIONS),
    *_rows(Event.FEDERATE_MEANT, Kind.FEDERATE_MEANT, {}, STATIONS),
    *_rows(Event.FEDERATED, Kind.FEDERATED, _all_to(State.FEDERATED, (State.PLANNED, State.ATTACHED)), STATIONS),
    *_rows(Event.CODE_CLEAN, Kind.CODE_SCANNED, {State.FEDERATED: State.REWRITTEN}, STATIONS),
    *_rows(Event.CODE_OPEN, Kind.CODE_SCANNED, {State.REWRITTEN: State.FEDERATED}, STATIONS),
    *_rows(Event.PROVEN, Kind.PROVEN, _all_to(State.PROVEN, REVERSIBLE), STATIONS),
    *_rows(
        Event.PROOF_LOST,
        Kind.PROOF_FAILED,
        _all_to(State.FEDERATED, (State.PROVEN, State.SOAKING, State.RETIRABLE)),
        STATIONS,
    ),
    # One credential after the other is scheduled: the soak of each is counted by itself, where it is removed. What has
    # lost one never stands where its federated credential can be taken back, whatever becomes of the others.
    *_rows(
        Event.SCHEDULED,
        Kind.SCHEDULED,
        {State.PROVEN: State.SOAKING},
        (State.SOAKING, State.RETIRABLE, State.PARTLY_RETIRED),
    ),
    *_rows(Event.SOAKING, Kind.SOAKING, {}, STATIONS),
    *_rows(Event.SOAKED, Kind.SOAKED, {State.SOAKING: State.RETIRABLE}, (State.PARTLY_RETIRED,)),
    *_rows(
        Event.UNSCHEDULED,
        Kind.UNSCHEDULED,
        _all_to(State.PROVEN, (State.SOAKING, State.RETIRABLE)),
        (State.PARTLY_RETIRED,),
    ),
    *_rows(Event.REMOVE_MEANT, Kind.RETIRE_MEANT, {}, _REMOVABLE),
    *_rows(
        Event.REMOVED_ONE,
        Kind.RETIRED,
        _all_to(State.PARTLY_RETIRED, (*REVERSIBLE, State.DEACTIVATED, State.SOAKING, State.RETIRABLE)),
        STATIONS,
    ),
    *_rows(
        Event.REMOVED_ALL,
        Kind.RETIRED,
        _all_to(
            State.RETIRED,
            (*REVERSIBLE, State.DEACTIVATED, State.SOAKING, State.RETIRABLE, State.PARTLY_RETIRED),
        ),
        STATIONS,
    ),
    *_rows(Event.WATCHING, Kind.WATCHING, {}, STATIONS),
    *_rows(Event.WATCHED, Kind.WATCHED, {State.RETIRED: State.WATCHED}),
    # Once more where the tenant's default has become stricter, or somebody undid a part of the seal.
    *_rows(Event.SEAL_MEANT, Kind.SEAL_MEANT, {}, (State.WATCHED, State.SEALED)),
    *_rows(Event.SEALED_ONE, Kind.SEALED, {}, STATIONS),
    *_rows(Event.SEALED, Kind.SEALED, {State.WATCHED: State.SEALED}, STATIONS),
    # A break-glass secret is a live one: with it an application is not retired any more, whatever it was.
    *_rows(Event.GLASS_MEANT, Kind.BREAK_GLASS_MEANT, {}, _AFTER_A_REMOVAL),
    *_rows(Event.GLASS_MADE, Kind.BREAK_GLASS_MADE, _all_to(State.PARTLY_RETIRED, _AFTER_A_REMOVAL), STATIONS),
    *_rows(Event.GLASS_OVER, Kind.BREAK_GLASS_OVER, {}, STATIONS),
    *_rows(Event.GLASS_OVER_LAST, Kind.BREAK_GLASS_OVER, {State.PARTLY_RETIRED: State.RETIRED}, STATIONS),
    # The other road: nobody uses it, so that nothing is to take over; what is deactivated can be activated at any time.
    *_rows(Event.DEACTIVATE_MEANT, Kind.DEACTIVATE_MEANT, {}, (State.PLANNED, State.DEACTIVATED)),
    *_rows(Event.DEACTIVATED, Kind.DEACTIVATED, {State.PLANNED: State.DEACTIVATED}, STATIONS),
    *_rows(Event.ACTIVATE_MEANT, Kind.ACTIVATE_MEANT, {}, STATIONS),
    *_rows(Event.ACTIVATED, Kind.ACTIVATED, {State.DEACTIVATED: State.PLANNED}, STATIONS),
    *_rows(Event.UNSEAL_MEANT, Kind.UNSEAL_MEANT, {}, (State.WATCHED, State.SEALED)),
    *_rows(Event.UNSEALED, Kind.UNSEALED, {State.SEALED: State.WATCHED}, STATIONS),
    *_rows(Event.UNFEDERATE_MEANT, Kind.UNFEDERATE_MEANT, {}, REVERSIBLE),
    *_rows(Event.UNFEDERATED_ATTACHED, Kind.UNFEDERATED, _all_to(State.ATTACHED, REVERSIBLE), STATIONS),
    *_rows(Event.UNFEDERATED, Kind.UNFEDERATED, _all_to(State.PLANNED, REVERSIBLE), STATIONS),
    *_rows(Event.DETACH_MEANT, Kind.DETACH_MEANT, {}, REVERSIBLE),
    *_rows(Event.DETACHED, Kind.DETACHED, {State.ATTACHED: State.PLANNED}, STATIONS),
    *_rows(Event.DELETE_MEANT, Kind.IDENTITY_DELETE_MEANT, {}, (State.PLANNED, State.ATTACHED)),
    *_rows(Event.DELETED, Kind.IDENTITY_DELETED, {}, STATIONS),
    *_rows(Event.REVERTED, Kind.REVERTED, {}, STATIONS),
    *_rows(Event.HELD, Kind.HELD, {}, STATIONS),
    *_rows(Event.FAILED, _FAILURES, {}, STATIONS),
)
_BY_SOURCE: Final = {(row.source, row.event): row for row in TABLE}


def transition(station: State, event: Event) -> Transition | None:
    """Return the row for an event at a station; None where there is none: an intent that is refused."""
    return _BY_SOURCE.get((station, event))
