"""One attempt: every site decided, every new file prepared, nothing written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codemods.engine.applications import Policy, policy_of
from codemods.engine.candidates import Candidate
from codemods.engine.failure import too_deep
from codemods.engine.knowledge import Knowledge
from codemods.engine.neighbours import Neighbours
from codemods.engine.plan import Plan, plan_file, refusal
from codemods.engine.proof import Prover
from codemods.engine.sites import is_rewrite
from codemods.engine.whose import application_key
from codemods.model import Failed, Request

if TYPE_CHECKING:
    from codemods.engine.prepare import NewHelper


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attempt:
    """What would become of the files of a run."""

    plans: tuple[tuple[Candidate, Plan], ...]
    failures: tuple[Failed, ...]
    prepared: tuple[NewHelper, ...]

    @property
    def changes(self) -> Mapping[Path, bytes]:
        """Give the new bytes of the files that have sites."""
        return {file.candidate.listed.path: file.data for new in self.prepared for file in new.files}


def attempt(candidates: Iterable[Candidate], known: Knowledge, neighbours: Neighbours, request: Request) -> Attempt:
    """Decide on every site and prepare what changes."""
    listed = tuple(candidates)
    policy = policy_of(request, _keys(listed, neighbours))
    plans, failures = _plan(listed, policy, neighbours)
    prover = Prover(known=known, policy=policy, neighbours=neighbours)
    prepared: tuple[NewHelper, ...] = ()
    if changing := [(item, plan) for item, plan in plans if plan.changes]:
        from codemods.engine.prepare import prepare  # noqa: PLC0415 - imports libcst, which only an edit needs

        prepared, unproven = prepare(changing, prover)
        failures += unproven
    return Attempt(plans=tuple(plans), failures=tuple(failures), prepared=prepared)


def _plan(
    candidates: Iterable[Candidate], policy: Policy, neighbours: Neighbours
) -> tuple[list[tuple[Candidate, Plan]], list[Failed]]:
    plans: list[tuple[Candidate, Plan]] = []
    failures: list[Failed] = []
    for item in candidates:
        try:
            plans.append((item, plan_file(item.file, policy, neighbours.of(item))))
        except RecursionError:
            failures.append(too_deep(item.listed.name))
    return plans, failures


def _keys(candidates: Iterable[Candidate], neighbours: Neighbours) -> set[str | None]:
    """Collect the applications of the sites that could be rewritten."""
    return {
        application_key(candidate.file.module, occurrence)
        for candidate in candidates
        for occurrence in candidate.file.occurrences
        if is_rewrite(occurrence) and refusal(candidate.file, occurrence, neighbours.of(candidate)) is None
    }
