"""How a condition comes out where the secret is set, and which of its terms then change nothing.

    T and A and secret            secret is true: the term is taken out
    not T or not secret           not secret is false: the term is taken out
    all([T, A, secret])           likewise an element of a list, also in ``any(x is None for x in (T, secret))``
    not secret, secret is None    false as a whole: ``outcome`` is False
    secret == other, len(secret)  not understood

Only the name of the secret, the names it is taken from, and the very read it comes from count as the secret.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from codemods.engine.cutting import Uncuttable
from codemods.engine.items import item_of, plain_text
from codemods.engine.readers import environment_variable, is_environment
from codemods.engine.sites import Occurrence
from codemods.names import Module
from codemods.scope import Binding
from codemods.transform import Rewrite

_Listed = ast.List | ast.Tuple | ast.Set
_Container = ast.BoolOp | ast.List | ast.Tuple | ast.Set
_DEEP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What is true whenever the secrets are set: names, environment variables, items of something."""

    bindings: frozenset[Binding] = frozenset()
    variables: frozenset[str] = frozenset()
    items: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def join(cls, several: Iterable[Secrets]) -> Self:
        """Put the secrets of several sites together."""
        each = list(several)
        return cls(
            bindings=frozenset().union(*(item.bindings for item in each)),
            variables=frozenset().union(*(item.variables for item in each)),
            items=frozenset().union(*(item.items for item in each)),
        )

    def __bool__(self) -> bool:
        """Tell whether there is any that a condition could ask for."""
        return bool(self.bindings or self.variables or self.items)

    def has(self, module: Module, node: ast.AST) -> bool:
        """Tell whether an expression is one of the secrets, or tells whether one is there."""
        if isinstance(node, ast.NamedExpr):
            return self.has(module, node.target)
        if isinstance(node, ast.Name) and node in module.scopes:
            found = module.lookup(node)
            return found is not None and bool(self.bindings & set(found[1]))
        if not isinstance(node, ast.expr) or not (self.variables or self.items):
            return False
        if environment_variable(module, node) in self.variables:
            return True
        item = item_of(node) if not isinstance(node, ast.Compare) else None
        return item is not None and (plain_text(module, item[0]) or "", item[1]) in self.items

    def occur_in(self, module: Module, node: ast.AST) -> bool:
        """Tell whether one of the secrets, or the name of its variable, occurs in an expression."""
        return any(
            self.has(module, item) or (isinstance(item, ast.Constant) and item.value in self.variables)
            for item in ast.walk(node)
        )


def secrets_of(module: Module, occurrence: Occurrence) -> Secrets:
    """Follow the one secret of a site through its names to the read it comes from, as far as that is plain."""
    verdict = occurrence.verdict
    if not isinstance(verdict, Rewrite) or len(verdict.secrets) != 1:
        return Secrets()
    node: ast.expr | None = verdict.secrets[0]
    bindings: set[Binding] = set()
    names = {read.binding for read in occurrence.trace.names}
    while isinstance(node, ast.Name) and len(bindings) < _DEEP:
        found = module.lookup(node)
        if found is None or len(found[1]) != 1 or found[1][0] not in names - bindings:
            return Secrets()
        bindings.add(found[1][0])
        node = module.given(found[1][0])
    if isinstance(node, ast.Constant) and not node.value:
        return Secrets()
    known = frozenset(bindings)
    variable = None if node is None else environment_variable(module, node)
    if variable is not None:
        return Secrets(bindings=known, variables=frozenset({variable}))
    item = None if node is None else item_of(node)
    holder = None if item is None else plain_text(module, item[0])
    items = frozenset({(holder, item[1])}) if item is not None and holder is not None else frozenset()
    return Secrets(bindings=known, items=items)


@dataclass(slots=True, kw_only=True)
class Condition:
    """A condition that was read: its ``outcome`` (None when it is open), and the children its containers lose.

    ``has_others`` says that it asks for something else too, ``is_negative`` that it asks what is missing.
    """

    outcome: bool | None = None
    cuts: dict[_Container, list[ast.expr]] = field(default_factory=dict)
    has_others: bool = False
    is_negative: bool = False

    @classmethod
    def read(cls, module: Module, test: ast.expr, secrets: Secrets) -> Self:
        """Read a condition, or raise Uncuttable when the secret takes part in a way that is not understood."""
        reader = _Reader(module, secrets)
        outcome = reader.value(test)
        cuts = reader.cuts if outcome is None else {}
        return cls(outcome=outcome, cuts=cuts, has_others=reader.has_others, is_negative=reader.is_negative)


