"""Every address that used the credential must have signed in with the planned federated credential since.

A caller that only fell silent may be a job of the next quarter. The addresses are those of the sign-in log as far as it
reaches, those that earlier runs wrote into the journal, and those that any log of the scan behind the plan shows. A
sign-in that leaves open which credential it used may have used this one, so that its address is a caller too: the
window of ``secret-unused`` forgets it, this does not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from inventory.model import SignIn
from migrate.circumstances import Caller
from migrate.gate import FEDERATED_ONLY, Answer, Closed, Gate, Open, Question
from migrate.proofrequests import answered_by
from migrate.usedby import callers_of, is_probe, unclear_of

UNCLEAR: Final = "unclear"
"""In the place of an address, ``[[caller]]`` gives up all whose records leave the credential open."""
_MOVE: Final = "a sign-in from there with the planned federated credential"


def _ask(question: Question) -> Answer:
    used, moved = _used(question), _moved(question)
    left = [each for each in used if not _given_up(each, question) and moved.get(each.address, each.last) <= each.last]
    if not left:
        told = f"{len(used)} of {len(used)} callers moved or given up" if used else "no caller of it is known"
        return Open(because=told)
    newest = max(left, key=lambda each: (not each.unclear, each.last))
    because = (
        f"{len(left)} of {len(used)} callers have not signed in with the federated credential since: {_told(newest)}"
        f"{_in_doubt(newest, question)}"
    )
    if _is_back(newest, question):
        back = f"{newest.address} was given up by [[caller]], and used it after that, at {_minute(newest)}"
        return Closed(because=back, opens=f"{_MOVE}, or another reason in its [[caller]] that explains that")
    unclear = f', or "{UNCLEAR}" for all that leave it open' if any(each.unclear for each in left) else ""
    return Closed(
        because=because, opens=f"{_MOVE}, or [[caller]] with that address{unclear} and the reason in the policy"
    )


def _told(caller: Caller) -> str:
    at = _minute(caller)
    if caller.unclear:
        return f"{caller.address}, whose last record of the kind, of {at}, leaves open which credential it used"
    return f"{caller.address}, which used it last at {at}"


def _minute(caller: Caller) -> str:
    return f"{caller.last:%Y-%m-%d %H:%M} UTC"


def _given_up(caller: Caller, question: Question) -> bool:
    """Whether a person says that it is gone; not where it used the credential after that: the person was wrong."""
    gone = question.circumstances.gone
    if caller.unclear:
        return caller.address in gone or UNCLEAR in gone
    return caller.address in gone and not _is_back(caller, question)


def _is_back(caller: Caller, question: Question) -> bool:
    since = question.circumstances.gone_since.get(caller.address)
    return caller.address in question.circumstances.gone and since is not None and caller.last > since


def _used(question: Question) -> tuple[Caller, ...]:
    """Give those who used the credential, or may have, each with its last time."""
    known: dict[tuple[str, bool], Caller] = {}
    for each in sorted(question.circumstances.callers, key=lambda caller: caller.last):
        known[each.address, each.unclear] = each
    for unclear, find in ((False, callers_of), (True, unclear_of)):
        for address, at in find(question.history, question.credential).items():
            before = known.setdefault((address, unclear), Caller(address=address, last=at, unclear=unclear))
            known[address, unclear] = replace(before, last=max(at, before.last))
    return tuple(known.values())


def _moved(question: Question) -> dict[str, datetime]:
    """Give the addresses that signed in with the planned federated credential, each with its last time.

    Our own exchanges do not count, nor what may be one that no journal knows yet: ``unsecret verify`` on a host shows
    that its callers can move, not that they did.
    """
    moved: dict[str, datetime] = {}
    for each in _exchanges(question):
        if each.address and not answered_by(question.circumstances.asked, each.at):
            moved[each.address] = max(each.at, moved.get(each.address, each.at))
    return moved


def _exchanges(question: Question) -> list[SignIn]:
    """Give the records of the planned federated credential in use, but for those that are known to be ours."""
    ids = {each.id for each in question.trusts}
    found = (each for each in question.history.sign_ins if each.succeeded and each.federated_credential_id in ids)
    return [each for each in found if not is_probe(each, question.probes)]


def _in_doubt(caller: Caller, question: Question) -> str:
    """Say that a sign-in from there may be one of the proofs that were asked for; empty where none may."""
    later = (each for each in _exchanges(question) if each.address == caller.address and each.at > caller.last)
    asked = next((one for each in later if (one := answered_by(question.circumstances.asked, each.at))), None)
    return f"; one since then may be of the proofs asked for at {asked.at:%Y-%m-%d %H:%M} UTC" if asked else ""


GATE = Gate(name="all-callers-moved", ask=_ask, roads=FEDERATED_ONLY)
