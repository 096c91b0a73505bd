from __future__ import annotations

import asyncio

import pytest

from migrate import concurrency


def test_results_keep_the_order_of_the_items() -> None:
    async def work(item: int) -> int:
        await asyncio.sleep(0.001 * (5 - item))
        return item * 10

    assert asyncio.run(concurrency.each(range(5), work, at_once=3)) == (0, 10, 20, 30, 40)
    assert asyncio.run(concurrency.each([], work, at_once=3)) == ()


def test_after_an_error_nothing_new_begins_and_what_runs_is_finished() -> None:
    begun: list[int] = []
    ended: list[int] = []

    async def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise ValueError("one")
        await asyncio.sleep(0.01)
        ended.append(item)

    with pytest.raises(ValueError, match="one"):
        asyncio.run(concurrency.each(range(10), work, at_once=2))
    assert begun == [0, 1]
    assert ended == [0]
