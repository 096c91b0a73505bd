"""The sign-in log and its reports as clients see them that are told late, not everything, or in other words."""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from migrate.emulator.state.signin_log import SignInLog
from migrate.emulator.state.signins import Activity, SignIn

_WHOLE: Final = 2**32
_DATES: Final = (
    "createdDateTime", "expirationDate", "lastSignInDateTime", "lastSuccessfulSignInDateTime",
)  # fmt: skip


class ReducedLog(SignInLog):
    """A log for reading, without what came after ``cutoff`` and without a share of the rest."""

    def __init__(self, real: SignInLog, *, cutoff: datetime, dropped: float, salt: str) -> None:
        super().__init__()
        self._real = real
        self._cutoff = cutoff
        self._dropped = int(dropped * _WHOLE)
        self._salt = zlib.crc32(salt.encode())

    def __len__(self) -> int:
        return len(self.positions())

    def positions(self, app_id: str | None = None) -> Sequence[int]:
        """Give the positions that show, oldest first."""
        known = self._in_time(app_id)
        return [position for position in known if self._is_kept(position)] if self._dropped else known

    def _in_time(self, app_id: str | None) -> Sequence[int]:
        known = self._real.positions(app_id)
        return known[: self._real.first_since(self._cutoff, known)]

    def _is_kept(self, position: int) -> bool:
        return zlib.crc32(struct.pack("<Q", position), self._salt) >= self._dropped

    def at(self, position: int) -> SignIn:
        """Give the entry at a position."""
        return self._real.at(position)

    def created(self, position: int) -> datetime:
        """Give the moment of the entry at a position."""
        return self._real.created(position)

    def credentials_after(self, place: int) -> Iterator[tuple[int, Activity]]:
        """Walk the last uses of credentials, as far as they are known by now."""
        for following, activity in self._real.credentials_after(place):
            key = (activity.last.key_id, activity.last.origin)
            known = self._known(activity, activity.last.app_id, partial(_is_use_of, key))
            if known is not None:
                yield following, known

    def applications_after(self, place: int) -> Iterator[tuple[int, str, Activity]]:
        """Walk the last sign-ins of applications, as far as they are known by now."""
        for following, app_id, activity in self._real.applications_after(place):
            known = self._known(activity, app_id, lambda entry: entry.event == "servicePrincipal")
            if known is not None:
                yield following, app_id, known

    def resource_activity(self, app_id: str) -> Activity | None:
        """Give the last sign-in to a resource, as far as it is known by now."""
        activity = self._real.resource_activity(app_id)
        return activity and self._known(activity, None, lambda entry: entry.resource_id == app_id)

    def _known(self, activity: Activity, app_id: str | None, fits: Callable[[SignIn], bool]) -> Activity | None:
        if activity.last.created < self._cutoff:
            return activity
        last: SignIn | None = None
        for entry in filter(fits, map(self.at, reversed(self._in_time(app_id)))):
            last = last or entry
            if entry.error_code == 0:
                return Activity(last=last, last_success=entry)
        return None if last is None else Activity(last=last)


def _is_use_of(key: tuple[str, str], entry: SignIn) -> bool:
    return (entry.key_id, entry.origin) == key


def as_documented(row: dict[str, Any]) -> dict[str, Any]:
    """Spell a row of appCredentialSignInActivities as the samples of its reference page do."""
    renamed = {("expirationDate" if name == "expirationDateTime" else name): value for name, value in row.items()}
    if renamed.get("keyType") == "clientSecret":
        renamed["keyType"] = "secret"
    return {name: _spelt(name, value) for name, value in renamed.items()}


def _spelt(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return as_documented(value)
    if name not in _DATES or not isinstance(value, str):
        return value
    # The samples are cut to the second and end in an offset that ISO 8601 would write -08:00.
    moment = datetime.fromisoformat(value[:19]) - timedelta(hours=8)
    return f"{moment.isoformat()}-8:00"
