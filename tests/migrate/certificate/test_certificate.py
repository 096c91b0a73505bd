"""Certificates of retirement: whatever is changed in one is found, whoever changed it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from migrate import certificate
from migrate.certificate import UnfitError
from migrate.journal import chain
from tests.support.certified import APPLICATION, HOSTILE, KEY, chained, document, exchange, facts, grounds

TEAM = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ANOTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def signed() -> dict[str, Any]:
    return document(signer=lambda content: certificate.sign(TEAM, content))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=5,
)
PLAIN, SIGNED = certificate.file(document()), certificate.file(signed())


def found(content: bytes, key: Ed25519PrivateKey | None = None) -> list[str]:
    return [each.where for each in certificate.check(content, key.public_key() if key else None)]


def resealed(one: dict[str, Any]) -> dict[str, Any]:
    """Give a document the digest of what it says, as anybody can."""
    rest = {key: value for key, value in one.items() if key not in {"digest", "signature"}}
    return {**one, "digest": hashlib.sha256(certificate.canonical(rest)).hexdigest()}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from leaves(each, (*path, key))
    if not isinstance(value, dict | list):
        yield path


def changed(one: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    other = copy.deepcopy(one)
    place: Any = other
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return other


def test_a_certificate_holds_and_says_the_same_every_time() -> None:
    assert found(PLAIN) == []
    assert found(SIGNED) == found(SIGNED, TEAM) == []
    assert PLAIN.isascii()
    assert certificate.file(document()) == PLAIN
    claims = document()["claims"]
    assert [each["entry"] for each in claims["positive_proof"]["exchanges"]] == [2, 3]
    assert claims["negative_proof"]["answer"].startswith("no sign-in used it in 28 days")
    assert [each["kind"] for each in claims["afterwards"]] == ["proven", "watched"]
    assert [each["number"] for each in document()["entries"]] == [1, 2, 3, 5, 6, 7, 8], (
        "not those of another credential"
    )


@given(st.data())
def test_every_changed_byte_is_found(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from([PLAIN, SIGNED]))
    position = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != content[position]))
    assert found(content[:position] + bytes([byte]) + content[position + 1 :])


@given(st.data())
def test_cut_off_and_doubled_bytes_are_found(data: st.DataObject) -> None:
    first, last = sorted(
        data.draw(st.tuples(*[st.integers(0, len(SIGNED))] * 2).filter(lambda each: each[0] != each[1]))
    )
    assert found(SIGNED[:first] + SIGNED[last:])
    assert found(SIGNED[:last] + SIGNED[first:])


@pytest.mark.parametrize("value", ["2026-01-01T00:00:00+00:00", 7, None], ids=str)
def test_a_claim_or_entry_that_was_changed_is_found_where_the_digest_was_mended(value: Any) -> None:
    right = document()
    for path in leaves(right):
        forged = changed(right, path, value)
        if path[0] in {"claims", "entries"} and forged != right:
            problems = found(certificate.file(resealed(forged)))
            assert any(path[0] in where or where == "document" for where in problems), (path, problems)


def test_whatever_was_changed_is_found_where_it_was_signed() -> None:
    right = signed()
    for path in leaves(right):
        forged = resealed(changed(right, path, "x"))
        if forged != right:
            assert found(certificate.file(forged)), path


def test_a_journal_made_anew_is_found_by_its_signature() -> None:
    others = [*facts()]
    others[1] = ("proven", others[1][1], {"data": exchange("2026-05-01T12:00:01+00:00")})
    forged = {**document(others), "signature": signed()["signature"]}
    assert found(certificate.file(forged), TEAM) == ["signature"]
    assert found(PLAIN, TEAM) == ["signature"], "one without a signature"
    assert found(SIGNED, ANOTHER) == ["signature"]
    assert found(certificate.file(document(signer=lambda content: certificate.sign(ANOTHER, content))), TEAM) == [
        "signature"
    ]


def with_facts(position: int, **parts: Any) -> list[str]:
    written = facts()
    kind, subject, old = written[position]
    written[position] = (kind, subject, {**old, **parts})
    return found(certificate.file(document(written)))


MEANT = 4
PROOF = "claims.positive_proof"
LOG = "claims.negative_proof"


@pytest.mark.parametrize(
    ("position", "parts", "where"),
    [
        (1, {"data": exchange(application="x")}, f"{PROOF}.exchanges[0].application"),
        (1, {"data": exchange(tenant="x")}, f"{PROOF}.exchanges[0].tenant"),
        (1, {"data": exchange(credential_class="1")}, f"{PROOF}.exchanges[0].credential_class"),
        (1, {"data": exchange(assertion_subject="x")}, f"{PROOF}.exchanges[0].assertion_subject"),
        (1, {"data": exchange(assertion_issuer="x")}, f"{PROOF}.exchanges[0].assertion_issuer"),
        (1, {"data": exchange("2026-05-01T12:26:00+00:00")}, f"{PROOF}.exchanges[0]"),
        (MEANT, {"data": {**grounds(), "proofs": []}}, f"{PROOF}.exchanges"),
        (MEANT, {"data": {**grounds(), "proofs": [7]}}, f"{PROOF}.exchanges[0]"),
        (MEANT, {"data": grounds(covers_since="2026-04-04T00:00:00+00:00")}, f"{LOG}.covers_since"),
        (MEANT, {"data": grounds(covers_since=None)}, f"{LOG}.covers_since"),
        (MEANT, {"data": grounds(unused_days=29)}, f"{LOG}.unused_days"),
        (MEANT, {"data": grounds(sign_ins_with_it=1)}, f"{LOG}.sign_ins_with_it"),
        (MEANT, {"data": grounds(sign_ins_unclear=1)}, f"{LOG}.sign_ins_unclear"),
        (MEANT, {"data": {**grounds(), "gates": {"exchange-proven": "x"}}}, "claims.gates.secret-unused"),
        (MEANT, {"seen_before": {"credentials": []}}, "claims.removal.credentials_before"),
        (5, {"seen_after": {"credentials": [KEY]}}, "claims.removal.credentials_after"),
        (5, {"data": {"tenant_time": "2026-05-01T12:00:00+00:00"}}, "claims.removal.done"),
    ],
)
def test_a_removal_that_was_not_proven_is_told_although_every_hash_holds(
    position: int, parts: dict[str, Any], where: str
) -> None:
    assert with_facts(position, **parts) == [where]


def test_entries_of_another_application_are_told() -> None:
    rows = chained(facts(), application="66666666-0000-4000-8000-000000000006")
    origin = certificate.Origin(journal="0" * 32, entries=len(rows), head=str(rows[-1]["hash"]))
    assert set(found(certificate.file(certificate.make(origin, rows, KEY, "application")))) == {
        f"entries[{position}].application" for position in range(7)
    }


def test_what_was_not_removed_or_not_explained_is_not_certified() -> None:
    assert certificate.retired(chained(facts())) == [(KEY, "application")]
    with pytest.raises(UnfitError, match="no entry retired"):
        document(facts()[:5])
    with pytest.raises(UnfitError, match=r"retire-meant of credential .* before its removal"):
        document(facts()[:4] + facts()[5:])
    old = [*facts()]
    old[MEANT] = ("retire-meant", KEY, {"data": {"gates": {}}})
    with pytest.raises(UnfitError, match="earlier version"):
        document(old)


def test_two_credentials_with_one_key_id_have_a_certificate_each() -> None:
    written, other = facts(), "servicePrincipal"
    for kind, subject, parts in facts()[4:6]:
        written.append((kind, subject, {**parts, "data": {**parts["data"], "holder": other}}))
    rows = chained(written)
    origin = certificate.Origin(journal="0" * 32, entries=len(rows), head=str(rows[-1]["hash"]))
    documents = [certificate.make(origin, rows, *each) for each in certificate.retired(rows)]
    assert [found(certificate.file(each)) for each in documents] == [[], []]
    assert [each["claims"]["credential"]["holder"] for each in documents] == ["application", other]
    assert [each["claims"]["removal"]["done"]["entry"] for each in documents] == [6, 10]
    assert len({certificate.name_of(each) for each in documents}) == 2


def test_names_of_files_are_ids_whatever_the_journal_holds() -> None:
    assert certificate.name_of(document()) == f"{APPLICATION}-{KEY}.json"
    hostile = changed(document(), ("claims", "credential", "key_id"), f"../../{HOSTILE}")
    name = certificate.name_of(hostile)
    assert name.removesuffix(".json").replace("-", "").isalnum()


@given(ANYTHING)
def test_whatever_json_is_given_is_judged_and_never_fails(value: Any) -> None:
    assert certificate.check(json.dumps(value).encode())
    right = document()
    for field in ("claims", "entries", "journal", "signature", "digest"):
        assert certificate.check(json.dumps({**right, field: value}).encode())


@pytest.mark.parametrize(
    ("position", "part"),
    [
        (4, {"data": grounds() | {"tenant_time": "9999-12-31T23:59:59+00:00"}}),
        (4, {"data": grounds(unused_days=10**12)}),
        (4, {"data": grounds(until="9999-12-31T23:59:59+00:00", **{"from": "0001-01-01T00:00:00+14:00"})}),
    ],
)
def test_times_and_spans_beyond_what_there_is_do_not_hold(position: int, part: dict[str, Any]) -> None:
    written = facts()
    kind, subject, parts = written[position]
    written[position] = (kind, subject, parts | part)
    assert certificate.check(certificate.file(document(written)))


def test_canonical_json_is_that_of_rfc_8785() -> None:
    # Keys by UTF-16 code units (3.2.3): U+1F600 is written with surrogates, which come before U+FB33.
    value = {"\ufb33": 1, "\U0001f600": 2, "\x80": 3, "a": '\x0f\n"\\/\u20ac', "\r": None}
    assert certificate.canonical(value) == (
        '{"\\r":null,"a":"\\u000f\\n\\"\\\\/€","\x80":3,"\U0001f600":2,"\ufb33":1}'.encode()
    )
    for bad in (1.5, 1 << 53, float("nan"), "\ud800", {"a": object()}):
        with pytest.raises((TypeError, ValueError)):
            certificate.canonical(bad)


def test_the_same_hashes_as_those_of_the_journal() -> None:
    for row in document()["entries"]:
        assert row["hash"] == chain.link(row)
