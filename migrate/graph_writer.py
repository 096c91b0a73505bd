"""Changes of a tenant through Microsoft Graph. Each method can be repeated after a lost answer without harm."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from inventory.errors import ReadFailedError
from inventory.graph import GraphConnection
from inventory.model import ApplicationId, Holder, KeyId
from migrate.errors import WriteFailedError
from migrate.model import FederatedSpec
from migrate.steps import FEDERATED_DESCRIPTION

_BAD_REQUEST, _NOT_FOUND, _CONFLICT = 400, 404, 409
_ATTEMPTS = 3
_COLLECTIONS = {Holder.APPLICATION: "applications", Holder.SERVICE_PRINCIPAL: "servicePrincipals"}

Keys = list[dict[str, Any]]


class _Holder(msgspec.Struct):
    """The certificates of an object, every field as it came: reformatting one is refused as a change of it."""

    keyCredentials: Keys = []  # noqa: N815 - the name on the wire


class _Switch(msgspec.Struct):
    """Whether an application is deactivated."""

    isDisabled: bool | None = None  # noqa: N815 - the name on the wire


class GraphWriter:
    """Implements ``migrate.ports.DirectoryWriter`` on a signed-in Graph connection."""

    def __init__(self, connection: GraphConnection) -> None:
        self._connection = connection

    async def create_federated_credential(self, application: ApplicationId, spec: FederatedSpec) -> bool:
        """Create the federated credential; False where one of that name was there already.

        A lost answer is repeated by the middleware and then refused as a duplicate, with 409 for the name or 400 for
        issuer and subject (Graph, "Create federatedIdentityCredential"): that is no failure, the caller reads back.
        """
        body = {
            "name": spec.name,
            "issuer": spec.issuer,
            "subject": spec.subject,
            "audiences": [spec.audience],
            "description": FEDERATED_DESCRIPTION,
        }
        url = f"/v1.0/applications/{application}/federatedIdentityCredentials"
        try:
            await self._connection.send("POST", url, msgspec.json.encode(body))
        except ReadFailedError as error:
            duplicate = error.status == _BAD_REQUEST and "must be unique for the application" in str(error)
            if error.status == _CONFLICT or duplicate:
                return False
            raise WriteFailedError(f"cannot create federated credential {spec.name}: {error}") from error
        return True

    async def delete_federated_credential(self, application: ApplicationId, federated_id: str) -> bool:
        """Delete a federated credential by its id; False where Graph knows none (Graph, "Delete ...Credential").

        The id, not the name: one that somebody made anew under the same name is another one, and not ours.
        """
        url = f"/v1.0/applications/{application}/federatedIdentityCredentials/{quote(federated_id, safe='')}"
        try:
            await self._connection.send("DELETE", url)
        except ReadFailedError as error:
            if error.status == _NOT_FOUND:
                return False
            raise WriteFailedError(f"cannot delete federated credential {federated_id}: {error}") from error
        return True

    async def is_disabled(self, application: ApplicationId) -> bool | None:
        """Return ``isDisabled`` as it is; what is not set is null and means active (Graph, "application")."""
        url = f"/v1.0/applications/{application}?$select=id,isDisabled"
        return (await self._connection.get(url, _Switch)).value.isDisabled

    async def set_disabled(self, application: ApplicationId, *, value: bool | None) -> None:
        """Set ``isDisabled`` (Graph, "Update application").

        Where null is not taken back, false is sent instead, which means the same: an application that is needed must
        not stay deactivated.
        """
        url = f"/v1.0/applications/{application}"
        try:
            await self._connection.send("PATCH", url, msgspec.json.encode({"isDisabled": value}))
        except ReadFailedError as error:
            if value is None and error.status == _BAD_REQUEST:
                await self.set_disabled(application, value=False)
                return
            raise WriteFailedError(f"cannot set isDisabled of {application}: {error}") from error

    async def remove_secret(self, holder: Holder, holder_id: str, key_id: KeyId) -> bool:
        """Remove a client secret; False where Graph knows no such key id (Graph, "removePassword")."""
        url = f"/v1.0/{_COLLECTIONS[holder]}/{holder_id}/removePassword"
        try:
            await self._connection.send("POST", url, msgspec.json.encode({"keyId": key_id}))
        except ReadFailedError as error:
            if error.status == _BAD_REQUEST and "No password credential found" in str(error):
                return False
            raise WriteFailedError(f"cannot remove secret {key_id}: {error}") from error
        return True

    async def remove_certificate(self, holder: Holder, holder_id: str, key_id: KeyId) -> bool:
        """Remove a certificate by sending the list without it; False where it is not on the list.

        ``removeKey`` needs a proof signed with the certificate's own private key, which an administrator does not
        have, so the whole list is replaced (Graph, "Update application"). Graph offers no If-Match: the list is read
        twice just before and must not move; a write that falls between the last read and ours cannot be seen.
        """
        url = f"/v1.0/{_COLLECTIONS[holder]}/{holder_id}"
        for _ in range(_ATTEMPTS):
            before = await self._keys(url)
            rest = [key for key in before if str(key.get("keyId")).lower() != key_id.lower()]
            if len(rest) == len(before):
                return False
            if await self._keys(url) != before:
                continue
            try:
                await self._connection.send("PATCH", url, msgspec.json.encode({"keyCredentials": rest}))
            except ReadFailedError as error:
                raise WriteFailedError(f"cannot remove certificate {key_id}: {error}") from error
            return True
        raise WriteFailedError(
            f"cannot remove certificate {key_id}: the certificates of {holder_id} keep changing; find out who does it"
        )

    async def _keys(self, url: str) -> Keys:
        return (await self._connection.get(url, _Holder)).value.keyCredentials
