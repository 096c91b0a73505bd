"""A journal's entries about one application whose secret was removed, made up, with hashes that hold."""

from __future__ import annotations

import json
from typing import Any

from migrate import certificate
from migrate.certificate import Origin
from migrate.journal import chain

HOSTILE = "'\"<x>\u202e\x1b[31m$(touch x)\n😀"
APPLICATION = "11111111-0000-4000-8000-000000000001"
KEY = "22222222-0000-4000-8000-000000000002"
IDENTITY = "33333333-0000-4000-8000-000000000003"
TENANT = "44444444-0000-4000-8000-000000000004"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
JOURNAL = "0" * 32
Facts = list[tuple[str, str, dict[str, Any]]]


def exchange(issued_at: str = "2026-05-01T12:00:00+00:00", **changes: str) -> dict[str, Any]:
    """What a proof's entry says."""
    return {
        "application": APPLICATION,
        "tenant": TENANT,
        "credential_class": "2",
        "audience": "00000003-0000-0000-c000-000000000000",
        "issued_at": issued_at,
        "expires_at": "2026-05-01T13:00:00+00:00",
        "token_id": "aGVsbG8",
        "assertion_issuer": ISSUER,
        "assertion_subject": IDENTITY,
        "assertion_audience": "api://AzureADTokenExchange",
        **changes,
    }


def grounds(**log: Any) -> dict[str, Any]:
    """What the entry of a removal that is meant says."""
    return {
        "holder": "application",
        "kind": "secret",
        "tenant_time": "2026-05-01T12:10:00+00:00",
        "gates": {
            "secret-unused": "no sign-in used it in 28 days; the log covers them",
            "exchange-proven": "2 exchanges",
        },
        "tenant": TENANT,
        "application": {
            "id": "55555555-0000-4000-8000-000000000005",
            "client_id": APPLICATION,
            "display_name": HOSTILE,
        },
        "identity": {"principal_id": IDENTITY, "client_id": "c", "name": HOSTILE, "resource_id": None},
        "federated_credential": {
            "id": "f",
            "name": HOSTILE,
            "issuer": ISSUER,
            "subject": IDENTITY,
            "audience": "api://AzureADTokenExchange",
        },
        "proofs": [2, 3],
        "log": {
            "unused_days": 28,
            "from": "2026-04-03T12:10:00+00:00",
            "until": "2026-05-01T12:10:00+00:00",
            "covers_since": "2026-04-01T00:00:00+00:00",
            "sign_ins": 4,
            "sign_ins_federated": 4,
            "sign_ins_with_it": 0,
            "sign_ins_unclear": 0,
            **log,
        },
    }


def facts() -> Facts:
    """Kind, subject and parts of the entries of a removal as it should be."""
    afterwards = exchange("2026-05-01T12:12:00+00:00")
    return [
        ("proof-failed", IDENTITY, {"data": {"code": 70025, "message": HOSTILE}}),
        ("proven", IDENTITY, {"data": exchange()}),
        ("proven", IDENTITY, {"data": exchange("2026-05-01T12:10:01+00:00")}),
        ("held", "another-key", {"data": {"gates": {}}}),
        (
            "retire-meant",
            KEY,
            {"data": grounds(), "meant": {"remove": KEY}, "seen_before": {"credentials": [KEY, "another-key"]}},
        ),
        (
            "retired",
            KEY,
            {
                "data": {"kind": "secret", "tenant_time": "2026-05-01T12:10:00+00:00"},
                "done": {"removed": True},
                "seen_after": {"credentials": ["another-key"]},
            },
        ),
        ("proven", IDENTITY, {"data": afterwards}),
        ("watched", APPLICATION, {"data": {"tenant_time": "2026-05-01T15:00:00+00:00"}}),
    ]


def chained(written: Facts, application: str = APPLICATION) -> list[chain.Row]:
    """Give the entries as a journal holds them."""
    rows: list[chain.Row] = []
    previous = chain.genesis(JOURNAL)
    for number, (kind, subject, parts) in enumerate(written, start=1):
        row: dict[str, chain.Cell] = {
            "actor": "someone@somewhere",
            "application": application,
            "at": f"2026-05-01T12:{number:02}:00+00:00",
            "fence": 1,
            "kind": kind,
            "number": number,
            "plan": "a" * 64,
            "previous": previous,
            "subject": subject,
        }
        for part in ("data", "done", "meant", "seen_after", "seen_before"):
            row[part] = json.dumps(parts[part], sort_keys=True) if part in parts else None
        previous = chain.link(row)
        rows.append({**row, "hash": previous})
    return rows


def document(written: Facts | None = None, signer: certificate.Signer | None = None) -> dict[str, Any]:
    """Give the certificate of the removal."""
    rows = chained(facts() if written is None else written)
    origin = Origin(journal=JOURNAL, entries=len(rows), head=str(rows[-1]["hash"]))
    return certificate.make(origin, rows, KEY, "application", signer)
