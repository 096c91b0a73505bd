"""Namespaces, and what gives names a meaning in them, as values."""

from __future__ import annotations

import ast
import enum
from dataclasses import dataclass, field

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Kind(enum.Enum):
    """How a name got its meaning."""

    IMPORT = "import"
    ASSIGNMENT = "assignment"
    PARAMETER = "parameter"
    DEFINITION = "definition"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binding:
    """One place that gives a name a meaning.

    ``value`` is set for a plain ``name = value``; ``qualified`` and ``alias`` for imports. ``checked_only`` marks an
    import that exists for type checkers and not at run time.
    """

    name: str
    kind: Kind
    node: ast.AST
    value: ast.expr | None = None
    qualified: str = ""
    alias: ast.alias | None = None
    checked_only: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """A namespace while it is being filled; read only afterwards."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, Scope] = field(default_factory=dict)

    @property
    def is_class(self) -> bool:
        """Tell whether functions inside cannot see these names."""
        return isinstance(self.node, ast.ClassDef)

    def lookup(self, name: str) -> tuple[Scope, tuple[Binding, ...]] | None:
        """Find the scope a name belongs to when it is read here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.elsewhere:
                return scope.elsewhere[name], tuple(scope.elsewhere[name].bindings.get(name, ()))
            if name in scope.bindings and (scope is self or not scope.is_class):
                return scope, tuple(scope.bindings[name])
            scope = scope.parent
        return None

    def owner(self) -> Scope:
        """Find the scope that a walrus inside comprehensions binds in."""
        scope = self
        while isinstance(scope.node, Comprehension) and scope.parent is not None:
            scope = scope.parent
        return scope

    def add(self, binding: Binding) -> None:
        """Record a binding in the scope that it belongs to: for ``:=`` and for names declared global, another one."""
        scope = self.owner() if isinstance(binding.node, ast.NamedExpr) else self
        scope = scope.elsewhere.get(binding.name, scope)
        scope.bindings.setdefault(binding.name, []).append(binding)


def place_of(binding: Binding, statement: ast.AST | None) -> tuple[ast.Assign, int] | None:
    """Find the place of a name in a statement ``a, b = x, y``, where both sides are written out and equally long."""
    match binding.node, statement:
        case ast.Tuple(elts=names) | ast.List(elts=names), ast.Assign(
            targets=[_], value=ast.Tuple(elts=values) | ast.List(elts=values)
        ) as assignment if len(names) == len(values) and not any(
            isinstance(item, ast.Starred) for item in (*names, *values)
        ):
            at = [index for index, item in enumerate(names) if getattr(item, "id", "") == binding.name]
            return (assignment, at[0]) if len(at) == 1 else None
        case _:
            return None
