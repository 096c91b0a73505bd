"""Take statements that only read one variable out of a project's Python files, where nothing uses what they bind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from codemods.engine.candidates import looks_like_test
from codemods.engine.dead import FILES_OF_SETTINGS, Dead, dead_reads
from codemods.engine.flow import Dropped, block_of, whole_lines, why_kept
from codemods.engine.project import Project
from codemods.engine.readers import environment_variable
from codemods.engine.references import References
from codemods.engine.search import Unproven
from codemods.engine.source import Source, decode
from codemods.engine.splice import Edit, splice
from codemods.engine.traced import NameRead
from codemods.errors import CodemodError
from codemods.names import Module
from codemods.scope import Binding


def reads_in(project: Project, name: str) -> dict[Path, tuple[Dead, ...]]:
    """Map the files of a project that are no tests to the statements that only read a variable."""
    found: dict[Path, tuple[Dead, ...]] = {}
    mentions = project.mentioning({name, name.lower()})
    files = bool(project.mentioning(FILES_OF_SETTINGS))
    for path in sorted({path for paths in mentions.values() for path in paths}):
        module = None if looks_like_test(project.name(path), project.data(path)) else project.module(path)
        if module is not None and (dead := dead_reads(module, name, fields=not files)):
            found[path] = dead
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCleaner:
    """Works on a project as it will be; ``rewritten`` are the files whose sites are, and may have lost a use."""

    project: Project
    name: str
    rewritten: Collection[Path]

    def clean(self) -> Mapping[Path, bytes]:
        """Give the new bytes of the files that change, or raise Unproven."""
        project = self.project
        changed: dict[Path, bytes] = {}
        for path, dead in reads_in(project, self.name).items():
            for read in (each.read for each in dead if each.read is not None and each.read.scope.parent is None):
                changed |= self._imports(project, path, read)
                project = project.with_changes(changed)
        for path, dead in reads_in(project, self.name).items():
            changed[path] = self._without(project, path, dead)
        return changed

    def _without(self, project: Project, path: Path, dead: tuple[Dead, ...]) -> bytes:
        module, source = _opened(project, path)
        dropped = Dropped(nodes=frozenset(each.statement for each in dead))
        references = References(project, {(path, each.read.name) for each in dead if each.read is not None})
        spans: list[Edit] = []
        for each in dead:
            where = f"{project.name(path)}:{each.statement.lineno}"
            lines = whole_lines(source, each.statement)
            if lines is None or all(sibling in dropped.nodes for sibling in block_of(module, each.statement)):
                raise Unproven(f"{where} shares its line, or is the only statement of its block")
            seen = partial(_seen, references, path)
            why = None if each.read is None else self._used(project, (path, source), each.read, dropped, seen)
            if why is not None:
                raise Unproven(why)
            spans.append(Edit(start=lines[0], end=lines[1], text=""))
        return _spliced(source, spans)

    def _used(
        self,
        project: Project,
        place: tuple[Path, Source],
        read: NameRead,
        dropped: Dropped,
        seen: Callable[[NameRead], str | None],
    ) -> str | None:
        """Say who uses what a statement binds."""
        path, source = place
        module, name = project.module(path), project.name(path)
        if module is None:
            return f"{name} is not Python"
        for use in module.uses(read.scope, read.name):
            if not dropped.holds(module, use):
                return f"{name}:{use.lineno} uses {read.name}"
        kept = why_kept(source, module, read, dropped, seen)
        if kept is not None:
            return f"{name}: {kept}"
        outer = _owner(read) is not None or read.scope.parent is None
        return next(self._named(project, place, read, dropped), None) if outer else None

    def _named(self, project: Project, place: tuple[Path, Source], read: NameRead, dropped: Dropped) -> Iterator[str]:
        """Find what may reach a name of a module or a class by another way: an attribute of anything, a text.

        A framework hands settings on under its own name: ``django.conf.settings.SECRET``, ``app.config["SECRET"]``.
        """
        for other in project.mentioning({read.name}).get(read.name, ()):
            module = project.module(other)
            for node in () if module is None else module.parents:
                if module is None or (other == place[0] and dropped.holds(module, node)):
                    continue
                if _reaches(module, node, read.name):
                    yield f"{project.name(other)}:{getattr(node, 'lineno', 1)} may reach {read.name}"

    def _imports(self, project: Project, path: Path, read: NameRead) -> dict[Path, bytes]:
        """Take a name out of the imports of rewritten files that do not use it any more."""
        changed: dict[Path, bytes] = {}
        for other in project.mentioning({read.name}).get(read.name, ()):
            module = project.module(other) if other in self.rewritten and other != path else None
            for binding in () if module is None else module.top.bindings.get(read.name, ()):
                if module is not None and self._is_spare(project, other, module, binding, path):
                    changed[other] = _without_import(project, other, binding, path)
        return changed

    def _is_spare(self, project: Project, other: Path, module: Module, binding: Binding, path: Path) -> bool:
        node = binding.node
        if not isinstance(node, ast.ImportFrom) or binding.alias is None or binding.alias.name != binding.name:
            return False
        from_there = project.targets(other, node.level, node.module or "") == (path,)
        return from_there and next(module.uses(module.top, binding.name), None) is None


def _reaches(module: Module, node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == name
    parent = module.parents[node]
    is_read = isinstance(parent, ast.expr) and environment_variable(module, parent) == name
    return isinstance(node, ast.Constant) and node.value == name and not is_read and not isinstance(parent, ast.Expr)


def _owner(read: NameRead) -> str | None:
    """Name the class a name belongs to."""
    return read.scope.node.name if isinstance(read.scope.node, ast.ClassDef) else None


def _seen(references: References, path: Path, read: NameRead) -> str | None:
    return references.used_elsewhere(path, read.name, _owner(read))


def _without_import(project: Project, other: Path, binding: Binding, path: Path) -> bytes:
    """Take a name out of an import; the whole of it only where importing its module does nothing else."""
    from codemods.engine.rewrite import NameEdit, edit_import  # noqa: PLC0415 - imports libcst

    module, source = _opened(project, other)
    node = binding.node
    where = f"{project.name(other)}:{getattr(node, 'lineno', 1)}"
    if not isinstance(node, ast.ImportFrom):
        raise Unproven(f"{where} imports it in a form that is not edited")
    if len(node.names) > 1:
        start, end = source.span(node)
        edit = NameEdit(name=binding.name, asname=None, new=None, keep=False)
        try:
            return _spliced(source, [Edit(start=start, end=end, text=edit_import(source.text[start:end], [edit]))])
        except CodemodError as error:
            raise Unproven(f"{where} imports it in a form that is not edited") from error
    lines = whole_lines(source, node)
    if lines is None or len(block_of(module, node)) == 1 or not _does_nothing(project, path):
        raise Unproven(f"{where} imports nothing else from there, and what the import does would be lost")
    return _spliced(source, [Edit(start=lines[0], end=lines[1], text="")])


def _does_nothing(project: Project, path: Path) -> bool:
    """Tell whether a module only binds names, from what it imports of the standard library and from literals."""
    module = project.module(path)
    if module is None:
        return False
    return all(_is_plain(module, node) for node in module.tree.body)


def _is_plain(module: Module, node: ast.stmt) -> bool:
    match node:
        case ast.Import(names=names):
            return all(alias.name == "os" for alias in names)
        case ast.ImportFrom(module=name):
            return name == "os" and not node.level
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not node.decorator_list
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))
            return value is None or all(environment_variable(module, call) for call in calls)
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return True
        case _:
            return False


def _opened(project: Project, path: Path) -> tuple[Module, Source]:
    module = project.module(path)
    if module is None:
        raise Unproven(f"{project.name(path)} is not Python")
    return module, decode(project.name(path), project.data(path))


def _spliced(source: Source, edits: list[Edit]) -> bytes:
    try:
        return splice(source, edits)
    except CodemodError as error:
        raise Unproven(str(error)) from error
