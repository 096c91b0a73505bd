"""Whether a credential is used, from what every source says of it. Pure; the order of what is given does not matter.

Unknown is never unused. A success inside the window is use, whoever saw it. Otherwise a credential is unused only where
a source covers the whole window, is fresh, names credentials of this kind, and nothing contradicts it: a sign-in that
does not say which credential it used, a report that saw what the log does not show, users who sign in with the
application, or of whom nothing is told, tenants whose logs are not here. No row is not a sign of anything, and failed
attempts are not use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

from inventory.usage import SIGN_INS_OF_USERS, Source, SourceName, Use
from inventory.usage_subject import AGENTS, FEDERATED, Subject, Whose, whose

_SAME_TIME = timedelta(hours=1)
"""By how much the times of one sign-in may differ between a report and a log."""
_AHEAD = timedelta(days=1)
"""How much later than its begin a scan may read a log; what claims to be later is of a clock that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A success inside the window."""

    last: datetime
    by: SourceName
    """The source that saw the last success."""
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """No success for so many whole days, up to the newest record of the source that covers them."""

    days: int
    because: tuple[str, ...]
    by: tuple[SourceName, ...] = ()
    """The sources that cover the window and show none, the one that reaches furthest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Neither was seen nor can be excluded, for these reasons."""

    because: tuple[str, ...]
    before: str = ""
    """What is known of its last success, in words; many credentials share the reasons, and few this."""


Verdict = Used | Unused | Unknown
USED = "used"
_Spans = tuple[tuple[SourceName, datetime, datetime], ...]
"""Source, first and last time: a source adds up what is alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked of evidence before it may say "unused"."""

    days: int = 28
    """Length of the window. A log of 30 days has no record that is 30 days old, so 30 could never be shown."""
    stale: timedelta = timedelta(hours=48)
    """Age of a source's newest record from which on it counts as behind."""


def verdict(
    asked: Subject,
    uses: Iterable[Use],
    sources: Iterable[Source],
    at: datetime,
    terms: Terms = Terms(),
) -> Verdict:
    """Judge one credential at a time (aware, the tenant's own); ``uses`` may hold those of other applications too."""
    case = _case(asked, uses, sources, at, terms)
    successes = [(use.last_success, use.source) for use in case.ours if use.last_success is not None]
    last = max(successes, default=None)
    if last is not None and last[0] >= case.start:
        return Used(last=last[0], by=last[1], because=(*_seen(case, last[0], last[1]), *_disagreement(case, last[0])))
    covering = [source for source in case.sources if not _lack(case, source)]
    obstacles = (*_elsewhere(case), *_agents(case), *_too_young(case), *_unexplained(case, covering))
    obstacles += _users_untold(case) if covering else ()
    if covering and not obstacles:
        return _unused(case, covering, last)
    lacks = sorted({f"{source.name}: {_lack(case, source)}" for source in case.sources if not covering})
    nothing = () if case.sources else ("no source of evidence was read",)
    return Unknown(because=(*obstacles, *lacks, *nothing), before="".join(_before(last)))


