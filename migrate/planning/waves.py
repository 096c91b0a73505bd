"""The order of a rollout: a few simple applications first, the risky ones last.

The wave of an application depends on itself alone, so that a new application in the tenant moves nobody.
"""

from __future__ import annotations

import hashlib

from inventory.model import Application, Holder
from migrate.model import PlannedCredential

CANARY, MIDDLE, LAST = 1, 2, 3
_CANARY_SHARE = 8
"""One in eight of the simple applications goes first."""


def wave(application: Application, credentials: tuple[PlannedCredential, ...]) -> int:
    """Return 1 for a canary, 2 for an application with little risk, 3 for the rest."""
    risk = len(credentials) + (0 if application.owners else 1)
    risk += sum(each.holder is Holder.SERVICE_PRINCIPAL for each in credentials)
    risk += 0 if application.sign_in_audience in {None, "AzureADMyOrg"} else 2
    if risk > 2:  # noqa: PLR2004 - two credentials, or one and no owner
        return LAST
    return CANARY if risk == 1 and _bucket(application.client_id) == 0 else MIDDLE


def _bucket(client_id: str) -> int:
    return int.from_bytes(hashlib.sha256(client_id.encode()).digest()[:4]) % _CANARY_SHARE
