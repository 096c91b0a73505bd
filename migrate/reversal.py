"""What of a rollout can be taken back, in which order, and whether something uses it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from inventory.model import ClientId, FederatedCredential, SignIn, SignInHistory
from migrate.entry import Entry, Kind
from migrate.gate import CodeState
from migrate.rollout import Standing, State, is_clean

WINDOW: Final = timedelta(days=7)
"""How far back use of a federated credential counts: tenants without a premium licence keep no more of the log."""
_FEDERATED: Final = "federatedidentitycredential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """One change that is to be taken back."""

    meant: Kind
    failed: Kind
    subject: str
    """As in the journal: name of the federated credential, ARM id of the host or of the identity."""
    text: str
    id: str = ""
    """Id of the federated credential; empty where a run ended before it saw it."""
    issuer: str = ""
    trusted: str = ""
    """Its subject."""
    identity: str = ""
    """ARM id of the identity that is attached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """What is to be taken back, newest first, and what stays and why."""

    steps: tuple[Undo, ...]
    kept: tuple[str, ...]


def undoing(entries: tuple[Entry, ...], now: Standing, to: State) -> Undoing:
    """Return what to take back so that an application is at ``to``: planned or identity attached."""
    kept: list[str] = []
    steps = _trust(entries, now, kept)
    if to is State.PLANNED:
        steps += _hosts(entries, now, kept)
        steps += _identities(now)
    return Undoing(steps=tuple(steps), kept=tuple(kept))


def _trust(entries: tuple[Entry, ...], now: Standing, kept: list[str]) -> list[Undo]:
    names = {subject for kind, subject in now.begun if kind is Kind.FEDERATE_MEANT}
    if now.trust and now.trust.ours:
        names.add(now.trust.name)
    elif now.trust:
        kept.append(f"federated credential {now.trust.name}: it was there before, or was made by hand")
    found = []
    for name in sorted(names):
        meant = _last(entries, Kind.FEDERATE_MEANT, name)
        seen = now.trust.id if now.trust and now.trust.name == name and now.trust.ours else ""
        found.append(
            Undo(
                meant=Kind.UNFEDERATE_MEANT,
                failed=Kind.UNFEDERATE_FAILED,
                subject=name,
                text=f"delete federated credential {name}",
                id=seen,
                issuer=str(meant.data.get("issuer", "")) if meant else "",
                trusted=str(meant.data.get("subject", "")) if meant else "",
            )
        )
    return found


def _hosts(entries: tuple[Entry, ...], now: Standing, kept: list[str]) -> list[Undo]:
    """Return the hosts from which the identity is detached, the last one first."""
    begun = {subject.lower() for kind, subject in now.begun if kind is Kind.ATTACH_MEANT}
    kept += [f"{one.rpartition('/')[2]}: had the identity before" for one in sorted(now.hosts - now.attached - begun)]
    meant = {each.subject.lower(): each for each in entries if each.kind is Kind.ATTACH_MEANT}
    mine = [each for host, each in meant.items() if host in now.attached | begun]
    return [
        Undo(
            meant=Kind.DETACH_MEANT,
            failed=Kind.DETACH_FAILED,
            subject=each.subject,
            text=f"detach {_name(str(each.data['identity']))} from {_name(each.subject)}",
            identity=str(each.data["identity"]),
        )
        for each in sorted(mine, key=lambda one: one.number, reverse=True)
    ]


def _identities(now: Standing) -> list[Undo]:
    begun = {subject for kind, subject in now.begun if kind is Kind.IDENTITY_MEANT}
    created = {one for one in now.created if one not in {each.lower() for each in begun}}
    return [
        Undo(
            meant=Kind.IDENTITY_DELETE_MEANT,
            failed=Kind.IDENTITY_DELETE_FAILED,
            subject=resource_id,
            text=f"delete the identity {_name(resource_id)} if nothing else uses it",
        )
        for resource_id in sorted(begun | created)
    ]


def _last(entries: Iterable[Entry], kind: Kind, subject: str) -> Entry | None:
    found = [each for each in entries if each.kind is kind and each.subject == subject]
    return found[-1] if found else None


def _name(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]


def ours(present: Iterable[FederatedCredential], step: Undo) -> FederatedCredential | None:
    """Return the federated credential that we made: by its id or, where none was seen, as it was meant to be.

    One of that name with another id was made anew by somebody, and one with another content was changed: not ours.
    """
    for each in present:
        as_meant = not step.trusted or (each.issuer, each.subject) == (step.issuer, step.trusted)
        if each.name == step.subject and as_meant and step.id in {"", each.id}:
            return each
    return None


def in_use(history: SignInHistory, entries: tuple[Entry, ...]) -> str:
    """Say who signed in with a federated credential, our own proofs left aside; empty where nobody is seen to."""
    proofs = [each for each in entries if each.kind is Kind.PROVEN]
    used = [each for each in history.sign_ins if _is_federated(each) and not _is_ours(each, proofs)]
    if not used:
        return ""
    last = max(used, key=lambda each: each.at)
    return (
        f"it is in use: {len(used)} sign-ins with a federated credential in {WINDOW.days} days, the last at "
        f"{last.at:%Y-%m-%d %H:%M} UTC from {last.address or 'an unknown address'}; deploy the code that uses the "
        "credential again, and wait until these sign-ins end"
    )


def _is_federated(sign_in: SignIn) -> bool:
    named = (sign_in.credential_type or "").lower() == _FEDERATED or sign_in.federated_credential_id is not None
    return named and sign_in.error_code in {0, None}


def _is_ours(sign_in: SignIn, proofs: Iterable[Entry]) -> bool:
    return any(sign_in.token_id is not None and sign_in.token_id == str(each.data.get("token_id")) for each in proofs)


def unknown(history: SignInHistory, code: CodeState | None, application: ClientId) -> str:
    """Say why it is unknown whether the application depends on its federated credential; empty where it is not."""
    unless = "if it does not, say why with --unused REASON"
    if history.missing:
        return f"whether it signs in with its federated credential is unknown ({history.missing}); {unless}"
    if code is not None and is_clean(code, application):
        return (
            "no scanned code needs its credentials any more, so it may have been rewritten and depend on federation: "
            f"scan the code that is deployed (unsecret rewrite PATH --plan PLAN); {unless}"
        )
    return ""
