"""The bodies whose real form is known, field by field."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.emulator.server import Emulator
from tests.emulator.conftest import World, make_world
from tests.emulator.fidelity.fetching import BODIES
from tests.emulator.fidelity.known import KNOWN
from tests.emulator.fidelity.shapes import Known, unexplained


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A tenant whose credentials may expire and whose service principals may be disabled."""
    with Emulator(apps=40, seed=11) as running:
        made = make_world(running)
        yield made
        made.web.close()


def test_every_known_body_is_fetched() -> None:
    assert {known.name for known in KNOWN} == set(BODIES)
    assert len({known.name for known in KNOWN}) == len(KNOWN)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_a_body_has_the_known_form(world: World, known: Known) -> None:
    fetched = BODIES[known.name](world)
    assert unexplained(known, fetched) == [], json.dumps(fetched)[:2000]


def test_every_known_body_stands_in_the_table_as_sure_as_here() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "emulator.md").read_text("utf-8")
    table = page.partition("\n### Bodies, compared field by field\n")[2].partition("\n### ")[0]
    rows = re.findall(
        r"^\| [\w ]+: (.+?) \| (\w[a-z ]+\w).* \| `fidelity/test_known\.py::\w+` \|$", table, re.MULTILINE
    )
    told = {(name, sure) for names, sure in rows for name in names.split("; ")}
    assert told == {(known.name, known.sure) for known in KNOWN}
