"""One measurement in a process of its own: ``python client.py MODE URL FILE``; prints JSON.

Times begin after all imports. ``cpu`` is processor time of this process in seconds, ``memory`` its peak in MiB.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import resource
import sys
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
from azure.core.credentials import AccessToken

from inventory import rows
from inventory.cloud import Cloud
from inventory.documented import APPLICATION
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.model import TenantId
from inventory.snapshot import SnapshotWriter
from inventory.wire import WireApplication

_NEXT = re.compile(rb'"@odata\.nextLink":"([^"]+)"')
_QUERY = "/v1.0/applications?$top=999&$expand=owners($select=id,displayName,accountEnabled)"
_decode: Callable[[bytes], Any] = rows._decoder(WireApplication, APPLICATION, frozenset()).decode


class Token:
    """Signs in at once."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ARG002 - azure-core's signature
        return AccessToken("x", 4102444800)

    async def close(self) -> None:
        return None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[GraphConnection]:
    async with GraphConnection(GraphSettings(graph_endpoint=url), Token()) as connection:
        yield connection


async def raw_httpx(url: str, _: Path) -> int:
    """Follow the links with httpx and decode with msgspec."""
    count, following = 0, url + _QUERY
    async with httpx.AsyncClient(timeout=60, trust_env=False) as web:
        while following:
            page = _decode((await web.get(following, headers={"Authorization": "Bearer x"})).content)
            count += len(page.value)
            following = page.next_link
    return count


async def reader(url: str, _: Path) -> int:
    """Do the same through our connection: the adapter of the SDK and its middleware."""
    count, following = 0, _QUERY
    async with connected(url) as connection:
        while following:
            page = (await connection.read(following, _decode, low=True)).value
            count += len(page.value)
            following = page.next_link
    return count


async def bytes_only(url: str, _: Path) -> int:
    """Crawl through our connection and look for the next link only."""
    count, following = 0, _QUERY
    async with connected(url) as connection:
        while following:
            body = (await connection.read(following, bytes, low=True)).value
            found = _NEXT.search(body, 0, 1000)
            count, following = count + 999, found[1].decode() if found else ""
    return count


async def values(url: str, _: Path) -> int:
    """Read the values of the inventory."""
    async with connected(url) as connection:
        return sum([len(tuple(page.entries)) async for page in GraphDirectory(connection).applications()])


async def snapshot(url: str, path: Path) -> int:
    """Read the values of the inventory into a snapshot."""
    began = datetime(2026, 3, 2, tzinfo=UTC)
    for left in path.parent.glob(f".{path.name}*"):
        left.unlink()
    with SnapshotWriter(path, tenant_id=TenantId("t"), cloud=Cloud.PUBLIC, taken_at=began) as writer:
        async with connected(url) as connection:
            async for page in GraphDirectory(connection).applications():
                writer.add("applications", page)
        return writer.count("applications")


async def models(url: str, _: Path) -> int:
    """Let msgraph-sdk make its models, with its iterator over pages."""
    from kiota_abstractions.authentication import AnonymousAuthenticationProvider  # noqa: PLC0415
    from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: PLC0415
    from msgraph.graph_service_client import GraphServiceClient  # noqa: PLC0415
    from msgraph_core import PageIterator  # type: ignore[import-untyped]  # noqa: PLC0415

    adapter = GraphRequestAdapter(AnonymousAuthenticationProvider())
    adapter.base_url = f"{url}/v1.0"
    builder = GraphServiceClient(request_adapter=adapter).applications.with_url(url + _QUERY)
    await builder.get()  # the first model imports more than a thousand modules
    begin()
    seen: list[str] = []

    def keep(application: Any) -> bool:
        seen.append(application.id)
        return True

    await PageIterator(await builder.get(), adapter).iterate(keep)
    return len(seen)


def collections(directory: GraphDirectory) -> list[Callable[[], Awaitable[int]]]:
    async def pages(listing: AsyncIterator[Any]) -> int:
        return sum([1 async for _ in listing])

    return [
        lambda: pages(directory.applications()),
        lambda: pages(directory.federated()),
        lambda: pages(directory.service_principals()),
        lambda: pages(directory.identity_federated()),
        lambda: pages(directory.roles()),
        lambda: pages(directory.policies()),
    ]


async def one_chain(url: str, _: Path) -> int:
    async with connected(url) as connection:
        return sum([await read() for read in collections(GraphDirectory(connection))])


async def side_by_side(url: str, _: Path) -> int:
    async with connected(url) as connection:
        return sum(await asyncio.gather(*(read() for read in collections(GraphDirectory(connection)))))


_started: list[float] = []


def begin() -> None:
    _started[:] = [time.process_time(), time.perf_counter()]


def main(mode: str, url: str, path: Path) -> None:
    job = {
        "raw": raw_httpx, "reader": reader, "bytes": bytes_only, "values": values, "snapshot": snapshot,
        "models": models, "chain": one_chain, "parallel": side_by_side,
    }[mode]  # fmt: skip
    gc.collect()
    if mode != "models":
        gc.freeze()
        gc.disable()
    begin()
    count = asyncio.run(job(url, path))
    cpu, wall = time.process_time() - _started[0], time.perf_counter() - _started[1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"count": count, "cpu": cpu, "wall": wall, "memory": memory}))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
