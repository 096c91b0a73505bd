"""What scans of code leave in a journal: what is known stays known until it was looked at again, or is gone."""

from __future__ import annotations

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
