"""Offer an assertion beside a secret that callers supply, without taking the secret from anybody.

    def connect(tenant, client, client_secret):          def connect(tenant, client, client_secret, *,
        return ClientSecretCredential(...)                       client_assertion_func=None):
                                                             return (ClientAssertionCredential(...)
                                                                     if client_assertion_func is not None
                                                                     else ClientSecretCredential(...))

The parameter is by keyword only and None unless it is given, so every call that works today does what it did. It is
named as the one of ``OnBehalfOfCredential``. Offered only where the secret is a parameter that nothing else in its
function uses; a decorator may give parameters a meaning, and ``locals()`` would show the new one.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.engine.secrets import parameter_of
from codemods.engine.sites import Occurrence
from codemods.engine.source import Source
from codemods.engine.splice import Edit
from codemods.names import Module
from codemods.transform import ASSERTION, Renamed, Replace, Rewrite, SameCallable

OPTION = "client_assertion_func"
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_HARMLESS = frozenset({"staticmethod", "classmethod"})
_LOOKS = frozenset({"locals", "vars", "eval", "exec", "dir"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Option:
    """A function that can take another parameter, and the site whose secret is one of its parameters."""

    function: _Function
    occurrence: Occurrence
    secret: ast.Name

    @property
    def callee(self) -> str | None:
        """Name the class that takes the assertion, if it is another one."""
        verdict = self.occurrence.verdict
        return verdict.callee.name if isinstance(verdict, Rewrite) and isinstance(verdict.callee, Renamed) else None


def option_of(module: Module, occurrence: Occurrence) -> Option | None:
    """Say how a site can get an option, or None where that is not certain."""
    call, verdict = occurrence.node, occurrence.verdict
    if not isinstance(call, ast.Call) or not isinstance(verdict, Rewrite) or len(verdict.secrets) != 1:
        return None
    plain = isinstance(verdict.callee, Renamed | SameCallable) and len(verdict.edits) == 1
    edit, secret = verdict.edits[0], verdict.secrets[0]
    if not plain or not isinstance(edit, Replace) or f"{ASSERTION}(" in edit.value or not isinstance(secret, ast.Name):
        return None
    function = parameter_of(module, secret)
    if not isinstance(function, _Function) or module.scopes.get(call) is not module.scopes.get(secret):
        return None
    return (
        Option(function=function, occurrence=occurrence, secret=secret) if _is_free(module, function, secret) else None
    )


def _is_free(module: Module, function: _Function, secret: ast.Name) -> bool:
    """Tell whether a function has nothing that a new parameter, or another use of the secret, would disturb."""
    decorators = (item.id if isinstance(item, ast.Name) else "" for item in function.decorator_list)
    found = module.lookup(secret)
    if found is None or not set(decorators) <= _HARMLESS or list(module.uses(found[0], secret.id)) != [secret]:
        return False
    for node in ast.walk(function):
        names = {getattr(node, "id", None), getattr(node, "arg", None), getattr(node, "name", None)}
        if OPTION in names or (isinstance(node, ast.Name) and node.id in _LOOKS):
            return False
    return True


def header_edit(source: Source, function: _Function) -> Edit:
    """Put the parameter behind the others, before ``**``, and make it one by keyword only."""
    arguments = function.args
    star = "" if arguments.kwonlyargs or arguments.vararg is not None else "*, "
    start = source.offset(function.lineno, function.col_offset)
    last, double = _parameters_end(source.text[start:])
    if double is not None:
        return Edit(start=start + double, end=start + double, text=f"{star}{OPTION}=None, ")
    at, comma = last
    text = f" {star}{OPTION}=None" if comma else f", {star}{OPTION}=None"
    return Edit(start=start + at, end=start + at, text=text)


def _parameters_end(text: str) -> tuple[tuple[int, bool], int | None]:
    """Find the end of the last parameter and whether that is a comma, and where ``**`` starts if it is there."""
    lines = [0]
    depth, last, double, is_first = 0, (0, False), None, True
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        while len(lines) <= token.end[0]:
            lines.append(text.index("\n", lines[-1]) + 1 if "\n" in text[lines[-1] :] else len(text))
        at, end = lines[token.start[0] - 1] + token.start[1], lines[token.end[0] - 1] + token.end[1]
        if token.type == tokenize.OP and token.string in {")", "]", "}"}:
            depth -= 1
            if depth == 0:
                break
        if token.type == tokenize.OP and token.string == "**" and depth == 1 and is_first:
            double = at
        if depth and token.type not in {tokenize.NL, tokenize.COMMENT}:
            is_first = token.string == "," and depth == 1
            last = end, is_first
        if token.type == tokenize.OP and token.string in {"(", "[", "{"}:
            depth += 1
            is_first = depth == 1
    return last, double


def call_edit(source: Source, option: Option, assertion_call: str) -> Iterator[Edit]:
    """Choose between the call with an assertion and the old one, or between the two arguments of one call."""
    chosen = f"if {OPTION} is not None else "
    if option.callee is None:
        start = source.span(option.secret)[0]
        yield Edit(start=start, end=start, text=f'{{"client_assertion": {OPTION}}} {chosen}')
        return
    call = option.occurrence.node
    assert isinstance(call, ast.expr)  # noqa: S101 - narrows for the type checker
    start, end = source.span(call)
    yield Edit(start=start, end=start, text=f"({assertion_call} {chosen}")
    yield Edit(start=end, end=end, text=")")
