"""Files whose sign-ins can be rewritten: the cases, each with an application and a variable of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from codemods.cases import REWRITTEN, cases, subjects
from codemods.errors import CodemodError
from codemods.transform import Already
from tests.codemods.unfiltered import sites_of

_SHORT = 4
"""Names with fewer letters stand in every file of a large tree; those of the cases do, those of programs do not."""
_VARIABLE = re.compile(r"""((?:environ\[|getenv\(|environ\.get\()["'])\w+(["'])""")


def lay(folder: Path, count: int, client_id: str) -> None:
    """Write some files below a folder, each in a folder of its own."""
    for number, text in enumerate(islice(cycle(list(_texts(client_id))), count)):
        path = folder / f"service_{number}" / f"sign_in_{number}.py"
        path.parent.mkdir(parents=True)
        path.write_text(text.replace("SHOP_SECRET", f"SHOP_{number}_SECRET"), encoding="utf-8")


def _texts(client_id: str) -> Iterator[str]:
    for case in (case for name in subjects(REWRITTEN) for case in cases(name) if len(case.files) == 1):
        before = _VARIABLE.sub(r"\1SHOP_SECRET\2", case.before)
        if before.isascii() and (text := _of_one_application(before, client_id)) is not None:
            yield text


def _of_one_application(text: str, client_id: str) -> str | None:
    """Put a client id into every site of a text."""
    try:
        found = sites_of(text)
    except CodemodError:
        return None
    names = {read.name for each in found for read in each.trace.names}
    if any(len(name) < _SHORT for name in names | {item.key for each in found for item in each.trace.items}):
        return None
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    clients = {each.verdict.client for each in found if not isinstance(each.verdict, Already)} - {None}
    for node in sorted(filter(None, clients), key=lambda node: (-node.lineno, -node.col_offset)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        text = f'{text[:start]}"{client_id}"{text[end:]}'
    return text if clients and _parses(text) else None


def _parses(text: str) -> bool:
    """Tell whether a client id could be put there: one in an address stands at no place of its own."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
