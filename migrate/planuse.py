"""Which plan a command may act on: the newest, of this tenant, unedited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from inventory.cloud import Cloud
from inventory.errors import SnapshotError
from inventory.model import ClientId, TenantId
from inventory.snapshot import header
from migrate import planfile, rollout
from migrate.entry import Entry, Json, Kind
from migrate.errors import PlanError
from migrate.model import Abandoned, Pairing, Plan, Refusal, Target
from migrate.ports import Journal
from migrate.refusalcodes import RefusalCode
from migrate.rollout import Course

SNAPSHOT_NAME = "snapshot.db"
"""The snapshot that a plan is compared with when it stands beside the plan file."""


def read(path: Path, cloud: Cloud | None = None) -> Plan:
    """Read a plan, also one that is overtaken, and refuse one of another cloud; raises PlanError."""
    plan = planfile.read(path)
    if cloud not in {None, plan.cloud}:
        raise PlanError(f"{path} is for the cloud {plan.cloud}, not for {cloud}: leave --cloud out")
    return plan


def load(path: Path, journal: Journal, cloud: Cloud | None = None) -> Plan:
    """Read a plan and refuse one of another cloud, or that a newer scan or plan has overtaken.

    Raises PlanError, JournalError.
    """
    plan = read(path, cloud)
    _against_snapshot(plan, path, path.parent / SNAPSHOT_NAME)
    if newer := rollout.overtaken(journal.entries(kinds=(Kind.PLAN,)), plan):
        raise PlanError(
            f"{path} is older than the plan this journal has been used with ({newer[:12]}): use that one, or scan and "
            "plan again"
        )
    return plan


def _against_snapshot(plan: Plan, path: Path, beside: Path) -> None:
    if not beside.exists():
        return
    try:
        newest = header(beside)
    except SnapshotError:
        return  # some other file of that name: it says nothing about this plan
    overtaken = newest.taken_at > plan.snapshot_taken_at and newest.digest != plan.snapshot_digest
    if newest.tenant_id == plan.tenant_id and overtaken:
        raise PlanError(
            f"{path} was made from an older snapshot than {beside}: make it again with: unsecret plan {beside} "
            f"--out {path}"
        )


def remember(plan: Plan, journal: Journal) -> None:
    """Write the plan into the journal the first time something is done with it."""
    if all(entry.plan != plan.digest for entry in journal.entries(kinds=(Kind.PLAN,))):
        data: dict[str, Json] = {
            "tenant": plan.tenant_id,
            "taken_at": plan.snapshot_taken_at.isoformat(),
            "pairings": [msgspec.to_builtins(replace(one, alternatives=(), order=())) for one in plan.pairings],
            "stepped": [
                msgspec.to_builtins(replace(one, candidates=())) for one in plan.refusals if one.can_be_carried_out
            ],
            "abandoned": [msgspec.to_builtins(one) for one in abandoned(plan, journal)],
            "refused": len(plan.refusals),
        }
        journal.record(Entry(kind=Kind.PLAN, plan=plan.digest, data=data))


def abandoned(plan: Plan, journal: Journal, app: str | None = None) -> tuple[Abandoned, ...]:
    """Return the applications of a plan that nobody uses, and those that were deactivated as such before; or one."""
    ours = _deactivated(journal)
    return tuple(
        Abandoned(application=each.application, credentials=each.credentials)
        for each in plan.refusals
        if (
            each.code is RefusalCode.UNUSED
            or (each.code is RefusalCode.DISABLED and each.application.client_id in ours)
        )
        and (app is None or app.lower() in {each.application.client_id, each.application.id})
    )


def _deactivated(journal: Journal) -> frozenset[ClientId]:
    """Return what was deactivated by us, and what may have been: a run that meant it did not see it, or ended."""
    entries = journal.entries(kinds=(Kind.DEACTIVATE_MEANT, Kind.DEACTIVATED, Kind.ACTIVATED))
    return frozenset(rollout.deactivations(entries)) | rollout.deactivating(entries)


def deactivated(plan: Plan, journal: Journal, *, app: str | None, wave: int | None) -> tuple[Abandoned, ...]:
    """Return the applications of a plan that were deactivated as unused, or may have been, all or one; of no wave."""
    ours = _deactivated(journal)
    unused = abandoned(plan, journal, app) if wave is None else ()
    return tuple(each for each in unused if each.application.client_id in ours)


def targets(plan: Plan, journal: Journal, *, app: str | None, wave: int | None) -> tuple[Target, ...]:
    """Return from what credentials may be removed: pairings, and of no wave the applications that were deactivated.

    One that nobody uses and that is active still is among them only where it is named. Raises PlanError for nothing.
    """
    if app is not None:
        return (abandoned(plan, journal, app) if wave is None else ()) or select(plan, app=app, wave=wave)
    return (*select(plan, wave=wave), *deactivated(plan, journal, app=None, wave=wave))


def check_tenant(plan: Plan, tenant: TenantId) -> None:
    """Refuse to act in another tenant than the plan's; raises PlanError."""
    if tenant != plan.tenant_id:
        raise PlanError(
            f"the plan is for tenant {plan.tenant_id}, the credentials sign in to {tenant}: give --tenant, or use the "
            "right credentials"
        )


