from __future__ import annotations

import dataclasses
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import hygiene, report, snapshot
from inventory.classify import expiry
from inventory.estate import SettingKind, Tier
from inventory.hygiene_context import STANDARD, Context
from inventory.model import Application, ClientId, CredentialKind, Holder, Purpose, ScanNote, Snapshot, TenantId
from inventory.usage import SourceName, Use
from inventory.usage_subject import BLUEPRINT
from inventory.usage_verdict import in_words
from reports.model import Cell, Document, Finding
from tests.inventory import values
from tests.inventory.values import NOW
from tests.support.examples import share


def _column(found: Document, table: str, key: str) -> list[Cell]:
    wanted = next(one for one in found.tables if one.name == table)
    at = [column.key for column in wanted.columns].index(key)
    return [row[at] for row in wanted.rows]


def _facts(found: Document) -> dict[str, Cell]:
    return {fact.label: fact.value for fact in found.facts}


def document(path: Path, value: Snapshot, limit: int | None = report.LIMIT) -> Document:
    snapshot.write(path / "s.db", value)
    return report.document(path / "s.db", limit=limit)


def _example(path: Path) -> Document:
    theirs = dataclasses.replace(
        values.secret(9, holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 5)),
        client_id=ClientId(values.guid("d", 5)),
    )
    foreign = dataclasses.replace(values.principal(5, credentials=(theirs,)), home_tenant=TenantId(values.guid("1", 1)))
    return document(
        path,
        values.snapshot(
            values.application(
                1,
                credentials=(values.secret(1), values.secret(2, end=NOW)),
                federated=(values.trust(), values.trust()),
                owners=(values.owner(1), values.owner(2, name=None)),
            ),
            values.application(
                2, credentials=(values.secret(3, purpose=Purpose.ENCRYPTION, holder_id=values.guid("c", 2)),), owners=()
            ),
            values.application(3, owners=None, federated=None),
            principals=(foreign,),
            uses=(
                values.use(1, at=NOW - timedelta(days=9), address="203.0.113.1"),
                values.use(1, at=NOW - timedelta(days=3), address="203.0.113.2"),
                values.use(1, at=None),
                values.use(2, at=None),
            ),
            notes=(ScanNote(subject="x", text="unreadable"),),
        ),
    )


def test_every_credential_has_one_row_and_unknown_use_is_said(tmp_path: Path) -> None:
    found = _example(tmp_path)
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


def test_the_figures_agree_with_the_tables(tmp_path: Path) -> None:
    found = _example(tmp_path)
    facts = _facts(found)
    assert (facts["Applications"], facts["Credentials"], facts["Client secrets"]) == (3, 4, 3)
    assert (facts["Encryption"], facts["Expired"]) == (1, 1)
    assert facts["Without owner"] == facts["Already federated"] == "1, and unknown for 1"
    assert _column(found, "overview", "purpose") == ["authentication", "encryption", "all"]
    assert _column(found, "overview", "all") == [3, 1, 4]
    assert _column(found, "overview", "expired") == [1, 0, 1]


def test_applications_and_identities_say_how_they_hang_together(tmp_path: Path) -> None:
    found = _example(tmp_path)
    assert _column(found, "applications", "live") == [1, 0, 0]
    assert _column(found, "applications", "federated") == [2, 0, "unknown"]
    assert _column(found, "identities", "trusted_by") == ["at least 1"]
    assert _column(found, "notes", "text") == ["unreadable"]


def test_a_key_that_the_service_principal_encrypts_with_is_not_counted_as_a_credential_of_the_application(
    tmp_path: Path,
) -> None:
    key = values.secret(1, end=None)
    principal = values.principal(1, encryption_key=key.key_id)
    found = document(tmp_path, values.snapshot(values.application(1, credentials=(key,)), principals=(principal,)))
    assert (_facts(found)["Encryption"], _facts(found)["Client secrets"]) == (1, 0)
    assert _column(found, "credentials", "purpose") == ["encryption"]
    assert _column(found, "applications", "live") == [0]
    assert found.findings == ()


def test_a_number_that_was_not_read_is_not_nought(tmp_path: Path) -> None:
    unread = tuple(values.application(number, owners=None, federated=None) for number in (1, 2))
    notes = (ScanNote(subject="hosts", text="Azure was not read: hosts are unknown"),)
    found = document(tmp_path, values.snapshot(*unread, notes=notes))
    facts = _facts(found)
    assert facts["Without owner"] == facts["Already federated"] == facts["Hosts"] == "unknown"
    assert _column(found, "identities", "trusted_by") == _column(found, "identities", "hosts") == ["unknown"]
    partly = (ScanNote(subject=f"subscription {values.guid('5', 1)}", text="Reader not granted on the whole of it"),)
    found = document(tmp_path, values.snapshot(hosts=(values.host(1),), notes=partly))
    assert (_facts(found)["Hosts"], _column(found, "identities", "hosts")) == ("at least 1", ["at least 1"])


