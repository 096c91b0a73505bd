"""429 by token buckets of the documented sizes and costs."""

import asyncio
import ssl
import time
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from azure.identity.aio import ClientSecretCredential

from migrate.emulator.faults.buckets import TokenBucket
from migrate.emulator.faults.model import Throttle
from migrate.emulator.faults.throttle import Throttling, resource_units, units_of_tenant
from migrate.emulator.graph.errors import GraphError
from migrate.emulator.state.records import Application
from tests.emulator.conftest import GRAPH
from tests.emulator.faults.conftest import Trouble

THROTTLE: dict[str, Any] = {"kind": "throttle"}
NEARLY_STILL = 0.01
"""A speed at which buckets gain next to nothing, however long a busy machine takes for the requests of a test."""
GET_APPS = ("GET", ("applications",))


def call(path: str = "", **query: str) -> Any:
    """Make what a bucket sees of a request."""
    return SimpleNamespace(
        query={f"${name}": value for name, value in query.items()},
        headers={},
        body=b"",
        caller=SimpleNamespace(app_id="a"),
        tenant=SimpleNamespace(users=(), id="t"),
        path=path,
    )


@pytest.mark.parametrize(("users", "units"), [(0, 3500), (49, 3500), (50, 5000), (500, 5000), (501, 8000)])
def test_the_size_of_the_tenant_decides_on_its_units(users: int, units: int) -> None:
    assert units_of_tenant(users) == units
    now = [0.0]
    throttling = Throttling(Throttle(users=users), lambda: now[0])
    for _ in range(units // 2):  # a list of applications costs two
        throttling.charge(call(), *GET_APPS, ())
    with pytest.raises(GraphError) as caught:
        throttling.charge(call(), *GET_APPS, ())
    wait = float(caught.value.headers["retry-after"])
    assert wait == pytest.approx(2 * 10 / units, abs=0.001)
    now[0] = wait
    throttling.charge(call(), *GET_APPS, ())
    now[0] = wait + 10
    for _ in range(units // 2):
        throttling.charge(call(), *GET_APPS, ())


@pytest.mark.parametrize(
    ("method", "pattern", "query", "units"),
    [
        (*GET_APPS, {}, 2),
        (*GET_APPS, {"select": "id"}, 1),
        (*GET_APPS, {"expand": "owners"}, 3),
        (*GET_APPS, {"select": "id", "expand": "owners"}, 2),
        (*GET_APPS, {"top": "19"}, 1),
        (*GET_APPS, {"top": "20"}, 2),
        (*GET_APPS, {"top": "999"}, 2),
        (*GET_APPS, {"top": "19", "select": "id"}, 1),
        (*GET_APPS, {"top": "9" * 5000}, 2),
        ("GET", ("applications", "*"), {"select": "id"}, 1),
        ("GET", ("servicePrincipals",), {}, 1),
        ("POST", ("applications",), {}, 1),
        ("PATCH", ("applications", "*"), {"select": "id"}, 1),
        ("POST", ("directoryObjects", "getByIds"), {}, 5),
        ("POST", ("directoryObjects", "getByIds"), {"select": "id"}, 2),
    ],
)
def test_requests_cost_what_is_documented(
    method: str, pattern: tuple[str, ...], query: dict[str, str], units: int
) -> None:
    assert resource_units(call(**query), method, pattern) == units


def refused(trouble: Trouble, number: int, method: str, path: str, **options: Any) -> list[httpx.Response]:
    """Send so many requests and give the refused ones."""
    answers = [trouble.graph(method, path, **options) for _ in range(number)]
    return [answer for answer in answers if answer.status_code == 429]


def test_the_refusal_has_the_documented_form(trouble: Trouble) -> None:
    trouble.begin({**THROTTLE, "limits": {"resource-units": 4}})
    last = refused(trouble, 3, "GET", "applications")[0]
    operator = trouble.world.emulator.tenant.application_named("unsecret-operator")
    assert last.headers["retry-after"].count(".") == 1
    assert 0 < float(last.headers["retry-after"]) <= 5
    assert last.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    scope = f"Tenant_Application/ReadWrite/{operator.app_id}/{trouble.world.emulator.tenant_id}"
    assert last.headers["x-ms-throttle-scope"] == scope
    error = last.json()["error"]
    assert (error["code"], error["innerError"]["code"], error["innerError"]["status"]) == (
        "TooManyRequests", "429", "429",
    )  # fmt: skip
    assert trouble.counts() == [(3, 1)]


def test_answers_tell_units_and_warn_before_the_end(trouble: Trouble) -> None:
    trouble.begin({**THROTTLE, "limits": {"resource-units": 10}})
    answers = [trouble.graph("GET", "applications?$top=50") for _ in range(5)]
    assert {answer.headers["x-ms-resource-unit"] for answer in answers} == {"2"}
    warned = [answer.headers.get("x-ms-throttle-limit-percentage") for answer in answers]
    assert warned[:3] == [None] * 3
    assert 0.9 < float(warned[4] or 0) <= 1


@pytest.mark.parametrize(("form", "kind"), [("integer", int), ("float", float), ("date", parsedate_to_datetime)])
def test_retry_after_comes_in_every_form(trouble: Trouble, form: str, kind: Any) -> None:
    trouble.begin({**THROTTLE, "limits": {"resource-units": 1}, "retry_after": form})
    assert kind(refused(trouble, 2, "GET", "applications")[0].headers["retry-after"])
    trouble.begin({**THROTTLE, "limits": {"resource-units": 1}, "retry_after": "none"})
    assert "retry-after" not in refused(trouble, 2, "GET", "applications")[0].headers


def test_naming_keycredentials_is_limited_for_the_whole_tenant(trouble: Trouble) -> None:
    trouble.begin({**THROTTLE, "users": 600, "speed": NEARLY_STILL})
    other = {**trouble.world.bearer("orders-api"), "Host": "graph.microsoft.com"}
    assert refused(trouble, 75, "GET", "applications?$select=keyCredentials&$top=1") == []
    trouble.graph("GET", "applications")
    assert refused(trouble, 75, "GET", "servicePrincipals?$select=id,KeyCredentials&$top=1") == []
    late = refused(trouble, 3, "GET", "applications?$select=keyCredentials&$top=1")
    assert late
    assert late[0].headers["x-ms-throttle-scope"].startswith("Tenant/Read/")
    assert trouble.graph("GET", "applications?$top=1").status_code == 200
    answer = trouble.world.web.get("/v1.0/applications?$select=keyCredentials", headers=other)
    assert answer.status_code in (403, 429)


def test_reports_and_logs_share_five_requests_in_ten_seconds(trouble: Trouble) -> None:
    trouble.begin(THROTTLE)
    paths = ["auditLogs/signIns", "auditLogs/signIns?$top=1"] * 3
    statuses = [trouble.graph("GET", path).status_code for path in paths]
    assert statuses == [200] * 5 + [429]
    last = trouble.graph("GET", "auditLogs/signIns")
    assert "x-ms-throttle-scope" not in last.headers
    assert 0 < float(last.headers["retry-after"]) <= 2
    assert trouble.graph("GET", "applications").status_code == 200


@pytest.mark.parametrize("audience", ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"])
def test_applications_for_personal_accounts_are_written_sixty_times_a_minute(trouble: Trouble, audience: str) -> None:
    personal, own = (
        trouble.graph("POST", "applications", json={"displayName": "p", "signInAudience": each}).json()
        for each in (audience, "AzureADMyOrg")
    )
    trouble.begin(THROTTLE)
    body = {"displayName": "q"}
    assert refused(trouble, 60, "PATCH", f"applications/{personal['id']}", json=body) == []
    late = refused(trouble, 2, "PATCH", f"applications(appId='{personal['appId']}')", json=body)
    assert late
    assert late[0].headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    new = {"displayName": "p", "signInAudience": audience}
    assert refused(trouble, 2, "POST", "applications", json=new)
    assert refused(trouble, 1, "PATCH", f"applications/{own['id']}", json=body) == []
    assert trouble.graph("GET", f"applications/{personal['id']}").json()["displayName"] == "q"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"signInAudience": 7}', b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_charged_and_refused_as_ever(trouble: Trouble, body: bytes) -> None:
    trouble.begin(THROTTLE)
    assert trouble.graph("POST", "applications", content=body).status_code == 400


def test_writes_have_a_bucket_of_their_own_and_refused_ones_no_effect(
    trouble: Trouble, application: Application
) -> None:
    trouble.begin({**THROTTLE, "buckets": ["writes"], "limits": {"writes": 2}})
    path = f"applications/{application.id}/addPassword"
    assert [trouble.graph("POST", path, json={}).status_code for _ in range(3)] == [200, 200, 429]
    held = trouble.graph("GET", f"applications/{application.id}").json()["passwordCredentials"]
    assert len(held) == len(application.passwords) + 2
    assert trouble.graph("POST", "directoryObjects/getByIds", json={"ids": []}).status_code != 429


def test_parts_of_a_batch_are_refused_one_by_one(trouble: Trouble) -> None:
    trouble.begin({**THROTTLE, "buckets": ["resource-units"], "limits": {"resource-units": 6}})
    parts = [{"id": str(number), "method": "GET", "url": "/applications?$top=50"} for number in range(5)]
    parts[4]["dependsOn"] = ["3"]  # type: ignore[assignment]  # the one part that has it
    answer = trouble.graph("POST", "$batch", json={"requests": parts})
    assert answer.status_code == 200
    by_id = {each["id"]: each for each in answer.json()["responses"]}
    assert [by_id[str(number)]["status"] for number in range(5)] == [200, 200, 200, 429, 424]
    assert float(by_id["3"]["headers"]["Retry-After"]) > 0
    assert by_id["3"]["body"]["error"]["code"] == "TooManyRequests"


def test_requests_of_low_priority_are_refused_first(trouble: Trouble) -> None:
    trouble.begin({**THROTTLE, "limits": {"resource-units": 10}})
    low = {"x-ms-throttle-priority": "low"}
    assert [trouble.graph("GET", "applications", headers=low).status_code for _ in range(5)] == [200] * 4 + [429]
    assert trouble.graph("GET", "applications").status_code == 200


def test_the_service_refills_in_real_time_whatever_the_tenants_clock_says(trouble: Trouble) -> None:
    trouble.begin({**THROTTLE, "limits": {"resource-units": 4}, "speed": NEARLY_STILL})

    def told() -> float:
        answer = trouble.graph("GET", "applications?$top=50")
        assert answer.status_code == 429
        return float(answer.headers["retry-after"])

    assert refused(trouble, 2, "GET", "applications?$top=50") == []
    begin = time.monotonic()
    before = told()
    trouble.advance(60)
    time.sleep(0.3)
    gained = before - told()
    assert 0.29 < gained < time.monotonic() - begin + 0.01


def test_a_client_that_waits_as_long_as_it_is_told_gets_through_at_once(trouble: Trouble) -> None:
    trouble.begin({**THROTTLE, "limits": {"resource-units": 2}, "speed": 20})
    waited = 0
    for _ in range(5):
        answer = trouble.graph("GET", "applications?$top=50")
        if answer.status_code == 429:
            waited += 1
            time.sleep(float(answer.headers["retry-after"]))
            answer = trouble.graph("GET", "applications?$top=50")
        assert answer.status_code == 200
    assert trouble.counts() == [(5 + waited, waited)]


def test_buckets_are_exact() -> None:
    bucket = TokenBucket(capacity=10, period=5, at=100)
    assert bucket.wait(10, 100) == 0
    bucket.take(10, 100)
    assert bucket.wait(1, 100) == pytest.approx(0.5)
    assert bucket.wait(1, 100.5) == 0
    assert bucket.wait(50, 100) == pytest.approx(5), "what costs more than it can hold costs all of it"
    assert bucket.wait(50, 105) == 0
    assert bucket.used(105) == 0


def sdk(trouble: Trouble, credential: ClientSecretCredential, web: httpx.AsyncClient) -> Any:
    """Make an SDK client that retries as ever, but adds no three seconds to each wait."""
    # msgraph is imported here because importing it warns, which fails a collection.
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider  # noqa: PLC0415
    from kiota_http.middleware.options import RetryHandlerOption  # noqa: PLC0415
    from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: PLC0415
    from msgraph.graph_service_client import GraphServiceClient  # noqa: PLC0415
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]  # noqa: PLC0415

    options = {RetryHandlerOption.get_key(): RetryHandlerOption(delay=0)}
    made = GraphClientFactory.create_with_default_middleware(client=web, options=options)
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[GRAPH], allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider, made)
    adapter.base_url = f"{trouble.world.emulator.graph_endpoint}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


