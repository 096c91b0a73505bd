"""The names from which sites read their secret: environment variables, entries of settings, Key Vault secrets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codemods.assertion import Application, guid
from codemods.engine.candidates import Candidate
from codemods.engine.index import READS
from codemods.engine.indirect import last_name
from codemods.engine.neighbours import Neighbours
from codemods.engine.plan import Plan
from codemods.engine.reached import reached
from codemods.engine.reached_files import callers_of, reached_elsewhere
from codemods.engine.sites import Occurrence
from codemods.leftover import STEERING, variable_of
from codemods.model import ReasonCode, Reported, Rewritten, SiteOutcome
from codemods.names import Module

_SETTINGS_FILE = re.compile(r"[\w.-]+\.(?:json|toml|ini|cfg|conf|ya?ml|properties|env)\Z")
_MOUNTED = re.compile(
    r"(?:^|/)secrets(?:-store)?/+(?:[\w.-]+/+)??([\w-]*(?:secret|passw|cert|key|pem|pfx)[\w-]*)", re.IGNORECASE
)
_GETS = re.compile(r"(?:get|read|load|fetch|lookup|find|secret)(?:_|\b|(?=[A-Z]))")
_STORE = re.compile(r"secret|vault|passw|keyring", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+")
_TELLING = frozenset({"secret", "password", "key", "cert", "certificate", "pfx", "pem", "credential"})
_DEEP = 4
Place = tuple[Path, int, int]
"""A file, and line and column of an expression in it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Named:
    """A site with the names its secret goes by, and the application it belongs to.

    ``variables`` are those of the names that are seen to be environment variables; the others are guesses. ``read_at``
    are the places of the expressions that read the secret for it outside of the site: its settings, its constants.
    ``inside`` are variables that hold the secret among other things. ``keys`` are the entries it is read from, as the
    code writes them, and ``loaded`` the names of files that the site's own file speaks of.
    """

    candidate: Candidate
    outcome: SiteOutcome
    application: str | None
    names: tuple[str, ...]
    variables: frozenset[str]
    read_at: frozenset[Place]
    inside: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()

    @property
    def is_rewritten(self) -> bool:
        """Tell whether the site does without its secret."""
        return isinstance(self.outcome, Rewritten)


def named_sites(plans: Iterable[tuple[Candidate, Plan]], neighbours: Neighbours) -> tuple[Named, ...]:
    """List the sites that sign in with a secret, or did, in code that is no test."""
    plans = tuple(plans)
    files = (candidate.file for candidate, _ in plans if not candidate.file.is_test)
    called = {name for file in files for name in callers_of(file.module, file.occurrences)}
    neighbours.project.index.mentioning(called, READS)
    return tuple(
        _named(candidate, occurrence, outcome, plan.decided.get(occurrence), neighbours)
        for candidate, plan in plans
        for occurrence, outcome in zip(candidate.file.occurrences, plan.outcomes(), strict=False)
        if _counts(outcome)
    )


def _named(
    candidate: Candidate,
    occurrence: Occurrence,
    outcome: SiteOutcome,
    decided: Application | None,
    neighbours: Neighbours,
) -> Named:
    variables = tuple(dict.fromkeys(_variables(candidate, occurrence, neighbours)))
    return Named(
        candidate=candidate,
        outcome=outcome,
        application=_application(outcome, decided),
        names=tuple(dict.fromkeys(_names(candidate, occurrence, outcome, variables))),
        variables=frozenset(variables),
        read_at=frozenset(_places(candidate, occurrence, neighbours)),
        inside=frozenset(_inside(candidate, occurrence, neighbours)),
        keys=frozenset(item.key.rpartition("/")[2] for item in occurrence.trace.items if item.holder),
        loaded=frozenset(_loaded(candidate.file.module, occurrence)),
    )


def owners_of(sites: Iterable[Named], *, inside: bool = False) -> dict[str, frozenset[str | None]]:
    """Map each name to the applications whose sites read their secret by it, or out of what is ``inside`` of it."""
    owners: dict[str, set[str | None]] = {}
    for site in sites:
        for name in site.inside if inside else site.names:
            owners.setdefault(name, set()).add(site.application)
    return {name: frozenset(whose) for name, whose in owners.items()}


def _counts(outcome: SiteOutcome) -> bool:
    return isinstance(outcome, Rewritten) or (
        isinstance(outcome, Reported) and outcome.reason is not ReasonCode.TEST_CODE
    )


def _application(outcome: SiteOutcome, decided: Application | None) -> str | None:
    if isinstance(outcome, Rewritten):
        return outcome.application
    return guid(outcome.site.client_id) or (None if decided is None else guid(decided.key))


def _names(
    candidate: Candidate, occurrence: Occurrence, outcome: SiteOutcome, variables: Iterable[str]
) -> Iterator[str]:
    for item in occurrence.trace.items:
        if item.holder and (variable := variable_of(item.key.rpartition("/")[2])) is not None:
            yield variable
    yield from variables
    yield from _vault_names(candidate.file.module, occurrence)
    yield from _mounted(candidate.file.module, occurrence)
    if isinstance(outcome, Reported) and outcome.reason is ReasonCode.ENVIRONMENT_STEERED:
        named = outcome.detail.partition(" ")[0]  # "ARM_CLIENT_SECRET is set here"
        yield named if variable_of(named) == named else STEERING