class _Reader:
    def __init__(self, module: Module, secrets: Secrets) -> None:
        self.module = module
        self.secrets = secrets
        self.cuts: dict[_Container, list[ast.expr]] = {}
        self.has_others = False
        self.is_negative = False
        self._loops: list[str] = []

    def value(self, node: ast.expr) -> bool | None:
        """Say how a condition comes out; None when that does not hang on the secret."""
        if self._is_secret(node):
            return True
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                self.is_negative, value = True, self.value(inner)
                return None if value is None else not value
            case ast.BoolOp(op=op, values=values):
                return self._parts(node, values, neutral=isinstance(op, ast.And))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._comparison(node, left, op, right)
            case ast.Call(func=ast.Name(id="all" | "any" | "bool" as name), args=[inner], keywords=[]):
                return self.value(inner) if name == "bool" else self._quantified(node, inner, neutral=name == "all")
            case _:
                return self._other(node)

    def _is_secret(self, node: ast.AST) -> bool:
        return (isinstance(node, ast.Name) and node.id in self._loops) or self.secrets.has(self.module, node)

    def _other(self, node: ast.expr) -> bool | None:
        """Note something else that is asked for; the secret may take no part in it."""
        if self.secrets.occur_in(self.module, node) or any(self._is_secret(item) for item in ast.walk(node)):
            raise Uncuttable
        self.has_others = True
        return None

    def _parts(self, container: _Container, parts: Sequence[ast.expr], *, neutral: bool) -> bool | None:
        """Judge terms of which a ``neutral`` one changes nothing, and any other decides."""
        values = [self._part(part) for part in parts]
        if (not neutral) in values:
            return not neutral
        gone = [part for part, value in zip(parts, values, strict=True) if value is neutral]
        return neutral if self._empties(container, parts, gone) else None

    def _part(self, part: ast.expr) -> bool | None:
        """Judge one term; one that the secret decides together with something else is not understood."""
        before, self.has_others = self.has_others, False
        value = self.value(part)
        if value is not None and self.has_others:
            raise Uncuttable
        self.has_others |= before
        return value

    def _empties_members(self, container: _Listed) -> bool:
        """Take the secret itself out of a list, and tell whether nothing else is in it."""
        gone = [item for item in container.elts if self._is_secret(item)]
        for item in container.elts:
            if item not in gone:
                self._other(item)
        return self._empties(container, container.elts, gone)

    def _empties(self, container: _Container, parts: Sequence[ast.expr], gone: list[ast.expr]) -> bool:
        if gone and len(gone) < len(parts):
            self.cuts[container] = gone
        return len(gone) == len(parts)

    def _comparison(self, node: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
        negative = isinstance(op, ast.Is | ast.Eq | ast.NotIn)
        pairs = ((left, right), (right, left))
        if isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            found = any(self._is_secret(one) and _is_nothing(other) for one, other in pairs)
        else:
            found = is_environment(self.module, right) and self.module.constant(left) in self.secrets.variables
        if found:
            self.is_negative |= negative
            return not negative
        if isinstance(op, ast.In | ast.NotIn) and _is_nothing(left) and isinstance(right, _Listed):
            self.is_negative |= not negative
            return negative if self._empties_members(right) else None
        return self._other(node)

    def _quantified(self, node: ast.Call, inner: ast.expr, *, neutral: bool) -> bool | None:
        match inner:
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return self._parts(inner, elements, neutral=neutral)
            case ast.GeneratorExp(elt=each, generators=[one]) | ast.ListComp(elt=each, generators=[one]):
                return self._each(node, each, one, neutral=neutral)
            case _:
                return self._other(node)

    def _each(self, node: ast.Call, each: ast.expr, one: ast.comprehension, *, neutral: bool) -> bool | None:
        """Judge ``all(x for x in (T, secret))`` by what is asked of one element."""
        listed, target = one.iter, one.target
        if not isinstance(listed, _Listed) or not isinstance(target, ast.Name) or one.ifs or one.is_async:
            return self._other(node)
        if not any(self._is_secret(item) for item in listed.elts):
            return self._other(node)
        self._loops.append(target.id)
        before = self.has_others
        asked = self.value(each)
        self._loops.pop()
        if asked is None or self.has_others is not before or isinstance(each, ast.BoolOp):
            raise Uncuttable
        left = not self._empties_members(listed)
        return None if left and asked is neutral else asked


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or node.value == "")
