"""What a certificate claims, as it follows from the entries of the journal that it holds. Pure.

Whoever writes a certificate and whoever checks it derive the claims in the same way, so that a claim that the entries
do not bear out cannot stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from inventory.model import Holder
from migrate.certificate.canonical import canonical
from migrate.entry import Kind
from migrate.journal.chain import Row

_PARTS = ("data", "meant", "seen_before", "done", "seen_after")
_GROUNDS = ("application", "federated_credential", "gates", "identity", "log", "proofs", "tenant")
_GROUNDS_UNUSED = ("application", "deactivation", "gates", "log", "tenant")
"""Of a credential whose application was deactivated: nothing took over, as nobody used it."""
_OF_APPLICATION = frozenset(
    kind.value
    for kind in (
        Kind.FEDERATE_MEANT, Kind.FEDERATED, Kind.FEDERATE_FAILED, Kind.PROVEN, Kind.PROOF_FAILED, Kind.OWNER_TOLD,
        Kind.WATCHING, Kind.WATCHED, Kind.WATCH_FAILED, Kind.DEACTIVATE_MEANT, Kind.DEACTIVATED, Kind.ACTIVATED,
        Kind.SCREAM_FAILED,
    )
)  # fmt: skip
"""Kinds of entries about an application that bear on each of its credentials."""


class UnfitError(ValueError):
    """Entries that certify no retirement; the message says why, and what is missing."""


def concerning(rows: Sequence[Row], key_id: str) -> list[Row]:
    """Choose, of an application's entries, those that a certificate about one of its credentials holds."""
    return [row for row in rows if row["subject"] == key_id or row["kind"] in _OF_APPLICATION]


def retired(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return key id and holder of each credential whose removal was confirmed, in the order of their removal."""
    found = (row for row in rows if row["kind"] == Kind.RETIRED.value)
    return list(dict.fromkeys((str(row["subject"]), _holder(_read(row))) for row in found))


def derive(rows: Sequence[Row], key_id: str, holder: str) -> dict[str, Any]:
    """Return the claims that an application's entries bear out about a credential; raises UnfitError.

    ``holder``: as the entries spell it, since an application and its service principal may share a key id.
    """
    try:
        read = [_read(row) for row in rows]
        claims = _claims([each for each in read if each["subject"] != key_id or _holder(each) == holder], key_id)
        canonical(claims)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, UnfitError):
            raise
        raise UnfitError(f"its entries cannot be understood ({type(error).__name__})") from error
    return claims


def _read(row: Row) -> dict[str, Any]:
    parts = {part: msgspec.json.decode(str(row[part]), type=dict[str, Any]) for part in _PARTS if row[part]}
    return {**row, **{part: {} for part in _PARTS}, **parts}


def _holder(entry: Mapping[str, Any]) -> str:
    return str(entry["data"].get("holder", Holder.APPLICATION))


def _claims(entries: list[dict[str, Any]], key_id: str) -> dict[str, Any]:
    done = _last(entries, Kind.RETIRED, key_id, before=None)
    meant = _last(entries, Kind.RETIRE_MEANT, key_id, before=done["number"])
    data = meant["data"]
    grounds = _GROUNDS_UNUSED if "deactivation" in data else _GROUNDS
    if missing := [name for name in grounds if name not in data]:
        raise UnfitError(
            f"entry {meant['number']} does not say what the removal rested on ({', '.join(missing)}): it was written "
            "by an earlier version"
        )
    return {
        "tenant": data["tenant"],
        "application": data["application"],
        "credential": {"key_id": key_id, "kind": data["kind"], "holder": data["holder"]},
        "plan": meant["plan"],
        **_instead(entries, data),
        "negative_proof": {**data["log"], "answer": data["gates"].get("secret-unused")},
        "gates": data["gates"],
        "removal": {
            "meant": _moment(meant),
            "done": _moment(done),
            "credentials_before": meant["seen_before"]["credentials"],
            "credentials_after": done["seen_after"]["credentials"],
        },
        "afterwards": [
            {**_moment(entry), "kind": entry["kind"]}
            for entry in entries
            if entry["number"] > done["number"] and entry["kind"] in _OF_APPLICATION
        ],
    }


def _instead(entries: list[dict[str, Any]], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what took the credential's place, or that its application was deactivated and nobody missed it."""
    if "deactivation" in data:
        return {"deactivation": data["deactivation"]}
    proofs = [_exchange(entry) for entry in entries if entry["number"] in data["proofs"]]
    proof = {"identity": data["identity"], "federated_credential": data["federated_credential"], "exchanges": proofs}
    return {"positive_proof": proof}


def _last(entries: list[dict[str, Any]], kind: Kind, key_id: str, *, before: int | None) -> dict[str, Any]:
    found = [each for each in entries if each["kind"] == kind.value and each["subject"] == key_id]
    if before is not None:
        found = [each for each in found if each["number"] < before]
    if not found:
        when = "" if before is None else " before its removal"
        raise UnfitError(f"it holds no entry {kind.value} of credential {key_id}{when}")
    return found[-1]


def _moment(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return which entry it is, who wrote it, and when: by the journal's clock, and by the tenant's where told."""
    told = entry["data"].get("tenant_time")
    return {"entry": entry["number"], "by": entry["actor"], "at": entry["at"], "tenant_time": told}


def _exchange(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"entry": entry["number"], **entry["data"]}
