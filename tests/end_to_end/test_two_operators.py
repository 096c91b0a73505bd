"""Two operators at once, each a process of its own, on one journal in PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from migrate import planfile
from migrate.cli.main import main
from migrate.clock import SystemClock
from migrate.demo import callers
from migrate.entry import Entry, Json, Kind
from migrate.journal import archive
from migrate.journal.store import SqlJournal
from migrate.model import Plan
from tests.support.postgres import Server, postgres
from tests.support.rollout import Rollout, rollout

__all__ = ["postgres"]
LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
OPERATORS = 3
_PATIENCE = 120.0


def together(count: int, *arguments: str) -> list[tuple[int, str]]:
    """Run a command as processes that start at the same time; return each one's exit code and what it said."""
    command = [sys.executable, "-P", str(LAUNCHER), *arguments, "--format", "json"]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(command, env=dict(os.environ), stdout=pipe, stderr=pipe, text=True) for _ in range(count)
    ]
    told = ["\n".join(each.communicate(timeout=_PATIENCE)) for each in started]
    return [(each.returncode, said) for each, said in zip(started, told, strict=True)]


def until_settled(*arguments: str, calm: tuple[int, ...] = (0,)) -> None:
    """Run a command as all operators at once, who may find each other in the way, and then as one alone."""
    done = together(OPERATORS, *arguments)
    assert all(code in {0, 1, 2} and "Traceback" not in said for code, said in done), done
    ((code, said),) = together(1, *arguments)
    assert code in calm, said


def quiet_month(tenant: Rollout, plan: Plan, journal: SqlJournal) -> None:
    """Write down clean code, and let a month pass in which nobody uses a planned secret."""
    found: dict[str, Json] = {"tenant": plan.tenant_id, "findings": [], "scanned": 1}
    journal.record(Entry(kind=Kind.CODE_SCANNED, plan=plan.digest, subject="/code", data=found))
    callers.live_on(tenant.emulator, (callers.neighbour(tenant.emulator),), 31)


def removable(plan: str) -> set[str]:
    """Return the key ids that a dry run would remove."""
    command = [sys.executable, "-P", str(LAUNCHER), "retire", plan, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {row["key_id"] for row in json.loads(done.stdout) if row["result"] == "would retire"}


@pytest.mark.postgres
@pytest.mark.slow
def test_processes_share_a_rollout_and_no_step_is_done_twice_or_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Server
) -> None:
    monkeypatch.chdir(tmp_path)
    with rollout(tmp_path, monkeypatch, apps=24) as tenant:
        plan = asyncio.run(tenant.plan())
        planfile.write(plan, tmp_path / "plan.json")
        before = tenant.keys_left()
        url = postgres.emptied()
        archive.copy(f"sqlite:///{tmp_path / 'journal.db'}", url, SystemClock())
        monkeypatch.setenv("UNSECRET_JOURNAL", url)
        with closing(SqlJournal(url, tenant.clock)) as shared:
            until_settled("federate", "plan.json", "--apply")
            until_settled("verify", "plan.json", "--interval", "0")
            quiet_month(tenant, plan, shared)
            until_settled("verify", "plan.json", "--interval", "0")
            expected = removable("plan.json")
            assert expected
            for _ in {each.wave for each in plan.pairings}:
                until_settled("retire", "plan.json", "--apply", calm=(0, 1))
                callers.live_on(tenant.emulator, (callers.neighbour(tenant.emulator),), 1)
                until_settled("verify", "plan.json", "--interval", "0")
                until_settled("watch", "plan.json")
            assert not removable("plan.json")
            entries = shared.entries()
        assert main(["journal", "verify"]) == 0
        made = Counter(each.application for each in entries if each.kind is Kind.FEDERATED and each.data["created"])
        assert set(made.values()) == {1}
        assert made.keys() == {each.application.client_id for each in plan.pairings}
        gone = before - tenant.keys_left()
        retired = Counter(each.subject for each in entries if each.kind is Kind.RETIRED)
        assert set(retired.values()) == {1}
        assert gone == retired.keys() == expected
