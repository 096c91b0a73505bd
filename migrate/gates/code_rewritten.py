"""The code must have been scanned, and nothing in it may still need a secret of this application.

A finding that does not say whose application it belongs to could be of this one, so it holds until somebody says
(``unsecret rewrite PATH --plan PLAN --app CLIENT_ID``).
"""

from __future__ import annotations

from migrate.gate import Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    code, client_id = question.code, question.pairing.application.client_id
    if not code.scanned:
        return Closed(because="no code scan is on record", opens="unsecret rewrite PATH --plan PLAN")
    mine = [each for each in code.findings if each.application == client_id]
    if mine:
        first = mine[0]
        because = f"{len(mine)} places in code still need it, first {first.path}:{first.line} ({first.reason})"
        return Closed(because=because, opens="unsecret rewrite PATH --plan PLAN --apply, or by hand")
    unknown = [each for each in code.findings if each.application is None]
    if unknown:
        first = unknown[0]
        because = f"{len(unknown)} places in code need a secret of nobody knows whom, first {first.path}:{first.line}"
        return Closed(because=because, opens="unsecret rewrite PATH --plan PLAN --app CLIENT_ID")
    return Open(because="the code scans on record found nothing that still needs it")


GATE = Gate(name="code-rewritten", ask=_ask)
