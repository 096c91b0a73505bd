"""From the secrets and certificates of one object to credentials with their purpose. Pure.

Sources: Microsoft Graph reference, resource types ``passwordCredential`` and ``keyCredential``.
"""

from __future__ import annotations

import binascii
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from inventory.classify import HolderFacts, KeyFacts, purposes, secret_thumbprint, thumbprint
from inventory.instants import instant
from inventory.model import ClientId, Credential, CredentialKind, Holder, KeyId, Purpose
from inventory.wire import WireCertificate, WireHolder, WireSecret

_SHA1_IN_BASE64 = 28
_SECRET, _CERTIFICATE = CredentialKind.SECRET, CredentialKind.CERTIFICATE
_NOTHING = HolderFacts()
_order = attrgetter("key_id", "kind")
_Wire = WireSecret | WireCertificate


def credentials(wire: WireHolder, holder: Holder, facts: HolderFacts) -> tuple[Credential, ...]:
    """Return the credentials of an object, in the order that every reader of ours uses."""
    secrets, certificates = wire.password_credentials or (), wire.key_credentials or ()
    if not secrets and not certificates:
        return ()
    held = _Held(holder, wire.id, ClientId(wire.app_id.lower()))
    marks = [secret_thumbprint(one.custom_key_identifier) if one.custom_key_identifier else None for one in secrets]
    marks += [_thumbprint(one.custom_key_identifier) for one in certificates]
    wires = (*secrets, *certificates)
    judged = _judged(wires, marks, facts)
    found = [_credential(one, mark, verdict, held) for one, mark, verdict in zip(wires, marks, judged, strict=True)]
    if len(found) > 1:
        found.sort(key=_order)
    return tuple(found)


class _Held(NamedTuple):
    holder: Holder
    holder_id: str
    client_id: ClientId


def _credential(one: _Wire, mark: str | None, verdict: tuple[Purpose, str], held: _Held) -> Credential:
    secret = isinstance(one, WireSecret)
    return Credential(
        key_id=KeyId(one.key_id.strip().lower()),
        kind=_SECRET if secret else _CERTIFICATE,
        purpose=verdict[0],
        purpose_reason=verdict[1],
        holder=held.holder,
        holder_id=held.holder_id,
        client_id=held.client_id,
        display_name=one.display_name,
        hint=one.hint if secret else None,
        thumbprint=mark,
        start=instant(one.start_date_time),
        end=instant(one.end_date_time),
        usage=None if secret else one.usage,
        type=None if secret else one.type,
    )


def _thumbprint(identifier: str | None) -> str | None:
    """Return what ``thumbprint`` does; the usual form, plain base64 of a SHA-1, without its care for all others."""
    if identifier is not None and len(identifier) == _SHA1_IN_BASE64:
        try:
            return binascii.a2b_base64(identifier, strict_mode=True).hex().upper()
        except ValueError:  # also for letters that are not ASCII
            pass
    return thumbprint(identifier)


def _judged(wires: tuple[_Wire, ...], marks: list[str | None], facts: HolderFacts) -> tuple[tuple[Purpose, str], ...]:
    """Judge as ``purposes`` does; credentials that share nothing, on an object that says nothing, one by one.

    Most holders are like that, and each kind of credential then has one answer, which is remembered.
    """
    if facts == _NOTHING and _are_strangers(wires, marks):
        return tuple([_alone(*_said(one)) for one in wires])
    return purposes([_facts(one) for one in wires], facts)


def _are_strangers(wires: tuple[_Wire, ...], marks: list[str | None]) -> bool:
    """Whether no credential names another one by its id or its identifier."""
    if len(wires) == 1:
        return True
    named = [mark or one.custom_key_identifier for one, mark in zip(wires, marks, strict=True)]
    known = [name for name in named if name]
    secrets = any(isinstance(one, WireSecret) and one.custom_key_identifier for one in wires)
    ids = {one.key_id.strip().lower() for one in wires}
    return not secrets and len(ids) == len(wires) and len(set(known)) == len(known)


def _said(one: _Wire) -> tuple[CredentialKind, str | None, str | None]:
    return (_SECRET, None, None) if isinstance(one, WireSecret) else (_CERTIFICATE, one.usage, one.type)


@lru_cache(maxsize=256)
def _alone(kind: CredentialKind, usage: str | None, form: str | None) -> tuple[Purpose, str]:
    return purposes((KeyFacts(key_id="", kind=kind, usage=usage, type=form),), _NOTHING)[0]


def _facts(one: _Wire) -> KeyFacts:
    kind, usage, form = _said(one)
    return KeyFacts(
        key_id=one.key_id.strip().lower(), kind=kind, usage=usage, type=form, identifier=one.custom_key_identifier
    )
