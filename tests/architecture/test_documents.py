"""What the documents say of the code, compared with the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.model import ReasonCode
from migrate import gates
from migrate.cli.main import COMMANDS
from migrate.model import RefusalCode

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("reason", ReasonCode)
def test_every_reason_is_documented_as_the_tool_tells_it(reason: ReasonCode) -> None:
    row = f"| {reason.value} | {reason.meaning} | {reason.advice} |"
    assert row in (DOCS / "rewrite.md").read_text("utf-8")


def test_every_gate_and_refusal_is_documented() -> None:
    assert not [gate.name for gate in gates.gates() if f"| {gate.name} |" not in (DOCS / "gates.md").read_text("utf-8")]
    plan = (DOCS / "plan.md").read_text("utf-8")
    assert not [code.value for code in RefusalCode if code.value not in plan]


def test_every_command_and_page_is_named_in_the_readme() -> None:
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    assert not [name for name in COMMANDS if f"unsecret {name}" not in readme and f"`{name}`" not in readme]
    assert not [page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in readme]
