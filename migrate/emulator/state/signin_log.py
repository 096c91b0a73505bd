"""The sign-in log, and the last-use dates that the activity reports show.

The log itself is cut at the retention of the tenant's licence (page "Microsoft Entra data retention": 7 days Free,
30 days P1 and P2); the last-use dates of the activity reports are kept for longer, which is assumed.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import RLock
from typing import Generic, TypeVar

from migrate.emulator.state.past import Past, PastOfApps
from migrate.emulator.state.signins import Activity, SignIn

K = TypeVar("K")
CredentialKey = tuple[str, str]
"""Key id and origin of a credential."""


class _LastUses(Generic[K]):
    """Positions of the last sign-in and of the last successful one, by what was used; -1 stands for none."""

    def __init__(self) -> None:
        self._places: dict[K, tuple[int, int]] = {}
        self._order: list[K] = []

    def __len__(self) -> int:
        return len(self._order)

    def note(self, key: K, last: int, last_success: int) -> None:
        known = self._places.get(key)
        if known is None:
            self._order.append(key)
            self._places[key] = last, last_success
        else:
            # Uses of the past arrive credential by credential, so that a later call may bring earlier positions.
            self._places[key] = max(known[0], last), max(known[1], last_success)

    def key(self, index: int) -> K:
        """Give a key by the order of first use, which never changes."""
        return self._order[index]

    def places(self, key: K) -> tuple[int, int] | None:
        return self._places.get(key)


class SignInLog:
    """Every sign-in in the order of its time: what was made up for the past, then what happens.

    Positions count from the oldest sign-in; they never change.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._past = Past(start=datetime.min.replace(tzinfo=UTC))
        self._entries: list[SignIn] = []
        self._of_app: dict[str, list[int]] = {}
        self._of_app_before: PastOfApps | None = None
        """Made when the first client asks for the sign-ins of one application."""
        self._credentials: _LastUses[CredentialKey] = _LastUses()
        self._apps: _LastUses[str] = _LastUses()
        self._resources: _LastUses[str] = _LastUses()

    def __len__(self) -> int:
        return len(self._past) + len(self._entries)

    @property
    def past(self) -> Past:
        """What was made up before the start."""
        return self._past

    @property
    def recorded(self) -> Sequence[SignIn]:
        """What was recorded since the start, oldest first."""
        return self._entries

    def begin_with(self, past: Past) -> None:
        """Give an empty log its past; ValueError when something was recorded already."""
        with self._lock:
            if len(self):
                raise ValueError("a log that has begun cannot be given another past")
            self._past, self._of_app_before = past, None
            self._index_past(past)

    def _index_past(self, past: Past) -> None:
        for use, last, last_success in past.last_uses():
            self._note(use.pattern, last, last_success)

    def record(self, entry: SignIn) -> None:
        """Append an entry and update the last-use dates."""
        with self._lock:
            position = len(self)
            self._entries.append(entry)
            self._of_app.setdefault(entry.app_id, []).append(position)
            self._note(entry, position, position if entry.error_code == 0 else -1)

    def _note(self, entry: SignIn, last: int, last_success: int) -> None:
        if entry.event == "servicePrincipal":
            self._apps.note(entry.app_id, last, last_success)
        self._resources.note(entry.resource_id, last, last_success)
        if entry.key_id and entry.credential_type in ("clientSecret", "certificate"):
            self._credentials.note((entry.key_id, entry.origin), last, last_success)

    def positions(self, app_id: str | None = None) -> Sequence[int]:
        """Give the positions of all entries, or of one application's, oldest first."""
        if app_id is None:
            return range(len(self))
        if self._of_app_before is None:
            self._of_app_before = PastOfApps(self._past)
        return (*self._of_app_before.positions(app_id), *self._of_app.get(app_id, ()))

    def at(self, position: int) -> SignIn:
        """Give the entry at a position."""
        made_up = len(self._past)
        return self._past.at(position) if position < made_up else self._entries[position - made_up]

    def created(self, position: int) -> datetime:
        """Give the moment of the entry at a position, which costs less than the entry."""
        made_up = len(self._past)
        return self._past.created(position) if position < made_up else self._entries[position - made_up].created

    def first_since(self, moment: datetime, positions: Sequence[int]) -> int:
        """Give the index of the first of these ascending positions whose entry is not older than a moment."""
        return bisect_left(positions, moment, key=self.created)

    def entries(self, app_id: str | None = None) -> Iterator[SignIn]:
        """Walk the entries, oldest first."""
        return (self.at(position) for position in self.positions(app_id))

    def credentials_after(self, place: int) -> Iterator[tuple[int, Activity]]:
        """Walk the last uses of the credentials that were ever used, from a place on, each with the place after it.

        Places count by the first use and never change.
        """
        for index in range(place, len(self._credentials)):
            yield index + 1, self._activity(self._credentials, self._credentials.key(index))

    def applications_after(self, place: int) -> Iterator[tuple[int, str, Activity]]:
        """Walk the applications that ever signed in, from a place on, each with the place after it and its last use."""
        for index in range(place, len(self._apps)):
            app_id = self._apps.key(index)
            yield index + 1, app_id, self._activity(self._apps, app_id)

    def credential_activities(self) -> Iterator[Activity]:
        """Walk the last use of each credential that was ever used."""
        return (activity for _, activity in self.credentials_after(0))

    def resource_activity(self, app_id: str) -> Activity | None:
        """Give the last sign-in to a resource."""
        return None if self._resources.places(app_id) is None else self._activity(self._resources, app_id)

    def _activity(self, uses: _LastUses[K], key: K) -> Activity:
        last, last_success = uses.places(key) or (-1, -1)
        return Activity(last=self.at(last), last_success=None if last_success < 0 else self.at(last_success))
