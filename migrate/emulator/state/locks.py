"""The lock that an application puts on its service principal's credentials.

Sources: reference page "servicePrincipalLockConfiguration", page "How to configure app instance property lock"; the
refusal is recorded, with its details. Assumed: removing a locked credential is refused like adding one, and the second
error code belongs to locks whose ``enforcementScope`` (beta) is set. A lock that is enforced in foreign tenants only
leaves the application's home, which this tenant is, alone.
"""

from dataclasses import dataclass
from typing import Final

from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError
from migrate.emulator.state.tenant import Tenant

PROPERTY: Final = "servicePrincipalLockConfiguration"
SWITCHES: Final = (
    "isEnabled", "allProperties", "credentialsWithUsageVerify", "credentialsWithUsageSign", "tokenEncryptionKeyId",
)  # fmt: skip
SCOPE: Final = "enforcementScope"
SCOPES: Final = ("notConfigured", "foreignTenantOnly", "everywhere")
_CODE: Final = "CannotUpdateLockedServicePrincipalProperty"
_SWITCH_OF_USAGE: Final = {"Verify": "credentialsWithUsageVerify", "Sign": "credentialsWithUsageSign"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What is locked on a service principal: names of switches that are on."""

    switches: frozenset[str]
    code: str

    def refuse(self, target: str, switch: str) -> None:
        """Refuse to change a property that a switch guards."""
        if not self.switches.isdisjoint((switch, "allProperties")):
            raise RuleBreachError(400, self.code, f"Property {target} is invalid.", target)


_OPEN: Final = Lock(switches=frozenset(), code=_CODE)


def lock_on(tenant: Tenant, holder: Application | ServicePrincipal) -> Lock:
    """Give the lock on an object; applications themselves are never locked."""
    owner = tenant.applications.with_app_id(holder.app_id) if isinstance(holder, ServicePrincipal) else None
    configured = (owner.others.get(PROPERTY) if owner else None) or {}
    scope = configured.get(SCOPE) or "notConfigured"
    if not configured.get("isEnabled") or scope == "foreignTenantOnly":
        return _OPEN
    code = _CODE if scope == "notConfigured" else f"{_CODE}WithEnforcementScope"
    return Lock(switches=frozenset(name for name in SWITCHES[1:] if configured.get(name)), code=code)


def refuse_locked(tenant: Tenant, holder: Application | ServicePrincipal, target: str, usage: str) -> None:
    """Refuse to change a credential of this usage when it is locked."""
    lock_on(tenant, holder).refuse(target, _SWITCH_OF_USAGE.get(usage, "allProperties"))


def refuse_locked_encryption(tenant: Tenant, holder: Application | ServicePrincipal) -> None:
    """Refuse to choose another token encryption key when that is locked."""
    lock_on(tenant, holder).refuse("tokenEncryptionKeyId", "tokenEncryptionKeyId")
