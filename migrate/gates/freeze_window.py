"""No removal on a day that the policy or the plan freezes (``[[freeze]]``): both ends included, wherever the day is."""

from __future__ import annotations

from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    today = question.now.date()
    for each in question.circumstances.freezes:
        if each.holds_at(question.now):
            because = f"changes are frozen from {each.first} to {each.last}: {each.reason}"
            return Closed(because=because, opens=f"the end of {each.last} everywhere, the next day at 12:00 UTC")
    return Open(because=f"{today} is in no freeze window")


GATE = Gate(name="freeze-window", ask=_ask, roads=ALWAYS)
