"""The application must not be a blueprint: its agent identities sign in by its credentials under other client ids.

Source: Microsoft Entra Agent ID, "agentIdentityBlueprint resource type": agent identities are made from a blueprint and
get their tokens by its credentials. Their sign-ins are recorded under their own client ids, so that a blueprint that is
busy looks unused, and an exchange for the blueprint says nothing about them.
"""

from __future__ import annotations

from inventory.usage_subject import has_agents
from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    if has_agents((question.application, question.principal)):
        return Closed(
            because="it is the blueprint of agent identities: use by agents, under client ids of their own, is unknown",
            opens="nothing here: remove the credential by hand when every agent of the blueprint does without it",
        )
    return Open(because="it is no blueprint of agent identities")


GATE = Gate(name="no-agent-identities", ask=_ask, roads=ALWAYS)
