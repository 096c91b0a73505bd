"""Azure Resource Manager as a caller sees it."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from migrate.emulator.state.records import Host, ManagedIdentity
from migrate.emulator.state.tenant import Tenant

ARM_SCOPE = "https://management.azure.com/.default"
VERSION = "2024-11-30"
_IDENTITIES = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(slots=True, kw_only=True)
class Arm:
    """Requests to Azure Resource Manager as one of the seeded applications."""

    world: Any
    caller: str = "unsecret-operator"
    _headers: dict[str, str] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        tenant: Tenant = self.world.emulator.tenant
        return tenant

    @property
    def subscription(self) -> str:
        return next(iter(self.tenant.azure.subscriptions))

    @property
    def group(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/rg-apps-prod"

    def headers(self) -> dict[str, str]:
        if not self._headers:
            self._headers = self.token(self.caller)
        return self._headers

    def token(self, name: str, scope: str = ARM_SCOPE) -> dict[str, str]:
        application = self.tenant.application_named(name)
        answer = self.world.token_request(self.world.secret_form(application, scope=scope))
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        query = {"api-version": VERSION, **options.pop("params", {})}
        if "?" in path:  # a nextLink, or a path that brings its own version
            query = {}
        headers = options.pop("headers", None) or self.headers()
        answer: httpx.Response = self.world.web.request(method, path, params=query or None, headers=headers, **options)
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def query(self, text: str, patient: int = 3, **body: Any) -> httpx.Response:
        """Query Resource Graph, waiting as a client does when the quota is used up."""
        path = "/providers/Microsoft.ResourceGraph/resources"
        answer = self.ask("POST", path, json={"query": text, **body}, params={"api-version": "2022-10-01"})
        if answer.status_code == 429 and patient:
            time.sleep(float(answer.headers["retry-after"]))
            return self.query(text, patient - 1, **body)
        return answer

    def pages(self, path: str, **params: str) -> list[dict[str, Any]]:
        answer = self.get(path, params=params)
        found = list(answer.json()["value"])
        while "nextLink" in answer.json():
            answer = self.get(answer.json()["nextLink"])
            assert answer.status_code == 200, answer.text
            found += answer.json()["value"]
        return found

    def new_identity(self, name: str) -> dict[str, Any]:
        answer = self.ask("PUT", f"{self.group}/{_IDENTITIES}/{name}", json={"location": "West Europe"})
        assert answer.status_code in (200, 201), answer.text
        body: dict[str, Any] = answer.json()
        return body

    def new_machine(self, name: str) -> str:
        path = f"{self.group}/providers/Microsoft.Compute/virtualMachines/{name}"
        assert self.ask("PUT", path, json={"location": "westeurope"}).status_code == 201
        return path

    def host(self, **wanted: Any) -> Host:
        """Find a seeded host, by kind and by whether it holds a secret."""
        for host in self.tenant.hosts.values():
            holds = any(each.secret_key_id for each in (*host.settings, *host.connection_strings))
            if host.kind == wanted["kind"] and holds is wanted.get("secret", holds):
                return host
        raise AssertionError(f"no host like {wanted}")

    def identity(self, body: dict[str, Any]) -> ManagedIdentity:
        return self.tenant.identities[body["properties"]["principalId"]]


@pytest.fixture(scope="session")
def arm(world: Any) -> Arm:
    return Arm(world=world)


@pytest.fixture(scope="session")
def auditor(world: Any) -> Arm:
    return Arm(world=world, caller="read-only-auditor")


@pytest.fixture
def own_arm(own_world: Any) -> Arm:
    """A small tenant of its own."""
    return Arm(world=own_world)
