"""Watching applications after their credentials were removed, for longer than an old token lives.

Trouble is a refused sign-in with a secret or certificate after the removal, or an exchange that fails. It is written
down, and no further credential is removed until a later look finds the application quiet.
Codes: Microsoft Entra authentication and authorization error codes; what they mean here is in ``aadsts``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.directory import Directory
from inventory.model import ClientId, SignIn, SignInHistory
from migrate import aadsts, rollout
from migrate import exchange as exchanges
from migrate.circumstances import Policy
from migrate.entry import Entry, Kind
from migrate.errors import LeaseHeldError
from migrate.glass import GlassSecret, rescue
from migrate.glass_over import note_ended_of
from migrate.model import Pairing, Plan
from migrate.ports import Journal, TokenExchange
from migrate.usedby import caught_up

_REFUSED = frozenset({7000215, 7000222, 7000216, 700027})
"""A secret that is not there any more or has expired, a malformed assertion, a certificate that is not registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Watched long enough, with a log that shows it, and nothing amiss."""

    pairing: Pairing
    removed: datetime
    """Its newest removal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Nothing amiss so far; ``because`` says what is still missing."""

    pairing: Pairing
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Somebody still needs what was removed, or the exchange fails; ``callers`` are addresses."""

    pairing: Pairing
    message: str
    callers: tuple[str, ...]


Look = Quiet | Watching | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Looks after the applications of a plan of which credentials were removed."""

    plan: Plan
    directory: Directory
    exchange: TokenExchange
    journal: Journal
    policy: Policy
    plan_file: str = "PLAN"
    """Its path, as the commands that are told name it."""

    async def run(
        self, pairings: Iterable[Pairing], *, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Look, ...]:
        """Look at each application once; those that were watched to the end already are left out.

        Raises:
            InventoryError: the tenant cannot be read.
            JournalError: what was seen could not be written down.

        """
        entries = self.journal.entries(kinds=(Kind.RETIRED, Kind.WATCHED, Kind.BREAK_GLASS_MADE))
        removed = _unwatched(entries)
        looks: list[Look] = []
        for pairing in pairings:
            since = removed.get(pairing.application.client_id)
            if since is not None:
                progress(pairing.application.display_name)
                try:
                    with self.journal.lease(pairing.application.client_id):
                        looks.append(await self._look(pairing, *since))
                except LeaseHeldError as error:  # the others are looked at all the same: one may be in trouble
                    looks.append(Watching(pairing=pairing, because=str(error)))
        return tuple(looks)

    async def _look(self, pairing: Pairing, first: datetime, last: datetime) -> Look:
        client_id = pairing.application.client_id
        failed = exchanges.record(self.plan, pairing, await self.exchange.exchange(pairing), self.journal)
        history = await self.directory.sign_ins(client_id, first)
        glass = note_ended_of(self.journal, self.plan.digest, client_id, history.as_of)
        refused = [each for each in history.sign_ins if each.at >= first and each.error_code in _REFUSED]
        quiet_since = history.as_of - timedelta(hours=self.policy.watch_hours)
        told = self._told_until(client_id)
        if new := [each for each in refused if each.at > quiet_since or told is None or each.at > told]:
            return self._broken(pairing, f"{_told(new)}; {self._way_out(pairing, glass)}", new, history)
        if failed is not None and failed.asserted:
            why = f"the exchange fails: {failed.message} ({failed.hint}); {self._way_out(pairing, glass)}"
            return self._broken(pairing, why, [], history)
        missing = f"{glass[-1]}, lets it sign in" if glass else self._missing(pairing, history, last)
        if missing:
            return Watching(pairing=pairing, because=missing)
        self._write(Kind.WATCHED, pairing, history, {"removed": last.isoformat(), "refused": len(refused)})
        return Quiet(pairing=pairing, removed=last)

    def _told_until(self, client_id: ClientId) -> datetime | None:
        """Return until when refused sign-ins of an application were told of; None: none ever was.

        A job that runs once a day was refused once, long before whoever looks finds the last two hours quiet.
        """
        known = self.journal.entries(kinds=(Kind.WATCH_FAILED,), application=client_id)
        told = (each.data.get("refused_until") for each in known)
        return max((datetime.fromisoformat(str(each)) for each in told if each), default=None)

    def _way_out(self, pairing: Pairing, glass: tuple[GlassSecret, ...]) -> str:
        if glass:
            return f"until it is mended, it can use the {glass[-1]}"
        return f"a new secret until it is mended: {rescue(self.plan_file, pairing.application.client_id)}"

    def _missing(self, pairing: Pairing, history: SignInHistory, last: datetime) -> str:
        """Say what keeps this look from being the last one; empty where nothing does."""
        if history.missing:
            return f"failures would not be seen: {history.missing}"
        until = last + timedelta(hours=self.policy.watch_hours)
        if history.as_of < until:
            return f"watched until {until:%Y-%m-%d %H:%M} UTC"
        proofs = self.journal.entries(kinds=(Kind.PROVEN, Kind.PROOF_FAILED), application=pairing.application.client_id)
        if not caught_up(history, rollout.proofs(pairing, proofs), last):
            return "the sign-in log does not show our own exchanges since the removal yet"
        return ""

    def _broken(self, pairing: Pairing, message: str, refused: list[SignIn], history: SignInHistory) -> Broken:
        callers = tuple(sorted({each.address for each in refused if each.address}))
        until = {"refused_until": max(each.at for each in refused).isoformat()} if refused else {}
        self._write(Kind.WATCH_FAILED, pairing, history, {"message": message, "callers": list(callers), **until})
        return Broken(pairing=pairing, message=message, callers=callers)

    def _write(self, kind: Kind, pairing: Pairing, history: SignInHistory, data: dict[str, object]) -> None:
        self.journal.record(
            Entry(
                kind=kind,
                plan=self.plan.digest,
                application=pairing.application.client_id,
                subject=pairing.application.client_id,
                data={"tenant_time": history.as_of.isoformat(), **data},  # type: ignore[dict-item]
            )
        )


def _unwatched(entries: Iterable[Entry]) -> dict[str, tuple[datetime, datetime]]:
    """Give the first and the last removal of each application since it was last watched to the end.

    The end of a break-glass secret counts as one: what uses it is refused then.
    """
    found: dict[str, tuple[datetime, datetime]] = {}
    for entry in entries:
        client_id = entry.application or ""
        if entry.kind is Kind.WATCHED:
            found.pop(client_id, None)
        else:
            at = entry.tenant_time
            last = rollout.glass_of(entry).until if entry.kind is Kind.BREAK_GLASS_MADE else at
            found[client_id] = (found.get(client_id, (at, at))[0], last)
    return found


def _told(refused: list[SignIn]) -> str:
    newest = max(refused, key=lambda each: each.at)
    where = f"{len(refused)} sign-ins were refused since a removal, last from {newest.address or 'an unknown address'}"
    return f"{where} at {newest.at:%Y-%m-%d %H:%M} UTC (AADSTS{newest.error_code}: {aadsts.hint(newest.error_code)})"
