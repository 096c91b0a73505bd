"""Which library name an expression means, read from the syntax tree alone.

Python's scoping rules are followed for modules, classes, functions, lambdas and comprehensions, with ``global`` and
``nonlocal``. Binding is by name and not by flow: a name bound twice in one scope has two meanings, and a caller that
needs certainty must refuse it. Imports are never executed.

Rules: https://docs.python.org/3/reference/executionmodel.html#resolution-of-names
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property
from operator import attrgetter

from codemods.scope import Binding, Comprehension, Kind, Scope, place_of
from codemods.syntax import COLLECTED, DECLARING, HOLDING, LEAVES, MIXED, children

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Module:
    """A parsed file with its names bound."""

    def __init__(self, tree: ast.Module) -> None:
        """Bind every name of the tree in one iterative pass (deep nesting must not end in a RecursionError)."""
        self.tree = tree
        self.top = Scope(tree, None)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        self.calls: list[ast.Call] = []
        self.references: list[ast.Name | ast.Attribute] = []
        self.strings: list[ast.Constant] = []
        self.dicts: list[ast.Dict] = []
        self.imports: list[Binding] = []
        self.stars: list[str] = []
        self.star_imports: list[ast.ImportFrom] = []
        self.late: set[str | None] = set()
        self._bind()

    # ------------------------------------------------------------------ questions

    def lookup(self, node: ast.Name) -> tuple[Scope, tuple[Binding, ...]] | None:
        """Find the scope and the bindings a name refers to."""
        return self.scopes[node].lookup(node.id)

    def meanings(self, node: ast.expr) -> tuple[str, ...]:
        """List the library names an expression may mean; an empty text stands for a meaning that is not an import."""
        if isinstance(node, ast.Attribute):
            return tuple(f"{base}.{node.attr}" if base else "" for base in self.meanings(node.value))
        if not isinstance(node, ast.Name):
            return ()
        found = self.lookup(node)
        bindings = () if found is None else found[1]
        return tuple(dict.fromkeys(binding.qualified for binding in bindings))

    def qualified(self, node: ast.expr) -> str | None:
        """Name what an expression means, when it means exactly one importable thing at run time."""
        meanings = self.meanings(node)
        certain = len(meanings) == 1 and meanings[0] and not self.checked_only(node)
        return meanings[0] if certain else None

    def checked_only(self, node: ast.expr) -> bool:
        """Tell whether the name exists for type checkers only, so that reading it at run time fails."""
        found = self.lookup(root) if (root := root_name(node)) is not None else None
        return found is not None and bool(found[1]) and all(binding.checked_only for binding in found[1])

    def scope_at(self, node: ast.AST) -> Scope | None:
        """Give the scope an expression is evaluated in."""
        return self.scopes.get(node)

    def assigned_once(self, node: ast.Name) -> Binding | None:
        """Give the one plain assignment a name has, if it has no other meaning."""
        found = self.lookup(node)
        if found is None or len(found[1]) != 1 or found[1][0].kind is not Kind.ASSIGNMENT:
            return None
        return None if found[0] is self.top and self._may_be_rebound(found[1][0]) else found[1][0]

    def _may_be_rebound(self, binding: Binding) -> bool:
        """Tell whether a star import behind it, or a write into globals(), may give a name another value."""
        line = getattr(binding.node, "lineno", 0)
        return bool({None, binding.name} & self.late) or any(star.lineno >= line for star in self.star_imports)

    def unpacked(self, binding: Binding) -> tuple[ast.Assign, int] | None:
        """Find the place of a name in ``a, b = x, y``, where both sides are written out and equally long."""
        return place_of(binding, self.parents.get(binding.node))

    def given(self, binding: Binding) -> ast.expr | None:
        """Give the one expression a binding takes: of an assignment, of its place in a tuple, or of ``:=``."""
        if isinstance(binding.node, ast.NamedExpr):
            return binding.node.value
        if binding.value is not None or (found := self.unpacked(binding)) is None:
            return binding.value
        value = found[0].value
        return value.elts[found[1]] if isinstance(value, ast.Tuple | ast.List) else None

    def given_once(self, node: ast.Name) -> tuple[Binding, ast.expr] | None:
        """Give the one expression that a name stands for, if it has no other meaning."""
        found = self.lookup(node)
        if found is None or len(found[1]) != 1 or (value := self.given(found[1][0])) is None:
            return None
        return None if found[0] is self.top and self._may_be_rebound(found[1][0]) else (found[1][0], value)

    def value_once(self, node: ast.Name) -> ast.expr | None:
        """Give the value of ``given_once`` alone."""
        found = self.given_once(node)
        return None if found is None else found[1]

    def constant(self, node: ast.expr | None) -> str | None:
        """Read a text literal, through names that are bound exactly once to one."""
        for _ in range(8):
            if isinstance(node, ast.Constant):
                return node.value if isinstance(node.value, str) else None
            if not isinstance(node, ast.Name) or (found := self.given_once(node)) is None:
                return None
            node = found[1]
        return None

    def uses(self, scope: Scope, name: str) -> Iterator[ast.Name]:
        """Yield every read of a name that refers to this scope."""
        for node in self.reads.get(name, ()):
            found = self.lookup(node)
            if found is not None and found[0] is scope:
                yield node

    @cached_property
    def reads(self) -> Mapping[str, list[ast.Name]]:
        """Map names to their reads, whatever they refer to, in order."""
        found: dict[str, list[ast.Name]] = {}
        for node in self.references:
            if isinstance(node, ast.Name):
                found.setdefault(node.id, []).append(node)
        return found

    def implied(self, text: str, package: str) -> ast.expr:
        """Parse an expression that the file leaves to a library; its root means the package, imported here or not."""
        node = ast.parse(text, mode="eval").body
        scope = Scope(node, None)
        scope.add(Binding(name=package, kind=Kind.IMPORT, node=node, qualified=package))
        self.scopes.update((item, scope) for item in ast.walk(node) if isinstance(item, ast.Name))
        return node

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node stands in, from the inside out."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def imports_package(self, package: str) -> bool:
        """Tell whether the module imports anything from a package."""
        return any(binding.qualified.partition(".")[0] == package for binding in self.imports)

    @cached_property
    def said(self) -> str:
        """Join all texts of the file, folded: what is not in it is in none of them, whatever its case."""
        return "\n".join([str(text.value) for text in self.strings]).casefold()

    # ------------------------------------------------------------------ binding

    def _bind(self) -> None:  # noqa: C901 - one loop without calls, which a million nodes pass
        parents, scopes, references = self.parents, self.scopes, self.references
        stack: list[tuple[ast.AST, Scope]] = [(self.tree, self.top)]
        push = stack.append
        while stack:
            node, scope = stack.pop()
            kind = type(node)
            if kind is ast.Name and type(node.ctx) is ast.Load:  # type: ignore[attr-defined]  # the most common nodes
                scopes[node] = scope
                references.append(node)  # type: ignore[arg-type]
                continue
            if kind in COLLECTED:
                self._collect(node, scope)
            inner = self._declare(node, scope) if kind in DECLARING else scope
            if kind in MIXED:
                for child, where in children(node, scope, inner):
                    parents[child] = node
                    push((child, where))
                continue
            for name in HOLDING[kind]:
                value = getattr(node, name, None)
                if type(value) is list:
                    for child in reversed(value):  # the stack turns the order round
                        if type(child) not in LEAVES:
                            parents[child] = node
                            push((child, inner))
                elif type(value) not in LEAVES:
                    parents[value] = node  # type: ignore[index]
                    push((value, inner))  # type: ignore[arg-type]
        for found in (self.calls, self.references, self.strings, self.dicts):
            found.sort(key=_position)

    def _collect(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Name):
            self.scopes[node] = scope
        elif isinstance(node, ast.Attribute):
            self.references.append(node)
        elif isinstance(node, ast.Call):
            self.scopes[node] = scope
            self.calls.append(node)
            self._collect_late(node)
        elif isinstance(node, ast.Dict):
            self.scopes[node] = scope
            self.dicts.append(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.strings.append(node)

    def _collect_late(self, node: ast.Call) -> None:
        """Note a write into globals(), or code in a text: it binds names that no statement shows."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "exec":
            self.late.add(None)
        elif name in {"globals", "vars"} and not node.args:
            holder = self.parents.get(node)
            if isinstance(holder, ast.Subscript) and isinstance(holder.ctx, ast.Store):
                key = holder.slice.value if isinstance(holder.slice, ast.Constant) else None
                self.late.add(key if isinstance(key, str) else None)
            elif isinstance(holder, ast.Attribute) and holder.attr in {"update", "setdefault", "__setitem__"}:
                self.late.add(None)

    def _declare(self, node: ast.AST, scope: Scope) -> Scope:
        """Record what a node binds and return the scope of its body."""
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._declare_import(node, scope)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            scope.add(self._assignment(node))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            scope.add(Binding(name=node.name, kind=Kind.DEFINITION, node=node))
        elif isinstance(node, ast.arg):
            scope.add(Binding(name=node.arg, kind=Kind.PARAMETER, node=node))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            self._declare_elsewhere(node, scope)
        else:
            _declare_caught(node, scope)
        return Scope(node, scope) if isinstance(node, _Function | ast.ClassDef | Comprehension) else scope

    def _declare_import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        checked = any(_is_type_checking(item) for item in self._branches(node))
        base = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            if alias.name == "*" and isinstance(node, ast.ImportFrom):
                self.stars.append(base)
                self.star_imports.append(node)
                continue
            if isinstance(node, ast.Import):
                name = alias.asname or alias.name.partition(".")[0]
                qualified = alias.name if alias.asname else name
            else:
                name, qualified = alias.asname or alias.name, f"{base}.{alias.name}"
            binding = Binding(
                name=name, kind=Kind.IMPORT, node=node, qualified=qualified, alias=alias, checked_only=checked
            )
            self.imports.append(binding)
            scope.add(binding)

    def _branches(self, node: ast.AST) -> Iterator[ast.If]:
        """Yield the ``if`` statements whose body (and not whose else branch) a node stands in."""
        for parent in self.ancestors(node):
            if isinstance(parent, ast.If) and node not in parent.orelse:
                yield parent
            node = parent

    def _assignment(self, node: ast.Name) -> Binding:
        parent = self.parents[node]
        plain = isinstance(parent, ast.Assign) and parent.targets == [node]
        annotated = isinstance(parent, ast.AnnAssign) and parent.target is node and parent.value is not None
        if plain or annotated:
            assert isinstance(parent, ast.Assign | ast.AnnAssign)  # noqa: S101 - narrows for the type checker
            return Binding(name=node.id, kind=Kind.ASSIGNMENT, node=parent, value=parent.value)
        return Binding(name=node.id, kind=Kind.OTHER, node=parent)

    def _declare_elsewhere(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        for name in node.names:
            target = self.top
            if isinstance(node, ast.Nonlocal):
                found = scope.parent.lookup(name) if scope.parent is not None else None
                target = found[0] if found is not None else self.top
            scope.elsewhere[name] = target


def root_name(node: ast.expr) -> ast.Name | None:
    """Find the name at the left end of attributes, subscripts and calls."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node if isinstance(node, ast.Name) else None


def _declare_caught(node: ast.AST, scope: Scope) -> None:
    """Record names bound by syntax that stores them as plain text: except clauses and match patterns."""
    match node:
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            scope.add(Binding(name=name, kind=Kind.OTHER, node=node))
        case ast.MatchMapping(rest=str(name)):
            scope.add(Binding(name=name, kind=Kind.OTHER, node=node))
        case _:
            return


def _is_type_checking(node: ast.If) -> bool:
    test = node.test
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


_position = attrgetter("lineno", "col_offset")
