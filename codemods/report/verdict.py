"""Whether a run is clean: what is left that no baseline holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codemods.leftover import Leftover
from codemods.model import AlreadyAssertion, Category, Failed, Reported, Run, SiteOutcome
from codemods.report.context import Context
from codemods.report.fingerprints import leftover_marks, marks, of_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is left: sites, places that need or set the secret, files; ``code`` is 0 clean, 1 findings, 2 a failure."""

    sites: tuple[SiteOutcome, ...]
    failed: tuple[Failed, ...]
    leftovers: tuple[Leftover, ...] = ()

    @property
    def code(self) -> int:
        """Give the exit code."""
        return 2 if self.failed else 1 if self.sites or self.leftovers else 0


def judge(run: Run, context: Context) -> Verdict:
    """Collect what is left. A check asks for every sign-in with a secret; a rewrite for those that need a person."""
    accepted = context.compared.accepted
    return Verdict(
        sites=tuple(_left(run, context)),
        failed=tuple(failed for failed in run.failed if of_failure(failed) not in accepted),
        leftovers=tuple(
            leftover
            for leftover, mark in zip(run.leftovers, leftover_marks(run), strict=True)
            if mark not in accepted and not leftover.dead and _fails(leftover, context)
        ),
    )


def _fails(leftover: Leftover, context: Context) -> bool:
    """Tell whether it fails: in a check all that sets or needs what is retired, in a rewrite what breaks without it."""
    return leftover.fails_check if context.check else leftover.kind.holds


def _left(run: Run, context: Context) -> Iterator[SiteOutcome]:
    for outcome, mark in zip(run.sites, marks(run), strict=True):
        if mark in context.compared.accepted:
            continue
        if context.check:
            apart = outcome.site.category is not Category.CODE and not context.tests
            open_ = not apart and not isinstance(outcome, AlreadyAssertion)
        else:
            open_ = isinstance(outcome, Reported)
        if open_:
            yield outcome
