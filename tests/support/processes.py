"""``unsecret`` as a process, in an environment that leads to no cloud."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from migrate.demo import environment as clean_environment

BASH = shutil.which("bash") or "/bin/bash"
UNSECRET = [sys.executable, str(Path(__file__).parents[2] / "unsecret.py")]


def isolated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take this machine's ways to a cloud out of the environment; return a runtime folder made for this test alone."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    kept = clean_environment.clean()
    for name in set(os.environ) - set(kept):
        if not name.startswith("PYTHON"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return runtime


def unsecret(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [*UNSECRET, *arguments]
    return subprocess.run(command, env={**os.environ, **changes}, capture_output=True, text=True, check=False)


@contextmanager
def serving(*options: str, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """Serve a tenant on free ports for as long as the block lasts; stdout has been read up to the last line."""
    command = [*UNSECRET, "emulator", "--port", "0", "--apps", "5", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env={**os.environ, **changes}, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.rstrip().endswith("^C ends it"):
                    break
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
