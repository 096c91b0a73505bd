"""Whether a new secret could be added, were one needed after all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.directory import Directory
from inventory.errors import PermissionMissingError
from inventory.estate import Policy as AppManagementPolicy
from inventory.lifetimes import Policies
from inventory.model import Holder
from inventory.refusals import brief
from migrate.circumstances import Forbidden, NotTold, Possible, Rollback
from migrate.model import PlannedCredential

_NONE = Policies(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The tenant's app management policies; ``missing`` says why they could not be read."""

    policies: Policies = _NONE
    missing: str = ""


async def restrictions(directory: Directory) -> Rules:
    """Read the tenant's app management policies; what cannot be read is unknown, not absent."""
    found: list[AppManagementPolicy] = []
    try:
        async for page in directory.policies():
            for entry in page.entries:
                if not isinstance(entry, AppManagementPolicy):
                    return Rules(missing=f"{entry.subject}: {entry.text}")
                found.append(entry)
    except PermissionMissingError as error:
        return Rules(missing=brief(error))
    return Rules(policies=Policies(found))


def rollback(rules: Rules, credential: PlannedCredential, created: datetime | None) -> Rollback:
    """Tell whether the holder of a credential, created then, may be given a new secret."""
    return rollback_of(rules, credential.holder, credential.holder_id, created)


def rollback_of(rules: Rules, holder: Holder, holder_id: str, created: datetime | None) -> Rollback:
    """Tell whether an object, created then, may be given a new secret."""
    if rules.missing:
        return NotTold(why=rules.missing)
    policy = rules.policies.forbidding(holder, holder_id, created)
    return Forbidden(policy=policy.name or policy.id) if policy else Possible()
