"""When each wave may run, and the risk that it leaves: a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from migrate.days import Freeze
from migrate.model import Plan, Wave
from migrate.review.text import safe

_BAR = 20
"""Characters of a full bar."""
_FULL, _EMPTY = "█", "░"


def bar(part: int, whole: int) -> str:
    """Return the share of a whole as a bar; anything that is left shows, however little it is."""
    filled = -(-part * _BAR // whole) if whole else 0
    return _FULL * filled + _EMPTY * (_BAR - filled)


def calendar(plan: Plan) -> Iterator[str]:
    """Yield the lines of the waves and of the days on which nothing may start."""
    if not plan.waves:
        return
    whole = sum(wave.risk for wave in plan.waves)
    yield from ("", f"## Waves ({len(plan.waves)})", "")
    yield "| Wave | Hazard | Applications | Starts | Risk removed | Risk left | |"
    yield "| ---: | --- | ---: | --- | ---: | ---: | --- |"
    for wave, following in zip(plan.waves, (*plan.waves[1:], None), strict=True):
        share = f"{wave.risk_left} ({wave.risk_left * 100 // whole if whole else 0} %)"
        yield (
            f"| {wave.number} | {wave.name} | {wave.applications} | {may_run(wave, following, plan.freezes)} | "
            f"{wave.risk} | {share} | {bar(wave.risk_left, whole)} |"
        )
    if plan.freezes:
        yield from ("", "Nothing may start on these days, both included:", "")
        yield from (f"- {each.first} to {each.last}: {safe(each.reason)}" for each in plan.freezes)


def may_run(wave: Wave, following: Wave | None, freezes: Iterable[Freeze]) -> str:
    """Say from when a wave may run, and which freezes it meets before the next one begins."""
    if wave.start is None:
        after = f"when wave {wave.number - 1} is through" if wave.number > 1 else "at any time"
        return f"{after}; in no freeze" if tuple(freezes) else after
    end = following.start if following else None
    met = ", ".join(f"{each.first} to {each.last}" for each in freezes if _meets(each, wave.start, end))
    return f"{wave.start}; frozen {met}" if met else str(wave.start)


def _meets(freeze: Freeze, start: date, end: date | None) -> bool:
    return freeze.last >= start and (end is None or freeze.first < end)
