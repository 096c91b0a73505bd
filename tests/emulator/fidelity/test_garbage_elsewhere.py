"""Whatever arrives at Azure Resource Manager, the authority, the identity endpoints or the control endpoint is refused.

Each in the form of its service, without an exception and without a word of our own code.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from migrate.emulator.announcement import KEY_HEADER
from migrate.emulator.arm.limits import Limits, Quota, Verdict
from migrate.emulator.arm.router import ROUTES
from tests.emulator.conftest import World
from tests.emulator.fidelity.garbage import BODIES, KEYS, TRACES, VALUES, one_of_each_option, spoiled
from tests.emulator.fidelity.inside import InsideWorld
from tests.emulator.fidelity.operations import Pattern
from tests.emulator.fidelity.shapes import ANYTHING, GUID, INTEGER, STAMP, TEXT, Fields, ListOf, Maybe
from tests.emulator.fidelity.surfaces import applications_of

pytestmark = pytest.mark.slow

VERSION: Final = {"api-version": "2024-11-30"}
ARM_REFUSAL: Final = Fields({"error": Fields({"code": TEXT, "message": TEXT, "details": Maybe(ANYTHING)})})
LOGIN_REFUSAL: Final = Fields(
    {
        "error": TEXT,
        "error_description": TEXT,
        "error_codes": ListOf(INTEGER),
        "timestamp": STAMP,
        "trace_id": GUID,
        "correlation_id": GUID,
        "error_uri": Maybe(TEXT),
    }
)
TOLERATED: Final = ("UTF-16", "a byte order mark", "annotations", "nothing")
TEXTS: Final = tuple(value[:5_000] for value in VALUES if isinstance(value, str) and "\ud800" not in value)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with InsideWorld(apps=12, seed=5) as world:
        yield world


@pytest.fixture(scope="module")
def arm(world: World) -> dict[str, str]:
    """The bearer for Azure Resource Manager."""
    operator = world.emulator.tenant.application_named("unsecret-operator")
    answer = world.token_request(world.secret_form(operator, scope="https://management.azure.com/.default"))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lift the quotas, behind which nothing else would be refused."""

    def take(limits: Limits, key: str, quota: Quota) -> Verdict:
        del limits, key
        return Verdict(allowed=True, remaining=quota.requests, resets_after=1.0)

    monkeypatch.setattr(Limits, "take", take)


def check(answer: httpx.Response, refusal: Fields, *, allowed: tuple[int, ...] = ()) -> None:
    assert answer.status_code < 500 or answer.status_code in allowed, answer.text[:500]
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.headers["content-type"].startswith("application/json"), answer.text[:500]
        assert list(refusal.differences(answer.json(), "")) == [], answer.text[:500]
        assert not any(trace in answer.text for trace in TRACES), answer.text[:500]


def place(world: World, pattern: Pattern, key: str = "") -> str:
    """Give the address of a route; without a key, that of something which is there."""
    azure = world.emulator.tenant.azure
    subscription = key or next(iter(azure.subscriptions))
    if pattern[0].startswith("microsoft."):
        names = iter([key or _name(world, pattern), key or _part(pattern), *[key] * 9])
        below = "/".join(next(names) if part == "*" else part for part in pattern)
        scope = "" if pattern[0] == "microsoft.resourcegraph" else f"/subscriptions/{subscription}"
        group = "" if pattern[0] in _TENANT_WIDE else "/resourceGroups/rg-apps-prod"
        return f"{scope}{group}/providers/{below}"
    names = iter([subscription, key or "rg-apps-prod"])
    return "/" + "/".join(next(names) if part == "*" else part for part in pattern)


_TENANT_WIDE: Final = ("microsoft.resourcegraph", "microsoft.authorization")


def _name(world: World, pattern: Pattern) -> str:
    kinds = {"virtualmachines": "vm", "sites": "app-service", "containerapps": "container-app", "machines": "arc"}
    kind = kinds.get(pattern[1])
    hosts = world.emulator.tenant.hosts.values()
    return next((host.name for host in hosts if host.kind == kind), world.identity.name)


def _part(pattern: Pattern) -> str:
    return "appsettings" if "config" in pattern else "fic-1"


