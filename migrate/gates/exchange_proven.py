"""The exchange must have succeeded several times, apart in time, and lately.

"A token request made several minutes after configuring may fail"; retries are needed "even after a token was
successfully obtained" (Microsoft Entra Workload ID, considerations for federated identity credentials). So one success
proves little, and a failure after it takes the proof back.
"""

from __future__ import annotations

from datetime import timedelta

from migrate.gate import FEDERATED_ONLY, Answer, Closed, Gate, Open, Question

_VERIFY = "unsecret verify PLAN"
_SKEW = timedelta(minutes=10)
"""As far as clocks of Entra's machines may differ; a file of proofs that was carried may say anything."""


def _ask(question: Question) -> Answer:
    policy, proofs = question.policy, question.proofs
    if not proofs:
        return Closed(because="no successful exchange is on record", opens=_VERIFY)
    newest, oldest = proofs[-1].issued_at, proofs[0].issued_at
    if newest > question.now + _SKEW:
        return Closed(because=f"an exchange is dated {newest:%Y-%m-%d %H:%M} UTC, which is to come", opens="that time")
    if question.now - newest > timedelta(hours=policy.proof_hours):
        return Closed(because=f"the last successful exchange is of {newest:%Y-%m-%d %H:%M} UTC", opens=_VERIFY)
    if len(proofs) < policy.proof_successes:
        because = f"{len(proofs)} successful exchanges in a row, {policy.proof_successes} are needed"
        return Closed(because=because, opens=_VERIFY)
    if newest - oldest < timedelta(minutes=policy.proof_spread_minutes):
        because = f"the successful exchanges lie {(newest - oldest).total_seconds() / 60:.0f} minutes apart"
        return Closed(because=because, opens=f"{_VERIFY}, {policy.proof_spread_minutes} minutes after the first")
    return Open(because=f"{len(proofs)} exchanges in a row, the last at {newest:%Y-%m-%d %H:%M} UTC")


GATE = Gate(name="exchange-proven", ask=_ask, roads=FEDERATED_ONLY)
