"""The managed identity must be there at this moment, and be the one that was planned.

Hosts keep a token of an identity for about 24 hours, whatever becomes of it meanwhile (Microsoft Entra, "Managed
identity best practice recommendations", token caching): until then the exchange goes on to work without the identity.
One that was made anew under the same name has another principal id, which the federated credential does not name.
"""

from __future__ import annotations

from migrate.gate import FEDERATED_ONLY, Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    planned, now = question.paired.identity, question.identity
    if now is None:
        because = (
            f"managed identity {planned.name} ({planned.principal_id}) is not there: hosts sign in with it for as long "
            "as they have its last token"
        )
        return Closed(because=because, opens="a new scan and plan, when whoever deleted it has been asked")
    if now.client_id != planned.client_id:
        because = f"managed identity {planned.name} has another client id ({now.client_id}) than the plan"
        return Closed(because=because, opens="a new scan and plan")
    if now.enabled is False:
        return Closed(because=f"managed identity {planned.name} is disabled", opens="whoever disabled it")
    return Open(because=f"managed identity {planned.name} is there")


GATE = Gate(name="identity-exists", ask=_ask, roads=FEDERATED_ONLY)
