"""Whatever arrives on any route of Graph, it is answered or refused in Graph's form, and the tenant stays whole."""

from collections.abc import Iterator, Mapping
from typing import Final

import httpx
import pytest

from migrate.emulator.graph.router import ROUTES
from tests.emulator.conftest import World
from tests.emulator.fidelity.exemplars import EXEMPLARS, Exemplar
from tests.emulator.fidelity.garbage import BODIES, KEYS, LONG, QUERIES, TRACES, one_of_each_option, spoiled
from tests.emulator.fidelity.inside import InsideWorld
from tests.emulator.fidelity.operations import Pattern
from tests.emulator.fidelity.scene import Scene
from tests.emulator.fidelity.shapes import GUID, SECOND, TEXT, Fields, ListOf, Maybe
from tests.emulator.fidelity.test_models import pattern_of

pytestmark = pytest.mark.slow

CHANGING: Final = ("POST", "PATCH", "PUT")
REFUSAL: Final = Fields(
    {
        "error": Fields(
            {
                "code": TEXT,
                "message": TEXT,
                "details": Maybe(ListOf(Fields({"code": TEXT, "message": TEXT, "target": TEXT}))),
                "innerError": Fields({"date": SECOND, "request-id": GUID, "client-request-id": GUID}),
            }
        )
    }
)
TOLERATED: Final = ("UTF-16", "a byte order mark", "annotations")
"""What has a meaning after all: other encodings of JSON, and annotations alone, which change nothing."""
NEEDS_NO_BODY: Final = ("addPassword",)


def one_of_each() -> dict[tuple[str, Pattern], Exemplar]:
    """Choose an exemplar for each method and path, the last one, which tends to say the most."""
    return {(exemplar.method, pattern_of(exemplar.path)): exemplar for exemplar in EXEMPLARS}


WRITES: Final = [item for (method, _), item in one_of_each().items() if method in CHANGING]
READS: Final = [item for (method, _), item in one_of_each().items() if method == "GET"]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A tenant of its own, because most of what is sent here would puzzle other tests."""
    with InsideWorld(apps=25, seed=5) as world:
        yield world


@pytest.fixture(scope="module")
def scene(world: World) -> Scene:
    return Scene(world)


def check_refusal(answer: httpx.Response) -> None:
    """An answer is no failure of the emulator's, and a refusal has Graph's form."""
    assert answer.status_code < 500, answer.text[:500]
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/json", answer.text[:500]
        assert list(REFUSAL.differences(answer.json(), "")) == []
        assert not any(trace in answer.text for trace in TRACES)


def check_tenant(world: World) -> None:
    """The tenant can still be read whole."""
    for collection in ("applications", "servicePrincipals"):
        address: str | None = f"/v1.0/{collection}?$top=999"
        while address:
            page = world.web.get(address, headers=world.bearer())
            assert page.status_code == 200, page.text[:500]
            address = page.json().get("@odata.nextLink")


def place(scene: Scene, exemplar: Exemplar) -> str:
    return f"/{exemplar.versions[0]}/{scene.fill(exemplar.path)}"


@pytest.mark.parametrize("kind", BODIES)
def test_garbage_instead_of_a_body_is_refused(scene: Scene, kind: str) -> None:
    for exemplar in WRITES:
        headers = {**scene.headers, **exemplar.headers, "content-type": "application/json"}
        answer = scene.world.web.request(exemplar.method, place(scene, exemplar), content=BODIES[kind], headers=headers)
        check_refusal(answer)
        empty = kind == "nothing" and pattern_of(exemplar.path)[-1] in NEEDS_NO_BODY
        if exemplar.body and not empty and kind not in TOLERATED:
            assert answer.status_code == 400, f"{exemplar}: {answer.text[:500]}"
    check_tenant(scene.world)


@pytest.mark.parametrize("exemplar", [item for item in WRITES if item.body], ids=str)
def test_strange_values_in_a_body_never_break_anything(scene: Scene, exemplar: Exemplar) -> None:
    path = place(scene, exemplar)
    headers = {**scene.headers, **exemplar.headers, "content-type": "application/json"}
    seen = set()
    for content in spoiled(scene.fill(exemplar.body)):
        answer = scene.world.web.request(exemplar.method, path, content=content, headers=headers)
        check_refusal(answer)
        seen.add(answer.status_code)
    assert seen & {400, 403, 404, 409}, "nothing was refused"


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_strange_keys_are_refused_or_not_found(world: World, version: str) -> None:
    headers = world.bearer()
    for pattern, methods in ROUTES.items():
        if "*" not in pattern:
            continue
        for key in KEYS:
            path = f"/{version}/" + "/".join(key if segment == "*" else segment for segment in pattern)
            for method in methods:
                check_refusal(world.web.request(method, path, json={}, headers=headers))
    check_tenant(world)


def test_strange_queries_are_answered_or_refused(scene: Scene) -> None:
    for turn, exemplar in enumerate(READS):
        path = place(scene, exemplar)
        for query in one_of_each_option(turn):
            answer = scene.world.web.get(path, params=query, headers={**scene.headers, **exemplar.headers})
            check_refusal(answer)


HARMLESS: Final[tuple[Mapping[str, str], ...]] = (
    {"$select": "*"},
    {"$filter": "displayName eq '\x00'"},
    {"$filter": "displayName eq null"},
    {"$filter": "appId eq '" + LONG[:3_000] + "'"},
    *(query for query in QUERIES if query.keys() & {"api-version", "$deltatoken"}),
    # The service compares types; here a comparison of two types is never true.
    {"$filter": "displayName eq 5"},
    {"$filter": "tags/any(t:t/any(u:u eq 1))"},
    {"$filter": "createdDateTime ge x"},
)
"""What looks odd and is answered; all the rest is refused."""


def test_a_wrong_query_is_refused_on_a_list(scene: Scene) -> None:
    for query in QUERIES:
        answer = scene.world.web.get("/v1.0/applications", params=query, headers=scene.headers)
        assert answer.status_code == (200 if query in HARMLESS else 400), f"{query}: {answer.text[:500]}"
