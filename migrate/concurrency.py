"""The same work on many things, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def _never() -> bool:
    return False


async def each(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], *, at_once: int,
    stopped: Callable[[], bool] = _never,
) -> tuple[Result, ...]:  # fmt: skip
    """Return the results in the order of the items.

    After the first error, and once ``stopped`` says so, nothing new is begun; what is under way is brought to its end
    (a change that is cut off halfway would have to be found out by reading), and the error is raised.
    """
    waiting = iter(list(enumerate(items)))
    results: dict[int, Result] = {}
    errors: list[Exception] = []

    async def worker() -> None:
        for number, item in waiting:
            if stopped():
                return
            try:
                results[number] = await work(item)
            except Exception as error:  # noqa: BLE001 - raised below, when the others have ended
                errors.append(error)
            if errors:
                return

    await asyncio.gather(*(worker() for _ in range(at_once)))
    if errors:
        raise errors[0]
    return tuple(results[number] for number in sorted(results))
