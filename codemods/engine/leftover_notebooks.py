"""What is left in notebooks: cells by their syntax, commands and cells of other languages by their lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from codemods.engine.flow import Dropped
from codemods.engine.leftover_code import Met, in_code
from codemods.engine.notebook import Notebook, read_notebook
from codemods.engine.source import parse
from codemods.errors import CodemodError
from codemods.leftover import LeftoverKind
from codemods.leftovers.place import pattern_of
from codemods.leftovers.used import use_of
from codemods.names import Module

_SETS = r"\s*%(?:set_)?env\s+{name}(?:\s|=)"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """A notebook that was read, with what its sites make disappear and where they read their secret."""

    notebook: Notebook
    module: Module
    dropped: Dropped | None = None
    read_at: Mapping[tuple[int, int], bool] = field(default_factory=dict)


def open_notebook(name: str, data: bytes) -> Opened | None:
    """Read a notebook that has no site; None when it is none in Python."""
    try:
        notebook = read_notebook(name, data)
        return None if notebook is None else Opened(notebook=notebook, module=Module(parse(name, notebook.source.text)))
    except CodemodError:
        return None


def in_notebook(opened: Opened, names: Collection[str]) -> Iterator[Met]:
    """List the places of a notebook, by the lines of its file."""
    notebook = opened.notebook
    for line, name, kind, dead in in_code(opened.module, names, opened.dropped, is_test=False, read_at=opened.read_at):
        yield notebook.line_in_file(line), name, kind, dead
    pattern = pattern_of(names)
    for start, cell in zip(notebook.starts, notebook.cells, strict=False):
        lines = cell.text.split("\n")
        for at in sorted(cell.blanked):
            for name in dict.fromkeys(pattern.findall(lines[at]) if at < len(lines) else ()):
                yield notebook.line_in_file(start + at), name, _of_command(lines, at, name), False


def in_other_notebook(data: bytes, names: Collection[str]) -> Iterator[Met]:
    """List the lines of a notebook in another language, or of none that can be read: each may need the variable."""
    pattern = pattern_of(names)
    for line, text in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        for name in dict.fromkeys(pattern.findall(text)):
            yield line, name, LeftoverKind.OTHER_USE, False


def _of_command(lines: list[str], at: int, name: str) -> LeftoverKind:
    if re.match(_SETS.format(name=re.escape(name)), lines[at]):
        return LeftoverKind.CODE_SETS
    return use_of(lines, at, name) or LeftoverKind.SHELL
