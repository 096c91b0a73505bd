"""Nobody may have asked, with a reason and until a day, to leave the application alone (``[[exclude]]``)."""

from __future__ import annotations

from migrate.days import days_at
from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    for each in question.circumstances.opt_outs:
        if min(days_at(question.now)) <= each.until:
            because = f"unsecret.toml excludes it until {each.until}: {each.reason}"
            opens = f"the end of {each.until} everywhere (the next day at 12:00 UTC), or removing its [[exclude]]"
            return Closed(because=because, opens=opens)
    return Open(because="nobody asked to leave it alone")


GATE = Gate(name="opt-out", ask=_ask, roads=ALWAYS)
