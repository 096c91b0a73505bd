"""Break-glass secrets as values: where one is kept, how it is labelled, what became of it. Never its text."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Final

from inventory.cloud import Cloud
from inventory.model import ApplicationId, Holder, KeyId
from migrate.circumstances import BreakGlass
from migrate.errors import PolicyError
from migrate.model import Carried

LONGEST_HOURS: Final = 72
DOMAINS: Final[Mapping[Cloud, str]] = {
    Cloud.PUBLIC: "vault.azure.net",
    Cloud.USGOV: "vault.usgovcloudapi.net",
    Cloud.CHINA: "vault.azure.cn",
}
"""What the names of vaults end in ("About keys, secrets and certificates", DNS suffixes of the clouds)."""
TAG: Final = "unsecret-key-id"
"""The tag of a version that tells which secret of Entra it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A secret of a vault, whatever its version."""

    vault: str
    """``https://NAME.DOMAIN``."""
    name: str

    def __str__(self) -> str:
        return f"{self.vault}/secrets/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret that is to be made for an application and kept at a place."""

    application: ApplicationId
    label: str
    """Its display name in Entra, by which it is found again."""
    ends: datetime
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """It was made, and the vault holds it."""

    key_id: KeyId
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStored:
    """It was made, and the vault did not take it: nobody has its text, and it is to be removed."""

    key_id: KeyId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotIssued:
    """Entra made none, for certain."""

    why: str


Issue = Issued | NotStored | NotIssued


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassSecret:
    """A break-glass secret as the journal tells of it."""

    label: str
    key_id: KeyId
    until: datetime
    place: Place
    version: str

    @property
    def carried(self) -> Carried:
        """Return which credential of its application it is."""
        return Holder.APPLICATION, self.key_id

    def __str__(self) -> str:
        return f"break-glass secret {self.key_id} until {self.until:%Y-%m-%d %H:%M} UTC, in {self.place}/{self.version}"


def place_of(policy: BreakGlass | None, cloud: Cloud, client_id: str) -> Place:
    """Return where the secret of an application is to be kept; raises PolicyError where no vault of the cloud is named.

    The name has been looked at where the policy was read: 1 to 127 letters, digits and hyphens ("Set Secret").
    """
    if policy is None:
        raise PolicyError(
            'no vault is named for a break-glass secret: set vault = "https://NAME.'
            f'{DOMAINS[cloud]}" under [break_glass] of unsecret.toml'
        )
    host = policy.vault.removeprefix("https://").rstrip("/").lower()
    if host.partition(".")[2] != DOMAINS[cloud]:
        raise PolicyError(
            f"break_glass.vault: {policy.vault} is no vault of the cloud {cloud.value}, where names end in "
            f".{DOMAINS[cloud]}; name one that is"
        )
    return Place(vault=f"https://{host}", name=policy.name.replace("{client_id}", client_id))


def new_label(plan: str) -> str:
    """Make a display name that no other secret has, and that names the plan by its digest."""
    return f"unsecret break-glass {plan[:12]} {secrets.token_hex(6)}"


def rescue(plan_file: str, client_id: str) -> str:
    """Return the command that makes a break-glass secret, as it is to be typed."""
    return f"unsecret break-glass {plan_file if plan_file == 'PLAN' else quote(plan_file)} --app {client_id}"
