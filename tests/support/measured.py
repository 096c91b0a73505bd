"""A whole rollout, measured: ``python -m tests.support.measured APPLICATIONS`` prints one line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from migrate.circumstances import Policy, RetirePolicy
from migrate.entry import Kind
from migrate.watch import Quiet, Watcher
from tests.support.estate import Estate
from tests.support.rollout import Rollout, rollout
from tests.support.whole import SOAK, WATCH, Whole, cannot_sign_in

RULES = RetirePolicy(policy=Policy(soak_hours=4, plan_hours=300 * 24))
"""The waves of thousands of applications take longer than a plan stays fresh by default."""


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the requests to Graph; exchanges and Azure go by other clients."""
    count, send = [0], httpx.AsyncHTTPTransport.handle_async_request

    async def sent(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        count[0] += 1
        return await send(transport, request)

    httpx.AsyncHTTPTransport.handle_async_request = sent  # type: ignore[method-assign,assignment]
    try:
        yield count
    finally:
        httpx.AsyncHTTPTransport.handle_async_request = send  # type: ignore[method-assign]


def memory() -> int:
    """Return the most memory this process ever held, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def through(base: Rollout, phases: dict[str, float]) -> dict[str, Any]:
    """Take everything that can be through all waves; return what came of it."""

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        try:
            return work()
        finally:
            phases[name] = round(phases.get(name, 0) + time.process_time() - began, 2)

    plan = timed("plan", lambda: asyncio.run(base.plan()))
    timed("federate", lambda: asyncio.run(base.federate(plan)))
    whole = Whole(made=Estate(base=base, plan=plan), pairings=plan.pairings, rules=RULES)
    timed("verify", lambda: whole.prove(plan.pairings))
    base.journal.record(whole.scanned())
    whole.a_month()
    for wave in sorted({each.wave for each in plan.pairings}):
        ones = tuple(each for each in plan.pairings if each.wave == wave)
        timed("verify", partial(whole.prove, ones))
        timed("schedule", partial(whole.retire, ones))
        base.emulator.advance(SOAK)
        timed("verify", partial(whole.prove, ones))
        timed("retire", partial(whole.retire, ones))
        base.emulator.advance(WATCH)
        timed("verify", partial(whole.prove, ones))
        quiet = timed("watch", partial(_looked, base, plan, ones))
        assert bool(quiet) is _any_removed(base, ones), f"wave {wave}: {quiet} looks after removals"
    return {
        "planned": len(plan.pairings),
        "removed": len(base.journal.entries(kinds=(Kind.RETIRED,))),
        "entries": len(base.journal.entries()),
        "stranded": len(cannot_sign_in(whole.made, plan.pairings)),
    }


def _any_removed(base: Rollout, ones: tuple[Any, ...]) -> bool:
    """Whether a wave lost anything: all of a late one may be held."""
    gone = {each.application for each in base.journal.entries(kinds=(Kind.RETIRED,))}
    return any(each.application.client_id in gone for each in ones)


def _looked(base: Rollout, plan: Any, some: Any) -> int:
    return asyncio.run(_watched(base, plan, some))


async def _watched(base: Rollout, plan: Any, some: Any) -> int:
    async with base.directory() as (directory, _):
        watcher = Watcher(
            plan=plan,
            directory=directory,
            exchange=base.exchange(plan),
            journal=base.journal,
            policy=RULES.policy,
        )
        return sum(isinstance(each, Quiet) for each in await watcher.run(some))


def main(apps: int) -> None:
    phases: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        rollout(Path(folder), patch, apps=apps) as base,
        counted() as count,
    ):
        wall, cpu = time.perf_counter(), time.process_time()
        found = through(base, phases)
        spent = {"wall": round(time.perf_counter() - wall), "cpu": round(time.process_time() - cpu, 1)}
        print(json.dumps({**found, **spent, "requests": count[0], "MiB": memory(), "phases": phases}))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
