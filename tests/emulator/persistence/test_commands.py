"""``--state`` on the command line: two runs, signals, and a kill."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from migrate.cli.main import main
from migrate.emulator.persistence.keeper import StateFile
from migrate.emulator.persistence.memory import Memory, Wanted
from tests.support.processes import UNSECRET, isolated

ASK = """
import os, sys, urllib.request
base = os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
data = b'{"seconds": 864000}' if sys.argv[1:] else None
request = urllib.request.Request(base + "/_control/" + ("advance" if data else "clock"), data)
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read().decode())
print(os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_SECRET"])
"""


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return isolated(tmp_path, monkeypatch)


def load(path: Path) -> Memory:
    kept = StateFile(path)
    try:
        found = kept.load(Wanted())
    finally:
        kept.close()
    assert found is not None
    return found


def test_a_second_run_goes_on_where_the_first_one_ended(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ask = ["--", sys.executable, "-c", ASK]
    assert main(["emulator", "run", "--apps", "5", "--seed", "4", "--state", str(state), *ask, "advance"]) == 0
    first = capfd.readouterr().out.splitlines()
    assert main(["emulator", "run", "--state", str(state), *ask]) == 0
    second = capfd.readouterr().out.splitlines()
    assert second[1] == first[1]  # tenant and secret
    moved, later = (datetime.fromisoformat(line.split('"')[3]) for line in (first[0], second[0]))
    assert timedelta(0) < later - moved < timedelta(hours=1)
    assert main(["emulator", "run", "--apps", "5", "--state", str(state), "--", "true"]) == 0
    assert main(["emulator", "run", "--apps", "6", "--state", str(state), "--", "true"]) == 2
    assert "was made with another --apps (5, not 6); leave that option out" in capfd.readouterr().err


def test_the_help_says_that_secrets_are_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["emulator"], ["emulator", "run"]):
        assert main([*command, "--help"]) == 0
        told = " ".join(capsys.readouterr().out.split())
        assert "--state FILE Keep the tenant in FILE, secrets included (only you can read it)" in told


@contextmanager
def served(state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the tenant of a file; gives the process and its control endpoint."""
    command = [*UNSECRET, "emulator", "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            assert process.stdout is not None
            shown = ""
            while not shown.rstrip().endswith("^C ends it"):
                shown += process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:[0-9]+(?=/hosts)", shown)
            assert found is not None, shown
            yield process, f"{found[0]}/_control"
        finally:
            process.kill()


OTHERS = [pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGINT, signal.SIGHUP)]


@pytest.mark.parametrize("number", [signal.SIGTERM, *OTHERS])
def test_a_signal_ends_it_with_everything_saved(state: Path, number: signal.Signals) -> None:
    with served(state) as (process, control):
        start = load_clock(control)
        httpx.post(f"{control}/advance", json={"seconds": 864_000}, trust_env=False)
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
    assert load(state).tenant.clock.now().date().isoformat() > start[:10]


def load_clock(control: str) -> str:
    return str(httpx.get(f"{control}/clock", trust_env=False).json()["now"])


@pytest.mark.slow
def test_a_save_that_fails_is_told_while_the_tenant_runs(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    command = [*UNSECRET, "emulator", "--port", "0", "--apps", "5", "--state", str(folder / "tenant.state")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        limit = threading.Timer(60, process.kill)
        limit.start()
        shown = ""
        while not shown.rstrip().endswith("^C ends it"):
            shown += process.stdout.readline()
        shutil.rmtree(folder)
        base = re.search(r"http://127\.0\.0\.1:[0-9]+(?=/hosts)", shown)
        assert base is not None
        httpx.post(f"{base[0]}/_control/advance", json={"seconds": 60}, trust_env=False)
        told = process.stderr.readline()
        assert told.startswith(f"unsecret: state file {folder}/tenant.state: cannot be written")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 2
        limit.cancel()


def test_a_kill_loses_the_last_seconds_at_most(state: Path) -> None:
    with served(state) as (process, control):
        first = state.stat().st_mtime_ns
        httpx.post(f"{control}/advance", json={"seconds": 864_000}, trust_env=False)
        moved = load_clock(control)
        end = time.monotonic() + 15
        while state.stat().st_mtime_ns == first and time.monotonic() < end:
            time.sleep(0.05)
        process.kill()
        process.wait(timeout=20)
    assert load(state).tenant.clock.now() > datetime.fromisoformat(moved) - timedelta(seconds=10)
    assert [path.name for path in state.parent.iterdir() if path.is_file()] == [state.name]
