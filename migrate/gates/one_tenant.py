"""The application must sign in to this tenant only, as no log here shows what happens in another.

A service principal sign-in is written to the log of the tenant it signs in to (Microsoft Entra, "service principal
sign-in logs"), so an application that other tenants may use can be busy there and look unused here.
"""

from __future__ import annotations

from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question

_SINGLE = "AzureADMyOrg"


def _ask(question: Question) -> Answer:
    audience = question.application.sign_in_audience if question.application else None
    if audience == _SINGLE:
        return Open(because="only this tenant can use it")
    return Closed(
        because=f"use is unknown: it may sign in to tenants whose logs are not read ({audience or 'no audience'})",
        opens=f"setting its signInAudience to {_SINGLE}, or removing the credential by hand",
    )


GATE = Gate(name="one-tenant", ask=_ask, roads=ALWAYS)
