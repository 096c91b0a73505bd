"""No sign-in may have used the credential inside the window, and the log must show the whole window.

Unknown is never unused: a log that cannot be read, that is younger than the window, or that does not say which secret
was used closes the gate. Failed attempts are not use (Microsoft Graph, "servicePrincipalSignIn").
"""

from __future__ import annotations

from datetime import timedelta

from inventory.model import SignIn
from migrate.gate import Answer, Closed, Gate, Open, Question
from migrate.model import PlannedCredential

_ANONYMOUS = frozenset({"clientSecret", "clientAssertion", "certificate", None})
"""Credential types a sign-in without a key id could have used ours with."""


def _ask(question: Question) -> Answer:
    history, days = question.history, question.policy.unused_days
    start = question.now - timedelta(days=days)
    if history.missing:
        return Closed(because=f"use is unknown: {history.missing}", opens="grant AuditLog.Read.All and scan again")
    if history.covers_since is None or history.covers_since > start:
        seen = f"reaches back to {history.covers_since:%Y-%m-%d}" if history.covers_since else "is empty"
        return Closed(because=f"use is unknown: the sign-in log {seen}, {days} days are needed", opens="waiting")
    recent = [each for each in history.sign_ins if each.at >= start and each.succeeded]
    if used := [each for each in recent if _used(each, question.credential)]:
        last = max(used, key=lambda each: each.at)
        because = f"used {len(used)} times in {days} days, last {last.at:%Y-%m-%d %H:%M} UTC from {last.address}"
        return Closed(because=because, opens="moving that caller to the federated credential")
    # Sign-ins of users are among them: a web application redeems their codes with its secret.
    if unnamed := [each for each in recent if _unnamed(each)]:
        because = f"use is unknown: {len(unnamed)} sign-ins in {days} days do not say which credential they used"
        return Closed(because=because, opens="waiting until they are out of the window")
    return Open(because=f"no sign-in used it in {days} days; the log reaches back to {history.covers_since:%Y-%m-%d}")


def _used(sign_in: SignIn, credential: PlannedCredential) -> bool:
    by_key = sign_in.key_id is not None and sign_in.key_id.casefold() == credential.key_id.casefold()
    mark = credential.thumbprint
    by_thumbprint = mark is not None and (sign_in.thumbprint or "").casefold() == mark.casefold()
    return by_key or by_thumbprint


def _unnamed(sign_in: SignIn) -> bool:
    named = sign_in.key_id or sign_in.thumbprint or sign_in.federated_credential_id
    return not named and sign_in.credential_type in _ANONYMOUS


GATE = Gate(name="secret-unused", ask=_ask)
