"""New secrets, made by Microsoft Graph and handed to Azure Key Vault (azure-keyvault-secrets, the extra ``vault``).

The text of a secret exists in one function, ``VaultIssuer.issue``: it comes out of Graph's answer and goes into the
vault's request. Nothing that is raised there carries that request or the vault's answer along, as both hold the text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import msgspec

from inventory.errors import PermissionMissingError, ReadFailedError
from inventory.graph import GraphConnection, GraphSettings
from inventory.model import KeyId
from inventory.sign_in import credential
from migrate.errors import VaultFailedError, WriteFailedError
from migrate.glass import TAG, Issue, Issued, NewSecret, NotIssued, NotStored, Place

_CHECK: Final = "unsecret-check"
_HARMLESS: Final = "unsecret wrote this to see whether it may; it is no secret"
_OFFICER: Final = "the role Key Vault Secrets Officer on the vault, and a network that may reach it"
_OPTIONS: Final[dict[str, Any]] = {"retry_total": 3, "retry_backoff_factor": 0.4, "connection_timeout": 10,
                                   "read_timeout": 30}  # fmt: skip
_LONGEST: Final = 200


class _Made(msgspec.Struct):
    """Graph's answer to addPassword; never shown."""

    keyId: str  # noqa: N815 - the name on the wire
    secretText: str  # noqa: N815 - the name on the wire

    def __repr__(self) -> str:
        return "_Made(...)"


class VaultIssuer:
    """Implements ``migrate.ports.SecretIssuer`` on a signed-in Graph connection and a client for each vault."""

    def __init__(self, graph: GraphConnection, settings: GraphSettings, stack: AsyncExitStack) -> None:
        self._graph = graph
        self._settings = settings
        self._stack = stack
        self._clients: dict[str, Any] = {}

    async def reach(self, place: Place) -> None:
        """Read the vault, changing nothing; raises VaultFailedError where it or the place is not for us."""
        await self._versions(place, only_ours=True)

    async def check(self, place: Place) -> None:
        """Write something harmless into the vault; raises VaultFailedError where it or the place is not for us."""
        client = await self._client(place)
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - heavy

        try:
            await client.set_secret(_CHECK, _HARMLESS, enabled=False, content_type="text/plain")
        except (AzureError, ValueError) as error:
            raise VaultFailedError(f"{place.vault} cannot be written: {_told(error)}; it needs {_OFFICER}") from None
        await self._versions(place, only_ours=True)

    async def issue(self, wanted: NewSecret) -> Issue:
        """Make the secret and put it into the vault at once.

        Raises:
            InventoryError, WriteFailedError: whether it was made is unknown.
            VaultFailedError: the library for vaults is missing; nothing was made.

        """
        client = await self._client(wanted.place)
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - heavy

        asked = {"passwordCredential": {"displayName": wanted.label, "endDateTime": wanted.ends.isoformat()}}
        url = f"/v1.0/applications/{wanted.application}/addPassword"
        try:
            made = msgspec.json.decode(
                await self._graph.send("POST", url, msgspec.json.encode(asked)) or b"", type=_Made
            )
        except (ReadFailedError, PermissionMissingError) as error:
            if isinstance(error, ReadFailedError) and not _refusal(error.status):
                raise WriteFailedError(f"whether a secret was made is unknown: {error}") from None
            return NotIssued(why=f"no secret was made: {error}")
        except msgspec.DecodeError:
            raise WriteFailedError("whether a secret was made is unknown: Graph's answer is broken") from None
        key_id = KeyId(made.keyId.lower())
        tags = {TAG: key_id, "unsecret-label": wanted.label}
        failed = ""
        try:
            kept = await client.set_secret(wanted.place.name, made.secretText, tags=tags, expires_on=wanted.ends)
            return Issued(key_id=key_id, version=str(kept.properties.version))
        except (AzureError, ValueError) as error:
            failed = _told(error)
        return await self._after_all(wanted.place, key_id, failed)

    async def _after_all(self, place: Place, key_id: KeyId, failed: str) -> Issued | NotStored:
        """Look whether a vault holds a secret although its answer was no good."""
        try:
            version = await self.stored(place, key_id)
        except VaultFailedError:
            version = None
        if version is None:
            return NotStored(key_id=key_id, why=f"{place} was not written: {failed}; it needs {_OFFICER}")
        return Issued(key_id=key_id, version=version)

    async def stored(self, place: Place, key_id: KeyId) -> str | None:
        """Return the version that holds the secret of a key id, None where there is none; values are not read.

        Raises VaultFailedError where the vault cannot be read.
        """
        held = [each for each in await self._versions(place) if each.enabled is not False]
        return next((str(each.version) for each in held if (each.tags or {}).get(TAG) == key_id), None)

    async def _versions(self, place: Place, *, only_ours: bool = False) -> list[Any]:
        """Return the properties of the versions at a place.

        ``only_ours``: none may be somebody else's. Whoever reads a secret without naming a version gets the newest, and
        would get ours from now on ("About Azure Key Vault secrets", object identifiers).
        """
        client = await self._client(place)
        from azure.core.exceptions import AzureError, ResourceNotFoundError  # noqa: PLC0415 - heavy

        try:
            found = [each async for each in client.list_properties_of_secret_versions(place.name)]
        except ResourceNotFoundError:
            return []
        except (AzureError, ValueError) as error:
            raise VaultFailedError(f"{place.vault} cannot be read: {_told(error)}; it needs {_OFFICER}") from None
        if only_ours and any(TAG not in (each.tags or {}) for each in found):
            raise VaultFailedError(
                f"{place} holds what unsecret did not write, and a new version would take its place: set another name "
                "under [break_glass] of unsecret.toml"
            )
        return found

    async def _client(self, place: Place) -> Any:
        if place.vault not in self._clients:
            try:
                from azure.keyvault.secrets.aio import SecretClient  # noqa: PLC0415 - an extra
            except ImportError:
                raise VaultFailedError(
                    "azure-keyvault-secrets is not installed; pip install 'unsecret[vault]'"
                ) from None
            trust = {"connection_verify": self._settings.bundle} if self._settings.bundle else {}
            who = await self._stack.enter_async_context(credential(self._settings))
            client = SecretClient(place.vault, who, **_OPTIONS, **trust)
            self._clients[place.vault] = await self._stack.enter_async_context(client)
        return self._clients[place.vault]


@asynccontextmanager
async def vault_issuer(graph: GraphConnection, settings: GraphSettings) -> AsyncIterator[VaultIssuer]:
    """Give an issuer whose clients are closed at the end; nothing is signed in to before a vault is needed."""
    async with AsyncExitStack() as stack:
        yield VaultIssuer(graph, settings, stack)


def _refusal(status: int | None) -> bool:
    """Whether an answer says that nothing was done; one of a gateway that waited in vain does not."""
    return status is not None and status in range(400, 500) and status not in {408, 429}


def _told(error: Any) -> str:
    """Return status, code and first line of a refusal: an answer holds no value where it is one.

    A vault that names another host to sign in to is a ValueError, of which nothing is repeated.
    """
    status = getattr(error, "status_code", None)
    lines = [line.strip() for line in str(getattr(error, "message", "")).splitlines() if line.strip()]
    text = (lines[0] if lines else type(error).__name__)[:_LONGEST]
    return f"{status}: {text}" if status else text
