"""A file that git could not bring back is not changed, unless that is asked for."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from codemods.engine import git
from codemods.engine.run import rewrite
from codemods.model import Changed, Request, Target
from tests.codemods.cases import APP, OTHER_APP, TARGETS, contents

HEAD = "import os\nfrom azure.identity import ClientSecretCredential\n"
SITE = HEAD + f"c = ClientSecretCredential(T, '{APP}', open('/run/s').read())\n"
OTHER_SITE = SITE.replace(APP, OTHER_APP)


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(("git", "-C", str(folder), *identity, *arguments), check=True, capture_output=True)  # noqa: S607


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a work tree with two committed files."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "sub dir").mkdir()
    for name in ("a.py", "sub dir/bü.py"):
        (tmp_path / name).write_text(SITE)
    _commit(tmp_path)
    return tmp_path


def _commit(folder: Path) -> None:
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "x")


def _request(folder: Path) -> Request:
    return Request(paths=(folder,), targets=TARGETS, apply=True)


def _written(folder: Path) -> tuple[list[str], list[tuple[str, str]]]:
    run = rewrite(_request(folder))
    written = [file.path for file in run.files if isinstance(file, Changed) and file.written]
    return written, [(file.path, file.error.code) for file in run.failed]


def test_a_committed_file_is_written(tree: Path) -> None:
    assert _written(tree) == (["a.py", "sub dir/bü.py"], [])


def test_a_changed_file_is_refused_and_the_others_are_written(tree: Path) -> None:
    (tree / "sub dir/bü.py").write_text(SITE + "x = 1\n")
    assert _written(tree) == (["a.py"], [("sub dir/bü.py", "uncommitted")])
    assert (tree / "sub dir/bü.py").read_text() == SITE + "x = 1\n"


def test_requirements_stay_with_code_that_is_refused(tree: Path) -> None:
    (tree / "requirements.txt").write_text("azure-identity>=1.10\n")
    _commit(tree)
    for name in ("a.py", "sub dir/bü.py"):
        (tree / name).write_text(SITE + "x = 1\n")
    run = rewrite(_request(tree))
    assert {file.error.code for file in run.failed} == {"uncommitted"}
    assert (tree / "requirements.txt").read_text() == "azure-identity>=1.10\n"
    assert not [each for each in run.requirements if each.written]
    _commit(tree)
    assert len(rewrite(_request(tree)).rewritten) == 2


@pytest.mark.parametrize("state", ["unknown to git", "staged", "in the work tree"])
def test_what_git_could_not_bring_back_is_refused(tree: Path, state: str) -> None:
    path = tree / ("new.py" if state == "unknown to git" else "a.py")
    path.write_text(SITE + "x = 1\n")
    if state == "staged":
        _git(tree, "add", "a.py")
    before = contents(path.parent)
    run = rewrite(_request(path))
    assert [file.error.code for file in run.failed] == ["uncommitted"]
    assert "commit or stash them, or allow it with --uncommitted" in str(run.failed[0].error)
    assert contents(path.parent) == before


def test_a_dry_run_and_the_caller_may_go_on(tree: Path) -> None:
    (tree / "a.py").write_text(SITE + "x = 1\n")
    request = _request(tree / "a.py")
    assert not rewrite(replace(request, apply=False)).failed
    assert len(rewrite(replace(request, uncommitted=True)).rewritten) == 1


def test_no_helper_is_left_alone_where_every_file_is_refused(tree: Path) -> None:
    (tree / "a.py").write_text(SITE + "x = 1\n")
    run = rewrite(_request(tree / "a.py"))
    assert not run.helpers
    assert not (tree / "entra_fic.py").exists()


def test_an_earlier_rewrite_of_another_application_is_a_change_too(tree: Path) -> None:
    (tree / "b.py").write_text(OTHER_SITE)
    _commit(tree)
    rewrite(_request(tree / "a.py"))
    request = replace(_request(tree / "b.py"), targets=(Target(client_id=OTHER_APP),))
    (failed,) = rewrite(request).failed
    assert "entra_fic.py has changes that are not committed (an earlier rewrite counts, too)" in str(failed.error)
    _commit(tree)
    assert len(rewrite(request).rewritten) == 1


def test_git_is_asked_once_for_a_work_tree(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    real = git.ask

    def ask(folder: Path, *arguments: str) -> bytes | None:
        asked.append(arguments)
        return real(folder, *arguments)

    monkeypatch.setattr(git, "ask", ask)
    for number in range(30):
        (tree / f"sub dir/new{number}.py").write_text(SITE)
    assert len(git.uncommitted(sorted(tree.rglob("*.py")))) == 30
    assert sum("status" in arguments for arguments in asked) == 1


def test_a_file_outside_of_any_work_tree_has_no_changes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SITE)
    assert not git.uncommitted([tmp_path / "a.py"])


@pytest.mark.parametrize("why", ["somebody else's", "no git", "broken"])
def test_a_work_tree_of_which_git_says_nothing_is_refused(
    tree: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "a.py").write_text(SITE + "x = 1\n")
    before = contents(tree)
    match why:
        case "somebody else's":
            monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # as git's own tests do
        case "no git":
            monkeypatch.setenv("PATH", "")
        case _:
            (tree / ".git/HEAD").unlink()
            before = contents(tree)
    assert _written(tree) == ([], [("a.py", "uncommitted"), ("sub dir/bü.py", "uncommitted")])
    assert contents(tree) == before
    run = rewrite(replace(_request(tree), uncommitted=True))
    assert len(run.rewritten) == 2
    assert not run.failed
