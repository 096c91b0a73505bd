"""Break-glass: a short-lived new secret for an application whose removal went wrong, put straight into a key vault.

Order: what an earlier run left behind is settled; whether a secret is allowed and the vault can be written is asked;
what is meant is written down; Graph makes the secret and the vault gets it, in one step of the issuer; the tenant is
read until it shows. A secret that the vault did not take is removed at once: nobody has its text. One whose maker ended
in between is found again by its display name, and stays only where the vault shows that it holds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from inventory.directory import Directory
from inventory.errors import InventoryError
from inventory.model import Application, ApplicationId, CredentialKind, Holder, KeyId
from migrate import rollout
from migrate.circumstances import Forbidden, RetirePolicy
from migrate.entry import Kind
from migrate.errors import LeaseHeldError, VaultFailedError, WriteFailedError
from migrate.glass import GlassSecret, Issued, NewSecret, NotIssued, NotStored, Place, new_label, place_of
from migrate.ledger import Ledger
from migrate.model import Plan, Target
from migrate.ports import Clock, DirectoryWriter, Journal, SecretIssuer
from migrate.rollback import restrictions, rollback
from migrate.rollout import Event, Standing, State
from migrate.settling import Settling


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """It is there, in Entra and in the vault. ``settled`` says what became of what earlier runs left behind."""

    pairing: Target
    secret: GlassSecret
    settled: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """One that was made before has not ended; nothing was made."""

    pairing: Target
    secret: GlassSecret
    settled: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldMake:
    """Dry run: this would be made."""

    pairing: Target
    place: Place
    until: datetime
    left: tuple[str, ...]
    """What earlier runs left behind and would be settled first, by label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMade:
    """None was made, or it was removed again; ``message`` says why and what is left."""

    pairing: Target
    message: str
    settled: tuple[str, ...] = ()