def _variables(candidate: Candidate, occurrence: Occurrence, neighbours: Neighbours) -> Iterator[str]:
    known = list(_certain(candidate, occurrence, neighbours))
    yield from known if known or _is_followed(candidate, occurrence, neighbours) else _maybe(candidate, occurrence)


def _is_followed(candidate: Candidate, occurrence: Occurrence, neighbours: Neighbours) -> bool:
    """Tell whether it is known what the secret of a site is read from: then there is no variable behind it."""
    find, origins = neighbours.definitions.find, occurrence.trace.origins
    found = [find(candidate.listed.path, candidate.file.module, origin) for origin in origins]
    return any(each.inside or each.problem is None for each in found) or bool(occurrence.trace.inside)


def _maybe(candidate: Candidate, occurrence: Occurrence) -> Iterator[str]:
    yield from reached(candidate.file.module, getattr(occurrence.verdict, "secrets", ()))


def _certain(candidate: Candidate, occurrence: Occurrence, neighbours: Neighbours) -> Iterator[str]:
    yield from (item.key for item in occurrence.trace.items if not item.holder)
    yield from occurrence.trace.reached
    yield from reached_elsewhere(neighbours.project, candidate.listed.path, candidate.file.module, occurrence)
    for origin in occurrence.trace.origins:
        found = neighbours.definitions.find(candidate.listed.path, candidate.file.module, origin)
        yield from found.variables


def _inside(candidate: Candidate, occurrence: Occurrence, neighbours: Neighbours) -> Iterator[str]:
    yield from occurrence.trace.inside
    for origin in occurrence.trace.origins:
        yield from neighbours.definitions.find(candidate.listed.path, candidate.file.module, origin).inside


def _loaded(module: Module, occurrence: Occurrence) -> Iterator[str]:
    """Name the settings files that the code of a site opens, and the one that Streamlit opens by itself."""
    for text in module.strings:
        if isinstance(text.value, str) and (found := _SETTINGS_FILE.search(text.value)) is not None:
            yield found[0]
    if any(item.holder.partition("[")[0].endswith("secrets") for item in occurrence.trace.items):
        yield "secrets.toml"


def _places(candidate: Candidate, occurrence: Occurrence, neighbours: Neighbours) -> Iterator[Place]:
    yield from ((candidate.listed.path, node.lineno, node.col_offset) for node in occurrence.trace.reads)
    for origin in occurrence.trace.origins:
        yield from neighbours.definitions.find(candidate.listed.path, candidate.file.module, origin).places


def _values(module: Module, occurrence: Occurrence) -> tuple[ast.expr, ...]:
    """List the expressions that a secret is read by."""
    given = (module.given(read.binding) for read in occurrence.trace.names)
    return (*getattr(occurrence.verdict, "secrets", ()), *(value for value in given if value is not None))


def _mounted(module: Module, occurrence: Occurrence) -> Iterator[str]:
    """Name the files of a folder of secrets that a secret is read from: those are called as it is."""
    for value in _values(module, occurrence):
        path = "/".join(_texts(module, value, 0))
        if (found := _MOUNTED.search(path)) is not None and variable_of(found[1]) is not None:
            yield found[1]


def _texts(module: Module, value: ast.expr, depth: int) -> Iterator[str]:
    """Yield the texts of an expression from left to right, those that names stand for included."""
    parts = (node for node in ast.walk(value) if isinstance(node, ast.Constant | ast.Name))
    for node in sorted(parts, key=lambda each: (each.lineno, each.col_offset)):
        if isinstance(node, ast.Constant):
            yield from [node.value] if isinstance(node.value, str) else ()
        elif depth < _DEEP and node in module.scopes and (given := module.given_once(node)) is not None:
            yield from _texts(module, given[1], depth + 1)


def _vault_names(module: Module, occurrence: Occurrence) -> Iterator[str]:
    """Name the secrets that are read from a store, also by a function that hides which one."""
    for node in (inner for value in _values(module, occurrence) for inner in ast.walk(value)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name, called = module.constant(node.args[0]) or "", last_name(node.func)
        if called == "get_secret" or (_GETS.match(called) and _is_name_of_secret(name) and _is_store(node.func, name)):
            yield from [name] if name else []


def _is_store(func: ast.expr, name: str) -> bool:
    """Tell whether a function says that it looks for secrets; a dict has a ``get``, and ``client_secret`` as a key."""
    holder = last_name(func.value) if isinstance(func, ast.Attribute) and "_" not in name else ""
    return _STORE.search(f"{last_name(func)} {holder}") is not None


def _is_name_of_secret(text: str) -> bool:
    """Tell whether a text is certainly a name: words in small letters, of which one says what is named."""
    return _NAME.fullmatch(text) is not None and not _TELLING.isdisjoint(re.split("[-_]", text))
