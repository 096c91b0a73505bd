"""What ``[retire]`` of ``unsecret.toml`` says, as values that a plan keeps."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class RetireKey(enum.StrEnum):
    """What ``[retire]`` of ``unsecret.toml`` may say."""

    UNUSED_DAYS = "unused_days"
    PROOF_HOURS = "proof_hours"
    LOG_HOURS = "log_hours"
    PROOF_SUCCESSES = "proof_successes"
    PROOF_SPREAD_MINUTES = "proof_spread_minutes"
    SIGN_INS_FROM_WAVE = "sign_ins_from_wave"
    PLAN_HOURS = "plan_hours"
    SOAK_HOURS = "soak_hours"
    WATCH_HOURS = "watch_hours"
    OWNER_DAYS = "owner_days"
    SCREAM_DAYS = "scream_days"
    SCREAM_ACTIVATES = "scream_activates"
    PER_RUN = "per_run"
    PER_HOUR = "per_hour"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireRule:
    """One line of ``[retire]``, as it stood when a plan was made."""

    key: RetireKey
    value: int | bool

    def __str__(self) -> str:
        """Return it as the file says it."""
        return f"{self.key} = {str(self.value).lower()}"
