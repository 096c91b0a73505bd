"""Before an application is deactivated: nobody signs in as it, by whatever credential, and the log shows all of it.

Unknown is never unused: a log that cannot be read, does not reach back far enough, or is behind closes the gate, and so
does a record whose outcome is unknown. Sign-ins of users to it count: they would be locked out.
"""

from __future__ import annotations

from datetime import timedelta

from migrate.gate import Answer, Closed, Gate, Open, Question, behind, uncovered
from migrate.model import Road


def _ask(question: Question) -> Answer:
    history, days = question.history, question.policy.unused_days
    start = question.now - timedelta(days=days)
    if (unseen := uncovered(history, days, start)) is not None:
        return unseen
    lately = question.now - timedelta(hours=question.policy.log_hours)
    if (late := behind(question.circumstances.log_until, lately)) is not None:
        return late
    if used := [each for each in history.sign_ins if each.at >= start and each.error_code in {0, None}]:
        last = max(used, key=lambda each: each.at)
        where = last.address or "an unknown address"
        because = f"{len(used)} sign-ins in {days} days, the last at {last.at:%Y-%m-%d %H:%M} UTC from {where}"
        return Closed(because=because, opens="nothing: somebody uses it; scan and plan again")
    return Open(because=f"nobody signed in as it in {days} days; the log covers them")


GATE = Gate(name="application-unused", ask=_ask, roads=frozenset({Road.DEACTIVATION}))
