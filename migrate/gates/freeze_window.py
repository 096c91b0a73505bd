"""No removal on a day that the policy or the plan freezes (``[[freeze]]``): days of UTC, both ends included."""

from __future__ import annotations

from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    today = question.now.date()
    for each in question.circumstances.freezes:
        if each.holds(today):
            because = f"changes are frozen from {each.first} to {each.last}: {each.reason}"
            return Closed(because=because, opens=f"the day after {each.last}")
    return Open(because=f"{today} is in no freeze window")


GATE = Gate(name="freeze-window", ask=_ask, roads=ALWAYS)
