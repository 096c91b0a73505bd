from __future__ import annotations

from reports.frame import cross, frame
from reports.model import Align, Column, Table
from tests.reports.samples import HOSTILE, document


def test_a_table_becomes_a_data_frame_with_typed_columns() -> None:
    data = frame(document().tables[0])
    assert list(data.columns) == ["application", "state", "end", "count", "share", "on"]
    assert len(data) == len(HOSTILE)
    assert str(data["count"].dtype) == "Int64"
    assert data["end"].isna().sum() == 6


def test_two_columns_are_counted_against_each_other() -> None:
    columns = (Column(key="a", title="A"), Column(key="b", title="B"))
    table = Table(name="t", title="T", columns=columns, rows=(("x", "p"), ("x", "q"), ("y", "p"), (None, "p")))
    found = cross(table, down="a", across="b", name="n", title="N")
    assert [(one.key, one.align) for one in found.columns] == [
        ("a", Align.LEFT),
        ("p", Align.RIGHT),
        ("q", Align.RIGHT),
        ("all", Align.RIGHT),
    ]
    assert found.rows == (("unknown", 1, 0, 1), ("x", 1, 1, 2), ("y", 1, 0, 1), ("all", 3, 1, 4))


def test_nothing_counted_is_an_empty_table() -> None:
    table = Table(name="t", title="T", columns=(Column(key="a", title="A"), Column(key="b", title="B")), rows=())
    assert cross(table, down="a", across="b", name="n", title="N").rows == ()
