"""Find every place of a file that a transform knows, and give it a verdict."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2s
from itertools import chain

from codemods.engine.secrets import Trace, plain_text, trace
from codemods.engine.source import Source
from codemods.model import ReasonCode, Site
from codemods.names import Module
from codemods.transform import Already, Judge, Report, Rewrite, Transform, Verdict, call_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occurrence:
    """One site with its verdict and the trace of its secret."""

    node: ast.expr | ast.stmt
    site: Site
    verdict: Verdict
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What all transforms know, joined for one run."""

    transforms: tuple[Transform, ...]
    constructs: Mapping[str, Judge]
    methods: Mapping[str, tuple[str, Judge]]
    classes: frozenset[str]
    class_names: frozenset[str]
    private: Mapping[str, frozenset[str]]

    def classes_with(self, attribute: str) -> frozenset[str]:
        """Give the classes a private attribute belongs to."""
        return self.private.get(attribute, frozenset())


def join(transforms: tuple[Transform, ...]) -> Knowledge:
    """Join the tables of the transforms."""
    classes = frozenset(chain.from_iterable(item.classes for item in transforms))
    return Knowledge(
        transforms=transforms,
        constructs={name: judge for item in transforms for name, judge in item.constructs.items()},
        methods={name: rule for item in transforms for name, rule in item.methods.items()},
        classes=classes,
        class_names=frozenset(name.rpartition(".")[2] for name in classes),
        private={name: item.classes for item in transforms for name in item.private_attributes},
    )


def find(source: Source, module: Module, known: Knowledge) -> tuple[Occurrence, ...]:
    """List the sites of a file by position; a place that two searches see is listed once."""
    finder = _Finder(source, module, known)
    found: dict[tuple[int, int], Occurrence] = {}
    for occurrence in chain(finder.calls(), finder.references(), finder.strings(), finder.searches()):
        found.setdefault((occurrence.site.line, occurrence.site.column), occurrence)
    return tuple(found[place] for place in sorted(found))


