"""Reports and logs of an embedded tenant that limits them as Graph does, and that counts its refusals."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory import quotas
from inventory.batches import together
from inventory.evidence import graph_credential_activity, graph_sign_ins
from inventory.evidence_source import EvidenceRequest
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from migrate.emulator.server import Emulator
from tests.inventory.evidence.support import NOW, Told, reading
from tests.inventory.madeup import MadeUpGraph

_SPEED = 20
"""The tenant's buckets fill so many times as fast, and ours are told so."""
_THROTTLE = f'[[faults]]\nkind = "throttle"\nspeed = {_SPEED}\nbuckets = ["reports"]\n'
_SMALL = dataclasses.replace(
    graph_credential_activity.SOURCE, url=graph_credential_activity.SOURCE.url.replace("$top=999", "$top=4")
)


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    plan = tmp_path / "faults.toml"
    plan.write_text(_THROTTLE)
    monkeypatch.setattr(quotas, "PERIOD", quotas.PERIOD / _SPEED)
    with Emulator(apps=60, seed=6, faults=plan) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


def _reports(emulator: Emulator, *, paced: bool) -> tuple[list[Told], int, int]:
    """Read two sources at the same time; return what they told, and the requests and refusals that the tenant saw."""

    async def run() -> list[Told]:
        settings = GraphSettings(graph_endpoint=emulator.graph_endpoint, paced=paced)
        async with GraphConnection(settings) as connection:
            request = EvidenceRequest(at=await GraphDirectory(connection).now(), graph=connection)
            return await together(*(reading(source, request) for source in (_SMALL, graph_sign_ins.SOURCE)))

    engine: Any = emulator.tenant.faults
    found = asyncio.run(run())
    (state,) = engine.shown()["state"]
    return found, state["seen"], state["fired"]


def test_many_pages_of_reports_are_read_without_one_refusal(emulator: Emulator) -> None:
    begin = time.monotonic()
    (credentials, sign_ins), seen, refused = _reports(emulator, paced=True)
    pages = len(credentials.cursors) + 2
    assert refused == 0
    assert pages > 12, "several times what the limit lets through at once"
    assert seen >= pages
    assert time.monotonic() - begin >= (pages // quotas.REPORTS - 1) * quotas.PERIOD
    assert (credentials.source.missing, sign_ins.source.missing) == ("", "")


def test_without_the_pace_the_same_reading_is_refused(emulator: Emulator) -> None:
    found, _, refused = _reports(emulator, paced=False)
    assert refused > 0
    assert found[0].source.missing == ""


def test_every_page_of_evidence_is_of_low_priority(graph: MadeUpGraph) -> None:
    path = graph_credential_activity.SOURCE.url.partition("?")[0]
    graph.answer(path, {"value": []})
    graph.answer("/beta/auditLogs/signIns", {"value": []})

    async def run() -> None:
        async with graph.connected() as connection:
            request = EvidenceRequest(at=NOW, graph=connection)
            for source in (graph_credential_activity.SOURCE, graph_sign_ins.SOURCE):
                await reading(source, request)

    asyncio.run(run())
    assert len(graph.requests) == 3
    assert {request.headers.get("x-ms-throttle-priority") for request in graph.requests} == {"Low"}
