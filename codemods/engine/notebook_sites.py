"""The sites of a notebook: where a person finds them, and whether one cell holds all that a rewrite touches."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from codemods.engine.notebook import Notebook
from codemods.engine.sites import Occurrence
from codemods.model import Site
from codemods.names import Module, root_name

_LINE = re.compile(r"\bline (\d+)")


def placed(notebook: Notebook, site: Site) -> Site:
    """Move a site to the line of the file that its line of the cell is written on."""
    return replace(site, line=notebook.line_in_file(site.line), column=1, end_line=None, end_column=None)


def told(notebook: Notebook, line: int, detail: str) -> str:
    """Name the cell a detail is about, and the cells of the lines it mentions."""
    inner = _LINE.sub(lambda match: notebook.label(int(match[1])), detail)
    return f"{notebook.label(line)}: {inner}" if inner else notebook.label(line)


def strays(notebook: Notebook, module: Module, occurrence: Occurrence) -> int | None:
    """Give the first line outside of the cell of a site that its rewrite would have to touch."""
    own = notebook.cell_at(occurrence.node.lineno)
    outside = [node.lineno for node in _touched(module, occurrence) if notebook.cell_at(node.lineno) is not own]
    return min(outside, default=None)


def _touched(module: Module, occurrence: Occurrence) -> Iterator[ast.stmt | ast.expr]:
    yield from (node for read in occurrence.trace.names if (node := read.node) is not None)
    func = occurrence.node.func if isinstance(occurrence.node, ast.Call) else None
    root = None if func is None else root_name(func)
    found = None if root is None else module.lookup(root)
    for binding in () if found is None else found[1]:
        if isinstance(binding.node, ast.Import | ast.ImportFrom):
            yield binding.node
