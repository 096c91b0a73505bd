"""Options of a command line that are required for the secret only: they stay, and are not required any more.

Whoever starts the program passes the option today, so to remove it would refuse that command line. An option that
nothing reads may be given or not: https://docs.python.org/3/library/argparse.html#required.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codemods.engine.candidates import looks_like_test
from codemods.engine.indirect import last_name
from codemods.engine.project import Project
from codemods.engine.search import Unproven
from codemods.engine.source import Source, decode
from codemods.engine.splice import Edit, splice
from codemods.names import Module


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Required:
    """An option, and the argument that makes it required."""

    call: ast.Call
    keyword: ast.keyword


def required_options(project: Project, name: str) -> dict[Path, tuple[Required, ...]]:
    """Map the files of a project that are no tests to the required options that are called after a name."""
    found: dict[Path, tuple[Required, ...]] = {}
    option = name.lower()
    mentions = project.mentioning({option, option.replace("_", "-")})
    for path in sorted({path for paths in mentions.values() for path in paths}):
        module = None if looks_like_test(project.name(path), project.data(path)) else project.module(path)
        if module is not None and (options := _options(module, option)):
            found[path] = options
    return found


def _options(module: Module, option: str) -> tuple[Required, ...]:
    calls = (call for call in module.calls if last_name(call.func) == "add_argument" and _is_called(call, option))
    return tuple(
        Required(call=call, keyword=keyword)
        for call in calls
        for keyword in call.keywords
        if keyword.arg == "required" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
    )


def _is_called(call: ast.Call, option: str) -> bool:
    """Tell whether a call adds an option under a name, and keeps it under the same."""
    texts = [item.value for item in call.args if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    long = [text for text in texts if text.startswith("--")]
    plain = all(keyword.arg not in {None, "dest", "action", "type"} for keyword in call.keywords)
    return plain and len(texts) == len(call.args) and bool(long) and _kept_as(long[0]) == option


def _kept_as(text: str) -> str:
    return text.lstrip("-").replace("-", "_")


def without_requirement(project: Project, name: str) -> Mapping[Path, bytes]:
    """Give the new bytes of the files that require an option; Unproven where something may still read it."""
    found = required_options(project, name)
    option = name.lower()
    for path in project.mentioning({option}).get(option, ()):
        _check(project, path, option)
    changed: dict[Path, bytes] = {}
    for path, options in found.items():
        module, source = project.module(path), decode(project.name(path), project.data(path))
        if module is None or any(last_name(call.func) == "vars" for call in module.calls):
            raise Unproven(f"{project.name(path)} looks at all options together")
        edits = [_edit(project.name(path), source, each) for each in options]
        changed[path] = splice(source, edits)
    return changed


def _check(project: Project, path: Path, option: str) -> None:
    """Refuse when a file may read an option: under its name, as a parameter or in a text."""
    module = project.module(path)
    if module is None:
        raise Unproven(f"{project.name(path)}:1 is not Python 3 and names it")
    for node in module.parents:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                reads = name == option
            case ast.Constant(value=str(text)):
                reads = text == option
            case _:
                reads = False
        if reads:
            raise Unproven(f"{project.name(path)}:{getattr(node, 'lineno', 1)} may read {option}")


def _edit(name: str, source: Source, each: Required) -> Edit:
    """Cut an argument with the comma that ties it to its neighbour."""
    items: list[ast.expr | ast.keyword] = [*each.call.args, *each.call.keywords]
    spans = sorted(_span(source, item) for item in items)
    at = spans.index(_span(source, each.keyword))
    last = at == len(spans) - 1
    start, end = (spans[at - 1][1], spans[at][1]) if last else (spans[at][0], spans[at + 1][0])
    between = source.text[start : spans[at][0]] if last else source.text[spans[at][1] : end]
    if between.strip() != ",":
        raise Unproven(f"{name}:{each.call.lineno} has a comment beside the argument that would go")
    return Edit(start=start, end=end, text="")


def _span(source: Source, node: ast.expr | ast.keyword) -> tuple[int, int]:
    last, column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return source.offset(node.lineno, node.col_offset), source.offset(last, column)
