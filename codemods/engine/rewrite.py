"""Edit one call or one import statement with LibCST; text in, text out.

Only these segments are parsed by LibCST, never a file: it takes a hundredth of the time, and files that LibCST does not
print back exactly are no trouble. A segment that it does not print back exactly is refused. Importing this module
imports libcst, so it is imported only when there is something to edit.

LibCST: https://libcst.readthedocs.io/en/latest/parser.html
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.errors import DoesNotRoundTripError
from codemods.transform import ArgumentEdit, Insert, Remove, Replace, ReplaceEntry

_Comma = cst.Comma | cst.MaybeSentinel
_Space = cst.BaseParenthesizableWhitespace


@dataclass(frozen=True, slots=True, kw_only=True)
class NameEdit:
    """What becomes of an imported name: ``new`` takes its place, or stands beside it, or nothing does."""

    name: str
    asname: str | None
    new: str | None
    keep: bool


def edit_call(
    segment: str, edits: Iterable[ArgumentEdit], *, callee: str | None = None, whole: bool = False, newline: str = "\n"
) -> str:
    """Change the arguments of a call, and its last name (or the ``whole`` function expression) if one is given."""
    printer = cst.Module([], default_newline=newline)
    call = _parsed_call(segment, printer)
    arguments = list(call.args)
    changes = tuple(edits)
    placed = (edit for edit in changes if not isinstance(edit, Insert))
    for edit in sorted(placed, key=lambda edit: -edit.index):
        match edit:
            case ReplaceEntry(index=index):
                arguments[index : index + 1] = _keywords(call, arguments, edit)
            case Replace(index=index, keyword=keyword, value=value):
                arguments[index] = _replaced(arguments[index], keyword, value)
            case Remove(index=index):
                _remove(arguments, index)
    _insert(arguments, [edit.value for edit in changes if isinstance(edit, Insert)])
    changed = call.with_changes(args=arguments)
    if callee is not None:
        changed = changed.with_changes(func=_renamed(call.func, callee, whole=whole))
    return printer.code_for_node(changed)


def edit_dict(segment: str, edits: Iterable[ArgumentEdit], *, newline: str = "\n") -> str:
    """Change entries of a dict display; a new one stands on a line of its own where the old ones do."""
    printer = cst.Module([], default_newline=newline)
    display = _parsed(segment, printer)
    if not isinstance(display, cst.Dict):
        raise DoesNotRoundTripError("LibCST does not print a dict back exactly; rewrite it by hand")
    elements = list(display.elements)
    for edit in edits:
        if isinstance(edit, ReplaceEntry):
            opening = display.lbrace.whitespace_after
            between = _space_after(elements[edit.index - 1].comma) if edit.index else opening
            elements[edit.index : edit.index + 1] = _entries(elements[edit.index], edit, between)
    return printer.code_for_node(display.with_changes(elements=elements))


def edit_import(segment: str, edits: Sequence[NameEdit]) -> str:
    """Change the imported names of one ``from ... import`` statement; the last name is never taken out."""
    try:
        module = cst.parse_module(segment)
    except cst.ParserSyntaxError:
        raise DoesNotRoundTripError("LibCST does not parse an import; rewrite it by hand") from None
    line = module.body[0] if module.code == segment and len(module.body) == 1 else None
    statement = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
    if not isinstance(statement, cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
        raise DoesNotRoundTripError("LibCST does not print this import back exactly; rewrite it by hand")
    names = list(statement.names)
    opening = statement.lpar.whitespace_after if statement.lpar is not None else cst.SimpleWhitespace("")
    for edit in edits:
        _edit_name(names, edit, opening)
    return module.with_deep_changes(statement, names=names).code


def _parsed_call(segment: str, printer: cst.Module) -> cst.Call:
    call = _parsed(segment, printer)
    if not isinstance(call, cst.Call):
        raise DoesNotRoundTripError("LibCST does not print a call back exactly; rewrite it by hand")
    return call


def _parsed(segment: str, printer: cst.Module) -> cst.BaseExpression:
    try:
        node = cst.parse_expression(segment, config=cst.PartialParserConfig(default_newline=printer.default_newline))
        same = printer.code_for_node(node) == segment
    except (cst.ParserSyntaxError, RecursionError):
        raise DoesNotRoundTripError("LibCST does not parse a call; rewrite it by hand") from None
    if not same:
        raise DoesNotRoundTripError("LibCST does not print a call back exactly; rewrite it by hand")
    return node


def _insert(arguments: list[cst.Arg], values: Sequence[str]) -> None:
    """Put positional arguments in front, on one line."""
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    new = [cst.Arg(value=cst.parse_expression(value), comma=comma) for value in values]
    if new and not arguments:
        new[-1] = new[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    arguments[:0] = new


def _entries(old: cst.BaseDictElement, edit: ReplaceEntry, between: _Space) -> list[cst.BaseDictElement]:
    """Make the entries that stand for one; the last of them keeps the way to what comes next."""
    if not isinstance(old, cst.DictElement):
        raise DoesNotRoundTripError("an entry of a dict is unpacked; rewrite it by hand")
    new = [
        old.with_changes(key=cst.SimpleString(f'"{key}"'), value=cst.parse_expression(value))
        for key, value in edit.entries
    ]
    return [*(item.with_changes(comma=_next_line(between)) for item in new[:-1]), new[-1]]


def _keywords(call: cst.Call, arguments: Sequence[cst.Arg], edit: ReplaceEntry) -> list[cst.Arg]:
    """Make the keywords that stand for one, as entries of a dict are made."""
    between = _space_after(arguments[edit.index - 1].comma) if edit.index else call.whitespace_before_args
    new = [_replaced(arguments[edit.index], key, value) for key, value in edit.entries]
    return [*(item.with_changes(comma=_next_line(between)) for item in new[:-1]), new[-1]]


def _replaced(argument: cst.Arg, keyword: str | None, value: str) -> cst.Arg:
    name = None if keyword is None or argument.keyword is None else argument.keyword.with_changes(value=keyword)
    return argument.with_changes(value=cst.parse_expression(value), keyword=name)


def _renamed(func: cst.BaseExpression, callee: str, *, whole: bool) -> cst.BaseExpression:
    if isinstance(func, cst.Attribute) and not whole:
        return func.with_changes(attr=func.attr.with_changes(value=callee))
    if isinstance(func, cst.Name):
        return func.with_changes(value=callee)
    return cst.Name(callee)


def _remove(arguments: list[cst.Arg], index: int) -> None:
    """Take an argument out; if it was the last one, its predecessor inherits the way to the closing bracket."""
    gone = arguments.pop(index)
    if index < len(arguments) or not arguments:
        return
    last = arguments[-1]
    if isinstance(gone.comma, cst.Comma):
        arguments[-1] = last.with_changes(comma=_closing_comma(last.comma, gone.comma))
        return
    space = last.comma.whitespace_after if isinstance(last.comma, cst.Comma) else cst.SimpleWhitespace("")
    arguments[-1] = last.with_changes(
        comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=_closing_space(space, gone.whitespace_after_arg)
    )


def _closing_comma(kept: _Comma, gone: cst.Comma) -> cst.Comma:
    if not isinstance(kept, cst.Comma):
        return gone
    return kept.with_changes(whitespace_after=_closing_space(kept.whitespace_after, gone.whitespace_after))


def _closing_space(kept: _Space, gone: _Space) -> _Space:
    """Keep the comments behind what stays, drop those behind what is gone, and close on a line as before."""
    if not isinstance(gone, cst.ParenthesizedWhitespace):
        return kept.with_changes(last_line=gone) if _has_comment(kept) else gone
    if isinstance(kept, cst.ParenthesizedWhitespace):
        return kept.with_changes(last_line=gone.last_line)
    return gone.with_changes(first_line=cst.TrailingWhitespace())


def _has_comment(space: _Space) -> bool:
    """Tell whether a line must end here, lest the bracket become part of a comment."""
    return isinstance(space, cst.ParenthesizedWhitespace) and (
        space.first_line.comment is not None or any(line.comment is not None for line in space.empty_lines)
    )


def _edit_name(names: list[cst.ImportAlias], edit: NameEdit, opening: _Space) -> None:
    spelled = [_spelling(alias) for alias in names]
    if (edit.name, edit.asname) not in spelled:
        raise DoesNotRoundTripError("LibCST does not read an import as Python does; rewrite it by hand")
    index = spelled.index((edit.name, edit.asname))
    plain = edit.asname is None or edit.keep
    if edit.new is None or (plain and any(_spelling(alias) == (edit.new, None) for alias in names)):
        if not edit.keep and len(names) > 1:
            _drop_name(names, index)
    elif edit.keep:
        space = opening if index == 0 else _space_after(names[index - 1].comma)
        names.insert(index, cst.ImportAlias(name=cst.Name(edit.new), comma=_next_line(space)))
    else:
        names[index] = names[index].with_changes(name=cst.Name(edit.new))


def _spelling(alias: cst.ImportAlias) -> tuple[str, str | None]:
    """Give a name and its alias as Python reads them (https://peps.python.org/pep-3131/)."""
    name, alias_name = alias.evaluated_name, alias.evaluated_alias
    return unicodedata.normalize("NFKC", name), alias_name and unicodedata.normalize("NFKC", alias_name)


def _drop_name(names: list[cst.ImportAlias], index: int) -> None:
    gone = names.pop(index)
    if index == len(names):
        last = names[-1]
        comma = _closing_comma(last.comma, gone.comma) if isinstance(gone.comma, cst.Comma) else gone.comma
        names[-1] = last.with_changes(comma=comma)


def _space_after(comma: _Comma) -> _Space:
    return comma.whitespace_after if isinstance(comma, cst.Comma) else cst.SimpleWhitespace(" ")


def _next_line(space: _Space) -> cst.Comma:
    """Make a comma that goes on as the names before it do: on a line of its own, or after a space."""
    if isinstance(space, cst.ParenthesizedWhitespace):
        plain = cst.ParenthesizedWhitespace(indent=space.indent, last_line=space.last_line)
        return cst.Comma(whitespace_after=plain)
    return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
