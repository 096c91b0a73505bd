from __future__ import annotations

import sqlite3
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.snapshot import inserting
from inventory.tables import schema

_CELLS = {
    "TEXT": st.text(max_size=3) | st.sampled_from(["-9223372036854775808", "0", ""]),
    "INTEGER": st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1),
}


def _row(table: str) -> st.SearchStrategy[tuple[Any, ...]]:
    columns = schema.COLUMNS[table]
    cells = [_CELLS[column.split()[1]] for column in columns]
    told = [cell if "NOT NULL" in column else cell | st.none() for cell, column in zip(cells, columns, strict=True)]
    return st.tuples(*told)


@pytest.mark.parametrize("table", ["credentials", "owners", "uses"])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_many_rows_at_a_time_are_what_single_rows_are(table: str, data: st.DataObject) -> None:
    some = data.draw(st.lists(_row(table), max_size=5))
    rows = (some * 60)[: data.draw(st.integers(min_value=0, max_value=len(some) * 60))]
    database = sqlite3.connect(":memory:")
    database.execute(schema.create(table))
    inserting.insert(database, table, rows)
    kind = schema.names("credentials").index("kind")
    expected = sorted(rows, key=itemgetter(kind)) if table == "credentials" else rows
    assert database.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall() == expected  # noqa: S608 - our own
    database.close()


def test_what_is_there_stays_as_it_came_first() -> None:
    database = sqlite3.connect(":memory:")
    database.execute(schema.create("notes"))
    inserting.insert(database, "notes", [("a", "b")] * 700)
    inserting.insert(database, "notes", [("a", "b"), ("c", "d")])
    assert database.execute("SELECT * FROM notes").fetchall() == [("a", "b"), ("c", "d")]
    database.close()