# Both packages warn about themselves when they are imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:kiota_abstractions", "ignore::DeprecationWarning:msgraph")
@pytest.mark.slow
def test_msgraph_sdk_gets_through_429_503_and_504(trouble: Trouble) -> None:
    from msgraph_core.tasks.page_iterator import PageIterator  # type: ignore[import-untyped]  # noqa: PLC0415

    world = trouble.world
    operator = world.emulator.tenant.application_named("unsecret-operator")
    secret = world.emulator.tenant.live_secret_of(operator).secret
    options: dict[str, Any] = {"authority": world.emulator.authority, "connection_verify": str(world.emulator.ca_file)}
    trust = ssl.create_default_context(cafile=str(world.emulator.ca_file))
    seen: list[str] = []

    def note(item: Any) -> bool:
        seen.append(item.id)
        return True

    async def page(client: Any) -> None:
        pages = PageIterator(await client.applications.get(), client.request_adapter)
        await pages.iterate(note)

    def begin() -> int:
        trouble.begin(
            {**THROTTLE, "limits": {"resource-units": 4}, "speed": 5, "buckets": ["resource-units"]},
            {"kind": "status", "status": 503, "times": 1, "path": "/v1.0/servicePrincipals", "retry_after": 0.4},
            {"kind": "status", "status": 504, "times": 1, "path": "/v1.0/organization"},
        )
        while trouble.graph("GET", "applications").status_code == 200:
            pass
        return trouble.counts()[0][1]

    async def run() -> int:
        inner = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
        credential = ClientSecretCredential(world.emulator.tenant_id, operator.app_id, secret, **options)
        async with credential, inner, httpx.AsyncClient(transport=inner, trust_env=False) as web:
            client = sdk(trouble, credential, web)
            await client.organization.get()  # gets a token, which takes longer than the buckets need to fill again
            drained = begin()
            await asyncio.gather(page(client), client.service_principals.get(), client.organization.get())
            return drained

    drained = asyncio.run(run())
    assert sorted(seen) == sorted(each.id for each in world.emulator.tenant.applications)
    assert [fired for _, fired in trouble.counts()[1:]] == [1, 1]
    assert trouble.counts()[0][1] > drained
