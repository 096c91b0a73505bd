"""The demonstration, step by step; each step is the command that a user would type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from migrate import planfile
from migrate.demo import callers, environment, story, workloads
from migrate.demo.commands import Commands
from migrate.demo.workloads import Workload
from migrate.demo.workspace import Workspace, prepare
from migrate.emulator.server import Emulator
from migrate.errors import DemoError

_DAYS = 31
_WATCH = timedelta(hours=2, minutes=5)
_MOST_CALLERS = 8
_EXCHANGES = ("--tries", "2", "--interval", "0.2")

Tell = Callable[[str], None]


def demonstrate(apps: int, seed: int, out: Path, tell: Tell) -> None:
    """Run the whole migration against an embedded tenant of ``apps`` applications and leave everything in ``out``.

    Raises:
        DemoError: the folder cannot be used, or a step failed.

    """
    workspace = prepare(out)
    if workspace.emptied:
        tell(f"demo      {out} held an earlier demo, journal and plan included: emptied, and begun anew")
    with Emulator(apps=apps, seed=seed) as emulator:
        variables = emulator.environment()
        demo = _Demo(
            emulator=emulator,
            workspace=workspace,
            commands=Commands(workspace=workspace, environment=environment.of_command(variables)),
            services=workloads.lay(emulator, workspace.code),
            base=environment.of_service(variables, emulator.graph_endpoint),
            tell=tell,
        )
        demo.run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demo:
    emulator: Emulator
    workspace: Workspace
    commands: Commands
    services: tuple[Workload, ...]
    base: dict[str, str]
    tell: Tell

    def run(self) -> None:
        self._find()
        untouched = self._change()
        before = self._wait(untouched)
        self._finish(self._retire(before))

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            self.tell(line)

    def _find(self) -> None:
        snapshot, plan = str(self.workspace.snapshot), str(self.workspace.plan)
        done = workloads.run(self.services, self.base, secrets=True, identities=False)
        names = ", ".join(service.name for service in self.services)
        self.tell(f"services  {done} of {len(self.services)} run with their client secrets: {names}")
        self._say(story.scanned(self.commands.json("scan", "--out", snapshot)))
        self._say(story.planned(self.commands.json("plan", snapshot, "--out", plan)))

    def _change(self) -> frozenset[str]:
        """Federate and rewrite; return the applications whose code nobody told anything of the migration."""
        plan, code = str(self.workspace.plan), str(self.workspace.code)
        self._say(story.federated(self.commands.json("federate", plan, "--apply")))
        untouched = self._lay_old_report()
        self.workspace.patch.write_bytes(self.commands.run("rewrite", code, "--plan", plan, *self._journal))
        self._say(story.rewritten(self.commands.json("rewrite", code, "--plan", plan, "--apply")))
        workloads.run(self.services, self.base, secrets=True, identities=True)
        self._prove("rewritten, the secrets still there")
        self._say(story.verified(self.commands.json("verify", plan, *_EXCHANGES)))
        return frozenset(untouched)

    def _lay_old_report(self) -> set[str]:
        """Add a program that cannot be rewritten, of an application that the plan pairs; return its client id."""
        ours = {service.client_id for service in self.services}
        plan = planfile.read(self.workspace.plan)
        others = [each.application.client_id for each in plan.pairings if each.application.client_id not in ours]
        for client_id in others[:1]:
            workloads.write_source(
                self.workspace.code, workloads.OLD_REPORT, tenant_id=plan.tenant_id, client_id=client_id
            )
        return set(others[:1])

    def _prove(self, when: str) -> None:
        working = workloads.federated(self.emulator, self.services)
        if working != len(self.services):
            raise DemoError(f"only {working} of {len(self.services)} services used a federated credential ({when})")
        self.tell(f"services  {working} of {len(self.services)} run on federated credentials ({when})")

    def _wait(self, untouched: frozenset[str]) -> list[dict[str, Any]]:
        """Ask the gates too early, then let a month pass in which somebody goes on using old secrets."""
        rows: list[dict[str, Any]] = self.commands.json("retire", str(self.workspace.plan))
        self._say(story.retired(rows, dry_run=True))
        quiet = untouched | {service.client_id for service in self.services}
        count = min(_MOST_CALLERS, max(1, len(rows) // 6))
        strangers = callers.find(self.emulator, [row for row in rows if row["client_id"] not in quiet], count)
        callers.live_on(self.emulator, (*strangers, callers.neighbour(self.emulator)), _DAYS)
        workloads.run(self.services, self.base, secrets=True, identities=True)  # as on every day
        pairings = planfile.read(self.workspace.plan).pairings
        others = [each for each in pairings if each.application.client_id not in quiet]
        moved = callers.moved(self.emulator, others)
        gone = callers.give_up(planfile.read(self.workspace.plan), self.workspace.policy)
        self.tell(
            f"wait      {_DAYS} days pass in the embedded tenant; {len(strangers)} jobs go on using old secrets, "
            f"{len(moved)} more applications begin to use their identities; "
            f"{gone} callers of before are given up ([[caller]] in {self.workspace.policy.name})"
        )
        return rows

    def _retire(self, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Retire wave by wave; each is watched for longer than a token lives before the next one goes."""
        plan = str(self.workspace.plan)
        self._say(story.verified(self.commands.json("verify", plan, *_EXCHANGES)))
        rows: list[dict[str, Any]] = []
        waves = [each.number for each in planfile.read(self.workspace.plan).waves]
        for wave in waves:
            done = self._wave(plan, str(wave), later=bool(rows))
            self.tell(f"wave {wave:4} {story.counted(done)}")
            rows += done
        if len(rows) != len(before):
            raise DemoError(f"retire answered for {len(rows)} of {len(before)} credentials")
        self._say(story.retired(rows, dry_run=False))
        self._say(story.watched(self.commands.json("watch", plan)))
        self._say(story.sealed(self.commands.json("seal", plan, "--apply"), self.commands.json("guard", plan)))
        return rows

    def _wave(self, plan: str, wave: str, *, later: bool) -> list[dict[str, Any]]:
        """Retire a wave: at once, or the rest of it after the one application that goes first has been watched."""
        rows: list[dict[str, Any]] = []
        while True:
            if later or rows:
                self.commands.run("verify", plan, "--wave", wave, *_EXCHANGES, *self._journal)
            gone = [row for row in rows if row["result"] == "retired"]
            keys = {row["key_id"] for row in gone}
            found = self.commands.json("retire", plan, "--wave", wave, "--apply")
            rows = [*gone, *(row for row in found if row["key_id"] not in keys)]
            self.emulator.advance(_WATCH)
            if len(rows) == len(gone) or not any(story.waits(row) for row in rows):
                return rows

    @property
    def _journal(self) -> tuple[str, ...]:
        return ("--journal", self.workspace.journal_url)

    def _finish(self, rows: list[dict[str, Any]]) -> None:
        working = workloads.run(self.services, self.base, secrets=False, identities=True)
        self._prove("the secrets gone from tenant and environment")
        for source, name in (("snapshot.db", "inventory"), ("plan.json", "plan"), ("journal.db", "report")):
            self.commands.run("report", source, "--format", "html", "--out", f"{name}.html")
        self.tell(f"report    {self.workspace.root / 'report.html'} (also plan.html, inventory.html, rewrite.patch)")
        self.tell(story.summary(rows, working=working, services=len(self.services)))
