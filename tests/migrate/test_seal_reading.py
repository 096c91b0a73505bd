"""How a seal's policies are read from a made-up Graph on loopback."""

from __future__ import annotations

import asyncio

import pytest

from inventory.errors import ReadFailedError
from inventory.model import ApplicationId
from migrate.seal_writer import GraphSealWriter
from tests.inventory.madeup import MadeUpGraph


def test_pages_of_policies_that_lead_in_a_circle_end_the_reading() -> None:
    graph = MadeUpGraph()
    path = "/beta/applications/a/appManagementPolicies"
    for number in range(3):
        link = f"{{url}}{path}?$skiptoken={(number + 1) % 3}"
        graph.pages[f"?$skiptoken={number}"] = {"value": [], "@odata.nextLink": link}
    graph.pages[path] = {"value": [], "@odata.nextLink": f"{{url}}{path}?$skiptoken=0"}

    async def read() -> None:
        async with graph.connected() as connection:
            await GraphSealWriter(connection).assigned(ApplicationId("a"))

    with pytest.raises(ReadFailedError, match="one that was read before"):
        asyncio.run(read())
