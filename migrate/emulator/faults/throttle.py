"""Throttling of Microsoft Graph, as page "Microsoft Graph service-specific throttling limits" describes it.

Sizes, costs, headers and the scopes' spelling are documented; the 150 requests a minute that name keyCredentials in
$select are of page "List applications". Assumed: a refused request takes nothing out of a bucket; requests of low
priority are refused where the bucket is four fifths empty; limits of reports come without the x-ms-throttle headers;
limits on personal-account applications are those of one application in one tenant.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from migrate.emulator.faults.addressing import addressed
from migrate.emulator.faults.buckets import TokenBucket
from migrate.emulator.faults.model import BucketName, Throttle
from migrate.emulator.faults.retry_after import retry_after
from migrate.emulator.graph.errors import GraphError
from migrate.emulator.state.hooks import Keys, Pattern
from migrate.emulator.state.records import Application

if TYPE_CHECKING:
    from migrate.emulator.graph.call import Call

_SMALL, _LARGE = 50, 500
_SMALL_PAGE: Final = 20
_WARNED_FROM: Final = 0.8
_PERSONAL: Final = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
_READ_COSTS: Final[dict[Pattern, int]] = {
    ("applications",): 2,
    ("applications", "*", "extensionProperties"): 2,
    ("oauth2PermissionGrants",): 2,
    ("oauth2PermissionGrants", "*"): 2,
    ("servicePrincipals", "*", "appRoleAssignments"): 2,
    ("subscribedSkus",): 3,
    ("users",): 2,
}
_QUERY_COSTS: Final[dict[str, int]] = {
    "getByIds": 5, "getMemberGroups": 2, "getMemberObjects": 2, "checkMemberGroups": 4, "checkMemberObjects": 4,
}  # fmt: skip
"""What reading by POST costs; it is no write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    size: int
    period: float
    per_application: bool = True
    information: str = ""
    scope: str = ""


_LIMITS: Final[dict[BucketName, _Limit]] = {
    "resource-units": _Limit(size=0, period=10, information="ResourceUnitLimitExceeded", scope="ReadWrite"),
    "writes": _Limit(size=3_000, period=150, information="WriteLimitExceeded", scope="Write"),
    "tenant-writes": _Limit(
        size=18_000, period=300, per_application=False, information="WriteLimitExceeded", scope="Write"
    ),
    "key-selects": _Limit(
        size=150, period=60, per_application=False, information="ResourceUnitLimitExceeded", scope="Read"
    ),
    "reports": _Limit(size=5, period=10),
    "application-writes": _Limit(size=70_000, period=300, information="WriteLimitExceeded", scope="Write"),
    "personal-writes": _Limit(size=60, period=60, information="WriteLimitExceeded", scope="Write"),
}


def units_of_tenant(users: int) -> int:
    """Give the resource units that an application may use in 10 seconds, by the size of the tenant."""
    if users < _SMALL:
        return 3_500
    return 5_000 if users <= _LARGE else 8_000


def resource_units(call: "Call", method: str, pattern: Pattern) -> int:
    """Give what a request costs."""
    options = _options(call)
    if method != "GET":
        cost = _QUERY_COSTS.get(pattern[-1], 1)
        return 2 if pattern[-1] == "getByIds" and "select" in options else cost
    cost = _READ_COSTS.get(pattern, 1) - ("select" in options) + ("expand" in options)
    top = options.get("top", "")
    cost -= top.isdecimal() and int(top[:9]) < _SMALL_PAGE
    return max(1, cost)


def _options(call: "Call") -> dict[str, str]:
    return {name.removeprefix("$").lower(): value for name, value in call.query.items()}


