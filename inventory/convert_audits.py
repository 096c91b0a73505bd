"""From the JSON of Microsoft Graph's audit log to who added which credential. Pure.

Sources: Microsoft Graph reference (v1.0), resource type ``directoryAudit``; the activity "Update application -
Certificates and secrets management" and its kin name all credentials before and after in ``KeyDescription``, each as
``[KeyIdentifier=...,KeyType=...,KeyUsage=...,DisplayName=...]``, in JSON inside of a string. Activities are told by
what they changed, not by their names, which differ in dashes and blanks.
"""

from __future__ import annotations

import re

import msgspec

from inventory.instants import instant
from inventory.model import CredentialAdded, KeyId
from inventory.rows import Reading, SenselessError
from inventory.wire import WireAudit, WireInitiator

_CHANGED = "KeyDescription"
_KEY = re.compile(r"\[KeyIdentifier=([0-9A-Fa-f-]{36}),")
_LISTED = msgspec.json.Decoder(list[str] | None)


def additions() -> Reading[WireAudit, tuple[CredentialAdded, ...]]:
    """Read audit records as the credentials that each one added; most add none."""
    return Reading("audit record", WireAudit, lambda wire, _: _additions(wire))


def _additions(wire: WireAudit) -> tuple[CredentialAdded, ...]:
    if (wire.result or "").casefold() != "success":
        return ()
    at, by = instant(wire.activity_date_time), _by(wire.initiated_by)
    if at is None:
        raise SenselessError("it tells no time")
    changed = [
        each
        for target in wire.target_resources or ()
        for each in target.modified_properties or ()
        if each.display_name == _CHANGED
    ]
    keys = {key for each in changed for key in _keys(each.new_value) - _keys(each.old_value)}
    return tuple(CredentialAdded(key_id=KeyId(key), at=at, by=by) for key in sorted(keys))


def _keys(told: str | None) -> frozenset[str]:
    """Return the key ids of a list of credentials; a display name cannot pass for one, as it stands behind."""
    try:
        listed = _LISTED.decode(told) if told else None
    except (msgspec.DecodeError, UnicodeError):
        raise SenselessError("it tells of credentials in a form that is not known") from None
    found = (_KEY.match(each) for each in listed or ())
    return frozenset(each[1].lower() for each in found if each)


def _by(who: WireInitiator | None) -> str:
    """Name who asked: a user with the address, or an application; empty where the log names nobody."""
    if who is not None and (user := who.user) is not None:
        name = user.user_principal_name or user.display_name or user.id or ""
        return f"{name} from {user.ip_address}" if name and user.ip_address else name
    if who is not None and (app := who.app) is not None:
        known = app.service_principal_id or app.app_id or ""
        return f"the application {app.display_name or known}" + (f" ({known})" if app.display_name and known else "")
    return ""
