"""Adapters put together from the common options."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.model import Cloud
from migrate import planuse
from migrate.cli.options import Settings
from migrate.graph_writer import GraphWriter
from migrate.model import Plan
from migrate.token_client import AzureTokenExchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A signed-in tenant to read and change."""

    directory: GraphDirectory
    writer: GraphWriter


@asynccontextmanager
async def tenant(settings: Settings, plan: Plan | None = None) -> AsyncIterator[Tenant]:
    """Sign in; with a plan in its cloud, and only where the tenant that answers is the plan's."""
    graph = GraphSettings(
        cloud=plan.cloud if plan else settings.cloud or Cloud.PUBLIC,
        tenant_id=settings.tenant or (plan.tenant_id if plan else None),
        graph_endpoint=settings.graph_endpoint,
    )
    async with GraphConnection(graph) as connection:
        directory = GraphDirectory(connection)
        if plan is not None:
            planuse.check_tenant(plan, await directory.tenant())
        yield Tenant(directory=directory, writer=GraphWriter(connection))


def exchange(settings: Settings, plan: Plan) -> AzureTokenExchange:
    """Return the exchange for a plan's tenant, in the cloud of the plan."""
    graph = GraphSettings(cloud=plan.cloud, tenant_id=plan.tenant_id, graph_endpoint=settings.graph_endpoint)
    return AzureTokenExchange(tenant_id=plan.tenant_id, authority=graph.authority, scope=graph.scope)
