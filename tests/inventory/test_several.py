from __future__ import annotations

from datetime import UTC, datetime

from inventory.report import together
from reports.model import Cell, Column, Confidence, Document, Fact, Finding, Severity, Table

OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def table(*keys: str, rows: tuple[tuple[Cell, ...], ...] = ()) -> Table:
    columns = tuple(Column(key=key, title=key) for key in keys)
    return Table(name="credentials", title="Credentials", columns=columns, rows=rows)


def document(tenant: str, at: datetime, held: Table, *facts: Fact) -> Document:
    finding = Finding(rule="r", message="m", severity=Severity.NOTE, confidence=Confidence.HIGH, subject="orders-api")
    return Document(
        title="Credentials of a Microsoft Entra tenant",
        as_of=at,
        facts=(Fact(label="Tenant", value=tenant), *facts),
        tables=(held,),
        findings=(finding,),
    )


def test_every_row_says_its_tenant_and_columns_are_united() -> None:
    one = document("t1", NEW, table("a", "b", rows=((1, 2),)), Fact(label="Client secrets", value=5))
    two = document("t2", OLD, table("b", "c", rows=((3, 4), (5, 6))))
    joined = together([one, two])
    assert (joined.title, joined.as_of) == ("Credentials of 2 Microsoft Entra tenants", OLD)
    tenants, credentials = joined.tables
    assert [column.key for column in tenants.columns] == ["tenant", "client_secrets"]
    assert tenants.rows == (("t1", 5), ("t2", None))
    assert [column.key for column in credentials.columns] == ["tenant", "a", "b", "c"]
    assert credentials.rows == (("t1", 1, 2, None), ("t2", None, 3, 4), ("t2", None, 5, 6))
    assert [finding.subject for finding in joined.findings] == ["orders-api [t1]", "orders-api [t2]"]
