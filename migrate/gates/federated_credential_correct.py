"""The application must hold the planned federated credential, letter for letter, at this moment.

Entra stores a wrong issuer, subject or audience without an error and compares case-sensitively at the exchange
(Microsoft Entra Workload ID, "Important considerations and restrictions for federated identity credentials").
"""

from __future__ import annotations

from migrate.gate import FEDERATED_ONLY, Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    wanted = question.paired.federated
    for each in question.trusts:
        return Open(because=f"federated credential {each.name} names {question.paired.identity.name}")
    return Closed(
        because=f"no federated credential of the application matches {wanted.issuer} and {wanted.subject}",
        opens="unsecret federate PLAN --apply",
    )


GATE = Gate(name="federated-credential-correct", ask=_ask, roads=FEDERATED_ONLY)
