"""The edits of one file: calls, imports, the helper's import, and the statements that only held the secret.

Imports are edited where they stand: an optional import inside a function stays inside the function. An imported name is
renamed when nothing else uses it, otherwise the new name is put beside it. An import of an asynchronous class that
nobody needs any more becomes the import of the helper's class in the same place.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from codemods.assertion import INLINE_NAMES, Application, Names, inline
from codemods.engine.flow import whole_lines
from codemods.engine.indirect import is_annotation
from codemods.engine.plan import Plan
from codemods.engine.rewrite import NameEdit, edit_call, edit_dict, edit_import
from codemods.engine.sites import Occurrence
from codemods.engine.splice import Edit
from codemods.engine.unpacking import without
from codemods.errors import DoesNotRoundTripError
from codemods.scope import Binding, Scope
from codemods.transform import (
    ASSERTION,
    ArgumentEdit,
    HelperClass,
    Insert,
    Renamed,
    Replace,
    ReplaceEntry,
    Rewrite,
    SameCallable,
)

_BLANK = " \t\r\n"


@dataclass(slots=True, eq=False)
class _Group:
    """The rewritten calls of one imported name."""

    scope: Scope
    name: str
    bindings: tuple[Binding, ...]
    callees: dict[ast.Name, str] = field(default_factory=dict)
    helper: bool = False


def edits_of(
    plan: Plan, names: Mapping[Application, Names], helper: str, used_elsewhere: Callable[[str], str | None]
) -> list[Edit]:
    """List the edits a plan needs; ``helper`` is the module that the helper's names are imported from."""
    return _Editor(plan, names, helper, used_elsewhere).edits()


