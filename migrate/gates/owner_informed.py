"""Where the policy asks for it (``owner_days``), owners must have been told. A no of theirs holds whatever it asks.

Before an application is deactivated they must have been told whatever the policy says: they are who will miss it. Who
became an owner since was not told.
"""

from __future__ import annotations

from datetime import timedelta

from migrate.circumstances import Informed
from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question
from migrate.model import Road

_TELL = "unsecret owner PLAN --app ID --told"


def _ask(question: Question) -> Answer:
    days, informed = question.policy.owner_days, question.circumstances.informed
    if informed is not None and informed.answer is False:
        because = f"{informed.by} recorded a no of its owners at {informed.at:%Y-%m-%d}"
        return Closed(because=because, opens="unsecret owner PLAN --app ID --agreed, when they have changed their mind")
    if days is None and question.road is Road.FEDERATED:
        return Open(because="the policy does not ask for owners")
    if informed is None:
        return Closed(because="nobody has told its owners", opens=_TELL)
    return _since(question, informed) or _answered(question, informed, days or 0)


def _answered(question: Question, informed: Informed, days: int) -> Answer:
    if informed.answer:
        return Open(because=f"its owners agreed, as {informed.by} recorded at {informed.at:%Y-%m-%d}")
    last = informed.at + timedelta(days=days)
    if question.now < last:
        because = f"its owners were told at {informed.at:%Y-%m-%d} and have not answered"
        return Closed(because=because, opens=f"an answer, or waiting until {last:%Y-%m-%d %H:%M} UTC")
    return Open(because=f"its owners were told at {informed.at:%Y-%m-%d} and did not answer within {days} days")


def _since(question: Question, informed: Informed) -> Closed | None:
    """Close where somebody owns it who did not when its owners were told: nobody has asked them."""
    if informed.owners is None or question.application is None:
        return None
    if question.application.owners is None:
        return Closed(because="who owns it now cannot be read", opens="that, or waiting")
    new = [
        each.display_name or each.object_id
        for each in question.application.owners
        if each.enabled is not False and each.object_id not in informed.owners
    ]
    if not new:
        return None
    who = f"{new[0]} and {len(new) - 1} more own" if len(new) > 1 else f"{new[0]} owns"
    return Closed(because=f"{who} it since its owners were told at {informed.at:%Y-%m-%d}", opens=_TELL)


GATE = Gate(name="owner-informed", ask=_ask, roads=ALWAYS)
