"""The printed diff is what --apply does: git takes it and gets the same bytes."""

import shutil
import subprocess
from pathlib import Path

import pytest

from codemods.engine.diff import unified
from codemods.engine.run import rewrite
from codemods.model import Request
from tests.codemods.cases import APP, TARGETS, contents

SITE = (
    "import os\nfrom azure.identity import ClientSecretCredential\n"
    f"c = ClientSecretCredential(T, '{APP}', os.environ['S'])\n"
)
FILES = {
    "plain.py": SITE.encode(),
    "crlf.py": SITE.replace("\n", "\r\n").encode(),
    "latin.py": b"# coding: latin-1\n" + ("# é\n" + SITE).encode("latin-1"),
    "end.py": SITE.rstrip("\n").encode(),
    "mark.py": b"\xef\xbb\xbf" + SITE.encode(),
    "feed.py": ("x = 1\x0c\n" + SITE).encode(),
    "with space/my app.py": SITE.encode(),
    "ünï.py": SITE.encode(),
    "pkg/__init__.py": b"",
    "pkg/app.py": SITE.replace("identity", "identity.aio").encode(),
}


def _lay(folder: Path) -> Path:
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.mark.parametrize("command", ["git apply -", "patch -p1 -s --binary"])
def test_the_diff_applies_to_the_same_bytes(tmp_path: Path, command: str) -> None:
    tool, *arguments = command.split()
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    applied, patched = _lay(tmp_path / "applied"), _lay(tmp_path / "patched")
    subprocess.run(["git", "init", "-q", str(patched)], check=True)  # noqa: S607
    request = Request(paths=(patched,), targets=TARGETS, app=APP)
    run = rewrite(request)
    assert contents(patched) == FILES
    assert not any(file.written for file in run.helpers)
    rewrite(Request(paths=(applied,), targets=TARGETS, app=APP, apply=True))
    data = run.diff.encode("utf-8", "surrogateescape")
    done = subprocess.run([tool, *arguments], cwd=patched, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(patched) == contents(applied)
    assert sorted(contents(patched).keys() - FILES.keys()) == [
        "entra_fic.py",
        "pkg/entra_fic.py",
        "with space/entra_fic.py",
    ]


def test_two_runs_print_the_same(tmp_path: Path) -> None:
    _lay(tmp_path)
    request = Request(paths=(tmp_path,), targets=TARGETS, app=APP)
    assert rewrite(request).diff == rewrite(request).diff


def test_odd_names_are_quoted() -> None:
    diff = unified('a "b"\\c.py', b"x\n", b"y\n")
    assert diff.splitlines()[0] == '--- "a/a \\"b\\"\\\\c.py"'


def test_a_missing_final_newline_is_marked_on_both_sides() -> None:
    assert unified("a.py", b"x", b"y").count("\\ No newline at end of file") == 2


@pytest.mark.parametrize("command", ["git apply -", "patch -p1 -s --binary"])
def test_the_diff_of_a_folder_applies_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    tool, *arguments = command.split()
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    _lay(tmp_path / "src")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S607
    monkeypatch.chdir(tmp_path)
    run = rewrite(Request(paths=(Path("src"),), targets=TARGETS, app=APP))
    assert all((run.base / file.path).is_file() for file in run.files)
    data = run.diff.encode("utf-8", "surrogateescape")
    done = subprocess.run([tool, *arguments], cwd=tmp_path, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "src" / "pkg" / "entra_fic.py").is_file()
    assert b"ClientAssertionCredential" in (tmp_path / "src" / "plain.py").read_bytes()
