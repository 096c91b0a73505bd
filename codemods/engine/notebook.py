"""Jupyter notebooks: their code cells as one source, and edits of it put back into the cells.

The cells are joined in their order, because a name that one binds is read in the next. Lines that are no Python (``%``
and ``!`` commands) are replaced by a statement that does nothing, on the same line; a cell that is written in something
else is left empty. An edit is spliced into the strings of its cell; every other byte of the file stays.

Format: https://nbformat.readthedocs.io/en/latest/format_description.html (version 4).
Commands: https://ipython.readthedocs.io/en/stable/interactive/magics.html
"""

from __future__ import annotations

import ast
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codemods.engine.jsontext import Token, elements, members, rebuilt
from codemods.engine.source import Source, decode, parse
from codemods.engine.splice import Edit
from codemods.errors import DoesNotRoundTripError, SourceError, UndecodableError

_COMMAND = re.compile(r"^(\s*)(?:[%!].*|[^#'\"]*\?\s*)$")
_ASSIGNED = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$")
_PYTHON_CELLS = re.compile(r"%%(time|timeit|capture|prun)\b")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """A code cell: its number from 1 among all cells, its text, and what stands for it in the joined source.

    ``blanked`` are the lines (from 0) that are something else in the joined source, ``lost`` says that all of them are
    because the cell is no Python.
    """

    number: int
    value: Token
    text: str
    shown: str
    blanked: frozenset[int]
    lost: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Notebook:
    """A notebook with its code cells; ``starts`` are the lines (from 1) of the joined source they start on."""

    name: str
    data: bytes
    text: str
    cells: tuple[Cell, ...]
    source: Source
    starts: tuple[int, ...]

    def cell_at(self, line: int) -> Cell:
        """Give the cell that a line of the joined source is in."""
        return self.cells[bisect_right(self.starts, line) - 1]

    def label(self, line: int) -> str:
        """Say where a line of the joined source is, as a person sees it."""
        index = bisect_right(self.starts, line) - 1
        return f"cell {self.cells[index].number}, line {line - self.starts[index] + 1}"

    def line_in_file(self, line: int) -> int:
        """Give the line of the file that holds a line of the joined source."""
        index = bisect_right(self.starts, line) - 1
        token = self.cells[index].value
        parts = token.elements or (token,)
        wanted = min(line - self.starts[index], len(parts) - 1) if token.elements else 0
        return self.text.count("\n", 0, parts[wanted].start) + 1

    def with_edits(self, edits: Iterable[Edit]) -> bytes:
        """Put edits of the joined source into the cells, and prove that nothing else changed."""
        changed: dict[int, str] = {}
        for index, inside in self._by_cell(edits).items():
            changed[index] = _edited(self.name, self.cells[index], inside)
        text = self.text
        for index in sorted(changed, reverse=True):
            value = self.cells[index].value
            text = text[: value.start] + rebuilt(self.text, value, changed[index]) + text[value.end :]
        _prove(self, text, {self.cells[index].number: new for index, new in changed.items()})
        return self.data[: len(self.data) - len(self.text.encode())] + text.encode()

    def _by_cell(self, edits: Iterable[Edit]) -> dict[int, list[Edit]]:
        offsets = [self.source.line_start(line) for line in self.starts]
        found: dict[int, list[Edit]] = {}
        for edit in edits:
            index = bisect_right(offsets, edit.start) - 1
            if edit.start == offsets[index] and edit.start == edit.end and index and edit.text.startswith("\n"):
                index -= 1
            start = offsets[index]
            found.setdefault(index, []).append(Edit(start=edit.start - start, end=edit.end - start, text=edit.text))
        return found


