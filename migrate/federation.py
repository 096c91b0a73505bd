"""Creating the planned federated credentials: idempotent, written down before, confirmed by several reads after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inventory.directory import Directory
from inventory.errors import ReadFailedError
from inventory.model import FederatedCredential
from migrate import concurrency
from migrate.errors import LeaseHeldError, LeaseLostError, WriteFailedError
from migrate.model import Entry, Json, Kind, Pairing, Plan
from migrate.ports import Clock, DirectoryWriter, Journal

_AT_ONCE = 8
"""Applications at a time; within one application everything is in series, as concurrent writes conflict."""
_SEEN_IN_A_ROW = 3
"""Reads lag behind writes and flap, so one read proves nothing."""
_READS = 40
_PAUSE = 0.25
_LONGEST_PAUSE = 8.0
_NOTHING: Mapping[str, Json] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The federated credential is there now; ``created`` is False where somebody else was first."""

    pairing: Pairing
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """It was there before."""

    pairing: Pairing


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldCreate:
    """Dry run: it is missing."""

    pairing: Pairing


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCreated:
    """It could not be created, or did not show up."""

    pairing: Pairing
    message: str


Federation = Created | Present | WouldCreate | NotCreated


@dataclass(frozen=True, slots=True, kw_only=True)
class Federator:
    """Carries out the federation part of a plan."""

    plan: Plan
    directory: Directory
    writer: DirectoryWriter
    journal: Journal
    clock: Clock

    async def run(
        self, pairings: Iterable[Pairing], *, apply: bool, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Federation, ...]:
        """Create what is missing, or say what would be created.

        Raises:
            InventoryError: the tenant cannot be read.
            JournalError: what is meant could not be written down; then nothing was changed.

        """

        async def one(pairing: Pairing) -> Federation:
            progress(pairing.application.display_name)
            if not apply:
                return await self._one(pairing, apply=False)
            try:
                with self.journal.lease(pairing.application.client_id):
                    return await self._one(pairing, apply=True)
            except (LeaseHeldError, LeaseLostError) as error:
                return NotCreated(pairing=pairing, message=str(error))

        return await concurrency.each(pairings, one, at_once=_AT_ONCE)

    async def _one(self, pairing: Pairing, *, apply: bool) -> Federation:
        try:
            present = await self.directory.federated_credentials(pairing.application.id)
        except ReadFailedError as error:
            return NotCreated(pairing=pairing, message=str(error))
        if any(matches(each, pairing) for each in present):
            if apply:
                self._record(Kind.FEDERATED, pairing, {"created": False}, seen_after=_seen(present))
            return Present(pairing=pairing)
        if conflict := _conflict(present, pairing):
            return NotCreated(pairing=pairing, message=conflict)
        return await self._create(pairing, present) if apply else WouldCreate(pairing=pairing)

    async def _create(self, pairing: Pairing, present: tuple[FederatedCredential, ...]) -> Federation:
        wanted = pairing.federated
        meant: dict[str, Json] = {"issuer": wanted.issuer, "subject": wanted.subject, "audience": wanted.audience}
        self._record(Kind.FEDERATE_MEANT, pairing, {"issuer": wanted.issuer}, meant=meant, seen_before=_seen(present))
        try:
            created = await self.writer.create_federated_credential(pairing.application.id, pairing.federated)
            present = await self._settled(pairing)
        except (WriteFailedError, ReadFailedError) as error:
            self._record(Kind.FEDERATE_FAILED, pairing, {"message": str(error)})
            return NotCreated(pairing=pairing, message=str(error))
        done: dict[str, Json] = {"created": created}
        self._record(Kind.FEDERATED, pairing, done, done=done, seen_after=_seen(present))
        return Created(pairing=pairing, created=created)

    async def _settled(self, pairing: Pairing) -> tuple[FederatedCredential, ...]:
        """Read until the federated credential was seen several times in a row; return what is there."""
        in_a_row, pause = 0, _PAUSE
        for _ in range(_READS):
            present = await self.directory.federated_credentials(pairing.application.id)
            in_a_row = in_a_row + 1 if any(matches(each, pairing) for each in present) else 0
            if in_a_row == _SEEN_IN_A_ROW:
                return present
            await self.clock.sleep(_PAUSE if in_a_row else pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        raise WriteFailedError(
            f"the federated credential {pairing.federated.name} of {pairing.application.display_name!r} was created "
            "but does not show up; run federate again later"
        )

    def _record(
        self,
        kind: Kind,
        pairing: Pairing,
        data: Mapping[str, Json],
        *,
        meant: Mapping[str, Json] = _NOTHING,
        seen_before: Mapping[str, Json] = _NOTHING,
        done: Mapping[str, Json] = _NOTHING,
        seen_after: Mapping[str, Json] = _NOTHING,
    ) -> None:
        self.journal.record(
            Entry(
                kind=kind,
                plan=self.plan.digest,
                application=pairing.application.client_id,
                subject=pairing.federated.name,
                data=data,
                meant=meant,
                seen_before=seen_before,
                done=done,
                seen_after=seen_after,
            )
        )


def matches(present: FederatedCredential, pairing: Pairing) -> bool:
    """Whether a federated credential is the planned one, letter for letter; its name does not matter."""
    wanted = pairing.federated
    return (present.issuer, present.subject, present.audiences) == (wanted.issuer, wanted.subject, (wanted.audience,))


def _seen(present: tuple[FederatedCredential, ...]) -> dict[str, Json]:
    return {"federated": [{"name": each.name, "issuer": each.issuer, "subject": each.subject} for each in present]}


def _conflict(present: tuple[FederatedCredential, ...], pairing: Pairing) -> str:
    wanted = pairing.federated
    for each in present:
        if each.name == wanted.name or (each.issuer, each.subject) == (wanted.issuer, wanted.subject):
            return (
                f"federated credential {each.name} of {pairing.application.display_name!r} has the same name or "
                "subject but another content; remove it, or scan and plan again"
            )
    return ""
