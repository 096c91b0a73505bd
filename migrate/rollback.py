"""Whether a new secret could be added, were one needed after all.

It would be one of the application, whoever holds the credential that is removed: that is where ``break-glass`` adds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inventory.directory import Directory
from inventory.errors import PermissionMissingError
from inventory.estate import Policy as AppManagementPolicy
from inventory.lifetimes import Policies
from inventory.model import Application, ApplicationId, Holder, ScanNote
from inventory.refusals import brief
from migrate.circumstances import Forbidden, NotTold, Possible, Rollback

_NONE = Policies(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """App management policies, the tenant's or those of one application; ``missing``: why they could not be read."""

    policies: Policies = _NONE
    missing: str = ""


async def restrictions(directory: Directory) -> Rules:
    """Read the tenant's app management policies; what cannot be read is unknown, not absent."""
    try:
        return _rules([entry async for page in directory.policies() for entry in page.entries])
    except PermissionMissingError as error:
        return Rules(missing=brief(error))


async def restrictions_of(directory: Directory, application: ApplicationId) -> Rules:
    """Read the policies that one application is under at this moment, in two requests."""
    try:
        return _rules(await directory.policies_of(application))
    except PermissionMissingError as error:
        return Rules(missing=brief(error))


def _rules(found: Iterable[AppManagementPolicy | ScanNote]) -> Rules:
    policies: list[AppManagementPolicy] = []
    for entry in found:
        if not isinstance(entry, AppManagementPolicy):
            return Rules(missing=f"{entry.subject}: {entry.text}")
        policies.append(entry)
    return Rules(policies=Policies(policies))


def rollback(rules: Rules, application: Application | None) -> Rollback:
    """Tell whether an application may be given a new secret; of one that was not found other gates tell."""
    if rules.missing:
        return NotTold(why=rules.missing)
    if application is None:
        return Possible()
    policy = rules.policies.forbidding(Holder.APPLICATION, application.id, application.created)
    return Forbidden(policy=policy.name or policy.id) if policy else Possible()
