"""Proofs that are made on a host without the journal, and carried to it in a file. Pure, and no token is in one.

A file answers one request: it names the request's nonce, the plan, and for each exchange the application, the federated
credential and the identity. It is taken into the journal once, while the request is young.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from inventory.model import ClientId, PrincipalId
from migrate.certificate import digest, file, parsed
from migrate.entry import Entry, Kind
from migrate.errors import ProofError
from migrate.exchange import judge
from migrate.exchanged import ExchangeClaims
from migrate.model import Pairing, Plan

FORMAT = "unsecret proof"
SCHEMA = 1
_EARLIER = timedelta(minutes=10)
"""A token's ``iat`` lies up to five minutes before it was asked for, and clocks differ by as much again."""


class _Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issuer: str
    subject: str
    audience: str


class _Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: int | None
    message: str


class _Try(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    application: str
    identity: str
    federated_credential: _Trust
    claims: ExchangeClaims | None
    failure: _Failure | None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    schema: int
    nonce: str
    plan: str
    tries: tuple[_Try, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nobodys:
    """The lease of a journal that nobody else can see."""

    application: ClientId
    fence: int = 1

    def renew(self) -> None:
        """Nothing runs out."""


class Carried:
    """A journal in memory, in the place of one that cannot be reached: it keeps what ``verify`` records."""

    def __init__(self) -> None:
        self.recorded: list[Entry] = []

    def record(self, entry: Entry) -> Entry:
        """Keep an entry."""
        self.recorded.append(entry)
        return entry

    def record_together(self, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """Keep entries."""
        return tuple(self.record(each) for each in entries)

    def entries(
        self, *, kinds: tuple[Kind, ...] = (), application: ClientId | None = None, after: int = 0
    ) -> tuple[Entry, ...]:
        """Return what was kept, in its order; ``after`` counts from one."""
        return tuple(
            each
            for each in self.recorded[after:]
            if (not kinds or each.kind in kinds) and application in {None, each.application}
        )

    @contextmanager
    def lease(self, application: ClientId) -> Iterator[_Nobodys]:
        """Nobody else acts here."""
        yield _Nobodys(application=application)


def written(plan: Plan, nonce: str, recorded: Iterable[Entry]) -> bytes:
    """Return the file of the exchanges that were recorded for a plan."""
    by_client = {each.application.client_id: each for each in plan.pairings}
    tries = [
        _try(by_client[each.application], each)
        for each in recorded
        if each.application and each.kind in {Kind.PROVEN, Kind.PROOF_FAILED}
    ]
    document = {"format": FORMAT, "schema": SCHEMA, "nonce": nonce, "plan": plan.digest, "tries": tries}
    return file({**document, "digest": digest(document)})


def _try(pairing: Pairing, entry: Entry) -> dict[str, Any]:
    trust, proven = pairing.federated, entry.kind is Kind.PROVEN
    return {
        "application": pairing.application.client_id,
        "identity": pairing.identity.principal_id,
        "federated_credential": {"issuer": trust.issuer, "subject": trust.subject, "audience": trust.audience},
        "claims": dict(entry.data) if proven else None,
        "failure": None if proven else dict(entry.data),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the journal knows of requests, and of the plan that was used last."""

    plan: str
    tenant: str
    pairings: tuple[Pairing, ...]
    requests: tuple[Entry, ...]
    imported: frozenset[str]
    """Nonces that were used."""
    failed: Mapping[str, datetime]
    """When the exchange of an application was last seen to fail, by the journal's clock."""


def taken(content: bytes, known: Known, now: datetime, longest: timedelta) -> tuple[str, tuple[Entry, ...]]:
    """Return the nonce of a file and the entries that it comes to; raises ProofError where it is not to be taken."""
    found = _understood(content)
    if found.nonce in known.imported:
        raise ProofError("the proof was imported already: a nonce counts once; ask again with: unsecret proof request")
    request = next((each for each in known.requests if each.subject == found.nonce), None)
    if request is None or request.at is None:
        raise ProofError("the proof answers no request of this journal: make one with: unsecret proof request PLAN")
    if not found.plan == request.plan == known.plan:
        raise ProofError("the proof was made for another plan: ask again with the one that is used now")
    if now - request.at > longest:
        hours = longest / timedelta(hours=1)
        raise ProofError(f"the proof answers a request that is older than {hours:.0f} hours: ask again")
    asked = request.data["applications"]
    by_client = {each.application.client_id: each for each in known.pairings}
    entries = []
    for each in found.tries:
        pairing = by_client.get(ClientId(each.application))
        if pairing is None or not isinstance(asked, list) or each.application not in asked:
            raise ProofError(f"the proof is about application {each.application}, which was not asked for")
        _check(each, pairing, known.tenant, (request.at - _EARLIER, now + _EARLIER))
        _check_newer(each, known.failed.get(each.application))
        entries.append(_entry(each, pairing, found))
    return found.nonce, tuple(entries)


def _understood(content: bytes) -> _File:
    try:
        document = parsed(content)
        found = msgspec.convert(document, _File)
        whole = file(document) == content and found.digest == digest(
            {key: value for key, value in document.items() if key != "digest"}
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise ProofError("it is no file of: unsecret verify PLAN --proof-out FILE") from error
    if (found.format, found.schema) != (FORMAT, SCHEMA):
        raise ProofError("it is no file of this version of: unsecret verify PLAN --proof-out FILE")
    if not whole:
        raise ProofError("the proof is not as it was written: something was changed on the way")
    return found


def _check(one: _Try, pairing: Pairing, tenant: str, times: tuple[datetime, datetime]) -> None:
    name, wanted = one.application, pairing.federated
    trust = (one.federated_credential.issuer, one.federated_credential.subject, one.federated_credential.audience)
    if one.identity != pairing.identity.principal_id or trust != (wanted.issuer, wanted.subject, wanted.audience):
        raise ProofError(f"the proof of application {name} is about another identity or federated credential")
    if (one.claims is None) == (one.failure is None):
        raise ProofError(f"the proof of application {name} says neither that it worked nor that it failed")
    if one.claims is not None:
        if wrong := judge(pairing, tenant, one.claims):
            raise ProofError(f"the proof of application {name} is none: {wrong}")
        if one.claims.issued_at.tzinfo is None or not times[0] <= one.claims.issued_at <= times[1]:
            raise ProofError(f"the proof of application {name} was not made between the request and now")


def _check_newer(one: _Try, failed: datetime | None) -> None:
    """Refuse a success from before a failure: written after it, it would take the failure back."""
    if failed is not None and one.claims is not None and one.claims.issued_at < failed:
        raise ProofError(
            f"the proof of application {one.application} was made before its exchange failed at "
            f"{failed:%Y-%m-%d %H:%M} UTC: ask again with: unsecret proof request"
        )


def _entry(one: _Try, pairing: Pairing, found: _File) -> Entry:
    told: dict[str, Any] = msgspec.to_builtins(one.claims if one.claims is not None else one.failure)
    return Entry(
        kind=Kind.PROVEN if one.claims is not None else Kind.PROOF_FAILED,
        plan=found.plan,
        application=pairing.application.client_id,
        subject=PrincipalId(one.identity),
        data={**told, "nonce": found.nonce},
    )
