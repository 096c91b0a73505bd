"""What is named as input is read only where it can be one."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from migrate import infile, planfile, policyfile
from migrate.cli.main import main
from migrate.errors import PlanError, PolicyError


def test_files_and_pipes_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * infile.MIB)
    assert infile.read(tmp_path / "a", infile.MIB) == b"x" * infile.MIB
    os.mkfifo(tmp_path / "b")
    writer = threading.Thread(target=(tmp_path / "b").write_bytes, args=(b"y",))
    writer.start()
    assert infile.read(tmp_path / "b", infile.MIB) == b"y"
    writer.join()


def test_what_is_larger_or_has_no_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (infile.MIB + 1))
    with pytest.raises(OSError, match="larger than 1 MiB"):
        infile.read(tmp_path / "a", infile.MIB)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(PlanError, match="larger than 1024 MiB"):
        planfile.read(tmp_path / "sparse")
    with pytest.raises(PolicyError, match="larger than 16 MiB"):
        policyfile.read(tmp_path / "sparse")
    for read, error in ((planfile.read, PlanError), (policyfile.read, PolicyError)):
        for device in ("/dev/zero", "/dev/urandom"):
            with pytest.raises(error, match="neither a file nor a pipe"):
                read(Path(device))
        with pytest.raises(error, match="Is a directory"):
            read(tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        ["retire", "/dev/zero"],
        ["federate", "/dev/zero"],
        ["guard", "/dev/zero"],
        ["report", "/dev/zero", "--out", "x.html"],
        ["replay", "--logs", ".", "--tenant", "t", "--policy", "/dev/zero"],
        ["plan", "snapshot.db", "--policy", "/dev/zero"],
        ["scan", "--tenants", "/dev/zero"],
    ],
)
def test_a_device_as_plan_or_policy_is_told_in_one_line(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "snapshot.db").write_bytes(b"")
    assert main(command) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1, told
    assert "/dev/zero" in told or command[0] == "plan"
