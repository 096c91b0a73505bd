"""Texts that are put together from pieces: what is certain of an address, and which expression fills each gap.

f"{HOST}/{tenant}/oauth2/token"   HOST + "/" + tenant + "/oauth2/token"
"%s/%s/oauth2/token" % (HOST, tenant)   "{}/{}/oauth2/token".format(HOST, tenant)
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator

from codemods.names import Module

_GAP = "{}"
_PERCENT = re.compile(r"%(?:\((?P<name>[^)]*)\))?(?P<kind>[a-zA-Z%])")
_DEPTH = 8

Part = str | ast.expr


def text_of(module: Module, node: ast.expr | None) -> str | None:
    """Read a text as far as it is certain: an unknown piece reads as ``{}``. None: nothing of it is certain."""
    parts = parts_of(module, node)
    if not any(isinstance(part, str) for part in parts):
        return None
    return "".join(part if isinstance(part, str) else _GAP for part in parts)


def gap_after(module: Module, node: ast.expr | None, host: re.Pattern[str]) -> ast.expr | None:
    """Give the expression that fills the gap where the text before it matches ``host`` as a whole."""
    before = ""
    for part in parts_of(module, node):
        if not isinstance(part, str) and host.fullmatch(before):
            return part
        before += part if isinstance(part, str) else _GAP
    return None


def parts_of(module: Module, node: ast.expr | None) -> tuple[Part, ...]:
    """Give the pieces of a text in order: those that are certain as text, the others as their expressions."""
    return tuple(_parts(module, node, _DEPTH)) if node is not None else ()


def _parts(module: Module, node: ast.expr, depth: int) -> Iterator[Part]:
    text = module.constant(node)
    if text is not None or depth == 0:
        yield node if text is None else text
        return
    match node:
        case ast.Name() if (value := module.value_once(node)) is not None and _is_text(value):
            yield from _parts(module, value, depth - 1)
        case ast.JoinedStr():
            for value in node.values:
                yield from _of_f_string(module, value, depth - 1)
        case ast.BinOp(op=ast.Add()):
            yield from _parts(module, node.left, depth - 1)
            yield from _parts(module, node.right, depth - 1)
        case ast.BinOp(op=ast.Mod()):
            yield from _of_percent(module, node, depth - 1)
        case ast.Call(func=ast.Attribute(attr="format")):
            yield from _of_format(module, node, depth - 1)
        case _:
            yield node


def _is_text(node: ast.expr | None) -> bool:
    """Tell whether an expression puts a text together; what a plain call or subscript gives is not looked into."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    return isinstance(node, ast.JoinedStr | ast.BinOp | ast.Constant | ast.Name)


def _of_f_string(module: Module, value: ast.expr, depth: int) -> Iterator[Part]:
    if isinstance(value, ast.FormattedValue):
        plain = value.format_spec is None and value.conversion in {-1, ord("s")}
        yield from _parts(module, value.value, depth) if plain and depth > 0 else (value.value,)
    else:
        yield from _parts(module, value, depth)


def _of_percent(module: Module, node: ast.BinOp, depth: int) -> Iterator[Part]:
    text, given = module.constant(node.left), node.right
    if text is None:
        yield node
        return
    values = iter(given.elts if isinstance(given, ast.Tuple) else (given,))
    pieces: list[Part] = []
    end = 0
    for found in _PERCENT.finditer(text):
        value = _percent_value(found, given, values)
        if value is None:
            yield node
            return
        pieces.append(text[end : found.start()])
        pieces.extend((value,) if isinstance(value, str) else _parts(module, value, depth))
        end = found.end()
    yield from (*pieces, text[end:]) if "%" not in _PERCENT.sub("", text) else (node,)


def _percent_value(found: re.Match[str], given: ast.expr, values: Iterator[ast.expr]) -> Part | None:
    if found["kind"] == "%":
        return "%"
    if found["kind"] != "s":
        return None
    if found["name"] is None:
        return next(values, None)
    return _entry(given, found["name"])


def _entry(given: ast.expr, name: str) -> ast.expr | None:
    if not isinstance(given, ast.Dict):
        return None
    named = [
        value
        for key, value in zip(given.keys, given.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == name
    ]
    return named[0] if len(named) == 1 and None not in given.keys else None


def _of_format(module: Module, node: ast.Call, depth: int) -> Iterator[Part]:
    text = module.constant(node.func.value) if isinstance(node.func, ast.Attribute) else None
    hidden = any(isinstance(item, ast.Starred) for item in node.args) or any(
        keyword.arg is None for keyword in node.keywords
    )
    try:
        fields = None if text is None or hidden else list(string.Formatter().parse(text))
    except ValueError:
        fields = None
    pieces = None if fields is None else _filled(node, fields)
    for piece in (node,) if pieces is None else pieces:
        yield from (piece,) if isinstance(piece, str) or piece is node else _parts(module, piece, depth)


def _filled(node: ast.Call, fields: list[tuple[str, str | None, str | None, str | None]]) -> list[Part] | None:
    """Give the pieces of a format with plain fields; None where a field is looked up, formatted or missing."""
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    pieces: list[Part] = []
    automatic = 0
    for literal, name, format_spec, conversion in fields:
        pieces.append(literal)
        if name is None:
            continue
        key = name or str(automatic)
        automatic += not name
        value = node.args[int(key)] if key.isdecimal() and int(key) < len(node.args) else named.get(key)
        if value is None or format_spec or conversion not in {None, "s"}:
            return None
        pieces.append(value)
    return pieces
