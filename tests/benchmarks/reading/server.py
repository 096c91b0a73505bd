"""Serves ready-made pages of a tenant from memory: ``python server.py PORT APPLICATIONS ROWS LATENCY``.

Everything is encoded before the first request, so that a client never waits for more than the socket. Prints ``ready``.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import uuid
from typing import Any
from urllib.parse import unquote

_random = random.Random(11)  # noqa: S311 - ids of a benchmark
_DATE = "Date: Mon, 02 Mar 2026 10:00:00 GMT\r\n"
_RELATED = {
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": 2,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "info": dict.fromkeys(("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl")),
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "publicClient": {"redirectUris": []},
    "spa": {"redirectUris": []},
    "verifiedPublisher": dict.fromkeys(("displayName", "verifiedPublisherId", "addedDateTime")),
    "web": {"homePageUrl": None, "logoutUrl": None, "redirectUris": ["https://app.example/signin"],
            "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False}},
    "requiredResourceAccess": [
        {"resourceAppId": "00000003-0000-0000-c000-000000000000",
         "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}]}
    ],
}  # fmt: skip


def guid() -> str:
    return str(uuid.UUID(int=_random.getrandbits(128)))


def credentials() -> dict[str, Any]:
    """Three of them, as the average tenant of the benchmark has."""
    times = {"startDateTime": "2025-03-01T09:11:12.3456789Z", "endDateTime": "2027-03-01T09:11:12.3456789Z"}
    secrets = [
        {"customKeyIdentifier": None, "displayName": "ci", "hint": "aB1", "keyId": guid(), "secretText": None, **times}
        for _ in range(2)
    ]
    mark = "MTIzNDU2Nzg5MDEyMzQ1" + uuid.uuid4().hex[:7] + "="
    certificate = {"customKeyIdentifier": mark, "displayName": "CN=app", "key": None, "keyId": guid(),
                   "type": "AsymmetricX509Cert", "usage": "Verify", **times}  # fmt: skip
    return {"passwordCredentials": secrets, "keyCredentials": [certificate]}


def holder(number: int) -> dict[str, Any]:
    owner = {"@odata.type": "#microsoft.graph.user", "id": guid(), "displayName": "Ana", "accountEnabled": True}
    return {
        "id": guid(), "appId": guid(), "displayName": f"app {number}", "createdDateTime": "2024-05-06T07:08:09Z",
        "deletedDateTime": None, "applicationTemplateId": None, "disabledByMicrosoftStatus": None, "description": None,
        "notes": None, "signInAudience": "AzureADMyOrg", "tags": [], "tokenEncryptionKeyId": None, "addIns": [],
        "appRoles": [], "createdByAppId": None, "isDisabled": None, "owners": [owner], **credentials(),
    }  # fmt: skip


def application(number: int) -> dict[str, Any]:
    more = dict.fromkeys((
        "certification", "defaultRedirectUri", "groupMembershipClaims", "isDeviceOnlyAuthSupported",
        "isFallbackPublicClient", "nativeAuthenticationApisEnabled", "optionalClaims", "requestSignatureVerification",
        "samlMetadataUrl", "serviceManagementReference", "servicePrincipalLockConfiguration", "uniqueName",
    ))  # fmt: skip
    return {**holder(number), **more, **_RELATED, "identifierUris": [f"api://{guid()}"], "publisherDomain": "x.example"}


def principal(number: int) -> dict[str, Any]:
    more = dict.fromkeys((
        "homepage", "loginUrl", "logoutUrl", "preferredSingleSignOnMode", "preferredTokenSigningKeyThumbprint",
        "samlSingleSignOnSettings", "appDescription",
    ))  # fmt: skip
    return {
        **holder(number), **more, "accountEnabled": True, "alternativeNames": [], "appDisplayName": f"app {number}",
        "appOwnerOrganizationId": "aaaaaaaa-0000-4000-8000-000000000000", "appRoleAssignmentRequired": False,
        "info": _RELATED["info"], "notificationEmailAddresses": [], "oauth2PermissionScopes": [], "replyUrls": [],
        "servicePrincipalNames": [guid()], "servicePrincipalType": "Application",
        "resourceSpecificApplicationPermissions": [], "verifiedPublisher": _RELATED["verifiedPublisher"],
    }  # fmt: skip


def trusting(_: int) -> dict[str, Any]:
    trust = {"id": guid(), "name": "main", "issuer": "https://login.microsoftonline.com/t/v2.0", "subject": guid(),
             "description": None, "audiences": ["api://AzureADTokenExchange"]}  # fmt: skip
    return {"id": guid(), "federatedIdentityCredentials": [trust]}


def resource(number: int) -> dict[str, Any]:
    return {"id": guid(), "displayName": f"app {number}", "appRoles": []}


def activity(_: int) -> dict[str, Any]:
    return {"id": guid(), "keyId": guid(), "appId": guid(), "credentialOrigin": "application",
            "signInActivity": {"lastSignInDateTime": "2026-03-01T00:00:00Z"}}  # fmt: skip


def kind_of(target: str) -> str:
    """Name the collection that a first request asks for."""
    path, _, query = unquote(target).partition("?")
    name = path.rpartition("/")[2]
    if "federatedIdentityCredentials" in query:
        return "federated" if name == "applications" else "identity-federated"
    return "resources" if "appRoles" in query else name


class Pages:
    """All answers, by collection and number of the page."""

    def __init__(self, base: str, applications: int, rows: int) -> None:
        self._base = base
        self._rows = rows
        self._encoded: dict[tuple[str, int], bytes] = {}
        single = {"applications": application} if applications > 30 * rows else {}  # the others are not read then
        every = {"applications": application, "servicePrincipals": principal, "federated": trusting,
                 "resources": resource}  # fmt: skip
        for name, make in (single or every).items():
            self._fill(name, make, applications)
        for name, make in (("identity-federated", trusting), ("appCredentialSignInActivities", activity)):
            self._fill(name, make, 3 * rows)
        self._fill("appManagementPolicies", trusting, 0)

    def _fill(self, name: str, make: Any, count: int) -> None:
        last = max(0, -(-count // self._rows) - 1)
        for number in range(last + 1):
            link = {} if number == last else {"@odata.nextLink": f"{self._base}/v1.0/{name}?$skiptoken={number + 1}"}
            rows = [make(row) for row in range(number * self._rows, min(count, (number + 1) * self._rows))]
            body = json.dumps({"@odata.context": "x", **link, "value": rows}, separators=(",", ":")).encode()
            self._encoded[name, number] = whole(body)

    def answer(self, target: str) -> bytes:
        number = target.partition("skiptoken=")[2]
        found = self._encoded.get((target.partition("?")[0].rpartition("/")[2] if number else kind_of(target),
                                   int(number or 0)))  # fmt: skip
        return found or whole(b'{"id":"x","value":[]}')


def whole(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\n{_DATE}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Talk(asyncio.Protocol):
    """One connection; requests come one after the other and without a body."""

    def __init__(self, pages: Pages, latency: float) -> None:
        self._pages = pages
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if end:
            self._received = rest
            answer = self._pages.answer(head.split(b" ", 2)[1].decode())
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)


async def main(port: int, applications: int, rows: int, latency: float) -> None:
    pages = Pages(f"http://127.0.0.1:{port}", applications, rows)
    server = await asyncio.get_running_loop().create_server(lambda: Talk(pages, latency), "127.0.0.1", port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