Glass = Made | Present | WouldMake | NotMade


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassBreaker:
    """Makes break-glass secrets for applications of a plan."""

    plan: Plan
    directory: Directory
    writer: DirectoryWriter
    issuer: SecretIssuer
    journal: Journal
    clock: Clock
    rules: RetirePolicy
    settling: Settling = field(default_factory=Settling)

    async def run(self, pairing: Target, *, hours: int, apply: bool) -> Glass:
        """Make a secret that lives so many hours, or say what would be done.

        Raises:
            InventoryError: the tenant cannot be read.
            JournalError: what is meant could not be written down; then nothing was made.
            PolicyError: no vault of the plan's cloud is named.

        """
        place = place_of(self.rules.break_glass, self.plan.cloud, pairing.application.client_id)
        if not apply:
            return await self._would(pairing, place, hours)
        try:
            with self.journal.lease(pairing.application.client_id):
                return await self._apply(pairing, place, hours)
        except LeaseHeldError as error:
            return NotMade(pairing=pairing, message=str(error))

    def _ledger(self, pairing: Target) -> Ledger:
        return Ledger(journal=self.journal, plan=self.plan.digest, what=rollout.course_of(pairing))

    # --- whether -----------------------------------------------------------------------------------------------------

    async def _would(self, pairing: Target, place: Place, hours: int) -> Glass:
        now, standing = await self.directory.now(), self._ledger(pairing).standing()
        for each in standing.glass:
            if each.until > now:
                return Present(pairing=pairing, secret=each, settled=())
        left = tuple(subject for kind, subject in sorted(standing.begun) if kind is Kind.BREAK_GLASS_MEANT)
        try:
            if message := await self._refused(pairing, standing, hours):
                return NotMade(pairing=pairing, message=message)
            await self.issuer.reach(place)
        except VaultFailedError as error:
            return NotMade(pairing=pairing, message=str(error))
        return WouldMake(pairing=pairing, place=place, until=now + timedelta(hours=hours), left=left)

    async def _refused(self, pairing: Target, now: Standing, hours: int) -> str:
        """Say why no secret may be made; empty where one may. What is unknown Graph decides, before it makes one."""
        name = pairing.application.display_name
        if rollout.transition(now.station, Event.GLASS_MEANT) is None:
            return _too_early(name, now)
        application = await self.directory.application(pairing.application.id, federated=False)
        if application is None:
            return f"{name!r} was not found: it may have been deleted, and can be restored for 30 days"
        if application.disabled:
            return (
                f"{name!r} is deactivated and gets no token, whatever its secret: unsecret revert PLAN --app ID first"
            )
        forbidden = await self._forbidden(application, hours)
        sealed = forbidden and now.station is State.SEALED
        return f"{forbidden}, or take the seal off: unsecret revert PLAN --app ID --to watched" if sealed else forbidden

    async def _forbidden(self, application: Application, hours: int) -> str:
        rules, holder = await restrictions(self.directory), Holder.APPLICATION
        found = rollback(rules, application)
        if isinstance(found, Forbidden):
            return f"the app management policy {found.policy} forbids a new secret: exempt {application.display_name!r}"
        limit = rules.policies.limit_of(CredentialKind.SECRET, holder, application.id, application.created)
        if limit is not None and limit.longest < timedelta(hours=hours):
            longest = int(limit.longest.total_seconds() // 3600)
            policy = limit.policy.name or limit.policy.id
            return f"the app management policy {policy} lets a secret live {longest} hours: give --valid-for {longest}"
        return ""

    # --- making one --------------------------------------------------------------------------------------------------

    async def _apply(self, pairing: Target, place: Place, hours: int) -> Glass:
        ledger, now = self._ledger(pairing), await self.directory.now()
        settled: list[str] = []
        try:
            await self._settle(pairing, ledger, now, settled)
            if live := ledger.standing().glass:
                return Present(pairing=pairing, secret=live[-1], settled=tuple(settled))
            if message := await self._refused(pairing, ledger.standing(), hours):
                return NotMade(pairing=pairing, message=message, settled=tuple(settled))
            await self.issuer.check(place)
        except (VaultFailedError, WriteFailedError) as error:
            return NotMade(pairing=pairing, message=str(error), settled=tuple(settled))
        wanted = NewSecret(
            application=pairing.application.id,
            label=new_label(self.plan.digest),
            ends=(now + timedelta(hours=hours)).replace(microsecond=0),
            place=place,
        )
        return await self._make(pairing, ledger, wanted, tuple(settled))

    async def _make(self, pairing: Target, ledger: Ledger, wanted: NewSecret, settled: tuple[str, ...]) -> Glass:
        label, place = wanted.label, wanted.place
        ledger.intend(Kind.BREAK_GLASS_MEANT, label, vault=place.vault, name=place.name, until=wanted.ends.isoformat())
        try:
            issued = await self.issuer.issue(wanted)
            match issued:
                case Issued(key_id=key_id, version=version):
                    await self._seen(wanted.application, label, key_id)
                    secret = await self._saw(ledger, label, key_id, version, resolved=False)
                    return Made(pairing=pairing, secret=secret, settled=settled)
                case NotStored(key_id=key_id, why=why):
                    await self._removed(ledger, wanted.application, label, known=key_id, because=why)
                    message = f"{why}; the secret {key_id} that was made for it was removed again"
                    return NotMade(pairing=pairing, message=message, settled=settled)
                case NotIssued(why=why):
                    ledger.saw(Kind.BREAK_GLASS_OVER, label, because=why, removed=[])
                    return NotMade(pairing=pairing, message=why, settled=settled)
                case _:
                    assert_never(issued)
        except (WriteFailedError, InventoryError) as error:
            message = f"{error}; run break-glass again: it looks into the tenant for what may have been made"
            ledger.saw(Kind.BREAK_GLASS_FAILED, label, message=message)
            return NotMade(pairing=pairing, message=message, settled=settled)

    async def _saw(self, ledger: Ledger, label: str, key_id: KeyId, version: str, *, resolved: bool) -> GlassSecret:
        meant = ledger.meant(Kind.BREAK_GLASS_MEANT, label)
        told = {name: str(meant.data[name]) for name in ("vault", "name", "until")} if meant else {}
        told["tenant_time"] = (await self.directory.now()).isoformat()
        ledger.saw(Kind.BREAK_GLASS_MADE, label, key_id=key_id, version=version, resolved=resolved, **told)
        return ledger.standing().glass[-1]

    async def _seen(self, application: ApplicationId, label: str, key_id: KeyId) -> None:
        """Read until the secret shows; remove what a repeated request made beside it."""

        async def shows() -> bool:
            return key_id in await self._labelled(application, label)

        text = f"secret {key_id} was made and does not show up"
        await self.settling.until(shows, self.clock, text)
        for other in await self._labelled(application, label):
            if other != key_id:
                await self._remove(application, label, other)

    # --- what earlier runs left behind -------------------------------------------------------------------------------

    async def _settle(self, pairing: Target, ledger: Ledger, now: datetime, settled: list[str]) -> None:
        """Find out what became of secrets that were begun, have ended, or were removed by somebody else."""
        application = pairing.application.id
        for kind, label in sorted(ledger.standing().begun):
            if kind is Kind.BREAK_GLASS_MEANT:
                settled.append(await self._resolved(ledger, application, label))
        for each in ledger.standing().glass:
            if each.until <= now:
                ledger.saw(
                    Kind.BREAK_GLASS_OVER, each.label, because=f"it ended at {each.until.isoformat()}", removed=[]
                )
                settled.append(f"{each} has ended")
            elif each.key_id not in await self._looked(application, each.label):
                ledger.saw(Kind.BREAK_GLASS_OVER, each.label, because="it was removed by somebody else")
                settled.append(f"{each} was removed by somebody else")

    async def _resolved(self, ledger: Ledger, application: ApplicationId, label: str) -> str:
        """Settle a secret whose maker ended: it stays where the vault holds it, and goes where nobody has its text."""
        meant = ledger.meant(Kind.BREAK_GLASS_MEANT, label)
        place = (
            Place(vault=str(meant.data["vault"]), name=str(meant.data["name"])) if meant else Place(vault="", name="")
        )
        for key_id in await self._looked(application, label):
            if (version := await self.issuer.stored(place, key_id)) is not None:
                await self._seen(application, label, key_id)
                secret = await self._saw(ledger, label, key_id, version, resolved=True)
                return f"{secret}, begun by an earlier run, is there"
        gone = await self._removed(ledger, application, label, known=None, because="no vault holds it")
        return f"{label}, begun by an earlier run: {len(gone)} secrets that no vault holds were removed"

    async def _removed(
        self, ledger: Ledger, application: ApplicationId, label: str, *, known: KeyId | None, because: str
    ) -> tuple[KeyId, ...]:
        """Remove every secret of a label and read until they are gone; raises WriteFailedError where they do not go.

        ``known`` is one that was made for certain: it goes although no read shows it yet.
        """
        found = tuple(dict.fromkeys(([known] if known else []) + list(await self._looked(application, label))))
        for key_id in found:
            await self._remove(application, label, key_id, certain=key_id == known)

        async def gone() -> bool:
            return not await self._labelled(application, label)

        await self.settling.until(gone, self.clock, f"secret {', '.join(found)} was removed and still shows up")
        ledger.saw(Kind.BREAK_GLASS_OVER, label, because=because, removed=[*found])
        return found

    async def _remove(self, application: ApplicationId, label: str, key_id: KeyId, *, certain: bool = False) -> None:
        """Remove one; a replica that has never heard of it is asked again, for as long as it is there.

        ``certain``: it is, whatever a read says.
        """
        for _ in range(self.settling.reads):
            if await self.writer.remove_secret(Holder.APPLICATION, application, key_id):
                return
            if not certain and key_id not in await self._labelled(application, label):
                return
            await self.clock.sleep(self.settling.pause)
        raise WriteFailedError(f"secret {key_id} could not be removed: Graph does not know it yet")

    async def _looked(self, application: ApplicationId, label: str) -> tuple[KeyId, ...]:
        """Look several times: a replica that is behind does not show what was made a moment ago."""
        for number in range(self.settling.in_a_row):
            if number:
                await self.clock.sleep(self.settling.longest_pause)
            if found := await self._labelled(application, label):
                return found
        return ()

    async def _labelled(self, application: ApplicationId, label: str) -> tuple[KeyId, ...]:
        found = await self.directory.application(application, federated=False)
        if found is None:
            raise WriteFailedError(f"application {application} was not found: what it holds is unknown")
        return tuple(each.key_id for each in found.credentials if each.display_name == label)


def _too_early(name: str, now: Standing) -> str:
    if any(kind is Kind.RETIRE_MEANT for kind, _ in now.begun):
        return f"{name!r}: a removal was begun and may have been made; run retire again first, it finds out"
    return (
        f"{name!r} is {now.station.value}: none of its credentials was removed, so that they are there to sign in with"
    )
