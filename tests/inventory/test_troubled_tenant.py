"""Listings of a tenant in which everything goes wrong at once are those of the same tenant at its best."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from inventory import quotas
from inventory.directory import Page
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import read_json
from migrate.emulator.server import Emulator

pytestmark = pytest.mark.slow

_READS = "/v1.0/**"
_COSTLY = "/v1.0/applications?$top=20&$expand=owners($select=id)"
"""Three units."""
_LISTINGS = ("applications", "federated", "service_principals", "identity_federated", "roles", "policies")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(apps=60, seed=5) as running:
        yield running


@pytest.fixture(autouse=True)
def operator(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("inventory.batches._FIRST_WAIT", 0.02)


@contextmanager
def _trouble(emulator: Emulator, *faults: dict[str, Any]) -> Iterator[Callable[[], list[int]]]:
    """Yield how often each fault happened."""
    install(emulator.tenant, read_json(msgspec.json.encode({"seed": 3, "faults": faults})))
    engine: Any = emulator.tenant.faults
    try:
        yield lambda: [each["fired"] for each in engine.shown()["state"]]
    finally:
        remove(emulator.tenant)


async def _all(pages: AsyncIterator[Page[Any]]) -> list[Any]:
    return [one async for page in pages for one in page.entries]


def _everything(emulator: Emulator) -> dict[str, list[Any]]:
    async def run() -> dict[str, list[Any]]:
        async with GraphConnection(GraphSettings(graph_endpoint=emulator.graph_endpoint)) as connection:
            directory = GraphDirectory(connection)
            found = await asyncio.gather(*(_all(getattr(directory, name)()) for name in _LISTINGS))
            return dict(zip(_LISTINGS, found, strict=True))

    return asyncio.run(run())


_FAULTS: dict[str, list[dict[str, Any]]] = {
    "throttled": [
        {"kind": "status", "status": 429, "path": _READS, "every": 3, "retry_after": 0.3, "retry_after_form": form,
         "times": 6}
        for form in ("float", "integer", "date")
    ],
    "unavailable": [
        {"kind": "status", "status": status, "path": _READS, "every": 4, "times": 2} for status in (500, 502, 503, 504)
    ],
    "lost connections": [{"kind": "reset", "methods": ["GET"], "path": _READS, "every": 2, "times": 4}],
    "cut answers": [
        {"kind": "truncate", "path": _READS, "every": 3, "times": 2, "length": "cut", "keep": 0.7},
        {"kind": "truncate", "path": _READS, "every": 3, "times": 2, "length": "whole"},
    ],
    "expiring tokens": [{"kind": "expired-bearer", "after_requests": 3, "tokens": 4}],
}  # fmt: skip


@pytest.mark.parametrize("name", _FAULTS)
def test_nothing_is_lost_and_nothing_comes_twice(
    emulator: Emulator, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    calm = _everything(emulator)
    assert all(calm[listing] for listing in _LISTINGS)
    with caplog.at_level(logging.DEBUG), _trouble(emulator, *_FAULTS[name]) as fired:
        assert _everything(emulator) == calm
        assert all(fired())
    assert "eyJ" not in caplog.text, "tokens begin so"
    assert "GET /v1.0/applications" in caplog.text


def test_reads_keep_below_the_limit_of_the_tenant(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same reads without pacing are throttled; with it they find out the size of the bucket and are not."""
    monkeypatch.setattr(quotas, "SIZES", (70, 100, 160))
    monkeypatch.setattr(quotas, "PERIOD", 4.0)
    throttle = {"kind": "throttle", "limits": {"resource-units": 100}, "speed": 2.5}

    async def read(*, paced: bool) -> None:
        settings = GraphSettings(graph_endpoint=emulator.graph_endpoint, paced=paced)
        async with GraphConnection(settings) as connection:
            await asyncio.gather(*(connection.get(_COSTLY, dict, low=True) for _ in range(60)))

    with _trouble(emulator, throttle) as fired:
        asyncio.run(read(paced=False))
        assert fired()[0] > 5
    with _trouble(emulator, throttle) as fired:
        asyncio.run(read(paced=True))
        assert fired()[0] <= 2, "the clocks of two sides are never quite one"
