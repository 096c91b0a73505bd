"""Starting and stopping: ports, certificates, environment, signals, parallel clients, light imports."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.settings import settings as azure_settings
from azure.identity._constants import EnvironmentVariables

from migrate.emulator import environments
from migrate.emulator.clock import VirtualClock
from migrate.emulator.errors import EmulatorError, EmulatorPortError, EmulatorStartError, NotInTenantError
from migrate.emulator.seed.names import AUDITOR, OPERATOR, SERVICES
from migrate.emulator.server import Emulator

ROOT = Path(__file__).parents[2]


def test_the_environment_is_complete(emulator: Emulator) -> None:
    environment = emulator.environment()
    assert environment["AZURE_AUTHORITY_HOST"].startswith("https://localhost:")
    assert environment["UNSECRET_GRAPH_ENDPOINT"] == environment["UNSECRET_ARM_ENDPOINT"] == emulator.authority
    assert environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"].startswith("http://127.0.0.1:")
    assert environment["NO_PROXY"] == environment["no_proxy"] == "localhost,127.0.0.1"
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        assert environment[name] == str(emulator.ca_file)
    assert Path(environment["AZURE_CONFIG_DIR"]).parent == emulator.ca_file.parent
    auditor = emulator.environment(app="read-only-auditor")
    assert auditor["AZURE_CLIENT_ID"] != environment["AZURE_CLIENT_ID"]


@pytest.mark.parametrize(
    ("cloud", "named"), [("public", None), ("usgov", "AZURE_US_GOVERNMENT"), ("china", "AZURE_CHINA_CLOUD")]
)
def test_libraries_are_told_which_cloud_it_is(cloud: str, named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator(apps=5, cloud=cloud) as emulator:
        for given in (emulator.environment(), emulator.proxied_environment()):
            assert given.get("AZURE_SDK_CLOUD_CONF") == named
            monkeypatch.delenv("AZURE_SDK_CLOUD_CONF", raising=False)
            for name, value in given.items():
                monkeypatch.setenv(name, value)
            assert azure_settings.azure_cloud().name == (named or "AZURE_PUBLIC_CLOUD")
        assert emulator.environment().get("UNSECRET_CLOUD") == (cloud if named else None)


def test_whatever_a_library_reads_is_given_or_unset(emulator: Emulator) -> None:
    """The names that azure-identity and msal know, save those that steer nothing."""
    harmless = {"AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"}
    names = {name for name, value in vars(EnvironmentVariables).items() if isinstance(value, str) and name == value}
    assert len(names) > 20
    for given in (emulator.environment(), emulator.proxied_environment()):
        known = {*given, *environments.unset(given)}
        assert names | {"MSAL_FORCE_REGION", "REGION_NAME", "ARM_CLIENT_SECRET", "UNSECRET_CLOUD"} <= known | harmless


@pytest.mark.parametrize("days", [0, 150, 2_000, 130_000])
def test_what_is_always_there_has_a_live_secret_at_any_time(start_world: Any, days: int) -> None:
    with Emulator(apps=5) as emulator:
        world = start_world(emulator)
        before = emulator.environment()["AZURE_CLIENT_SECRET"]
        emulator.advance(timedelta(days=days))
        for name in (OPERATOR, AUDITOR, *SERVICES):
            given = emulator.proxied_environment(name)
            application = emulator.tenant.application_named(name)
            form = world.secret_form(application, client_secret=given["AZURE_CLIENT_SECRET"])
            assert world.token_request(form).status_code == 200
            assert emulator.environment(name)["AZURE_CLIENT_SECRET"] == given["AZURE_CLIENT_SECRET"]
        assert (emulator.environment()["AZURE_CLIENT_SECRET"] == before) is (days < 3_000)
        world.web.close()


def test_a_service_that_a_migration_left_without_secrets_stays_so() -> None:
    with Emulator(apps=5) as emulator:
        tenant = emulator.tenant
        for name in (OPERATOR, "orders-api"):
            tenant.save_application(replace(tenant.application_named(name), passwords=()))
        service = tenant.application_named("orders-api")
        with pytest.raises(NotInTenantError, match=f"be another one .*applications/{service.id}/addPassword"):
            emulator.environment("orders-api")
        assert emulator.environment()["AZURE_CLIENT_SECRET"]
        assert not tenant.application_named("orders-api").passwords


def test_the_bundle_holds_our_authority_alone_and_the_certificate_every_host(emulator: Emulator) -> None:
    trusted = ssl.create_default_context(cafile=str(emulator.ca_file)).get_ca_certs()
    assert len(trusted) == 1
    port = int(emulator.authority.rpartition(":")[2])
    context = ssl.create_default_context(cafile=str(emulator.ca_file))
    for name in ("localhost", "127.0.0.1", "login.microsoftonline.com", "graph.microsoft.us", "management.azure.com"):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            pass


def test_everything_ends_with_the_block() -> None:
    before = set(threading.enumerate())
    with Emulator(apps=5) as emulator:
        folder, port = emulator.ca_file.parent, int(emulator.authority.rpartition(":")[2])
        assert folder.is_dir()
        assert {thread.name for thread in set(threading.enumerate()) - before} >= {"entra-emulator"}
    assert not folder.exists()
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("entra-emulator")]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with pytest.raises(EmulatorStartError):
        _ = emulator.ca_file


def test_a_client_that_keeps_its_connection_does_not_hold_up_the_end(start_world: Any) -> None:
    with Emulator(apps=5) as emulator:
        world = start_world(emulator)
        assert world.bearer()
        before = datetime.now(UTC)
    assert datetime.now(UTC) - before < timedelta(seconds=2)
    world.web.close()


def test_a_taken_port_is_one_line(emulator: Emulator) -> None:
    port = int(emulator.authority.rpartition(":")[2])
    with pytest.raises(EmulatorPortError, match=str(port)) as caught, Emulator(apps=5, port=port):
        pass
    assert "\n" not in str(caught.value)
    with pytest.raises(EmulatorPortError, match=str(port)), Emulator(apps=5, http_port=port):
        pass
    for wrong in (-1, 70_000):
        with pytest.raises(EmulatorPortError), Emulator(apps=5, port=wrong):
            pass


@pytest.mark.parametrize("options", [{"retention_days": 8}, {"apps": -1}, {"cloud": "moon"}])
def test_wrong_arguments_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(EmulatorError):
        Emulator(**options)


def test_it_listens_on_loopback_only(emulator: Emulator) -> None:
    for address in (emulator.authority, emulator.imds_endpoint):
        port = int(address.rpartition(":")[2])
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", port))


def test_the_clock_only_moves_forward() -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(OverflowError):
        clock.advance(timedelta(days=900_000_000))
    assert clock.advance(timedelta(days=400)).year == 2027


def test_a_chosen_start_is_the_date_of_every_answer(start_world: Any) -> None:
    with Emulator(apps=5, start=datetime(2031, 5, 6, 7, tzinfo=UTC)) as emulator:
        world = start_world(emulator)
        for answer in (
            world.web.get("/v1.0/x"),
            world.web.get("/nothing/at/all"),
            world.token_request({}),
            httpx.get(f"{emulator.imds_endpoint}/metadata/identity/oauth2/token", trust_env=False),
        ):
            assert answer.headers["date"].startswith("Tue, 06 May 2031 07:")
            assert "server" not in answer.headers
        world.web.close()


def test_discovery_names_the_cloud_and_leads_back_here(world: Any) -> None:
    tenant_id, base = world.emulator.tenant_id, world.emulator.authority
    for segment in (tenant_id, "contoso.onmicrosoft.com"):
        document = world.web.get(f"/{segment}/v2.0/.well-known/openid-configuration").json()
        assert document["issuer"] == world.issuer
        assert document["token_endpoint"] == f"{base}/{tenant_id}/oauth2/v2.0/token"
        assert world.web.get(document["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"
    shared = world.web.get("/organizations/v2.0/.well-known/openid-configuration").json()
    assert "{tenantid}" in shared["issuer"]
    unknown = world.web.get("/11111111-1111-4111-8111-111111111111/v2.0/.well-known/openid-configuration")
    assert (unknown.status_code, unknown.json()["error_codes"]) == (400, [90002])
    asked_as_cloud = world.web.get(
        f"/{tenant_id}/v2.0/.well-known/openid-configuration", headers={"host": "login.microsoftonline.com"}
    )
    assert asked_as_cloud.json()["token_endpoint"].startswith("https://login.microsoftonline.com/")


def test_many_clients_at_once_get_their_answers(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    limits = httpx.Limits(max_connections=100)
    trust = ssl.create_default_context(cafile=str(world.emulator.ca_file))
    with httpx.Client(verify=trust, limits=limits, base_url=world.emulator.authority, trust_env=False) as web:

        def add(number: int) -> int:
            body = {"name": f"fic-{number}", "issuer": "https://x", "subject": str(number), "audiences": ["a"]}
            path = f"/v1.0/applications/{application.id}/federatedIdentityCredentials"
            return web.post(path, json=body, headers=operator).status_code

        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(add, range(40)))
    assert (answers.count(201), answers.count(400)) == (20, 20)


def test_importing_the_package_loads_no_server() -> None:
    code = "import sys, migrate.emulator as e; assert e.__doc__; print([m for m in ('starlette', 'uvicorn', 'trustme', 'jwt') if m in sys.modules])"  # noqa: E501 - one program
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_shares_no_code_with_what_it_tests() -> None:
    code = (
        "import sys, migrate.emulator.server\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'inventory', 'codemods', 'reports', 'msgraph', 'azure', 'msal'}))\n"  # noqa: E501 - one program
        "print(sorted(m for m in sys.modules if m.startswith('migrate.') and not m.startswith('migrate.emulator')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
def test_the_foreground_command_stops_at_a_signal(number: signal.Signals) -> None:
    code = "from migrate.emulator.server import serve; serve(lambda emu: print(emu.ca_file, flush=True), apps=5)"
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        bundle = Path(process.stdout.readline().strip())
        assert bundle.is_file()
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert not bundle.exists()
