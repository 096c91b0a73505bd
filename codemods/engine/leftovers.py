"""What still reads, needs or sets a secret besides the sites themselves, tied to applications by names.

The names are those from which sites read their secret: environment variables, entries of settings, names of Key Vault
secrets. A name that leads to several applications is nobody's. Nothing is searched when no site says a name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from codemods.assertion import guid
from codemods.engine.candidates import Candidate, looks_like_test
from codemods.engine.leftover_code import in_code
from codemods.engine.neighbours import Neighbours
from codemods.engine.plan import Plan
from codemods.engine.sites import Occurrence
from codemods.leftover import Leftover, LeftoverKind
from codemods.leftovers.place import hits, pattern_of
from codemods.leftovers.places import place_of
from codemods.model import ReasonCode, Reported, Rewritten, SiteOutcome
from codemods.names import Module

MAX_BYTES = 1024 * 1024
_STEERING = "AZURE_CLIENT_SECRET"
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_GENERIC = frozenset({"SECRET", "KEY", "PASSWORD", "VALUE", "TOKEN", "CREDENTIAL", "CERTIFICATE"})
_GUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_Owners = Mapping[str, frozenset[str | None]]


def leftovers_of(plans: Iterable[tuple[Candidate, Plan]], neighbours: Neighbours) -> tuple[Leftover, ...]:
    """List the leftovers of all sites, by file and line."""
    owners, sites = _owners(plans, neighbours)
    if not sites:
        return ()
    found = [*_code(owners, neighbours), *_beside(owners, sites, neighbours)]
    return tuple(sorted(set(found), key=lambda each: (each.path, each.line, each.name, each.kind)))


def _owners(
    plans: Iterable[tuple[Candidate, Plan]], neighbours: Neighbours
) -> tuple[dict[str, frozenset[str | None]], frozenset[str | None]]:
    """Map each name to the applications whose sites read their secret by it, and list all applications."""
    owners: dict[str, set[str | None]] = {}
    sites: set[str | None] = set()
    for candidate, plan in plans:
        for occurrence, outcome in zip(candidate.file.occurrences, plan.outcomes(), strict=False):
            if not _counts(outcome):
                continue
            whose = _application(outcome)
            sites.add(whose)
            for name in _names(candidate, occurrence, outcome, neighbours):
                owners.setdefault(name, set()).add(whose)
    return {name: frozenset(whose) for name, whose in owners.items()}, frozenset(sites)


def _counts(outcome: SiteOutcome) -> bool:
    return isinstance(outcome, Rewritten) or (
        isinstance(outcome, Reported) and outcome.reason is not ReasonCode.TEST_CODE
    )


def _application(outcome: SiteOutcome) -> str | None:
    if isinstance(outcome, Rewritten):
        return outcome.application
    return guid(outcome.site.client_id)


def _names(candidate: Candidate, occurrence: Occurrence, outcome: SiteOutcome, neighbours: Neighbours) -> Iterator[str]:
    for item in occurrence.trace.items:
        if not item.holder:
            yield item.key
        else:
            yield from _spellings(item.key.rpartition("/")[2])
    for origin in occurrence.trace.origins:
        found = neighbours.definitions.find(candidate.listed.path, candidate.file.module, origin)
        yield from found.variables
    yield from _vault_names(candidate.file.module, occurrence)
    if isinstance(outcome, Reported) and outcome.reason is ReasonCode.ENVIRONMENT_STEERED:
        yield _STEERING


def _spellings(key: str) -> Iterator[str]:
    """Give the variable a settings field is filled from; a word that names everything names nothing."""
    variable = key.upper().replace("-", "_")
    if _VARIABLE.fullmatch(variable) and variable not in _GENERIC:
        yield variable


def _vault_names(module: Module, occurrence: Occurrence) -> Iterator[str]:
    secrets = getattr(occurrence.verdict, "secrets", ())
    values = (*secrets, *(read.binding.value for read in occurrence.trace.names if read.binding.value is not None))
    for node in (inner for value in values for inner in ast.walk(value)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_secret":
            name = module.constant(node.args[0]) if node.args else None
            if name:
                yield name


def _only(whose: Iterable[str | None]) -> str | None:
    known = set(whose)
    return known.pop() if len(known) == 1 else None


def _code(owners: _Owners, neighbours: Neighbours) -> Iterator[Leftover]:
    project = neighbours.project
    words = {spelling for name in owners for spelling in (name, name.lower(), name.lower().replace("_", "-"))}
    for path in sorted({path for found in project.mentioning(words).values() for path in found}):
        module = project.module(path)
        if module is None:
            continue
        dropped = neighbours.sites.get(path)
        is_test = looks_like_test(project.name(path), project.data(path))
        for line, name, kind, dead in in_code(module, set(owners), dropped, is_test=is_test):
            yield Leftover(
                kind=kind, path=project.name(path), line=line, name=name, application=_only(owners[name]), dead=dead
            )


def _beside(owners: _Owners, sites: frozenset[str | None], neighbours: Neighbours) -> Iterator[Leftover]:
    names = pattern_of(owners) if owners else None
    for path in neighbours.project.others:
        name = neighbours.project.name(path)
        place = place_of(_inner(path, neighbours))
        if place is None:
            continue
        text, problem = _text(path)
        mentioned = None if text is None else names is not None and names.search(text) is not None
        if text is None and problem:
            yield Leftover(kind=LeftoverKind.UNREADABLE, path=name, line=1, name="", detail=problem)
        elif text is not None and (mentioned or any(construct.search(text) for construct, _ in place.constructs)):
            named = _only(found for each in _GUID.findall(text) if (found := guid(each)) in sites)
            for hit in hits(place, text, names if mentioned else None):
                whose = _only(owners[hit.name]) if hit.name in owners else named
                yield Leftover(kind=hit.kind, path=name, line=hit.line, name=hit.name, application=whose)


def _inner(path: Path, neighbours: Neighbours) -> str:
    root = next((root for root in neighbours.project.roots if path.is_relative_to(root)), path.parent)
    return path.relative_to(root).as_posix()


def _text(path: Path) -> tuple[str | None, str]:
    """Read a file that people write; one that is no text sets no variables."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return None, f"it cannot be read: {error.strerror}"
    if len(data) > MAX_BYTES:
        return None, f"it is larger than {MAX_BYTES // 1024**2} MB"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), ""
    return (None, "") if b"\0" in data else (data.decode("utf-8-sig", "replace"), "")
