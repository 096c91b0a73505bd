"""Which files are looked at."""

import os
import subprocess
from pathlib import Path

import pytest

from codemods.engine.listing import list_files
from codemods.engine.run import rewrite
from codemods.errors import PathNotFoundError
from codemods.model import Request


def _lay(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")


def _names(*paths: Path) -> list[str]:
    return [file.name for file in list_files(paths).files]


def test_folders_that_are_not_the_projects_are_left_out(tmp_path: Path) -> None:
    _lay(tmp_path, "a.py", "b/c.py", "node_modules/x.py", "lib/site-packages/y.py", "env/lib/z.py", "d.txt", "e.pyw")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    assert _names(tmp_path) == ["a.py", "b/c.py", "e.pyw"]


def test_git_decides_in_a_work_tree(tmp_path: Path) -> None:
    _lay(tmp_path, "tracked.py", "new.py", "ignored.py", "build/made.py", "sub/deep.py")
    (tmp_path / ".gitignore").write_text("ignored.py\nbuild/\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)  # noqa: S607
    subprocess.run(["git", "add", "tracked.py"], cwd=tmp_path, check=True)  # noqa: S607
    assert _names(tmp_path) == ["new.py", "sub/deep.py", "tracked.py"]
    assert _names(tmp_path / "sub") == ["deep.py"]
    (tmp_path / "tracked.py").unlink()
    assert "tracked.py" not in _names(tmp_path)


def test_a_folder_that_git_ignores_is_walked_when_asked_for(tmp_path: Path) -> None:
    _lay(tmp_path, "out/a.py", "b.py")
    (tmp_path / ".gitignore").write_text("out/\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)  # noqa: S607
    assert _names(tmp_path) == ["b.py"]
    assert _names(tmp_path / "out") == ["a.py"]


def test_without_git_folders_are_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    _lay(tmp_path, "a.py")
    monkeypatch.setattr("codemods.engine.listing.subprocess.run", missing)
    assert _names(tmp_path) == ["a.py"]


def test_a_file_is_taken_as_given(tmp_path: Path) -> None:
    _lay(tmp_path, "script", "other.py")
    assert _names(tmp_path / "script") == ["script"]


def test_names_are_relative_to_what_the_paths_share(tmp_path: Path) -> None:
    _lay(tmp_path, "a/x.py", "b/x.py", "c/x.py")
    assert _names(tmp_path / "a", tmp_path / "b" / "x.py") == ["a/x.py", "b/x.py"]
    assert _names(tmp_path, tmp_path / "a") == ["a/x.py", "b/x.py", "c/x.py"]


def test_what_is_not_a_regular_file_is_left_out(tmp_path: Path) -> None:
    _lay(tmp_path, "a.py")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.py").symlink_to("a.py")
    assert _names(tmp_path) == ["a.py"]


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PathNotFoundError, match="no such file"):
        rewrite(Request(paths=(tmp_path / "nowhere",)))


def test_counts_are_given(tmp_path: Path) -> None:
    _lay(tmp_path, "a.py", "b.py")
    (tmp_path / "c.py").write_text("# ClientSecretCredential\n")
    run = rewrite(Request(paths=(tmp_path,)))
    assert (run.scanned, run.candidates, run.files) == (3, 1, ())


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _lay(tmp_path, "open/a.py", "closed/b.py")
    real = os.scandir

    def scandir(folder: Path) -> object:
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr("codemods.engine.listing.os.scandir", scandir)
    (failed,) = rewrite(Request(paths=(tmp_path,))).failed
    assert (failed.path, failed.error.code) == ("closed", "unreadable")
