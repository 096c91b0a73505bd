"""One request to Azure Resource Manager and its answer."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from migrate.emulator.arm.errors import ArmError, bad_content
from migrate.emulator.arm.limits import Limits
from migrate.emulator.arm.results import ResultCache
from migrate.emulator.state.roles import ROLES
from migrate.emulator.state.tenant import Tenant

_DEEPEST: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as the bearer token says."""

    app_id: str
    object_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What outlives a request: rate limits and the results that are read page by page."""

    limits: Limits
    results: ResultCache


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCall:
    """A request whose bearer token was accepted."""

    tenant: Tenant
    caller: Caller
    services: Services
    method: str
    base: str
    """Scheme and host as the client used them, for links that it will follow."""
    path: str
    query: Mapping[str, str]
    """Parameters by name in lower case: Azure Resource Manager does not care for the case."""
    body: bytes = field(repr=False)

    @property
    def version(self) -> str:
        """The api-version, which is never checked: clients send previews."""
        return self.query.get("api-version", "")

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object."""
        try:
            content = json.loads(self.body, parse_constant=_refuse_constant, parse_float=_finite)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or _is_deeper(content, _DEEPEST):
            raise bad_content("The body must be a JSON object")
        return content

    # --- access ------------------------------------------------------------------------------------------------------

    def may(self, action: str, scope: str) -> bool:
        """Whether a role assignment at the scope or above it grants the caller an action."""
        wanted = scope.lower().rstrip("/")
        return any(
            _covers(assignment.scope, wanted) and ROLES[assignment.role].allows(action)
            for assignment in self._assignments()
        )

    def demand(self, action: str, scope: str) -> None:
        """Refuse a caller that may not do something at a scope."""
        if not self.may(action, scope):
            raise ArmError(
                403,
                "AuthorizationFailed",
                f"The client '{self.caller.app_id}' with object id '{self.caller.object_id}' does not have "
                f"authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access "
                "was recently granted, please refresh your credentials.",
            )

    def sees(self, subscription_id: str) -> bool:
        """Whether the caller has a role in a subscription or on anything inside it."""
        return any(_touches(assignment.scope, subscription_id) for assignment in self._assignments())

    def _assignments(self) -> list[Any]:
        caller = self.caller.object_id
        return [each for each in tuple(self.tenant.azure.assignments.values()) if each.principal_id == caller]


def _covers(granted: str, wanted: str) -> bool:
    above = granted.lower().rstrip("/")
    return wanted == above or wanted.startswith(f"{above}/")


def _touches(granted: str, subscription_id: str) -> bool:
    whole = f"/subscriptions/{subscription_id}".lower()
    return _covers(granted, whole) or _covers(whole, granted.lower())


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")  # it would be written as Infinity, which is not JSON
    return number


def _is_deeper(content: Any, limit: int) -> bool:
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return limit < 0 or any(_is_deeper(part, limit - 1) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmReply:
    """An answer."""

    status: int = 200
    body: Mapping[str, Any] | list[Any] | None = None
    text: str | None = None
    """XML instead of a body in JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)


NO_CONTENT: Final = ArmReply(status=204)
