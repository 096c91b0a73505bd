"""The last credential goes only after the log has shown the planned federated credential at work.

A probe shows that the exchange can work; a record of the log with the id of the federated credential shows that Entra
issued a token for it (Microsoft Graph beta, "signIn resource type": federatedCredentialId). Later waves need it for
every credential.
"""

from __future__ import annotations

from inventory.model import Purpose
from migrate.gate import FEDERATED_ONLY, Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    policy, wave = question.policy, question.pairing.wave
    last, late = _is_last(question), wave >= policy.sign_ins_from_wave
    if not (last or late):
        return Open(because="other credentials are left")
    wanted = question.paired.federated
    ids = {each.id for each in question.trusts}
    seen = [each.at for each in question.history.sign_ins if each.succeeded and each.federated_credential_id in ids]
    if seen:
        return Open(because=f"the log shows {wanted.name} in use, last at {max(seen):%Y-%m-%d %H:%M} UTC")
    why = "it is the application's last credential" if last else f"wave {wave} asks for more than a probe"
    return Closed(
        because=f"{why}, and the sign-in log does not show the federated credential {wanted.name} in use",
        opens="a sign-in of the application with it, and waiting until the log has it",
    )


def _is_last(question: Question) -> bool:
    application, principal = question.application, question.principal
    both = (application.credentials if application else ()) + (principal.credentials if principal else ())
    return not any(
        each.key_id != question.credential.key_id
        and each.purpose is Purpose.AUTHENTICATION
        and (each.end is None or each.end > question.now)
        for each in both
    )


GATE = Gate(name="not-last-credential-without-proof", ask=_ask, roads=FEDERATED_ONLY)
