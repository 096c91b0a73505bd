"""A certificate checked with nothing but itself, and the team's public key where it is signed. Pure.

What the digest finds, anybody can mend who knows this program; what the signature finds, only the team. Where the
entries come from, the journal tells: the certificate's ``journal.head`` is an anchor for ``unsecret journal verify``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from migrate.certificate import signature
from migrate.certificate.canonical import digest, file, parsed
from migrate.certificate.claims import UnfitError, concerning, derive
from migrate.certificate.document import FIELDS, FORMAT, SCHEMA, digested_part, signed_part
from migrate.exchange import ASSERTION_CLASS
from migrate.journal import chain

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_ROW = frozenset({*chain.FIELDS, "hash"})
_GATES = frozenset({"exchange-proven", "secret-unused"})
"""Gates without which there is neither proof; versions may differ in the others."""
_GATES_UNUSED = frozenset({"deactivated-unmissed", "secret-unused"})
"""The same for a credential whose application was deactivated."""
_LEASE = timedelta(minutes=15)
"""The log is read, then an exchange is made, then the tenant is read once more: all while one lease lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong, and where in the document."""

    where: str
    what: str


def check(content: bytes, key: Ed25519PublicKey | None = None) -> tuple[Problem, ...]:
    """Return everything that is wrong with a certificate's file; nothing: it holds.

    With ``key`` it must be signed, and with that key.
    """
    try:
        document = parsed(content)
    except (ValueError, RecursionError) as error:
        return (Problem(where="file", what=_unparsed(error)),)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return (Problem(where="format", what="it is no certificate of retirement"),)
    if document.get("schema") != SCHEMA:
        return (Problem(where="schema", what=f"only schema {SCHEMA} is known here: use a newer unsecret"),)
    if document.keys() != FIELDS:
        what = f"it must have exactly these keys: {', '.join(sorted(FIELDS))}"
        return (Problem(where="document", what=what),)
    try:
        return tuple(_problems(content, document, key))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, ArithmeticError):
        return (Problem(where="document", what="it is not made as a certificate is"),)


def _unparsed(error: Exception) -> str:
    """Say why a file is no JSON, and where it stops being any; never what stands there."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply for a certificate"
    return "it is no JSON" + (
        f": see line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
    )


def _problems(content: bytes, document: dict[str, Any], key: Ed25519PublicKey | None) -> Iterator[Problem]:
    if file(document) != content:
        yield Problem(where="file", what="its bytes are not those that were written")
    if document["digest"] != digest(digested_part(document)):
        yield Problem(where="digest", what="it is not that of what the certificate says: something was changed")
    yield from _signature(document, key)
    broken = list(_entries(document))
    yield from broken
    if not broken:
        yield from _claims(document)


def _signature(document: dict[str, Any], key: Ed25519PublicKey | None) -> Iterator[Problem]:
    signed = document["signature"]
    if signed is None:
        if key is not None:
            yield Problem(where="signature", what="it is not signed")
    elif what := signature.wrong(signed, signed_part(document), key):
        yield Problem(where="signature", what=what)


def _entries(document: dict[str, Any]) -> Iterator[Problem]:
    """Check each entry by itself, and the links between those that follow each other."""
    last: dict[str, Any] | None = None
    rows, origin = document["entries"], document["journal"]
    if origin.keys() != {"id", "entries", "head"} or not rows:
        yield Problem(where="journal", what="it does not say which journal, with how many entries and which head")
        return
    for position, row in enumerate(rows):
        where = f"entries[{position}]"
        if row.keys() != _ROW:
            yield Problem(where=where, what="it is no entry of a journal")
            return
        if row["hash"] != chain.link(row):
            yield Problem(where=where, what=f"entry {row['number']} was altered: its hash is not that of what it says")
        if last is not None and row["number"] <= last["number"]:
            yield Problem(where=where, what=f"entry {row['number']} stands after entry {last['number']}")
        if last is not None and row["number"] == last["number"] + 1 and row["previous"] != last["hash"]:
            yield Problem(where=where, what=f"entry {row['number']} does not continue entry {last['number']}")
        last = row
    if last is not None and origin["entries"] == 1 and origin["head"] != last["hash"]:
        yield Problem(where="journal.head", what="it is not the hash of the only entry")


def _claims(document: dict[str, Any]) -> Iterator[Problem]:
    claims, rows = document["claims"], document["entries"]
    key_id, holder = claims["credential"]["key_id"], claims["credential"]["holder"]
    if concerning(rows, key_id) != rows:
        yield Problem(where="entries", what=f"some are not about credential {key_id}")
    try:
        derived = derive(rows, key_id, holder)
    except UnfitError as error:
        yield Problem(where="claims", what=str(error))
        return
    yield from _differences(claims, derived, "claims")
    yield from _sense(derived, rows)


def _differences(claimed: Any, derived: Any, where: str) -> Iterator[Problem]:
    """Tell where a claim is not what the entries say, as deep down as it can be told."""
    if isinstance(claimed, dict) and isinstance(derived, dict):
        for key in sorted({*claimed, *derived}):
            if key not in claimed or key not in derived:
                what = "it is missing" if key in derived else "no entry says so"
                yield Problem(where=f"{where}.{key}", what=what)
            else:
                yield from _differences(claimed[key], derived[key], f"{where}.{key}")
    elif isinstance(claimed, list) and isinstance(derived, list) and len(claimed) == len(derived):
        for position, (one, other) in enumerate(zip(claimed, derived, strict=True)):
            yield from _differences(one, other, f"{where}[{position}]")
    elif claimed != derived or type(claimed) is not type(derived):
        yield Problem(where=where, what="it is not what the entries say")


