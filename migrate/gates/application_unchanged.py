"""The application must still be the one that was planned: there, enabled, and the credential as it was."""

from __future__ import annotations

from migrate.gate import Answer, Closed, Gate, Open, Question

_PLAN = "a new scan and plan"


def _ask(question: Question) -> Answer:
    application, principal, credential = question.application, question.principal, question.credential
    if application is None or principal is None:
        return Closed(because="the application or its service principal was not found", opens=_PLAN)
    if application.client_id != question.pairing.application.client_id:
        return Closed(because="another application stands in its place", opens=_PLAN)
    if application.disabled or principal.enabled is False:
        return Closed(because="the application or its service principal was disabled", opens=_PLAN)
    for each in question.held:
        if each.key_id == credential.key_id and (each.kind, each.end) != (credential.kind, credential.end):
            return Closed(because="the credential was changed since the plan was made", opens=_PLAN)
    return Open(because="application and credential are as planned")


GATE = Gate(name="application-unchanged", ask=_ask)
