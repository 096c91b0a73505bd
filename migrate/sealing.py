"""When an application may be sealed, which lock it gets, and what the journal says of its seal. Pure.

Sources: Microsoft Graph reference, "servicePrincipalLockConfiguration"; "How to configure app instance property lock";
for the signing keys of SAML applications see ``inventory.classify``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from inventory.classify import Expiry, expiry, reconcile
from inventory.model import Application, Credential, CredentialKind, Holder, KeyId, Purpose, ServicePrincipal
from migrate import restrictions
from migrate.entry import Entry, Json, Kind
from migrate.rollout import POLICY, FailedIn, HeldBy, Standing, State, TakenBack, Well

PREFIX: Final = "unsecret seal"
"""What the display name of every policy of ours begins with."""
DESCRIPTION: Final = (
    "Made by unsecret: no new secrets for applications that sign in with a federated credential; every other "
    "restriction is that of the tenant's default or of the policy that the application had before."
)
_VERIFY, _WHOLE = "credentialsWithUsageVerify", "allProperties"
_SIGN, _ENCRYPTION = "credentialsWithUsageSign", "tokenEncryptionKeyId"
SWITCHES: Final = (_WHOLE, _VERIFY, _SIGN, _ENCRYPTION)
_SCOPE, _ELSEWHERE, _EVERYWHERE = "enforcementScope", "foreignTenantOnly", "everywhere"
Lock = Mapping[str, Any]


def name(wanted: restrictions.Restrictions) -> str:
    """Return the display name of the policy with these restrictions: applications with the same ones share it."""
    return f"{PREFIX} {restrictions.digest(wanted)}"


# --- whether ---------------------------------------------------------------------------------------------------------


def not_yet(now: Standing) -> str:
    """Say why an application is not sealed where it stands; empty where it may be."""
    if now.station not in {State.WATCHED, State.SEALED}:
        return f"it is {now.station.value}: it is sealed once it was watched to the end"
    match now.condition:
        case HeldBy(gates=gates):
            return f"it is held by {', '.join(gates)}"
        case FailedIn(kind=kind, message=message) if kind not in {Kind.SEAL_FAILED, Kind.UNSEAL_FAILED}:
            return f"it is in trouble ({kind.value}: {message})"
        case FailedIn() | TakenBack() | Well():
            return ""


def in_the_way(application: Application, principal: ServicePrincipal | None, now: datetime) -> str:
    """Say which live credentials speak against sealing; empty where none does.

    What authenticates, or may, is still used for all that is known, and could not be renewed. A password that belongs
    to a signing key could not be renewed either where the application itself holds it.
    """
    live = [each for each in reconcile(application, principal) if expiry(each, now) is not Expiry.EXPIRED]
    against = [each for each in live if _needed(each)]
    if not against:
        return ""
    told = ", ".join(f"{each.kind.value} {each.key_id} ({each.holder.value})" for each in against)
    return (
        f"it still has {told}: sealing forbids to renew a secret that something still uses; retire it (scan and plan "
        "again), or remove it by hand where nothing needs it"
    )


def _needed(each: Credential) -> bool:
    secret_here = each.kind is CredentialKind.SECRET and each.holder is Holder.APPLICATION
    return each.purpose in {Purpose.AUTHENTICATION, Purpose.UNKNOWN} or secret_here


# --- the lock --------------------------------------------------------------------------------------------------------


def locked(lock: Lock | None) -> frozenset[str]:
    """Return the switches that are in force in the application's own tenant; one for everything stands for each."""
    if not lock or not lock.get("isEnabled") or lock.get(_SCOPE) == _ELSEWHERE:
        return frozenset()
    on = {each for each in SWITCHES if lock.get(each)}
    return frozenset(SWITCHES if _WHOLE in on else on)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockAim:
    """Which switches are to be on, and why not all of them."""

    switches: frozenset[str]
    because: str = ""


def lock_aim(application: Application, principal: ServicePrincipal | None) -> LockAim:
    """Return what of the service principal can be locked without stopping what it needs to go on."""
    held = reconcile(application, principal)
    saml = principal is not None and (principal.sign_on_mode or "").casefold() == "saml"
    if saml or any(each.purpose is Purpose.SIGNING for each in held):
        text = "its service principal signs tokens, and a lock would stop the renewal of its signing certificate"
        return LockAim(switches=frozenset(), because=text)
    keys = {application.encryption_key, principal.encryption_key if principal else None} - {None}
    if keys or any(each.purpose is Purpose.ENCRYPTION for each in held):
        text = "tokens are encrypted for it: the key that does it can still be changed"
        return LockAim(switches=frozenset({_VERIFY, _SIGN}), because=text)
    return LockAim(switches=frozenset(SWITCHES))


def lock_wanted(present: Lock | None, aim: LockAim) -> dict[str, Any] | None:
    """Return the lock to be set, with everything that is locked already; None where what is there is strict enough."""
    if aim.switches <= locked(present):
        return None
    kept = {each for each in SWITCHES if locked(present) and (present or {}).get(each)}
    wanted: dict[str, Any] = {"isEnabled": True, **{each: each in kept | aim.switches for each in SWITCHES}}
    if scope := (present or {}).get(_SCOPE):
        wanted[_SCOPE] = _EVERYWHERE if scope == _ELSEWHERE else scope
    return wanted


def plain_lock(lock: Lock | None) -> dict[str, Any] | None:
    """Return a lock without what Graph adds to an answer."""
    return {key: value for key, value in lock.items() if "@" not in key and value is not None} if lock else None


