"""Every address that used the credential must have signed in with the planned federated credential since.

A caller that only fell silent may be a job of the next quarter. The addresses are those of the sign-in log as far as it
reaches, and those that earlier runs wrote into the journal.
"""

from __future__ import annotations

from datetime import datetime

from migrate.gate import FEDERATED_ONLY, Answer, Closed, Gate, Open, Question
from migrate.usedby import callers_of


def _ask(question: Question) -> Answer:
    used = _used(question)
    moved = _moved(question)
    left = {
        address: last
        for address, last in used.items()
        if address not in question.circumstances.gone and moved.get(address, last) <= last
    }
    if not left:
        told = f"{len(used)} of {len(used)} callers moved or given up" if used else "no caller of it is known"
        return Open(because=told)
    address, last = max(left.items(), key=lambda each: each[1])
    because = (
        f"{len(left)} of {len(used)} callers have not signed in with the federated credential since: {address}, which "
        f"used it last at {last:%Y-%m-%d %H:%M} UTC"
    )
    return Closed(because=because, opens="moving that caller, or [[caller]] in unsecret.toml if it is gone")


def _used(question: Question) -> dict[str, datetime]:
    """Give the addresses that used the credential, each with its last time."""
    used = {each.address: each.last for each in question.circumstances.callers}
    for address, at in callers_of(question.history, question.credential).items():
        used[address] = max(at, used.get(address, at))
    return used


def _moved(question: Question) -> dict[str, datetime]:
    """Give the addresses that signed in with the planned federated credential, each with its last time."""
    ids = {each.id for each in question.trusts}
    moved: dict[str, datetime] = {}
    for each in question.history.sign_ins:
        if each.address and each.succeeded and each.federated_credential_id in ids:
            moved[each.address] = max(each.at, moved.get(each.address, each.at))
    return moved


GATE = Gate(name="all-callers-moved", ask=_ask, roads=FEDERATED_ONLY)
