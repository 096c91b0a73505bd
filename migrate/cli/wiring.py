"""Adapters put together from the common options."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from inventory.arm import ArmConnection, ArmSettings
from inventory.evidence import sources
from inventory.evidence_source import EvidenceRequest, Workspace
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.hosting import Hosting
from inventory.model import Cloud
from inventory.privilege import tier_of
from inventory.scan import Readers
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
async def readers(
    settings: Settings, *, azure: bool = True, workspace: str | None = None, logs: Path | None = None
) -> AsyncIterator[Readers]:
    """Sign in for a scan; ``azure``: read hosts too; ``workspace`` and ``logs`` say where sign-ins are kept."""
    graph = GraphSettings(
        cloud=settings.cloud or Cloud.PUBLIC, tenant_id=settings.tenant, graph_endpoint=settings.graph_endpoint
    )
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(GraphConnection(graph))
        arm = await stack.enter_async_context(ArmConnection(ArmSettings(sign_in=graph))) if azure else None

        def request(at: datetime) -> EvidenceRequest:
            place = Workspace(id=workspace, settings=graph) if workspace else None
            return EvidenceRequest(at=at, graph=connection, workspace=place, folder=logs)

        yield Readers(
            directory=GraphDirectory(connection, tier_of=tier_of),
            hosting=None if arm is None else partial(Hosting, arm),
            sources=tuple(each for each in sources() if each.wanted(request(datetime.now(UTC)))),
            evidence=request,
        )


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
