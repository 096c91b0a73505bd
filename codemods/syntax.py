"""What the kinds of nodes of a syntax tree hold, and in which namespace each part of them is evaluated."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.scope import Scope


class _Holding(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each kind of node that may hold others, last first; the rest are words, numbers and signs."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        fields = () if kind is ast.Constant else kind._fields
        self[kind] = tuple(name for name in reversed(fields) if name not in _PLAIN)
        return self[kind]


_PLAIN = frozenset({"ctx", "id", "attr", "kind", "op", "ops", "lineno", "level", "module", "asname", "type_comment"})
HOLDING = _Holding()


COLLECTED = frozenset({ast.Name, ast.Attribute, ast.Call, ast.Dict, ast.Constant})
MIXED = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda})
"""What has children of both scopes: its own and the one around it."""
DECLARING = frozenset(
    {
        ast.Name, ast.arg, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.ExceptHandler, ast.MatchAs,
        ast.MatchStar, ast.MatchMapping, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, *MIXED,
    }
)  # fmt: skip
LEAVES = frozenset(
    {
        *(
            kind
            for base in (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
            for kind in (base, *base.__subclasses__())
        ),
        type(None), str, int, bool,
    }
)  # fmt: skip
"""What stands for a word or a sign, of which nothing is asked; one such node stands in many places."""


def children(node: ast.AST, outer: Scope, inner: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    """Pair each child with the scope it is evaluated in, last child first: the stack turns the order round."""
    outside = set(_evaluated_outside(node))
    for child in reversed(list(ast.iter_child_nodes(node))):
        if isinstance(child, ast.arguments):
            yield from ((default, outer) for default in (*child.defaults, *child.kw_defaults) if default is not None)
            arguments = (*child.posonlyargs, *child.args, *child.kwonlyargs, child.vararg, child.kwarg)
            yield from ((argument, inner) for argument in arguments if argument is not None)
        else:
            yield child, outer if child in outside else inner


def _evaluated_outside(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from node.decorator_list
    if isinstance(node, ast.ClassDef):
        yield from (*node.bases, *node.keywords)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
        yield node.returns