class _Editor:
    def __init__(
        self, plan: Plan, names: Mapping[Application, Names], helper: str, used_elsewhere: Callable[[str], str | None]
    ) -> None:
        self.plan = plan
        self.source = plan.file.source
        self.module = plan.file.module
        self.names = names
        self.helper = helper
        self.used_elsewhere = used_elsewhere
        self.wanted: set[str] = set()
        self.callees: dict[ast.Name, str | None] = {}
        self.imports: dict[ast.ImportFrom, list[NameEdit]] = {}
        self.replacing: dict[ast.ImportFrom, set[str]] = {}
        self.annotations: list[Edit] = []

    def edits(self) -> list[Edit]:
        groups = list(self._groups())
        for group in groups:
            self._group(group)
        for group in groups:
            if group.helper and not all(self._vanishes(binding.node) for binding in group.bindings):
                self.wanted.update(group.callees.values())
        edits = [self._call(occurrence, self.names[item]) for occurrence, item in self.plan.rewrites.items()]
        edits += self.annotations
        edits += [self._import(statement, changes) for statement, changes in self.imports.items()]
        edits += self.plan.guards.edits
        edits += self._deletions()
        edits += self._unpackings()
        edits += self._helper_import()
        return edits

    # ------------------------------------------------------------------ calls

    def _call(self, occurrence: Occurrence, names: Names) -> Edit:
        call, verdict = occurrence.node, occurrence.verdict
        if not isinstance(call, ast.Call | ast.Dict) or not isinstance(verdict, Rewrite):
            raise DoesNotRoundTripError(f"{self.source.name}:{call.lineno} is not a call; rewrite it by hand")
        start, end = self.source.span(call)
        self.wanted.update(verdict.names)
        edits = [self._argument(edit, names) for edit in verdict.edits]
        if isinstance(call, ast.Dict):
            text = edit_dict(self.source.text[start:end], edits, newline=self.source.newline)
            return Edit(start=start, end=end, text=text)
        text = edit_call(
            self.source.text[start:end],
            edits,
            callee=self._callee(call, verdict, names),
            whole=isinstance(verdict.callee, HelperClass),
            newline=self.source.newline,
        )
        return Edit(start=start, end=end, text=text)

    def _argument(self, edit: ArgumentEdit, names: Names) -> ArgumentEdit:
        assertion = inline(names) if self.plan.file.inline else names.function
        match edit:
            case Replace(value=value) | Insert(value=value):
                new: ArgumentEdit = replace(edit, value=value.replace(ASSERTION, assertion))
            case ReplaceEntry(entries=entries):
                filled = tuple((key, value.replace(ASSERTION, assertion)) for key, value in entries)
                new = replace(edit, entries=filled)
            case _:
                return edit
        if new != edit:
            self.wanted.update(INLINE_NAMES if self.plan.file.inline else {names.function})
        return new

    def _callee(self, call: ast.Call, verdict: Rewrite, names: Names) -> str | None:
        if isinstance(call.func, ast.Name):
            return self.callees.get(call.func)
        if isinstance(verdict.callee, HelperClass):
            self.wanted.add(names.credential)
        return _new_name(verdict, names)

    # ------------------------------------------------------------------ imported names

    def _groups(self) -> Iterator[_Group]:
        groups: dict[tuple[Scope, str], _Group] = {}
        for occurrence, application in self.plan.rewrites.items():
            verdict, call = occurrence.verdict, occurrence.node
            if (
                not isinstance(verdict, Rewrite)
                or not isinstance(call, ast.Call)
                or not isinstance(call.func, ast.Name)
            ):
                continue
            new, found = _new_name(verdict, self.names[application]), self.module.lookup(call.func)
            if new is None or found is None:
                continue
            scope, bindings = found
            group = groups.setdefault((scope, call.func.id), _Group(scope, call.func.id, bindings))
            group.callees[call.func] = new
            group.helper = isinstance(verdict.callee, HelperClass)
        yield from groups.values()

    def _group(self, group: _Group) -> None:
        uses = [use for use in self.module.uses(group.scope, group.name) if use not in group.callees]
        annotations = [use for use in uses if is_annotation(self.module, use)]
        new_names = set(group.callees.values())
        keep = (
            len(uses) > len(annotations)
            or len(new_names) > 1
            or self._is_mentioned(group.name)
            or (group.scope is self.module.top and self.used_elsewhere(group.name) is not None)
        )
        self.callees.update(group.callees)
        aliased = any(binding.alias is not None and binding.alias.asname for binding in group.bindings)
        if group.helper:
            self._edit_names(group, None, keep=keep)
        elif aliased and not keep:
            self.callees.update(dict.fromkeys(group.callees, None))
            self._edit_names(group, min(new_names), keep=False)
            return
        elif group.scope.lookup(min(new_names)) is None:
            self._edit_names(group, min(new_names), keep=keep)
        if not keep:
            spans = (self.source.span(use) for use in annotations)
            self.annotations += [Edit(start=start, end=end, text=min(new_names)) for start, end in spans]

    def _edit_names(self, group: _Group, new: str | None, *, keep: bool) -> None:
        for binding in group.bindings if new is not None or not keep else ():
            if isinstance(binding.node, ast.ImportFrom) and binding.alias is not None:
                edit = NameEdit(name=binding.alias.name, asname=binding.alias.asname, new=new, keep=keep)
                self.imports.setdefault(binding.node, []).append(edit)
                self.replacing.setdefault(binding.node, set()).update(name for name in group.callees.values() if name)

    def _is_mentioned(self, name: str) -> bool:
        """Tell whether a text names the class: an entry of __all__, or an annotation in quotes."""
        return any(
            text.value == name or (name in str(text.value) and is_annotation(self.module, text))
            for text in self.module.strings
        )

    def _import(self, statement: ast.ImportFrom, changes: list[NameEdit]) -> Edit:
        start, end = self.source.span(statement)
        if self._vanishes(statement):
            names = ", ".join(sorted(self.replacing[statement]))
            return Edit(start=start, end=end, text=f"from {self.helper} import {names}")
        return Edit(start=start, end=end, text=edit_import(self.source.text[start:end], changes))

    def _vanishes(self, statement: ast.AST) -> bool:
        """Tell whether no name of an import is left, so that the helper's class is imported in its place."""
        if not isinstance(statement, ast.ImportFrom):
            return False
        gone = {(change.name, change.asname) for change in self.imports.get(statement, ()) if change.new is None}
        return gone == {(alias.name, alias.asname) for alias in statement.names}

    # ------------------------------------------------------------------ what goes, what comes

    def _deletions(self) -> Iterator[Edit]:
        spans: list[tuple[int, int]] = []
        for statement in sorted(self.plan.dropped.statements, key=lambda node: node.lineno):
            lines = whole_lines(self.source, statement)
            if lines is None:
                raise DoesNotRoundTripError(f"{self.source.name}:{statement.lineno} shares its line; rewrite by hand")
            if spans and spans[-1][1] == lines[0]:
                lines = spans.pop()[0], lines[1]
            spans.append(lines)
        for start, end in spans:
            yield Edit(start=start, end=end + self._blank_lines(start, end), text="")

    def _unpackings(self) -> Iterator[Edit]:
        """Take places out of statements that bind other names as well."""
        for statement in self.plan.shortened:
            yield from without(self.source, statement, self.plan.dropped.places(statement))

    def _blank_lines(self, start: int, end: int) -> int:
        """Measure the blank lines behind a deletion that would add to those before it."""
        starts, text = self.source.starts, self.source.text
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        extra = 0
        while first - 1 - extra >= 0 and last + extra + 1 < len(starts):
            before = text[starts[first - 1 - extra] : starts[first - extra]]
            after = text[starts[last + extra] : starts[last + extra + 1]]
            if before.strip(_BLANK) or after.strip(_BLANK):
                break
            extra += 1
        return starts[last + extra] - end if extra else 0

    def _helper_import(self) -> Iterator[Edit]:
        place = self._place()
        missing = sorted(name for name in self.wanted if not self._is_bound(name, place))
        if missing:
            lead = "" if place == 0 or self.source.text[place - 1] in "\r\n" else self.source.newline
            lines = (f"{line}{self.source.newline}" for line in self._new_imports(missing))
            yield Edit(start=place, end=place, text=lead + "".join(lines))

    def _new_imports(self, missing: list[str]) -> Iterator[str]:
        if "os" in missing:
            yield "import os"
        if others := [name for name in missing if name != "os"]:
            yield f"from {'azure.identity' if self.plan.file.inline else self.helper} import {', '.join(others)}"

    def _is_bound(self, name: str, place: int) -> bool:
        """Tell whether a name has its meaning before the first site, and not only behind it."""
        bindings = self.module.top.bindings.get(name, [])
        return any(self.source.line_start(getattr(binding.node, "lineno", 1)) < place for binding in bindings)

    def _place(self) -> int:
        """Find the line behind the last import that stands before the first rewritten site."""
        changed = {parent for item in self.plan.rewrites for parent in (item.node, *self.module.ancestors(item.node))}
        body = self.module.tree.body
        first = next((index for index, node in enumerate(body) if node in changed), len(body))
        limit = body[first].lineno if first < len(body) else len(self.source.starts) + 1
        line = 0
        for index, node in enumerate(body[:first]):
            head = isinstance(node, ast.Import | ast.ImportFrom) or (index == 0 and _is_docstring(node))
            if head and node.end_lineno is not None and node.end_lineno < limit:
                line = node.end_lineno
        return self.source.line_start(line + 1) if line else self._before(body[0])

    def _before(self, node: ast.stmt) -> int:
        """Find the line where a statement starts, decorators included."""
        lines = [item.lineno for item in getattr(node, "decorator_list", [])]
        return self.source.line_start(min([node.lineno, *lines]))


def _new_name(verdict: Rewrite, names: Names) -> str | None:
    match verdict.callee:
        case Renamed(name=name):
            return name
        case HelperClass():
            return names.credential
        case SameCallable():
            return None


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
