"""Client ids that stand elsewhere: in a constant of another module, an attribute of a class, an entry of a table.

Only what the source says outright counts: one binding, one text. So a place can be given to its application, and an
application that is named for a folder is never given to code of another one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from codemods.assertion import guid
from codemods.engine.attributes import kept_entry, kept_value
from codemods.engine.candidates import Candidate
from codemods.engine.items import item_of
from codemods.engine.project import Project
from codemods.engine.readers import environment_variable
from codemods.engine.sites import Occurrence
from codemods.names import Module
from codemods.scope import Binding, Kind

_DEPTH = 6


def with_clients(project: Project, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Fill in the client ids that the rest of the project says."""
    return [_filled(project, item) for item in candidates]


def _filled(project: Project, candidate: Candidate) -> Candidate:
    certain, likely = _Reader(project=project), _Reader(project=project, defaults=True)
    found = [
        replace(each, named=certain.client(candidate, each), likely=likely.client(candidate, each))
        if _is_asked(each)
        else each
        for each in candidate.file.occurrences
    ]
    if found == list(candidate.file.occurrences):
        return candidate
    return replace(candidate, file=replace(candidate.file, occurrences=tuple(found)))


def _is_asked(occurrence: Occurrence) -> bool:
    client = occurrence.verdict.client
    kinds = ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BoolOp
    return occurrence.site.client_id is None and isinstance(client, kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Follows an expression through the project to the one text it stands for; ``defaults`` may be that as well."""

    project: Project
    defaults: bool = False

    def client(self, candidate: Candidate, occurrence: Occurrence) -> str | None:
        client = occurrence.verdict.client
        if client is None or candidate.file.notebook is not None:
            return None
        return guid(self._text(candidate.listed.path, candidate.file.module, client, (), 0))

    def _text(self, path: Path, module: Module, node: ast.expr | None, keys: tuple[str, ...], depth: int) -> str | None:
        """Read a text, or what is found in it by some keys."""
        if node is None or depth > _DEPTH:
            return None
        if (kept := kept_value(module, node)) is not None and kept[1] is not None:
            node = kept[1]
        elif (entry := kept_entry(module, node)) is not None and entry[1] is not None:
            node = entry[1]
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) and not keys else None
        if isinstance(node, ast.Dict):
            named = {module.constant(key): value for key, value in zip(node.keys, node.values, strict=True)}
            inner = named.get(keys[0]) if keys and None not in named else None
            return self._text(path, module, inner, keys[1:], depth + 1)
        if isinstance(node, ast.Name):
            found = module.lookup(node) if node in module.scopes else None
            return None if found is None or len(found[1]) != 1 else self._bound(path, module, found[1][0], keys, depth)
        if isinstance(node, ast.Call | ast.BoolOp):
            default = _default(module, node) if self.defaults else None
            return self._text(path, module, default, keys, depth + 1)
        item = item_of(node) if isinstance(node, ast.Attribute | ast.Subscript) else None
        return None if item is None else self._text(path, module, item[0], (item[1], *keys), depth + 1)

    def _bound(self, path: Path, module: Module, binding: Binding, keys: tuple[str, ...], depth: int) -> str | None:
        if binding.kind is Kind.ASSIGNMENT and (module.late or module.star_imports):
            return None
        if binding.kind is Kind.ASSIGNMENT:
            return self._text(path, module, binding.value, keys, depth + 1)
        if isinstance(binding.node, ast.ClassDef) and keys:
            return self._text(path, module, _field(module, binding.node, keys[0]), keys[1:], depth + 1)
        if binding.kind is Kind.IMPORT:
            return self._imported(path, binding, keys, depth)
        return None

    def _imported(self, path: Path, binding: Binding, keys: tuple[str, ...], depth: int) -> str | None:
        node, alias = binding.node, binding.alias
        if isinstance(node, ast.ImportFrom) and alias is not None:
            base = node.module or ""
            tries = [(node.level, base, (alias.name, *keys)), (node.level, f"{base}.{alias.name}".strip("."), keys)]
        else:
            parts = (*binding.qualified.split("."), *keys)
            tries = [(0, ".".join(parts[:size]), parts[size:]) for size in range(1, len(parts))]
        found = {
            self._top(target, names, depth + 1)
            for level, dotted, names in tries
            for target in (self.project.targets(path, level, dotted) if names else ())
        }
        return found.pop() if len(found) == 1 else None

    def _top(self, path: Path, names: tuple[str, ...], depth: int) -> str | None:
        module = self.project.module(path) if depth <= _DEPTH else None
        bindings = [] if module is None else module.top.bindings.get(names[0], [])
        if module is None or len(bindings) != 1:
            return None
        return self._bound(path, module, bindings[0], names[1:], depth)


def _default(module: Module, node: ast.Call | ast.BoolOp) -> ast.expr | None:
    """Give what is taken where a variable is not set."""
    if isinstance(node, ast.BoolOp):
        return node.values[-1] if isinstance(node.op, ast.Or) else None
    return node.args[1] if environment_variable(module, node) is not None and len(node.args) > 1 else None


def _field(module: Module, owner: ast.ClassDef, name: str) -> ast.expr | None:
    """Give the one value that a class gives to an attribute, if nothing in the file gives it another one."""
    values = [
        node.value
        for node in module.parents
        for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        and (getattr(target, "id", None) == name or getattr(target, "attr", None) == name)
        and (isinstance(target, ast.Attribute) or module.parents[node] is owner)
    ]
    bases = [base for base in owner.bases if getattr(base, "attr", getattr(base, "id", "")) not in _PLAIN]
    return values[0] if len(values) == 1 and not bases and not owner.decorator_list else None


_PLAIN = frozenset({"object", "str", "Enum", "StrEnum"})
