"""``unsecret status``: where the rollout stands."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from migrate import rollout
from migrate.cli.journals import journal as opened
from migrate.cli.options import Settings, common
from migrate.cli.output import emit
from migrate.journal.database import shown
from migrate.model import Entry, Kind


@click.command()
@common
def command(*, settings: Settings) -> None:
    """Say where the rollout stands, from the journal alone."""
    with opened(settings) as journal:
        entries = journal.entries()
    data = _summary(entries)
    lines = _lines(data) if data else [f"nothing has been done yet in {shown(settings.journal)}"]
    emit(settings, lines, data)


def _summary(entries: tuple[Entry, ...]) -> dict[str, Any]:
    pairings = rollout.planned(entries)
    if not pairings:
        return {}
    states = Counter(state.value for state in rollout.states(pairings, entries).values())
    keys = {credential.key_id for pairing in pairings for credential in pairing.credentials}
    gone = rollout.retired_keys(entries)
    held = {entry.subject: entry for entry in entries if entry.kind is Kind.HELD and entry.subject not in gone}
    gates = Counter(gate for entry in held.values() for gate in rollout.closed_gates(entry))
    return {
        "applications": {state.value: states[state.value] for state in rollout.State if states[state.value]},
        "credentials": {"planned": len(keys | gone), "retired": len(gone), "held": len(held)},
        "gates": dict(gates.most_common()),
        "last_entry": entries[-1].at.isoformat() if entries[-1].at else None,
    }


def _lines(data: dict[str, Any]) -> list[str]:
    credentials = data["credentials"]
    return [
        "applications: " + ", ".join(f"{count} {state}" for state, count in data["applications"].items()),
        f"credentials: {credentials['retired']} of {credentials['planned']} retired, {credentials['held']} held",
        *(f"  closed {count:5} {gate}" for gate, count in data["gates"].items()),
        f"last entry: {data['last_entry']}",
    ]
