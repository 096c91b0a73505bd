"""What the documents say of the code, compared with the code."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import get_args

import pytest

from codemods.errors import CodemodError
from codemods.leftover import LeftoverKind
from codemods.model import ReasonCode
from codemods.report.failurewords import FAILURES
from codemods.report.reasons import page, words
from codemods.requirement import RequirementStatus
from migrate import gates
from migrate.cli.emulator import COMMANDS as EMULATOR_COMMANDS
from migrate.cli.main import COMMANDS
from migrate.emulator.faults.model import Fault
from migrate.refusalcodes import RefusalCode

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("reason", ReasonCode)
def test_every_reason_is_documented_as_the_tool_tells_it(reason: ReasonCode) -> None:
    row = f"| {reason.value} | {reason.meaning} | {reason.advice} |"
    assert row in (DOCS / "rewrite.md").read_text("utf-8")


def test_the_page_of_reasons_is_the_one_that_the_cases_give() -> None:
    told = "docs/reasons.md is not what the cases say: unsecret explain reasons --page > docs/reasons.md"
    assert (DOCS / "reasons.md").read_text("utf-8") == page(), told


def test_every_failure_of_the_rewriter_is_explained() -> None:
    classes = [CodemodError]
    for each in classes:
        classes += each.__subclasses__()
    assert {each.code for each in classes} == set(FAILURES)
    assert {*ReasonCode, *LeftoverKind, *RequirementStatus, *FAILURES} == {word.code for word in words()}


def test_every_gate_and_refusal_is_documented() -> None:
    assert not [gate.name for gate in gates.gates() if f"| {gate.name} |" not in (DOCS / "gates.md").read_text("utf-8")]
    plan = (DOCS / "plan.md").read_text("utf-8")
    assert not [code.value for code in RefusalCode if code.value not in plan]


def test_every_command_and_page_is_named_in_the_readme() -> None:
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    assert not [name for name in COMMANDS if f"unsecret {name}" not in readme and f"`{name}`" not in readme]
    assert not [name for name in EMULATOR_COMMANDS if f"unsecret emulator {name}" not in readme]
    assert not [page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in readme]


def test_every_kind_of_fault_is_documented_and_in_the_example() -> None:
    page = (DOCS / "emulator.md").read_text("utf-8")
    kinds = [kind.__struct_config__.tag for kind in get_args(Fault)]
    assert kinds
    assert not [kind for kind in kinds if f"| `{kind}` |" not in page]
    example = resources.files("migrate.emulator.faults").joinpath("example.toml").read_text("utf-8")
    assert not [kind for kind in kinds if f'kind = "{kind}"' not in example]
