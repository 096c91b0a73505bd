"""What the branch does that is taken where a secret is not set: refuse, say so and go on, or something else."""

from __future__ import annotations

import ast
import enum
from collections.abc import Collection, Sequence

from codemods.engine.flow import block_of
from codemods.engine.indirect import last_name
from codemods.names import Module

_SAYS = frozenset({
    "print", "debug", "info", "warning", "warn", "error", "critical", "exception", "log", "echo", "secho",
})  # fmt: skip
_EXITS = frozenset({"exit", "_exit", "quit", "abort", "fail"})
_SIGN_INS = ("Credential", "Credentials", "ClientApplication", "ManagedIdentityClient")
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_LEAVES = ast.Return | ast.Raise | ast.Continue | ast.Break


class Refusal(enum.Enum):
    """What some statements amount to: ``SAYS`` goes on after a word, ``ENDS`` does not, ``NONE`` is anything else."""

    NONE = enum.auto()
    SAYS = enum.auto()
    ENDS = enum.auto()


def kind_of(statements: Sequence[ast.stmt], *, may_bind: bool = False) -> Refusal:
    """Judge statements; with ``may_bind`` a name may be bound to None, which says that there is no sign-in."""
    kinds = [_kind(statement, may_bind=may_bind) for statement in statements]
    if not kinds or Refusal.NONE in kinds:
        return Refusal.NONE
    return Refusal.ENDS if Refusal.ENDS in kinds else Refusal.SAYS


def _kind(statement: ast.stmt, *, may_bind: bool) -> Refusal:
    match statement:
        case ast.Raise():
            return Refusal.ENDS
        case ast.Pass():
            return Refusal.SAYS
        case ast.Assign(targets=[ast.Name()], value=ast.Constant(value=None)) if may_bind:
            return Refusal.SAYS
        case ast.Expr(value=ast.Call(func=func) as call):
            if last_name(func) in _EXITS:
                return Refusal.ENDS
            collects = last_name(func) == "append" and all(isinstance(item, ast.Constant) for item in call.args)
            return Refusal.SAYS if last_name(func) in _SAYS or collects else Refusal.NONE
        case _:
            return Refusal.NONE


def other_branch(module: Module, owner: ast.If | ast.IfExp, own: str) -> Refusal:
    """Judge what happens when the branch that is named ``own`` is not taken."""
    if isinstance(owner, ast.IfExp):
        other = owner.orelse if own == "body" else owner.body
        return Refusal.SAYS if isinstance(other, ast.Constant) and other.value is None else Refusal.NONE
    statements = owner.orelse if own == "body" else owner.body
    if statements:
        return kind_of(statements, may_bind=True)
    if not isinstance(owner.body[-1], _LEAVES):
        return Refusal.SAYS
    block = block_of(module, owner)
    return kind_of(block[block.index(owner) + 1 :])


def is_caught(module: Module, node: ast.AST) -> bool:
    """Tell whether an exception that a statement raises may be caught around it, so that the program goes on."""
    for parent in module.ancestors(node):
        if isinstance(parent, ast.Try) and node in parent.body:
            if any(kind_of(handler.body) is not Refusal.ENDS for handler in parent.handlers):
                return True
        elif isinstance(parent, _FUNCTIONS):
            return False
        node = parent
    return False


def may_sign_in(module: Module, but: Collection[ast.AST]) -> bool:
    """Tell whether a file makes any other credential than those of some sites."""
    return any(call not in but and last_name(call.func).endswith(_SIGN_INS) for call in module.calls)
