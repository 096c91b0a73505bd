"""Makes records whose every id, date and text depends on the seed and the start of the clock alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from migrate.emulator.certificates import POOL_SIZE, CertificateRecipe
from migrate.emulator.ids import seeded_dice, seeded_guid
from migrate.emulator.state.records import (
    Application,
    FederatedCredential,
    KeyCredential,
    ManagedIdentity,
    PasswordCredential,
    ServicePrincipal,
)
from migrate.emulator.state.tenant import Tenant

_SECRET_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"  # noqa: S105 - an alphabet


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An application and its service principal before they enter the tenant; either may be missing."""

    application: Application
    principal: ServicePrincipal | None


class Maker:
    """Makes one thing's records; things with different labels do not influence each other."""

    def __init__(self, tenant: Tenant, seed: int, label: str) -> None:
        self.tenant = tenant
        self.start = tenant.clock.start
        self.seed = seed
        self.label = label
        self.dice: Random = seeded_dice(seed, label)
        self._made = 0

    def guid(self) -> str:
        """Make the next id."""
        self._made += 1
        return seeded_guid(self.seed, self.label, self._made)

    def guids(self) -> list[str]:
        """Give the ids made so far."""
        return [seeded_guid(self.seed, self.label, number) for number in range(1, self._made + 1)]

    def chance(self, share: float) -> bool:
        """Decide something that happens in this share of cases."""
        return self.dice.random() < share

    def days(self, number: float) -> datetime:
        """Give the moment that lies so many days after the start; before it when negative."""
        return self.start + timedelta(days=number)

    def long_ago(self, least: float = 30, most: float = 1500) -> datetime:
        """Give some moment in the past, now and then with a fraction of a second as the service records it."""
        moment = self.days(-self.dice.uniform(least, most)).replace(microsecond=0)
        return moment.replace(microsecond=self.dice.randrange(1, 999_999)) if self.chance(0.4) else moment

    def secret(self, lasts: float, *, started: float | None = None, **others: Any) -> PasswordCredential:
        """Make a secret that ends so many days from the start."""
        begin = self.days(min(-1.0, lasts - 1)) - timedelta(
            days=self.dice.uniform(20, 700) if started is None else started
        )
        letters = "".join(self.dice.choices(_SECRET_LETTERS, k=37))
        return PasswordCredential(
            key_id=self.guid(),
            secret=f"{letters[:3]}8Q~{letters[3:]}",
            start=begin.replace(microsecond=0),
            end=self.days(lasts),
            **others,
        )

    def recipe(self, common_name: str, lasts: float) -> CertificateRecipe:
        """Make a certificate that ends so many days from the start."""
        return CertificateRecipe(
            common_name=common_name,
            serial=self.dice.getrandbits(120) + 1,
            start=self.days(min(-1.0, lasts - 1) - self.dice.randrange(30, 300)).replace(microsecond=0),
            end=self.days(lasts).replace(microsecond=0),  # X.509 knows whole seconds only
            pool=self.dice.randrange(POOL_SIZE),
        )

    def certificate(self, common_name: str, lasts: float, *, usage: str = "Verify", **others: Any) -> KeyCredential:
        """Make a certificate credential."""
        recipe = others.pop("recipe", None) or self.recipe(common_name, lasts)
        return KeyCredential(
            key_id=self.guid(),
            type="X509CertAndPassword" if usage == "Sign" else "AsymmetricX509Cert",
            usage=usage,
            start=recipe.start,
            end=recipe.end,
            certificate=recipe,
            display_name=f"CN={common_name}"[:90],
            **others,
        )

    def federated(self, name: str, issuer: str, subject: str, audience: str) -> FederatedCredential:
        """Make a federated credential."""
        return FederatedCredential(id=self.guid(), name=name, issuer=issuer, subject=subject, audiences=(audience,))

    def for_identity(self, identity: ManagedIdentity, **others: str) -> FederatedCredential:
        """Make a federated credential that trusts a managed identity, or one with a mistake in it."""
        cloud = self.tenant.cloud
        return self.federated(
            others.get("name", identity.name),
            others.get("issuer", cloud.issuer(self.tenant.id)),
            others.get("subject", identity.principal_id),
            others.get("audience", cloud.exchange_audience),
        )

    def application(self, display_name: str, **others: Any) -> Draft:
        """Make an application with its service principal."""
        application = Application(
            id=self.guid(),
            app_id=self.guid(),
            display_name=display_name,
            created=self.long_ago(),
            **others,
        )
        principal = ServicePrincipal(
            id=self.guid(),
            app_id=application.app_id,
            display_name=display_name,
            created=application.created,
            owner_tenant=self.tenant.id,
            tags=("WindowsAzureActiveDirectoryIntegratedApp",),
        )
        return Draft(application=application, principal=principal)

    def store(self, draft: Draft) -> None:
        """Put a draft into the tenant."""
        self.tenant.save_application(draft.application)
        if draft.principal is not None:
            self.tenant.save_service_principal(draft.principal)
