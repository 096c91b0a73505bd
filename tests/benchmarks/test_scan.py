"""How fast a tenant is read, against a server whose pages are ready before they are asked for.

``pytest -m bench -s tests/benchmarks/test_scan.py`` prints each figure beside its goal. Every measurement runs in a
process of its own, the ones that are compared alternate, and the median of their ratios counts: of processor time
where processors decide, of wall time where latency does. A busy machine makes times drift, ratios in one run less so.
"""

from __future__ import annotations

import json
import operator
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
READING = Path(__file__).parent / "reading"
APPLICATIONS = 100_000
PAGE = 999
SAMPLE = 200
"""Applications that are read as msgraph-sdk's models, which take milliseconds each."""
LATENCY = 0.15
SMALL_PAGE = 100
"""Rows of a page where latency is measured: little to decode, so that a busy processor does not decide."""

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]


@contextmanager
def serving(applications: int, rows: int = PAGE, latency: float = 0.0) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    command = [sys.executable, READING / "server.py", port, applications, rows, latency]
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def measured(mode: str, url: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, str(READING / "client.py"), mode, url, str(folder / "snapshot.db")]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def alternating(modes: tuple[str, ...], url: str, folder: Path, *, rounds: int) -> dict[str, list[float]]:
    """Give the processor times of each, round by round."""
    taken: dict[str, list[float]] = {mode: [] for mode in modes}
    for _ in range(rounds):
        for mode in modes:
            found = measured(mode, url, folder)
            assert found["count"] >= APPLICATIONS
            taken[mode].append(found["cpu"])
    for mode, times in taken.items():
        print(f"\n{mode}: {statistics.median(times):.2f} s of processor time for {APPLICATIONS} applications")
    return taken


def ratio(taken: dict[str, list[float]], above: str, below: str) -> str:
    """Compare two within each round, and give the median: a machine that was busy was so for both."""
    return f"{statistics.median(map(operator.truediv, taken[above], taken[below])):.2f} x"


def tell(what: str, figure: str, goal: str) -> None:
    print(f"\n{what}: {figure} (goal: {goal})")


def test_reading_against_the_sdks_models_and_against_plain_httpx(tmp_path: Path) -> None:
    with serving(APPLICATIONS) as url:
        taken = alternating(("raw", "reader"), url, tmp_path, rounds=9)
    with serving(SAMPLE, rows=SAMPLE // 4) as url:
        sample = measured("models", url, tmp_path)
    assert sample["count"] == SAMPLE
    models = sample["cpu"] / SAMPLE / (statistics.median(taken["reader"]) / APPLICATIONS)
    tell("our reader against msgraph-sdk's models and PageIterator", f"{models:.0f} x", "at least 200 x")
    tell("our reader against httpx and msgspec", ratio(taken, "reader", "raw"), "at most 1.15 x")


def test_values_and_a_snapshot_against_the_crawl(tmp_path: Path) -> None:
    with serving(APPLICATIONS) as url:
        taken = alternating(("reader", "bytes", "values", "snapshot"), url, tmp_path, rounds=3)
    tell("values and SQLite against the crawl", ratio(taken, "snapshot", "reader"), "at most 3 x")
    tell("values alone against the crawl", ratio(taken, "values", "reader"), "none")
    tell("values and SQLite against fetching bytes", ratio(taken, "snapshot", "bytes"), "none")


def test_memory_does_not_grow_with_the_tenant(tmp_path: Path) -> None:
    most = {}
    for applications in (10_000, 200_000):
        with serving(applications) as url:
            found = measured("snapshot", url, tmp_path)
        assert found["count"] == applications
        most[applications] = found["memory"]
        tell(f"peak memory at {applications} applications", f"{found['memory']:.0f} MiB", "at most 300 MiB")
    tell("200,000 against 10,000", f"{most[200_000] / most[10_000]:.2f} x", "the same")


def test_latency_is_shared_by_the_collections(tmp_path: Path) -> None:
    with serving(30 * SMALL_PAGE, rows=SMALL_PAGE, latency=LATENCY) as url:
        found = {mode: measured(mode, url, tmp_path) for mode in ("chain", "parallel")}
    assert found["chain"]["count"] == found["parallel"]["count"]
    for mode, one in found.items():
        print(f"\n{mode}: {one['count']} pages in {one['wall']:.1f} s, processor time {one['cpu']:.1f} s")
    ratio = found["chain"]["wall"] / found["parallel"]["wall"]
    tell(f"all collections at the same time, {LATENCY * 1000:.0f} ms a page", f"{ratio:.2f} x", "at least 3 x")
