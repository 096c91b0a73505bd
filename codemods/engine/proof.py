"""Prove a new file: its claim holds, and a second run would find nothing to do in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from codemods.assertion import Application, Names
from codemods.engine.applications import Policy
from codemods.engine.candidates import Candidate
from codemods.engine.claims.check import Claim, check
from codemods.engine.claims.option import check_option
from codemods.engine.claims.places import Expected, place_of
from codemods.engine.file import File
from codemods.engine.knowledge import Knowledge
from codemods.engine.neighbours import Neighbours
from codemods.engine.notebook import Notebook, read_notebook
from codemods.engine.option import OPTION
from codemods.engine.plan import Plan, plan_file
from codemods.engine.sites import Occurrence, find
from codemods.engine.source import Source, decode, parse
from codemods.errors import ClaimError, NotIdempotentError
from codemods.model import Compared
from codemods.names import Module


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prover:
    """What a run knows, for looking at its own results."""

    known: Knowledge
    policy: Policy
    neighbours: Neighbours

    def prove(
        self, candidate: Candidate, plan: Plan, names: Mapping[Application, Names], data: bytes
    ) -> dict[Occurrence, tuple[Compared, ...]]:
        """Say what was compared at each rewritten site, or raise ClaimError or NotIdempotentError."""
        name, old = candidate.listed.name, candidate.file.module
        again = self._read_again(candidate, data)
        self._run_again(candidate, again)
        if plan.options:
            check_option(name, old, again.module, parameter=OPTION, count=len(plan.options))
            return {}
        sites = {
            place_of(occurrence.node): _expected(candidate, names[application])
            for occurrence, application in plan.rewrites.items()
        }
        claim = Claim(
            name=name,
            sites=sites,
            deleted={place_of(node) for node in plan.dropped.statements},
            unwrapped={place_of(node) for node in plan.guards.unwrapped},
            shortened={place_of(node): plan.dropped.places(node) for node in plan.shortened},
        )
        compared = check(claim, old, again.module)
        return {occurrence: compared[place_of(occurrence.node)] for occurrence in plan.rewrites}

    def _read_again(self, candidate: Candidate, data: bytes) -> File:
        notebook, source = _read(candidate, data)
        module = Module(parse(source.name, source.text))
        occurrences = find(source, module, self.known, self.neighbours.project.may_hold)
        return replace(candidate.file, source=source, module=module, occurrences=occurrences, notebook=notebook)

    def _run_again(self, candidate: Candidate, file: File) -> None:
        again = plan_file(file, self.policy, self.neighbours.of(replace(candidate, file=file)))
        if again.changes:
            name, line = file.source.name, min(item.site.line for item in (*again.rewrites, *again.options))
            raise NotIdempotentError(
                f"{name}:{line}: a second run would change it again; nothing was done, rewrite it by hand", line=line
            )


def _read(candidate: Candidate, data: bytes) -> tuple[Notebook | None, Source]:
    """Read new bytes as the old ones were read."""
    name = candidate.listed.name
    if candidate.file.notebook is None:
        return None, decode(name, data)
    notebook = read_notebook(name, data)
    if notebook is None:
        raise ClaimError(f"{name} would be no notebook any more; nothing was done")
    return notebook, notebook.source


def _expected(candidate: Candidate, names: Names) -> Expected:
    return Expected(
        helper=candidate.place.module,
        function=names.function,
        credential=names.credential,
        variable=names.variable,
        scope=names.application.scope,
        inline=candidate.file.inline,
    )
