"""An object that is nested deeper than any decoder follows costs nothing but itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import convert
from inventory.evidence import graph_sign_ins
from inventory.evidence_source import EvidenceRequest
from inventory.graph_directory import GraphDirectory
from inventory.mending import DEEP, decoded, pruned
from inventory.model import Application, ScanNote
from tests.inventory.evidence.support import NOW, reading
from tests.inventory.evidence.test_graph_evidence import IDENTITY, OWN, sign_in
from tests.inventory.madeup import MadeUpGraph

LEVELS = 50_000
DEEPLY = {"list": "[" * LEVELS + "]" * LEVELS, "object": '{"a":' * LEVELS + "1" + "}" * LEVELS}


def _application(number: int, name: str = "", value: str = "") -> bytes:
    whole = json.dumps({"id": f"o{number}", "appId": f"A{number}", "displayName": "x", "passwordCredentials": []})
    return (whole[:-1] + f', "{name}": {value}}}' if name else whole).encode()


def _page(*rows: bytes) -> bytes:
    return b'{"value": [' + b", ".join(rows) + b"]}"


@pytest.mark.parametrize("deep", DEEPLY)
@pytest.mark.parametrize("name", ["somethingNew", "web", "passwordCredentials", "displayName"])
def test_a_deeply_nested_object_is_unreadable_and_the_others_of_its_page_are_not(name: str, deep: str) -> None:
    body = _page(_application(1), _application(2, name, DEEPLY[deep]), _application(3))
    reading = convert.applications()
    one, two, three = decoded(reading.page, body).entries
    assert (isinstance(one, Application), isinstance(three, Application)) == (True, True)
    assert two == ScanNote(subject="application o2", text="unreadable: it is nested too deeply")
    alone = convert.applications().one(_application(2, name, DEEPLY[deep]))
    assert isinstance(alone, ScanNote)
    assert alone.subject == two.subject


def test_a_directory_goes_on_behind_a_deeply_nested_object(graph: MadeUpGraph) -> None:
    async def read() -> list[Any]:
        async with graph.connected(paced=False) as connection:
            return [entry async for page in GraphDirectory(connection).applications() for entry in page.entries]

    graph.answer("/v1.0/applications", _page(_application(1), _application(2, "new", DEEPLY["list"])))
    one, two = asyncio.run(read())
    assert isinstance(one, Application)
    assert two == ScanNote(subject="application o2", text="unreadable: it is nested too deeply")


@pytest.mark.parametrize(("name", "lost"), [("ipAddress", 1), ("somethingNew", 0)])
def test_a_deeply_nested_record_of_a_log_counts_or_makes_it_unknown(graph: MadeUpGraph, name: str, lost: int) -> None:
    async def read() -> Any:
        async with graph.connected(paced=False) as connection:
            return await reading(graph_sign_ins.SOURCE, EvidenceRequest(at=NOW, graph=connection))

    odd = json.dumps(sign_in(1))[:-1] + f', "{name}": {DEEPLY["list"]}}}'
    body = _page(json.dumps(sign_in(0)).encode(), odd.encode())
    graph.answer("/beta/auditLogs/signIns", body)
    graph.answer("/beta/auditLogs/signIns", {"value": []})
    assert OWN != IDENTITY
    found = asyncio.run(read())
    assert sum((use.successes or 0) + (use.failures or 0) for use in found.uses) == 2 - lost
    assert found.source.missing[:1] == ("1" if lost else "")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(_JSON, st.integers(min_value=0, max_value=300))
def test_what_is_not_too_deep_stays_and_what_is_cut_leaves_json(value: Any, levels: int) -> None:
    raw = json.dumps(value, ensure_ascii=False).encode()
    assert pruned(raw) == raw
    deep = b"[" * levels + raw + b"]" * levels
    shown = pruned(deep)
    assert (shown == deep) == (DEEP not in shown)
    json.loads(shown)


@given(st.binary(max_size=80))
def test_what_is_no_json_ends_nothing(noise: bytes) -> None:
    assert isinstance(pruned(noise), bytes)
    assert isinstance(pruned(b"[" * 200 + noise), bytes)