# --- what is to be done ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What an application is to have, from what was read of it."""

    application: Application
    principal: ServicePrincipal | None
    assigned: tuple[dict[str, Any], ...]
    wanted: restrictions.Restrictions
    default: restrictions.Restrictions
    lock: LockAim
    present_lock: dict[str, Any] | None
    tenant_time: str

    @property
    def policy(self) -> dict[str, Any] | None:
        """The policy that is assigned, where it does what is wanted."""
        fits = len(self.assigned) == 1 and restrictions.same(restrictions.of_policy(self.assigned[0]), self.wanted)
        return self.assigned[0] if fits else None

    @property
    def new_lock(self) -> dict[str, Any] | None:
        """The lock that is to be set, None where nothing is."""
        return lock_wanted(self.present_lock, self.lock)

    def left(self) -> tuple[str, ...]:
        """Say what is to be changed."""
        instead = ", ".join(f"{each.get('displayName')!r}" for each in self.assigned) or "the tenant's default"
        kept = [".".join(path[1:]) for path in self.wanted if path[-1] not in restrictions.ADDITIONS]
        also = f", and keeps {', '.join(sorted(kept))}" if kept else ""
        told = f"policy {name(self.wanted)!r} instead of {instead}: no new secrets{also}"
        found = [] if self.policy else [told]
        return tuple(found + ([f"lock: {', '.join(sorted(self.lock.switches))}"] if self.new_lock else []))

    def notes(self) -> tuple[str, ...]:
        """Say what stays open, and what becomes stricter than it is now."""
        found = [f"lock: {self.lock.because}"] if self.lock.because else []
        if restrictions.exempt(self.wanted):
            found.append("who is exempt from the restrictions that are in force can still add a secret")
        ours = [restrictions.of_policy(each) for each in self.assigned]
        spared = {name for each in ours for name in restrictions.looser(each, self.default)}
        if spared and not self.policy:
            told = ", ".join(sorted(spared))
            found.append(f"the policy it has now spares it from the tenant's default, the seal does not: {told}")
        return tuple(found)


# --- what the journal says -------------------------------------------------------------------------------------------


def former(entries: Iterable[Entry], subject: str) -> Json:
    """Return what stood there before our seal: what the first intent since the last unsealing found; None: nothing."""
    first: Entry | None = None
    for entry in entries:
        if entry.subject != subject:
            continue
        if entry.kind is Kind.UNSEALED:
            first = None
        elif entry.kind is Kind.SEAL_MEANT and first is None:
            first = entry
    return first.data.get("before") if first else None


def is_ours(policy: Mapping[str, Any], entries: Iterable[Entry]) -> bool:
    """Whether a policy is one of a seal: by its name or, as names can be changed, by the id that was seen."""
    known = {each.data.get("policy") for each in entries if each.kind is Kind.SEALED and each.subject == POLICY}
    return str(policy.get("displayName", "")).startswith(PREFIX) or str(policy.get("id")) in known


def meant(entries: Iterable[Entry], subject: str) -> Entry | None:
    """Return the last intent to seal since the last unsealing."""
    return _last(entries, subject, Kind.SEAL_MEANT)


def seen(entries: Iterable[Entry], subject: str) -> Entry | None:
    """Return the last entry that saw a part of the seal, since the last unsealing."""
    return _last(entries, subject, Kind.SEALED)


def trusted(entries: Iterable[Entry]) -> frozenset[str] | None:
    """Return the ids of the federated credentials that were there when the seal was put on; None: unknown.

    Sealing anew, where the default has become stricter, says nothing of what appeared meanwhile.
    """
    found: Json = None
    for entry in entries:
        if entry.subject == POLICY and entry.kind is Kind.UNSEALED:
            found = None
        elif entry.subject == POLICY and entry.kind is Kind.SEALED and found is None:
            found = entry.data.get("federated")
    return frozenset(map(str, found)) if isinstance(found, list) else None


def _last(entries: Iterable[Entry], subject: str, kind: Kind) -> Entry | None:
    found: Entry | None = None
    for entry in entries:
        if entry.subject == subject and entry.kind in {kind, Kind.UNSEALED}:
            found = entry if entry.kind is kind else None
    return found


def held(holder: Application | ServicePrincipal | None) -> list[Json]:
    """Return the key ids of a holder, for an entry."""
    return [*sorted(each.key_id for each in holder.credentials)] if holder else []


def baseline(entries: Iterable[Entry], holder: Holder) -> frozenset[KeyId] | None:
    """Return the key ids that a holder carried when it was last looked at after a removal or a seal; None: unknown.

    What somebody added while a removal was under way was there afterwards, and not before: it is none of them.
    """
    found: frozenset[KeyId] | None = None
    before: dict[str, frozenset[KeyId] | None] = {}
    for entry in entries:
        if entry.kind is Kind.RETIRE_MEANT and entry.data.get("holder") == holder.value:
            before[entry.subject] = _keys(entry.seen_before.get("credentials"))
        elif entry.kind is Kind.RETIRED and entry.data.get("holder") == holder.value:
            found, earlier = _keys(entry.seen_after.get("credentials")), before.get(entry.subject)
            found = found & earlier if found is not None and earlier is not None else found
        elif entry.kind is Kind.SEALED and entry.subject == POLICY:
            told = entry.data.get("credentials")
            found = _keys(told.get(holder.value)) if isinstance(told, dict) else found
    return found


def _keys(told: Json) -> frozenset[KeyId] | None:
    return frozenset(KeyId(str(each)) for each in told) if isinstance(told, list) else None
