"""The command that takes an application on from where it stands. Pure; PLAN and PATH are for the reader to fill in."""

from __future__ import annotations

from typing import Final, assert_never

from migrate.model import Kind
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
_RETIREMENT: Final = frozenset({Kind.RETIRE_MEANT, Kind.RETIRE_FAILED})
_SEAL: Final = frozenset({Kind.SEAL_MEANT, Kind.SEAL_FAILED})
_UNSEAL: Final = frozenset({Kind.UNSEAL_MEANT, Kind.UNSEAL_FAILED})


def next_command(what: Course, now: Standing) -> str:
    """Return what to run next, or to do; empty where nothing is left."""
    app = what.client_id
    if begun := {kind for kind, _ in now.begun}:
        return _resumed(begun).format(app=app)
    match now.condition:
        case HeldBy(gates=gates):
            return "; ".join(dict.fromkeys(each.get("opens", "") for each in gates.values()))
        case FailedIn(kind=Kind.PROOF_FAILED):
            return f"unsecret verify PLAN --app {app}"
        case FailedIn(kind=kind):
            return _resumed({kind}).format(app=app)
        case TakenBack() | Well():
            return _onward(what, now).format(app=app)
        case _:
            assert_never(now.condition)


def _resumed(kinds: set[Kind]) -> str:
    if kinds & _RETIREMENT:
        return f"{_RETIRE} --apply"
    if kinds & _UNSEAL:
        return "unsecret revert PLAN --app {app} --to watched --apply"
    if kinds & _SEAL:
        return "unsecret seal PLAN --app {app} --apply"
    return "unsecret revert PLAN --app {app} --apply" if kinds & _REVERT else _FEDERATE


def _onward(what: Course, now: Standing) -> str:
    done = now.station is State.FEDERATED or (now.station is State.ATTACHED and not what.trusts)
    return _AGAIN if what.wave is None and done else _NEXT[now.station]
