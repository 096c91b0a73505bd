"""The v1.0 endpoints, discovery, resource names and claims, and certificates under a clock that was moved."""

import asyncio
import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import msal  # type: ignore[import-untyped]  # has no annotations
import pytest
import requests
from azure.identity import CertificateCredential
from azure.identity.aio import CertificateCredential as AsyncCertificateCredential
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from migrate.emulator.certificates import der, thumbprint
from migrate.emulator.server import Emulator

GRAPH = "https://graph.microsoft.com"
ARM = "https://management.azure.com"
ARM_APP = "797f4846-ba00-4fd7-ba43-dac1f8f63013"


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def v1(world: Any, form: dict[str, str], resource: str | None = GRAPH, tenant: str = "") -> Any:
    asked = {name: value for name, value in form.items() if name != "scope"}
    asked |= {} if resource is None else {"resource": resource}
    return world.web.post(f"/{tenant or world.emulator.tenant_id}/oauth2/token", data=asked)


def by_certificate(world: Any) -> dict[str, str]:
    application, key = world.certificate_holder()
    audience = f"{world.emulator.authority}/{world.emulator.tenant_id}/oauth2/token"
    signed = world.sign(key, world.assertion_claims(application, aud=audience))
    return dict(world.assertion_form(application, signed))


def by_federation(world: Any) -> dict[str, str]:
    application = world.new_application()
    world.federate(application)
    return dict(world.assertion_form(application, world.identity_token(world.identity)))


def by_secret(world: Any) -> dict[str, str]:
    return dict(world.secret_form(world.emulator.tenant.application_named("orders-api")))


@pytest.mark.parametrize("credential", [by_secret, by_certificate, by_federation])
def test_the_v1_endpoint_answers_with_texts(world: Any, credential: Any) -> None:
    answer = v1(world, credential(world), f"{GRAPH}/")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {
        "token_type", "expires_in", "ext_expires_in", "expires_on", "not_before", "resource", "access_token",
    }  # fmt: skip
    assert all(isinstance(value, str) for value in body.values())
    assert body["resource"] == f"{GRAPH}/", "the client finds its own spelling again"
    claims = claims_of(body["access_token"])
    assert (body["expires_on"], body["not_before"]) == (str(claims["exp"]), str(claims["nbf"]))
    assert 3590 <= int(body["expires_in"]) <= 3599


@pytest.mark.parametrize(
    ("resource", "audience"),
    [
        (GRAPH, GRAPH),
        ("00000003-0000-0000-c000-000000000000", GRAPH),
        (ARM, ARM),
        (f"{ARM}/", ARM),
        (ARM_APP, ARM),
        ("https://management.core.windows.net/", ARM),
        ("https://localhost:8443", GRAPH),
        ("https://127.0.0.1:8443/", GRAPH),
        ("https://localhost:8443/arm", ARM),
        ("https://localhost:8443/arm/", ARM),
    ],
)
def test_a_resource_has_many_names_on_both_endpoints(world: Any, resource: str, audience: str) -> None:
    form = by_secret(world)
    first = v1(world, form, resource).json()["access_token"]
    second = world.token_request({**form, "scope": f"{resource}/.default"}).json()["access_token"]
    assert claims_of(first)["aud"] == claims_of(second)["aud"] == audience


def test_a_token_for_an_alias_of_graph_opens_graph(world: Any) -> None:
    form = world.secret_form(world.emulator.tenant.application_named("unsecret-operator"))
    token = world.token_request({**form, "scope": f"{world.emulator.authority}/.default"}).json()["access_token"]
    answer = world.web.get("/v1.0/applications?$top=1", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("resource", "tenant", "code"),
    [
        (None, "", 900144),
        ("", "", 900144),
        ("api://nobody", "", 500011),
        (f"{GRAPH}/.default", "", 500011),
        (GRAPH, "common", 50059),
        (GRAPH, "nowhere.example", 90002),
    ],
)
def test_the_v1_endpoint_refuses(world: Any, resource: str | None, tenant: str, code: int) -> None:
    answer = v1(world, by_secret(world), resource, tenant)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [code])