def read_notebook(name: str, data: bytes) -> Notebook | None:
    """Read the code cells of a notebook; None when it is none of version 4, broken, or not in Python."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeError as error:
        raise UndecodableError(f"{name} is not UTF-8, as notebooks are; save it again") from error
    try:
        whole = json.loads(text)
        if not isinstance(whole, dict) or "cells" not in whole or not _is_python(whole):
            return None
        cells = [_cell(number, value) for number, value in _code_cells(text)]
        return _joined(name, data, text, cells)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None


def _is_python(whole: object) -> bool:
    match whole:
        case {"metadata": {"language_info": {"name": str(language)}}}:
            return language.lower() in {"python", "ipython"}
        case {"metadata": {"kernelspec": {"language": str(language)}}}:
            return language.lower() in {"python", "ipython"}
        case _:
            return True


def _code_cells(text: str) -> Iterator[tuple[int, Token]]:
    for key, cells in members(text, text.index("{")):
        if key != "cells":
            continue
        for number, cell in enumerate(elements(text, cells.start), 1):
            parts = dict(members(text, cell.start))
            if parts["cell_type"].value == "code":
                yield number, parts["source"]


def _joined(name: str, data: bytes, text: str, cells: list[Cell]) -> Notebook:
    starts, line = [], 1
    for cell in cells:
        starts.append(line)
        line += cell.shown.count("\n")
    source = decode(name, "".join(cell.shown for cell in cells).encode())
    return Notebook(name=name, data=data, text=text, cells=tuple(cells), source=source, starts=tuple(starts) or (1,))


def _cell(number: int, value: Token) -> Cell:
    text = "".join(str(item.value) for item in value.elements) if value.elements else _plain(value)
    whole = text if text.endswith("\n") or not text else f"{text}\n"
    if "\r" in text or "\f" in text:
        return _lost(number, value, text, whole)
    if _is_valid(whole):
        return Cell(number=number, value=value, text=text, shown=whole, blanked=frozenset(), lost=False)
    lines = whole.splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not _PYTHON_CELLS.match(first):
        return _lost(number, value, text, whole)
    shown = [_without_command(line) for line in lines]
    blanked = frozenset(index for index, line in enumerate(lines) if shown[index] != line)
    if not _is_valid("".join(shown)):
        return _lost(number, value, text, whole)
    return Cell(number=number, value=value, text=text, shown="".join(shown), blanked=blanked, lost=False)


def _plain(value: Token) -> str:
    return value.value if isinstance(value.value, str) else ""


def _lost(number: int, value: Token, text: str, whole: str) -> Cell:
    lines = whole.count("\n")
    return Cell(number=number, value=value, text=text, shown="\n" * lines, blanked=frozenset(range(lines)), lost=True)


def _without_command(line: str) -> str:
    bare = line.rstrip("\n")
    if (match := _ASSIGNED.match(bare)) is not None:
        return f"{match[1]}None\n"
    return f"{match[1]}pass\n" if (match := _COMMAND.match(bare)) is not None else line


def _is_valid(text: str) -> bool:
    try:
        return isinstance(parse("cell", text), ast.Module)
    except SourceError:
        return False


def _edited(name: str, cell: Cell, edits: list[Edit]) -> str:
    """Apply edits of what is shown to the text of the cell; a line that is not shown as it is cannot be edited."""
    ended = cell.text.endswith("\n") or not cell.text
    text = cell.text if ended else f"{cell.text}\n"
    shown, real = cell.shown.splitlines(keepends=True), text.splitlines(keepends=True)
    for edit in sorted(edits, reverse=True):
        lines = range(
            cell.shown.count("\n", 0, edit.start), cell.shown.count("\n", 0, max(edit.end - 1, edit.start)) + 1
        )
        if edit.end > len(cell.shown) or (edit.end > edit.start and cell.blanked & set(lines)):
            raise DoesNotRoundTripError(f"{name}: an edit leaves its cell; rewrite it by hand")
        before = len("".join(real[: lines[0]])) - len("".join(shown[: lines[0]]))
        text = text[: edit.start + before] + edit.text + text[edit.end + before :]
    return text if ended else text.removesuffix("\n")


def _prove(notebook: Notebook, text: str, changed: dict[int, str]) -> None:
    """Compare both versions as JSON: only the source of the changed cells differs, and only as it should."""
    old, new = json.loads(notebook.text), json.loads(text)
    for number, source in changed.items():
        one, other = old["cells"][number - 1], new["cells"][number - 1]
        joined = other["source"] if isinstance(other["source"], str) else "".join(other["source"])
        if joined != source:
            raise DoesNotRoundTripError(f"{notebook.name}: a cell would not hold what it should; nothing was done")
        one["source"] = other["source"] = ""
    if old != new:
        raise DoesNotRoundTripError(f"{notebook.name}: more than its cells would change; nothing was done")
