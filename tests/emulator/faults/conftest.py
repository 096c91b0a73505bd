"""A tenant in which things go wrong, for this folder alone; every test ends its faults."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from migrate.emulator.environments import STEERING
from migrate.emulator.server import Emulator
from migrate.emulator.state.records import Application
from tests.emulator.conftest import EXCHANGE, World, make_world


@dataclass(slots=True, kw_only=True)
class Trouble:
    """Faults by the control endpoint, and requests as the operator."""

    world: World
    plain: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False, trust_env=False))  # noqa: S501 - http
    _headers: dict[str, str] = field(default_factory=dict)

    def begin(self, *faults: dict[str, Any], seed: int = 1) -> None:
        answer = self.control("PUT", "faults", json={"seed": seed, "faults": list(faults)})
        assert answer.status_code == 200, answer.text

    def end(self) -> None:
        assert self.control("DELETE", "faults").status_code == 200

    def advance(self, seconds: float) -> None:
        assert self.control("POST", "advance", json={"seconds": seconds}).status_code == 200

    def control(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.plain.request(method, f"{self.world.emulator.control_endpoint}/{path}", **options)

    def counts(self) -> list[tuple[int, int]]:
        """Give ``seen`` and ``fired`` of each fault."""
        return [(each["seen"], each["fired"]) for each in self.control("GET", "faults").json()["state"]]

    def graph(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask Graph as the operator, whose token is got once."""
        if not self._headers:
            self._headers = self.world.bearer()
        headers = {**self._headers, **options.pop("headers", {})}
        return self.world.web.request(method, f"/v1.0/{path}", headers=headers, **options)

    def identity_token(self, resource: str = EXCHANGE) -> str:
        """Ask the jump host's metadata service."""
        query = {"api-version": "2018-02-01", "resource": resource, "client_id": self.world.identity.client_id}
        where = f"{self.world.emulator.imds_endpoint}/metadata/identity/oauth2/token"
        return str(self.plain.get(where, params=query, headers={"Metadata": "true"}).json()["access_token"])

    def exchange(self, application: Application) -> int:
        """Exchange an identity's token for one of an application; give the AADSTS code, 0 when it worked."""
        answer = self.world.token_request(self.world.assertion_form(application, self.identity_token()))
        return 0 if answer.status_code == 200 else int(answer.json()["error_codes"][0])


@pytest.fixture(scope="session")
def broken_world() -> Iterator[World]:
    with Emulator(apps=40, seed=11) as running:
        made = make_world(running)
        yield made
        made.web.close()


@pytest.fixture
def trouble(broken_world: World) -> Iterator[Trouble]:
    made = Trouble(world=broken_world)
    yield made
    made.end()
    made.plain.close()


@pytest.fixture(autouse=True)
def environment(broken_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every client at this folder's tenant."""
    for name in STEERING:
        monkeypatch.delenv(name, raising=False)
    for name, value in broken_world.emulator.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def own_trouble(own_world: World) -> Iterator[Trouble]:
    """A tenant that no other test sees, for those that let weeks pass."""
    made = Trouble(world=own_world)
    yield made
    made.plain.close()


@pytest.fixture
def application(trouble: Trouble) -> Application:
    """An application with a secret, a service principal, and no federated credential."""
    return trouble.world.new_application()
