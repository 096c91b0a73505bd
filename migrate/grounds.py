"""What a removal rests on, as it is written down beside the answers of the gates. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from migrate.gate import Question
from migrate.model import Entry, Json
from migrate.usedby import Whose, whose


def grounds(question: Question, tenant: str, proofs: Iterable[Entry]) -> dict[str, Json]:
    """Return the facts behind a removal: whose it is, the trust that replaces it, the exchanges, the log's window.

    ``proofs`` are the entries of the exchanges that count; they are told by their numbers, as they say the rest.
    """
    pairing = question.pairing
    application, identity, trust = pairing.application, pairing.identity, pairing.federated
    return {
        "tenant": tenant,
        "application": {
            "id": application.id,
            "client_id": application.client_id,
            "display_name": application.display_name,
        },
        "identity": {
            "principal_id": identity.principal_id,
            "client_id": identity.client_id,
            "name": identity.name,
            "resource_id": identity.resource_id,
        },
        "federated_credential": {
            "id": next((each.id for each in question.trusts), None),
            "name": trust.name,
            "issuer": trust.issuer,
            "subject": trust.subject,
            "audience": trust.audience,
        },
        "proofs": [each.number for each in proofs],
        "log": _log(question),
    }


def _log(question: Question) -> dict[str, Json]:
    """Return what the sign-in log covers and shows of the window, in records; failed sign-ins are not use."""
    history, days = question.history, question.policy.unused_days
    start = question.now - timedelta(days=days)
    window = [each for each in history.sign_ins if each.at >= start and each.error_code in {0, None}]
    told = [whose(each, question.credential) for each in window]
    return {
        "unused_days": days,
        "from": start.isoformat(),
        "until": question.now.isoformat(),
        "covers_since": history.covers_since.isoformat() if history.covers_since else None,
        "sign_ins": len(window),
        "sign_ins_federated": sum(each.federated_credential_id is not None for each in window),
        "sign_ins_with_it": told.count(Whose.OURS),
        "sign_ins_unclear": told.count(Whose.UNKNOWN),
    }
