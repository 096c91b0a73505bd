"""A baseline: the sites a team starts from, so that only new ones fail.

It is a JSON file that belongs beside the code under version control: one entry for each site and each file that could
not be read, by path (relative to the folder of the baseline) and fingerprint. An entry that no run finds any more is
told, so that the file can shrink. It keeps the names from which the sites read their secret: once no site reads one, it
is ``retired``, and what still sets or needs it is found by it. No secret is in the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from codemods.errors import BaselineError
from codemods.leftover import STEERING, variable_of
from codemods.model import AlreadyAssertion, Category, ReasonCode, Reported, Run, Site
from codemods.report.fingerprints import Mark, leftover_marks, marks, of_failure

SCHEMA: Final = "unsecret/baseline"
VERSION: Final = 1

_LEFTOVER = "leftover-"
_KEY = re.compile(r"\['([^']+)'\]|\.([a-z_]*(?:secret|password|key|cert)[a-z_]*)", re.IGNORECASE)

Located = Callable[[str], str]
"""Turns a path of a run into one of the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Entry:
    """One site of a baseline; construct and rule are for its readers."""

    mark: Mark
    construct: str
    rule: str
    names: tuple[str, ...] = ()

    @property
    def is_leftover(self) -> bool:
        """Tell whether it is a place that sets or needs a secret, and no sign-in."""
        return self.rule.startswith(_LEFTOVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What is known: the entries, and the names that were read by sites that are gone."""

    entries: tuple[Entry, ...] = ()
    retired: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run beside a baseline: the marks of the run that it holds, the entries that are gone, the retired names."""

    accepted: frozenset[Mark] = frozenset()
    vanished: tuple[Entry, ...] = ()
    retired: frozenset[str] = frozenset()


def compare(run: Run, known: Baseline, located: Located, covers: Callable[[str], bool]) -> Comparison:
    """Find the entries of a baseline in a run; ``covers`` tells whether the run looked at a path of the baseline."""
    by_mark = {entry.mark for entry in known.entries}
    found = {entry.mark: _elsewhere(entry.mark, located) for entry in _open(run)}
    gone = by_mark - set(found.values())
    vanished = tuple(entry for entry in known.entries if entry.mark in gone and covers(entry.mark.path))
    left = [entry for entry in known.entries if entry not in vanished]
    return Comparison(
        accepted=frozenset(mark for mark, there in found.items() if there in by_mark),
        vanished=vanished,
        retired=(known.retired | _names(vanished)) - _names(left) - _names(_open(run)),
    )


def entries(run: Run, located: Located) -> tuple[Entry, ...]:
    """List everything that a guard would fail for."""
    return tuple(replace(entry, mark=_elsewhere(entry.mark, located)) for entry in _open(run))


def render(known: Baseline) -> bytes:
    """Write a baseline down, in a fixed order."""
    sites = [_row(one) for one in sorted(known.entries)]
    whole = {"schema": SCHEMA, "version": VERSION, "sites": sites, "retired": sorted(known.retired)}
    return (json.dumps(whole, indent=1) + "\n").encode("ascii")


def _row(one: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"path": one.mark.path, "fingerprint": one.mark.fingerprint, "construct": one.construct}
    row["rule"] = one.rule
    return row | ({"names": list(one.names)} if one.names else {})


def read(data: bytes, name: str) -> Baseline:
    """Read a baseline; BaselineError where it is none."""
    try:
        whole = json.loads(data)
        if (whole["schema"], whole["version"]) != (SCHEMA, VERSION):
            raise BaselineError(f"{name} is a baseline of another version; write it anew with --write-baseline")
        return Baseline(entries=tuple(map(_entry, whole["sites"])), retired=frozenset(_texts(whole, "retired")))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BaselineError(f"{name} is no baseline; write one with --write-baseline") from None


def _entry(row: dict[str, Any]) -> Entry:
    values = [row[key] for key in ("path", "fingerprint", "construct", "rule")]
    if not all(isinstance(value, str) for value in values):
        raise TypeError
    mark = Mark(path=values[0], fingerprint=values[1])
    return Entry(mark=mark, construct=values[2], rule=values[3], names=_texts(row, "names"))


def _texts(row: dict[str, Any], key: str) -> tuple[str, ...]:
    """Read a list of names; files of an older release have none."""
    values = row.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError
    return tuple(values)


def _names(found: Iterable[Entry]) -> frozenset[str]:
    return frozenset(name for entry in found for name in entry.names)


def _open(run: Run) -> Iterator[Entry]:
    """List what still needs a secret, what sets or needs one that is gone, and what could not be looked at."""
    for outcome, mark in zip(run.sites, marks(run), strict=True):
        if not isinstance(outcome, AlreadyAssertion):
            rule = outcome.reason if isinstance(outcome, Reported) else ReasonCode.SECRET_SIGN_IN
            names = _read_by(outcome.site, rule)
            yield Entry(mark=mark, construct=outcome.site.construct, rule=rule.value, names=names)
    for leftover, mark in zip(run.leftovers, leftover_marks(run), strict=True):
        if leftover.fails_check:
            yield Entry(mark=mark, construct=leftover.name, rule=f"{_LEFTOVER}{leftover.kind.value}")
    for failed in run.failed:
        yield Entry(mark=of_failure(failed), construct="", rule=failed.error.code)


def _read_by(site: Site, rule: ReasonCode) -> tuple[str, ...]:
    """Name the variables a site in production code reads its secret from, by the source that it shows."""
    if site.category is not Category.CODE:
        return ()
    found = {name for name in map(variable_of, _keys(site.secret_source or "")) if name is not None}
    return tuple(sorted(found | ({STEERING} if rule is ReasonCode.ENVIRONMENT_STEERED else set())))


def _keys(source: str) -> Iterator[str]:
    return (item or attribute for item, attribute in _KEY.findall(source))


def _elsewhere(mark: Mark, located: Located) -> Mark:
    return Mark(path=located(mark.path), fingerprint=mark.fingerprint)
