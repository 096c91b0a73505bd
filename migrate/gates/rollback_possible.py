"""A new secret must be allowed, in case one is needed after all; what was removed cannot be brought back.

The restriction ``passwordAddition`` of an app management policy forbids it (Microsoft Graph, "appManagementPolicy").
"""

from __future__ import annotations

from typing import assert_never

from migrate.circumstances import Forbidden, NotTold, Possible
from migrate.gate import Answer, Closed, Gate, Open, Question

_SAY = "rollback = false under [retire] of unsecret.toml"


def _ask(question: Question) -> Answer:
    if not question.policy.rollback:
        return Open(because="the policy does without a way back")
    match question.circumstances.rollback:
        case Possible():
            return Open(because="a new secret could be added")
        case Forbidden(policy=policy):
            because = f"no new secret could be added: the app management policy {policy} forbids it"
            return Closed(because=because, opens=f"an exemption for this application, or {_SAY}")
        case NotTold(why=why):
            return Closed(because=f"whether a new secret could be added is unknown: {why}", opens=f"that, or {_SAY}")
        case _ as never:
            assert_never(never)


GATE = Gate(name="rollback-possible", ask=_ask)
