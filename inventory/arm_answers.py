"""What an answer of Azure Resource Manager says beside its content: pages, waits, refusals. Pure.

Sources: "Common API response patterns" and "Troubleshoot common Azure deployment errors" (``error.code``,
``AuthorizationFailed``), "Guidance for throttled requests in Azure Resource Graph" (``x-ms-user-quota-remaining`` and
``x-ms-user-quota-resets-after``). Of a refusal only its code and the action that was not granted are told, never its
text: some of these requests are answered with secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from inventory.errors import InventoryError, PermissionMissingError, ReadFailedError, SignInFailedError

_ACTION = re.compile(r"perform action '([A-Za-z]+(?:\.[A-Za-z]+)*(?:/[A-Za-z]+)+)'")
_LINKED = re.compile(r"does not have permission to perform action\(s\) '([A-Za-z]+(?:\.[A-Za-z]+)*(?:/[A-Za-z]+)+)'")
"""``LinkedAuthorizationFailed`` names first what is granted, and then what is missing on a linked resource."""
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}", re.ASCII)
_RESET = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)", re.ASCII)
# As roles spell them: the services repeat whatever case the request had.
_SPELT = {
    action.lower(): action
    for action in (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
        "Microsoft.Web/sites/config/list/action",
        "Microsoft.Web/sites/config/read",
        "Microsoft.Web/sites/slots/config/list/action",
        "Microsoft.Web/sites/slots/config/read",
        "Microsoft.Web/staticSites/listAppSettings/action",
    )
}
_VERBS = {"PUT": "write", "PATCH": "write", "DELETE": "delete"}
_HINTS = {
    400: "this version asks for something that the service does not know",
    429: "Azure is throttling this account; try again later",
    500: "try again later",
    502: "try again later",
    503: "Azure Resource Manager is not available; try again later",
    504: "Azure Resource Manager did not answer in time; try again later",
}


class WireList(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A page of a list; every row is decoded on its own."""

    value: list[msgspec.Raw]
    next_link: str | None = None


class WireRows(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A page of rows of Azure Resource Graph (``objectArray``)."""

    data: list[msgspec.Raw]
    skip_token: str | None = msgspec.field(default=None, name="$skipToken")
    result_truncated: str | bool | None = None

    @property
    def cut(self) -> bool:
        """Whether rows are missing that no further page brings."""
        return self.result_truncated in {True, "true"}


class _Detail(msgspec.Struct, frozen=True, gc=False):
    code: str | None = None


class _Said(msgspec.Struct, frozen=True, gc=False):
    code: str | None = None
    message: str | None = None
    details: list[_Detail] | None = None


class _Error(msgspec.Struct, frozen=True, gc=False):
    error: _Said = _Said()


def refused(method: str, path: str, status: int, body: bytes) -> InventoryError:
    """Return the error for an HTTP status of 300 or more."""
    said = _said(body)
    codes = ", ".join(dict.fromkeys(filter(None, (_code(said.code), *(_code(one.code) for one in said.details or ())))))
    what = f"{method} {path}"
    if status == 401:  # noqa: PLR2004 - RFC 9110
        return SignInFailedError(
            f"{what}: Azure Resource Manager did not accept the sign-in ({codes or 'no code'}); check that the "
            "credential belongs to this tenant and cloud"
        )
    if status == 403:  # noqa: PLR2004 - RFC 9110
        action = _LINKED.search(said.message or "") or _ACTION.search(said.message or "")
        permission = _spelt(action[1]) if action else action_for(method, path)
        return PermissionMissingError(
            f"{what}: Azure Resource Manager said 403 ({codes or 'no code'}); grant a role with {permission}",
            permission=permission,
        )
    hint = _HINTS.get(status, "")
    told = f"answered {status} ({codes})" if codes else f"answered {status}"
    return ReadFailedError(
        f"{what}: Azure Resource Manager {told}{'; ' if hint else ''}{hint}",
        status=status,
        code=_code(said.code),
    )


def action_for(method: str, path: str) -> str:
    """Name the action that a request needs: the types below the last provider, and what is done with them."""
    _, named, after = path.rstrip("/").rpartition("/providers/")
    provider, *below = after.split("/")
    if not named or not below:
        return "Microsoft.Resources/subscriptions/read"
    read = method == "GET" or len(below) == 1  # a query of Resource Graph is a POST that reads
    verb = "read" if read else _VERBS.get(method, "action")
    return _spelt("/".join((provider, *below[::2], verb)))


def _spelt(action: str) -> str:
    return _SPELT.get(action.lower(), action)


def quota_wait(headers: Mapping[str, str]) -> float:
    """Tell how long no further query fits into the quota of Azure Resource Graph, in seconds; mostly 0."""
    if headers.get("x-ms-user-quota-remaining", "").strip() != "0":
        return 0.0
    found = _RESET.fullmatch(headers.get("x-ms-user-quota-resets-after", "").strip())
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else 0.0


def _said(body: bytes) -> _Said:
    try:
        return msgspec.json.decode(body, type=_Error).error
    except (msgspec.DecodeError, ValueError, RecursionError):  # a gateway's HTML page, or nothing at all
        return _Said()


def _code(text: str | None) -> str:
    return text if text and _CODE.fullmatch(text) else ""
