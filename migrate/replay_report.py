"""What a replay tells, as a document for people: the policies, whom they would have broken, and the curve. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import timedelta

from migrate.replay import Covered, Moment, Result, Road, Timeline, longest_quiet
from reports.model import Align, Cell, Column, Curve, Document, Fact, Table

_DAY = timedelta(days=1)
_UNKNOWN = "an unknown address"


def document(
    lines: Sequence[Timeline],
    covered: Covered,
    tried: Sequence[tuple[Result, Road]],
    shape: Sequence[Result],
    remarks: Sequence[str],
) -> Document:
    """Return the document: ``tried`` the policies on both roads, ``shape`` the curve, ``remarks`` what was not seen."""
    safe = math.ceil(longest_quiet(lines) / _DAY)
    return Document(
        title="What if: retirement policies on past sign-ins",
        as_of=covered.until,
        facts=(
            Fact(label="credentials in the log", value=len(lines)),
            Fact(label="days without a gap", value=math.floor(covered.days)),
            Fact(label="days that broke nobody", value=safe),
            Fact(label="log", value=f"{covered.since:%Y-%m-%d} to {covered.until:%Y-%m-%d}"),
        ),
        tables=(
            _policies(tried),
            _broken([each for each, _ in tried]),
            _screams([each for _, each in tried]),
            _figures(shape),
            Table(
                name="unseen", title="Not seen", columns=(Column(key="what", title="What"),),
                rows=tuple((each,) for each in remarks),
            ),
        ),
        curves=tuple(_curves(shape)),
    )  # fmt: skip


def _number(key: str, title: str) -> Column:
    return Column(key=key, title=title, align=Align.RIGHT)


def _policies(tried: Iterable[tuple[Result, Road]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for result, road in tried:
        one = result.trial
        rows += [
            (one.name, "removed at once", one.unused_days, f"{one.soak_hours} h soak", len(result.removals), 0,
             len(result.broken), round(result.exposure_days, 1)),
            (one.name, "deactivated first", one.unused_days, f"{one.scream_days} d deactivated", road.removals,
             len(road.missed), len(road.broken), round(road.exposure_days, 1)),
        ]  # fmt: skip
    columns = (
        Column(key="policy", title="Policy"), Column(key="road", title="Road"), _number("unused", "Days unused"),
        Column(key="then", title="Then"), _number("removals", "Removals"), _number("missed", "Missed in time"),
        _number("broken", "Would break"), _number("exposure", "Exposure days removed"),
    )  # fmt: skip
    return Table(name="policies", title="Policies", columns=columns, rows=tuple(rows))


def _broken(results: Iterable[Result]) -> Table:
    rows = tuple(
        (
            result.trial.name, each.timeline.client_id, each.timeline.credential, f"{each.at:%Y-%m-%d}",
            *_use(each.broken), ", ".join(each.addresses),
        )
        for result in results
        for each in result.broken
    )  # fmt: skip
    columns = (
        Column(key="policy", title="Policy"), Column(key="application", title="Application"),
        Column(key="credential", title="Credential"), Column(key="removed", title="Removed"),
        Column(key="used", title="Used again"), Column(key="address", title="From"),
        Column(key="addresses", title="All addresses since"),
    )  # fmt: skip
    return Table(name="broken", title="Callers that a removal would have broken", columns=columns, rows=rows)


def _screams(roads: Iterable[Road]) -> Table:
    rows = tuple(
        (
            road.trial.name, each.whole.client_id, f"{each.at:%Y-%m-%d}",
            "missed in time: revert activates it" if each.missed else "its credentials were gone",
            *_use(each.missed or each.broken),
        )
        for road in roads
        for each in (*road.missed, *road.broken)
    )  # fmt: skip
    columns = (
        Column(key="policy", title="Policy"), Column(key="application", title="Application"),
        Column(key="deactivated", title="Deactivated"), Column(key="outcome", title="What came of it"),
        Column(key="used", title="Used again"), Column(key="address", title="From"),
    )  # fmt: skip
    return Table(name="screams", title="Applications that were missed when deactivated", columns=columns, rows=rows)


def _use(moment: Moment | None) -> tuple[str, str]:
    return (f"{moment.at:%Y-%m-%d}", moment.address or _UNKNOWN) if moment else ("", "")


def _figures(shape: Iterable[Result]) -> Table:
    rows = tuple(
        (each.trial.unused_days, len(each.removals), len(each.broken), round(each.exposure_days, 1)) for each in shape
    )
    columns = (
        _number("quiet", "Quiet for (days)"), _number("removals", "Removals"), _number("broken", "Would break"),
        _number("exposure", "Exposure days removed"),
    )  # fmt: skip
    note = "Quiet for: window and soak together."
    return Table(
        name="curve", title="Every quiet time that the log is long enough for", columns=columns, rows=rows, note=note
    )


def _curves(shape: Sequence[Result]) -> Iterable[Curve]:
    labels = [f"{each.trial.unused_days} d" for each in shape]
    yield Curve(
        title="Removals that would have broken a caller, by days without use",
        points=tuple(zip(labels, (len(each.broken) for each in shape), strict=True)),
        note="Choose the shortest that breaks nobody, and a margin.",
    )
    yield Curve(
        title="Exposure days removed, by days without use",
        points=tuple(zip(labels, (round(each.exposure_days) for each in shape), strict=True)),
        note="Days that credentials would not have been there for the taking.",
    )
