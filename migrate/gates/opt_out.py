"""Nobody may have asked, with a reason and until a day, to leave the application alone (``[[exclude]]``)."""

from __future__ import annotations

from migrate.gate import ALWAYS, Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    for each in question.circumstances.opt_outs:
        if question.now.date() <= each.until:
            because = f"unsecret.toml excludes it until {each.until}: {each.reason}"
            return Closed(because=because, opens=f"the day after {each.until}, or removing its [[exclude]]")
    return Open(because="nobody asked to leave it alone")


GATE = Gate(name="opt-out", ask=_ask, roads=ALWAYS)
