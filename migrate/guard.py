"""Looking after applications whose credentials are gone: what appeared since, which seal was undone. Read only.

What is there now is compared with what was there when the last credential went or the seal was put on, as the journal
has it. What cannot be read is told as unknown, never as unchanged.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inventory.classify import reconcile
from inventory.directory import Directory
from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.model import (
    Application,
    ApplicationId,
    Credential,
    CredentialAdded,
    FederatedCredential,
    Holder,
    Purpose,
    ServicePrincipal,
    ServicePrincipalId,
)
from migrate import concurrency, restrictions, rollout, sealing
from migrate.entry import Entry, Kind
from migrate.guardlog import adder, told
from migrate.model import Carried, Pairing, Target
from migrate.ports import SealWriter
from migrate.restrictions import CombinationError, Restrictions
from migrate.rollout import LOCK, POLICY, Standing, State

_AT_ONCE = 8
_UNREADABLE = (ReadFailedError, PermissionMissingError, CombinationError)
_GUARDED = frozenset({State.PARTLY_RETIRED, State.RETIRED, State.WATCHED, State.SEALED})


class Alarm(enum.StrEnum):
    """What is not as it was left."""

    CREDENTIAL_APPEARED = "credential-appeared"
    CREDENTIAL_RETURNED = "credential-returned"
    """A credential that was removed is there again, with its key id."""
    FEDERATED_APPEARED = "federated-credential-appeared"
    FEDERATED_CHANGED = "federated-credential-changed"
    FEDERATED_REMOVED = "federated-credential-removed"
    POLICY_OFF = "policy-off"
    """The policy of the seal is not assigned, and what holds now restricts less."""
    POLICY_LOOSENED = "policy-loosened"
    """It is assigned, and restricts less than it did."""
    BEHIND_DEFAULT = "behind-default"
    """The tenant's default became stricter, which an application with a policy of its own does not inherit."""
    LOCK_OFF = "lock-off"
    ACTIVATED = "activated"
    """One that nobody used, and that was deactivated before its credentials went, is active again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something is not as it was left."""

    pairing: Target
    alarm: Alarm
    text: str
    subject: str = ""
    """Key id, or id of the federated credential or policy."""
    at: datetime | None = None
    """Since when a credential is valid, which is when it was added unless somebody chose another start."""
    owners: tuple[str, ...] | None = None
    """Owners of the application; None where they could not be read."""
    added: CredentialAdded | str = ""
    """Who added a credential and when, or why that is unknown; empty for what is no credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """A part could not be read: whether it is as it was left is unknown."""

    pairing: Target
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intact:
    """Everything was read, and is as it was left."""

    pairing: Target


Guarded = Found | Unclear | Intact


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """An application that is looked after, with what the journal says of it."""

    pairing: Target
    entries: tuple[Entry, ...]
    standing: Standing

    @property
    def since(self) -> datetime:
        """When its last credential went, or its seal was put on: by the tenant's own time."""
        moments = [each for each in self.entries if each.kind is Kind.RETIRED or _is_seal(each)]
        return max(each.tenant_time for each in moments)


def _is_seal(entry: Entry) -> bool:
    return entry.kind is Kind.SEALED and entry.subject == POLICY


