"""The directory's audit log: who changed which credentials of an application or a service principal, and when.

Of everything that the service writes down (page "Audit activity reference"), only changes of secrets and certificates.
"""

from dataclasses import dataclass
from datetime import datetime

from migrate.emulator.state.purposes import Holder
from migrate.emulator.state.records import Application, KeyCredential, PasswordCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One change of credentials; ``before`` and ``after`` describe all that the object had and has."""

    id: str
    at: datetime
    correlation_id: str
    activity: str
    operation: str
    actor_id: str
    """Object id of the service principal that asked; empty where it is not in this tenant."""
    actor_name: str
    target_id: str
    target_app_id: str
    target_name: str
    on_service_principal: bool
    before: tuple[str, ...]
    after: tuple[str, ...]


def described(holder: Holder | None) -> tuple[str, ...]:
    """Describe credentials as ``KeyDescription`` does (seen in a real log); a secret's text is not in it."""
    if holder is None:
        return ()
    held: tuple[PasswordCredential | KeyCredential, ...] = (*holder.keys, *holder.passwords)
    return tuple(
        f"[KeyIdentifier={each.key_id},KeyType={_kind(each)},KeyUsage={_usage(each)},"
        f"DisplayName={each.display_name or ''}]"
        for each in held
    )


def activity(before: Holder | None, after: Holder) -> tuple[str, str]:
    """Give the activity's display name, with its en dash and its blank at the end, and the type of the operation."""
    if isinstance(after, Application):
        verb, operation = ("Create", "Add") if before is None else ("Update", "Update")
        return f"{verb} application \N{EN DASH} Certificates and secrets management ", operation
    if set(described(after)) <= set(described(before)):
        return "Remove service principal credentials", "Update"
    return "Add service principal credentials", "Update"


def _kind(each: PasswordCredential | KeyCredential) -> str:
    return each.type if isinstance(each, KeyCredential) else "Password"


def _usage(each: PasswordCredential | KeyCredential) -> str:
    return each.usage if isinstance(each, KeyCredential) else "Verify"
