"""What a whole rollout costs as the number of applications grows: time, memory, requests.

``pytest -m bench -s tests/benchmarks/test_rollout.py`` prints the figures; about time nothing is asserted. Each size
runs in a process of its own, so that its memory is its own; the embedded tenant is in it. ``UNSECRET_BENCH_APPS`` names
other sizes, such as ``1000,10000``.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIZES = tuple(int(each) for each in os.environ.get("UNSECRET_BENCH_APPS", "250,500,1000").split(","))

pytestmark = [pytest.mark.bench, pytest.mark.timeout(6 * 3600)]


def test_time_memory_and_requests_of_a_whole_rollout() -> None:
    print()
    found = []
    for size in SIZES:
        command = [sys.executable, "-m", "tests.support.measured", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
        one = json.loads(done.stdout.splitlines()[-1])
        found.append(one)
        print(f"{size} applications: {one}")
        assert one["removed"] > 0
    for small, large in itertools.pairwise(found):
        ratio = math.log(large["planned"] / small["planned"])
        for what in ("cpu", "requests", "entries"):
            growth = math.log(large[what] / small[what]) / ratio
            print(f"{what} from {small['planned']} to {large['planned']} planned applications: n^{growth:.2f}")
