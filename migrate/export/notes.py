"""The head of an export, and what it leaves alone, as comments. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.export.work import Work
from migrate.review.text import shown
from reports.text import rfc3339

MADE = b"Made by unsecret"
"""What the first lines of every export say, so that it is known again."""


def head(work: Work, mark: str, *, attaches: bool = True) -> Iterator[str]:
    """Yield the comment lines that say what a file was made from; ``mark`` begins a comment.

    ``attaches`` says whether the file attaches identities itself.
    """
    plan = work.plan
    trusts = sum(len(job.trusts) for job in work.jobs)
    attached = sum(len(job.attachments) for job in work.jobs)
    yield f"{mark} {MADE.decode()} from the plan {plan.digest}"
    yield f"{mark} of the snapshot of {rfc3339(plan.snapshot_taken_at)}, for the tenant {shown(plan.tenant_id)}."
    yield (
        f"{mark} {trusts} federated credentials to create, {len(work.identities)} identities, {attached} attachments"
        f"{'' if attaches or not attached else ', which are comments alone'}. What is right already is not in it."
    )


def left(work: Work, mark: str) -> Iterator[str]:
    """Yield a comment line for each application that is left alone although its plan has steps."""
    if work.left:
        yield ""
        yield f"{mark} Left alone:"
        yield from (f"{mark}   {line}" for line in work.left)