def test_a_secret_on_the_service_principal_alone_is_a_live_credential_of_its_application(tmp_path: Path) -> None:
    secret = values.secret(1, holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 1))
    found = document(
        tmp_path, values.snapshot(values.application(1), principals=(values.principal(1, credentials=(secret,)),))
    )
    assert _column(found, "applications", "live") == _column(found, "applications", "credentials") == [1]


def test_a_system_assigned_identity_is_attached_to_its_host(tmp_path: Path) -> None:
    host = dataclasses.replace(values.host(1), identities=(), system_principal=values.PRINCIPAL)
    found = document(tmp_path, values.snapshot(hosts=(host,)))
    assert _column(found, "identities", "hosts") == [1]


def test_an_empty_tenant_has_a_report_too(tmp_path: Path) -> None:
    found = document(tmp_path, values.snapshot(identities=()))
    assert _facts(found)["Credentials"] == 0
    assert [len(table.rows) for table in found.tables] == [0] * 8
    assert found.findings == ()


def test_a_certificate_that_is_used_by_its_thumbprint_has_a_last_use(tmp_path: Path) -> None:
    mark = "AB" * 20
    certificate = dataclasses.replace(values.secret(1), kind=CredentialKind.CERTIFICATE, thumbprint=mark, hint=None)
    use = dataclasses.replace(values.use(1), key_id=None, thumbprint=mark)
    found = document(tmp_path, values.snapshot(values.application(1, credentials=(certificate,)), uses=(use,)))
    assert _column(found, "credentials", "last_successful_sign_in") == [NOW - timedelta(days=3)]
    assert _facts(found)["Use known"] == 1


def test_roles_hosts_and_sources_are_told(tmp_path: Path) -> None:
    secret = dataclasses.replace(values.secret(1), holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 1))
    client = values.setting("CLIENT", SettingKind.CLIENT_ID, client=values.guid("d", 1))
    found = document(
        tmp_path,
        values.snapshot(
            values.application(1),
            principals=(values.principal(1, credentials=(secret,)),),
            hosts=(
                values.host(1, settings=(client, values.setting("KEY", SettingKind.SECRET))),
                values.host(2, settings=None),
            ),
            roles=(values.role(), values.role(values.PRINCIPAL, tier=Tier.CONTROL)),
            sources=(values.source(blind=("one", "two")), values.source(SourceName("logs"), missing="not granted")),
        ),
    )
    assert _column(found, "roles", "principal") == ["id-orders", "orders-api"]
    assert _column(found, "roles", "credentials") == [0, 1]
    assert _column(found, "hosts", "secrets") == [1, "unknown"]
    assert _column(found, "hosts", "applications") == [1, "unknown"]
    assert _column(found, "identities", "hosts") == [2]
    assert _column(found, "sources", "blind_spots") == ["one; two", None]
    assert _column(found, "sources", "missing") == [None, "not granted"]


def test_a_table_that_is_cut_says_how_much_it_leaves_out(tmp_path: Path) -> None:
    held = tuple(
        values.application(
            number,
            owners=(),
            credentials=(dataclasses.replace(values.secret(number), holder_id=values.guid("c", number)),),
        )
        for number in range(1, 8)
    )
    cut = document(tmp_path, values.snapshot(*held), 3)
    assert [len(table.rows) for table in cut.tables] == [3, 2, 3, 1, 0, 0, 0, 0]
    assert "The first 3 of 7: all are in the CSV and JSON reports" in cut.tables[0].note
    assert "The first" not in cut.tables[3].note
    assert len(cut.findings) == 3
    assert _facts(cut)["Credentials"] == 7
    assert _facts(cut)["Findings"] == "the first 3: all are in the CSV and JSON reports"
    whole = document(tmp_path, values.snapshot(*held), None)
    assert [len(table.rows) for table in whole.tables[:3]] == [7, 2, 7]
    assert len(whole.findings) == 8  # one for each application, and one for the use of all
    assert "Findings" not in _facts(whole)


_TIMES = st.one_of(
    st.none(),
    st.datetimes(datetime(1990, 1, 1), datetime(9990, 1, 1)).map(lambda at: at.replace(tzinfo=NOW.tzinfo)),  # noqa: DTZ001
    st.sampled_from([NOW, NOW + timedelta(microseconds=1), NOW + timedelta(days=30 * 365), NOW - timedelta(days=9)]),
)


