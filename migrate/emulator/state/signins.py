"""The sign-in log, and the activity reports that are computed from it.

Field names are those of the beta resource ``signIn``; which of them a managed-identity exchange fills is inferred from
their descriptions, as no log of one has been seen. The log itself is cut at the retention of the tenant's licence
(page "Microsoft Entra data retention": 7 days Free, 30 days P1 and P2); the last-use dates of the activity reports are
kept for longer, which is assumed.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import RLock
from typing import Literal, TypeVar

from migrate.emulator.certificates import CertificateRecipe

EventType = Literal["servicePrincipal", "managedIdentity"]
CredentialType = Literal[
    "none", "clientSecret", "clientAssertion", "federatedIdentityCredential", "managedIdentity", "certificate"
]

K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One attempt to get a token."""

    id: str
    created: datetime
    event: EventType
    app_id: str
    app_display_name: str
    service_principal_id: str
    owner_tenant: str | None
    resource_id: str
    resource_display_name: str
    ip_address: str
    correlation_id: str
    credential_type: CredentialType = "none"
    key_id: str = ""
    """Key id of the credential that matched. Assumed: empty when the presented secret matched none."""
    certificate: CertificateRecipe | bytes | None = None
    federated_credential_id: str = ""
    origin: Literal["application", "servicePrincipal"] = "application"
    error_code: int = 0
    failure_reason: str | None = None
    token_id: str = ""
    identity_resource_id: str | None = None
    user_assigned: bool = True
    federated_token_id: str | None = None
    federated_token_issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """When something was last used."""

    last: SignIn
    last_success: SignIn | None = None


class SignInLog:
    """Every sign-in in the order of its time; the seeded history enters through the same door as the real ones."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._entries: list[SignIn] = []
        self._of_app: dict[str, list[int]] = defaultdict(list)
        self._credentials: dict[tuple[str, str], Activity] = {}
        self._apps: dict[str, Activity] = {}
        self._resources: dict[str, Activity] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def record(self, entry: SignIn) -> None:
        """Append an entry and update the last-use dates."""
        with self._lock:
            self._of_app[entry.app_id].append(len(self._entries))
            self._entries.append(entry)
            if entry.event == "servicePrincipal":
                _note(self._apps, entry.app_id, entry)
            _note(self._resources, entry.resource_id, entry)
            if entry.key_id and entry.credential_type in ("clientSecret", "certificate"):
                _note(self._credentials, (entry.key_id, entry.origin), entry)

    def positions(self, app_id: str | None = None) -> Sequence[int]:
        """Give the positions of all entries, or of one application's, oldest first."""
        if app_id is None:
            return range(len(self._entries))
        return tuple(self._of_app.get(app_id, ()))

    def at(self, position: int) -> SignIn:
        """Give the entry at a position."""
        return self._entries[position]

    def entries(self, app_id: str | None = None) -> Iterator[SignIn]:
        """Walk the entries, oldest first."""
        return (self._entries[position] for position in self.positions(app_id))

    def credential_activities(self) -> tuple[Activity, ...]:
        """Give the last use of each credential that was ever used."""
        with self._lock:
            return tuple(self._credentials.values())

    def application_activities(self) -> dict[str, Activity]:
        """Give the last sign-in of each application, by application id."""
        with self._lock:
            return dict(self._apps)

    def resource_activity(self, app_id: str) -> Activity | None:
        """Give the last sign-in to a resource."""
        return self._resources.get(app_id)


def _note(activities: dict[K, Activity], key: K, entry: SignIn) -> None:
    known = activities.get(key)
    success = entry if entry.error_code == 0 else None
    if known is None:
        activities[key] = Activity(last=entry, last_success=success)
    else:
        activities[key] = replace(known, last=entry, last_success=success or known.last_success)
