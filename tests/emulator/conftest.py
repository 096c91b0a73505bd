"""One emulator for the whole folder; tests that move its clock or stop it start one of their own."""

import base64
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from migrate.emulator.certificates import thumbprint, thumbprint_sha256
from migrate.emulator.server import Emulator
from migrate.emulator.state.records import Application, KeyCredential, ManagedIdentity

GRAPH = "https://graph.microsoft.com/.default"
EXCHANGE = "api://AzureADTokenExchange"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(apps=60, seed=7) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every client at the emulator, so that none can ever ask 169.254.169.254."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a test does to an emulator over the wire."""

    emulator: Emulator
    web: httpx.Client

    def token_request(self, form: dict[str, str], tenant: str = "", **options: Any) -> httpx.Response:
        return self.web.post(f"/{tenant or self.emulator.tenant_id}/oauth2/v2.0/token", data=form, **options)

    def secret_form(self, application: Application, **changes: str) -> dict[str, str]:
        secret = self.emulator.tenant.live_secret_of(application).secret
        return {
            "grant_type": "client_credentials",
            "client_id": application.app_id,
            "client_secret": secret,
            "scope": GRAPH,
            **changes,
        }

    def assertion_form(self, application: Application, assertion: str, **changes: str) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": application.app_id,
            "client_assertion": assertion,
            "client_assertion_type": ASSERTION,
            "scope": GRAPH,
            **changes,
        }

    def bearer(self, name: str = "unsecret-operator") -> dict[str, str]:
        application = self.emulator.tenant.application_named(name)
        answer = self.token_request(self.secret_form(application))
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def identity_token(self, identity: ManagedIdentity, resource: str = EXCHANGE, host: str = "") -> str:
        answer = httpx.get(
            f"{self.emulator.imds_endpoint}{host}/metadata/identity/oauth2/token",
            params={"api-version": "2018-02-01", "resource": resource, "client_id": identity.client_id},
            headers={"Metadata": "true"},
            trust_env=False,
        )
        return str(answer.json()["access_token"])

    def new_application(self, **body: Any) -> Application:
        """Make an application with a service principal and one secret, that no other test touches."""
        made = self.web.post("/v1.0/applications", json={"displayName": "test app", **body}, headers=self.bearer())
        assert made.status_code == 201, made.text
        headers = self.bearer()
        self.web.post("/v1.0/servicePrincipals", json={"appId": made.json()["appId"]}, headers=headers)
        self.web.post(f"/v1.0/applications/{made.json()['id']}/addPassword", json={}, headers=headers)
        found = self.emulator.tenant.applications.get(made.json()["id"])
        assert found is not None
        return found

    def federate(self, application: Application, **changes: Any) -> httpx.Response:
        body = {
            "name": "mi-1",
            "issuer": self.issuer,
            "subject": self.identity.principal_id,
            "audiences": [EXCHANGE],
            **changes,
        }
        path = f"/v1.0/applications/{application.id}/federatedIdentityCredentials"
        return self.web.post(path, json=body, headers=self.bearer())

    @property
    def issuer(self) -> str:
        return f"https://login.microsoftonline.com/{self.emulator.tenant_id}/v2.0"

    @property
    def identity(self) -> ManagedIdentity:
        return self.emulator.tenant.identity_named("id-orders-api")

    def certificate_holder(self) -> tuple[Application, KeyCredential]:
        """Find an application that signs in with a live certificate."""
        now = self.emulator.tenant.clock.now()
        for application in self.emulator.tenant.applications:
            for key in application.keys:
                if key.start <= now < key.end and application.token_encryption_key_id is None:
                    return application, key
        raise AssertionError("the seed holds no live certificate")

    def sign(self, key: KeyCredential, claims: dict[str, Any], *, algorithm: str = "RS256", **headers: str) -> str:
        """Sign a certificate assertion."""
        if algorithm == "PS256":
            named = {"x5t#S256": base64.urlsafe_b64encode(thumbprint_sha256(key.certificate)).decode().rstrip("=")}
        else:
            named = {"x5t": base64.urlsafe_b64encode(thumbprint(key.certificate)).decode().rstrip("=")}
        private = self.emulator.tenant.private_key_of(key.key_id)
        return jwt.encode(claims, private, algorithm=algorithm, headers={**named, **headers})

    def assertion_claims(self, application: Application, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        return {
            "aud": f"{self.emulator.authority}/{self.emulator.tenant_id}/oauth2/v2.0/token",
            "iss": application.app_id,
            "sub": application.app_id,
            "jti": "1",
            "nbf": now - 10,
            "exp": now + 300,
            **changes,
        }


def make_world(emulator: Emulator) -> World:
    trust = ssl.create_default_context(cafile=str(emulator.ca_file))
    return World(emulator=emulator, web=httpx.Client(base_url=emulator.authority, verify=trust, trust_env=False))


@pytest.fixture
def start_world() -> Callable[[Emulator], World]:
    """Make the test's view of an emulator that the test started itself."""
    return make_world


@pytest.fixture(scope="session")
def world(emulator: Emulator) -> Iterator[World]:
    made = make_world(emulator)
    yield made
    made.web.close()


@pytest.fixture
def own_world() -> Iterator[World]:
    """A small tenant of its own, for tests that move the clock or change what others read."""
    with Emulator(apps=12, seed=3) as running:
        made = make_world(running)
        yield made
        made.web.close()


@pytest.fixture
def operator(world: World) -> dict[str, str]:
    return world.bearer()


@pytest.fixture(scope="session")
def trust(emulator: Emulator) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(emulator.ca_file))


@pytest.fixture(scope="session")
def tampering(world: World) -> dict[str, str]:
    """An identity's exchange token, altered in every way that must be noticed."""
    token = world.identity_token(world.identity)
    header, payload, signature = token.split(".")
    jwks = world.web.get(f"/{world.emulator.tenant_id}/discovery/v2.0/keys").json()["keys"][0]
    public = jwt.PyJWK.from_dict(jwks, algorithm="RS256").key
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(token, options={"verify_signature": False})

    def encode(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    confused = f"{encode({'alg': 'HS256', 'typ': 'JWT', 'kid': jwks['kid']})}.{payload}"
    mac = base64.urlsafe_b64encode(hmac.new(pem, confused.encode(), hashlib.sha256).digest()).decode().rstrip("=")
    return {
        "none": f"{encode({'alg': 'none', 'typ': 'JWT', 'kid': jwks['kid']})}.{payload}.",
        "confused": f"{confused}.{mac}",
        "payload": f"{header}.{encode({**claims, 'exp': claims['exp'] + 1})}.{signature}",
        "kid": f"{encode({'alg': 'RS256', 'typ': 'JWT', 'kid': 'unknown'})}.{payload}.{signature}",
        "cut": f"{header}.{payload}",
        "garbage": "not-a-token",
        "numbers": f"{header}.{encode({**claims, 'sub': 7})}.{signature}",
        "list": f"{header}.{encode([])}.{signature}",  # type: ignore[arg-type]  # that is the point
    }
