"""A look at code without the question whether it can be rewritten: quick, for hooks that run at every commit.

Only the given files are read. Everything that signs in with a secret is reported, with the reason that its own form
gives; a call that has none is a ``secret-sign-in``. What only the rest of the project could tell is not asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from codemods.engine.candidates import Candidate, Told, nobody, read_all
from codemods.engine.file import File
from codemods.engine.helpers import Place, nowhere
from codemods.engine.knowledge import join
from codemods.engine.listing import list_files
from codemods.engine.notebook_sites import placed
from codemods.engine.project import Project
from codemods.engine.sites import Occurrence
from codemods.model import AlreadyAssertion, Clean, FileOutcome, ReasonCode, Reported, Request, Run, SiteOutcome
from codemods.names import Module
from codemods.transform import Already, Report, Rewrite
from codemods.transforms import load


def check(request: Request, told: Told = nobody) -> Run:
    """Report every sign-in with a secret below the paths of a request; nothing is rewritten."""
    listing = list_files(request.paths)
    known = join(load())
    reading = read_all(Project(listing), known, request, told=told, placed=_no_place)
    outcomes: list[FileOutcome] = [*reading.others, *map(_looked_at, reading.candidates)]
    return Run(
        base=listing.base,
        files=tuple(sorted(outcomes, key=lambda outcome: outcome.path)),
        scanned=reading.scanned,
        candidates=reading.mentioned,
    )


def _no_place(_project: Project, path: Path, _module: Module) -> Place:
    """Place no helper, as none is written."""
    return nowhere(path)


def _looked_at(candidate: Candidate) -> Clean:
    sites = tuple(_outcome(candidate.file, occurrence) for occurrence in candidate.file.occurrences)
    return Clean(path=candidate.listed.name, sites=sites)


def _outcome(file: File, occurrence: Occurrence) -> SiteOutcome:
    verdict = occurrence.verdict
    site = occurrence.site if file.notebook is None else placed(file.notebook, occurrence.site)
    match verdict:
        case Already():
            return AlreadyAssertion(site=site)
        case Rewrite() | Report() if file.is_test:
            reason, detail = ReasonCode.TEST_CODE, ""
        case Report():
            reason, detail = verdict.reason, verdict.detail
        case Rewrite() if verdict.asked:
            reason, detail = ReasonCode.ENVIRONMENT_STEERED, ""
        case Rewrite():
            reason, detail = ReasonCode.SECRET_SIGN_IN, site.secret_source or ""
        case _:
            assert_never(verdict)
    return Reported(site=site, reason=reason, advice=reason.advice, detail=detail, target=verdict.target)