def test_a_v1_sign_in_is_logged_like_any_other(own_world: Any) -> None:
    log = own_world.emulator.tenant.sign_ins
    before = len(log)
    v1(own_world, by_secret(own_world), ARM)
    assert len(log) == before + 1
    assert log.at(before).resource_id == ARM_APP


# --- discovery -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("segment", ["{tenant}", "common", "organizations", "contoso.onmicrosoft.com"])
@pytest.mark.parametrize(
    ("path", "issuer", "protocol"),
    [("", "https://sts.windows.net/{who}/", "oauth2"),
     ("/v2.0", "https://login.microsoftonline.com/{who}/v2.0", "oauth2/v2.0")],
)  # fmt: skip
def test_discovery_leads_to_the_endpoints_of_its_version(
    world: Any, segment: str, path: str, issuer: str, protocol: str
) -> None:
    segment = segment.format(tenant=world.emulator.tenant_id)
    shared = segment in ("common", "organizations")
    who = "{tenantid}" if shared else world.emulator.tenant_id
    document = world.web.get(f"/{segment}{path}/.well-known/openid-configuration").json()
    assert document["issuer"] == issuer.format(who=who)
    base = f"{world.emulator.authority}/{segment if shared else who}"
    assert document["token_endpoint"] == f"{base}/{protocol}/token"
    keys = world.web.get(document["jwks_uri"]).json()["keys"]
    token = world.token_request(by_secret(world)).json()["access_token"]
    assert jwt.get_unverified_header(token)["kid"] in [key["kid"] for key in keys]


def discover(world: Any, endpoint: str) -> Any:
    query = {"api-version": "1.0", "authorization_endpoint": endpoint}
    return world.web.get("/common/discovery/instance", params=query).json()


@pytest.mark.parametrize(
    ("name", "preferred"),
    [("login.microsoftonline.com", "login.microsoftonline.com"), ("sts.windows.net", "login.microsoftonline.com"),
     ("login.usgovcloudapi.net", "login.microsoftonline.us"),
     ("login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn")],
)  # fmt: skip
def test_instance_discovery_knows_the_authorities_of_every_cloud(world: Any, name: str, preferred: str) -> None:
    found = discover(world, f"https://{name}/common/oauth2/v2.0/authorize")
    assert found["tenant_discovery_endpoint"] == f"https://{name}/common/v2.0/.well-known/openid-configuration"
    entry = next(item for item in found["metadata"] if name in item["aliases"])
    assert entry["preferred_network"] == preferred
    older = discover(world, f"https://{name}/common/oauth2/authorize")
    assert older["tenant_discovery_endpoint"] == f"https://{name}/common/.well-known/openid-configuration"


def test_instance_discovery_vouches_for_the_emulator_itself(world: Any) -> None:
    found = discover(world, f"https://localhost/{world.emulator.tenant_id}/oauth2/v2.0/authorize")
    document = world.web.get(found["tenant_discovery_endpoint"])
    assert document.json()["token_endpoint"].startswith(world.emulator.authority)


# --- other parameters ------------------------------------------------------------------------------------------------


def test_client_capabilities_come_back_in_the_token_and_client_info_does_not(world: Any) -> None:
    asked = {"claims": '{"access_token":{"xms_cc":{"values":["CP1"]}}}', "client_info": "1"}
    answer = world.token_request({**by_secret(world), **asked}).json()
    assert claims_of(answer["access_token"])["xms_cc"] == ["CP1"]
    assert set(answer) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    plain = world.token_request(by_secret(world)).json()["access_token"]
    assert "xms_cc" not in claims_of(plain)


