"""What a removal is judged by besides the tenant: the team's policy, and where the rollout stands around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from inventory.model import ClientId
from migrate.days import Freeze
from migrate.proofrequests import Asked
from migrate.retirerule import RetireKey, RetireRule

_LESS_IS_STRICTER: Final = frozenset(
    {
        RetireKey.PROOF_HOURS, RetireKey.LOG_HOURS, RetireKey.SIGN_INS_FROM_WAVE, RetireKey.PLAN_HOURS,
        RetireKey.PER_RUN, RetireKey.PER_HOUR,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How much proof a removal needs, as ``[retire]`` of ``unsecret.toml`` says. Times are the tenant's own."""

    unused_days: int = 28
    """Sign-in logs hold 30 days (Entra ID P1/P2), so a window of 30 could never be shown to be covered."""
    proof_hours: int = 24
    """Age of the newest successful exchange at which a proof goes stale."""
    log_hours: int = 6
    """How far the sign-in log may be behind; records arrive minutes to hours late."""
    proof_successes: int = 3
    proof_spread_minutes: int = 10
    """Replication of a new federated credential flaps for minutes, so successes must lie apart."""
    sign_ins_from_wave: int = 2
    """From which wave on the sign-in log must show the planned federated credential in use; the canary takes probes."""
    plan_hours: int = 35 * 24
    """Age of the snapshot behind the plan at which a new scan is due."""
    soak_hours: int = 0
    """How long a credential stays scheduled before it is removed; 0: it is removed at once."""
    watch_hours: int = 2
    """How long a removed credential is watched: longer than the longest default lifetime of a token, 90 minutes."""
    owner_days: int | None = None
    """How long an owner has to answer; None: owners are not asked."""
    scream_days: int = 30
    """How long an application has to be deactivated, without anybody who tries to sign in, before it loses anything."""
    scream_activates: bool = False
    """Whether one that is missed is activated again at once; else that is for a person to do."""
    per_run: int | None = None
    per_hour: int | None = None
    rollback: bool = True
    """Whether a removal needs a policy of the tenant that would let a new secret be added."""

    def bound(self, rules: Iterable[RetireRule]) -> Policy:
        """Return the policy with what a plan was made with, wherever that is stricter."""
        stricter: dict[str, Any] = {each.key: self._stricter(each) for each in rules}
        return replace(self, **stricter)

    def _stricter(self, rule: RetireRule) -> int:
        mine: int | None = getattr(self, rule.key)
        both = [each for each in (mine, rule.value) if each is not None]
        return min(both) if rule.key in _LESS_IS_STRICTER else max(both)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """``[[exclude]]``: an application that is left alone until a day, that day included."""

    application: str
    """Client id, object id, or display name."""
    reason: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneCaller:
    """``[[caller]]``: an address that used a secret and does not sign in any more, as a person says."""

    application: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """``[break_glass]``: where a new secret goes when a removal went wrong."""

    vault: str
    """``https://NAME.`` and the domain of the cloud's vaults."""
    name: str = "unsecret-{client_id}"
    """Of the secret in the vault."""
    hours: int = 24
    """How long it lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirePolicy:
    """Everything of ``unsecret.toml`` that a removal is judged by."""

    policy: Policy = Policy()
    opt_outs: tuple[OptOut, ...] = ()
    callers: tuple[GoneCaller, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    break_glass: BreakGlass | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An address that used a credential, and when it did last."""

    address: str
    last: datetime
    unclear: bool = False
    """Whether the record left open which credential it used: it may have been this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A credential of an application was removed."""

    at: datetime
    client_id: ClientId
    name: str
    """The application's display name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Informed:
    """Owners were told of a removal, and what they said; None: no answer yet."""

    at: datetime
    answer: bool | None
    by: str
    owners: frozenset[str] | None = None
    """Object ids of who owned it then; None where nobody wrote that down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InPlace:
    """A break-glass secret that the journal knows, in words, and its key id."""

    key_id: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time of which the sign-in log was read."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deactivation:
    """When we deactivated an application, what the log was seen to cover since, and who screamed."""

    at: datetime
    looks: tuple[Stretch, ...] = ()
    """Looks of earlier runs that found nobody."""
    scream: str = ""
    """The first one who missed it, in words."""

    def uncovered(self, since: datetime, now: Stretch | None) -> datetime | None:
        """Return the first moment since then that no look covers, ``now`` included; None where all of it is covered."""
        at = since
        for each in sorted([*self.looks, *([now] if now else [])], key=lambda one: one.since):
            if each.since > at:
                return at
            at = max(at, each.until)
        return None if now and at >= now.until else at


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """A new secret could be added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """A policy of the tenant forbids to add one; ``policy`` is its name."""

    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTold:
    """The policies could not be read, and why."""

    why: str


Rollback = Possible | Forbidden | NotTold


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Where the rollout stands around one credential at the moment of asking."""

    taken_at: datetime
    """When the snapshot behind the plan was taken."""
    freezes: tuple[Freeze, ...] = ()
    opt_outs: tuple[OptOut, ...] = ()
    """Those of this application."""
    callers: tuple[Caller, ...] = ()
    """Addresses that the journal, or the scan behind the plan, has seen use the credential."""
    seen_in_use: datetime | None = None
    """Its last success that a source of the scan knows, whatever the log shows."""
    gone: frozenset[str] = frozenset()
    """Addresses that ``[[caller]]`` gives up for this application; ``unclear`` for all of unclear sign-ins."""
    gone_since: Mapping[str, datetime] = field(default_factory=dict)
    """When a run first read that of an address, with the reason that is given now."""
    asked: tuple[Asked, ...] = ()
    """Requests for proofs of the application."""
    informed: Informed | None = None
    unsettled: int = 0
    """Credentials of earlier waves that are neither retired nor held."""
    waits_for: str = ""
    """The application of one of them."""
    canary_removed: datetime | None = None
    """Newest removal of the waves before."""
    stand_in: Removed | None = None
    """Where none of them lost a credential: the first removal of the plan, of another application of this wave."""
    trouble: str = ""
    """What went wrong after a removal and is not over, in words."""
    removed_in_run: int = 0
    removed_in_hour: int = 0
    scheduled: datetime | None = None
    """Since when the removal is scheduled."""
    soak_hours: int = 0
    """How long it was to soak when it was scheduled."""
    overtaken: str = ""
    """Digest of a plan of the tenant that was used since this one was."""
    rollback: Rollback = Possible()
    deactivation: Deactivation | None = None
    """None where the application was not deactivated by us."""
    log_until: datetime | None = None
    """Newest record of the tenant's whole sign-in log."""
    break_glass: tuple[InPlace, ...] = ()
    """Break-glass secrets of the application that have not ended."""
