"""Starts and stops the embedded tenant, in this process or as a foreground command."""

import asyncio
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from socket import socket
from types import TracebackType
from typing import Any, Final, Self

import trustme
from starlette.applications import Starlette
from starlette.types import ASGIApp

from migrate.emulator import environments, host_environments
from migrate.emulator.announcement import Announcement
from migrate.emulator.clock import ShiftedClock
from migrate.emulator.clouds import served_host_names
from migrate.emulator.ending import Ending
from migrate.emulator.errors import EmulatorError, EmulatorStartError
from migrate.emulator.faults.engine import install
from migrate.emulator.faults.parsing import read_file
from migrate.emulator.folders import OwnFolder
from migrate.emulator.listening import LOOPBACK, PromptServer, bind, make_server, serve_all
from migrate.emulator.persistence.memory import Wanted
from migrate.emulator.persistence.opening import open_memory
from migrate.emulator.proxy import Proxy
from migrate.emulator.seed.names import OPERATOR
from migrate.emulator.state.tenant import ROOT_HOST, Tenant
from migrate.emulator.tokens.endpoint import TokenEndpoint
from migrate.emulator.tokens.issue import TokenIssuer
from migrate.emulator.vault.access import vault_named
from migrate.emulator.vault.book import VaultBook
from migrate.emulator.web.arm import ArmRoutes
from migrate.emulator.web.common import CommonSurface
from migrate.emulator.web.control import ControlRoutes, OwnMachineOnly
from migrate.emulator.web.faulty import Faulty
from migrate.emulator.web.graph import GraphRoutes
from migrate.emulator.web.hosts import by_service
from migrate.emulator.web.identity import IdentityRoutes
from migrate.emulator.web.identity_arc import ArcKeys
from migrate.emulator.web.inspection import InspectionRoutes
from migrate.emulator.web.login import LoginRoutes
from migrate.emulator.web.outside import ClusterRoutes
from migrate.emulator.web.request_log import RequestLog
from migrate.emulator.web.unserved import Unserved, UnservedWatch
from migrate.emulator.web.vault import VaultRoutes

RETENTIONS: Final = (7, 30)
"""Days that Entra keeps sign-in logs: without and with a premium licence."""
MOST_APPS: Final = 1_000_000
_START_TIMEOUT: Final = 30.0


