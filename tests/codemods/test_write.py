"""A file is the old one or the new one, whatever happens in between."""

import os
import stat
from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.engine.write import write
from codemods.errors import ChangedMeanwhileError, ReadOnlyError, SymlinkError, WriteFailedError
from codemods.model import Changed, Request
from tests.codemods.cases import APP, TARGETS, contents

SITE = (
    b"from azure.identity import ClientSecretCredential\n"
    b"c = ClientSecretCredential(T, '11111111-1111-4111-8111-111111111111', 'not-real')\n"
)


def _request(*paths: Path) -> Request:
    return Request(paths=paths, targets=TARGETS, app=APP, apply=True)


def test_the_mode_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"old")
    path.chmod(0o751)
    write(path, old=b"old", new=b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert [item.name for item in tmp_path.iterdir()] == ["app.py"]


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"theirs")
    with pytest.raises(ChangedMeanwhileError):
        write(path, old=b"old", new=b"new")
    with pytest.raises(ChangedMeanwhileError):
        write(path, old=None, new=b"new")
    assert path.read_bytes() == b"theirs"


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChangedMeanwhileError):
        write(tmp_path / "app.py", old=b"old", new=b"new")
    assert not contents(tmp_path)


def test_a_read_only_file_is_refused_even_for_root(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(SITE)
    path.chmod(0o444)
    with pytest.raises(ReadOnlyError):
        write(path, old=SITE, new=b"new")
    run = rewrite(_request(tmp_path))
    assert [(item.path, item.error.code) for item in run.failed] == [("app.py", "read-only")]
    assert path.read_bytes() == SITE


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "app.py").write_bytes(SITE)
    (inside / "app.py").symlink_to(outside / "app.py")
    with pytest.raises(SymlinkError):
        write(inside / "app.py", old=SITE, new=b"new")
    assert [item.error.code for item in rewrite(_request(inside / "app.py")).failed] == ["symlink"]
    assert [(item.path, item.error.code) for item in rewrite(_request(inside)).failed] == [("app.py", "symlink")]
    assert (outside / "app.py").read_bytes() == SITE


def test_a_link_inside_the_folder_writes_its_target(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_bytes(SITE)
    (tmp_path / "link.py").symlink_to("real.py")
    run = rewrite(_request(tmp_path / "link.py"))
    assert len(run.rewritten) == 1
    assert (tmp_path / "link.py").is_symlink()
    assert b"ClientAssertionCredential" in (tmp_path / "real.py").read_bytes()


def test_a_failing_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "app.py"
    path.write_bytes(b"old")
    monkeypatch.setattr("codemods.engine.write.os.fsync", refuse)
    with pytest.raises(WriteFailedError, match="No space left"):
        write(path, old=b"old", new=b"new")
    assert contents(tmp_path) == {"app.py": b"old"}


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_an_interrupt_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "app.py"
    path.write_bytes(b"old")
    monkeypatch.setattr(f"codemods.engine.write.os.{step}", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(path, old=b"old", new=b"new")
    assert contents(tmp_path) == {"app.py": b"old"}


def test_an_interrupt_between_files_leaves_each_of_them_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_bytes(SITE)
    written: list[str] = []

    def interrupt(path: Path, *, old: bytes | None, new: bytes) -> None:
        if path.name == "b.py":
            raise KeyboardInterrupt
        write(path, old=old, new=new)
        written.append(path.name)

    monkeypatch.setattr("codemods.engine.run.write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        rewrite(_request(tmp_path))
    assert written == ["entra_fic.py", "a.py"]
    assert (tmp_path / "b.py").read_bytes() == SITE
    monkeypatch.undo()
    assert len(rewrite(_request(tmp_path)).rewritten) == 2
    assert not rewrite(_request(tmp_path)).diff


def test_a_failed_write_is_said_and_the_others_are_written(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_bytes(SITE)
    os.chmod(tmp_path / "a.py", 0o400)  # noqa: PTH101
    run = rewrite(_request(tmp_path))
    assert [item.path for item in run.failed] == ["a.py"]
    assert [item.path for item in run.files if isinstance(item, Changed) and item.written] == ["b.py"]
    assert run.helpers[0].written


def test_no_file_is_written_without_its_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *, old: bytes | None, new: bytes) -> None:
        if path.name == "entra_fic.py":
            raise WriteFailedError("entra_fic.py could not be written")
        write(path, old=old, new=new)

    (tmp_path / "a.py").write_bytes(SITE)
    monkeypatch.setattr("codemods.engine.run.write", refuse)
    run = rewrite(_request(tmp_path))
    assert [item.path for item in run.failed] == ["a.py"]
    assert not run.rewritten
    assert contents(tmp_path) == {"a.py": SITE}
