"""azure-identity, msal and msgraph-sdk, unmodified."""

import asyncio
import ssl
from typing import Any

import httpx
import msal  # type: ignore[import-untyped]  # has no annotations
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
)
from azure.identity.aio import CertificateCredential as AsyncCertificateCredential
from azure.identity.aio import ClientAssertionCredential as AsyncClientAssertionCredential
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from migrate.emulator.certificates import der, thumbprint

GRAPH = "https://graph.microsoft.com/.default"
EXCHANGE = "api://AzureADTokenExchange"


@pytest.fixture
def federated(world: Any) -> Any:
    application = world.new_application()
    assert world.federate(application).status_code == 201
    return application


def pem_of(world: Any, key: Any) -> bytes:
    private = world.emulator.tenant.private_key_of(key.key_id)
    return (
        bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        + ssl.DER_cert_to_PEM_cert(der(key.certificate)).encode()
    )


def arguments(world: Any, application: Any) -> dict[str, Any]:
    return {
        "tenant_id": world.emulator.tenant_id,
        "client_id": application.app_id,
        "authority": world.emulator.authority,
    }


def test_azure_identity_signs_in_with_a_secret(world: Any) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    secret = world.emulator.tenant.live_secret_of(application).secret
    options = {"client_secret": secret, "disable_instance_discovery": True, **arguments(world, application)}
    with ClientSecretCredential(**options) as credential:
        assert credential.get_token(GRAPH).token.count(".") == 2
    with (
        ClientSecretCredential(**{**options, "client_secret": "wrong"}) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(GRAPH)


@pytest.mark.usefixtures("environment")
def test_azure_identity_reads_the_environment() -> None:
    with EnvironmentCredential(disable_instance_discovery=True) as credential:
        assert credential.get_token(GRAPH).token.count(".") == 2


def test_azure_identity_signs_in_with_a_certificate(world: Any) -> None:
    application, key = world.certificate_holder()
    options = {"certificate_data": pem_of(world, key), **arguments(world, application)}
    with CertificateCredential(disable_instance_discovery=True, **options) as credential:
        assert credential.get_token(GRAPH).token.count(".") == 2


def test_azure_identity_exchanges_an_identity_token(world: Any, federated: Any) -> None:
    with ManagedIdentityCredential(client_id=world.identity.client_id) as identity:
        assertion = lambda: identity.get_token(f"{EXCHANGE}/.default").token  # noqa: E731 - as users write it
        with ClientAssertionCredential(func=assertion, **arguments(world, federated)) as credential:
            assert credential.get_token(GRAPH).token.count(".") == 2


def test_azure_identity_finds_app_service(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{world.emulator.imds_endpoint}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", world.emulator.identity_header)
    with ManagedIdentityCredential(client_id=world.identity.client_id) as identity:
        assert identity.get_token(f"{EXCHANGE}/.default").token.count(".") == 2


def test_azure_identity_aio(world: Any, federated: Any) -> None:
    bundle = str(world.emulator.ca_file)  # aiohttp reads SSL_CERT_FILE at import only
    application = world.emulator.tenant.application_named("orders-api")
    secret = world.emulator.tenant.live_secret_of(application).secret
    holder, key = world.certificate_holder()

    async def run() -> list[str]:
        tokens = []
        async with AsyncClientSecretCredential(
            client_secret=secret, connection_verify=bundle, **arguments(world, application)
        ) as by_secret:
            tokens.append((await by_secret.get_token(GRAPH)).token)
        async with AsyncCertificateCredential(
            certificate_data=pem_of(world, key), connection_verify=bundle, **arguments(world, holder)
        ) as by_certificate:
            tokens.append((await by_certificate.get_token(GRAPH)).token)
        async with AsyncManagedIdentityCredential(client_id=world.identity.client_id) as identity:
            assertion = (await identity.get_token(f"{EXCHANGE}/.default")).token
        async with AsyncClientAssertionCredential(
            func=lambda: assertion, connection_verify=bundle, **arguments(world, federated)
        ) as by_assertion:
            tokens.append((await by_assertion.get_token(GRAPH)).token)
        return tokens

    assert [token.count(".") for token in asyncio.run(run())] == [2, 2, 2]


def confidential(world: Any, application: Any, credential: Any, **options: Any) -> dict[str, Any]:
    authority = {"authority": f"{world.emulator.authority}/{world.emulator.tenant_id}", "instance_discovery": False}
    with requests.Session() as session:
        app = msal.ConfidentialClientApplication(
            application.app_id, client_credential=credential, http_client=session, **{**authority, **options}
        )
        return dict(app.acquire_token_for_client([GRAPH]))


def test_msal_signs_in_with_a_secret(world: Any) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    secret = world.emulator.tenant.live_secret_of(application).secret
    assert "access_token" in confidential(world, application, secret)
    refused = confidential(world, application, "wrong")
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize("kind", ["own discovery", "oidc"])
def test_msal_accepts_the_clouds_issuer_behind_a_local_address(world: Any, kind: str) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    secret = world.emulator.tenant.live_secret_of(application).secret
    base, tenant_id = world.emulator.authority, world.emulator.tenant_id
    kinds: dict[str, dict[str, Any]] = {
        "own discovery": {"instance_discovery": f"{base}/common/discovery/instance"},
        "oidc": {"authority": None, "instance_discovery": None, "oidc_authority": f"{base}/{tenant_id}/v2.0"},
    }
    options = kinds[kind]
    assert "access_token" in confidential(world, application, secret, **options)


def test_msal_signs_in_with_a_certificate_and_with_an_assertion(world: Any, federated: Any) -> None:
    holder, key = world.certificate_holder()
    certificate = {"private_key": pem_of(world, key).decode(), "thumbprint": thumbprint(key.certificate).hex()}
    assert "access_token" in confidential(world, holder, certificate)
    assertion = {"client_assertion": lambda: world.identity_token(world.identity)}
    assert "access_token" in confidential(world, federated, assertion)


def test_msal_gets_a_managed_identitys_token(world: Any) -> None:
    with requests.Session() as session:
        client = msal.ManagedIdentityClient(
            msal.UserAssignedManagedIdentity(client_id=world.identity.client_id), http_client=session
        )
        assert "access_token" in client.acquire_token_for_client(resource=EXCHANGE)


def graph_client(world: Any, credential: Any, web: httpx.AsyncClient) -> Any:
    # msgraph is imported here because importing it warns, which fails a collection.
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider  # noqa: PLC0415
    from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: PLC0415
    from msgraph.graph_service_client import GraphServiceClient  # noqa: PLC0415
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]  # noqa: PLC0415

    made = GraphClientFactory.create_with_default_middleware(client=web)
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[GRAPH], allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider, made)
    adapter.base_url = f"{world.emulator.graph_endpoint}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


