"""Whether a new secret could be added, were one needed after all; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.lifetimes import Policies
from migrate.circumstances import Forbidden, NotTold, Possible, Rollback
from migrate.model import PlannedCredential

_NONE = Policies(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The tenant's app management policies; ``missing`` says why they could not be read."""

    policies: Policies = _NONE
    missing: str = ""


def rollback(rules: Rules, credential: PlannedCredential, created: datetime | None) -> Rollback:
    """Tell whether the holder of a credential, created then, may be given a new secret."""
    if rules.missing:
        return NotTold(why=rules.missing)
    policy = rules.policies.forbidding(credential.holder, credential.holder_id, created)
    return Forbidden(policy=policy.name or policy.id) if policy else Possible()