@settings(max_examples=share(40), deadline=None)
@given(dates=st.lists(st.tuples(_TIMES, _TIMES), min_size=1, max_size=12))
def test_sql_judges_dates_as_the_rules_do(
    tmp_path_factory: pytest.TempPathFactory, dates: list[tuple[datetime | None, datetime | None]]
) -> None:
    credentials = tuple(values.secret(number, start=start, end=end) for number, (start, end) in enumerate(dates))
    found = document(tmp_path_factory.mktemp("dates"), values.snapshot(values.application(1, credentials=credentials)))
    assert _column(found, "credentials", "state") == [expiry(one, NOW).value for one in credentials]


def test_what_registered_an_application_is_known_in_whatever_piece_of_the_tenant_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["inventory.report.document"], "_JUDGED", 1)
    factory = values.application(2, name="factory")
    made = dataclasses.replace(values.application(1), created_by=factory.client_id)
    found = document(tmp_path, values.snapshot(made, factory))
    [told] = [each for each in found.findings if each.rule == "application-created-by-application"]
    assert told.message == f"The application factory ({factory.client_id}) registered it."


def _alike(count: int) -> tuple[Application, ...]:
    """Applications whose one secret has ended, and of whose other one nobody tells the use."""
    return tuple(
        values.application(
            number,
            owners=(values.owner(1), values.owner(2)),
            credentials=tuple(
                dataclasses.replace(one, client_id=ClientId(values.guid("d", number)))
                for one in (
                    values.secret(number, holder_id=values.guid("c", number)),
                    values.secret(99, end=NOW, holder_id=values.guid("c", number)),
                )
            ),
        )
        for number in range(1, count + 1)
    )


def test_unknown_use_is_counted_over_all_pieces_of_a_tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["inventory.report.document"], "_JUDGED", 2)
    found = document(tmp_path, values.snapshot(*_alike(7), sources=()), limit=None)
    [untold] = [each for each in found.findings if each.rule == "credential-use-unknown"]
    assert untold.message.startswith("Whether 7 credentials are used is unknown (of ")
    assert "and 4 more" in untold.message


def test_no_more_of_a_tenant_is_judged_than_is_shown_and_what_is_unknown_is_always_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, judged = sys.modules["inventory.report.document"], []

    def judging(piece: Snapshot, **more: Any) -> tuple[Finding, ...]:
        judged.append(piece)
        return hygiene.findings(piece, **more)

    monkeypatch.setattr(module, "_JUDGED", 1)
    monkeypatch.setattr(module, "findings", judging)
    found = document(tmp_path, values.snapshot(*_alike(9), sources=()), limit=3)
    assert [each.rule for each in found.findings] == [*["credential-expired"] * 2, "credential-use-unknown"]
    assert len(judged) == 3
    assert "Whether 3 credentials are used" in found.findings[-1].message


def test_the_use_of_a_credential_is_what_findings_and_explain_judge(tmp_path: Path) -> None:
    def held(number: int, purpose: Purpose = Purpose.AUTHENTICATION, **changes: Any) -> Application:
        one = values.secret(number, purpose=purpose, holder_id=values.guid("c", number))
        own = dataclasses.replace(one, client_id=ClientId(values.guid("d", number)))
        made = {"sign_in_audience": "AzureADMyOrg", **changes}
        return dataclasses.replace(values.application(number, credentials=(own,)), **made)

    local = values.secret(9, holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 4))
    local = dataclasses.replace(local, client_id=ClientId(values.guid("d", 4)))
    nobody = [_nobody(number) for number in (2, 3, 4, 5, 6)]
    agents = dataclasses.replace(values.principal(6), unknown=f"{{{BLUEPRINT}}}")
    value = values.snapshot(
        held(1), held(2), held(3, Purpose.SIGNING), held(4, sign_in_audience="AzureADMultipleOrgs"), held(5), held(6),
        principals=(values.principal(4, credentials=(local,)), agents),
        uses=(values.use(1), *nobody, dataclasses.replace(values.use(5), key_id=None, client_id=nobody[3].client_id)),
        sources=(values.source(), values.source(SourceName("graph-sign-ins"))),
    )  # fmt: skip
    found = document(tmp_path, value)
    told = dict(zip(_column(found, "credentials", "key_id"), _column(found, "credentials", "use"), strict=True))
    assert told == dict(zip(
        (values.guid("e", number) for number in (1, 2, 3, 4, 5, 6, 9)),
        ("used", "unused for 29 days", None, "unknown", "unknown", "unknown", "unused for 29 days"),
        strict=True,
    ))  # fmt: skip
    context = Context.of(value, STANDARD)
    every = [one for holder in value.applications for one in holder.credentials] + [local]
    for one in every:
        judged = in_words(context.use_of(one)) if one.purpose is Purpose.AUTHENTICATION else None
        assert told[one.key_id] == judged


def _nobody(number: int) -> Use:
    """No user signed in, as the report on applications says."""
    return Use(
        source=values.ACTIVITY,
        client_id=ClientId(values.guid("d", number)),
        key_id=None,
        delegated=True,
    )
