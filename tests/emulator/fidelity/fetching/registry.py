"""Where the bodies of ``known`` are fetched: who fetches one registers its name."""

from collections.abc import Callable
from typing import Any, Final

import httpx

from tests.emulator.conftest import World

Fetch = Callable[[World], Any]
BODIES: Final[dict[str, Fetch]] = {}


def body(name: str) -> Callable[[Fetch], Fetch]:
    """Register how a known body is fetched."""

    def register(fetch: Fetch) -> Fetch:
        assert name not in BODIES
        BODIES[name] = fetch
        return fetch

    return register


def asked(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def graph(world: World, path: str, status: int = 200, method: str = "GET", **options: Any) -> Any:
    return asked(world.web.request(method, path, headers=world.bearer(), **options), status)


def with_secret(world: World, status: int = 200, **changes: str) -> Any:
    application = world.emulator.tenant.application_named("orders-api")
    return asked(world.token_request(world.secret_form(application, **changes)), status)
