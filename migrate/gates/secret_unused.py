"""No sign-in may have used the credential inside the window, and the log must show the whole window.

Unknown is never unused. The gate is closed by a log that cannot be read, that does not reach back far enough, or that
is behind: our own exchanges are in it once it has caught up, so they must be seen. A record that does not rule our
credential out counts as use of it. Failed attempts are not use.

Sources: Microsoft Graph beta, "signIn resource type" (credential key id, thumbprint, clientCredentialType); Microsoft
Entra, "data retention" and "linkable identifiers" (a record's token identifier is the token's ``uti`` claim).
"""

from __future__ import annotations

import enum
from datetime import timedelta

from inventory.classify import thumbprint
from inventory.ids import guid, spelled
from inventory.model import CredentialKind, SignIn
from migrate.gate import Answer, Closed, Gate, Open, Question
from migrate.model import ExchangeClaims, PlannedCredential

# "none" is not among them: a user's record may be written before the application redeems the code with its secret.
_ALWAYS_OTHER = frozenset({"federatedidentitycredential", "managedidentity"})
_OTHER = {
    CredentialKind.SECRET: _ALWAYS_OTHER | {"certificate", "clientassertion"},
    CredentialKind.CERTIFICATE: _ALWAYS_OTHER | {"clientsecret"},
}
"""Credential types that rule our credential out, by its kind; every other type, and a new one, does not."""
_SHA1_HEX = 40
_SAME_TIME = timedelta(minutes=5)


class _Whose(enum.Enum):
    OURS = enum.auto()
    ANOTHERS = enum.auto()
    UNKNOWN = enum.auto()


def _ask(question: Question) -> Answer:
    history, days = question.history, question.policy.unused_days
    start = question.now - timedelta(days=days)
    if history.missing:
        return Closed(because=f"use is unknown: {history.missing}", opens="a log that can be read (AuditLog.Read.All)")
    if history.covers_since is None or history.covers_since > start:
        seen = f"reaches back to {history.covers_since:%Y-%m-%d}" if history.covers_since else "is empty"
        return Closed(because=f"use is unknown: the sign-in log {seen}, {days} days are needed", opens="waiting")
    if not _caught_up(question):
        because = (
            f"use is unknown: the log does not show our own exchanges of the last {question.policy.log_hours} hours"
        )
        return Closed(because=because, opens="unsecret verify PLAN, and waiting until the log has caught up")
    return _judge(question, [each for each in history.sign_ins if each.at >= start and each.error_code in {0, None}])


def _judge(question: Question, recent: list[SignIn]) -> Answer:
    days = question.policy.unused_days
    if used := [each for each in recent if _whose(each, question.credential) is _Whose.OURS]:
        last = max(used, key=lambda each: each.at)
        because = f"used {len(used)} times in {days} days, last {last.at:%Y-%m-%d %H:%M} UTC from {last.address}"
        return Closed(because=because, opens="moving that caller to the federated credential")
    # Sign-ins of users are among them: a web application redeems their codes with its secret.
    if unclear := [each for each in recent if _whose(each, question.credential) is _Whose.UNKNOWN]:
        because = f"use is unknown: {len(unclear)} sign-ins in {days} days do not say which credential they used"
        return Closed(because=because, opens="waiting until they are out of the window")
    return Open(because=f"no sign-in used it in {days} days; the log covers them")


def _whose(sign_in: SignIn, credential: PlannedCredential) -> _Whose:
    if sign_in.key_id is not None:
        return _Whose.OURS if sign_in.key_id == spelled(credential.key_id) else _Whose.ANOTHERS
    # What cannot be an id or a digest ("N/A") names nothing, and rules nothing out.
    if guid(sign_in.federated_credential_id) or (sign_in.credential_type or "").lower() in _OTHER[credential.kind]:
        return _Whose.ANOTHERS
    if thumbprint(sign_in.thumbprint) and credential.kind is CredentialKind.SECRET:
        return _Whose.ANOTHERS
    if sign_in.thumbprint and credential.thumbprint:
        if sign_in.thumbprint == credential.thumbprint:
            return _Whose.OURS
        digests = thumbprint(sign_in.thumbprint) and thumbprint(credential.thumbprint)
        comparable = digests and len(sign_in.thumbprint) == len(credential.thumbprint) == _SHA1_HEX
        return _Whose.ANOTHERS if comparable else _Whose.UNKNOWN
    return _Whose.UNKNOWN


def _caught_up(question: Question) -> bool:
    """Whether the log shows one of our exchanges of the last hours."""
    since = question.now - timedelta(hours=question.policy.log_hours)
    lately = [proof for proof in question.proofs if proof.issued_at >= since]
    return any(_is(sign_in, proof) for proof in lately for sign_in in question.history.sign_ins)


def _is(sign_in: SignIn, proof: ExchangeClaims) -> bool:
    if sign_in.token_id and sign_in.token_id == proof.token_id:
        return True
    near = abs(sign_in.at - proof.issued_at) <= _SAME_TIME
    return near and sign_in.succeeded and sign_in.federated_credential_id is not None


GATE = Gate(name="secret-unused", ask=_ask)
