"""The last credential goes only after the log has shown the planned federated credential at work.

A probe shows that the exchange can work; a record of the log with the id of the federated credential shows that Entra
issued a token for it (Microsoft Graph beta, "signIn resource type": federatedCredentialId). Later waves need it for
every credential, and by the application itself: what ``unsecret verify`` leaves in the log is a probe, too.
"""

from __future__ import annotations

from inventory.model import Purpose, SignIn
from migrate.gate import FEDERATED_ONLY, Answer, Closed, Gate, Open, Question
from migrate.proofrequests import answered_by
from migrate.usedby import is_probe


def _ask(question: Question) -> Answer:
    policy, wave = question.policy, question.pairing.wave
    last, late = _is_last(question), wave >= policy.sign_ins_from_wave
    if not (last or late):
        return Open(because="other credentials are left")
    wanted = question.paired.federated
    ids = {each.id for each in question.trusts}
    ours = [each for each in question.history.sign_ins if each.succeeded and each.federated_credential_id in ids]
    seen = [each.at for each in ours if not (late and _may_be_probe(each, question))]
    if seen:
        return Open(because=f"the log shows {wanted.name} in use, last at {max(seen):%Y-%m-%d %H:%M} UTC")
    why = f"wave {wave} asks for more than a probe" if late else "it is the application's last credential"
    asked = next((one for each in ours if (one := answered_by(question.circumstances.asked, each.at))), None)
    but = ", but for our own exchanges" if ours else ""
    but += f" and what may be one of the proofs asked for at {asked.at:%Y-%m-%d %H:%M} UTC" if asked and late else ""
    return Closed(
        because=f"{why}, and the sign-in log does not show the federated credential {wanted.name} in use{but}",
        opens="a sign-in of the application with it, by its own code, and waiting until the log has it",
    )


def _may_be_probe(sign_in: SignIn, question: Question) -> bool:
    """Whether it is an exchange of ours, or one that was asked for elsewhere and may not be in the journal."""
    return is_probe(sign_in, question.probes) or answered_by(question.circumstances.asked, sign_in.at) is not None


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
