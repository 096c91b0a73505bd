"""Microsoft Graph's report of when each credential was last used.

Source: Microsoft Graph beta reference, "appCredentialSignInActivity resource type". Samples and metadata there differ:
``expirationDate`` and ``expirationDateTime`` (neither is needed here), ``keyType`` ``secret`` and ``clientSecret``, an
offset of one digit in the times.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from inventory.evidence_pages import Report, past, understood
from inventory.ids import guid, spelled
from inventory.model import ClientId, KeyId, ScanNote
from inventory.usage import SourceName, Use
from inventory.wire import WireLastSeen, WireObject

NAME = SourceName("graph-credential-activity")
_URL = "/beta/reports/appCredentialSignInActivities?$top=999"
_SPELLINGS = {"secret": "clientSecret", "clientsecret": "clientSecret", "certificate": "certificate"}
_BLIND = (
    "a credential without a row is unknown, not unused",
    "federated credentials do not appear",
    "its last sign-in may be a failed one",
    "what happened in other tenants does not appear",
)


class _Row(WireObject, frozen=True, gc=False):
    key_id: str
    app_id: str
    key_type: str | None = None
    resource_id: str | None = None
    sign_in_activity: WireLastSeen | None = None


def _uses(raw: msgspec.Raw, at: datetime) -> tuple[Use, ...] | ScanNote:
    return understood("credential activity", _Row, raw, lambda row: (_use(row, at),))


def _use(row: _Row, at: datetime) -> Use:
    seen, key = row.sign_in_activity or WireLastSeen(), guid(row.key_id)
    return Use(
        source=NAME,
        client_id=ClientId(spelled(row.app_id)),
        key_id=KeyId(key) if key else None,
        credential_type=_SPELLINGS.get((row.key_type or "").casefold(), row.key_type) or None,
        resource=(row.resource_id or "").lower() or None,
        last=past(seen.last_sign_in_date_time, at),
        last_success=past(seen.last_successful_sign_in_date_time, at),
    )


SOURCE = Report(name=NAME, url=_URL, row=_uses, sees=("certificate", "secret"), blind_spots=_BLIND)
