"""Truth tables: two conditions are compared for every value of what is not the secret."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import product

from codemods.engine.items import item_of

_MOST = 10
_NOTHING = (None, "")


class Secrets:
    """The expressions that are true whenever the secret is set, by what they look like."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.variables: set[str] = set()

    def add(self, *nodes: ast.expr) -> None:
        """Note a secret: the name that held it, or what it was read from."""
        for node in nodes:
            self.known.add(_look(node))
            if _is_environment(node):
                self.variables |= _texts(node)

    def has(self, node: ast.expr) -> bool:
        """Tell whether an expression is a secret, or asks whether its variable is there."""
        if isinstance(node, ast.NamedExpr):
            return self.has(node.target)
        if _look(node) in self.known:
            return True
        texts = _texts(node)
        return _is_environment(node) and bool(texts) and texts & self.variables == texts - {""}


def equivalent(old: ast.expr, new: ast.expr, secrets: Secrets) -> bool:
    """Tell whether two conditions come out the same where the secrets are set."""
    table = _Table(secrets)
    tables = (table.atoms(old), table.atoms(new))
    if not tables[1] <= tables[0]:
        return False
    return all(table.value(old, row) == table.value(new, row) for row in table.rows(tables[0]))


def always(test: ast.expr, outcome: bool, secrets: Secrets) -> bool:  # noqa: FBT001 - the outcome is the question
    """Tell whether a condition has one outcome where the secrets are set, and asks for nothing else."""
    table = _Table(secrets)
    return not table.atoms(test) and table.value(test, {}) is outcome


class _Table:
    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets

    def rows(self, atoms: set[str]) -> list[dict[str, bool]]:
        names = sorted(atoms)
        if len(names) > _MOST:
            return [dict.fromkeys(names, value) for value in (True, False)] + [
                {name: name != one for name in names} for one in names
            ]
        return [dict(zip(names, values, strict=True)) for values in product((True, False), repeat=len(names))]

    def atoms(self, node: ast.expr) -> set[str]:
        """Collect what a condition asks for, besides the secrets."""
        parts = _parts(node)
        if parts is None:
            return set() if self.secrets.has(node) else {_look(node)}
        return set().union(*(self.atoms(part) for part in parts))

    def value(self, node: ast.expr, row: Mapping[str, bool]) -> bool:
        parts = _parts(node)
        if parts is None:
            return True if self.secrets.has(node) else row[_look(node)]
        values = [self.value(part, row) for part in parts]
        match node:
            case ast.UnaryOp() | ast.Compare(ops=[ast.Is() | ast.Eq()]):
                return not values[0]
            case ast.Compare(left=left, ops=[ast.NotIn()]) if not _is_nothing(left):
                return not values[0]
            case ast.Compare(ops=[ast.In()]):
                return not all(values)
            case ast.BoolOp(op=ast.Or()) | ast.Call(func=ast.Name(id="any")):
                return any(values)
            case _:
                return all(values)


def _parts(node: ast.expr) -> list[ast.expr] | None:
    """Split a condition; None says that it is one question."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return [inner]
        case ast.BoolOp(values=values):
            return values
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _compared(left, op, right)
        case ast.Call(func=ast.Name(id="all" | "any" | "bool" as name), args=[inner], keywords=[]):
            return [inner] if name == "bool" else _quantified(inner)
        case _:
            return None


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr) -> list[ast.expr] | None:
    match op:
        case ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq():
            return [one for one, other in ((left, right), (right, left)) if _is_nothing(other)][:1] or None
        case ast.In() | ast.NotIn() if _is_nothing(left):
            return _elements(right)
        case ast.NotIn():
            return [ast.Compare(left=left, ops=[ast.In()], comparators=[right])]
        case _:
            return None


def _elements(node: ast.expr) -> list[ast.expr] | None:
    return node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else None


def _quantified(node: ast.expr) -> list[ast.expr] | None:
    """Write ``f(x) for x in (a, b)`` out as what is asked of each element."""
    if not isinstance(node, ast.GeneratorExp | ast.ListComp):
        return _elements(node)
    (first, *more), listed = node.generators, _elements(node.generators[0].iter)
    if more or first.ifs or listed is None or not isinstance(first.target, ast.Name):
        return None
    return [_put(node.elt, first.target.id, item) for item in listed]


def _put(node: ast.expr, name: str, value: ast.expr) -> ast.expr:
    match node:
        case ast.Name(id=found) if found == name:
            return value
        case ast.UnaryOp(op=op, operand=inner):
            return ast.UnaryOp(op=op, operand=_put(inner, name, value))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return ast.Compare(left=_put(left, name, value), ops=ops, comparators=comparators)
        case ast.Call(func=ast.Name(id="bool") as func, args=[inner], keywords=[]):
            return ast.Call(func=func, args=[_put(inner, name, value)], keywords=[])
        case _:
            return node


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in _NOTHING


def _texts(node: ast.expr) -> set[str]:
    return {item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)}


def _is_environment(node: ast.expr) -> bool:
    """Tell by its names whether an expression reads the environment: ``os.environ``, ``getenv``, an alias of it."""
    holder = node.comparators[0] if isinstance(node, ast.Compare) else node
    names = {item.id for item in ast.walk(holder) if isinstance(item, ast.Name)}
    names |= {item.attr for item in ast.walk(holder) if isinstance(item, ast.Attribute)}
    return bool(names & {"environ", "getenv", "env"})


def _look(node: ast.expr) -> str:
    """Write an expression down: a name alike whether it is bound or read, an item alike however it is read."""
    if isinstance(node, ast.Name):
        return f"name {node.id}"
    item = None if isinstance(node, ast.Compare) else item_of(node)
    return ast.dump(node) if item is None else f"item {item[1]} of {ast.dump(item[0])}"
