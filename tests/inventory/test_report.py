from __future__ import annotations

import dataclasses
from datetime import timedelta

from inventory.model import Holder, Purpose, ScanNote, TenantId
from inventory.report import document
from reports.model import Cell, Document
from tests.inventory import values
from tests.inventory.values import NOW


def _column(found: Document, table: str, key: str) -> list[Cell]:
    wanted = next(one for one in found.tables if one.name == table)
    at = [column.key for column in wanted.columns].index(key)
    return [row[at] for row in wanted.rows]


def _facts(found: Document) -> dict[str, Cell]:
    return {fact.label: fact.value for fact in found.facts}


def _example() -> Document:
    foreign = dataclasses.replace(
        values.principal(
            5, credentials=(values.secret(9, holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 5)),)
        ),
        home_tenant=TenantId(values.guid("1", 1)),
    )
    return document(
        values.snapshot(
            values.application(
                1,
                credentials=(values.secret(1), values.secret(2, end=NOW)),
                federated=(values.trust(), values.trust()),
                owners=(values.owner(1), values.owner(2, name=None)),
            ),
            values.application(2, credentials=(values.secret(3, purpose=Purpose.ENCRYPTION),), owners=()),
            values.application(3, owners=None, federated=None),
            principals=(foreign,),
            activities=(
                values.activity(1, at=NOW - timedelta(days=9)),
                values.activity(1, at=NOW - timedelta(days=3)),
                values.activity(1, at=None),
                values.activity(2, at=None),
            ),
            notes=(ScanNote(subject="x", text="unreadable"),),
        )
    )


def test_every_credential_has_one_row_and_unknown_use_is_said() -> None:
    found = _example()
    assert found.tables[0].name == "credentials"
    assert _column(found, "credentials", "last_successful_sign_in") == [
        NOW - timedelta(days=3),
        "unknown",
        "unknown",
        "unknown",
    ]
    assert _column(found, "credentials", "state") == ["live", "expired", "live", "live"]
    assert _column(found, "credentials", "owners")[:3] == [f"Ana; {values.guid('f', 2)}"] * 2 + ["none"]
    assert _column(found, "credentials", "holder")[3] == "service principal of another tenant's application"
    assert _column(found, "credentials", "federated") == [2, 2, 0, None]


def test_the_figures_agree_with_the_tables() -> None:
    found = _example()
    facts = _facts(found)
    assert (facts["Applications"], facts["Credentials"], facts["Client secrets"]) == (3, 4, 3)
    assert (facts["Encryption"], facts["Expired"], facts["Without owner"], facts["Already federated"]) == (1, 1, 1, 1)
    assert _column(found, "overview", "purpose") == ["authentication", "encryption", "all"]
    assert _column(found, "overview", "all") == [3, 1, 4]
    assert _column(found, "overview", "expired") == [1, 0, 1]


def test_applications_and_identities_say_how_they_hang_together() -> None:
    found = _example()
    assert _column(found, "applications", "live") == [1, 0, 0]
    assert _column(found, "applications", "federated") == [2, 0, "unknown"]
    assert _column(found, "identities", "trusted_by") == [1]
    assert _column(found, "notes", "text") == ["unreadable"]


def test_a_key_that_the_service_principal_encrypts_with_is_not_counted_as_a_credential_of_the_application() -> None:
    key = values.secret(1, end=None)
    principal = values.principal(1, encryption_key=key.key_id)
    found = document(values.snapshot(values.application(1, credentials=(key,)), principals=(principal,)))
    assert (_facts(found)["Encryption"], _facts(found)["Client secrets"]) == (1, 0)
    assert _column(found, "credentials", "purpose") == ["encryption"]
    assert _column(found, "applications", "live") == [0]
    assert found.findings == ()


def test_an_empty_tenant_has_a_report_too() -> None:
    found = document(values.snapshot(identities=()))
    assert _facts(found)["Credentials"] == 0
    assert [len(table.rows) for table in found.tables] == [0, 0, 0, 0, 0]
    assert found.findings == ()
