"""One Graph request and its answer, free of any web framework."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from migrate.emulator.graph.errors import GraphError, bad_request
from migrate.emulator.state.tenant import Tenant

_DEEPEST: Final = 32


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")  # Python's reader would take NaN and Infinity


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")  # it would be written as Infinity, which is not JSON
    return number


def _is_deeper(content: Any, limit: int) -> bool:
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return limit < 0 or any(_is_deeper(part, limit - 1) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as the bearer token says."""

    app_id: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose bearer token was accepted."""

    tenant: Tenant
    caller: Caller
    version: str
    base: str
    """Scheme and host as the client used them, for links that it will follow."""
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str = ""
    """The ids under which the answer is given, which the parts of a batch repeat."""
    client_request_id: str = ""
    takes_raw: bool = False
    """Whether the answer may hold JSON that is already encoded, which nobody but its encoder can read."""

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object."""
        try:
            content = json.loads(self.body, parse_constant=_refuse_constant, parse_float=_finite)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or _is_deeper(content, _DEEPEST):
            raise bad_request("Unable to read JSON request payload. Please ensure Content-Type header is set and "
                              "payload is of valid JSON format.")  # fmt: skip
        return content

    def prefers(self, preference: str) -> bool:
        """Whether the Prefer header (RFC 7240) names a preference."""
        return preference in (part.strip().lower() for part in self.headers.get("prefer", "").split(","))

    @property
    def is_advanced(self) -> bool:
        """Whether the client accepts eventual consistency, which advanced queries demand."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    def context(self, what: str) -> str:
        """Give an @odata.context."""
        return f"https://{self.tenant.cloud.graph_host}/{self.version}/$metadata#{what}"

    def demand(self, *any_of: str) -> None:
        """Refuse a caller that holds none of these application permissions."""
        if self.caller.roles.isdisjoint(any_of):
            raise GraphError(
                403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
            )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer."""

    status: int = 200
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


NO_CONTENT = Reply(status=204)
