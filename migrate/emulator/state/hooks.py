"""The places where services ask whether something goes wrong. Nothing does, unless a fault engine stands here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from migrate.emulator.state.records import Application, ManagedIdentity, ServicePrincipal

H = TypeVar("H", Application, ServicePrincipal)
Pattern = tuple[str, ...]
Keys = Sequence[tuple[str, str]]
Handler = Callable[..., Any]
Part = Literal["date", "tokens", "assertions"]
Unsettled = tuple[datetime, str, int, int, Any]
"""A change that not everybody has seen: moment, object id, number, place, and the record as it was, if it was."""


class NoFaults:
    """Everything is as it is."""

    on_the_wire: bool = False
    """Whether whole requests can be disturbed."""

    def at_token_endpoint(self, holder: H) -> H:
        """Give a holder of credentials as the token endpoint knows it."""
        return holder

    def serve(self, call: Any, method: str, pattern: Pattern, keys: Keys, handler: Handler) -> Any:
        """Let a handler of Microsoft Graph answer a call; ``pattern`` is the path with "*" for keys."""
        del method, pattern
        return handler(call, *keys)

    def identity_cache_life(self, identity: ManagedIdentity, usual: timedelta) -> timedelta:
        """Say for how long a token of a managed identity is given out again."""
        del identity
        return usual

    def skew(self, part: Part) -> int:
        """Say by how many seconds a clock of the service is ahead."""
        del part
        return 0

    def disturb(self, method: str, path: str, authorization: str) -> object | None:
        """Say what befalls a request, in the fault engine's own words (asked only where ``on_the_wire``)."""
        del method, path, authorization
        return None

    def unsettled(self) -> dict[str, list[Unsettled]]:
        """Give the changes that have not spread everywhere, by table, for keeping them elsewhere."""
        return {}

    def resume(self, unsettled: Mapping[str, Sequence[Unsettled]]) -> None:
        """Note such changes of an earlier run."""
        del unsettled

    def shown(self) -> dict[str, Any]:
        """Give the plan and how often each fault was considered and has happened."""
        return {"seed": 1, "faults": [], "state": []}
