"""Starts and stops the embedded tenant, in this process or as a foreground command."""

import asyncio
import secrets
import signal
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

import trustme
import uvicorn
from starlette.types import ASGIApp

from migrate.emulator.clouds import served_host_names
from migrate.emulator.errors import EmulatorError, EmulatorPortError, EmulatorStartError
from migrate.emulator.seed import seed_tenant
from migrate.emulator.seed.names import OPERATOR
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.endpoint import TokenEndpoint
from migrate.emulator.tokens.issue import TokenIssuer
from migrate.emulator.tokens.keys import SigningKeys
from migrate.emulator.tokens.managed_identity import ManagedIdentityService
from migrate.emulator.web.common import make_app
from migrate.emulator.web.control import ControlRoutes
from migrate.emulator.web.graph import GraphRoutes
from migrate.emulator.web.identity import IdentityRoutes
from migrate.emulator.web.login import LoginRoutes

LOOPBACK: Final = "127.0.0.1"
RETENTIONS: Final = (7, 30)
"""Days that Entra keeps sign-in logs: without and with a premium licence."""
MOST_APPS: Final = 1_000_000
_START_TIMEOUT: Final = 30.0
_LARGEST_PORT: Final = 65_535
_BACKLOG: Final = 512


class Emulator:
    """An Entra tenant on loopback, for as long as the ``with`` block lasts.

    The authority and Microsoft Graph share one TLS port; managed-identity endpoints and the control endpoint share one
    plain-HTTP port. Both run on an event loop of their own in a background thread.
    """

    def __init__(
        self,
        *,
        apps: int = 40,
        seed: int = 1,
        port: int = 0,
        http_port: int = 0,
        cloud: str = "public",
        start: datetime | None = None,
        retention_days: int = 30,
    ) -> None:
        if retention_days not in RETENTIONS:
            raise EmulatorError(f"sign-in logs are kept for 7 or 30 days, not for {retention_days}")
        if not 0 <= apps <= MOST_APPS:
            raise EmulatorError(f"a tenant of {apps} applications cannot be made; ask for 0 to {MOST_APPS:,}")
        self.tenant: Tenant = seed_tenant(
            apps=apps, seed=seed, cloud=cloud, start=start, retention=timedelta(days=retention_days)
        )
        self.identity_header = secrets.token_hex(16)
        self._requested = (port, http_port)
        self._ports = (0, 0)
        self._servers: tuple[_PromptServer, ...] = ()
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

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
    def control_endpoint(self) -> str:
        """Base address of the control endpoint."""
        return f"{self.imds_endpoint}/_control"

    @property
    def ca_file(self) -> Path:
        """The certificate authority that the TLS port's certificate comes from, and no other."""
        if self._folder is None:
            raise EmulatorStartError("the emulator is not running, so it has no certificate authority")
        return Path(self._folder.name, "ca.pem")

    def environment(self, app: str = OPERATOR) -> dict[str, str]:
        """Give the variables with which ordinary clients reach this tenant as one of its applications."""
        application = self.tenant.application_named(app)
        bundle = str(self.ca_file)
        return {
            "AZURE_AUTHORITY_HOST": self.authority,
            "AZURE_TENANT_ID": self.tenant.id,
            "AZURE_CLIENT_ID": application.app_id,
            "AZURE_CLIENT_SECRET": self.tenant.live_secret_of(application).secret,
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": self.imds_endpoint,
            "UNSECRET_GRAPH_ENDPOINT": self.graph_endpoint,
            "REQUESTS_CA_BUNDLE": bundle,
            "CURL_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "NODE_EXTRA_CA_CERTS": bundle,
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
        }

    def advance(self, by: timedelta) -> None:
        """Move the tenant's clock forward."""
        self.tenant.clock.advance(by)

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            sockets = tuple(undo.enter_context(_bind(port)) for port in self._requested)
            undo.callback(self._stop)
            self._folder = tempfile.TemporaryDirectory(prefix="entra-emulator-")
            self._servers = self._make_servers(Path(self._folder.name))
            self._ports = (sockets[0].getsockname()[1], sockets[1].getsockname()[1])
            self._start(sockets)
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _make_servers(self, folder: Path) -> tuple["_PromptServer", ...]:
        tenant, clock = self.tenant, self.tenant.clock
        keys = SigningKeys(clock)
        issuer = TokenIssuer(tenant, keys)
        login = LoginRoutes(tenant, keys, TokenEndpoint(tenant, keys, issuer))
        service = ManagedIdentityService(tenant, issuer)
        identity = IdentityRoutes(tenant, service, self.identity_header)
        secure = make_app(clock, [*GraphRoutes(tenant, keys).routes(), *login.routes()])
        plain = make_app(clock, [*identity.routes(), *ControlRoutes(tenant).routes()])
        certificate, key = _make_certificates(folder)
        return (
            _PromptServer(_config(secure, ssl_certfile=certificate, ssl_keyfile=key)),
            _PromptServer(_config(plain)),
        )

    def _start(self, sockets: tuple[socket.socket, ...]) -> None:
        self._thread = threading.Thread(target=self._run, args=(sockets,), name="entra-emulator", daemon=True)
        self._thread.start()
        for server in self._servers:
            if not server.up.wait(_START_TIMEOUT) or not server.started:
                raise EmulatorStartError("the emulator's servers did not come up") from self._failure

    def _run(self, sockets: tuple[socket.socket, ...]) -> None:
        try:
            asyncio.run(_serve(self._servers, sockets))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported where the emulator was started
            self._failure = error
        finally:
            for server in self._servers:
                server.up.set()

    def _stop(self) -> None:
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


class _PromptServer(uvicorn.Server):
    """A server that says when it is up and ends without waiting for clients that keep idle TLS connections open."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.abort()
        await asyncio.sleep(0)
        await super().shutdown(sockets)


async def _serve(servers: tuple[_PromptServer, ...], sockets: tuple[socket.socket, ...]) -> None:
    pairs = zip(servers, sockets, strict=True)
    await asyncio.gather(*(server.serve(sockets=[bound]) for server, bound in pairs))


def _config(app: ASGIApp, *, ssl_certfile: Path | None = None, ssl_keyfile: Path | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=1,
        ssl_certfile=ssl_certfile,
        ssl_keyfile=ssl_keyfile,
    )


def _bind(port: int) -> socket.socket:
    if not 0 <= port <= _LARGEST_PORT:
        raise EmulatorPortError(port, "ports go from 0 to 65535")
    # The protocol is named because asyncio turns Nagle's algorithm off (40 ms a request) only where it is.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise EmulatorPortError(port, error.strerror or str(error)) from error
    return bound


def _make_certificates(folder: Path) -> tuple[Path, Path]:
    authority = trustme.CA()
    leaf = authority.issue_cert(*served_host_names())
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate, key = folder / "server.pem", folder / "server.key"
    for blob in leaf.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    leaf.private_key_pem.write_to_path(key)
    return certificate, key


def serve(
    announce: Callable[[Emulator], None], *, apps: int = 40, seed: int = 1, port: int = 0, cloud: str = "public"
) -> None:
    """Run a tenant until SIGINT or SIGTERM; ``announce`` is called once it answers."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Emulator(apps=apps, seed=seed, port=port, cloud=cloud) as emulator:
            announce(emulator)
            # A wait without a limit cannot be interrupted by signals on every platform.
            while not stopped.wait(0.5):
                pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
