"""What of credentials that appeared can be told, and by whom they were added. Pure.

Retention: Microsoft Entra, "data retention": 30 days with P1 or P2, 7 without.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from inventory.model import Credential, CredentialAdded, CredentialLog, Holder

_KEPT = timedelta(days=30)
_REACH = "30 days (7 without Microsoft Entra ID P1 or P2)"


def adder(log: CredentialLog, credential: Credential, now: datetime) -> CredentialAdded | str:
    """Return who added a credential; in words why that is unknown where the log does not tell.

    The newest record counts: a key id can be taken off and put back.
    """
    found = [each for each in log.added if each.key_id == credential.key_id.lower()]
    if found:
        return max(found, key=lambda each: each.at)
    if log.missing:
        return f"the audit log could not be read: {log.missing}"
    if credential.start is not None and credential.start < now - _KEPT:
        return f"it is valid since {credential.start:%Y-%m-%d}, and the audit log goes back {_REACH}"
    return (
        f"the audit log, which goes back {_REACH} and is minutes to hours late, does not tell of it; its start may be "
        "any that its maker chose"
    )


def told(each: Credential) -> str:
    """Describe a credential without anything secret."""
    hint = f", hint {each.hint}" if each.hint else ""
    name = f" {each.display_name!r}" if each.display_name else ""
    where = "the application" if each.holder is Holder.APPLICATION else "the service principal"
    until = f"{each.end:%Y-%m-%d}" if each.end else "ever"
    return f"{each.kind.value} {each.key_id}{name} of {where} ({each.purpose.value}{hint}, until {until})"
