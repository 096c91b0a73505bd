"""The edits that add options to a file; like all edits of calls and imports they need libcst."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.engine.option import OPTION, Option, call_edit, header_edit
from codemods.engine.plan import Plan
from codemods.engine.rewrite import NameEdit, edit_call, edit_import
from codemods.engine.splice import Edit
from codemods.names import Module
from codemods.transform import ASSERTION, Replace, Rewrite


def option_edits(plan: Plan) -> list[Edit]:
    """List the edits of functions, calls and imports."""
    source, module = plan.file.source, plan.file.module
    functions = dict.fromkeys(option.function for option in plan.options.values())
    edits = [header_edit(source, function) for function in functions]
    imports: dict[ast.ImportFrom, list[NameEdit]] = {}
    for option in plan.options.values():
        start, end = source.span(option.occurrence.node)
        edits += call_edit(source, option, _assertion_call(source.text[start:end], option, source.newline))
        if option.callee is not None:
            for statement, change in _imports(module, option.occurrence.node, option.callee):
                imports.setdefault(statement, [change])
    for statement, changes in imports.items():
        start, end = source.span(statement)
        edits.append(Edit(start=start, end=end, text=edit_import(source.text[start:end], changes)))
    return edits


def _imports(module: Module, call: ast.AST, callee: str) -> Iterator[tuple[ast.ImportFrom, NameEdit]]:
    """Yield the import that a class comes from, and the name that is put beside it unless it is there."""
    found = module.lookup(call.func) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else None
    if found is None or found[0].lookup(callee) is not None:
        return
    for binding in found[1]:
        if isinstance(binding.node, ast.ImportFrom) and binding.alias is not None:
            yield (
                binding.node,
                NameEdit(name=binding.alias.name, asname=binding.alias.asname, new=callee, keep=True),
            )


def _assertion_call(segment: str, option: Option, newline: str) -> str:
    """Write the call as it is with the assertion; where only an argument differs there is no second call."""
    verdict = option.occurrence.verdict
    if option.callee is None or not isinstance(verdict, Rewrite):
        return ""
    changes = [
        Replace(index=edit.index, keyword=edit.keyword, value=edit.value.replace(ASSERTION, OPTION))
        for edit in verdict.edits
        if isinstance(edit, Replace)
    ]
    return edit_call(segment, changes, callee=option.callee, newline=newline)
