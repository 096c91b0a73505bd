"""What is searched is what stands on the disk, wherever git looks or does not look."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codemods.engine.listing import list_files
from codemods.engine.source import read
from codemods.engine.texts import Texts
from codemods.transforms import load

KNOWN = sorted({literal for transform in load() for literal in transform.literals})
HELD, OTHER = b"# client_secret\n", b"x = 1\n"
MANY = 20


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)  # noqa: S607


def _write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _lay(folder: Path) -> None:
    for number in range(MANY):
        _write(folder, f"many/plain_{number}.py", OTHER)
    for name in ("tracked.py", "sp ace.py", "üml\nline.py", "deep/er/x.pyw", "book.ipynb", "-dash.py", ":colon.py"):
        _write(folder, name, HELD)
    _write(folder, "null.py", b"\0\0 client_secret \xff\n")
    _write(folder, "script", b"#!/usr/bin/env python\n" + HELD)
    _write(folder, "changed.py", OTHER)
    _write(folder, "lost.py", HELD)
    _write(folder, "assumed.py", OTHER)
    _write(folder, "skipped.py", OTHER)
    _write(folder, "kept/ignored.py", OTHER)
    _write(folder, "node_modules/no.py", HELD)
    (folder / "link.py").symlink_to("tracked.py")


def _change(folder: Path) -> None:
    """Change the work tree behind git's back."""
    _git(folder, "update-index", "--assume-unchanged", "assumed.py")
    _git(folder, "update-index", "--skip-worktree", "skipped.py")
    for name in ("changed.py", "assumed.py", "skipped.py", "new.py", "kept/ignored.py", "build/made.py"):
        _write(folder, name, HELD)
    _write(folder, "lost.py", OTHER)
    _write(folder, ".gitignore", b"build/\nkept/\nnode_modules/\n")


def _in_git(folder: Path) -> None:
    _lay(folder)
    _git(folder, "init", "-q")
    _git(folder, "add", "-A", "-f")
    _git(folder, "commit", "-qm", "first")
    _change(folder)
    _lay(folder / "inner")
    _git(folder / "inner", "init", "-q")


def _with_submodule(folder: Path) -> None:
    _lay(folder / "origin")
    _git(folder / "origin", "init", "-q")
    _git(folder / "origin", "add", "-A")
    _git(folder / "origin", "commit", "-qm", "first")
    _lay(folder / "top")
    _git(folder / "top", "init", "-q")
    _git(folder / "top", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(folder / "origin"), "sub")


LAYOUTS = [
    *((_lay, below) for below in (".", "deep")),
    *((_in_git, below) for below in (".", "deep", "inner")),
    *((_with_submodule, below) for below in (".", "top", "top/sub")),
]
TRACKED = {"tracked.py", "sp ace.py", "üml\nline.py", "deep/er/x.pyw", "book.ipynb", "-dash.py", ":colon.py", "null.py"}


def _found(root: Path) -> set[str]:
    search, files = Texts(KNOWN), list_files([root]).files
    texts = [text for text in files.texts if text not in files.problems]
    return {str(Path(text).relative_to(root)) for text in texts if search.occur_in(read(text))}


@pytest.mark.parametrize(("lay", "below"), LAYOUTS)
def test_what_stands_on_the_disk_is_searched(lay: Callable[[Path], None], below: str, tmp_path: Path) -> None:
    lay(tmp_path)
    root = tmp_path / below
    found = _found(root)
    if below == "deep":
        assert found == {"er/x.pyw"}
    elif root != tmp_path or lay is not _with_submodule:
        assert found >= TRACKED
    assert "build/made.py" not in found
    if below == "." and lay is _in_git:
        assert found >= {"changed.py", "assumed.py", "skipped.py", "new.py", "kept/ignored.py", "script"}
        assert "lost.py" not in found
        assert "inner/tracked.py" in found
