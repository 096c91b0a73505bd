"""The plan must rest on a young snapshot: who owns what, which hosts there are and what is shared change every day."""

from __future__ import annotations

from datetime import timedelta

from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question

_AGAIN = "unsecret scan, then unsecret plan"
_SKEW = timedelta(minutes=5)


def _ask(question: Question) -> Answer:
    if newer := question.circumstances.overtaken:
        return Closed(because=f"another plan of this tenant ({newer[:12]}) has been used since", opens="using that one")
    taken_at, hours = question.circumstances.taken_at, question.policy.plan_hours
    age = question.now - taken_at
    if age < -_SKEW:
        return Closed(because=f"the plan's snapshot is of {taken_at:%Y-%m-%d %H:%M}, which is to come", opens=_AGAIN)
    if age > timedelta(hours=hours):
        return Closed(because=f"the plan's snapshot is of {taken_at:%Y-%m-%d}, older than {hours} hours", opens=_AGAIN)
    return Open(because=f"the plan's snapshot is of {taken_at:%Y-%m-%d %H:%M} UTC")


GATE = Gate(name="plan-fresh", ask=_ask, roads=ALWAYS)
