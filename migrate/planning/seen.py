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
    """Return the last success of each planned credential from each address, as far as the evidence names it.

    A log of 90 days shows the job of every quarter, of which Graph's log of 30 days knows nothing when the removal is
    judged.
    """
    uses: dict[str, list[Use]] = defaultdict(list)
    for use in snapshot.uses:
        if use.last_success is not None:
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
    last: dict[str | None, datetime] = {}
    for use in uses:
        if use.last_success is not None and whose(use, asked) is Whose.OURS:
            address = use.address or (UNTOLD if use.first else None)  # a report tells no first time, and no address
            last[address] = max(use.last_success, last.get(address, use.last_success))
    newest = sorted(last, key=lambda each: (last[each], each or ""), reverse=True)
    for address in newest[:MOST]:
        yield SeenUse(
            client_id=client_id, holder=credential.holder, key_id=credential.key_id, address=address, last=last[address]
        )
    if len(newest) > MOST:
        yield SeenUse(
            client_id=client_id, holder=credential.holder, key_id=credential.key_id, address=UNTOLD,
            last=last[newest[MOST]],
        )  # fmt: skip
