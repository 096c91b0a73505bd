"""Microsoft Graph's report of when each application last signed in, by itself and for users.

Source: Microsoft Graph beta reference, "servicePrincipalSignInActivity resource type": ``applicationAuthentication...``
is app-only and ``delegated...`` with a user; ``...Client...`` tells when the application signed in, ``...Resource...``
when others signed in to it, which uses none of its credentials.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from inventory.evidence_pages import Report, past, understood
from inventory.ids import spelled
from inventory.model import ClientId, ScanNote
from inventory.usage import SourceName, Use
from inventory.wire import WireLastSeen, WireObject

NAME = SourceName("graph-application-activity")
_URL = "/beta/reports/servicePrincipalSignInActivities?$top=999"
_BLIND = (
    "it tells that an application signed in, not with which credential",
    "an application without a row is unknown, not unused",
    "its last sign-in may be a failed one",
)


class _Row(WireObject, frozen=True, gc=False):
    app_id: str
    application_authentication_client_sign_in_activity: WireLastSeen | None = None
    delegated_client_sign_in_activity: WireLastSeen | msgspec.UnsetType | None = msgspec.UNSET


def _uses(raw: msgspec.Raw, at: datetime) -> tuple[Use, ...] | ScanNote:
    return understood("application activity", _Row, raw, lambda row: _told(row, at))


def _told(row: _Row, at: datetime) -> tuple[Use, ...]:
    """Return what the row tells; a row of users without a time says that the report knows of none."""
    alone, with_users = row.application_authentication_client_sign_in_activity, row.delegated_client_sign_in_activity
    uses = [_use(row, alone, at, delegated=False)] if alone is not None else []
    found = [use for use in uses if use.last or use.last_success]
    if with_users is not msgspec.UNSET:
        found.append(_use(row, with_users or WireLastSeen(), at, delegated=True))
    return tuple(found)


def _use(row: _Row, seen: WireLastSeen, at: datetime, *, delegated: bool) -> Use:
    return Use(
        source=NAME,
        client_id=ClientId(spelled(row.app_id)),
        delegated=delegated,
        last=past(seen.last_sign_in_date_time, at),
        last_success=past(seen.last_successful_sign_in_date_time, at),
    )


SOURCE = Report(name=NAME, url=_URL, row=_uses, sees=(), blind_spots=_BLIND)