@pytest.mark.parametrize("claims", ['{"access_token":7}', '{"access_token":{"xms_cc":{"values":7}}}', "{}"])
def test_claims_that_ask_for_nothing_known_are_ignored(world: Any, claims: str) -> None:
    assert world.token_request({**by_secret(world), "claims": claims}).status_code == 200


def test_the_endpoint_tells_which_methods_it_takes(world: Any) -> None:
    answer = world.web.options(f"/{world.emulator.tenant_id}/oauth2/v2.0/token")
    assert (answer.status_code, answer.headers["allow"]) == (200, "POST, OPTIONS")


# --- certificates and the clock --------------------------------------------------------------------------------------


@pytest.fixture(params=["moved", "started later", "started earlier"])
def shifted(request: pytest.FixtureRequest, start_world: Any) -> Iterator[Any]:
    """A tenant whose clock is not the clients'."""
    by = {"moved": timedelta(0), "started later": timedelta(days=20), "started earlier": timedelta(days=-20)}
    with Emulator(apps=20, seed=3, start=datetime.now(UTC) + by[request.param]) as emulator:
        if request.param == "moved":
            emulator.advance(timedelta(days=3))
        world = start_world(emulator)
        yield world
        world.web.close()


def test_real_clients_sign_in_with_a_certificate_in_a_tenant_of_another_time(
    shifted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = shifted.emulator
    bundle = str(emulator.ca_file)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, bundle)
    application, key = shifted.certificate_holder()
    private = emulator.tenant.private_key_of(key.key_id)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    options = {"tenant_id": emulator.tenant_id, "client_id": application.app_id, "authority": emulator.authority,
               "certificate_data": pem + _certificate_pem(key), "connection_verify": bundle}  # fmt: skip

    with CertificateCredential(disable_instance_discovery=True, **options) as credential:
        assert credential.get_token(f"{GRAPH}/.default").token

    async def asynchronously() -> str:
        async with AsyncCertificateCredential(**options) as later:
            return (await later.get_token(f"{GRAPH}/.default")).token

    assert asyncio.run(asynchronously())
    with requests.Session() as session:
        session.verify = bundle
        client = msal.ConfidentialClientApplication(
            application.app_id,
            client_credential={"private_key": pem.decode(), "thumbprint": thumbprint(key.certificate).hex()},
            authority=f"{emulator.authority}/{emulator.tenant_id}",
            instance_discovery=False,
            http_client=session,
        )
        assert "access_token" in client.acquire_token_for_client([f"{GRAPH}/.default"])


def _certificate_pem(key: Any) -> bytes:
    body = base64.encodebytes(der(key.certificate))
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


def test_an_assertion_that_is_over_by_both_clocks_is_refused(shifted: Any) -> None:
    application, key = shifted.certificate_holder()
    tenants, clients = shifted.emulator.tenant.clock.timestamp(), int(time.time())
    for now, shift, status in (
        (clients, 0, 200), (tenants, 0, 200),
        (clients, -7200, 401), (tenants, -7200, 401), (clients, 7200, 401), (tenants, 7200, 401),
        ((clients + tenants) // 2, 0, 401),
    ):  # fmt: skip
        claims = shifted.assertion_claims(application, nbf=now + shift - 10, exp=now + shift + 300)
        answer = shifted.token_request(shifted.assertion_form(application, shifted.sign(key, claims)))
        assert answer.status_code == status, (now - clients, shift)
        assert status == 200 or answer.json()["error_codes"] == [700024]


def test_a_certificate_that_is_over_by_the_tenants_clock_is_refused(start_world: Any) -> None:
    with Emulator(apps=20, seed=3) as emulator:
        world = start_world(emulator)
        application, key = world.certificate_holder()
        emulator.advance(key.end - emulator.tenant.clock.now() + timedelta(days=1))
        signed = world.sign(key, world.assertion_claims(application))
        assert world.token_request(world.assertion_form(application, signed)).json()["error_codes"] == [700027]
        world.web.close()
