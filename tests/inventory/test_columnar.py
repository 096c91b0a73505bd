"""Whole pages become the rows that their objects become one by one, whatever is in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import columnar, convert
from inventory.decoded import Decoded
from inventory.instants import instant
from inventory.rows import Reading
from inventory.secret_texts import WITHHELD
from inventory.snapshot import entries
from inventory.snapshot.digest import Digest
from inventory.snapshot.entries import Entry
from inventory.snapshot.seen import Seen
from inventory.snapshot.writer import _SUMMED
from inventory.tables import schema
from inventory.tables.texts import time
from inventory.tables.times import times
from tests.inventory.values import guid
from tests.support.examples import examples

_READING: dict[str, Callable[[], Reading[Any, Any]]] = {
    "applications": convert.applications,
    "service-principals": convert.service_principals,
}
_TABLES = ("applications", "service_principals", "identities", "credentials", "owners", "notes", "unreadable")
_TIMES = st.none() | st.sampled_from([
    "2025-01-02T03:04:05.1234567Z", "2025-01-02T03:04:05Z", "2025-01-02T03:04:05.12Z", "0001-01-01T00:00:00Z",
    "2021-03-18T00:00:00-8:00", "9999-12-31T23:59:59.9999999Z", "2025-02-30T00:00:00.0000000Z", "", "soon",
    "2025-01-02 03:04:05.1234567Z", "2025-01-02T03:04:05.1234567+",
])  # fmt: skip
_ID = st.integers(0, 6).map(lambda number: guid("e", number)) | st.sampled_from([" E0 ", "x", ""])
_TEXT = st.none() | st.sampled_from(["", "ci", "CN=a, b", "password=Hunter2!", "\u00e9\u0000", "Ana"])
_MARK = st.none() | st.sampled_from([
    "", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "p9PEYmuKhP2oaMzGfSdNQC/9ChA=", "\u00e9" * 28, "QQBCAA==", "a" * 28,
])  # fmt: skip
_TIMED = {"keyId": _ID, "displayName": _TEXT, "customKeyIdentifier": _MARK, "startDateTime": _TIMES,
          "endDateTime": _TIMES}  # fmt: skip
_SECRET = st.fixed_dictionaries({**_TIMED, "hint": _TEXT | st.just("aB1x")})
_CERTIFICATE = st.fixed_dictionaries(
    {
        **_TIMED,
        "usage": st.sampled_from([None, "Verify", "Sign", "Encrypt"]),
        "type": st.sampled_from([None, "AsymmetricX509Cert", "X509CertAndPassword", "Symmetric"]),
    }
)
_OWNER = st.fixed_dictionaries(
    {
        "id": _ID,
        "@odata.type": st.sampled_from([None, "#microsoft.graph.user", "odd", ""]),
        "displayName": _TEXT,
        "accountEnabled": st.sampled_from([None, True, False]),
    }
)
_LOCK = st.none() | st.fixed_dictionaries(
    {"isEnabled": st.sampled_from([None, True, False]), "allProperties": st.none()}
)
_HOLDER = {
    "id": st.integers(0, 400).map(lambda number: guid("c", number)) | st.sampled_from(["odd", "password=Hunter2!"]),
    "appId": st.integers(0, 400).map(lambda number: guid("D", number)),
    "displayName": _TEXT,
    "createdDateTime": _TIMES,
    "tags": st.none() | st.lists(st.sampled_from(["a", 'b"c', "secret=abc"]), max_size=2),
    "owners": st.none() | st.lists(_OWNER, max_size=2),
    "tokenEncryptionKeyId": st.sampled_from([None, None, None, "", guid("e", 1), guid("0", 0)]),
    "passwordCredentials": st.none() | st.lists(_SECRET, max_size=2),
    "keyCredentials": st.none() | st.lists(_CERTIFICATE, max_size=2),
}
_KINDS = {
    "applications": st.fixed_dictionaries(
        {
            **_HOLDER,
            "signInAudience": st.sampled_from([None, "AzureADMyOrg", "new"]),
            "notes": st.sampled_from([None, "", f"see {guid('a', 1)}", "password=Hunter2!"]),
            "isDisabled": st.sampled_from([None, True, False]),
            "disabledByMicrosoftStatus": st.sampled_from([None, "NotDisabled", "Disabled"]),
            "createdByAppId": st.sampled_from([None, "", " AA "]),
            "serviceManagementReference": _TEXT,
            "servicePrincipalLockConfiguration": _LOCK,
        },
        optional={"news": st.sampled_from(["x", 5])},
    ),
    "service-principals": st.fixed_dictionaries(
        {
            **_HOLDER,
            "servicePrincipalType": st.sampled_from([None, "Application", "ManagedIdentity", "Legacy"]),
            "alternativeNames": st.none() | st.just(["isExplicit=True"]),
            "accountEnabled": st.sampled_from([None, True, False]),
            "appOwnerOrganizationId": st.sampled_from([None, "", "AAAA"]),
            "preferredSingleSignOnMode": st.sampled_from([None, None, "", "saml"]),
            "preferredTokenSigningKeyThumbprint": st.sampled_from([None, None, "AB"]),
        }
    ),
}


def _database() -> tuple[sqlite3.Connection, Seen]:
    database = sqlite3.connect(":memory:", isolation_level=None)
    for statement in (*schema.statements(), *schema.unfinished()):
        database.execute(statement)
    return database, entries.remember(database)


def _written(collection: str, pages: Sequence[Sequence[Entry]]) -> tuple[dict[str, list[Any]], dict[str, int]]:
    """Return the tables as they stand after pages were added, and the sums of what was told to be added."""
    database, seen = _database()
    digest = Digest()
    for page in pages:
        added = entries.add(database, collection, page, seen)
        for table in _SUMMED:
            for rows in added.of(table):
                digest.take(table, rows)
    tables = {table: database.execute(schema.select(table)).fetchall() for table in _TABLES}
    database.close()
    return tables, digest._sums


def _body(rows: list[Any]) -> bytes:
    return json.dumps({"value": rows}).encode()


@examples(40, 400)
@pytest.mark.parametrize("collection", sorted(_KINDS))
def test_a_page_becomes_what_its_objects_become_one_by_one(collection: str, examples: int) -> None:
    @settings(max_examples=examples)
    @given(st.lists(st.lists(_KINDS[collection], max_size=5), min_size=1, max_size=3))
    def holds(told: list[list[Any]]) -> None:
        reading, single = _READING[collection](), _READING[collection]()
        whole = [reading.decoded(_body(rows)).entries for rows in told]
        alone = [single.page(_body(rows)).entries for rows in told]
        assert [tuple(page) for page in whole] == [tuple(page) for page in alone]
        assert _written(collection, whole) == _written(collection, alone)

    holds()


def _plain(number: int) -> dict[str, Any]:
    secret = {"keyId": guid("e", number), "displayName": "ci", "hint": "aB1x", "endDateTime": "2027-01-01T00:00:00Z"}
    return {"id": guid("c", number), "appId": guid("d", number), "displayName": "x", "passwordCredentials": [secret]}


def _decoded(*rows: dict[str, Any]) -> Decoded[Any, Any]:
    page = convert.applications().decoded(_body(list(rows))).entries
    assert isinstance(page, Decoded)
    return page


def test_what_signs_or_encrypts_or_names_another_is_left_to_be_judged_with_the_rest_of_its_object() -> None:
    encrypting = {**_plain(2), "tokenEncryptionKeyId": guid("e", 2)}
    certificates = [{"keyId": guid("e", number)} for number in (30, 31)]
    naming = [{"keyId": guid("e", 40), "customKeyIdentifier": "QQBCAA=="}]
    page = _decoded(
        _plain(1),
        encrypting,
        {**_plain(3), "keyCredentials": certificates},
        {**_plain(4), "passwordCredentials": naming},
    )
    found = columnar.plain(page)
    assert found is not None
    assert (found.ids, found.others) == ([guid("c", 1)], [1, 2, 3])
    assert columnar.plain(_decoded(_plain(1), _plain(1))) is None
    assert columnar.plain(_decoded(_plain(1), {**_plain(2), "createdDateTime": "soon"})) is None


def test_an_object_that_comes_again_stays_as_it_came_first() -> None:
    first, again = _decoded(_plain(1), _plain(2)), _decoded({**_plain(2), "displayName": "later"}, _plain(3))
    tables, _ = _written("applications", [first, again])
    assert [(row[0], row[2]) for row in tables["applications"]] == [(guid("c", one), "x") for one in (1, 2, 3)]
    assert len(tables["credentials"]) == 3


def test_a_secret_in_a_whole_page_is_withheld() -> None:
    tables, _ = _written("applications", [_decoded(_plain(1), {**_plain(2), "displayName": "password=Hunter2!"})])
    assert [row[2] for row in tables["applications"]] == ["x", WITHHELD]


def test_what_is_there_already_is_known_when_a_file_is_taken_up() -> None:
    database, seen = _database()
    entries.add(database, "applications", _decoded(_plain(1)), seen)
    entries.add(database, "applications", _decoded(_plain(1), _plain(2)), entries.remember(database))
    entries.add(database, "applications", _decoded(_plain(2)))
    assert database.execute("SELECT count(*), count(DISTINCT id) FROM applications").fetchone() == (2, 2)
    database.close()


@given(
    st.lists(_TIMES | st.datetimes().map(lambda one: f"{one:%Y-%m-%dT%H:%M:%S}.{one.microsecond:06d}7Z"), max_size=5)
)
def test_a_column_of_times_is_read_as_each_of_them_is(column: list[str | None]) -> None:
    assert _or_nothing(lambda: times(column)) == _or_nothing(lambda: [time(instant(text)) for text in column])


def _or_nothing(made: Callable[[], list[str | None]]) -> list[str | None] | None:
    try:
        return made()
    except ValueError:
        return None


@given(st.lists(st.integers(0, 50).map(str), max_size=60), st.lists(st.integers(0, 50).map(str), max_size=60))
def test_nothing_that_was_seen_is_taken_for_new(first: list[str], second: list[str]) -> None:
    seen = Seen()
    told = [*first, *second]
    suspects = [*seen.suspects("applications", first), *seen.suspects("applications", second)]
    assert len(told) - len(suspects) <= len(set(told))
    assert set(seen.suspects("applications", set(told))) == set(told)
