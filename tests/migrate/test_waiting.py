"""Where ``unsecret federate`` leaves an application alone, it says what comes first and where that is told."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from inventory.model import ApplicationId, ClientId
from migrate.cli.provisions import waiting
from migrate.model import ApplicationRef, Refusal
from migrate.refusalcodes import RefusalCode

APP = "00000000-0000-4000-8000-00000000000a"


def refusal(code: RefusalCode) -> Refusal:
    application = ApplicationRef(id=cast("ApplicationId", APP), client_id=cast("ClientId", APP), display_name="shop")
    return Refusal(application=application, code=code, explanation="", candidates=(), credentials=())


def test_steps_by_hand_say_which_command_tells_them() -> None:
    told = waiting(refusal(RefusalCode.FEDERATED_CONFLICT), Path("my plan.json"))
    assert told.endswith("steps come first (by hand; unsecret plan show 'my plan.json' tells them)")


def test_the_road_of_an_application_that_nobody_uses_is_named() -> None:
    told = waiting(refusal(RefusalCode.UNUSED), Path("plan.json"))
    assert told.endswith(f"shop: unused, its road is another: unsecret deactivate plan.json --app {APP}")
    assert "steps come first" not in told
