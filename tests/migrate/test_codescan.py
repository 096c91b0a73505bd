"""What scans of code leave in a journal: what is known stays known until it was looked at again, or is gone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.model import Request
from migrate import codescan
from migrate.clock import SystemClock
from migrate.journal.store import SqlJournal
from migrate.planning.plan import make_plan
from migrate.repository import named
from migrate.rollout import code_state
from tests.support.tenants import application, identity, snapshot

PLAN = make_plan(snapshot(application("orders"), identities=(identity("id-orders"),)))
CLIENT_ID = PLAN.pairings[0].application.client_id
NEEDS = f"from azure.identity import ClientSecretCredential as C\ndef f(s):\n    return C('t', '{CLIENT_ID}', s)\n"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    with closing(SqlJournal(f"sqlite:///{tmp_path / 'journal.db'}", SystemClock())) as opened:
        yield opened


def scanned(journal: SqlJournal, path: Path) -> list[str]:
    """Scan a path and return the names of the files that code still needs a secret in, by the journal."""
    run = rewrite(Request(paths=(path,), targets=codescan.targets(PLAN)))
    codescan.record(run, [path], PLAN, journal, None)
    return [Path(each.path).name for each in code_state(journal.entries(), PLAN.tenant_id).findings]


def test_a_scan_that_does_not_read_a_file_does_not_settle_what_was_found_in_it(
    tmp_path: Path, journal: SqlJournal
) -> None:
    project = tmp_path / "project"
    (project / "deploy").mkdir(parents=True)
    subprocess.run(["/usr/bin/git", "init", "-q", str(project)], check=True)
    (project / ".gitignore").write_text("deploy/\n")
    (project / "app.py").write_text("x = 1\n")
    legacy = project / "deploy" / "legacy.py"
    legacy.write_text(NEEDS)
    assert scanned(journal, legacy) == ["legacy.py"]
    assert scanned(journal, project) == ["legacy.py"]
    assert code_state(journal.entries(), PLAN.tenant_id).named == frozenset({CLIENT_ID})
    legacy.write_text("x = 1\n")
    assert scanned(journal, project) == ["legacy.py"]
    assert scanned(journal, legacy) == []
    legacy.write_text(NEEDS)
    assert scanned(journal, legacy) == ["legacy.py"]
    legacy.unlink()
    assert scanned(journal, project) == []


def repository(folder: Path, remote: str | None) -> Path:
    subprocess.run(["/usr/bin/git", "init", "-q", str(folder)], check=True)
    if remote is not None:
        subprocess.run(["/usr/bin/git", "-C", str(folder), "remote", "add", "origin", remote], check=True)
    return folder


def test_another_repository_at_the_same_path_settles_nothing(tmp_path: Path, journal: SqlJournal) -> None:
    work = tmp_path / "work"
    (repository(work, "https://me:pw@example.com/team/orders.git") / "old").mkdir()
    (work / "old" / "app.py").write_text(NEEDS)
    assert scanned(journal, work) == ["app.py"]
    shutil.rmtree(work)
    (repository(work, "https://example.com/team/other.git") / "main.py").write_text("x = 1\n")
    assert scanned(journal, work) == ["app.py"]
    (work / "old").mkdir()
    (work / "old" / "app.py").write_text("x = 1\n")
    assert scanned(journal, work) == ["app.py"]
    (found,) = code_state(journal.entries(), PLAN.tenant_id).findings
    assert found.repository == "example.com/team/orders"
    assert not any(b"pw@" in file.read_bytes() for file in tmp_path.glob("journal.db*"))
    shutil.rmtree(work)
    (repository(work, "git@example.com:team/orders.git") / "main.py").write_text("x = 1\n")
    assert scanned(journal, work) == []


def test_repositories_side_by_side_are_settled_each_by_itself(tmp_path: Path, journal: SqlJournal) -> None:
    for name in ("a", "b"):
        (repository(tmp_path / "all" / name, f"https://example.com/{name}") / "app.py").write_text(NEEDS)
    assert scanned(journal, tmp_path / "all") == ["app.py", "app.py"]
    (tmp_path / "all" / "a" / "app.py").write_text("x = 1\n")
    assert scanned(journal, tmp_path / "all" / "a") == ["app.py"]
    shutil.rmtree(tmp_path / "all" / "b")
    assert scanned(journal, tmp_path / "all") == ["app.py"], "the repository that is gone was not looked at"
    assert codescan.forget([tmp_path / "all" / "b"], PLAN, journal) is None
    assert code_state(journal.entries(), PLAN.tenant_id).findings == ()


def test_without_a_remote_a_path_is_all_that_tells(tmp_path: Path, journal: SqlJournal) -> None:
    (repository(tmp_path / "a", None) / "app.py").write_text(NEEDS)
    assert scanned(journal, tmp_path / "a") == ["app.py"]
    subprocess.run(["/usr/bin/git", "-C", str(tmp_path / "a"), "remote", "add", "origin", "/srv/a.git"], check=True)
    (tmp_path / "a" / "app.py").write_text("x = 1\n")
    assert scanned(journal, tmp_path / "a") == []


@pytest.mark.parametrize(
    ("address", "name"),
    [("https://github.com/o/r.git", "github.com/o/r"), ("https://u:p@GitHub.com/o/r/?token=t", "github.com/o/r"),
     ("git@github.com:o/r.git", "github.com/o/r"), ("ssh://git@github.com:22/o/r", "github.com/o/r"),
     ("github.com:/o/r", "github.com/o/r"), ("/srv/git/r.git", "/srv/git/r"), ("../r", "/../r"), ("", None),
     ("https://", None), ("https://[half/x", None)],
)  # fmt: skip
def test_a_repository_is_named_by_what_its_clones_share(address: str, name: str | None) -> None:
    assert named(address + "\n") == name