def wards(targets: Iterable[Target], entries: Iterable[Entry]) -> tuple[Ward, ...]:
    """Return the applications that lost a credential to us, all or some; of several plans the last one counts."""
    latest = {each.application.client_id: each for each in targets}
    written: dict[str, list[Entry]] = {}
    for entry in entries:
        written.setdefault(entry.application or "", []).append(entry)
    found = []
    for client_id, pairing in latest.items():
        mine = tuple(written.get(client_id, ()))
        standing = rollout.fold(rollout.course_of(pairing), mine)
        if standing.station in _GUARDED:
            found.append(Ward(pairing=pairing, entries=mine, standing=standing))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Compares applications with how they were left."""

    directory: Directory
    policies: SealWriter
    _default: list[Restrictions] = field(default_factory=list)

    async def run(
        self, some: Iterable[Ward], *, progress: Callable[[str], None] = lambda _: None
    ) -> tuple[Guarded, ...]:
        """Look at each application once. Raises InventoryError where the tenant cannot be reached at all."""

        async def one(ward: Ward) -> tuple[Guarded, ...]:
            progress(ward.pairing.application.display_name)
            return await self._one(ward)

        return tuple(each for few in await concurrency.each(some, one, at_once=_AT_ONCE) for each in few)

    async def _one(self, ward: Ward) -> tuple[Guarded, ...]:
        found: list[Guarded] = []
        owners: list[tuple[str, ...] | None] = [None]
        for look in (self._credentials, self._policy, self._lock):
            try:
                found += await look(ward, owners)
            except _UNREADABLE as error:
                found.append(Unclear(pairing=ward.pairing, text=f"{_PARTS[look.__name__]}: {error}"))
        return tuple(found) or (Intact(pairing=ward.pairing),)

    # --- credentials and federated credentials -----------------------------------------------------------------------

    async def _credentials(self, ward: Ward, owners: list[tuple[str, ...] | None]) -> list[Guarded]:
        one = ward.pairing.application
        application = await self.directory.application(one.id)
        if application is None:
            text = "the application is not found: whether it was deleted, or cannot be seen, is unknown"
            return [Unclear(pairing=ward.pairing, text=text)]
        owners[0] = _owners(application)
        principal = await self.directory.principal_of(one.client_id)
        unclear, new = _appeared(ward, application, principal)
        logs = {each.holder_id: await self.directory.credential_log(_id_of(each)) for each in _one_of_each_holder(new)}
        now = await self.directory.now() if new else ward.since
        found = [_found(ward, each, application, adder(logs[each.holder_id], each, now)) for each in new]
        others = (
            _trusts(ward, ward.pairing, application) if isinstance(ward.pairing, Pairing) else _state(ward, application)
        )
        return [*unclear, *found, *others]

    # --- the seal ----------------------------------------------------------------------------------------------------

    async def _policy(self, ward: Ward, owners: list[tuple[str, ...] | None]) -> list[Guarded]:
        seen = sealing.seen(ward.entries, POLICY) if POLICY in ward.standing.sealed else None
        if seen is None:
            return []
        body: Any = seen.data.get("restrictions")
        left = restrictions.of_body(body)
        default = await self._default_now()
        assigned = await self.policies.assigned(ward.pairing.application.id)
        now = restrictions.of_policy(assigned[0]) if assigned else default
        policy_id = str(seen.data.get("policy", ""))
        if less := restrictions.looser(now, left):
            alarm, text = _undone(policy_id, [str(each.get("id")) for each in assigned])
            text = f"{text}: less restricted than it was left: {', '.join(less)}"
            return [Found(pairing=ward.pairing, alarm=alarm, text=text, subject=policy_id, owners=owners[0])]
        if less := restrictions.looser(now, default):
            text = f"the tenant's default is stricter by now, and is not inherited: {', '.join(less)}; run seal again"
            found = Found(
                pairing=ward.pairing, alarm=Alarm.BEHIND_DEFAULT, text=text, subject=policy_id, owners=owners[0]
            )  # fmt: skip
            return [found]
        return []

    async def _default_now(self) -> Restrictions:
        if not self._default:
            self._default.append(restrictions.of_default(await self.policies.default_policy()))
        return self._default[0]

    async def _lock(self, ward: Ward, owners: list[tuple[str, ...] | None]) -> list[Guarded]:
        seen = sealing.seen(ward.entries, LOCK) if LOCK in ward.standing.sealed else None
        switches: Any = seen.data.get("switches") if seen else None
        if not switches:
            return []
        off = frozenset(switches) - sealing.locked(await self.policies.lock(ward.pairing.application.id))
        if not off:
            return []
        text = f"the lock on its service principals is off for: {', '.join(sorted(off))}"
        return [Found(pairing=ward.pairing, alarm=Alarm.LOCK_OFF, text=text, owners=owners[0])]


_PARTS = {
    "_credentials": "its credentials are unknown",
    "_policy": "whether its policy still holds is unknown",
    "_lock": "whether its lock still holds is unknown",
}


def _undone(policy_id: str, assigned: list[str]) -> tuple[Alarm, str]:
    if policy_id in assigned:
        return Alarm.POLICY_LOOSENED, "the policy of the seal was changed"
    instead = f"policy {assigned[0]} is assigned instead" if assigned else "the tenant's default holds"
    return Alarm.POLICY_OFF, f"the policy of the seal is not assigned any more, {instead}"


def _one_of_each_holder(new: Iterable[Credential]) -> Iterable[Credential]:
    return {each.holder_id: each for each in new}.values()


def _id_of(each: Credential) -> ApplicationId | ServicePrincipalId:
    on_application = each.holder is Holder.APPLICATION
    return ApplicationId(each.holder_id) if on_application else ServicePrincipalId(each.holder_id)


def _found(ward: Ward, each: Credential, application: Application, added: CredentialAdded | str) -> Found:
    """Tell of a credential that should not be there, and who added it."""
    returned = (each.holder, each.key_id) in ward.standing.removed
    return Found(
        pairing=ward.pairing, alarm=Alarm.CREDENTIAL_RETURNED if returned else Alarm.CREDENTIAL_APPEARED,
        text=told(each), subject=each.key_id, at=each.start, owners=_owners(application), added=added,
    )  # fmt: skip


def _owners(application: Application) -> tuple[str, ...] | None:
    if application.owners is None:
        return None
    return tuple(each.display_name or each.object_id for each in application.owners)


def _appeared(
    ward: Ward, application: Application, principal: ServicePrincipal | None
) -> tuple[list[Unclear], list[Credential]]:
    """Return what is unknown of, and what should not be there: credentials of the plan and of ours are expected."""
    unclear: list[Unclear] = []
    new: list[Credential] = []
    removed, expected = ward.standing.removed, _expected(ward)
    for each in reconcile(application, principal):
        known = sealing.baseline(ward.entries, each.holder)
        if (each.holder, each.key_id) in removed:
            new.append(each)
        elif (each.holder, each.key_id) in expected:
            continue
        elif known is None and _let_in(each, ward.since):
            new.append(each)
        elif known is None and each.start is None:
            text = f"{told(each)} has no start: whether it was there before is unknown"
            unclear.append(Unclear(pairing=ward.pairing, text=text))
        elif each.key_id not in known if known is not None else (each.start or ward.since) > ward.since:
            new.append(each)
    return unclear, new


def _let_in(each: Credential, since: datetime) -> bool:
    """Whether it signs the application in and no plan has it, so that the last removal would have been held by it.

    When it begins says nothing, as its maker chooses that (the gate ``application-unchanged``).
    """
    return each.purpose is Purpose.AUTHENTICATION and (each.end is None or each.end > since)


def _expected(ward: Ward) -> frozenset[Carried]:
    """Return the credentials of the plan, and the break-glass secrets of ours that nothing says were removed."""
    made = {rollout.glass_of(each).carried for each in ward.entries if each.kind is Kind.BREAK_GLASS_MADE}
    return frozenset(made | {each.carried for each in ward.pairing.credentials})


def _state(ward: Ward, application: Application) -> Iterator[Guarded]:
    """Tell where an application that nobody used is active again, and not by us."""
    client_id = ward.pairing.application.client_id
    if client_id in rollout.deactivations(ward.entries) and not application.disabled:
        text = "it was deactivated, and somebody activated it"
        yield Found(pairing=ward.pairing, alarm=Alarm.ACTIVATED, text=text, owners=_owners(application))


def _trusts(ward: Ward, pairing: Pairing, application: Application) -> Iterator[Guarded]:
    present = application.federated
    if present is None:
        yield Unclear(pairing=ward.pairing, text="its federated credentials are unknown")
        return
    owners, wanted, trust = _owners(application), pairing.federated, ward.standing.trust
    if not any(wanted.is_in(each) for each in present):
        names = {wanted.name, trust.name if trust else wanted.name}
        changed = [each for each in present if each.name in names or (trust and each.id == trust.id)]
        alarm = Alarm.FEDERATED_CHANGED if changed else Alarm.FEDERATED_REMOVED
        instead = f"it trusts {_trusted(changed[0])} instead" if changed else "nothing is left of it"
        text = f"the federated credential that it signs in with ({wanted.name}): {instead}"
        yield Found(pairing=ward.pairing, alarm=alarm, text=text, subject=wanted.name, owners=owners)
    known = sealing.trusted(ward.entries)
    for each in present:
        if known is not None and each.id not in known and not wanted.is_in(each):
            yield Found(
                pairing=ward.pairing, alarm=Alarm.FEDERATED_APPEARED, text=f"{each.name}: {_trusted(each)}",
                subject=each.id, owners=owners,
            )  # fmt: skip


def _trusted(each: FederatedCredential) -> str:
    return f"issuer {each.issuer}, subject {each.subject or each.expression or 'unknown'}"
