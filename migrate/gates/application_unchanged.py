"""The application must still be the one that was planned: there, enabled, the credential as it was, and none added.

A credential that appeared after the plan was made says that somebody still works with secrets, or set one up to go back
to; which of the two only a person knows.
"""

from __future__ import annotations

from inventory.classify import reconcile
from inventory.model import Credential, CredentialKind, Purpose
from migrate.circumstances import InPlace
from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question
from migrate.model import PlannedCredential, Road

_PLAN = "a new scan and plan"


def _ask(question: Question) -> Answer:
    application, principal, credential = question.application, question.principal, question.credential
    if application is None or principal is None:
        return Closed(because="the application or its service principal was not found", opens=_PLAN)
    if application.client_id != question.pairing.application.client_id:
        return Closed(because="another application stands in its place", opens=_PLAN)
    if principal.enabled is False or application.disabled is not (question.road is Road.DEACTIVATED):
        return _switched(question)
    for each in question.held:
        if each.key_id == credential.key_id and _facts(each) != _facts(credential):
            return Closed(because="the credential was changed since the plan was made", opens=_PLAN)
    if new := _new(question):
        return new
    return Open(because="application and credential are as planned")


def _facts(credential: Credential | PlannedCredential) -> tuple[object, ...]:
    """Give what a credential is told by: a certificate may be rolled under its key id, and with its end."""
    certificate = credential.kind is CredentialKind.CERTIFICATE
    return credential.kind, credential.end, credential.thumbprint if certificate else None


def _switched(question: Question) -> Closed:
    """Tell that it is deactivated and should not be, or should be and is not."""
    active = question.application is not None and not question.application.disabled
    if question.road is Road.DEACTIVATED and active:
        return Closed(
            because="the application is not deactivated (any more)", opens="unsecret deactivate PLAN --app ID"
        )
    return Closed(because="the application or its service principal was disabled", opens=_PLAN)


def _new(question: Question) -> Closed | None:
    """Tell of a credential that lets the application sign in and that the plan does not know: ours, or somebody's."""
    if glass := _glass(question):
        because = f"after a removal that went wrong it was given a new secret: {glass[-1].told}"
        return Closed(because=because, opens="its end, when what needs it was moved; then unsecret watch PLAN --app ID")
    if added := _added(question):
        because = f"a credential was added since the plan was made ({added[0].key_id})"
        return Closed(because=because, opens=f"{_PLAN}, when its maker has been asked")
    return None


def _glass(question: Question) -> list[InPlace]:
    """Give the break-glass secrets that the plan does not know; one that it knows is judged as any other credential."""
    planned = {each.key_id for each in question.pairing.credentials}
    return [each for each in question.circumstances.break_glass if each.key_id not in planned]


def _added(question: Question) -> list[Credential]:
    """Give the live credentials that authenticate the application and that the plan does not know.

    The plan holds each one that there was. When a credential begins says nothing: whoever adds it chooses the time
    (Microsoft Graph, "passwordCredential resource type": startDateTime).
    """
    planned = {each.carried for each in question.pairing.credentials}
    return [
        each
        for each in reconcile(question.application, question.principal)
        if (each.holder, each.key_id) not in planned
        and each.purpose is Purpose.AUTHENTICATION
        and (each.end is None or each.end > question.now)
    ]


GATE = Gate(name="application-unchanged", ask=_ask, roads=ALWAYS)