def _sense(claims: Mapping[str, Any], rows: list[dict[str, Any]]) -> Iterator[Problem]:
    """Check that what the entries say amounts to a proof."""
    client_id = claims["application"]["client_id"]
    for position, row in enumerate(rows):
        if row["application"] != client_id:
            yield Problem(where=f"entries[{position}].application", what=f"it is not about application {client_id}")
    unused = "deactivation" in claims
    yield from _deactivated(claims, rows) if unused else _positive(claims)
    yield from _negative(claims)
    yield from _removal(claims)
    for name in sorted((_GATES_UNUSED if unused else _GATES) - claims["gates"].keys()):
        yield Problem(where=f"claims.gates.{name}", what="it was not asked")


def _positive(claims: Mapping[str, Any]) -> Iterator[Problem]:
    proof = claims["positive_proof"]
    trust, where = proof["federated_credential"], "claims.positive_proof"
    if trust["subject"] != proof["identity"]["principal_id"]:
        yield Problem(where=f"{where}.federated_credential.subject", what="it is not the identity")
    wanted = {
        "application": claims["application"]["client_id"],
        "tenant": claims["tenant"],
        "credential_class": ASSERTION_CLASS,
        "assertion_issuer": trust["issuer"],
        "assertion_subject": trust["subject"],
    }
    meant = claims["removal"]["meant"]
    if not proof["exchanges"]:
        yield Problem(where=f"{where}.exchanges", what="there is none")
    for position, one in enumerate(proof["exchanges"]):
        place = f"{where}.exchanges[{position}]"
        for field, right in wanted.items():
            if one[field] != right:
                yield Problem(where=f"{place}.{field}", what=f"it is {one[field]}, not {right}")
        if one["entry"] >= meant["entry"] or _time(one["issued_at"]) > _time(meant["tenant_time"]) + _LEASE:
            yield Problem(where=place, what="it came after the removal")


def _deactivated(claims: Mapping[str, Any], rows: list[dict[str, Any]]) -> Iterator[Problem]:
    """Check that it was deactivated for as long as is claimed, and that looks at the log cover that time."""
    told, where, meant = claims["deactivation"], "claims.deactivation", claims["removal"]["meant"]
    since, until = _time(told["since"]), _time(meant["tenant_time"])
    shown = [row for row in rows if row["number"] == told["entry"] and row["kind"] == "deactivated"]
    again = [row for row in rows if row["kind"] == "activated" and told["entry"] < row["number"] < meant["entry"]]
    if not shown or told["entry"] >= meant["entry"]:
        yield Problem(where=f"{where}.entry", what="no entry before the removal says that it was deactivated")
    elif parsed(str(shown[0]["data"]).encode())["tenant_time"] != told["since"]:
        yield Problem(where=f"{where}.since", what="the entry says another time")
    if again:
        yield Problem(where=f"{where}.entry", what=f"entry {again[0]['number']} says that it was activated again")
    if told["days"] < 1 or until - since < timedelta(days=told["days"]):
        yield Problem(where=f"{where}.days", what="it was not deactivated for that long")
    if told["attempts"] != 0:
        yield Problem(where=f"{where}.attempts", what=f"{told['attempts']} attempts to sign in were seen since")
    at = max(since, until - timedelta(days=told["days"]))
    for one in sorted(told["looks"], key=lambda each: _time(each["since"])):
        at = max(at, _time(one["until"])) if _time(one["since"]) <= at else at
    if at < until - _LEASE:
        yield Problem(where=f"{where}.looks", what=f"no look at the log covers {at.isoformat()}")


def _negative(claims: Mapping[str, Any]) -> Iterator[Problem]:
    log, where = claims["negative_proof"], "claims.negative_proof"
    start, until = _time(log["from"]), _time(log["until"])
    if log["covers_since"] is None or _time(log["covers_since"]) > start:
        yield Problem(where=f"{where}.covers_since", what="the sign-in log does not cover the window")
    if log["unused_days"] < 1 or until - start != timedelta(days=log["unused_days"]):
        yield Problem(where=f"{where}.unused_days", what="the window is not that long")
    if log["until"] != claims["removal"]["meant"]["tenant_time"]:
        yield Problem(where=f"{where}.until", what="the window does not end when the gates were asked")
    for field in ("sign_ins_with_it", "sign_ins_unclear"):
        if log[field] != 0:
            yield Problem(where=f"{where}.{field}", what=f"{log[field]} sign-ins used it, or may have")


def _removal(claims: Mapping[str, Any]) -> Iterator[Problem]:
    removal, key_id = claims["removal"], claims["credential"]["key_id"]
    meant, done = removal["meant"], removal["done"]
    if meant["entry"] >= done["entry"] or _time(meant["tenant_time"]) > _time(done["tenant_time"]):
        yield Problem(where="claims.removal.done", what="it was done before it was meant")
    if key_id not in removal["credentials_before"]:
        yield Problem(where="claims.removal.credentials_before", what="the credential was not there before")
    if key_id in removal["credentials_after"]:
        yield Problem(where="claims.removal.credentials_after", what="the credential is still there")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
