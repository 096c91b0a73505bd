"""How fast exported sign-in logs are added up, and how much memory that takes, whatever their size.

``pytest -m bench -s tests/benchmarks/test_logs.py`` prints figures and goals; nothing is asserted about time.
Each reading runs in a process of its own. Processor time is taken beside the time on the clock, since it tells what two
free cores would do whatever else the machine does meanwhile.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.support.exported import blob, record

ROOT = Path(__file__).parents[2]
CREDENTIALS = 20_000
ADDRESSES = 50
START = datetime(2026, 1, 1, tzinfo=UTC)
SMALL, LARGE = 256, 1024
"""MB of text."""
GOAL = 1.0
"""GB a minute on two cores."""
PADDING = "x" * 600
"""Brings a record to the 2.2 kB that one has with its policies, location and processing details."""

READER = """
import asyncio, json, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from inventory.evidence.exported_logs import SOURCE
from inventory.evidence_source import EvidenceRequest

async def read():
    request = EvidenceRequest(at=datetime(2026, 4, 1, tzinfo=UTC), folder=Path(sys.argv[1]),
                              tenant_id="aaaaaaaa-0000-4000-8000-000000000000")
    rows = pages = 0
    async for page in SOURCE.read(request):
        rows, pages, last = rows + len(page.entries), pages + 1, page.entries[-1]
    return rows - 1, pages, last.missing

clock = time.perf_counter()
rows, pages, missing = asyncio.run(read())
clock = time.perf_counter() - clock
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"rows": rows, "pages": pages, "missing": missing, "clock": clock,
                  "processor": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024}))
"""

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]


def _write(folder: Path, megabytes: int) -> int:
    """Write blobs of about so much text, and give the number of bytes."""
    chance = random.Random(7)  # noqa: S311 - the same logs every time
    names = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(CREDENTIALS)]
    one = record(START, "@app", servicePrincipalCredentialKeyId="@key", ipAddress="@from", id="@id", padding=PADDING)
    text = json.dumps(one, separators=(",", ":")).replace("%", "%%").replace("2026-01-01T00:", "%(hour)s:")
    for mark in ("@app", "@key", "@from", "@id"):
        text = text.replace(mark, f"%({mark[1:]})s")
    written = hours = 0
    while written < megabytes * 1_000_000:
        hour = START + timedelta(hours=hours)
        lines = []
        for _ in range(4_000):
            place = chance.randrange(CREDENTIALS)
            fields = {
                "app": names[place],
                "key": names[-place],
                "from": f"198.51.100.{(place + chance.randrange(3)) % ADDRESSES}",
                "id": chance.getrandbits(64),
                "hour": f"{hour:%Y-%m-%dT%H}",
            }
            lines.append(text % fields)
        raw = ("\n".join(lines) + "\n").encode()
        blob(folder, hour).write_bytes(raw)
        written, hours = written + len(raw), hours + 1
    return written


def _measured(folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", READER, str(folder)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    found: dict[str, float] = json.loads(done.stdout)
    assert not found["missing"]
    return found


def _tell(what: str, size: int, found: dict[str, float]) -> None:
    pace, two_cores = (size / 1e9 * 60 / seconds for seconds in (found["clock"], found["processor"] / 2))
    print(
        f"{what}: {size / 1e6:,.0f} MB, {found['rows']:,.0f} rows of sums in {found['pages']:.0f} portions, "
        f"{found['clock']:.1f} s = {pace:.1f} GB a minute on the clock, {found['processor']:.1f} s of processor time = "
        f"{two_cores:.1f} GB a minute of two cores (goal {GOAL:.0f}), peak memory {found['memory']:.0f} MB"
    )


def test_exported_logs(tmp_path: Path) -> None:
    print()
    figures = {}
    for megabytes in (SMALL, LARGE):
        folder = tmp_path / str(megabytes)
        size = _write(folder, megabytes)
        figures[megabytes] = _measured(folder)
        _tell("blobs", size, figures[megabytes])
    ratio = figures[LARGE]["memory"] / figures[SMALL]["memory"]
    print(f"memory of {LARGE} MB to that of {SMALL} MB: {ratio:.2f} (goal 1: it does not grow)")
    table = tmp_path / "parquet"
    table.mkdir()
    pattern = str(tmp_path / str(SMALL) / "**" / "*.json")
    duckdb.execute(f"COPY (FROM read_json('{pattern}', hive_partitioning=false)) TO '{table}/all.parquet'")
    size = sum(file.stat().st_size for file in (tmp_path / str(SMALL)).rglob("*.json"))
    _tell("the same as Parquet (MB as text)", size, _measured(table))
