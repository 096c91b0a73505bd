"""No sign-in may have used the credential inside the window, and the log must show the whole window.

Unknown is never unused. The gate is closed by a log that cannot be read, that does not reach back far enough without a
gap, or that is behind: our own exchanges are in it once it has caught up, so they must be seen. A record that does not
rule our credential out counts as use of it. Failed attempts are not use.

Sources: Microsoft Entra, "data retention" and "linkable identifiers" (a record's token identifier is the token's
``uti`` claim).
"""

from __future__ import annotations

from datetime import timedelta

from inventory.model import SignIn
from migrate.gate import Answer, Closed, Gate, Open, Question, behind, uncovered
from migrate.model import Road
from migrate.usedby import Whose, caught_up, whose


def _ask(question: Question) -> Answer:
    history, days = question.history, question.policy.unused_days
    start = question.now - timedelta(days=days)
    if (unseen := uncovered(history, days, start)) is not None:
        return unseen
    lately = question.now - timedelta(hours=question.policy.log_hours)
    if question.road is Road.DEACTIVATED:
        if (told := behind(question.circumstances.log_until, lately)) is not None:
            return told
    elif not caught_up(history, question.proofs, lately):
        because = (
            f"use is unknown: the log does not show our own exchanges of the last {question.policy.log_hours} hours"
        )
        return Closed(because=because, opens="unsecret verify PLAN, and waiting until the log has caught up")
    return _judge(question, [each for each in history.sign_ins if each.at >= start and each.error_code in {0, None}])


def _judge(question: Question, recent: list[SignIn]) -> Answer:
    days = question.policy.unused_days
    if used := [each for each in recent if whose(each, question.credential) is Whose.OURS]:
        last = max(used, key=lambda each: each.at)
        because = f"used {len(used)} times in {days} days, last {last.at:%Y-%m-%d %H:%M} UTC from {last.address}"
        return Closed(because=because, opens="moving that caller to the federated credential")
    # Sign-ins of users are among them: a web application redeems their codes with its secret.
    if unclear := [each for each in recent if whose(each, question.credential) is Whose.UNKNOWN]:
        last = max(unclear, key=lambda each: each.at)
        where = f"the last at {last.at:%Y-%m-%d %H:%M} UTC from {last.address or 'an unknown address'}"
        because = (
            f"use is unknown: {len(unclear)} sign-ins in {days} days do not say which credential they used, {where}"
        )
        return Closed(because=because, opens=f"moving that caller, or waiting until {days} days show none of the kind")
    seen = question.circumstances.seen_in_use
    if seen is not None and seen >= question.now - timedelta(days=days):
        because = f"use is unknown: the scan knows of a success at {seen:%Y-%m-%d %H:%M} UTC that the log does not show"
        return Closed(because=because, opens=f"waiting until {days} days have passed since")
    return Open(because=f"no sign-in used it in {days} days; the log covers them")


GATE = Gate(name="secret-unused", ask=_ask)
