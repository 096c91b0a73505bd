"""Reading until a change shows: reads lag behind writes and flap, so that one read proves nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from migrate.errors import WriteFailedError
from migrate.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """How often a change has to be seen, and how long that may take. Pauses are in seconds.

    Replicas disagree for minutes (hashicorp/terraform-provider-azuread waits for five reads in a row).
    """

    in_a_row: int = 3
    reads: int = 40
    pause: float = 0.25
    longest_pause: float = 8.0

    async def until(self, seen: Callable[[], Awaitable[bool]], clock: Clock, otherwise: str) -> None:
        """Read until ``seen`` was true so often in a row; raises WriteFailedError(``otherwise``) when it never is."""
        in_a_row, pause = 0, self.pause
        for _ in range(self.reads):
            in_a_row = in_a_row + 1 if await seen() else 0
            if in_a_row >= self.in_a_row:
                return
            await clock.sleep(self.pause if in_a_row else pause)
            pause = min(pause * 1.5, self.longest_pause)
        raise WriteFailedError(otherwise)
