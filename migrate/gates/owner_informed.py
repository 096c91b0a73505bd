"""Where the policy asks for it (``owner_days``), owners must have been told. A no of theirs holds whatever it asks.

Before an application is deactivated they must have been told whatever the policy says: they are who will miss it.
"""

from __future__ import annotations

from datetime import timedelta

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
    if informed.answer:
        return Open(because=f"its owners agreed, as {informed.by} recorded at {informed.at:%Y-%m-%d}")
    days = days or 0
    last = informed.at + timedelta(days=days)
    if question.now < last:
        because = f"its owners were told at {informed.at:%Y-%m-%d} and have not answered"
        return Closed(because=because, opens=f"an answer, or waiting until {last:%Y-%m-%d %H:%M} UTC")
    return Open(because=f"its owners were told at {informed.at:%Y-%m-%d} and did not answer within {days} days")


GATE = Gate(name="owner-informed", ask=_ask, roads=ALWAYS)
