"""Adapters put together from the common options."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from inventory.arm import ArmConnection
from inventory.arm_settings import ArmSettings
from inventory.cloud import Cloud
from inventory.errors import SignInFailedError
from inventory.evidence import sources
from inventory.evidence_source import EvidenceRequest, Workspace
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.graph_settings import cloud_of_authority
from inventory.hosting import Hosting
from inventory.privilege import tier_of
from inventory.scan import Readers
from migrate import planuse
from migrate.arm_writer import ArmWriter
from migrate.circumstances import RetirePolicy
from migrate.cli.options import Settings
from migrate.clock import SystemClock
from migrate.deactivation import Deactivator
from migrate.graph_writer import GraphWriter
from migrate.model import Plan
from migrate.ports import Journal
from migrate.seal_writer import GraphSealWriter
from migrate.token_client import AzureTokenExchange

_OTHER_CLOUD = re.compile(r"AADSTS(500011|90002)\b")  # what an authority of another cloud, or its tenant, says


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A signed-in tenant to read and change."""

    directory: GraphDirectory
    writer: GraphWriter
    connection: GraphConnection
    settings: GraphSettings
    seals: GraphSealWriter


def cloud_of(settings: Settings) -> Cloud:
    """Return the cloud that is meant: --cloud, else UNSECRET_CLOUD, else that of AZURE_AUTHORITY_HOST, else public."""
    if settings.cloud is not None:
        return settings.cloud
    named = os.environ.get("UNSECRET_CLOUD")
    if named:
        try:
            return Cloud(named)
        except ValueError:
            clouds = ", ".join(cloud.value for cloud in Cloud)
            raise click.UsageError(f"UNSECRET_CLOUD is {named!r}, which is none of {clouds}") from None
    return cloud_of_authority(os.environ.get("AZURE_AUTHORITY_HOST", "")) or Cloud.PUBLIC


@asynccontextmanager
async def readers(
    settings: Settings, *, azure: bool = True, workspace: str | None = None, logs: Path | None = None
) -> AsyncIterator[Readers]:
    """Sign in for a scan; ``azure``: read hosts too; ``workspace`` and ``logs`` say where sign-ins are kept."""
    graph = GraphSettings(
        cloud=cloud_of(settings),
        tenant_id=settings.tenant,
        graph_endpoint=settings.graph_endpoint,
        variables=settings.variables,
    )
    of_azure = ArmSettings(sign_in=graph, arm_endpoint=settings.arm_endpoint)
    async with AsyncExitStack() as stack:
        stack.enter_context(_cloud_suspected(graph.cloud))
        connection = await stack.enter_async_context(GraphConnection(graph))
        arm = await stack.enter_async_context(ArmConnection(of_azure)) if azure else None

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
        cloud=plan.cloud if plan else cloud_of(settings),
        tenant_id=settings.tenant or (plan.tenant_id if plan else None),
        graph_endpoint=settings.graph_endpoint,
    )
    with _cloud_suspected(graph.cloud):
        async with GraphConnection(graph) as connection:
            directory = GraphDirectory(connection)
            if plan is not None:
                planuse.check_tenant(plan, await directory.tenant())
            yield Tenant(
                directory=directory, writer=GraphWriter(connection), seals=GraphSealWriter(connection),
                connection=connection, settings=graph,
            )  # fmt: skip


@asynccontextmanager
async def hosts(settings: Settings, plan: Plan) -> AsyncIterator[ArmWriter]:
    """Sign in to Azure Resource Manager, in the cloud and tenant of a plan."""
    graph = GraphSettings(cloud=plan.cloud, tenant_id=settings.tenant or plan.tenant_id)
    async with ArmConnection(ArmSettings(sign_in=graph, arm_endpoint=settings.arm_endpoint)) as connection:
        yield ArmWriter(connection, SystemClock())


def deactivator(
    tenant: Tenant, plan: Plan, journal: Journal, rules: RetirePolicy, stopped: Callable[[], bool] = lambda: False
) -> Deactivator:
    """Return what deactivates applications of a plan that nobody uses, in a signed-in tenant."""
    return Deactivator(
        plan=plan, directory=tenant.directory, writer=tenant.writer, journal=journal, clock=SystemClock(), rules=rules,
        stopped=stopped,
    )  # fmt: skip


@contextmanager
def _cloud_suspected(cloud: Cloud) -> Iterator[None]:
    """Say which cloud was asked, where the refusal is the one that a tenant of another cloud gives."""
    try:
        yield
    except SignInFailedError as error:
        if not _OTHER_CLOUD.search(str(error)):
            raise
        hint = f"the cloud {cloud.value} was asked: if the tenant is of another one, name it with --cloud"
        raise SignInFailedError(f"{error}; {hint}") from error


def exchange(settings: Settings, plan: Plan) -> AzureTokenExchange:
    """Return the exchange for a plan's tenant, in the cloud of the plan."""
    graph = GraphSettings(cloud=plan.cloud, tenant_id=plan.tenant_id, graph_endpoint=settings.graph_endpoint)
    return AzureTokenExchange(tenant_id=plan.tenant_id, authority=graph.authority, scope=graph.scope)
