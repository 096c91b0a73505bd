"""``$batch``: the rules for batches, each request judged by itself, and msgraph-sdk's own batch classes."""

import asyncio
import base64
import json
import ssl
import sys
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from migrate.emulator.graph import router
from migrate.emulator.graph.batch import answer_batch
from migrate.emulator.graph.call import Call, Caller, Reply
from migrate.emulator.graph.errors import GraphError

JSON = {"Content-Type": "application/json"}


def get(name: str, url: str = "/applications?$top=1", **others: Any) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": url, **others}


def send(world: Any, headers: dict[str, str], *requests: Any, version: str = "v1.0") -> httpx.Response:
    answer: httpx.Response = world.web.post(f"/{version}/$batch", json={"requests": list(requests)}, headers=headers)
    return answer


def by_id(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return {part["id"]: part for part in answer.json()["responses"]}


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_each_request_of_a_batch_is_answered_by_itself(world: Any, operator: dict[str, str], version: str) -> None:
    application = world.new_application(displayName="batched")
    address = f"/applications/{application.id}"
    answer = send(
        world,
        operator,
        get("1", f"{address}?$select=displayName"),
        get("2", "servicePrincipals/11111111-1111-4111-8111-111111111111"),
        {"id": "3", "method": "patch", "url": address, "headers": JSON, "body": {"notes": "by batch"}},
        get("4", "/nonsense"),
        version=version,
    )
    parts = by_id(answer)
    assert {name: part["status"] for name, part in parts.items()} == {"1": 200, "2": 404, "3": 204, "4": 400}
    assert parts["1"]["body"]["displayName"] == "batched"
    assert parts["1"]["headers"]["Content-Type"].startswith("application/json")
    assert parts["1"]["headers"]["OData-Version"] == "4.0"
    assert parts["3"]["body"] is None
    error = parts["2"]["body"]["error"]
    assert error["code"] == "Request_ResourceNotFound"
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    shown = world.web.get(f"/{version}{address}", headers=operator).json()
    assert shown["notes"] == "by batch"


def test_a_batch_answers_in_another_order_than_it_was_asked(world: Any, operator: dict[str, str]) -> None:
    answer = send(world, operator, *(get(str(number)) for number in range(20)))
    names = [part["id"] for part in answer.json()["responses"]]
    assert sorted(names, key=int) == [str(number) for number in range(20)]
    assert names != sorted(names, key=int)


MALFORMED: list[tuple[Any, str]] = [
    ({}, "Invalid batch payload format."),
    ({"requests": []}, "Invalid batch payload format."),
    ({"requests": {}}, "Invalid batch payload format."),
    ({"requests": [7]}, "Invalid batch payload format."),
    ({"requests": [{"id": 1, "method": "GET", "url": "/x"}]}, "Invalid batch payload format."),
    ({"requests": [{"id": "", "method": "GET", "url": "/x"}]}, "Invalid batch payload format."),
    ({"requests": [{"id": "1", "url": "/x"}]}, "Invalid batch payload format."),
    ({"requests": [{"id": "1", "method": "GET"}]}, "Invalid batch payload format."),
    ({"requests": [get("1", method="BREW")]}, "Invalid batch payload format."),
    ({"requests": [get("1", headers=["x"])]}, "Invalid batch payload format."),
    ({"requests": [get("1", dependsOn="2")]}, "Invalid batch payload format."),
    ({"requests": [get("1", dependsOn=[2])]}, "Invalid batch payload format."),
    ({"requests": [get("1"), get("1")]}, "Request Id 1 has to be unique in a batch."),
    ({"requests": [get("a"), get("A")]}, "Request Id A has to be unique in a batch."),
    ({"requests": [get(str(number)) for number in range(21)]}, "Number of requests inside batch exceed the limit."),
    ({"requests": [get("1", dependsOn=["9"])]}, "Invalid dependency for request Id 1."),
    ({"requests": [get("1", dependsOn=["1"])]}, "Invalid dependency for request Id 1."),
    ({"requests": [get("1", dependsOn=["2"]), get("2", dependsOn=["1"])]}, "Invalid dependency for request Id 1."),
    ({"requests": [{"id": "1", "method": "POST", "url": "/applications"}]}, "Write request id : 1 does not contain"),
    ({"requests": [{"id": "1", "method": "POST", "url": "/applications", "body": {}}]}, "Write request id : 1"),
]


@pytest.mark.parametrize(("body", "text"), MALFORMED)
def test_a_malformed_batch_is_refused_whole(world: Any, operator: dict[str, str], body: Any, text: str) -> None:
    answer = world.web.post("/v1.0/$batch", json=body, headers=operator)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "BadRequest"
    assert error["message"].startswith(text)


def test_a_malformed_batch_changes_nothing(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    change = {"id": "1", "method": "DELETE", "url": f"/applications/{application.id}"}
    assert send(world, operator, change, get("2", dependsOn=["3"])).status_code == 400
    assert world.emulator.tenant.applications.get(application.id) is not None


def test_what_depends_on_a_failed_request_fails_with_it(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    removal = {"id": "C", "method": "DELETE", "url": f"/applications/{application.id}", "dependsOn": ["b"]}
    answer = send(world, operator, get("A"), get("B", "/nonsense", dependsOn=["a"]), removal, get("D", dependsOn=["A"]))
    parts = by_id(answer)
    assert {name: part["status"] for name, part in parts.items()} == {"A": 200, "B": 400, "C": 424, "D": 200}
    assert parts["C"]["body"]["error"]["code"] == "FailedDependency"
    assert world.emulator.tenant.applications.get(application.id) is not None


def test_requests_run_in_the_order_of_their_dependencies(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application()
    address = f"/applications/{application.id}"
    change = {"id": "1", "method": "PATCH", "url": address, "headers": JSON, "body": {"notes": "first"}}
    parts = by_id(send(world, operator, change, get("2", f"{address}?$select=notes", dependsOn=["1"])))
    assert parts["2"]["body"]["notes"] == "first"


@pytest.mark.parametrize(
    "form",
    ["/applications?$top=1", "applications?$top=1", "/v1.0/applications?$top=1", "//applications?$top=1",
     "{base}/v1.0/applications?%24top=1", "{base}/v1.0//applications?$top=1",
     "https://graph.microsoft.com/v1.0/applications?$top=1"],
)  # fmt: skip
def test_addresses_are_taken_in_every_form_that_clients_send(world: Any, operator: dict[str, str], form: str) -> None:
    url = form.format(base=world.emulator.graph_endpoint)
    part = by_id(send(world, operator, get("1", url)))["1"]
    assert part["status"] == 200
    assert len(part["body"]["value"]) == 1
    assert part["body"]["@odata.nextLink"].startswith(f"{world.emulator.graph_endpoint}/v1.0/applications?")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/v1.0/applications",
     "https://evil.example/v1.0/applications", "ftp://graph.microsoft.com/v1.0/applications", "/beta/applications",
     "http://[x", "/$batch", "?", "//", "/applications?$top=1&$top=2", "/applications/%zz", "\u0000", "/a/../b"],
)  # fmt: skip
def test_an_address_that_leads_nowhere_fails_by_itself(world: Any, operator: dict[str, str], url: str) -> None:
    parts = by_id(send(world, operator, get("1", url), get("2")))
    assert (parts["1"]["status"], parts["2"]["status"]) == (400, 200)


def test_headers_belong_to_the_request_that_names_them(world: Any, operator: dict[str, str]) -> None:
    eventual = {"ConsistencyLevel": "eventual"}
    url = "/applications?$filter=displayName ne 'x'&$count=true&$top=1"
    parts = by_id(send(world, {**operator, **eventual}, get("1", url), get("2", url, headers=eventual)))
    assert (parts["1"]["status"], parts["2"]["status"]) == (400, 200)
    assert parts["2"]["body"]["@odata.count"] == len(world.emulator.tenant.applications)


def test_a_text_answer_comes_in_base64(world: Any, operator: dict[str, str]) -> None:
    headers = {"ConsistencyLevel": "eventual"}
    part = by_id(send(world, operator, get("1", "/applications/$count", headers=headers)))["1"]
    assert part["headers"]["Content-Type"] == "text/plain"
    assert int(base64.b64decode(part["body"])) == len(world.emulator.tenant.applications)


def test_a_body_may_come_in_base64(world: Any, operator: dict[str, str]) -> None:
    body = base64.b64encode(json.dumps({"displayName": "from base64"}).encode()).decode()
    made = {"id": "1", "method": "POST", "url": "/applications", "headers": JSON, "body": body}
    broken = {**made, "id": "2", "body": "*"}
    listed = {**made, "id": "3", "body": [1]}
    parts = by_id(send(world, operator, made, broken, listed))
    assert {name: part["status"] for name, part in parts.items()} == {"1": 201, "2": 400, "3": 400}
    assert parts["1"]["body"]["displayName"] == "from base64"


def test_a_batch_gives_no_permission_that_the_caller_lacks(world: Any) -> None:
    auditor = world.bearer("read-only-auditor")
    made = {"id": "1", "method": "POST", "url": "/applications", "headers": JSON, "body": {"displayName": "x"}}
    parts = by_id(send(world, auditor, made, get("2")))
    assert (parts["1"]["status"], parts["2"]["status"]) == (403, 200)
    assert send(world, {}, get("1")).status_code == 401


def test_a_throttled_request_fails_alone_and_says_when_to_come_back(world: Any) -> None:
    call = Call(
        tenant=world.emulator.tenant,
        caller=Caller(app_id="x", roles=frozenset({"Application.Read.All"})),
        version="v1.0",
        base="https://localhost",
        path="v1.0/$batch",
        query={},
        headers={},
        body=json.dumps({"requests": [get("1"), get("2", "/organization"), get("3", dependsOn=["2"])]}).encode(),
    )

    def dispatch(part: Call, method: str) -> Reply:
        if part.path.endswith("organization"):
            raise GraphError(429, "TooManyRequests", "Please retry again later.", {"retry-after": "2.128"})
        return router.dispatch(part, method)

    body = answer_batch(call, dispatch).body
    assert isinstance(body, dict)
    parts = {part["id"]: part for part in body["responses"]}
    assert {name: part["status"] for name, part in parts.items()} == {"1": 200, "2": 429, "3": 424}
    assert parts["2"]["headers"]["Retry-After"] == "2.128"


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make msgraph-core's batch classes importable: it uses a package that it does not declare."""
    monkeypatch.setitem(sys.modules, "deprecated", SimpleNamespace(deprecated=lambda _: lambda kind: kind))


# Both packages warn about themselves when they are imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:kiota_abstractions", "ignore::DeprecationWarning:msgraph")
@pytest.mark.usefixtures("sdk")
def test_msgraph_sdk_sends_a_batch_that_is_understood(
    world: Any, operator: dict[str, str], trust: ssl.SSLContext
) -> None:
    from kiota_abstractions.authentication import AnonymousAuthenticationProvider  # noqa: PLC0415
    from kiota_abstractions.headers_collection import HeadersCollection  # noqa: PLC0415
    from msgraph.generated.models.application import Application  # noqa: PLC0415
    from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: PLC0415
    from msgraph.graph_service_client import GraphServiceClient  # noqa: PLC0415
    from msgraph_core.requests.batch_request_builder import BatchRequestBuilder  # type: ignore[import-untyped]  # noqa: PLC0415
    from msgraph_core.requests.batch_request_content import BatchRequestContent  # type: ignore[import-untyped]  # noqa: PLC0415
    from msgraph_core.requests.batch_request_item import BatchRequestItem  # type: ignore[import-untyped]  # noqa: PLC0415

    async def run() -> Any:
        inner = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
        async with inner, httpx.AsyncClient(transport=inner, trust_env=False, headers=operator) as web:
            adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), web)
            adapter.base_url = f"{world.emulator.graph_endpoint}/v1.0"
            client = GraphServiceClient(request_adapter=adapter)
            count = client.applications.count.to_get_request_information()
            count.headers = HeadersCollection()
            count.headers.add("ConsistencyLevel", "eventual")
            content = BatchRequestContent()
            for name, request in (
                ("list", client.applications.to_get_request_information()),
                ("made", client.applications.to_post_request_information(Application(display_name="by sdk batch"))),
                ("count", count),
                ("none", client.applications.by_application_id("nonsense").to_get_request_information()),
            ):
                content.add_request(name, BatchRequestItem(request, id=name))
            return await BatchRequestBuilder(adapter).post(content)

    answer = asyncio.run(run())
    assert answer.get_response_status_codes() == {"list": 200, "made": 201, "count": 200, "none": 400}
    # The sdk loses bodies that are objects; a text body arrives, taken out of its base64.
    assert answer.get_response_by_id("list").body is None
    assert int(answer.get_response_by_id("count").body) == len(world.emulator.tenant.applications)
    assert "by sdk batch" in {item.display_name for item in world.emulator.tenant.applications}


