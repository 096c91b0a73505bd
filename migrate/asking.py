"""What gates are asked about one credential, put together from tenant, journal and policy at one moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from inventory.directory import Directory
from inventory.model import IdentityNow
from migrate import gates, rollout
from migrate.circumstances import RetirePolicy, Stretch
from migrate.entry import Entry, Kind
from migrate.gate import Closed, Question
from migrate.model import Abandoned, Pairing, Plan, PlannedCredential, Road, Target
from migrate.ports import Journal
from migrate.removal import Now, read
from migrate.rollback import Rules, restrictions_of, rollback
from migrate.surroundings import KINDS, Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Puts questions together under one plan and one policy."""

    plan: Plan
    directory: Directory
    journal: Journal
    rules: RetirePolicy

    async def question(
        self, target: Target, credential: PlannedCredential, now: Now, around: Surroundings, road: Road
    ) -> Question:
        """Return the question about a credential; raises InventoryError, JournalError."""
        client_id = target.application.client_id
        told = self.journal.entries(
            kinds=(Kind.PROVEN, Kind.PROOF_FAILED, Kind.DEACTIVATED, Kind.ACTIVATED, Kind.WATCHING, Kind.SCREAM_FAILED),
            application=client_id,
        )
        found = rollout.deactivations(told).get(client_id)
        # Counted from the tenant's own time in the plan: a clock of ours that runs ahead would cut off recent use.
        since = self.plan.snapshot_taken_at - timedelta(days=self.rules.policy.unused_days + 1)
        history = await self.directory.sign_ins(client_id, min(since, found.at) if found else since)
        self.catch_up(around)
        found_around = around.around(target, credential, history.as_of)
        circumstances = replace(found_around, rollback=rollback(around.restrictions, now.application))
        if isinstance(target, Abandoned):
            until = await self.directory.log_until()
            circumstances = replace(circumstances, deactivation=found, log_until=until)
        paired = target if isinstance(target, Pairing) else None
        return Question(
            pairing=target,
            credential=credential,
            policy=self.rules.policy,
            now=history.as_of,
            application=now.application,
            principal=now.principal,
            held=now.held or (),
            identity=await self._identity(target),
            federated=(now.application.federated if now.application else None) or (),
            history=history,
            proofs=rollout.proofs(paired, told) if paired else (),
            probes=rollout.probes(told),
            code=around.code,
            circumstances=circumstances,
            road=road,
        )

    async def again(self, question: Question, around: Surroundings) -> Question:
        """Return a question for the moment of the removal, with what became of the tenant and what others wrote.

        Only the log is not read again: it is behind in any case, and judged by how far it is at this moment. Raises
        InventoryError, JournalError.
        """
        target, credential, before = question.pairing, question.credential, question.circumstances
        now, identity = await read(self.directory, target, credential), await self._identity(target)
        application, rules = now.application, Rules()
        if application is not None and self.rules.policy.rollback:
            rules = await restrictions_of(self.directory, application.id)
        at = await self.directory.now()
        self.catch_up(around)
        circumstances = replace(
            around.around(target, credential, at, last=True),
            deactivation=before.deactivation,
            log_until=before.log_until,
            rollback=rollback(rules, application),
        )
        return replace(
            question,
            now=at,
            application=application,
            principal=now.principal,
            held=now.held or (),
            identity=identity,
            federated=(application.federated if application else None) or (),
            circumstances=circumstances,
            code=around.code,
        )

    async def _identity(self, target: Target) -> IdentityNow | None:
        return await self.directory.identity(target.identity.principal_id) if isinstance(target, Pairing) else None

    def catch_up(self, around: Surroundings) -> None:
        """Take what was written since."""
        around.catch_up(self.journal.entries(kinds=KINDS, after=around.last))

    # --- looking after what was deactivated --------------------------------------------------------------------------

    def note_look(self, question: Question) -> str:
        """Write down whether a deactivated application is missed, or until when the log shows that it is not.

        Returns who misses it, in words; empty where nobody does, or where it was not deactivated by us.
        """
        found = question.circumstances.deactivation
        if found is None:
            return ""
        if missed := found.scream or missed_by(question):
            if not found.scream:
                self._write(Kind.SCREAM_FAILED, question, {"message": missed})
            return missed
        if (stretch := covered(question)) is not None:
            told = {"covers_since": stretch.since.isoformat(), "covers_until": stretch.until.isoformat()}
            self._write(Kind.WATCHING, question, told)
        return ""

    def _write(self, kind: Kind, question: Question, data: dict[str, str]) -> None:
        client_id = question.pairing.application.client_id
        told = {"tenant_time": question.now.isoformat(), **data}
        self.journal.record(
            Entry(kind=kind, plan=self.plan.digest, application=client_id, subject=client_id, data={**told})
        )


def missed_by(question: Question) -> str:
    """Say who misses a deactivated application: whoever tried to sign in, owners who said no, an exclusion; pure."""
    found, around = question.circumstances.deactivation, question.circumstances
    if found is None:
        return ""
    if tried := [each for each in question.history.sign_ins if each.at >= found.at]:
        last = max(tried, key=lambda each: each.at)
        code = f" (AADSTS{last.error_code})" if last.error_code else ""
        where = f"the last from {last.address or 'an unknown address'} at {last.at:%Y-%m-%d %H:%M} UTC{code}"
        return f"{len(tried)} attempts to sign in since it was deactivated, {where}"
    if around.informed is not None and around.informed.answer is False:
        return f"its owners said no, as {around.informed.by} recorded at {around.informed.at:%Y-%m-%d}"
    excluded = dict(gates.ask(question)).get("opt-out")
    return excluded.because if isinstance(excluded, Closed) else ""


def covered(question: Question) -> Stretch | None:
    """Return of which time the log shows all attempts: it may be some hours behind; None where it shows nothing."""
    history, until = question.history, question.circumstances.log_until
    if history.missing or history.covers_since is None or until is None:
        return None
    end = min(until, history.as_of - timedelta(hours=question.policy.log_hours))
    return Stretch(since=history.covers_since, until=end) if end > history.covers_since else None
