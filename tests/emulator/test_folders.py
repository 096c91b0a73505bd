"""The folder of an emulator: gone with it, or with the next one where it was killed; never another's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from migrate.emulator.folders import OwnFolder

HOLDS = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from migrate.emulator.folders import OwnFolder
mine = OwnFolder()
print(mine.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_tells_its_process_and_is_private(temporary: Path) -> None:
    mine = OwnFolder()
    assert (mine.path / "emulator.pid").read_text() == f"{os.getpid()}\n"
    assert mine.path.stat().st_mode & 0o777 == 0o700
    mine.remove()
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_emulator_is_cleared_and_that_of_a_living_one_is_not(temporary: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(temporary)]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().rstrip())
        (left / "ca.pem").touch()
        OwnFolder().remove()
        assert left.is_dir()
        process.send_signal(signal.SIGKILL)
        process.wait()
        OwnFolder().remove()
        assert not left.exists()


def test_what_is_not_known_to_be_left_stays(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "emulator.pid").touch()
    (temporary / "entra-emulator-link").symlink_to(elsewhere)
    (temporary / "entra-emulator-unfinished").mkdir()
    (temporary / "entra-emulator-file").touch()
    OwnFolder().remove()
    assert len(list(temporary.iterdir())) == 3
    assert (elsewhere / "emulator.pid").exists()
    another = temporary / "entra-emulator-of-another"
    another.mkdir()
    (another / "emulator.pid").touch()
    mine = os.getuid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: mine + 1)
        OwnFolder().remove()
    assert another.is_dir()
    OwnFolder().remove()
    assert not another.exists()
