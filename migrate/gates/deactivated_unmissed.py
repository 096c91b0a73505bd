"""An application that nobody uses loses its credentials only after a long time deactivated in which nobody missed it.

This stands in the place of a proven exchange: nothing took over, as there was nothing to take over. Every attempt to
sign in counts, a refused one too (AADSTS7000112, Microsoft Entra error codes): somebody was there. The whole time must
have been seen in the log, by this look or by earlier ones that are in the journal.
"""

from __future__ import annotations

from datetime import timedelta

from migrate.circumstances import Deactivation, Stretch
from migrate.gate import Answer, Closed, Gate, Open, Question
from migrate.model import Road

_LOOK = "unsecret watch PLAN, more often than the log forgets"


def _ask(question: Question) -> Answer:
    found, days = question.circumstances.deactivation, question.policy.scream_days
    if found is None:
        return Closed(because="it was not deactivated", opens="unsecret deactivate PLAN --app ID")
    if found.scream:
        return Closed(because=f"it is missed: {found.scream}", opens="unsecret revert PLAN --app ID --apply")
    if tried := [each for each in question.history.sign_ins if each.at >= found.at]:
        last = max(tried, key=lambda each: each.at)
        because = f"it is missed: {len(tried)} attempts to sign in since it was deactivated, last from {last.address}"
        return Closed(because=because, opens="unsecret revert PLAN --app ID --apply")
    until = found.at + timedelta(days=days)
    if question.now < until:
        because = f"it is deactivated since {found.at:%Y-%m-%d %H:%M} UTC, {days} days are needed"
        return Closed(because=because, opens=f"waiting until {until:%Y-%m-%d %H:%M} UTC")
    return _covered(question, found)


def _covered(question: Question, found: Deactivation) -> Answer:
    history, days = question.history, question.policy.scream_days
    if history.missing or history.covers_since is None:
        return Closed(
            because=f"attempts are unknown: {history.missing or 'the log is empty'}", opens="a log to be read"
        )
    since = max(found.at, question.now - timedelta(days=days))
    gap = found.uncovered(since, Stretch(since=history.covers_since, until=history.as_of))
    if gap is not None:
        return Closed(because=f"attempts are unknown: no look at the log covers {gap:%Y-%m-%d %H:%M} UTC", opens=_LOOK)
    return Open(because=f"deactivated since {found.at:%Y-%m-%d}, and nobody tried to sign in for {days} days")


GATE = Gate(name="deactivated-unmissed", ask=_ask, roads=frozenset({Road.DEACTIVATED}))
