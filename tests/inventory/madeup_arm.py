from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from inventory import hosting_wire
from inventory.arm import ArmConnection
from inventory.arm_settings import ArmSettings
from inventory.cloud import Cloud
from inventory.graph import GraphSettings
from tests.inventory.madeup import MadeUpGraph, StaticCredential

RESOURCE_GRAPH = "/providers/Microsoft.ResourceGraph/resources"
SUBSCRIPTION = "aaaaaaaa-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg"
_NAMES = {
    hosting_wire.HOSTS: "hosts",
    hosting_wire.IDENTITIES: "identities",
    hosting_wire.SUBSCRIPTIONS: "subscriptions",
    hosting_wire.ADDRESSES: "addresses",
    hosting_wire.INTERFACES: "interfaces",
}


def row(kind: str, name: str, **others: Any) -> dict[str, Any]:
    """Make a row of Resource Graph as HOSTS projects it."""
    segments, names = kind.split("/"), name.split("/")
    below = "/".join(part for pair in zip(segments[1:], names, strict=True) for part in pair)
    return {
        "id": f"{GROUP}/providers/{segments[0]}/{below}",
        "name": name,
        "type": kind,
        "subscriptionId": SUBSCRIPTION,
        "resourceGroup": "rg",
        "location": "westeurope",
        "tags": None,
        "identity": None,
        "outbound": None,
        **others,
    }


@dataclass
class MadeUpArm(MadeUpGraph):
    """An Azure Resource Manager of scripted answers, whose Resource Graph pages through the rows that it is given."""

    tables: dict[str, list[Any]] = field(default_factory=dict)
    page_size: int = 1000
    lost: set[str] = field(default_factory=set)
    """Tokens that are no longer known."""
    quota: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tables.setdefault("subscriptions", [{"id": "", "subscriptionId": SUBSCRIPTION}])
        self.answer("/subscriptions", {"value": [{"subscriptionId": SUBSCRIPTION}]})

    def asked(self, name: str) -> list[dict[str, Any]]:
        """List the options of the queries of a kind."""
        bodies = [json.loads(one.body) for one in self.requests if one.target.startswith(RESOURCE_GRAPH)]
        return [one["options"] for one in bodies if _NAMES[one["query"]] == name]

    def _next(self, target: str) -> bytes:
        if not target.startswith(RESOURCE_GRAPH) or RESOURCE_GRAPH in self.answers:
            return super()._next(target)
        body = json.loads(self.requests[-1].body)
        rows, options = self.tables.get(_NAMES[body["query"]], []), body["options"]
        token = options.get("$skipToken")
        if token in self.lost:
            return self._whole({"error": {"code": "BadRequest", "details": [{"code": "InvalidSkipToken"}]}}, status=400)
        start = int(token) if token else options.get("$skip", 0)
        end = start + min(self.page_size, options["$top"])
        more = {"$skipToken": str(end)} if end < len(rows) else {}
        answer = {"data": rows[start:end], "count": end - start, "resultTruncated": "false", **more}
        return self._whole(answer, status=200, cut=0, **self.quota)

    @asynccontextmanager
    async def reached(self, cloud: Cloud = Cloud.PUBLIC) -> AsyncIterator[ArmConnection]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = ArmSettings(sign_in=GraphSettings(cloud=cloud), arm_endpoint=self.url)
        try:
            async with ArmConnection(settings, StaticCredential()) as connection:
                yield connection
        finally:
            server.close()
            await server.wait_closed()
