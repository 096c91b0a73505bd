"""A baseline: the sites a team starts from, so that only new ones fail.

It is a JSON file that belongs beside the code under version control: one entry for each site and each file that could
not be read, by path (relative to the folder of the baseline) and fingerprint. An entry that no run finds any more is
told, so that the file can shrink.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from codemods.errors import BaselineError
from codemods.model import AlreadyAssertion, ReasonCode, Reported, Run
from codemods.report.fingerprints import Mark, marks, of_failure

SCHEMA: Final = "unsecret/baseline"
VERSION: Final = 1

Located = Callable[[str], str]
"""Turns a path of a run into one of the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Entry:
    """One site of a baseline; construct and rule are for its readers."""

    mark: Mark
    construct: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run beside a baseline: the marks of the run that it holds, and the entries that are gone."""

    accepted: frozenset[Mark] = frozenset()
    vanished: tuple[Entry, ...] = ()


def compare(run: Run, known: tuple[Entry, ...], located: Located, covers: Callable[[str], bool]) -> Comparison:
    """Find the entries of a baseline in a run; ``covers`` tells whether the run looked at a path of the baseline."""
    by_mark = {entry.mark for entry in known}
    found = {mark: _elsewhere(mark, located) for mark, _, _ in _open(run)}
    vanished = by_mark - set(found.values())
    return Comparison(
        accepted=frozenset(mark for mark, there in found.items() if there in by_mark),
        vanished=tuple(entry for entry in known if entry.mark in vanished and covers(entry.mark.path)),
    )


def entries(run: Run, located: Located) -> tuple[Entry, ...]:
    """List everything that a guard would fail for."""
    return tuple(
        Entry(mark=_elsewhere(mark, located), construct=construct, rule=rule) for mark, construct, rule in _open(run)
    )


def render(found: Iterable[Entry]) -> bytes:
    """Write a baseline down, in a fixed order."""
    sites = [
        {"path": one.mark.path, "fingerprint": one.mark.fingerprint, "construct": one.construct, "rule": one.rule}
        for one in sorted(found)
    ]
    return (json.dumps({"schema": SCHEMA, "version": VERSION, "sites": sites}, indent=1) + "\n").encode("ascii")


def read(data: bytes, name: str) -> tuple[Entry, ...]:
    """Read a baseline; BaselineError where it is none."""
    try:
        whole = json.loads(data)
        if (whole["schema"], whole["version"]) != (SCHEMA, VERSION):
            raise BaselineError(f"{name} is a baseline of another version; write it anew with --write-baseline")
        return tuple(map(_entry, whole["sites"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BaselineError(f"{name} is no baseline; write one with --write-baseline") from None


def _entry(row: dict[str, Any]) -> Entry:
    values = [row[key] for key in ("path", "fingerprint", "construct", "rule")]
    if not all(isinstance(value, str) for value in values):
        raise TypeError
    return Entry(mark=Mark(path=values[0], fingerprint=values[1]), construct=values[2], rule=values[3])


def _open(run: Run) -> Iterator[tuple[Mark, str, str]]:
    """List what still needs a secret, or could not be looked at."""
    for outcome, mark in zip(run.sites, marks(run), strict=True):
        if not isinstance(outcome, AlreadyAssertion):
            rule = outcome.reason if isinstance(outcome, Reported) else ReasonCode.SECRET_SIGN_IN
            yield mark, outcome.site.construct, rule.value
    for failed in run.failed:
        yield of_failure(failed), "", failed.error.code


def _elsewhere(mark: Mark, located: Located) -> Mark:
    return Mark(path=located(mark.path), fingerprint=mark.fingerprint)
