"""The credential must be one that authenticates, judged from what its holder carries now.

A SAML signing certificate comes with a password of the same key id, which looks like a client secret; removing it ends
single sign-on for everybody (Microsoft Graph, "Automate SAML-based SSO app configuration").
"""

from __future__ import annotations

from inventory.model import Purpose
from migrate.gate import Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    now = [each for each in question.held if each.key_id == question.credential.key_id]
    if not now:
        return Closed(because="its holder does not carry it any more", opens="a new scan and plan")
    for each in now:
        if each.purpose is not Purpose.AUTHENTICATION:
            because = f"it is for {each.purpose}: {each.purpose_reason}"
            return Closed(because=because, opens="nothing; leave it alone")
    return Open(because="it authenticates the application and does nothing else")


GATE = Gate(name="not-signing-or-encryption", ask=_ask)
