"""What befalls whole requests, whichever service they are for."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrate.emulator.clock import VirtualClock
from migrate.emulator.faults.model import ExpiredBearer, Fault, Matched, Reset, Slow, Status, Truncate
from migrate.emulator.faults.triggers import Matching, Trigger

Ending = Status | Reset | Truncate
_ENDINGS: Final = (Status, Reset, Truncate)
_MOST_TOKENS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """What befalls one request, real seconds included."""

    before: float = 0.0
    after: float = 0.0
    ending: Ending | None = None
    expired: bool = False


class Disturber:
    """A fault of requests that match."""

    def __init__(self, fault: Matched, salt: str) -> None:
        self.fault = fault
        self._matching = Matching(fault)
        self._trigger = Trigger(fault, salt)

    @property
    def counts(self) -> tuple[int, int]:
        """How many requests matched and how many were disturbed."""
        return self._trigger.seen, self._trigger.fired

    def takes(self, method: str, path: str) -> bool:
        """Say whether this request is disturbed."""
        return self._matching.matches(method, path) and self._trigger.fires()


class BearerExpiry:
    """Lets tokens expire early; of a token it keeps a digest."""

    def __init__(self, fault: ExpiredBearer, clock: VirtualClock) -> None:
        self._fault = fault
        self._clock = clock
        self._tokens: dict[bytes, tuple[datetime, int]] = {}
        self._expired: set[bytes] = set()
        self._seen = 0

    @property
    def counts(self) -> tuple[int, int]:
        """How many requests came with a token, and how many tokens have expired."""
        return self._seen, len(self._expired)

    def refuses(self, authorization: str) -> bool:
        """Count a request and say whether its token is refused."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            return False
        self._seen += 1
        digest = hashlib.sha256(token.strip().encode("utf-8", "replace")).digest()
        now = self._clock.now()
        first, number = self._tokens.get(digest, (now, 0))
        if len(self._tokens) < _MOST_TOKENS or digest in self._tokens:
            self._tokens[digest] = (first, number + 1)
        if digest in self._expired:
            return True
        if not self._is_over(first, number, now) or len(self._expired) >= (self._fault.tokens or _MOST_TOKENS):
            return False
        self._expired.add(digest)
        return True

    def _is_over(self, first: datetime, number: int, now: datetime) -> bool:
        if self._fault.after_requests is not None:
            return number >= self._fault.after_requests
        return (now - first).total_seconds() >= (self._fault.after_seconds or 0)


class Disturbances:
    """All faults of whole requests, in the order of the plan."""

    def __init__(self, faults: tuple[tuple[Fault, str], ...], clock: VirtualClock) -> None:
        self.by_index: dict[int, Disturber | BearerExpiry] = {}
        for index, (fault, salt) in enumerate(faults):
            if isinstance(fault, Matched):
                self.by_index[index] = Disturber(fault, salt)
            elif isinstance(fault, ExpiredBearer):
                self.by_index[index] = BearerExpiry(fault, clock)

    def find(self, method: str, path: str, authorization: str) -> Disturbance | None:
        """Add up the delays until something ends the request; what stands behind that does not see it."""
        before = after = 0.0
        for one in self.by_index.values():
            if isinstance(one, BearerExpiry):
                if one.refuses(authorization):
                    return Disturbance(before=before, expired=True)
            elif one.takes(method, path):
                if isinstance(one.fault, _ENDINGS):
                    return Disturbance(before=before, after=after, ending=one.fault)
                if isinstance(one.fault, Slow):
                    before += one.fault.seconds if one.fault.when == "before" else 0
                    after += one.fault.seconds if one.fault.when == "after" else 0
        return Disturbance(before=before, after=after) if before or after else None
