"""Whether a new secret could be added, were one needed after all; pure.

``passwordAddition`` of an app management policy forbids it; a policy that is assigned to the object replaces the
default (Microsoft Graph, "appManagementPolicy", "passwordCredentialConfiguration"). Objects that are older than
``restrictForAppsCreatedAfterDateTime`` are spared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.estate import Policy, Restriction
from inventory.instants import instant
from inventory.model import Application, Holder
from migrate.model import PlannedCredential
from migrate.standing import Forbidden, NotTold, Possible, Rollback

_HOLDERS = {Holder.APPLICATION: "applications", Holder.SERVICE_PRINCIPAL: "servicePrincipals"}
_ADDITION = "passwordaddition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The tenant's app management policies; ``missing`` says why they could not be read."""

    policies: tuple[Policy, ...] = ()
    missing: str = ""


def rollback(rules: Rules, credential: PlannedCredential, application: Application | None) -> Rollback:
    """Tell whether the holder of a credential may be given a new secret."""
    if rules.missing:
        return NotTold(why=rules.missing)
    assigned = [one for one in rules.policies if credential.holder_id in one.applies_to]
    created = application.created if application else None
    for policy in assigned or [one for one in rules.policies if one.is_default]:
        holder = _HOLDERS[credential.holder] if policy.is_default else ""
        if policy.enabled and any(_forbids(one, holder, created) for one in policy.restrictions):
            return Forbidden(policy=policy.name or policy.id)
    return Possible()


def _forbids(restriction: Restriction, holder: str, created: datetime | None) -> bool:
    if (restriction.holder, restriction.credentials) != (holder, "passwordCredentials"):
        return False
    if restriction.type.casefold() != _ADDITION or (restriction.state or "enabled").casefold() != "enabled":
        return False
    try:
        since = instant(restriction.for_apps_created_after)
    except ValueError:
        return True
    return since is None or created is None or created >= since
