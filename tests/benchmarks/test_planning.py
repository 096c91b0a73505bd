"""How right a plan is on a tenant with known answers, and what it costs at 1,000, 10,000 and 100,000 applications.

``pytest -m bench -s tests/benchmarks/test_planning.py`` prints the figures; about time nothing is asserted. Each size
runs in a process of its own, so that its memory is its own: the tenant itself is in it.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from migrate.planning.plan import make_plan
from tests.support.labelled import labelled

ROOT = Path(__file__).parents[2]
SIZES = (1_000, 10_000, 100_000)
LABELLED = 5_000
_SCRIPT = """
import sys, time
from pathlib import Path
from migrate import planfile
from migrate.planning.plan import make_plan
from tests.support.labelled import labelled

def used():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024

made = labelled(int(sys.argv[1])).snapshot
before, wall, cpu = used(), time.perf_counter(), time.process_time()
plan = make_plan(made)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
most, began = used(), time.process_time()
size = len(planfile.encode(plan))
print(len(made.identities), len(plan.pairings), wall, cpu, before, most, time.process_time() - began, size // 1_000_000)
"""

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_precision_and_recall_on_a_labelled_tenant(seed: int) -> None:
    made = labelled(LABELLED, seed)
    plan = make_plan(made.snapshot)
    wrong = Counter(
        made.kinds[one.application.client_id]
        for one in plan.pairings
        if made.truth[one.application.client_id] != one.identity.principal_id
    )
    right = len(plan.pairings) - wrong.total()
    known = sum(answer is not None for answer in made.truth.values())
    missed = Counter(
        f"{made.kinds[one.application.client_id]}: {one.code}"
        for one in plan.refusals
        if made.truth[one.application.client_id] is not None
    )
    print(f"\n{len(made.truth)} applications, seed {seed}: {len(plan.pairings)} paired, {known} have an answer")
    print(f"precision {right / len(plan.pairings):.4f}, recall {right / known:.4f}")
    print(f"wrong: {dict(wrong)}; missed: {dict(missed)}")


def test_time_memory_and_growth() -> None:
    print()
    times: list[float] = []
    for size in SIZES:
        command = [sys.executable, "-c", _SCRIPT, str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        identities, paired, wall, cpu, before, most, encoded, megabytes = (float(one) for one in done.stdout.split())
        times.append(cpu)
        print(
            f"{size} applications, {identities:.0f} identities, {paired:.0f} paired: {wall:.1f} s, {cpu:.1f} s of "
            f"processor time, at most {most:.0f} MiB (the tenant {before:.0f}); the plan file {megabytes:.0f} MB in "
            f"{encoded:.1f} s"
        )
    for small, large, smaller, larger in zip(times, times[1:], SIZES, SIZES[1:], strict=False):
        growth = math.log(large / small) / math.log(larger / smaller)
        print(f"growth from {smaller} to {larger}: n^{growth:.2f}")