BODY: Final = {
    "location": "westeurope",
    "tags": {"a": "b"},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/x": {}}},
    "properties": {
        "issuer": "https://a.example",
        "subject": "b",
        "audiences": ["api://AzureADTokenExchange"],
        "roleDefinitionId": "c",
        "principalId": "d",
        "principalType": "ServicePrincipal",
    },
    "query": "resources | where type =~ 'x' | project id | limit 3",
    "subscriptions": ["e"],
    "options": {"$top": 1, "$skipToken": "f"},
}
"""What all routes of Azure Resource Manager together read in a body."""


def test_strange_names_are_refused_by_azure_resource_manager(world: World, arm: dict[str, str]) -> None:
    for pattern, methods in ROUTES.items():
        for key in KEYS:
            for method in methods:
                answer = world.web.request(method, place(world, pattern, key), params=VERSION, json={}, headers=arm)
                if "/.." not in place(world, pattern, key):  # which leads out of every service
                    check(answer, ARM_REFUSAL)


@pytest.mark.usefixtures("unhurried")
def test_strange_queries_are_answered_or_refused_by_azure_resource_manager(world: World, arm: dict[str, str]) -> None:
    for turn, (pattern, methods) in enumerate(ROUTES.items()):
        for query in one_of_each_option(turn) if "GET" in methods else ():
            check(world.web.get(place(world, pattern), params={**VERSION, **query}, headers=arm), ARM_REFUSAL)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(
    ("method", "pattern"),
    [(method, pattern) for pattern, methods in ROUTES.items() for method in methods if method not in ("GET", "HEAD")],
    ids=str,
)
def test_garbage_in_a_body_is_refused_by_azure_resource_manager(
    world: World, arm: dict[str, str], method: str, pattern: Pattern
) -> None:
    address = place(world, pattern)
    for kind, content in BODIES.items():
        answer = world.web.request(method, address, params=VERSION, content=content, headers=arm)
        check(answer, ARM_REFUSAL)
        reads = method in ("PUT", "PATCH") or pattern[0] == "microsoft.resourcegraph"
        assert not reads or answer.status_code >= 400 or kind in (*TOLERATED, *VALID_JSON), f"{kind}: {answer.text}"
    for content in spoiled(BODY, 150):
        check(world.web.request(method, address, params=VERSION, content=content, headers=arm), ARM_REFUSAL)


QUERIES: Final = (
    "|", "resources |", "resources | |", "nobody", "resources | nobody x", "resources | where", "resources | where (",
    "resources | where " + "(" * 5_000, "resources | where " + "not(" * 500, "resources | where type =~ 'x",
    "resources | where nobody == 1", "resources | project", "resources | project x=", "resources | extend a=b.c[",
    "resources | limit -1", "resources | limit x", "resources | limit " + "9" * 400, "resources | order by",
    "resources | summarize by", "resources | summarize count( by type", "resources | mv-expand", "resources | join",
    "resources | join kind=nobody (resources) on id", "resources | where type matches regex '('", "\x00", "\ud800",
    "resources | where id == '\x00", "resources; resources", "let x = 1;", "\u202eresources |",
    "resources | where tags['" + "x" * 70_000, "resources " + "| where true " * 3_000 + "|", "datatable(x:long)[1]",
    "resources | project tostring(", "resources | extend x = 1 / / 2", "resources | where 'a' in (", "{}", "null",
)  # fmt: skip


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: repr(query[:30]))
def test_a_query_that_is_none_is_refused_by_resource_graph(world: World, arm: dict[str, str], query: str) -> None:
    path = "/providers/Microsoft.ResourceGraph/resources"
    content = json.dumps({"query": query}).encode()
    answer = world.web.post(path, params={"api-version": "2022-10-01"}, content=content, headers=arm)
    check(answer, ARM_REFUSAL)
    assert answer.status_code == 400, answer.text[:300]


VALID_JSON: Final = ("a NUL", "a repeated property", "an empty name", "an unknown property")
"""Properties that a provider does not know are ignored."""

FORM: Final = {
    "grant_type": "client_credentials",
    "client_id": "11111111-1111-4111-8111-111111111111",
    "client_secret": "x",
    "scope": "https://graph.microsoft.com/.default",
    "resource": "https://graph.microsoft.com",
    "client_assertion": "a.b.c",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "claims": "{}",
}


