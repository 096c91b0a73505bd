"""Reports on several tenants as one: a row for each tenant, then every table with the tenant beside it. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from reports.model import Cell, Column, Document, Fact, Table

_TENANT = Column(key="tenant", title="Tenant")


def together(documents: Sequence[Document]) -> Document:
    """Join reports of snapshots; ``as_of`` is that of the oldest, findings name their tenant after their subject.

    Every document begins with the fact ``Tenant``. A column that one tenant has and another has not is empty there.
    """
    return Document(
        title=documents[0].title.removesuffix("a Microsoft Entra tenant") + f"{len(documents)} Microsoft Entra tenants",
        as_of=min((each.as_of for each in documents if each.as_of), default=None),
        facts=(Fact(label="Tenants", value=len(documents)),),
        tables=(_tenants(documents), *(_joined(name, documents) for name in _names(documents))),
        findings=tuple(
            dataclasses.replace(finding, subject=f"{finding.subject} [{_tenant(each)}]")
            for each in documents
            for finding in each.findings
        ),
    )


def _tenant(document: Document) -> Cell:
    return document.facts[0].value


def _names(documents: Iterable[Document]) -> list[str]:
    return list(dict.fromkeys(table.name for each in documents for table in each.tables))


def _tenants(documents: Sequence[Document]) -> Table:
    labels = list(dict.fromkeys(fact.label for each in documents for fact in each.facts))
    facts = [{fact.label: fact.value for fact in each.facts} for each in documents]
    return Table(
        name="tenants",
        title="Tenants",
        columns=tuple(Column(key=label.lower().replace(" ", "_"), title=label) for label in labels),
        rows=tuple(tuple(known.get(label) for label in labels) for known in facts),
    )


def _joined(name: str, documents: Sequence[Document]) -> Table:
    tables = [(_tenant(each), table) for each in documents for table in each.tables if table.name == name]
    columns = list({column.key: column for _, table in tables for column in table.columns}.values())
    rows: list[tuple[Cell, ...]] = []
    for tenant, table in tables:
        keys = [column.key for column in table.columns]
        rows += ((tenant, *_cells(dict(zip(keys, row, strict=True)), columns)) for row in table.rows)
    first = tables[0][1]
    notes = dict.fromkeys(table.note for _, table in tables if table.note)
    return Table(name=name, title=first.title, columns=(_TENANT, *columns), rows=tuple(rows), note=" ".join(notes))


def _cells(row: dict[str, Cell], columns: Iterable[Column]) -> Iterable[Cell]:
    return (row.get(column.key) for column in columns)
