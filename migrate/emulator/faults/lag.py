"""Views of the tenant's records through replicas that are behind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final, TypeVar

from migrate.emulator.clock import VirtualClock
from migrate.emulator.faults.history import History, View
from migrate.emulator.faults.model import LaggingReads, Propagation
from migrate.emulator.ids import seeded_dice
from migrate.emulator.state.records import (
    Application,
    FederatedCredential,
    KeyCredential,
    PasswordCredential,
    ServicePrincipal,
)

Holder = Application | ServicePrincipal
R = TypeVar("R", bound=Holder)
Credential = FederatedCredential | PasswordCredential | KeyCredential
C = TypeVar("C", bound=Credential)

_FIELDS: Final = {"federated": "federated", "secrets": "passwords", "certificates": "keys"}


def is_named(record: Holder, names: Sequence[str]) -> bool:
    """Whether a fault is about an application or its service principal."""
    known = (record.id, record.app_id)
    return not names or any(name == record.display_name or name.lower() in known for name in names)


class Lag:
    """One fault's choice of replicas: two there are, of which the second knows everything ``flapping`` later."""

    def __init__(self, fault: Propagation | LaggingReads, salt: str, clock: VirtualClock) -> None:
        self.fault = fault
        self._salt = salt
        self._clock = clock
        self._requests = 0
        self.seen = 0
        self.fired = 0

    @property
    def longest(self) -> timedelta:
        """How long a change may stay unseen."""
        return timedelta(seconds=self.fault.unseen + self.fault.flapping)

    def moment(self) -> datetime:
        """Send a request to one of the replicas and give the moment whose state it knows."""
        self._requests += 1
        fault, behind = self.fault, self.fault.unseen
        if fault.flapping and seeded_dice(self._salt, self._requests).random() < fault.stale_share:
            behind += fault.flapping
        return self._clock.now() - timedelta(seconds=behind)

    def concerns(self, record: Holder) -> bool:
        """Whether the fault is about an application or its service principal."""
        return is_named(record, self.fault.applications)

    def count(self, *, differs: bool) -> None:
        """Count a record that was looked at, and whether it was shown as it no longer is."""
        self.seen += 1
        self.fired += differs


def through(history: History[R], lags: Sequence[tuple[Lag, datetime]]) -> View[R]:
    """Give the view of one request; of several faults about a record, the one that is furthest behind holds."""
    behind = sorted(lags, key=itemgetter(1))

    def view(object_id: str, current: R | None) -> R | None:
        for lag, moment in behind:
            past = history.as_of(object_id, moment, current)
            known = current or past
            if known is not None and lag.concerns(known):
                lag.count(differs=past is not current)
                return past
        return current

    return view


def known_late(lag: Lag, past: Holder | None, current: Holder) -> dict[str, Any]:
    """Give the credential fields of a holder as a replica knows it that is behind; only what differs."""
    fault = lag.fault
    if not isinstance(fault, Propagation):
        return {}
    fields = {}
    for name in (_FIELDS[kind] for kind in fault.of):
        if hasattr(current, name):
            held = getattr(current, name)
            late = mixed(getattr(past, name, ()), held, fault.changes)
            if late != held:
                fields[name] = late
    lag.count(differs=bool(fields))
    return fields


def mixed(past: tuple[C, ...], current: tuple[C, ...], changes: Sequence[str]) -> tuple[C, ...]:
    """Undo some kinds of changes: what was added or changed is as it was, what was removed is there."""
    before: dict[str, C] = {_id(item): item for item in past}
    now = {_id(item) for item in current}
    kept: list[C | None] = [before.get(_id(item)) if "added" in changes else item for item in current]
    removed: list[C] = [item for item in past if _id(item) not in now] if "removed" in changes else []
    return (*(item for item in kept if item is not None), *removed)


def _id(item: Credential) -> str:
    return item.id if isinstance(item, FederatedCredential) else item.key_id