@pytest.mark.parametrize("path", ["/oauth2/v2.0/token", "/oauth2/token"])
def test_garbage_is_refused_by_the_token_endpoints(world: World, path: str) -> None:
    address = f"/{world.emulator.tenant_id}{path}"
    for name in FORM:
        for value in TEXTS:
            for form in ({**FORM, name: value}, {"client_id": FORM["client_id"], name: value}):
                answer = world.web.post(address, data=form)
                check(answer, LOGIN_REFUSAL)
                assert answer.status_code in (400, 401)
    for content in BODIES.values():
        for kind in (
            "application/x-www-form-urlencoded",
            "application/json",
            "multipart/form-data",
            "",
            "\x7f;charset=x",
        ):
            answer = world.web.post(address, content=content, headers={"content-type": kind})
            check(answer, LOGIN_REFUSAL)
            assert answer.status_code == 400


def test_strange_tenants_and_questions_are_refused_by_the_authority(world: World) -> None:
    for route in applications_of(world.emulator)[0]:
        for path in _paths(route, "{tenant}"):
            for key in KEYS:
                for query in ({}, {"api-version": "\x00", "authorization_endpoint": key}):
                    answer = world.web.get(path.replace("{tenant}", key), params=query)
                    assert answer.status_code < 500
                    assert not any(trace in answer.text for trace in TRACES)


def _paths(application: Starlette, part: str) -> list[str]:
    return sorted({route.path for route in application.routes if isinstance(route, Route) and part in route.path})


PARAMETERS: Final = ("api-version", "resource", "client_id", "object_id", "principal_id", "mi_res_id", "msi_res_id")
ASKED: Final = {"api-version": "2019-08-01", "resource": "https://vault.azure.net"}


def plain_routes(world: World) -> list[Route]:
    """List the routes of the plain-HTTP port."""
    return [
        route
        for application in applications_of(world.emulator)[1]
        for route in application.routes
        if isinstance(route, Route)
    ]


def test_garbage_is_refused_by_the_identity_endpoints(world: World) -> None:
    secret = world.emulator.identity_header
    headers = {"Metadata": "true", "X-IDENTITY-HEADER": secret, "secret": secret}
    for route in plain_routes(world):
        if not route.path.endswith(("/token", "/auth")) or "_control" in route.path:
            continue
        address = world.emulator.imds_endpoint + route.path.replace("{host}", "vm-orders-api")
        for name in PARAMETERS:
            for value in TEXTS:
                for sent in (
                    headers,
                    {"Metadata": value.strip()[:9].encode("ascii", "replace").decode().replace("\x00", "")},
                ):
                    answer = world.web.get(address, params={**ASKED, name: value}, headers=sent)
                    check_identity(answer)
        for content in BODIES.values():
            check_identity(world.web.post(address, content=content, headers=headers))


def check_identity(answer: httpx.Response) -> None:
    assert answer.status_code < 500 or answer.json()["message"].startswith("An unexpected error occured"), answer.text
    assert not any(trace in answer.text for trace in TRACES)


def test_garbage_is_refused_by_the_control_endpoint(world: World) -> None:
    key = {KEY_HEADER: world.emulator._key}
    for route in plain_routes(world):
        if "_control" not in route.path:
            continue
        address = world.emulator.imds_endpoint + route.path
        for method in (route.methods or set()) - {"HEAD", "DELETE"}:
            for content in _contents(route.path, method):
                answer = world.web.request(method, address, content=content, headers=key)
                assert answer.status_code in (200, 400, 403, 404), f"{route.path}: {answer.text[:300]}"
                assert answer.status_code == 200 or set(answer.json()) == {"error"}
                assert not any(trace in answer.text for trace in TRACES), answer.text[:300]
    world.web.delete(f"{world.emulator.control_endpoint}/faults")
    assert world.web.get("/v1.0/organization", headers=world.bearer()).status_code == 200


def _contents(path: str, method: str) -> list[Any]:
    plans = {"faults": [{"kind": "propagation", "unseen": 1, "applications": ["x"]}, {"kind": "throttle"}], "seed": 1}
    bodies = {"/_control/faults": plans, "/_control/clock": {"now": "2000-01-01T00:00:00Z"}}
    if method == "GET":
        return [b""]
    return [*BODIES.values(), *spoiled(bodies.get(path, {"seconds": []}), 200)]
