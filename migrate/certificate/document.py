"""A certificate of retirement as one document: claims, the entries they follow from, a digest, a signature. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.ids import guid
from migrate.certificate.canonical import canonical, digest
from migrate.certificate.claims import concerning, derive, retired
from migrate.journal.chain import Row

FORMAT = "unsecret certificate of retirement"
SCHEMA = 1
FIELDS = frozenset({"claims", "digest", "entries", "format", "journal", "schema", "signature"})
Signer = Callable[[bytes], dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The journal that a certificate was made from, and its head at that time: the anchor for what follows."""

    journal: str
    entries: int
    head: str


def make(origin: Origin, rows: Sequence[Row], key_id: str, holder: str, signer: Signer | None = None) -> dict[str, Any]:
    """Return the certificate of one credential from its application's entries; raises UnfitError."""
    chosen = concerning(rows, key_id)
    document: dict[str, Any] = {
        "format": FORMAT,
        "schema": SCHEMA,
        "journal": {"id": origin.journal, "entries": origin.entries, "head": origin.head},
        "claims": derive(chosen, key_id, holder),
        "entries": [dict(row) for row in chosen],
    }
    document["digest"] = digest(document)
    document["signature"] = signer(signed_part(document)) if signer else None
    return document


def signed_part(document: Mapping[str, Any]) -> bytes:
    """Return the bytes that a signature is over: the canonical JSON of everything else."""
    return canonical({key: value for key, value in document.items() if key != "signature"})


def digested_part(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the digest is of."""
    return {key: value for key, value in document.items() if key not in {"digest", "signature"}}


def name_of(document: Mapping[str, Any]) -> str:
    """Return the name of its file, which no text of a tenant can steer."""
    claims = document["claims"]
    key_id, holder = claims["credential"]["key_id"], claims["credential"]["holder"]
    ids = [each or digest(claims)[:32] for each in (guid(claims["application"]["client_id"]), guid(key_id))]
    shared = [other for key, other in retired(document["entries"]) if key == key_id and other != holder]
    return "-".join([*ids, *([digest({"holder": holder})[:8]] if shared else [])]) + ".json"
