"""Rules for secrets, on applications and on service principals alike.

Sources: reference pages "addPassword" and "removePassword"; the text for an unknown key id is recorded, its Graph code
is assumed. Assumed too: a secret's display name is cut where a certificate's is.
"""

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from migrate.emulator.clock import LATEST
from migrate.emulator.errors import NotInTenantError
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state import policies
from migrate.emulator.state.locks import refuse_locked
from migrate.emulator.state.purposes import Holder, is_for_signing
from migrate.emulator.state.records import Application, PasswordCredential, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError, not_found
from migrate.emulator.state.tenant import Tenant

LONGEST_NAME: Final = 90
"""Longer display names of credentials are accepted and cut (reference page "keyCredential")."""
SECRET_LIFE_YEARS: Final = 2
_RENEWED: Final = "renewed by the embedded tenant"


def invalid(message: str, code: str = "Request_BadRequest", target: str | None = None) -> RuleBreachError:
    """Word a refusal with HTTP status 400."""
    return RuleBreachError(400, code, message, target)


def current(tenant: Tenant, holder: Holder) -> Holder:
    """Read a holder again, under the tenant's lock, just before it is changed."""
    is_application = isinstance(holder, Application)
    record = tenant.applications.get(holder.id) if is_application else tenant.service_principals.get(holder.id)
    if record is None:
        raise not_found(holder.id)
    return record


def save(tenant: Tenant, holder: Holder) -> None:
    """Store a changed holder."""
    if isinstance(holder, Application):
        tenant.save_application(holder)
    else:
        tenant.save_service_principal(holder)


def refuse_managed_identity(holder: Holder) -> None:
    """Refuse to change a managed identity's service principal (reference page servicePrincipal)."""
    if isinstance(holder, ServicePrincipal) and holder.type == "ManagedIdentity":
        raise RuleBreachError(403, "Authorization_RequestDenied", "Managed identities cannot be updated directly.")


def make_secret() -> str:
    """Make a secret of the length and alphabet that Entra's have today."""
    return f"{secrets.token_urlsafe(3)[:3]}8Q~{secrets.token_urlsafe(26)[:34]}"


def add_password(
    tenant: Tenant, holder: Holder, display_name: str | None, start: datetime | None, end: datetime | None
) -> PasswordCredential:
    """Add a secret; without an end it lives for two years."""
    with tenant.lock:
        holder = current(tenant, holder)
        refuse_managed_identity(holder)
        refuse_locked(tenant, holder, "passwordCredentials", "Verify")
        password = new_password(tenant, holder, display_name, start, end)
        save(tenant, replace(holder, passwords=(*holder.passwords, password)))
        return password


def new_password(
    tenant: Tenant, holder: Holder, display_name: str | None, start: datetime | None, end: datetime | None
) -> PasswordCredential:
    """Make a secret that a holder may have; nothing is stored."""
    begin = start or tenant.clock.now()
    if begin > LATEST or (end is not None and end <= begin):
        raise invalid("Password credential end date is invalid.")
    finish = end or default_end(begin)
    policies.refuse_type(tenant.policies, holder, policies.PASSWORD_ADDITION)
    policies.refuse_lifetime(tenant.policies, holder, policies.PASSWORD_LIFETIME, finish - begin)
    return PasswordCredential(
        key_id=fresh_guid(), secret=make_secret(), start=begin, end=finish, display_name=cut(display_name)
    )


def default_end(begin: datetime) -> datetime:
    """Give the end of a secret that is asked for without one: startDateTime and two years (page "addPassword").

    Years are those of the calendar; from a 29 February to the 28th (assumed: .NET's AddYears).
    """
    leap = begin.month == 2 and begin.day == 29  # noqa: PLR2004 - the one day that not every year has
    return begin.replace(year=begin.year + SECRET_LIFE_YEARS, day=28 if leap else begin.day)


def renewed(tenant: Tenant, application: Application) -> PasswordCredential:
    """Give a live secret, a new one where time alone has ended the last; no policy of the tenant's is asked."""
    with tenant.lock:
        application = tenant.applications.get(application.id) or application
        with suppress(NotInTenantError):
            return tenant.live_secret_of(application)
        begin = tenant.clock.now()
        password = PasswordCredential(
            key_id=fresh_guid(), secret=make_secret(), start=begin, end=default_end(begin), display_name=_RENEWED
        )
        tenant.save_application(replace(application, passwords=(*application.passwords, password)))
        return password


def cut(display_name: str | None) -> str | None:
    """Shorten a credential's display name to what is kept of it."""
    return None if display_name is None else display_name[:LONGEST_NAME]


def remove_password(tenant: Tenant, holder: Holder, key_id: str) -> None:
    """Remove a secret for good."""
    with tenant.lock:
        holder = current(tenant, holder)
        refuse_managed_identity(holder)
        gone = [password for password in holder.passwords if password.key_id == key_id.lower()]
        if not gone:
            raise invalid(f"No password credential found with keyId {key_id}")
        refuse_locked(tenant, holder, "passwordCredentials", usage_of_password(holder, gone[0]))
        rest = tuple(password for password in holder.passwords if password is not gone[0])
        save(tenant, replace(holder, passwords=rest))


def usage_of_password(holder: Holder, password: PasswordCredential) -> str:
    """Tell what a lock calls the use of a password."""
    return "Sign" if is_for_signing(holder, password) else "Verify"
