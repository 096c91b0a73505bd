"""From the secrets and certificates of one object to credentials with their purpose. Pure.

Sources: Microsoft Graph reference, resource types ``passwordCredential`` and ``keyCredential``.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter

from inventory.building import quick
from inventory.classify import HolderFacts, KeyFacts, purposes, secret_thumbprint, thumbprint
from inventory.ids import spelled
from inventory.instants import instant
from inventory.model import ClientId, Credential, CredentialKind, Holder, KeyId, Purpose
from inventory.wire import WireCertificate, WireHolder, WireSecret

_SHA1_IN_BASE64 = 28
_HINT = 3  # characters of a secret that Graph tells (passwordCredential, "hint"); more would be the secret itself
_SECRET, _CERTIFICATE = CredentialKind.SECRET, CredentialKind.CERTIFICATE
NOTHING = HolderFacts()
"""What an object says of its credentials that does not sign, encrypt or use SAML."""
_credential = quick(Credential)
_order = attrgetter("key_id", "kind")
_Wire = WireSecret | WireCertificate


def credentials(wire: WireHolder, holder: Holder, facts: HolderFacts) -> tuple[Credential, ...]:
    """Return the credentials of an object, in the order that every reader of ours uses."""
    wires: list[_Wire] = [*(wire.password_credentials or ()), *(wire.key_credentials or ())]
    if not wires:
        return ()
    ids = [spelled(one.key_id) for one in wires]
    marks = [mark(one) for one in wires]
    client_id = ClientId(spelled(wire.app_id))
    found = [
        _credential(
            key_id=KeyId(key_id),
            kind=_SECRET if type(one) is WireSecret else _CERTIFICATE,
            purpose=purpose,
            purpose_reason=reason,
            holder=holder,
            holder_id=wire.id,
            client_id=client_id,
            display_name=one.display_name,
            hint=one.hint and one.hint[:_HINT] if type(one) is WireSecret else None,
            thumbprint=mark,
            start=instant(one.start_date_time),
            end=instant(one.end_date_time),
            usage=one.usage if type(one) is WireCertificate else None,
            type=one.type if type(one) is WireCertificate else None,
        )
        for one, key_id, mark, (purpose, reason) in zip(
            wires, ids, marks, _judged(wires, ids, marks, facts), strict=True
        )
    ]
    if len(found) > 1:
        found.sort(key=_order)
    return tuple(found)


def mark(one: _Wire) -> str | None:
    """Return the thumbprint; the usual form, base64 of a SHA-1, without the care that other forms need."""
    identifier = one.custom_key_identifier
    if identifier is None:
        return None
    if type(one) is WireSecret:
        return secret_thumbprint(identifier)
    if len(identifier) == _SHA1_IN_BASE64:
        try:
            return binascii.a2b_base64(identifier, strict_mode=True).hex().upper()
        except ValueError:  # also for letters that are not ASCII
            pass
    return thumbprint(identifier)


def _judged(
    wires: Sequence[_Wire], ids: Sequence[str], marks: Sequence[str | None], facts: HolderFacts
) -> Sequence[tuple[Purpose, str]]:
    """Judge as ``purposes`` does; credentials that share nothing, on an object that says nothing, one by one.

    Most holders are like that, and each kind of credential then has one answer, which is remembered.
    """
    if facts is NOTHING and _are_strangers(wires, ids, marks):
        return [
            alone(_CERTIFICATE, one.usage, one.type) if type(one) is WireCertificate else alone(_SECRET, None, None)
            for one in wires
        ]
    return purposes([_facts(one, key_id) for one, key_id in zip(wires, ids, strict=True)], facts)


def _are_strangers(wires: Sequence[_Wire], ids: Sequence[str], marks: Sequence[str | None]) -> bool:
    """Whether no credential names another one by its id or its identifier; a secret that has one may."""
    known: set[str] = set()
    for one, mark in zip(wires, marks, strict=True):
        identifier = one.custom_key_identifier
        if identifier:
            name = mark or identifier
            if type(one) is WireSecret or name in known:
                return False
            known.add(name)
    return len(set(ids)) == len(ids)


@lru_cache(maxsize=256)
def alone(kind: CredentialKind, usage: str | None, form: str | None) -> tuple[Purpose, str]:
    """Judge a credential that shares nothing with others, on an object that says nothing of it."""
    return purposes((KeyFacts(key_id="", kind=kind, usage=usage, type=form),), NOTHING)[0]


def _facts(one: _Wire, key_id: str) -> KeyFacts:
    if type(one) is WireCertificate:
        mark = one.custom_key_identifier
        return KeyFacts(key_id=key_id, kind=_CERTIFICATE, usage=one.usage, type=one.type, identifier=mark)
    return KeyFacts(key_id=key_id, kind=_SECRET, identifier=one.custom_key_identifier)
