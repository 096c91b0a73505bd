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
    monkeypatch.setattr("codemods.engine.git.subprocess.run", missing)
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

    with monkeypatch.context() as patch:  # ends before the test's folder is removed
        patch.setattr("codemods.engine.listing.os.scandir", scandir)
        (failed,) = rewrite(Request(paths=(tmp_path,))).failed
    assert (failed.path, failed.error.code) == ("closed", "unreadable")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)  # noqa: S607


def test_a_work_tree_inside_another_is_looked_at(tmp_path: Path) -> None:
    _lay(tmp_path, "a.py", "sub/b.py", "sub/ignored.py", "sub/deep/c.py", "env/d.py")
    (tmp_path / "sub" / ".gitignore").write_text("ignored.py\n")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    for folder in (tmp_path, tmp_path / "sub", tmp_path / "env"):
        _git(folder, "init", "-q")
    assert _names(tmp_path) == ["a.py", "sub/b.py", "sub/deep/c.py"]


def test_the_environment_does_not_mislead_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _lay(tmp_path, "one/a.py", "two/b.py")
    for name in ("one", "two"):
        _git(tmp_path / name, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "two" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "two"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "two" / ".git" / "index"))
    assert _names(tmp_path / "one") == ["a.py"]


@pytest.mark.parametrize("git", [True, False])
def test_a_script_without_a_suffix_is_known_by_its_first_line(tmp_path: Path, *, git: bool) -> None:
    (tmp_path / "deploy").write_text("#!/usr/bin/env python3\nx = 1\n")
    (tmp_path / "other").write_text("#!/bin/sh\n")
    (tmp_path / "LICENSE").write_text("python\n")
    if git:
        _git(tmp_path, "init", "-q")
    assert _names(tmp_path) == ["deploy"]


@pytest.mark.parametrize("git", [True, False])
def test_a_link_out_of_the_given_folders_is_told(tmp_path: Path, *, git: bool) -> None:
    _lay(tmp_path, "in/a.py", "out/lib/b.py", "out/c.py", "out/d.txt")
    (tmp_path / "in" / "lib").symlink_to(tmp_path / "out" / "lib")
    (tmp_path / "in" / "c.py").symlink_to(tmp_path / "out" / "c.py")
    (tmp_path / "in" / "d.txt").symlink_to(tmp_path / "out" / "d.txt")
    (tmp_path / "in" / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "in" / ".venv").symlink_to(tmp_path / "out")
    if git:
        _git(tmp_path / "in", "init", "-q")
    run = rewrite(Request(paths=(tmp_path / "in",)))
    assert [(item.path, item.error.code) for item in run.failed] == [("c.py", "symlink"), ("lib", "symlink")]
    assert not rewrite(Request(paths=(tmp_path / "in", tmp_path / "out"))).failed


def test_names_are_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _lay(tmp_path, "src/a.py", "other/b.py")
    monkeypatch.chdir(tmp_path)
    listing = list_files([Path("src")])
    assert (listing.base, [file.name for file in listing.files]) == (tmp_path.resolve(), ["src/a.py"])
    monkeypatch.chdir(tmp_path / "other")
    assert _names(tmp_path / "src") == ["a.py"]


def test_git_is_not_started_where_no_folder_above_is_a_work_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app.py").write_text("")
    (tmp_path / "sub").mkdir()

    def started(*_: object, **__: object) -> None:
        raise AssertionError("it was started")

    monkeypatch.setattr(subprocess, "run", started)
    assert list(list_files([tmp_path]).files.texts) == [str(tmp_path / "app.py")]
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    with pytest.raises(AssertionError, match="it was started"):
        list_files([tmp_path / "sub"])
