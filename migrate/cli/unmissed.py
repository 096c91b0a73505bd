"""What ``unsecret deactivate`` and ``unsecret watch`` tell of applications that nobody uses."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, assert_never

from migrate.deactivation import (
    Deactivated,
    Deactivation,
    Kept,
    Missed,
    NotDeactivated,
    Unmissed,
    WouldDeactivate,
)


def word(result: Deactivation) -> str:
    """Return the result in a word or two."""
    match result:
        case Deactivated():
            return "deactivated"
        case Unmissed():
            return "unmissed"
        case Missed():
            return "missed"
        case WouldDeactivate():
            return "would deactivate"
        case Kept():
            return "kept"
        case NotDeactivated():
            return "not deactivated"
        case _:
            assert_never(result)


def row(result: Deactivation) -> dict[str, Any]:
    """Return the result for programs."""
    application = result.abandoned.application
    found: dict[str, Any] = {
        "application": application.display_name,
        "client_id": application.client_id,
        "result": word(result),
    }
    match result:
        case Kept(closed=closed):
            gates = [{"gate": name, "because": each.because, "opens": each.opens} for name, each in closed]
            return found | {"gates": gates}
        case Missed(message=message, activated=activated):
            return found | {"message": message, "activated": activated}
        case NotDeactivated(message=message):
            return found | {"message": message}
        case _:
            return found


def lines(result: Deactivation, plan_file: Path) -> list[str]:
    """Return the result for people; what is missed ends in the command that takes it back."""
    application = result.abandoned.application
    name = application.display_name
    match result:
        case Kept(closed=closed):
            told = [f"        {gate}: {each.because} (opens: {each.opens})" for gate, each in closed]
            return [f"kept  {name}", *told]
        case Missed(message=message, activated=activated):
            back = f"unsecret revert {shlex.quote(str(plan_file))} --app {application.client_id} --apply"
            what = "it was activated again, as the policy says" if activated else f"take it back: {back}"
            return [f"MISSED  {name}: {message}; {what}"]
        case NotDeactivated(message=message):
            return [f"FAILED  {name}: {message}"]
        case _:
            return [f"{word(result)}  {name}"]
