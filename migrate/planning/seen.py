"""Who was seen to use what is to be removed, in any log of the scan: some go further back than Graph's. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from inventory.classify import named_thumbprint
from inventory.ids import spelled
from inventory.model import ClientId, Snapshot
from inventory.usage import Use
from inventory.usage_subject import Subject, Whose, whose
from migrate.model import Pairing, PlannedCredential, SeenUse
from migrate.usedby import MOST, UNTOLD


def seen(snapshot: Snapshot, pairings: Iterable[Pairing]) -> tuple[SeenUse, ...]:
    """Return when each planned credential, or perhaps it, last signed in from each address, as far as logs tell.

    A log of 90 days shows the job of every quarter, of which Graph's log of 30 days knows nothing when the removal is
    judged; and its record may leave open which credential that job used.
    """
    uses: dict[str, list[Use]] = defaultdict(list)
    for use in snapshot.uses:
        uses[spelled(use.client_id)].append(use)
    return tuple(
        each
        for pairing in pairings
        for credential in pairing.credentials
        for each in _of(pairing.application.client_id, credential, uses[spelled(pairing.application.client_id)])
    )


def _of(client_id: ClientId, credential: PlannedCredential, uses: Iterable[Use]) -> Iterator[SeenUse]:
    asked = Subject(
        client_id=client_id,
        kind=str(credential.kind),
        id=spelled(credential.key_id),
        thumbprint=named_thumbprint(credential.thumbprint),
        elsewhere=False,
    )
    last: dict[bool, dict[str | None, datetime]] = {False: {}, True: {}}
    for use in uses:
        answer = whose(use, asked)
        moment = None if answer is Whose.ANOTHERS else _success(use, unclear=answer is Whose.UNCLEAR)
        if moment is not None:
            mine = last[answer is Whose.UNCLEAR]
            address = use.address or (UNTOLD if use.first else None)  # a report tells no first time, and no address
            mine[address] = max(moment, mine.get(address, moment))
    for unclear, found in last.items():
        for address, at in _newest(found):
            yield SeenUse(
                client_id=client_id, holder=credential.holder, key_id=credential.key_id, address=address, last=at,
                unclear=unclear,
            )  # fmt: skip


def _success(use: Use, *, unclear: bool) -> datetime | None:
    """Return when a row last stands for a success, or may: of what a log does not tell, the outcome too.

    Reports are asked for what they name alone. They name no credential of an application that signs in, whichever it
    was, so that a caller that has moved would look like one that has not; the log at the removal covers their time.
    """
    if use.first is None:
        return None if unclear else use.last_success
    return use.last if use.last_success is None and use.successes is None else use.last_success


def _newest(last: dict[str | None, datetime]) -> list[tuple[str | None, datetime]]:
    """Return the newest addresses with their times; the others as the one ``UNTOLD``, with the newest of theirs."""
    order = sorted(last, key=lambda each: (last[each], each or ""), reverse=True)
    rest = [(UNTOLD, last[order[MOST]])] if len(order) > MOST else []
    return [*((each, last[each]) for each in order[:MOST]), *rest]
