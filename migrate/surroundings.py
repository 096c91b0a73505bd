"""Where a rollout stands around each credential: the plan, the policy, the journal, and what this run has done."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from inventory.model import ClientId
from migrate import proofrequests
from migrate.circumstances import Caller, Circumstances, GoneCaller, Informed, InPlace, Removed, RetirePolicy
from migrate.entry import Entry, Kind
from migrate.gate import CodeState
from migrate.model import ApplicationRef, Carried, Plan, PlannedCredential, Target
from migrate.naming import Named, names
from migrate.proofrequests import Requests
from migrate.rollback import Rules
from migrate.rollout import code_state, glass_of, overtaken

KINDS = (
    Kind.PLAN, Kind.RETIRED, Kind.GONE, Kind.HELD, Kind.SCHEDULED, Kind.UNSCHEDULED, Kind.OWNER_TOLD, Kind.CALLERS,
    Kind.WATCH_FAILED, Kind.WATCHED, Kind.CODE_SCANNED, Kind.BREAK_GLASS_MEANT, Kind.BREAK_GLASS_MADE,
    Kind.BREAK_GLASS_OVER, *proofrequests.KINDS,
)  # fmt: skip
"""What it reads of the journal."""
_GLASS = frozenset({Kind.BREAK_GLASS_MEANT, Kind.BREAK_GLASS_MADE, Kind.BREAK_GLASS_OVER})
_HOUR = timedelta(hours=1)

_PASSING = frozenset({"wave-order", "change-limit", "freeze-window", "one-operator"})
"""Gates that open by themselves, or by another run: what only they hold is not dealt with."""


def holds_for_good(gates: Iterable[str]) -> bool:
    """Tell whether closed gates say something of the credential itself, so that its wave need not wait for it."""
    return not _PASSING.issuperset(gates)


_Key = tuple[str, Carried]
"""A credential by client id, holder and key id, as applications may share a key id."""


def _key(target: Target, credential: PlannedCredential) -> _Key:
    return target.application.client_id, credential.carried


def _subject(entry: Entry) -> _Key:
    return entry.application or "", entry.carried


class Surroundings:
    """One run's view; ``catch_up`` keeps it in step with what this run and others write, each entry read once."""

    def __init__(self, plan: Plan, rules: RetirePolicy, entries: Iterable[Entry], restrictions: Rules) -> None:
        """Take the journal's entries of ``KINDS`` and the restrictions of the tenant's policies."""
        self._plan, self._rules, self.restrictions = plan, rules, restrictions
        self._waves: dict[int, dict[_Key, str]] = defaultdict(dict)
        self._soaks: dict[int, dict[_Key, str]] = defaultdict(dict)
        self._wave_of: dict[_Key, int] = {}
        self._holder_of: dict[_Key, ApplicationRef] = {}
        for pairing in plan.pairings:
            for credential in pairing.credentials:
                key = _key(pairing, credential)
                self._waves[pairing.wave][key] = pairing.application.display_name
                self._wave_of[key] = pairing.wave
                self._holder_of[key] = pairing.application
        self._removed: list[datetime] = []
        self._newest: dict[int, datetime] = {}
        self._first: Removed | None = None
        self._in_run = 0
        self._scheduled: dict[_Key, tuple[datetime, int]] = {}
        self._informed: dict[str, Informed] = {}
        self._callers: dict[_Key, dict[str, datetime]] = defaultdict(dict)
        self._seen: dict[_Key, dict[str | None, datetime]] = defaultdict(dict)
        self._seen_unclear: dict[_Key, dict[str | None, datetime]] = defaultdict(dict)
        for use in plan.seen:
            seen = self._seen_unclear if use.unclear else self._seen
            seen[use.client_id, (use.holder, use.key_id)][use.address] = use.last
        self._unclear: dict[_Key, dict[str, datetime]] = defaultdict(dict)
        self._given_up: dict[_Key, dict[str, tuple[datetime, str]]] = defaultdict(dict)
        self._requests = Requests()
        self._trouble: dict[str, str] = {}
        self._glass: dict[str, dict[str, InPlace]] = defaultdict(dict)
        self._scans: list[Entry] = []
        self._plans: list[Entry] = []
        self._named = Named(plan)
        self.code: CodeState = code_state((), plan.tenant_id)
        self.last = 0
        """Number of the last entry that was taken."""
        self.catch_up(entries)

    def catch_up(self, entries: Iterable[Entry]) -> None:
        """Take entries of ``KINDS`` that were written since ``last``, by whomever."""
        known = len(self._scans)
        for entry in entries:
            if entry.kind is Kind.CODE_SCANNED:
                self._scans.append(entry)
            elif entry.kind is Kind.PLAN:
                self._plans.append(replace(entry, data={key: entry.data[key] for key in ("tenant", "taken_at")}))
            elif entry.kind in proofrequests.KINDS:
                self._requests.take(entry)
            elif entry.kind in _GLASS:
                self._glass_moves(entry)
            else:
                self._take(entry)
            self.last = max(self.last, entry.number or 0)
        if len(self._scans) > known:
            self.code = code_state(self._scans, self._plan.tenant_id)

    def removed(self) -> None:
        """Count a removal of this run."""
        self._in_run += 1

    def soaks(self, target: Target, credential: PlannedCredential) -> None:
        """Let what this run found soaking not keep later waves from being scheduled; from being removed it does."""
        key = _key(target, credential)
        wave = self._wave_of.get(key, 0)
        if name := self._waves[wave].pop(key, ""):
            self._soaks[wave][key] = name

    def settled(self, target: Target, credential: PlannedCredential) -> None:
        """Count a credential as dealt with: retired, held, or about to be in a dry run."""
        self._settle(_key(target, credential))

    def _settle(self, key: _Key) -> None:
        for waves in (self._waves, self._soaks):
            waves[self._wave_of.get(key, 0)].pop(key, None)

    def _take(self, entry: Entry) -> None:
        at = entry.tenant_time
        key = _subject(entry)
        match entry.kind:
            case Kind.RETIRED | Kind.GONE | Kind.HELD:
                self._dealt_with(entry)
                self._scheduled.pop(key, None)
                if entry.kind is Kind.RETIRED:
                    self._count(key, at)
            case Kind.UNSCHEDULED:
                self._scheduled.pop(key, None)
            case Kind.SCHEDULED:
                hours = entry.data.get("hours")
                self._scheduled[key] = (at, hours if isinstance(hours, int) else 0)
            case Kind.OWNER_TOLD:
                said = Informed(at=at, answer=_answer(entry), by=entry.actor, owners=_owners(entry))
                self._hear(entry.application or "", said)
            case Kind.CALLERS:
                self._callers[key].update(_addresses(entry, "addresses"))
                self._unclear[key].update(_addresses(entry, "unclear"))
                self._given_up[key].update({each: (at, why) for each, why in _reasons(entry).items()})
            case Kind.WATCH_FAILED:
                self._trouble[entry.application or ""] = str(entry.data.get("message", ""))
            case Kind.WATCHED:
                self._trouble.pop(entry.application or "", None)
            case _:
                pass

    def _hear(self, client_id: str, said: Informed) -> None:
        """Take what owners said; who said no and is told again has not agreed by that."""
        before = self._informed.get(client_id)
        if said.answer is not None or before is None or before.answer is not False:
            self._informed[client_id] = said

    def _glass_moves(self, entry: Entry) -> None:
        mine = self._glass[entry.application or ""]
        match entry.kind:
            case Kind.BREAK_GLASS_MEANT:
                mine[entry.subject] = InPlace(key_id="", told=f"one that was begun and not finished ({entry.subject})")
            case Kind.BREAK_GLASS_MADE:
                found = glass_of(entry)
                mine[entry.subject] = InPlace(key_id=found.key_id, told=str(found))
            case _:
                mine.pop(entry.subject, None)

    def _dealt_with(self, entry: Entry) -> None:
        if entry.kind is not Kind.HELD or holds_for_good(_closed(entry)):
            self._settle(_subject(entry))

    def _count(self, key: _Key, at: datetime) -> None:
        insort(self._removed, at)
        wave = self._wave_of.get(key)
        if wave is None:
            return
        self._newest[wave] = max(at, self._newest.get(wave, at))
        if self._first is None or at < self._first.at:
            holder = self._holder_of[key]
            self._first = Removed(at=at, client_id=holder.client_id, name=holder.display_name)

    def _canary(self, wave: int) -> datetime | None:
        """Give the newest removal of the waves before one."""
        return max((at for each, at in self._newest.items() if each < wave), default=None)

    def _stand_in(self, wave: int, client_id: ClientId) -> Removed | None:
        """Give the application that went first in the place of a canary, where it is another one."""
        needed = wave > 1 and self._canary(wave) is None
        return self._first if needed and self._first and self._first.client_id != client_id else None

    def known_callers(self, target: Target, credential: PlannedCredential) -> dict[str, datetime]:
        """Give the addresses that the journal has seen use a credential."""
        return self._callers[_key(target, credential)]

    def newly_given_up(self, target: Target, credential: PlannedCredential) -> dict[str, str]:
        """Give the addresses that the policy gives up for an application, each with a reason not written down yet."""
        known = self._given_up[_key(target, credential)]
        given = {one.address: one.reason for one in self._gone(target)}
        return {address: why for address, why in given.items() if address not in known or known[address][1] != why}

    def _gone(self, target: Target) -> list[GoneCaller]:
        return [one for one in self._rules.callers if self._named.alone(one.application, target.application)]

    def scanned_callers(self, target: Target, credential: PlannedCredential) -> dict[str, datetime]:
        """Give the addresses that the scan behind the plan has seen use a credential."""
        return _told(self._seen[_key(target, credential)])

    def scanned_unclear(self, target: Target, credential: PlannedCredential) -> dict[str, datetime]:
        """Give the addresses that the scan behind the plan has seen sign in with it or with another, left open."""
        return _told(self._seen_unclear[_key(target, credential)])

    def unclear_callers(self, target: Target, credential: PlannedCredential) -> dict[str, datetime]:
        """Give the addresses that the journal has seen sign in with it or with another, which was left open."""
        return self._unclear[_key(target, credential)]

    def around(
        self, pairing: Target, credential: PlannedCredential, now: datetime, *, last: bool = False
    ) -> Circumstances:
        """Tell where the rollout stands around one credential; ``last``: it is to be removed now."""
        client_id = pairing.application.client_id
        known = self._given_up[_key(pairing, credential)]
        scheduled, soak_hours = self._scheduled.get(_key(pairing, credential), (None, 0))
        shelves = (self._waves, self._soaks) if last else (self._waves,)
        earlier = [left for waves in shelves for wave, left in waves.items() if 0 < wave < pairing.wave and left]
        return Circumstances(
            taken_at=self._plan.snapshot_taken_at,
            freezes=(*self._rules.freezes, *self._plan.freezes),
            opt_outs=tuple(one for one in self._rules.opt_outs if names(one.application, pairing.application)),
            callers=(
                *_callers(self.known_callers(pairing, credential), unclear=False),
                *_callers(self.scanned_callers(pairing, credential), unclear=False),
                *_callers(self.unclear_callers(pairing, credential), unclear=True),
                *_callers(self.scanned_unclear(pairing, credential), unclear=True),
            ),
            gone=frozenset(one.address for one in self._gone(pairing)),
            gone_since={
                one.address: known[one.address][0]
                for one in self._gone(pairing)
                if one.address in known and known[one.address][1] == one.reason
            },
            seen_in_use=max(self._seen[_key(pairing, credential)].values(), default=None),
            asked=self._requests.of(client_id),
            informed=self._informed.get(client_id),
            unsettled=sum(map(len, earlier)),
            waits_for=next(iter(earlier[0].values())) if earlier else "",
            canary_removed=self._canary(pairing.wave),
            stand_in=self._stand_in(pairing.wave, client_id),
            trouble=self._in_trouble(client_id),
            removed_in_run=self._in_run,
            removed_in_hour=len(self._removed) - bisect_right(self._removed, now - _HOUR),
            scheduled=scheduled,
            soak_hours=soak_hours,
            overtaken=overtaken(self._plans, self._plan),
            break_glass=tuple(self._glass[client_id].values()),
        )

    def _in_trouble(self, client_id: ClientId) -> str:
        if not self._trouble:
            return ""
        whose, message = next(iter(self._trouble.items()))
        return message if whose == client_id else f"after a removal of {whose}: {message}"


def _closed(entry: Entry) -> Iterable[str]:
    told = entry.data.get("gates")
    return told if isinstance(told, dict) else ()


def _answer(entry: Entry) -> bool | None:
    answer = entry.data.get("answer")
    return answer if isinstance(answer, bool) else None


def _owners(entry: Entry) -> frozenset[str] | None:
    told = entry.data.get("owners")
    return frozenset(map(str, told)) if isinstance(told, list) else None


def _told(seen: dict[str | None, datetime]) -> dict[str, datetime]:
    return {address: at for address, at in seen.items() if address is not None}


def _callers(known: dict[str, datetime], *, unclear: bool) -> list[Caller]:
    return [Caller(address=address, last=at, unclear=unclear) for address, at in known.items()]


def _reasons(entry: Entry) -> dict[str, str]:
    told = entry.data.get("given_up")
    return {address: str(why) for address, why in told.items()} if isinstance(told, dict) else {}


def _addresses(entry: Entry, which: str) -> dict[str, datetime]:
    told = entry.data.get(which)
    if not isinstance(told, dict):
        return {}
    return {address: datetime.fromisoformat(str(at)) for address, at in told.items()}
