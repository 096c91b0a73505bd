"""Standard output, error and files as they may be: of another encoding, closed, on a disk that is full."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from migrate import planfile
from migrate.cli import outputs
from migrate.errors import OutputError
from migrate.planning.plan import make_plan
from tests.support.tenants import application, identity, snapshot

LAUNCHER = Path(__file__).parents[2] / "unsecret.py"


def run(*given: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **variables}
    return subprocess.run([sys.executable, LAUNCHER, *given], env=environment, capture_output=True, check=False)


def test_a_name_that_the_encoding_lacks_ends_no_command(tmp_path: Path) -> None:
    plan = make_plan(snapshot(application("orders-\u4e2d\u6587"), identities=(identity("id-orders"),)))
    planfile.write(plan, tmp_path / "plan.json")
    told = run("plan", "show", str(tmp_path / "plan.json"), PYTHONIOENCODING="latin-1")
    assert (told.returncode, told.stderr) == (0, b"")
    assert rb"orders-\u4e2d\u6587" in told.stdout


def test_a_closed_standard_output_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = 1\n")
    command = f"exec {sys.executable} {LAUNCHER} rewrite {tmp_path} >&-"
    told = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False, text=True)
    assert told.returncode == 0
    assert told.stderr.startswith("1 files read")


def test_a_file_that_cannot_be_written_whole_is_not_left_in_part(tmp_path: Path) -> None:
    """Half a file would be in the way of the next run, which replaces nothing but its own."""
    out = tmp_path / "proof.json"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OutputError, match="choose another place"):
            outputs.write(out, b"x" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