def in_words(answer: Verdict) -> str:
    """Return the answer without its reasons."""
    match answer:
        case Used():
            return USED
        case Unused():
            return f"unused for {answer.days} days"
        case Unknown():
            return "unknown"
        case _:
            assert_never(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    asked: Subject
    at: datetime
    start: datetime
    terms: Terms
    sources: tuple[Source, ...]
    ours: tuple[Use, ...]
    unclear: tuple[Use, ...]
    users_told: frozenset[SourceName]
    """The reports with a row that says whether users sign in with the application."""
    tried: _Spans
    """When there were attempts with our credential, by source."""
    others: _Spans
    """When the application succeeded with a credential that was told, by source."""


def _case(asked: Subject, uses: Iterable[Use], sources: Iterable[Source], at: datetime, terms: Terms) -> _Case:
    told = [(use, whose(use, asked)) for use in uses if use.client_id == asked.client_id]
    ours = [use for use, answer in told if answer is Whose.OURS]
    unclear = [use for use, answer in told if answer is Whose.UNCLEAR]
    return _Case(
        asked=asked,
        at=at,
        start=at - timedelta(days=terms.days),
        terms=terms,
        sources=tuple(sources),
        ours=tuple(ours),
        unclear=tuple(unclear),
        users_told=frozenset(use.source for use in unclear if use.delegated and use.first is None),
        tried=_spans((use.source, use.first, use.last) for use in ours),
        others=_spans((use.source, use.first, use.last_success) for use, answer in told if answer is not Whose.UNCLEAR),
    )


def _order(source: Source) -> tuple[object, ...]:
    times = (moment.timestamp() if moment else 0.0 for moment in (source.read_at, source.since, source.until))
    return (source.name, source.missing, *times, source.sees)


def _spans(times: Iterable[tuple[SourceName, datetime | None, datetime | None]]) -> _Spans:
    return tuple((source, first or last, last) for source, first, last in times if last is not None)


def _lack(case: _Case, source: Source) -> str:
    """Say what a source lacks to show that the credential is unused; empty where it lacks nothing."""
    if source.missing:
        return source.missing
    if case.asked.kind not in source.sees:
        return f"it does not show a {case.asked.kind} credential"
    return _not_covering(case, source)


def _not_covering(case: _Case, source: Source) -> str:
    """Say why a source does not cover the window; empty where it does."""
    if source.since is None or source.until is None:
        return "that it has no row of a success does not mean that there was none"
    if source.since > case.start:
        return f"it reaches back to {_minute(source.since)}, {case.terms.days} days are needed"
    return _not_fresh(case, source.until)


def _not_fresh(case: _Case, until: datetime) -> str:
    """Say that a newest record is too old, or later than can be; empty where it is neither."""
    if until > case.at + _AHEAD:
        return f"its newest record is of {_minute(until)}, a time to come"
    return f"its newest record is of {_minute(until)}" if case.at - until > case.terms.stale else ""


def _elsewhere(case: _Case) -> tuple[str, ...]:
    return ("it may sign in to other tenants, whose logs are not read",) if case.asked.elsewhere else ()


def _agents(case: _Case) -> tuple[str, ...]:
    return (AGENTS,) if case.asked.agents else ()


def _too_young(case: _Case) -> tuple[str, ...]:
    """Say that a credential had no time to be used: one that replaces another is made before it is put to use."""
    begins = case.asked.begins
    if begins is None and case.asked.kind != FEDERATED:
        return ("from when on it is valid is not told, so that it may be too young to have been used",)
    if begins is None or begins <= case.start:
        return ()
    return (f"it is valid from {_minute(begins)} on, which is less than {case.terms.days} days",)


def _users_untold(case: _Case) -> tuple[str, ...]:
    """Say that nothing tells whether users sign in, for whom a web application redeems codes with its secret.

    A report without a row of the application says nothing, nor does one that was not read to its end or is behind. A
    log of users tells by its silence, where it covers the window.
    """
    unknown = "whether users sign in with the application, which may take it, is not known"
    logs = {source.name: source.missing or _not_covering(case, source) for source in _logs_of_users(case)}
    told = [source for source in case.sources if source.name in case.users_told]
    lacks = [*((source.name, source.missing or _not_told_lately(case, source)) for source in told), *logs.items()]
    if any(not lack for _, lack in lacks):
        return ()
    nothing = () if told else (f"{unknown}: no report that was read has a row of it",)
    return (*nothing, *(f"{unknown}: {name}: {lack}" for name, lack in lacks))


def _logs_of_users(case: _Case) -> list[Source]:
    return sorted((one for one in case.sources if SIGN_INS_OF_USERS in one.sees), key=_order)


def _not_told_lately(case: _Case, report: Source) -> str:
    return "it tells no time" if report.until is None else _not_fresh(case, report.until)


def _unexplained(case: _Case, covering: list[Source]) -> tuple[str, ...]:
    """Say what may have been use of the credential and is not shown by a covering source to be something else."""
    newest: dict[tuple[SourceName, bool, bool], datetime] = {}
    for ours, rows in ((True, case.ours), (False, case.unclear)):
        for use in rows:
            moment = _doubt(use, case.start)
            if moment is None or _explained(covering, use, moment, case.tried if ours else case.others):
                continue
            kind = (use.source, bool(use.delegated), ours)
            newest[kind] = max(moment, newest.get(kind, moment))
    return tuple(_said(*kind, newest[kind]) for kind in sorted(newest))


def _doubt(use: Use, start: datetime) -> datetime | None:
    """Return the last time inside the window at which a row may stand for a success, None where it does not."""
    maybe = use.last if use.successes is None and use.last_success is None else use.last_success
    return maybe if maybe is not None and maybe >= start else None


def _explained(covering: list[Source], use: Use, moment: datetime, shown: _Spans) -> bool:
    """Whether a covering source shows what happened at that time, as ``shown``; none shows what users do.

    Of a row that adds several times up only first and last are known, so that what happened between them stays open.
    """
    names = {one.name for one in covering if one.name != use.source}
    alone = use.first is None or use.first == use.last
    return (
        alone
        and not use.delegated
        and any(source in names and first - _SAME_TIME <= moment <= last + _SAME_TIME for source, first, last in shown)
    )


def _said(source: SourceName, delegated: bool, ours: bool, moment: datetime) -> str:  # noqa: FBT001 - a key's parts
    if delegated:
        return (
            f"{source}: users signed in with the application at {_minute(moment)}, which may have taken this "
            "credential; no record tells which it was"
        )
    if ours:
        return f"{source}: it was tried at {_minute(moment)}, and nothing tells whether that succeeded"
    return f"{source}: the application signed in at {_minute(moment)}, and nothing tells with which credential"


def _unused(case: _Case, covering: list[Source], last: tuple[datetime, SourceName] | None) -> Unused:
    source = max(covering, key=lambda one: (_days(one, last, case.at), _order(one)))
    days = _days(source, last, case.at)
    others = tuple(one.name for one in covering if one is not source)
    shows = f"{source.name} shows no success up to {_minute(source.until)}"
    return Unused(
        days=days,
        by=(source.name, *others),
        because=(
            f"{shows}; {', '.join(others)} neither" if others else shows,
            f"unused for {days} days; a job that runs less often would not show",
            *_before(last),
            *_attempts(case),
            *_no_users(case),
        ),
    )


def _no_users(case: _Case) -> tuple[str, ...]:
    covering = [one for one in _logs_of_users(case) if not one.missing and not _not_covering(case, one)]
    return tuple(f"{one.name} shows no sign-in of a user that may have taken it" for one in covering)


def _days(source: Source, last: tuple[datetime, SourceName] | None, at: datetime) -> int:
    if source.since is None or source.until is None:
        raise ValueError("a source that covers a window has begin and end")
    begin = max(source.since, last[0]) if last else source.since
    return max((min(source.until, at) - begin) // timedelta(days=1), 0)


def _before(last: tuple[datetime, SourceName] | None) -> tuple[str, ...]:
    return (f"its last success known is of {_minute(last[0])} ({last[1]})",) if last else ()


def _attempts(case: _Case) -> tuple[str, ...]:
    failed = [use.last for use in case.ours if use.failures and use.last and use.last >= case.start]
    return (f"something still tries it, in vain, last at {_minute(max(failed))}",) if failed else ()


def _seen(case: _Case, last: datetime, by: SourceName) -> tuple[str, ...]:
    rows = [use for use in case.ours if use.last_success is not None and use.last_success >= case.start]
    addresses = sorted({use.address for use in rows if use.address})
    said = f"{by} shows a success at {_minute(last)}"
    return (f"{said}; from {len(addresses)} addresses, one of them {addresses[0]}" if addresses else said,)


def _disagreement(case: _Case, last: datetime) -> tuple[str, ...]:
    """Name the sources that cover the time of the last success and show none: they have gaps of their own."""
    showing = {use.source for use in case.ours if use.last_success and use.last_success >= last - _SAME_TIME}
    silent = [
        source.name
        for source in case.sources
        if source.name not in showing and not source.missing and case.asked.kind in source.sees
        and source.since is not None and source.until is not None and source.since <= last <= source.until - _SAME_TIME
    ]  # fmt: skip
    return tuple(f"{name} covers that time and does not show it" for name in sorted(set(silent)))


def _minute(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "an unknown time"
