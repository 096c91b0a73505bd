"""The application must still be the one that was planned: there, enabled, and the credential as it was."""

from __future__ import annotations

from migrate.gate import Answer, Closed, Gate, Open, Question

_PLAN = "a new scan and plan"


def _ask(question: Question) -> Answer:
    application, credential = question.application, question.credential
    if application is None:
        return Closed(because="the application does not exist any more", opens=_PLAN)
    if application.client_id != question.pairing.application.client_id or application.disabled:
        return Closed(because="the application was disabled or replaced since the plan was made", opens=_PLAN)
    for each in question.held:
        if each.key_id == credential.key_id and (each.kind, each.end) != (credential.kind, credential.end):
            return Closed(because="the credential was changed since the plan was made", opens=_PLAN)
    return Open(because="application and credential are as planned")


GATE = Gate(name="application-unchanged", ask=_ask)