class Throttling:
    """The buckets of one fault."""

    def __init__(self, fault: Throttle, monotonic: Callable[[], float]) -> None:
        self._fault = fault
        self._monotonic = monotonic
        self._buckets: dict[tuple[BucketName, str], TokenBucket] = {}
        self.seen = 0
        self.fired = 0

    def charge(self, call: "Call", method: str, pattern: Pattern, keys: Keys) -> dict[str, str]:
        """Take what a request costs and give headers for its answer; GraphError 429 where a bucket lacks it.

        The parts of a $batch are charged one by one, the batch itself is not.
        """
        if pattern == ("$batch",):
            return {}
        self.seen += 1
        now = self._monotonic() * self._fault.speed
        charges = [(name, cost) for name, cost in _charges(call, method, pattern, keys) if name in self._fault.buckets]
        held = [(name, self._bucket(name, call, now), cost) for name, cost in charges]
        low = call.headers.get("x-ms-throttle-priority", "").lower() == "low"
        for name, bucket, cost in held:
            wait = bucket.wait(cost, now, reserve=bucket.capacity * (1 - _WARNED_FROM) if low else 0)
            if wait > 0:
                self.fired += 1
                raise self._refusal(name, call, wait / self._fault.speed)
        for _, bucket, cost in held:
            bucket.take(cost, now)
        return _told(held, now)

    def _bucket(self, name: BucketName, call: "Call", now: float) -> TokenBucket:
        limit = _LIMITS[name]
        key = (name, call.caller.app_id if limit.per_application else "")
        if key not in self._buckets:
            users = len(call.tenant.users) if self._fault.users is None else self._fault.users
            size = self._fault.limits.get(name) or limit.size or units_of_tenant(users)
            self._buckets[key] = TokenBucket(capacity=size, period=limit.period, at=now)
        return self._buckets[key]

    def _refusal(self, name: BucketName, call: "Call", seconds: float) -> GraphError:
        limit = _LIMITS[name]
        headers = {}
        if self._fault.retry_after != "none":
            headers["retry-after"] = retry_after(seconds, self._fault.retry_after)
        if limit.scope:
            scope = "Tenant_Application" if limit.per_application else "Tenant"
            headers["x-ms-throttle-scope"] = f"{scope}/{limit.scope}/{call.caller.app_id}/{call.tenant.id}"
            headers["x-ms-throttle-information"] = limit.information
        return too_many_requests(headers)


def too_many_requests(headers: dict[str, str]) -> GraphError:
    """Word the refusal, as page "Microsoft Graph throttling guidance" shows it."""
    inner = {"code": "429", "message": "Please retry after", "status": "429"}
    return GraphError(429, "TooManyRequests", "Please retry again later.", headers, inner=inner)


def _charges(call: "Call", method: str, pattern: Pattern, keys: Keys) -> Iterator[tuple[BucketName, int]]:
    if pattern[0] in ("auditLogs", "reports"):
        yield "reports", 1
        return
    units = resource_units(call, method, pattern)
    yield "resource-units", units
    if method == "GET":
        if "keycredentials" in _options(call).get("select", "").lower():
            yield "key-selects", 1
    elif pattern[-1] not in _QUERY_COSTS:
        yield "writes", 1
        yield "tenant-writes", 1
        if pattern[0] == "applications":
            yield ("personal-writes" if _audience(call, pattern, keys) in _PERSONAL else "application-writes"), 1


def _audience(call: "Call", pattern: Pattern, keys: Keys) -> str | None:
    """Find out whom the application of a write is for: the one that is there, or the one that is to be made."""
    if keys:
        record = addressed(call.tenant, pattern, keys)
        return record.sign_in_audience if isinstance(record, Application) else None
    try:
        body = json.loads(call.body)
    except (ValueError, RecursionError):
        return None
    audience = body.get("signInAudience") if isinstance(body, dict) else None
    return audience if isinstance(audience, str) else None


def _told(held: list[tuple[BucketName, TokenBucket, int]], now: float) -> dict[str, str]:
    units = [str(cost) for name, _, cost in held if name == "resource-units"]
    headers = {"x-ms-resource-unit": units[0]} if units else {}
    used = max((bucket.used(now) for name, bucket, _ in held if name != "reports"), default=0.0)
    if used > _WARNED_FROM:
        headers["x-ms-throttle-limit-percentage"] = f"{int(used * 100) / 100:g}"
    return headers
