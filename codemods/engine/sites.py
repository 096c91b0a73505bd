"""Find every place of a file that a transform knows, and give it a verdict."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import PurePath

from codemods.assertion import guid
from codemods.engine.by_name import is_looked_up, is_name_test
from codemods.engine.evidence import Seen
from codemods.engine.handed_over import handed_over
from codemods.engine.indirect import PATCH, Indirect, is_annotation, is_presence_test, is_type_test, last_name
from codemods.engine.items import plain_text
from codemods.engine.knowledge import Knowledge
from codemods.engine.reached import given_with, reached
from codemods.engine.secrets import trace
from codemods.engine.source import Source
from codemods.engine.traced import Trace
from codemods.engine.unions import name_of_union, use_of_union
from codemods.model import Category, ReasonCode, Site
from codemods.names import Module, root_name
from codemods.shapes import ENTRA_SECRET_WORD
from codemods.transform import Already, Report, Rewrite, Transform, Verdict, call_of

_NAMED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occurrence:
    """One site with its verdict and the trace of its secret.

    ``named`` is a client id that stands in another place, ``likely`` one that is taken where no variable names another.
    """

    node: ast.expr | ast.stmt
    site: Site
    verdict: Verdict
    trace: Trace
    named: str | None = None
    likely: str | None = None

    @property
    def client_id(self) -> str | None:
        """Give the client id that the source says, here or elsewhere."""
        return self.site.client_id or self.named


def find(
    source: Source, module: Module, known: Knowledge, is_own: Callable[[str], bool], *, seen: Seen | None = None
) -> tuple[Occurrence, ...]:
    """List the sites of a file by position; a place that two searches see is listed once.

    ``is_own`` tells whether a top-level name of an import may be a module of the same project; ``seen`` says what the
    file may hold, by default everything.
    """
    seen = known.evidence.everything if seen is None else seen
    finder = _Finder(source, module, known, Indirect(module, known, is_own))
    found: dict[tuple[int, int], Occurrence] = {}
    finder.handed = seen.handed
    names = (finder.references(), finder.strings(), finder.imports()) if seen.names else ()
    comments = (finder.comments(),) if seen.secret else ()
    for occurrence in chain(finder.calls(), *names, finder.searches(seen.searches), *comments):
        found.setdefault((occurrence.site.line, occurrence.site.column), occurrence)
    told = _told(found.values())
    return tuple(found[place] for place in sorted(found) if not _is_told(module, found[place], told))


def _told(occurrences: Iterable[Occurrence]) -> set[ast.AST]:
    """Collect the secrets that sign in somewhere: those sites say where they come from."""
    others = [item for item in occurrences if not _is_stored(item) and not isinstance(item.verdict, Already)]
    told: set[ast.AST] = {literal for item in others for literal in item.trace.literals}
    return told | {
        secret for item in others if not isinstance(item.verdict, Already) for secret in item.verdict.secrets
    }


def _is_told(module: Module, occurrence: Occurrence, told: set[ast.AST]) -> bool:
    inside = (occurrence.node, *module.ancestors(occurrence.node))
    return _is_stored(occurrence) and any(node in told for node in inside)


def _is_stored(occurrence: Occurrence) -> bool:
    verdict = occurrence.verdict
    return isinstance(verdict, Report) and verdict.reason in {ReasonCode.LITERAL_SECRET, ReasonCode.VAULT_SECRET}


class _Finder:
    """The searches over one file."""

    def __init__(self, source: Source, module: Module, known: Knowledge, indirect: Indirect) -> None:
        self.source = source
        self.module = module
        self.known = known
        self.indirect = indirect
        self.handed = True
        imported = {item.name for item in module.imports if item.qualified in known.constructs.keys() | known.classes}
        self._names = imported | known.class_names  # a bare name that is none of these means nothing known
        self._attributes = known.last_names

    def calls(self) -> Iterator[Occurrence]:
        for node in self.module.calls:
            found: tuple[str, Verdict] | None = None
            if self._may_be_known(node.func):
                found = self._call(node)
            elif self.handed and node.keywords:
                found = handed_over(self.module, node, self.indirect.is_own)
            if found is not None:
                yield self._occurrence(node, *found)

    def references(self) -> Iterator[Occurrence]:
        """Find classes that are used other than by calling them."""
        for node in filter(self._may_be_known, self.module.references):
            if isinstance(node, ast.Attribute) and node.attr in self.known.private and not _is_own(node):
                yield self._occurrence(node, node.attr, Report(reason=ReasonCode.PRIVATE_ATTRIBUTE_USE))
            for construct in self._classes(node):
                reason = self._use(node)
                if reason is not None:
                    yield self._occurrence(node, construct, self._handed_on(node, construct, reason))

    def _handed_on(self, node: ast.expr, construct: str, reason: ReasonCode) -> Report:
        """Report a class that is used as a value, with what ``functools.partial`` gives it already."""
        parent, judge = self.module.parents[node], self.known.constructs.get(construct)
        bound = isinstance(parent, ast.Call) and self.module.qualified(parent.func) == "functools.partial"
        if not bound or judge is None or not isinstance(parent, ast.Call) or parent.args[:1] != [node]:
            return Report(reason=reason)
        call = ast.copy_location(ast.Call(func=node, args=parent.args[1:], keywords=parent.keywords), parent)
        verdict = judge(call_of(call, construct, self.module))
        return Report(reason=reason) if verdict is None or isinstance(verdict, Already) else _beneath(verdict, reason)

    def strings(self) -> Iterator[Occurrence]:
        """Find patches in tests, and classes that are looked up by their name."""
        joined = "\n".join(str(node.value) for node in self.module.strings)
        names = [name for name in (*self.known.class_names, *self.known.private) if name in joined]
        for node in self.module.strings if names else ():
            if node.value in self.known.private and is_looked_up(self.module, node):
                yield self._occurrence(node, str(node.value), Report(reason=ReasonCode.PRIVATE_ATTRIBUTE_USE))
            elif node.value in self.known.class_names and is_name_test(self.module, node):
                yield self._occurrence(node, str(node.value), Report(reason=ReasonCode.TYPE_DEPENDENT))
            elif any(name in str(node.value) for name in names) and (found := self.indirect.text(node)) is not None:
                yield self._occurrence(node, *found)

    def imports(self) -> Iterator[Occurrence]:
        """Find classes that are imported, used nowhere in the file, and offered to others.

        A file that takes one that is not offered on purpose is told of at its own use.
        """
        for statement, name in self.indirect.unused():
            if self._is_offered(statement):
                yield self._occurrence(statement, name, Report(reason=ReasonCode.RE_EXPORTED))

    def _is_offered(self, statement: ast.stmt) -> bool:
        """Tell whether others are meant to import a name from here: by the place, or by a word to a linter.

        https://typing.python.org/en/latest/spec/distributing.html#import-conventions
        """
        aliases = statement.names if isinstance(statement, ast.Import | ast.ImportFrom) else []
        itself = any(alias.asname == alias.name for alias in aliases)
        exported = any(self.indirect.is_exported(alias.asname or alias.name) for alias in aliases)
        return PurePath(self.source.name).stem == "__init__" or itself or exported or self._is_kept(statement)

    def _is_kept(self, statement: ast.stmt) -> bool:
        start, end = self.source.span(statement)
        rest = self.source.text.find("\n", end)
        return "noqa" in self.source.text[start : None if rest < 0 else rest]

    def searches(self, transforms: Iterable[Transform]) -> Iterator[Occurrence]:
        for transform in transforms:
            if transform.search is not None:
                for found in transform.search(self.module):
                    yield self._occurrence(found.node, found.construct, found.report)

    def comments(self) -> Iterator[Occurrence]:
        """Find texts in the shape of a secret that stand in no text of the program: in comments, mostly."""
        text, known = self.source.text, [str(item.value) for item in self.module.strings]
        for match in ENTRA_SECRET_WORD.finditer(text) if "Q~" in text else ():
            if not any(match[0] in item for item in known):
                line = text.count("\n", 0, match.start()) + 1
                node = ast.Constant(value="", lineno=line, col_offset=0)
                report = Report(reason=ReasonCode.LITERAL_SECRET, detail=f"{len(match[0])} characters")
                found = self._occurrence(node, "literal", report)
                column = match.start() - text.rfind("\n", 0, match.start())
                place = replace(found.site, column=column, end_line=None, end_column=None, literal_secret=True)
                yield replace(found, site=place)

    def _may_be_known(self, node: ast.expr) -> bool:
        """Tell by its last name whether an expression can mean anything known."""
        if isinstance(node, ast.Attribute):
            return node.attr in self._attributes
        return isinstance(node, ast.Name) and node.id in self._names

    def _call(self, node: ast.Call) -> tuple[str, Verdict] | None:
        meanings = self.module.meanings(node.func)
        if any(name in self.known.constructs for name in meanings):
            return self._known_call(node, meanings)
        if isinstance(node.func, ast.Attribute) and (found := self._method(node, node.func)) is not None:
            return found
        if isinstance(node.func, ast.Name) and (found := self._starred(node.func)) is not None:
            return found
        return self._unproven(node) or handed_over(self.module, node, self.indirect.is_own)

    def _unproven(self, node: ast.Call) -> tuple[str, Verdict] | None:
        """Report a call by the name of a known class, unless that name is shown to be somebody else's."""
        if not self.indirect.is_unproven(node.func):
            return None
        last = last_name(node.func)
        construct = min(name for name in self.known.classes if name.endswith(f".{last}"))
        verdict = self.known.constructs[construct](call_of(node, construct, self.module))
        dynamic = self.indirect.is_dynamic(node.func)
        reason = ReasonCode.DYNAMIC_IMPORT if dynamic else ReasonCode.INDIRECT_IMPORT
        if verdict is None or isinstance(verdict, Already):
            return last, Report(reason=reason)
        return last, _beneath(verdict, reason)

    def _known_call(self, node: ast.Call, meanings: tuple[str, ...]) -> tuple[str, Verdict] | None:
        construct = next(name for name in meanings if name in self.known.constructs)
        verdict = self.known.constructs[construct](call_of(node, construct, self.module))
        if verdict is None or self.module.qualified(node.func) is not None or isinstance(verdict, Already):
            return None if verdict is None else (construct, verdict)
        return construct, replace(_beneath(verdict, ReasonCode.AMBIGUOUS_IMPORT), detail=self._meanings(node.func))

    def _meanings(self, func: ast.expr) -> str:
        """Say on which lines a name gets its meanings."""
        root = root_name(func)
        found = None if root is None else self.module.lookup(root)
        lines = dict.fromkeys(str(getattr(item.node, "lineno", 1)) for item in (() if found is None else found[1]))
        return f"{root.id} is bound on line {' and line '.join(lines)}" if root is not None and lines else ""

    def _method(self, node: ast.Call, func: ast.Attribute) -> tuple[str, Verdict] | None:
        package, judge = self.known.methods.get(func.attr, ("", None))
        if judge is None or not self.module.imports_package(package):
            return None
        construct = f"{package}.{func.attr}"
        verdict = judge(call_of(node, construct, self.module))
        return None if verdict is None else (construct, verdict)

    def _starred(self, func: ast.Name) -> tuple[str, Verdict] | None:
        if self.module.lookup(func) is not None:
            return None
        for package in self.module.stars:
            if f"{package}.{func.id}" in self.known.classes:
                return f"{package}.{func.id}", Report(reason=ReasonCode.STAR_IMPORT)
        return None

    def _classes(self, node: ast.Name | ast.Attribute) -> frozenset[str]:
        known = self.known.classes & set(self.module.meanings(node))
        return known or frozenset({last_name(node)} if self.indirect.is_unproven(node) else ())

    def _use(self, node: ast.expr) -> ReasonCode | None:
        """Tell what a class is used for, other than being called or named in an annotation."""
        parent = self.module.parents[node]
        if isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is node):
            return None
        if is_annotation(self.module, node) or is_presence_test(self.module, node):
            return None
        if (union := name_of_union(self.module, node)) is not None:
            return use_of_union(self.module, union)
        if isinstance(parent, ast.ClassDef):
            return ReasonCode.SUBCLASS
        if is_type_test(self.module, node):
            return ReasonCode.TYPE_DEPENDENT
        return ReasonCode.CLASS_AS_VALUE

    def _occurrence(self, node: ast.expr | ast.stmt, construct: str, verdict: Verdict) -> Occurrence:
        if isinstance(verdict, Report) and not verdict.target:
            verdict = replace(verdict, target=self._target(node, construct))
        secrets = () if isinstance(verdict, Already) else verdict.secrets
        files = () if isinstance(verdict, Already) else verdict.files
        found = trace(self.module, secrets, files)
        if isinstance(verdict, Report) and not secrets:
            found.reach(reached(self.module, given_with(self.module, node)))
        end = node.end_lineno or node.lineno
        site = Site(
            path=self.source.name,
            line=node.lineno,
            column=self._column(node.lineno, node.col_offset),
            end_line=end,
            end_column=self._column(end, node.end_col_offset or 0),
            scope=scope_of(self.module, node),
            construct=construct,
            client_id=guid(self.module.constant(verdict.client)),
            client_expression=self._expression(verdict.client, secrets),
            tenant_expression=self._expression(verdict.tenant, secrets),
            secret_source=found.source,
            literal_secret=bool(found.literals),
            category=Category.MOCK if construct == PATCH else Category.CODE,
        )
        return Occurrence(node=node, site=site, verdict=verdict, trace=found)

    def _target(self, node: ast.AST, construct: str) -> str:
        """Say what a person would write for a class that is not called, or named in a text."""
        if construct == PATCH and isinstance(node, ast.Constant):
            head, _, last = str(node.value).rpartition(".")
            return f"{head}.{self.known.targets.get(last, last).partition('(')[0]}"
        return self.known.targets.get(construct.rpartition(".")[2], "")

    def _column(self, line: int, column: int) -> int:
        return self.source.offset(line, column) - self.source.line_start(line) + 1

    def _expression(self, node: ast.expr | None, secrets: tuple[ast.expr, ...]) -> str | None:
        """Write a client or tenant id down, unless the same expression is also the secret."""
        if node is None:
            return None
        written = ast.dump(node)
        if any(ast.dump(secret) == written for secret in secrets):
            return None
        return plain_text(self.module, node) or "expression"


def is_rewrite(occurrence: Occurrence) -> bool:
    """Tell whether syntax alone would allow a rewrite."""
    return isinstance(occurrence.verdict, Rewrite)


def _beneath(verdict: Rewrite | Report, reason: ReasonCode) -> Report:
    """Report what a verdict is about for another reason."""
    return Report(
        reason=reason,
        client=verdict.client,
        tenant=verdict.tenant,
        secrets=verdict.secrets,
        files=verdict.files,
        target=verdict.target,
    )


def scope_of(module: Module, node: ast.AST) -> str:
    """Name the functions and classes a node stands in, from the outermost: ``Jobs.run``."""
    around = (parent for parent in module.ancestors(node) if isinstance(parent, _NAMED))
    return ".".join(reversed([parent.name for parent in around]))


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
