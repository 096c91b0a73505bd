"""``unsecret status``: where the rollout stands."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

import click

from migrate import rollout
from migrate.cli.journals import journal as opened
from migrate.cli.journals import wrong
from migrate.cli.options import Settings, common
from migrate.cli.output import emit
from migrate.entry import Entry
from migrate.journal.database import shown
from migrate.model import Abandoned, Refusal
from migrate.rollout import Course, Standing

_Other = TypeVar("_Other", Refusal, Abandoned)
_SHOWN = 20
"""Applications of each state that are told one by one, unless all are asked for."""


@click.command()
@click.option("--all", "whole", is_flag=True, help=f"Every application, not only the first {_SHOWN} of each state.")
@common
def command(*, settings: Settings, whole: bool) -> int:
    """Say where each application stands, what holds it and what comes next, from the journal alone.

    Exit code 1: the journal was changed behind its back, and what it says with it.
    """
    how = wrong(settings.journal)
    with opened(settings, rests=False) as journal:
        entries = journal.entries()
    data = _summary(entries)
    lines = _lines(data, whole=whole) if data else [f"nothing has been done yet in {shown(settings.journal)}"]
    if how:
        data["not_sound"] = how
        lines.insert(0, f"NOT SOUND: the journal was changed behind its back ({how}); nothing below is certain")
    emit(settings, lines, data)
    return 1 if how else 0


def _summary(entries: tuple[Entry, ...]) -> dict[str, Any]:
    pairings, refusals, unused = rollout.planned(entries), rollout.stepped(entries), rollout.abandoned(entries)
    glass = _glass(entries)
    if not pairings and not refusals and not unused and not glass:
        return {}
    standings = rollout.standings(pairings, entries, _begun(refusals, entries), _begun(unused, entries))
    states = Counter(now.state.value for _, now in standings.values())
    planned, gone, held = rollout.to_remove(pairings), rollout.removed(entries), rollout.held(entries)
    gates = Counter(gate for entry in held for gate in rollout.closed_gates(entry))
    return {
        "applications": {state.value: states[state.value] for state in rollout.State if states[state.value]},
        "credentials": {"planned": len(planned | gone), "retired": len(gone), "held": len(held)},
        "gates": dict(gates.most_common()),
        "break_glass": glass,
        "each": [_row(what, now) for what, now in standings.values()],
        "last_entry": entries[-1].at.isoformat() if entries[-1].at else None,
    }


def _glass(entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    """Return the break-glass secrets of every plan of the journal: what is not planned any more may have one."""
    known = rollout.names(entries)
    return [
        {
            "application": known.get(client_id, client_id),
            "client_id": client_id,
            "key_id": each.key_id,
            "until": each.until.isoformat(),
            "kept_in": f"{each.place}/{each.version}",
            "told": str(each),
        }
        for client_id, found in rollout.glass_left(entries).items()
        for each in found
    ]


def _begun(others: tuple[_Other, ...], entries: tuple[Entry, ...]) -> tuple[_Other, ...]:
    """Leave out the applications with which nobody has begun: nothing says that anybody will."""
    told = {entry.application for entry in entries}
    return tuple(each for each in others if each.application.client_id in told)


def _row(what: Course, now: Standing) -> dict[str, Any]:
    return {
        "application": what.application.display_name,
        "client_id": what.client_id,
        "wave": what.wave,
        "state": now.state.value,
        "station": now.station.value,
        "because": [*rollout.because(now)],
        "interrupted": sorted(f"{kind}: {subject}" for kind, subject in now.begun),
        "next": rollout.next_command(what, now),
    }


def _lines(data: dict[str, Any], *, whole: bool) -> list[str]:
    credentials = data["credentials"]
    return [
        "applications: " + ", ".join(f"{count} {state}" for state, count in data["applications"].items()),
        f"credentials: {credentials['retired']} of {credentials['planned']} retired, {credentials['held']} held",
        *(f"  closed {count:5} {gate}" for gate, count in data["gates"].items()),
        *(f"  BREAK-GLASS  {one['application']}: {one['told']}" for one in data["break_glass"]),
        *(line for state in data["applications"] for line in _of_state(data["each"], state, whole=whole)),
        f"last entry: {data['last_entry']}",
    ]


def _of_state(rows: list[dict[str, Any]], state: str, *, whole: bool) -> list[str]:
    mine = [row for row in rows if row["state"] == state]
    shown = mine if whole else mine[:_SHOWN]
    lines = [line for row in shown for line in _of_one(row)]
    left = len(mine) - len(shown)
    return [*lines, *([f"  {state}  and {left} more: unsecret status --all"] if left else [])]


def _of_one(row: dict[str, Any]) -> list[str]:
    wave = f" (wave {row['wave']})" if row["wave"] else ""
    lines = [f"  {row['state']}  {row['application']}{wave}" + (f": {row['next']}" if row["next"] else "")]
    return lines + [f"        {each}" for each in (*row["because"], *(f"begun, {one}" for one in row["interrupted"]))]
