"""The command that takes an application on from where it stands. Pure; PLAN and PATH are for the reader to fill in."""

from __future__ import annotations

from typing import Final, assert_never

from migrate.entry import Kind
from migrate.rollout.standing import Course, FailedIn, HeldBy, Standing, TakenBack, Well
from migrate.rollout.states import State

_FEDERATE: Final = "unsecret federate PLAN --app {app} --apply"
_AGAIN: Final = "unsecret scan, unsecret plan: it is paired then"
_RETIRE: Final = "unsecret retire PLAN --app {app}"
_NEXT: Final = {
    State.PLANNED: _FEDERATE,
    State.ATTACHED: _FEDERATE,
    State.FEDERATED: "unsecret rewrite PATH --plan PLAN, deploy it; unsecret verify PLAN --app {app}",
    State.REWRITTEN: "unsecret verify PLAN --app {app}",
    State.PROVEN: _RETIRE,
    State.DEACTIVATED: "unsecret watch PLAN, now and again; then unsecret retire PLAN --app {app}",
    State.SOAKING: _RETIRE,
    State.RETIRABLE: f"{_RETIRE} --apply",
    State.PARTLY_RETIRED: _RETIRE,
    State.RETIRED: "unsecret watch PLAN --app {app}",
    State.WATCHED: "unsecret seal PLAN --app {app}",
    State.SEALED: "",
}
_REVERT: Final = frozenset(
    {Kind.UNFEDERATE_MEANT, Kind.DETACH_MEANT, Kind.IDENTITY_DELETE_MEANT, Kind.UNFEDERATE_FAILED, Kind.DETACH_FAILED,
     Kind.IDENTITY_DELETE_FAILED}
)  # fmt: skip
_ABANDONED: Final = {
    State.PLANNED: "unsecret deactivate PLAN --app {app}, when its owners were told",
    State.RETIRED: "delete it when nobody has missed it; it can be restored for 30 days",
}
"""What is another thing to do for an application that nobody uses."""
_BACK: Final = "unsecret revert PLAN --app {app}"
_GLASS: Final = "move what uses the break-glass secret before {until} UTC; then unsecret watch PLAN --app {app}"
_RESCUE: Final = (
    "unsecret break-glass PLAN --app {app}, mend what needs the secret; then unsecret watch PLAN --app {app}"
)


def next_command(what: Course, now: Standing) -> str:
    """Return what to run next, or to do; empty where nothing is left."""
    app = what.client_id
    if begun := {kind for kind, _ in now.begun}:
        return _resumed(begun).format(app=app)
    if now.glass:
        return _GLASS.format(app=app, until=f"{now.glass[-1].until:%Y-%m-%d %H:%M}")
    match now.condition:
        case HeldBy(gates=gates):
            return "; ".join(dict.fromkeys(each.get("opens", "") for each in gates.values()))
        case FailedIn(kind=kind):
            return _resumed({kind}).format(app=app)
        case TakenBack() | Well():
            return _onward(what, now).format(app=app)
        case _:
            assert_never(now.condition)


def because(now: Standing) -> tuple[str, ...]:
    """Return what holds an application where it stands, one text for each gate or failure; empty where nothing does."""
    match now.condition:
        case HeldBy(gates=gates):
            return tuple(f"{name}: {each.get('because', '')}" for name, each in gates.items())
        case FailedIn(kind=kind, message=message):
            return (f"{kind}: {message}",)
        case TakenBack() | Well():
            return ()
        case _:
            assert_never(now.condition)


_RESUMES: Final = (
    (frozenset({Kind.BREAK_GLASS_MEANT, Kind.BREAK_GLASS_FAILED}), "unsecret break-glass PLAN --app {app} --apply"),
    (frozenset({Kind.ACTIVATE_MEANT, Kind.ACTIVATE_FAILED, Kind.SCREAM_FAILED}), f"{_BACK} --apply"),
    (frozenset({Kind.DEACTIVATE_MEANT, Kind.DEACTIVATE_FAILED}), "unsecret deactivate PLAN --app {app} --apply"),
    (frozenset({Kind.WATCH_FAILED}), _RESCUE),
    (frozenset({Kind.PROOF_FAILED}), "unsecret verify PLAN --app {app}"),
    (frozenset({Kind.RETIRE_MEANT, Kind.RETIRE_FAILED}), f"{_RETIRE} --apply"),
    (frozenset({Kind.UNSEAL_MEANT, Kind.UNSEAL_FAILED}), f"{_BACK} --to watched --apply"),
    (frozenset({Kind.SEAL_MEANT, Kind.SEAL_FAILED}), "unsecret seal PLAN --app {app} --apply"),
    (_REVERT, f"{_BACK} --apply"),
)
"""What goes on with a change that was begun or that failed; the first that fits."""


def _resumed(kinds: set[Kind]) -> str:
    return next((command for known, command in _RESUMES if kinds & known), _FEDERATE)


def _onward(what: Course, now: Standing) -> str:
    if what.abandoned and now.station in _ABANDONED:
        return _ABANDONED[now.station]
    done = now.station is State.FEDERATED or (now.station is State.ATTACHED and not what.trusts)
    return _AGAIN if what.wave is None and done else _NEXT[now.station]
