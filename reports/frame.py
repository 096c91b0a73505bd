"""Tables as pandas data frames, and the sums that pandas is good at. pandas is imported when the first one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.model import Align, Cell, Column, Table

if TYPE_CHECKING:
    import pandas as pd


def frame(table: Table) -> pd.DataFrame:
    """Return a data frame with a column for each key; times become timestamps in UTC where a column has only times."""
    import pandas as pd  # noqa: PLC0415 - 0.9 s, and only reports need it

    data = pd.DataFrame.from_records(list(table.rows), columns=[column.key for column in table.columns])
    return data.convert_dtypes()


def cross(table: Table, *, down: str, across: str, name: str, title: str) -> Table:
    """Count the rows of a table by two of its columns (keys), with sums at the right end and in the last row.

    A cell of None counts as ``unknown``.
    """
    import pandas as pd  # noqa: PLC0415 - 0.9 s, and only reports need it

    first, second = (next(at for at, one in enumerate(table.columns) if one.key == key) for key in (down, across))
    heading = table.columns[first]
    if not table.rows:
        return Table(name=name, title=title, columns=(heading,), rows=())
    pairs = pd.DataFrame([(_word(row[first]), _word(row[second])) for row in table.rows], columns=["down", "across"])
    counts = pd.crosstab(pairs["down"], pairs["across"], margins=True, margins_name="all")
    figures = (Column(key=str(key), title=str(key), align=Align.RIGHT) for key in counts.columns)
    rows = zip(counts.index, counts.to_numpy().tolist(), strict=True)
    return Table(
        name=name,
        title=title,
        columns=(heading, *figures),
        rows=tuple((str(word), *(int(count) for count in found)) for word, found in rows),
    )


def _word(cell: Cell) -> str:
    return "unknown" if cell is None else str(cell)
