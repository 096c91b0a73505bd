"""From an HTTP answer or a failed request to an error that says what failed, on what, and what to do next. Pure.

Sources: Microsoft Graph reference, "Error responses and resource types" (``error.code``, ``innerError.request-id``),
the "Permissions" table of each operation used, and "Microsoft Entra authentication error codes" for AADSTS codes.
"""

from __future__ import annotations

import re

import msgspec

from inventory.errors import (
    InventoryError,
    PermissionMissingError,
    ReadFailedError,
    SignInFailedError,
    TenantUnreachableError,
)
from inventory.wire import WireError, WireErrorBody

_MAX_TEXT = 300
_AADSTS = re.compile(r"AADSTS\d+:[^\r\n]*")
_AFTER_MESSAGE = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)
# azure-core and aiohttp tell these apart only in words once a credential chain has folded them into one text.
_NO_ANSWER = re.compile(
    r"cannot connect to host|failed to establish a new connection|name or service not known"
    r"|connection (reset|refused|aborted)|server disconnected|timed? ?out|certificate verify failed",
    re.IGNORECASE,
)
_OTHER_TOOLS = re.compile(r"^\s*Azure(Cli|PowerShell|DeveloperCli)Credential:.*$", re.MULTILINE)
_NO_LICENCE = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
_HINTS = {
    401: "check that the credential belongs to this tenant and cloud",
    429: "Graph is throttling this application; try again later",
    503: "Graph is not available; try again later",
    504: "Graph did not answer in time; try again later",
}


def refused(method: str, target: str, status: int, body: bytes) -> InventoryError:
    """Return the error for an HTTP status of 300 or more; ``target`` is path and query of the request."""
    said = _said(body)
    code, text = said.code or "", _line(said.message or "no error text in the answer")
    what = f"{method} {target.partition('?')[0]}"
    tail = f"{code}: {text}{_request_id(said)}" if code else f"{text}{_request_id(said)}"
    if status == 401:  # noqa: PLR2004 - RFC 9110
        return SignInFailedError(f"{what}: Graph did not accept the sign-in ({tail}); {_HINTS[401]}")
    if status == 403:  # noqa: PLR2004 - RFC 9110
        return _forbidden(method, target, what, code, tail)
    hint = _HINTS.get(status, "")
    return ReadFailedError(
        f"{what}: Graph answered {status} ({tail}){'; ' if hint else ''}{hint}", status=status, code=code
    )


def permission_for(method: str, target: str) -> str:
    """Name the least application permission that Graph asks for this request."""
    if "/auditLogs/" in target or "/reports/" in target:
        return "AuditLog.Read.All"
    if target.partition("?")[0].endswith("/organization"):
        return "Organization.Read.All"
    if "/policies/" in target or "/appManagementPolicies" in target:
        return "Policy.Read.All" if method == "GET" else "Policy.ReadWrite.ApplicationConfiguration"
    if method == "GET" and "/roleManagement/" in target:
        return "RoleManagement.Read.Directory"
    return "Application.Read.All" if method == "GET" else "Application.ReadWrite.All"


def sign_in_failed(text: str, authority: str, variables: str | None = None) -> InventoryError:
    """Return the error for a credential that gave no token, from the text of the credential library.

    Only the AADSTS line is quoted: the rest is advice for programmers, several lines of it. ``variables`` is what the
    environment variables of the credential begin with, where a tenant has its own.
    """
    names = f"{variables}_CLIENT_ID" if variables else "AZURE_TENANT_ID, AZURE_CLIENT_ID"
    found = _AADSTS.search(text)
    if found:
        return SignInFailedError(
            f"sign-in at {authority} was refused: {_sentences(_AFTER_MESSAGE.sub('', found.group()))}; "
            f"check {names} and the credential of the account that runs this command"
        )
    silent = _NO_ANSWER.search(_OTHER_TOOLS.sub("", text))  # a tool that timed out says nothing about the authority
    if silent:
        return unreachable(authority, silent.group().lower())
    if variables:
        return SignInFailedError(
            f"the credential of {variables}_CLIENT_ID gave no token at {authority}: check it, and the tenant's id"
        )
    return SignInFailedError(
        f"no credential for {authority} was found: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET "
        "(or AZURE_CLIENT_CERTIFICATE_PATH), run on a host with a managed identity, or sign in with 'az login'"
    )


def brief(error: InventoryError) -> str:
    """Return the reason in words that are the same each time, for a note: without the id of a request."""
    if isinstance(error, PermissionMissingError):
        return f"{error.permission} not granted"
    if isinstance(error, ReadFailedError) and error.status is not None:
        return f"Graph answered {error.status} {error.code}".rstrip()
    return str(error)


def unreachable(host: str, reason: str) -> TenantUnreachableError:
    """Return the error for a host that did not answer; ``reason`` is one line from the transport."""
    return TenantUnreachableError(
        f"{host} cannot be reached ({_line(reason)}); check the network, HTTPS_PROXY, --cloud and, behind a proxy that "
        "opens TLS, SSL_CERT_FILE"
    )


def _forbidden(method: str, target: str, what: str, code: str, tail: str) -> PermissionMissingError:
    if code == _NO_LICENCE:
        licence = "Microsoft Entra ID P1 or P2"
        return PermissionMissingError(f"{what}: the tenant has no {licence} licence ({tail})", permission=licence)
    permission = permission_for(method, target)
    return PermissionMissingError(
        f"{what}: Graph said 403 ({tail}); grant the application permission {permission} with admin consent",
        permission=permission,
    )


def _said(body: bytes) -> WireErrorBody:
    try:
        return msgspec.json.decode(body, type=WireError).error
    except (msgspec.DecodeError, ValueError):  # a gateway's HTML page, or nothing at all
        return WireErrorBody()


def _request_id(said: WireErrorBody) -> str:
    found = (said.inner_error or {}).get("request-id")
    return f", request id {_line(found)}" if isinstance(found, str) else ""


def _sentences(text: str) -> str:
    """Return the first line of an outside text without its last full stop; a long one ends after a sentence or word."""
    line = _line(text, most=4 * _MAX_TEXT)
    if len(line) > _MAX_TEXT:
        whole, stop, _ = line[:_MAX_TEXT].rpartition(". ")
        return whole if stop else f"{line[:_MAX_TEXT].rpartition(' ')[0]} ..."
    return line.removesuffix(".")


def _line(text: str, most: int = _MAX_TEXT) -> str:
    """Return the first line of an outside text, printable and of bounded length."""
    first = next(iter(text.strip().splitlines()), "")
    return "".join(character if character.isprintable() else "?" for character in first)[:most]
