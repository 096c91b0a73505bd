"""A tenant with applications that nobody uses, scanned and planned by the commands, as often as a test likes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrate.cli.main import main
from migrate.demo import callers
from migrate.emulator.server import Emulator
from migrate.emulator.state.records import Application
from migrate.entry import Entry
from migrate.journal.store import SqlJournal
from tests.support.rollout import PatientClock, isolate


@dataclass(kw_only=True)
class Idle:
    """The tenant, and a folder that the commands run in."""

    emulator: Emulator
    folder: Path

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command and return its exit code and what it printed."""
        out, failed = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(failed):
            code = main(list(arguments))
        return code, out.getvalue() + failed.getvalue()

    def rows(self, *arguments: str) -> Any:
        """Run a command and return what it printed as JSON."""
        out = StringIO()
        with redirect_stdout(out), redirect_stderr(StringIO()):
            main([*arguments, "--format", "json"])
        return json.loads(out.getvalue())

    def plan(self) -> dict[str, Any]:
        """Scan, and plan."""
        for name in ("snapshot.db", "plan.json"):
            (self.folder / name).unlink(missing_ok=True)
        assert self.run("scan")[0] == 0
        assert self.run("plan", "snapshot.db")[0] == 0
        found: dict[str, Any] = json.loads((self.folder / "plan.json").read_text())
        return found

    def unused(self) -> list[str]:
        """Return the client ids of applications that can be deactivated when their owners were told."""
        plan = json.loads((self.folder / "plan.json").read_text())
        ids = [each["application"]["client_id"] for each in plan["refusals"] if each["code"] == "unused"]
        tenant = self.emulator.tenant
        return [
            each
            for each in ids
            if tenant.service_principals.with_app_id(each) and self.app(each).passwords
            and self.app(each).display_name != "read-only-auditor"
        ]  # fmt: skip

    def app(self, client_id: str) -> Application:
        found = self.emulator.tenant.applications.with_app_id(client_id)
        assert found is not None
        return found

    def told(self, client_id: str, answer: str = "--told") -> None:
        assert self.run("owner", "plan.json", "--app", client_id, answer)[0] == 0

    def sign_in(self, client_id: str) -> dict[str, Any]:
        """Try to sign in with the first secret, and return the answer."""
        tenant = self.emulator.tenant
        secret = self.app(client_id).passwords[0].secret
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret,
                "scope": "https://graph.microsoft.com/.default"}  # fmt: skip
        answer: dict[str, Any] = httpx.post(
            f"{self.emulator.authority}/{tenant.id}/oauth2/v2.0/token", data=form
        ).json()
        return answer

    def live(self, days: int) -> None:
        """Let days pass in which somebody else signs in."""
        callers.live_on(self.emulator, (callers.neighbour(self.emulator),), days)

    def entries(self) -> tuple[Entry, ...]:
        journal = SqlJournal("sqlite:///unsecret.db", PatientClock())
        try:
            return journal.entries()
        finally:
            journal.close()

    def forget(self) -> None:
        """Begin with an empty journal."""
        (self.folder / "unsecret.db").unlink(missing_ok=True)

    def journal_is_whole(self) -> bool:
        with sqlite3.connect("unsecret.db") as database:
            assert database.execute("select count(*) from entries").fetchone()[0] > 0
        return self.run("journal", "verify")[0] == 0


@contextmanager
def idle(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Idle]:
    with Emulator(apps=80, seed=1) as emulator:
        isolate(patch)
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        patch.chdir(folder)
        made = Idle(emulator=emulator, folder=folder)
        made.plan()
        yield made