def _why(refused: Refusal | None) -> str:
    if refused is None:
        return "; look into the plan for its client id"
    if not refused.steps:
        return f": it is refused ({refused.code}: {refused.explanation})"
    steps = "; ".join(step.text for step in refused.steps)
    first = "no command makes the steps that come first; make them, then scan and plan again"
    if refused.can_be_carried_out:
        first = "steps come first, which federate --app makes; scan and plan again then"
    return f": it is refused ({refused.code}); {first}: {steps}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What of a plan is to be carried out."""

    pairings: tuple[Pairing, ...]
    refusals: tuple[Refusal, ...]
    """Applications whose steps are to be carried out."""


def choose(plan: Plan, *, app: str | None, wave: int | None, steps: bool) -> Chosen:
    """Return what options ask for; raises PlanError where that is nothing."""
    refusals = stepped(plan, app=app, wave=wave, every=steps)
    pairings = () if refusals and app else select(plan, app=app, wave=wave)
    return Chosen(pairings=pairings, refusals=refusals)


def stepped(plan: Plan, *, app: str | None, wave: int | None, every: bool) -> tuple[Refusal, ...]:
    """Return the applications whose steps are asked for: the one that is named, or every one; of no wave."""
    known = tuple(each for each in plan.refusals if each.can_be_carried_out and wave is None)
    if app is not None:
        return tuple(each for each in known if app.lower() in {each.application.client_id, each.application.id})
    return known if every else ()


def select(plan: Plan, *, app: str | None = None, wave: int | None = None) -> tuple[Pairing, ...]:
    """Return the pairings of one application, of one wave, or all; raises PlanError where there is none."""
    wanted = tuple(
        pairing
        for pairing in plan.pairings
        if (app is None or app.lower() in {pairing.application.client_id, pairing.application.id})
        and wave in {None, pairing.wave}
    )
    if not wanted and app is not None:
        if wave is not None and (elsewhere := select(plan, app=app)):
            raise PlanError(f"application {app!r} is in wave {elsewhere[0].wave}, not in wave {wave}: leave --wave out")
        refused = next((each for each in plan.refusals if each.application.client_id == ClientId(app.lower())), None)
        raise PlanError(f"application {app!r} is not paired in this plan{_why(refused)}")
    if not wanted and wave:
        known = ", ".join(str(number) for number in sorted({pairing.wave for pairing in plan.pairings})) or "none"
        raise PlanError(f"the plan has no wave {wave}; its waves are: {known}")
    return wanted


def course_of(plan: Plan, app: str) -> Course:
    """Return what a plan means to do with an application, paired or with steps; raises PlanError for another one."""
    if refused := stepped(plan, app=app, wave=None, every=False):
        return rollout.course_of_steps(refused[0])
    return rollout.course(select(plan, app=app)[0])
