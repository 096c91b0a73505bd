"""Whether a record of the sign-in log is use of a credential. A record that does not rule it out may be.

Sources: Microsoft Graph beta, "signIn resource type" (credential key id, thumbprint, clientCredentialType).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime, timedelta

from inventory.classify import thumbprint
from inventory.ids import guid, spelled
from inventory.model import CredentialKind, SignIn, SignInHistory
from migrate.exchanged import ExchangeClaims
from migrate.model import PlannedCredential

# "none" is not among them: a user's record may be written before the application redeems the code with its secret.
_ALWAYS_OTHER = frozenset({"federatedidentitycredential", "managedidentity"})
_OTHER = {
    CredentialKind.SECRET: _ALWAYS_OTHER | {"certificate", "clientassertion"},
    CredentialKind.CERTIFICATE: _ALWAYS_OTHER | {"clientsecret"},
}
"""Credential types that rule our credential out, by its kind; every other type, and a new one, does not."""
UNTOLD = "unknown"
"""Stands for the address of a record that tells none: its caller is one, and nobody can see whether it has moved."""
MOST = 500
"""Addresses of unclear sign-ins that are kept apart: an entry of the journal takes 40 bytes for each of them."""
_SHA1_HEX = 40
_SAME_TIME = timedelta(minutes=5)


class Whose(enum.Enum):
    """Which credential a record names."""

    OURS = enum.auto()
    ANOTHERS = enum.auto()
    UNKNOWN = enum.auto()


def whose(sign_in: SignIn, credential: PlannedCredential) -> Whose:
    """Tell whether a record is use of this credential."""
    if sign_in.key_id is not None:
        return Whose.OURS if sign_in.key_id == spelled(credential.key_id) else Whose.ANOTHERS
    # What cannot be an id or a digest ("N/A") names nothing, and rules nothing out.
    if guid(sign_in.federated_credential_id) or (sign_in.credential_type or "").lower() in _OTHER[credential.kind]:
        return Whose.ANOTHERS
    if thumbprint(sign_in.thumbprint) and credential.kind is CredentialKind.SECRET:
        return Whose.ANOTHERS
    if sign_in.thumbprint and credential.thumbprint:
        if sign_in.thumbprint == credential.thumbprint:
            return Whose.OURS
        digests = thumbprint(sign_in.thumbprint) and thumbprint(credential.thumbprint)
        comparable = digests and len(sign_in.thumbprint) == len(credential.thumbprint) == _SHA1_HEX
        return Whose.ANOTHERS if comparable else Whose.UNKNOWN
    return Whose.UNKNOWN


def callers_of(history: SignInHistory, credential: PlannedCredential) -> dict[str, datetime]:
    """Give the addresses that used a credential, each with its last time; an unknown outcome counts as success."""
    return _addresses(history, credential, Whose.OURS)


def unclear_of(history: SignInHistory, credential: PlannedCredential) -> dict[str, datetime]:
    """Give the addresses of sign-ins that leave open whether they used a credential, each with its last time.

    Of more than ``MOST`` addresses (those of users are many) the older ones are told as the one ``UNTOLD``.
    """
    found = _addresses(history, credential, Whose.UNKNOWN)
    if len(found) <= MOST:
        return found
    by_age = sorted(found, key=lambda each: found[each], reverse=True)
    kept = {each: found[each] for each in by_age[:MOST]}
    return {**kept, UNTOLD: max(found[each] for each in {*by_age[MOST:], UNTOLD} if each in found)}


def _addresses(history: SignInHistory, credential: PlannedCredential, wanted: Whose) -> dict[str, datetime]:
    used: dict[str, datetime] = {}
    for each in history.sign_ins:
        if each.error_code in {0, None} and whose(each, credential) is wanted:
            address = each.address or UNTOLD
            used[address] = max(each.at, used.get(address, each.at))
    return used


def caught_up(history: SignInHistory, proofs: Iterable[ExchangeClaims], since: datetime) -> bool:
    """Tell whether a log shows one of our own exchanges since a moment: then it is not behind it."""
    lately = [proof for proof in proofs if proof.issued_at >= since]
    return any(_is(sign_in, proof) for proof in lately for sign_in in history.sign_ins)


def is_probe(sign_in: SignIn, probes: Iterable[ExchangeClaims]) -> bool:
    """Tell whether a record is, or may be, that of an exchange of ours: it says nothing of who else signs in there."""
    return any(
        each.token_id == sign_in.token_id if each.token_id and sign_in.token_id else _is(sign_in, each)
        for each in probes
    )


def _is(sign_in: SignIn, proof: ExchangeClaims) -> bool:
    if sign_in.token_id and sign_in.token_id == proof.token_id:
        return True
    near = abs(sign_in.at - proof.issued_at) <= _SAME_TIME
    return near and sign_in.succeeded and sign_in.federated_credential_id is not None
