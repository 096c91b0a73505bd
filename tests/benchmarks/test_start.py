"""How long the command line takes to answer, against a bare import of click in the same run.

``pytest -m bench -s tests/benchmarks`` prints the figures; nothing is asserted about time.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
RUNS = 15

pytestmark = pytest.mark.bench


def seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-P", *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def test_help_against_an_import_of_click(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print('no secret here')\n")
    commands = {
        "import click": ("-c", "import click"),
        "unsecret --help": (str(LAUNCHER), "--help"),
        "unsecret rewrite (no candidate)": (str(LAUNCHER), "rewrite", str(tmp_path)),
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, arguments in commands.items():
            taken[name].append(seconds(*arguments))
    click = statistics.median(taken["import click"])
    for name, values in taken.items():
        median = statistics.median(values)
        print(f"{name}: {median * 1000:.0f} ms, {median / click:.2f} x import click")
    assert all(len(values) == RUNS for values in taken.values())
