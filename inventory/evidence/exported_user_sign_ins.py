"""Sign-ins of users in logs that a diagnostic setting exported: they show with which applications no user signed in.

A web application redeems codes and refreshes tokens with its secret, and such a sign-in is a user's. Its record names a
kind of credential at most, so that it never proves the use of one; but where neither log has a record of an
application, no user signed in with it.

Source: Microsoft Entra monitoring, "What are non-interactive user sign-ins": the redemption of a code and the use of a
refresh token are among its records, which nobody can change or delete; "What are the identity logs you can stream to an
endpoint": ``SignInLogs`` and ``NonInteractiveUserSignInLogs`` are two categories, each switched on by itself. Azure
Monitor, "Transformations": what is sent to a workspace may be filtered, what is sent to a storage account may not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from inventory.evidence_source import Entry, EvidenceRequest
from inventory.log_engine import FolderSource, Sums, moment
from inventory.logs import sql
from inventory.logs.extent import Extent, Span
from inventory.logs.files import LogFile
from inventory.logs.folders import fingerprint
from inventory.logs.standing import Standing
from inventory.logs.tally import Tally, key_of
from inventory.usage import SIGN_INS_OF_USERS, Source, SourceName

NAME = SourceName("exported-user-sign-ins")
_INTERACTIVE = "signinlogs"
_BLIND = (
    "a record names a kind of credential at most: it can show that no user signed in, not that a credential was used",
    "records of a workspace, which may have been filtered, count as use and not as time that was seen",
    "it holds what was exported since the diagnostic setting was made and copied to the folder",
    "sign-ins of users in other tenants are in their logs",
)


class _Sums(Sums):
    """What a portion of the files said, added up by application and kind of credential."""

    def __init__(self, before: Standing, limit: datetime) -> None:
        super().__init__(before, limit)
        self._tally = Tally(NAME)
        self._interactive: list[Span] = []

    def add(self, row: tuple[Any, ...], files: Mapping[str, LogFile]) -> None:
        """Take one row of the query in."""
        first, credential_type, begin, end, count, part = row
        if part == "lost":
            self.lose(files[first], count, "")
        elif part == "hour":
            spans = self._interactive if first == _INTERACTIVE else self.spans
            spans.append((moment(begin), moment(end)))
        elif part == "apart":
            self.apart[first] += count
        else:
            self._count(first, credential_type, moment(begin), moment(end))

    def _count(self, client: str, credential_type: str | None, first: datetime, last: datetime) -> None:
        """Count neither successes nor failures: whichever it was, it may have taken a credential."""
        key = key_of(
            client,
            key_id=None,
            thumbprint=None,
            federated=None,
            credential_type=credential_type,
            address=None,
            resource=None,
            counted=False,
        )._replace(delegated=True)
        for at in {first, last}:
            self._tally.add(key, at, succeeded=None)

    def entries(self) -> tuple[Entry, ...]:
        """Return a value for each application and kind of credential."""
        return self._tally.drain()

    def seen(self, after: Standing) -> Standing:
        """Return the standing with the times of which records of either log were seen."""
        return replace(super().seen(after), others=after.others.with_seen(self._interactive))


def _source(folder: Path, request: EvidenceRequest, position: Standing) -> Source:
    """Return what both logs cover; that a folder has none of them says nothing and is no failure.

    Nobody may sign in over a weekend, while clients refresh tokens for users: the one log shows the other to be quiet.
    """
    changed = fingerprint(folder) != position.listing
    told = replace(position, extent=Extent()).source(NAME, request.at, _BLIND, changed=changed)
    interactive = replace(position.others, holes=position.extent.holes)
    logs = {
        "NonInteractiveUserSignInLogs": position.extent,
        "SignInLogs": interactive.bridged(position.extent.seen),
    }
    spans = [extent.covered() for extent in logs.values()]
    both = [span for span in spans if span is not None] if None not in spans else []
    begin, end = max((one[0] for one in both), default=None), min((one[1] for one in both), default=None)
    covered = begin is not None and end is not None and begin <= end
    return dataclasses.replace(
        told,
        since=begin if covered else None,
        until=end if covered else None,
        missing=told.missing if changed or position.files else "",
        blind_spots=(*told.blind_spots, *(spot for name, extent in logs.items() for spot in _spots(name, extent))),
        sees=(SIGN_INS_OF_USERS,),
    )


def _spots(name: str, extent: Extent) -> tuple[str, ...]:
    if extent.covered() is None:
        return (f"{name}: no record of it tells this tenant",)
    return tuple(f"{name}: {gap}" for gap in extent.gaps())


SOURCE = FolderSource(
    name=NAME,
    question=sql.sign_ins_of_users,
    sums=_Sums,
    source=_source,
    blind_spots=_BLIND,
    users=True,
)