SPELLINGS = ("/$batch", "/$BATCH", "/%24batch", "/$batch/", "//$batch", "/microsoft.graph.$batch", "/$batch()",
             "/v1.0/$BATCH")  # fmt: skip


@pytest.mark.parametrize("url", SPELLINGS)
def test_a_batch_in_a_batch_is_refused_however_it_is_spelt(world: Any, operator: dict[str, str], url: str) -> None:
    inner = {"requests": [get("1", "/organization")]}
    answer = send(world, operator, {"id": "1", "method": "POST", "url": url, "headers": JSON, "body": inner})
    assert by_id(answer)["1"]["body"]["error"]["message"] == "A batch cannot be part of a batch."


@pytest.mark.parametrize(
    "url", ["/applications?$top=1&x=\ud800", "/applications/delta?$top=1&$select=\ud800", "/\ud800/x",
            "/applications(uniqueName='\udfff')"],
    ids=range(4),
)  # fmt: skip
def test_half_a_character_is_no_address(world: Any, operator: dict[str, str], url: str) -> None:
    content = json.dumps({"requests": [get("1", url)]})
    part = by_id(world.web.post("/v1.0/$batch", content=content, headers={**operator, **JSON}))["1"]
    assert (part["status"], part["body"]["error"]["code"]) == (400, "BadRequest")


@pytest.mark.parametrize("option", ["$expand", "$select", "$filter", "$search", "x"])
def test_an_address_is_bounded_as_if_it_came_alone(world: Any, operator: dict[str, str], option: str) -> None:
    part = by_id(send(world, operator, get("1", f"/applications?{option}={'a' * 400_000}")))["1"]
    assert (part["status"], part["body"]["error"]["code"]) == (414, "RequestUriTooLong")
