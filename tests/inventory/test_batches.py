"""``$batch`` against a made-up Graph on loopback."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from inventory.batches import Reply, read_each
from inventory.errors import InventoryError, PermissionMissingError, ReadFailedError
from tests.inventory.madeup import MadeUpGraph

_BATCH = "/v1.0/$batch"


def _part(number: int, status: int = 200, body: Any = None, **headers: str) -> dict[str, Any]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"id": str(number), "status": status, "headers": given, "body": body if body is not None else {"n": number}}


def _read(graph: MadeUpGraph, count: int) -> list[Reply]:
    async def run() -> list[Reply]:
        async with graph.connected() as connection:
            return await read_each(connection, "v1.0", [f"/things/{number}" for number in range(count)])

    return asyncio.run(run())


def _asked(graph: MadeUpGraph) -> list[list[str]]:
    return [[part["url"] for part in json.loads(request.body)["requests"]] for request in graph.requests]


def test_replies_come_in_the_order_that_was_asked_for(graph: MadeUpGraph) -> None:
    graph.answer(_BATCH, {"responses": [_part(number) for number in reversed(range(20))]})
    replies = _read(graph, 20)
    assert [json.loads(reply.body)["n"] for reply in replies] == list(range(20))
    [request] = graph.requests
    assert (request.method, request.headers["x-ms-throttle-priority"]) == ("POST", "Low")
    first = json.loads(request.body)["requests"][0]
    assert (first["method"], first["url"]) == ("GET", "/things/0")
    assert first["headers"]["x-ms-throttle-priority"] == "Low"


def test_twenty_are_asked_for_in_one_request(graph: MadeUpGraph) -> None:
    graph.answer(_BATCH, {"responses": [_part(number) for number in range(20)]})
    assert len(_read(graph, 45)) == 45
    assert sorted(len(urls) for urls in _asked(graph)) == [5, 20, 20]


def test_only_what_was_throttled_failed_or_forgotten_is_asked_for_again(graph: MadeUpGraph, waits: list[float]) -> None:
    throttled = _part(1, 429, {}, Retry_After="2.5")
    graph.answer(_BATCH, {"responses": [_part(0), throttled, _part(2, 503, {}), _part(3, 404, {})]})
    graph.answer(_BATCH, {"responses": [_part(0, body={"n": 1}), _part(1, body={"n": 2}), _part(2, body={"n": 4})]})
    replies = _read(graph, 5)
    assert [reply.status for reply in replies] == [200, 200, 200, 404, 200]
    assert _asked(graph)[1] == ["/things/1", "/things/2", "/things/4"]
    assert waits == [2.5]
    assert [json.loads(reply.body)["n"] for reply in (replies[1], replies[2], replies[4])] == [1, 2, 4]


def test_what_stays_throttled_is_an_error_of_its_own(graph: MadeUpGraph, waits: list[float]) -> None:
    graph.answer(_BATCH, {"responses": [_part(0, 429, {"error": {"code": "TooManyRequests", "message": "x"}})]})
    [reply] = _read(graph, 1)
    error = reply.understood(json.loads)
    assert isinstance(error, ReadFailedError)
    assert error.status == 429
    assert (len(graph.requests), waits) == (6, [1, 2, 4, 8, 16])


def test_a_part_may_be_denied_or_odd(graph: MadeUpGraph) -> None:
    denied = {"error": {"code": "Authorization_RequestDenied", "message": "no"}}
    graph.answer(_BATCH, {"responses": [_part(0, 403, denied), {"id": "1", "status": 200}, _part(2, 404, denied)]})
    first, second, third = _read(graph, 3)
    assert isinstance(first.understood(json.loads), PermissionMissingError)
    assert isinstance(second.understood(_strict), InventoryError)
    assert (third.gone, first.gone) == (True, False)


def _strict(body: bytes) -> Any:
    import msgspec  # noqa: PLC0415

    return msgspec.json.decode(body)


@pytest.mark.parametrize("body", [b'{"responses": [', b"<html>"])
def test_a_batch_whose_answer_ends_early_is_asked_for_again(
    graph: MadeUpGraph, waits: list[float], body: bytes
) -> None:
    graph.answer(_BATCH, body)
    graph.answer(_BATCH, {"responses": [_part(0)]})
    assert [reply.status for reply in _read(graph, 1)] == [200]
    assert waits == [0.1]


def test_a_whole_batch_that_is_refused_is_told(graph: MadeUpGraph) -> None:
    graph.answer(_BATCH, {"error": {"code": "BadRequest", "message": "no batches"}}, status=400)
    with pytest.raises(ReadFailedError, match="no batches"):
        _read(graph, 100)
