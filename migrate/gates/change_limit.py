"""No more removals in one run, and in one hour, than the policy allows: what goes wrong goes wrong for few."""

from __future__ import annotations

from migrate.gate import Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    policy, around = question.policy, question.circumstances
    if policy.per_run is not None and around.removed_in_run >= policy.per_run:
        return Closed(because=f"{around.removed_in_run} credentials were removed in this run", opens="the next run")
    if policy.per_hour is not None and around.removed_in_hour >= policy.per_hour:
        because = f"{around.removed_in_hour} credentials were removed within an hour"
        return Closed(because=because, opens="waiting an hour")
    return Open(because=f"{around.removed_in_run} removed in this run, {around.removed_in_hour} within an hour")


GATE = Gate(name="change-limit", ask=_ask)
