"""Waves go one after the other, and none while an earlier removal is in trouble or has not been watched long enough.

Where every credential of the canary wave is held, nothing was tried on it: one application goes first in its place.

An access token that was issued with the old credential lives for up to 90 minutes (Microsoft identity platform,
"access token lifetime"), so that a removal that broke somebody shows only after it.
"""

from __future__ import annotations

from datetime import timedelta

from migrate.gate import Answer, Closed, Gate, Open, Question


def _ask(question: Question) -> Answer:
    around, wave = question.circumstances, question.pairing.wave
    if around.trouble:
        return Closed(because=around.trouble, opens="unsecret watch PLAN, once its cause is mended")
    if around.unsettled:
        because = f"wave {wave} waits for {around.unsettled} credentials of earlier ones, {around.waits_for} among them"
        return Closed(because=because, opens="unsecret retire PLAN --apply for the earlier wave")
    if around.canary_removed is not None:
        quiet = around.canary_removed + timedelta(hours=question.policy.watch_hours)
        if question.now < quiet:
            because = f"the wave before was removed at {around.canary_removed:%Y-%m-%d %H:%M} UTC"
            return Closed(because=because, opens=f"waiting until {quiet:%Y-%m-%d %H:%M} UTC")
    if (first := around.stand_in) is not None:
        quiet = first.at + timedelta(hours=question.policy.watch_hours)
        if question.now < quiet:
            because = (
                f"nothing of earlier waves was removed, so {first.name} went first, at {first.at:%Y-%m-%d %H:%M} UTC"
            )
            return Closed(because=because, opens=f"waiting until {quiet:%Y-%m-%d %H:%M} UTC")
    return Open(because="no earlier wave is open or in trouble")


GATE = Gate(name="wave-order", ask=_ask)