class Emulator:
    """An Entra tenant on loopback, for as long as the ``with`` block lasts.

    The authority, Microsoft Graph and Azure Resource Manager share one TLS port; managed-identity endpoints and the
    control endpoint share one plain-HTTP port; a proxy on a third leads the public host names to the two. All run on an
    event loop of their own in a background thread. ``tell`` is called, on that thread, with each new host (as
    ``host:port``) that a client asked the proxy for in vain. ``arc_keys`` is the folder for the key files of Azure
    Arc's challenge, by default the one that clients insist on. ``state`` is a file that holds the tenant from one run
    to the next, secrets included: where it exists, what is None here is as it says, and anything else has to be what
    the tenant in it was made with (StateFileError otherwise). It is saved at the end of the ``with`` block, of which
    there can be only one then, and every few seconds before.
    """

    def __init__(
        self,
        *,
        apps: int | None = None,
        seed: int | None = None,
        port: int = 0,
        http_port: int = 0,
        proxy_port: int = 0,
        cloud: str | None = None,
        start: datetime | None = None,
        retention_days: int | None = None,
        tell: Callable[[str], None] | None = None,
        arc_keys: Path | None = None,
        faults: Path | None = None,
        state: Path | None = None,
    ) -> None:
        if retention_days is not None and retention_days not in RETENTIONS:
            raise EmulatorError(f"sign-in logs are kept for 7 or 30 days, not for {retention_days}")
        if apps is not None and not 0 <= apps <= MOST_APPS:
            raise EmulatorError(f"a tenant of {apps} applications cannot be made; ask for 0 to {MOST_APPS:,}")
        plan = None if faults is None else read_file(faults)
        retention = None if retention_days is None else timedelta(days=retention_days)
        wanted = Wanted(apps=apps, seed=seed, cloud=cloud, start=start, retention=retention)
        self._memory, self._state = open_memory(wanted, state)
        self.tenant: Tenant = self._memory.tenant
        if plan is not None:
            install(self.tenant, plan)
            self.tenant.faults.resume(self._memory.unsettled)
        self.identity_header = secrets.token_hex(16)
        self.outside = self._memory.outside
        self.vaults = VaultBook()
        self._arc_folder = arc_keys
        self._arc = ArcKeys(arc_keys)
        self._key = secrets.token_urlsafe(24)
        self._tell = tell
        self._requested = (port, http_port, proxy_port)
        self._ports = (0, 0, 0)
        self._servers: tuple[PromptServer, ...] = ()
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None
        self._folder: OwnFolder | None = None

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID."""
        return self.tenant.id

    @property
    def authority(self) -> str:
        """Base address of the authority."""
        return f"https://localhost:{self._ports[0]}"

    @property
    def graph_endpoint(self) -> str:
        """Base address of Microsoft Graph, without a version."""
        return self.authority

    @property
    def imds_endpoint(self) -> str:
        """Base address of the metadata service; ``/hosts/NAME`` below it is the one that a host sees."""
        return f"http://{LOOPBACK}:{self._ports[1]}"

    @property
    def proxy_endpoint(self) -> str:
        """Address of the proxy that leads the public host names here."""
        return f"http://{LOOPBACK}:{self._ports[2]}"

    @property
    def control_endpoint(self) -> str:
        """Base address of the control endpoint."""
        return f"{self.imds_endpoint}/_control"

    @property
    def ca_file(self) -> Path:
        """The certificate authority that the TLS port's certificate comes from, and no other."""
        if self._folder is None:
            raise EmulatorStartError("the emulator is not running, so it has no certificate authority")
        return self._folder.path / "ca.pem"

    @property
    def _endpoints(self) -> environments.Endpoints:
        return environments.Endpoints(
            secure=self.authority, plain=self.imds_endpoint, proxy=self.proxy_endpoint, ca_file=self.ca_file
        )

    def environment(self, app: str = OPERATOR) -> dict[str, str]:
        """Give the variables for explicit endpoints, as an application (display name or client id)."""
        return environments.direct(self.tenant, self._endpoints, app)

    def proxied_environment(self, app: str = OPERATOR) -> dict[str, str]:
        """Give the variables with which clients reach this tenant by their default endpoints, through the proxy."""
        return environments.proxied(self.tenant, self._endpoints, app)

    def host_environment(self, host: str = ROOT_HOST) -> dict[str, str]:
        """Give the variables by which a program on a host finds its identity; NotInTenantError for no such host."""
        return host_environments.on_host(self.tenant, self.imds_endpoint, self.identity_header, host)

    def pod_environment(
        self, cluster: str, *, namespace: str, service_account: str, client_id: str, audience: str = ""
    ) -> dict[str, str]:
        """Write a pod's service-account token to a file and give the variables that the pod sees."""
        token = self.outside.service_account_token(
            cluster, namespace=namespace, service_account=service_account, audience=audience
        )
        place = self.ca_file.with_name(f"pod-{secrets.token_hex(8)}.token")
        place.write_text(token, encoding="ascii")
        return host_environments.in_pod(self.tenant, self.authority, self.imds_endpoint, client_id, place)

    @property
    def announcement(self) -> Announcement:
        """What another process of this user needs to find this tenant."""
        return Announcement(
            pid=os.getpid(),
            port=self._ports[0],
            tenant_id=self.tenant_id,
            control=self.control_endpoint,
            key=self._key,
        )

    def advance(self, by: timedelta) -> None:
        """Move the tenant's clock forward."""
        self.tenant.clock.advance(by)

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self._stop)
            sockets = tuple(undo.enter_context(bind(port)) for port in self._requested)
            self._folder = OwnFolder()
            secure, plain, through = (bound.getsockname()[1] for bound in sockets)
            self._ports = (secure, plain, through)
            self.proxy = Proxy(secure_port=secure, plain_port=plain, tell=self._tell, also=self._is_vault)
            servers = self._make_servers(self._folder.path)
            self._servers = servers
            self._start(servers, sockets)
            if self._state is not None:
                self._state.start()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _make_servers(self, folder: Path) -> tuple[PromptServer, PromptServer]:
        tenant = self.tenant
        keys = self._memory.keys
        issuer = TokenIssuer(tenant, keys)
        login = LoginRoutes(tenant, keys, TokenEndpoint(tenant, keys, issuer, self.outside))
        self._arc = ArcKeys(self._arc_folder, otherwise=folder)
        identity = IdentityRoutes(tenant, self._memory.identities, self.identity_header, self._arc)
        unserved = Unserved()
        inspection = InspectionRoutes(proxy=self.proxy, unserved=unserved, hand_out=self._hand_out, key=self._key)
        secure = by_service(
            tenant,
            login=login.routes(),
            graph=GraphRoutes(tenant, keys).routes(),
            arm=ArmRoutes(tenant, keys).routes(),
            vaults=VaultRoutes(tenant, keys, self.vaults).routes(),
            strangers=login.stranger_routes(),
        )
        surfaces = (identity, ControlRoutes(tenant), inspection, ClusterRoutes(self.outside))
        plain = Starlette(routes=[route for surface in surfaces for route in surface.routes()])
        certificate, key = _make_certificates(folder)
        return (
            make_server(self._surface(UnservedWatch(secure, unserved)), certificate=certificate, key=key),
            make_server(self._surface(UnservedWatch(OwnMachineOnly(plain), unserved))),
        )

    def _is_vault(self, host: str) -> bool:
        return vault_named(self.tenant, host) is not None

    def _surface(self, app: ASGIApp) -> ASGIApp:
        tenant = self.tenant
        shifted = ShiftedClock(tenant.clock, lambda: tenant.faults.skew("date"))
        return RequestLog(CommonSurface(Faulty(app, tenant), shifted), tenant)

    def _hand_out(self, app: str, direct: bool) -> dict[str, Any]:  # noqa: FBT001 - a query's two values
        give = environments.direct if direct else environments.proxied
        variables = give(self.tenant, self._endpoints, app or OPERATOR)
        return {"set": variables, "unset": environments.unset(variables)}

    def _start(self, servers: tuple[PromptServer, PromptServer], sockets: tuple[socket, ...]) -> None:
        self._thread = threading.Thread(target=self._run, args=(servers, sockets), name="entra-emulator", daemon=True)
        self._thread.start()
        for server in servers:
            if not server.up.wait(_START_TIMEOUT) or not server.started:
                raise EmulatorStartError("the emulator's servers did not come up") from self._failure

    def _run(self, servers: tuple[PromptServer, PromptServer], sockets: tuple[socket, ...]) -> None:
        try:
            asyncio.run(serve_all(servers, sockets, self.proxy))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported where the emulator was started
            self._failure = error
        finally:
            for server in servers:
                server.up.set()

    def _stop(self) -> None:
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._arc.close()
        if self._folder is not None:
            self._folder.remove()
            self._folder = None
        if self._state is not None:
            self._state.close()


def _make_certificates(folder: Path) -> tuple[Path, Path]:
    authority = trustme.CA()
    leaf = authority.issue_cert(*served_host_names())
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate, key = folder / "server.pem", folder / "server.key"
    for blob in leaf.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    leaf.private_key_pem.write_to_path(key)
    return certificate, key


def serve(announce: Callable[[Emulator], None], *, ending: Ending | None = None, **options: Any) -> None:
    """Run a tenant until SIGINT, SIGTERM or SIGHUP; ``announce`` is called once it is up.

    ``options`` are those of Emulator. Raises StoppedEarlyError for a signal before the tenant was up; ``ending`` is
    given by who has been waiting for signals already.
    """
    if ending is None:
        with Ending() as made:
            serve(announce, ending=made, **options)
        return
    with Emulator(**options) as emulator:
        ending.up()
        announce(emulator)
        ending.wait()
