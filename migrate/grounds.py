"""What a removal rests on, as it is written down beside the answers of the gates. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from migrate.circumstances import Stretch
from migrate.entry import Entry, Json, Kind
from migrate.gate import Question
from migrate.model import Road
from migrate.usedby import Whose, whose


def grounds(question: Question, tenant: str, shown: Iterable[Entry]) -> dict[str, Json]:
    """Return the facts behind a removal: whose it is, what took over or that nothing had to, and the log's window.

    ``shown`` are the entries of the exchanges that count, told by their numbers, as they say the rest; for an
    application that is deactivated they are all of its entries.
    """
    application = question.pairing.application
    whose_it_is: dict[str, Json] = {
        "tenant": tenant,
        "application": {
            "id": application.id,
            "client_id": application.client_id,
            "display_name": application.display_name,
        },
        "log": _log(question),
    }
    if question.road is Road.DEACTIVATED:
        return {**whose_it_is, "deactivation": _deactivation(question, shown)}
    return {**whose_it_is, **_replaced(question), "proofs": [each.number for each in shown]}


def _replaced(question: Question) -> dict[str, Json]:
    pairing = question.paired
    identity, trust = pairing.identity, pairing.federated
    return {
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
    }


def _deactivation(question: Question, entries: Iterable[Entry]) -> dict[str, Json]:
    """Return since when it is deactivated, by which entry, and which times of the log show that nobody tried since."""
    found, history = question.circumstances.deactivation, question.history
    if found is None or history.covers_since is None:
        return {}
    shown = [each for each in entries if each.kind is Kind.DEACTIVATED and each.tenant_time == found.at]
    looks = [*found.looks, Stretch(since=history.covers_since, until=history.as_of)]
    return {
        "entry": shown[0].number if shown else None,
        "since": found.at.isoformat(),
        "days": question.policy.scream_days,
        "looks": [{"since": each.since.isoformat(), "until": each.until.isoformat()} for each in looks],
        "attempts": sum(each.at >= found.at for each in history.sign_ins),
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
