"""What ``unsecret federate`` tells of applications that steps come first for."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, assert_never

from migrate.model import Refusal
from migrate.provision import CarriedOut, NotCarriedOut, Provision, WouldCarryOut
from migrate.refusalcodes import RefusalCode


def word(result: Provision) -> str:
    """Return the result in a word or two."""
    match result:
        case CarriedOut():
            return "carried out" if result.done else "carried out before"
        case WouldCarryOut():
            return "would carry out"
        case NotCarriedOut():
            return "not carried out"
        case _:
            assert_never(result)


def _told(result: Provision) -> tuple[str, ...]:
    return result.left if isinstance(result, WouldCarryOut) else result.done


def row(result: Provision) -> dict[str, Any]:
    """Return the result for programs."""
    found: dict[str, Any] = {
        "application": result.refusal.application.display_name,
        "client_id": result.refusal.application.client_id,
        "result": word(result),
        "steps": list(_told(result)),
    }
    if isinstance(result, WouldCarryOut):
        found["warnings"] = list(result.warnings)
    return found | {"message": result.message} if isinstance(result, NotCarriedOut) else found


def lines(result: Provision) -> list[str]:
    """Return the result for people."""
    name = result.refusal.application.display_name
    told = [f"  {word(result)}  {name}: {step}" for step in _told(result)]
    if isinstance(result, NotCarriedOut):
        return [f"  done  {name}: {step}" for step in result.done] + [f"  FAILED  {name}: {result.message}"]
    if isinstance(result, WouldCarryOut):
        told += [f"  CAREFUL  {name}: {each}" for each in result.warnings]
    return told


def waiting(refusal: Refusal, plan_file: Path) -> str:
    """Say that an application is left alone because something else comes first, and where that is told."""
    if refusal.code is RefusalCode.UNUSED:
        road = shlex.join(["unsecret", "deactivate", str(plan_file), "--app", refusal.application.client_id])
        return f"  left alone  {refusal.application.display_name}: {refusal.code}, its road is another: {road}"
    by_hand = f"by hand; {shlex.join(['unsecret', 'plan', 'show', str(plan_file)])} tells them"
    what = "with --steps, or --app" if refusal.can_be_carried_out else by_hand
    return f"  left alone  {refusal.application.display_name}: {refusal.code}, steps come first ({what})"


def waiting_row(refusal: Refusal) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "application": refusal.application.display_name,
        "client_id": refusal.application.client_id,
        "result": "left alone",
        "message": f"{refusal.code}: {'; '.join(step.text for step in refusal.steps)}",
    }
