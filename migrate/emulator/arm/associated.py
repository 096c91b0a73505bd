"""Where a user-assigned identity is used.

Source: page "View associated resources for a user-assigned managed identity": one request a second for each tenant, and
resources that the caller cannot otherwise see are listed too. Assumed: code and text of the refusal, and that a filter
compares ``resourceType``, ``resourceGroup``, ``name`` and ``subscriptionId`` as lists of resources do.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from migrate.emulator.arm.bodies import IDENTITY_TYPE
from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.errors import ArmError, bad_parameter
from migrate.emulator.arm.limits import Quota
from migrate.emulator.arm.listing import PAGE, top_of
from migrate.emulator.arm.lookup import the_identity
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.state.records import HOST_TYPES, Host
from migrate.emulator.state.tenant import Tenant

QUOTA: Final = Quota(requests=1, seconds=1.0)
_FIELDS: Final = {each.lower(): each for each in ("id", "name", "type", "resourceGroup", "subscriptionId",
                                                  "subscriptionDisplayName")}  # fmt: skip
_CLAUSE: Final = re.compile(
    r"\s*(?P<name>[A-Za-z]+)\s+eq\s+'(?P<value>[^']*)'\s*|\s*contains\(\s*(?P<where>[A-Za-z]+)\s*,\s*'(?P<part>[^']*)'\s*\)\s*",
    re.IGNORECASE,
)


def list_associated(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """POST .../listAssociatedResources, with ``$filter``, ``$orderby``, ``$skip`` and ``$top``."""
    verdict = call.services.limits.take(f"associated {call.tenant.id}", QUOTA)
    if not verdict.allowed:
        raise ArmError(
            429,
            "TooManyRequests",
            "The request is being throttled as the limit has been reached for operation type - "
            "ListAssociatedResources.",
            headers={"retry-after": str(verdict.whole_seconds)},
        )
    identity = the_identity(call, scope, name)
    hosts = [each for each in call.tenant.hosts.values() if identity.principal_id in each.identities]
    rows = _chosen([_row(call.tenant, host) for host in hosts], call.query)
    skip, size = _skip(call), min(top_of(call) or PAGE, PAGE)
    shown = rows[skip : skip + size]
    body: dict[str, Any] = {"totalCount": len(rows), "value": shown}
    if skip + len(shown) < len(rows):
        body["nextLink"] = _link(call, skip + len(shown))
    return ArmReply(body=body)


def _row(tenant: Tenant, host: Host) -> dict[str, str]:
    subscription = tenant.azure.subscriptions.get(host.subscription_id)
    return {
        "id": host.resource_id,
        "name": host.name,
        "type": HOST_TYPES[host.kind].lower(),
        "resourceGroup": host.group,
        "subscriptionId": host.subscription_id,
        "subscriptionDisplayName": "" if subscription is None else subscription.name,
    }


def _chosen(rows: list[dict[str, str]], query: Mapping[str, str]) -> list[dict[str, str]]:
    for clause in filter(None, re.split(r"\band\b", query.get("$filter", ""), flags=re.IGNORECASE)):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise bad_parameter("The $filter is not valid.")
        field = _field(match["name"] or match["where"])
        value, part = (match["value"] or "").lower(), match["part"]
        rows = [
            row for row in rows
            if (row[field].lower() == value if part is None else part.lower() in row[field].lower())
        ]  # fmt: skip
    words = query.get("$orderby", "").split()
    if words:
        if len(words) > 2 or words[-1].lower() not in ("asc", "desc", words[0].lower()):  # noqa: PLR2004 - field, order
            raise bad_parameter("The $orderby is not valid.")
        field = _field(words[0])
        rows = sorted(rows, key=lambda row: row[field].lower(), reverse=words[-1].lower() == "desc")
    return rows


def _field(name: str) -> str:
    known = {**_FIELDS, "resourcetype": "type"}.get(name.lower())
    if known is None:
        raise bad_parameter(f"The property '{name}' cannot be used here.")
    return known


def _skip(call: ArmCall) -> int:
    text = call.query.get("$skiptoken") or call.query.get("$skip") or "0"
    if not (text.isascii() and text.isdigit()) or len(text) > 9:  # noqa: PLR2004 - nine digits
        raise bad_parameter("The $skip is not valid.")
    return int(text)


def _link(call: ArmCall, position: int) -> str:
    kept = {name: value for name, value in call.query.items() if name not in ("$skip", "$skiptoken")}
    kept["$skiptoken"] = str(position)
    return f"{call.base}/{quote(call.path.strip('/'))}?{urlencode(kept, quote_via=quote, safe='$')}"


ROUTES: Final[Routes] = {
    ("microsoft.managedidentity", "userassignedidentities", "*", "listassociatedresources"): {
        "POST": route(list_associated, f"{IDENTITY_TYPE}/listAssociatedResources/action"),
    },
}