class _Finder:
    """The searches over one file."""

    def __init__(self, source: Source, module: Module, known: Knowledge) -> None:
        self.source = source
        self.module = module
        self.known = known

    def calls(self) -> Iterator[Occurrence]:
        for node in self.module.calls:
            found = self._call(node)
            if found is not None:
                yield self._occurrence(node, *found)

    def references(self) -> Iterator[Occurrence]:
        """Find classes that are used other than by calling them."""
        for node in self.module.references:
            if isinstance(node, ast.Attribute) and node.attr in self.known.private and not _is_own(node):
                yield self._occurrence(node, node.attr, Report(reason=ReasonCode.PRIVATE_ATTRIBUTE_USE))
            for construct in self.known.classes & set(self.module.meanings(node)):
                reason = self._use(node)
                if reason is not None:
                    yield self._occurrence(node, construct, Report(reason=reason))

    def strings(self) -> Iterator[Occurrence]:
        """Find patches in tests, and classes that are looked up by their name."""
        for node in self.module.strings:
            head, _, last = str(node.value).rpartition(".")
            parent = self.module.parents[node]
            if last not in self.known.class_names or not isinstance(parent, ast.Call):
                continue
            if isinstance(parent.func, ast.Name) and parent.func.id == "getattr":
                yield self._occurrence(node, last, Report(reason=ReasonCode.DYNAMIC_IMPORT))
            elif head and head.replace(".", "").isidentifier():
                yield self._occurrence(node, "unittest.mock.patch", Report(reason=ReasonCode.TEST_CODE))

    def searches(self) -> Iterator[Occurrence]:
        for transform in self.known.transforms:
            if transform.search is not None:
                for found in transform.search(self.module):
                    yield self._occurrence(found.node, found.construct, found.report)

    def _call(self, node: ast.Call) -> tuple[str, Verdict] | None:
        meanings = self.module.meanings(node.func)
        if any(name in self.known.constructs for name in meanings):
            return self._known_call(node, meanings)
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        if isinstance(node.func, ast.Name) and self.module.lookup(node.func) is None:
            return self._starred(node.func)
        return None

    def _known_call(self, node: ast.Call, meanings: tuple[str, ...]) -> tuple[str, Verdict] | None:
        construct = next(name for name in meanings if name in self.known.constructs)
        verdict = self.known.constructs[construct](call_of(node, construct, self.module))
        if verdict is None or self.module.qualified(node.func) is not None or isinstance(verdict, Already):
            return None if verdict is None else (construct, verdict)
        secrets = verdict.secrets
        report = Report(
            reason=ReasonCode.AMBIGUOUS_IMPORT, client=verdict.client, tenant=verdict.tenant, secrets=secrets
        )
        return construct, report

    def _method(self, node: ast.Call, func: ast.Attribute) -> tuple[str, Verdict] | None:
        if func.attr in self.known.class_names and isinstance(func.value, ast.Call):
            return func.attr, Report(reason=ReasonCode.DYNAMIC_IMPORT)
        package, judge = self.known.methods.get(func.attr, ("", None))
        if judge is None or not self.module.imports_package(package):
            return None
        construct = f"{package}.{func.attr}"
        verdict = judge(call_of(node, construct, self.module))
        return None if verdict is None else (construct, verdict)

    def _starred(self, func: ast.Name) -> tuple[str, Verdict] | None:
        for package in self.module.stars:
            if f"{package}.{func.id}" in self.known.classes:
                return f"{package}.{func.id}", Report(reason=ReasonCode.STAR_IMPORT)
        return None

    def _use(self, node: ast.expr) -> ReasonCode | None:
        """Tell what a class is used for, other than being called or named in an annotation."""
        parent = self.module.parents[node]
        if isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is node):
            return None
        if is_annotation(self.module, node):
            return None
        if isinstance(parent, ast.ClassDef):
            return ReasonCode.SUBCLASS
        if _is_type_test(self.module, node):
            return ReasonCode.TYPE_DEPENDENT
        return ReasonCode.CLASS_AS_VALUE

    def _occurrence(self, node: ast.expr | ast.stmt, construct: str, verdict: Verdict) -> Occurrence:
        secrets = () if isinstance(verdict, Already) else verdict.secrets
        found = trace(self.module, secrets)
        start = self.source.line_start(node.lineno)
        site = Site(
            path=self.source.name,
            line=node.lineno,
            column=self.source.offset(node.lineno, node.col_offset) - start + 1,
            construct=construct,
            client_id=self.module.constant(verdict.client),
            client_expression=self._expression(verdict.client, secrets),
            tenant_expression=self._expression(verdict.tenant, secrets),
            secret_source=found.source,
            literal_secret=bool(found.literals),
        )
        return Occurrence(node=node, site=site, verdict=verdict, trace=found)

    def _expression(self, node: ast.expr | None, secrets: tuple[ast.expr, ...]) -> str | None:
        """Write a client or tenant id down, unless the same expression is also the secret."""
        if node is None:
            return None
        written = ast.dump(node)
        if any(ast.dump(secret) == written for secret in secrets):
            return None
        return plain_text(self.module, node) or "expression"


def application_key(module: Module, occurrence: Occurrence) -> str | None:
    """Give what stands for the application of a site: its client id, or the expression that it comes from."""
    client = occurrence.verdict.client
    if client is None:
        return None
    if occurrence.site.client_id is not None:
        return occurrence.site.client_id.lower()
    if isinstance(client, ast.Name) and (binding := module.assigned_once(client)) is not None:
        client = binding.value
    if client is None:
        return None
    # An expression that may quote something secret is known by its digest only.
    return plain_text(module, client) or f"expression {blake2s(ast.dump(client).encode(), digest_size=4).hexdigest()}"


def is_rewrite(occurrence: Occurrence) -> bool:
    """Tell whether syntax alone would allow a rewrite."""
    return isinstance(occurrence.verdict, Rewrite)


def is_annotation(module: Module, node: ast.AST) -> bool:
    """Tell whether a node stands in an annotation."""
    for parent in module.ancestors(node):
        match parent:
            case ast.arg():
                return True
            case ast.AnnAssign(annotation=annotation) if annotation is node:
                return True
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns) if returns is node:
                return True
            case ast.stmt():
                return False
            case _:
                node = parent
    return False


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}


def _is_type_test(module: Module, node: ast.AST) -> bool:
    for parent in module.ancestors(node):
        if isinstance(parent, ast.Compare | ast.MatchClass):
            return True
        if isinstance(parent, ast.Call):
            return isinstance(parent.func, ast.Name) and parent.func.id in {"isinstance", "issubclass", "type"}
        if isinstance(parent, ast.stmt):
            return False
    return False