# Both packages warn about themselves when they are imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:kiota_abstractions", "ignore::DeprecationWarning:msgraph")
def test_msgraph_sdk_reads_pages_writes_and_understands_errors(world: Any, trust: ssl.SSLContext) -> None:
    from kiota_abstractions.api_error import APIError  # noqa: PLC0415
    from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential  # noqa: PLC0415
    from msgraph_core.tasks.page_iterator import PageIterator  # type: ignore[import-untyped]  # noqa: PLC0415

    application = world.new_application()
    operator = world.emulator.tenant.application_named("unsecret-operator")
    secret = world.emulator.tenant.live_secret_of(operator).secret

    async def run() -> tuple[list[Any], Any, Any, int]:
        credential = AsyncClientSecretCredential(
            client_secret=secret, connection_verify=str(world.emulator.ca_file), **arguments(world, operator)
        )
        # The sdk puts its own transport around the client's and never closes the one inside.
        inner = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
        async with credential, inner, httpx.AsyncClient(transport=inner, trust_env=False) as web:
            client = graph_client(world, credential, web)
            seen: list[Any] = []

            def keep(item: Any) -> bool:
                seen.append(item)
                return True

            first = await client.applications.get()
            await PageIterator(first, client.request_adapter).iterate(keep)
            federated = client.applications.by_application_id(application.id).federated_identity_credentials
            body = FederatedIdentityCredential(
                name="by-sdk", issuer=world.issuer, subject=world.identity.principal_id, audiences=[EXCHANGE]
            )
            made = await federated.post(body)
            found = await client.applications_with_app_id(application.app_id).get()
            with pytest.raises(APIError) as refused:
                await client.applications.by_application_id("1f1f1f1f-2222-4222-8222-222222222222").get()
            assert refused.value.error.code == "Request_ResourceNotFound"  # type: ignore[attr-defined]
            return seen, made, found, refused.value.response_status_code or 0

    seen, made, found, status = asyncio.run(run())
    assert len(seen) == len(world.emulator.tenant.applications)
    assert (made.name, found.id, status) == ("by-sdk", application.id, 404)
    assert all(item.additional_data == {} for item in seen), "the sdk's model knows every property"
    names = {item.display_name for item in seen}
    assert "<script>alert(1)</script>" in names
