"""``unsecret snapshot diff``: what appeared, changed and disappeared between two snapshots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, assert_never

import click
import msgspec

from inventory.diff import Change, Difference, diff
from migrate.cli.options import FILE, Settings, reading
from migrate.cli.output import emit


@click.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@reading
def command(*, settings: Settings, old: Path, new: Path) -> int:
    """List what appeared, changed and disappeared from the snapshot OLD to NEW; exit code 1 when anything did."""
    found = diff(old, new)
    emit(settings, _lines(found), _data(found))
    return 1 if found else 0


def _data(found: Sequence[Difference]) -> dict[str, Any]:
    counts: Counter[str] = Counter(one.change.value for one in found)
    return {"counts": dict(sorted(counts.items())), "differences": [msgspec.to_builtins(one) for one in found]}


def _lines(found: Sequence[Difference]) -> Iterator[str]:
    for one in found:
        yield f"{_sign(one.change)} {one.kind} {one.name}{_unread(one)}"
        for field in one.fields:
            yield f"    {field.name}: {_cell(field.old)} -> {_cell(field.new)}"
    counts = Counter(one.change for one in found)
    yield ", ".join(f"{counts[change]} {change.value}" for change in Change if counts[change]) or "no difference"


def _unread(one: Difference) -> str:
    return " (one of the scans could not read it)" if one.change is Change.UNKNOWN else ""


def _sign(change: Change) -> str:
    match change:
        case Change.APPEARED:
            return "+"
        case Change.CHANGED:
            return "~"
        case Change.DISAPPEARED:
            return "-"
        case Change.UNKNOWN:
            return "?"
        case _:
            assert_never(change)


def _cell(cell: str | int | None) -> str:
    return "none" if cell is None else str(cell)
