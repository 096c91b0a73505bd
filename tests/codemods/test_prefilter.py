"""Both ways of finding files that may hold a text give the same files, wherever git looks or does not look."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codemods.engine import git, prefilter
from codemods.engine.evidence import Evidence
from codemods.engine.listing import list_files
from codemods.engine.literals import Literals
from codemods.engine.prefilter import that_may_hold
from codemods.engine.source import MAX_BYTES
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


def _found(root: Path) -> set[str]:
    listing = list_files([root])
    paths = [listed.path for listed in listing.files if listed.problem is None]
    exact = Literals(KNOWN).occur_in
    held = that_may_hold(listing.walks, paths, KNOWN)
    return {str(path.relative_to(root)) for path in held if exact(path.read_bytes())}


@pytest.mark.parametrize(("lay", "below"), LAYOUTS)
def test_all_rungs_find_the_same_files(
    lay: Callable[[Path], None], below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path)
    root = tmp_path / below
    assert root.is_dir()
    answers: list[bytes | None] = []

    def grep(*arguments: object) -> bytes | None:
        answers.append(asked(*arguments))  # type: ignore[arg-type]
        return answers[-1]

    asked = git.grep
    monkeypatch.setattr(git, "grep", grep)
    monkeypatch.setattr(prefilter, "_FEW", 0)
    by_git = _found(root)
    monkeypatch.setattr(git, "grep", lambda *_: None)
    assert by_git == _found(root)
    assert answers
    assert None not in answers
    if below == "." and lay is _in_git:
        assert {"changed.py", "assumed.py", "skipped.py", "new.py", "kept/ignored.py", "null.py", "script"} <= by_git
        assert not {"lost.py", "build/made.py"} & by_git
        assert "inner/tracked.py" in by_git


def test_files_without_a_text_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefilter, "_FEW", 0)
    _in_git(tmp_path)
    _write(tmp_path, "huge.py", b"#" * (MAX_BYTES + 1))
    listing = list_files([tmp_path])
    held = that_may_hold(listing.walks, [listed.path for listed in listing.files], KNOWN)
    assert tmp_path / "many" / "plain_1.py" not in held
    assert tmp_path / "huge.py" in held, "what is too large is told, whatever is in it"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from azure.identity import ClientSecretCredential as C", True),
        ("x = 'ClientSecret' 'Credential'", True),
        ("x = ('https://login.micro'  # host\n  f'softonline.com/', 'client_secret')", True),
        ("from identity.web import Auth", True),
        ("client_secret = 1", False),
        ("import fsspec", False),
        ("x = 'provider = 1; service_principal'", False),
        ("x = \"CREATE SECRET (PROVIDER\\n   'service_principal')\"", True),
        ("login.microsoftonline", False),
    ],
)
def test_what_a_site_needs(text: str, *, expected: bool) -> None:
    assert bool(Evidence(load()).of(text)) is expected
