"""How an area of Azure Resource Manager declares what it serves.

A path has a scope (the tenant, a subscription, a resource group or a resource) and below it what is asked for. A
handler module exports ``ROUTES``: the part after ``/providers/`` in lower case, names taken out ("*"), and for each
method a handler ``(call, scope, *names)``. What stands before ``/providers/`` is the scope. Names and types compare
without case.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from migrate.emulator.arm.call import ArmReply
from migrate.emulator.arm.errors import ArmError

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONGEST_SEGMENT: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a request applies: ``path`` as the client wrote it, empty for the tenant."""

    path: str
    subscription_id: str = ""
    group: str = ""

    def child(self, *segments: str) -> str:
        """Give the path of something below the scope."""
        return "/".join((self.path, *segments))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRoute:
    """One method on one path."""

    handler: Callable[..., ArmReply]
    action: str = ""
    """What a role must grant; empty where the handler decides for itself what the caller sees."""


Routes = Mapping[tuple[str, ...], Mapping[str, ArmRoute]]


def route(handler: Callable[..., ArmReply], action: str = "") -> ArmRoute:
    """Declare a handler and the action that it needs."""
    return ArmRoute(handler=handler, action=action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parsed path: scope, provider and what is below it, as types and names in turn."""

    scope: Scope
    namespace: str
    below: tuple[str, ...]

    @property
    def types(self) -> tuple[str, ...]:
        """The types, outermost first."""
        return self.below[::2]

    @property
    def names(self) -> tuple[str, ...]:
        """The names."""
        return self.below[1::2]

    @property
    def pattern(self) -> tuple[str, ...]:
        """The key of the routes."""
        below = ("*" if index % 2 else part.lower() for index, part in enumerate(self.below))
        return (self.namespace.lower(), *below) if self.namespace else ()

    @property
    def named(self) -> str:
        """The innermost resource, or the scope where none is named: what a role must cover."""
        if not self.names:
            return self.scope.path or "/"
        return self.scope.child("providers", self.namespace, *self.below[: 2 * len(self.names)])


def parse(path: str) -> Target:
    """Take a decoded path apart; ArmError for one that is no ARM path."""
    segments = tuple(part for part in path.split("/") if part)
    if any(len(part) > _LONGEST_SEGMENT or "/" in part or not part.isprintable() for part in segments):
        raise ArmError(400, "InvalidUriPath", "The request path holds a segment that is not valid.")
    folded = tuple(part.lower() for part in segments)
    # At the very end the word asks for the list of providers.
    places = [index for index, part in enumerate(folded[:-1]) if part == "providers" and index % 2 == 0]
    at = places[-1] if places else len(folded)
    above, below = segments[:at], segments[at + 1 :]
    return Target(scope=_scope(above), namespace=below[0] if below else "", below=below[1:])


def _scope(segments: tuple[str, ...]) -> Scope:
    path = "".join(f"/{part}" for part in segments)
    if len(segments) < 2 or segments[0].lower() != "subscriptions":  # noqa: PLR2004 - a word and its value
        return Scope(path=path)
    subscription_id = segments[1]
    if not _GUID.fullmatch(subscription_id):
        raise ArmError(
            400,
            "InvalidSubscriptionId",
            f"The provided subscription identifier '{subscription_id}' is malformed or invalid.",
        )
    grouped = len(segments) > 3 and segments[2].lower() == "resourcegroups"  # noqa: PLR2004 - a word and its value
    return Scope(path=path, subscription_id=subscription_id.lower(), group=segments[3] if grouped else "")
