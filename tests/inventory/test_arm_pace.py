from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from inventory.arm import ArmConnection
from inventory.arm_answers import WireList
from inventory.arm_pace import READS, WRITES, Pace, remaining
from tests.inventory.madeup_arm import SUBSCRIPTION, MadeUpArm

_SITES = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Web/sites"
_KIND = "x-ms-ratelimit-remaining-subscription-"


@dataclass
class CountingArm(MadeUpArm):
    """Has a bucket as Azure Resource Manager has one, tells what is left in it and refuses what does not fit."""

    size: float = 60.0
    refill: float = 200.0
    kind: str = "resource-requests"
    refused: int = 0
    level: float = field(default=0.0, init=False)
    at: float = field(default=0.0, init=False)

    def _next(self, target: str) -> bytes:  # noqa: ARG002 - all paths share the bucket
        now = time.monotonic()
        self.level = min(self.size, self.level + (now - self.at) * self.refill) if self.at else self.size
        self.at = now
        if self.level < 1:
            self.refused += 1
            return self._whole({"error": {"code": "SubscriptionRequestsThrottled"}}, status=429, Retry_After="1")
        self.level -= 1
        return self._whole({"value": []}, status=200, cut=0, **{f"{_KIND}{self.kind}": str(int(self.level))})


def _ask(arm: MadeUpArm, number: int, *, method: str = "post", subscriptions: int = 1) -> float:
    async def run() -> float:
        async with arm.reached() as connection:
            await _warm(connection)
            began = time.monotonic()
            slots = asyncio.Semaphore(16)

            async def one(at: int) -> None:
                async with slots:
                    url = f"{_SITES.replace(SUBSCRIPTION, f'{at % subscriptions}')}/a{at}/config/appsettings/list"
                    await getattr(connection, method)(url, WireList)

            await asyncio.gather(*(one(at) for at in range(number)))
            return time.monotonic() - began

    return asyncio.run(run())


async def _warm(connection: ArmConnection) -> None:
    await connection.get("/subscriptions?warm", WireList)


def test_what_answers_tell_goes_before_the_documented_writes() -> None:
    """A provider whose own limit is far from used up is not asked ten times a second."""
    arm = CountingArm(size=12_000, refill=3.0)
    assert _ask(arm, 400) < (400 - WRITES[0]) / WRITES[1]
    assert arm.refused == 0


def test_a_bucket_that_runs_dry_is_waited_for_and_nothing_is_refused() -> None:
    arm = CountingArm(size=60, refill=20.0)
    took = _ask(arm, 60, method="get")
    assert arm.refused == 0
    assert took > 0.5, "20 of 60 stay for others, and 20 in a second come back"


@pytest.mark.slow
def test_where_no_answer_tells_the_documented_bucket_holds() -> None:
    arm = MadeUpArm()
    arm.answer(f"{_SITES}/a0/config/appsettings/list", {"value": []})
    for at in range(WRITES[0] + 20):
        arm.answer(f"{_SITES.replace(SUBSCRIPTION, '0')}/a{at}/config/appsettings/list", {"value": []})
    assert _ask(arm, WRITES[0] + 20) > 1.5


def test_a_refusal_holds_back_everybody_who_shares_the_bucket() -> None:
    async def run() -> float:
        pace = Pace(*READS)
        await pace.enter()
        pace.learn(429, {"retry-after": "0.3"})
        pace.leave()
        began = time.monotonic()
        await pace.enter()
        return time.monotonic() - began

    assert asyncio.run(run()) == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({f"{_KIND}reads": "249", f"{_KIND}global-reads": "3749"}, 249),
        ({f"{_KIND}resource-requests": "11999"}, 11999),
        ({"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/GetVM3Min;197"}, None),
        ({"x-ms-ratelimit-remaining-tenant-reads": "-1"}, None),
        ({}, None),
    ],
)
def test_the_narrowest_limit_counts(headers: dict[str, Any], left: int | None) -> None:
    assert remaining(headers) == left, json.dumps(headers)
