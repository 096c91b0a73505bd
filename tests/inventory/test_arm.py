from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from inventory.arm import _QUERIES, ArmConnection
from inventory.arm_answers import WireList
from inventory.arm_settings import ArmSettings
from inventory.cloud import Cloud
from inventory.errors import (
    ReadFailedError,
    SignInFailedError,
    TenantUnreachableError,
)
from inventory.graph import GraphSettings
from inventory.hosting_wire import HOSTS, WireSettings
from tests.inventory.madeup import StaticCredential
from tests.inventory.madeup_arm import RESOURCE_GRAPH, MadeUpArm, row

SETTINGS = "/subscriptions/s/providers/Microsoft.Web/sites/a/config/appsettings/list"


@pytest.fixture
def arm() -> MadeUpArm:
    return MadeUpArm()


def _do(arm: MadeUpArm, job: Callable[[ArmConnection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with arm.reached() as connection:
            return await job(connection)

    return asyncio.run(run())


async def _all_rows(connection: ArmConnection, url: str) -> list[bytes]:
    return [bytes(one) async for page in connection.pages(url) for one in page]


@pytest.mark.parametrize(
    ("cloud", "endpoint"),
    [
        (Cloud.PUBLIC, "https://management.azure.com"),
        (Cloud.USGOV, "https://management.usgovcloudapi.net"),
        (Cloud.CHINA, "https://management.chinacloudapi.cn"),
    ],
)
def test_each_cloud_has_its_address_and_audience(cloud: Cloud, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ArmSettings(sign_in=GraphSettings(cloud=cloud))
    assert (settings.endpoint, settings.scope) == (endpoint, f"{endpoint}/.default")
    monkeypatch.setenv("UNSECRET_ARM_ENDPOINT", "https://localhost:1/")
    assert (settings.endpoint, settings.scope) == ("https://localhost:1", f"{endpoint}/.default")
    assert ArmSettings(sign_in=GraphSettings(), arm_endpoint="https://localhost:2").endpoint == "https://localhost:2"


@pytest.mark.parametrize(
    "endpoint", ["http://management.azure.com", "ftp://localhost", "management.azure.com", "https://"]
)
def test_a_token_goes_over_tls_or_nowhere(endpoint: str) -> None:
    async def reach() -> None:
        async with ArmConnection(ArmSettings(sign_in=GraphSettings(), arm_endpoint=endpoint), StaticCredential()):
            pass

    with pytest.raises(TenantUnreachableError, match="no address of Azure Resource Manager"):
        asyncio.run(reach())


def test_pages_are_followed_to_the_end_on_this_host_alone(arm: MadeUpArm) -> None:
    arm.pages["/a"] = {"value": [1, 2], "nextLink": "{url}/b?$skiptoken=x"}
    arm.pages["/b"] = {"value": [3], "nextLink": ""}
    assert _do(arm, lambda one: _all_rows(one, "/a")) == [b"1", b"2", b"3"]
    arm.pages["/b"] = {"value": [3], "nextLink": "https://evil.example/c"}
    with pytest.raises(ReadFailedError, match="points to another host"):
        _do(arm, lambda one: _all_rows(one, "/a"))
    arm.pages["/b"] = {"value": [3], "nextLink": "{url}/c?$skiptoken=y"}
    arm.pages["/c"] = {"value": [4], "nextLink": "{url}/b?$skiptoken=x"}
    with pytest.raises(ReadFailedError, match="one that was read before"):
        _do(arm, lambda one: _all_rows(one, "/a"))
    arm.pages["/b"] = {"value": [3], "nextLink": "{url}/b?$skiptoken=x"}
    with pytest.raises(ReadFailedError, match="one that was read before"):
        _do(arm, lambda one: _all_rows(one, "/a"))


@pytest.mark.parametrize(
    ("said", "seconds"), [({"Retry_After": "7"}, 7.0), ({"Retry_After": "2.5"}, 2.5), ({}, 0.5),
                          ({"Retry_After": "Mon, 02 Mar 2026 10:00:31 GMT"}, 31.0)]
)  # fmt: skip
def test_a_throttled_request_waits_as_it_is_told(
    arm: MadeUpArm, waits: list[float], said: dict[str, str], seconds: float
) -> None:
    arm.answer("/a", {"error": {"code": "TooManyRequests"}}, status=429, cut=0, **said)
    arm.answer("/a", {"value": []})
    _do(arm, lambda one: one.get("/a", WireList))
    assert [one for one in waits if one] == [seconds]


def test_an_hour_is_not_waited_for(arm: MadeUpArm, waits: list[float]) -> None:
    arm.answer("/a", {"error": {"code": "TooManyRequests"}}, status=429, Retry_After="3600")
    with pytest.raises(ReadFailedError, match=r"429 \(TooManyRequests\); Azure is throttling"):
        _do(arm, lambda one: one.get("/a", WireList))
    assert not any(waits)


def test_an_outage_is_asked_again_and_ends(arm: MadeUpArm, waits: list[float]) -> None:
    arm.answer("/a", b"<html>", status=503)
    with pytest.raises(ReadFailedError, match="answered 503; Azure Resource Manager is not available"):
        _do(arm, lambda one: one.get("/a", WireList))
    assert [one for one in waits if one] == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_a_broken_connection_is_tried_again(arm: MadeUpArm, waits: list[float]) -> None:
    arm.answer("/a", {"value": []}, cut=5)
    arm.answer("/a", {"value": [1]})
    assert len(_do(arm, lambda one: one.get("/a", WireList)).value) == 1
    assert any(waits)
    arm.answers["/a"] = arm.answers["/a"][:0]
    arm.answer("/a", {"value": []}, cut=5)
    with pytest.raises(TenantUnreachableError, match="cannot be reached"):
        _do(arm, lambda one: one.get("/a", WireList))


@dataclass
class SlowArm(MadeUpArm):
    """Keeps some requests waiting for longer than anybody waits."""

    slow: set[int] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self.requests) in self.slow:
            self.slow.remove(len(self.requests))
            try:
                await asyncio.sleep(0.6)
            finally:
                writer.close()
            return
        await super().serve(reader, writer)


def test_a_host_that_answered_before_may_be_slow_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.arm._TIMEOUT", aiohttp.ClientTimeout(sock_read=0.2))
    slow = SlowArm(slow={1})
    slow.answer("/a", {"value": [1]})

    async def twice(connection: ArmConnection) -> list[int]:
        return [len((await connection.get("/a", WireList)).value) for _ in range(2)]

    assert _do(slow, twice) == [1, 1]
    slow = SlowArm(slow={0})
    slow.answer("/a", {"value": [1]})
    with pytest.raises(TenantUnreachableError, match="cannot be reached"):
        _do(slow, twice)


def test_a_host_that_does_not_answer_is_named() -> None:
    async def reach() -> None:
        settings = ArmSettings(sign_in=GraphSettings(), arm_endpoint="https://localhost:1")
        async with ArmConnection(settings, StaticCredential()) as connection:
            await connection.get("/subscriptions", WireList)

    with pytest.raises(TenantUnreachableError, match="https://localhost:1 cannot be reached"):
        asyncio.run(reach())


def test_a_given_credential_that_is_refused_is_told(arm: MadeUpArm) -> None:
    arm.answer("/a", {"error": {"code": "ExpiredAuthenticationToken"}}, status=401)
    with pytest.raises(SignInFailedError, match="ExpiredAuthenticationToken"):
        _do(arm, lambda one: one.get("/a", WireList))
    assert len(arm.requests) == 1


def test_a_redirect_is_not_followed(arm: MadeUpArm) -> None:
    arm.answer("/a", b"", status=307, Location="https://evil.example/")
    with pytest.raises(ReadFailedError, match="answered 307"):
        _do(arm, lambda one: one.get("/a", WireList))


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", b'{"value": 1}', b"[" * 200_000])
def test_an_answer_that_cannot_be_understood_is_told(arm: MadeUpArm, body: bytes) -> None:
    arm.answer("/a", body)
    with pytest.raises(ReadFailedError, match="cannot be understood"):
        _do(arm, lambda one: one.get("/a", WireList))


def test_no_value_of_a_setting_is_in_an_error_or_a_log(arm: MadeUpArm, caplog: pytest.LogCaptureFixture) -> None:
    secret = "Sesame-open-Sesame-open-Sesame-open-Sesame"
    bodies: list[Any] = [
        {"properties": {"A": [secret]}}, {"properties": [secret]}, {"properties": secret}, secret,
        {"properties": {"A": {secret: secret}}}, b'{"properties": {"A": "' + secret.encode() + b'\xff"}}',
    ]  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        for body in bodies:
            arm.answers[SETTINGS] = arm.answers[SETTINGS][:0]
            arm.answer(SETTINGS, body)
            with pytest.raises(ReadFailedError) as caught:
                _do(arm, lambda one: one.post(SETTINGS, WireSettings))
            assert secret not in str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__
        arm.answer(SETTINGS, {"properties": {"A": secret}}, status=409)
        arm.answers[SETTINGS].pop(0)
        with pytest.raises(ReadFailedError):
            _do(arm, lambda one: one.post(SETTINGS, WireSettings))
    assert secret not in caplog.text
    assert "eyJ" not in caplog.text, "tokens begin so"
    assert "appsettings/list" in caplog.text


def test_a_query_asks_for_objects_and_reads_their_rows(arm: MadeUpArm) -> None:
    arm.tables["hosts"] = [row("microsoft.web/sites", f"app-{number}") for number in range(3)]

    async def job(connection: ArmConnection) -> list[str | None]:
        first = await connection.query(HOSTS, top=2)
        second = await connection.query(HOSTS, top=2, token=first.skip_token)
        counted = await connection.query(HOSTS, top=2, skip=2)
        assert bytes(second.data[0]) == bytes(counted.data[0])
        return [first.skip_token, second.skip_token]

    assert _do(arm, job) == ["2", None]
    assert arm.asked("hosts") == [
        {"resultFormat": "objectArray", "$top": 2},
        {"resultFormat": "objectArray", "$top": 2, "$skipToken": "2"},
        {"resultFormat": "objectArray", "$top": 2, "$skip": 2},
    ]
    assert arm.requests[0].headers["authorization"].startswith("Bearer ")


def test_a_used_up_quota_is_waited_for_before_the_next_query(arm: MadeUpArm, waits: list[float]) -> None:
    arm.quota = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:05"}

    async def job(connection: ArmConnection) -> None:
        await connection.query(HOSTS, top=1)
        await connection.query(HOSTS, top=1)

    _do(arm, job)
    assert [one for one in waits if one > 1] == [pytest.approx(5.0, abs=0.5)]


def test_queries_stay_within_fifteen_in_five_seconds(arm: MadeUpArm) -> None:
    size, period = _QUERIES
    assert size + 5.0 * size / period <= 15, "a whole bucket, and what runs into it meanwhile"
    times: list[float] = []

    async def job(connection: ArmConnection) -> None:
        async def one() -> None:
            await connection.query(HOSTS, top=1)
            times.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(one() for _ in range(7)))

    _do(arm, job)
    assert max(times) - min(times) > 0.6  # two wait for their place


def test_a_query_is_not_refused_for_what_the_service_adds(arm: MadeUpArm) -> None:
    arm.answer(RESOURCE_GRAPH, {"data": [{"id": "x"}], "facets": [], "resultTruncated": "true", "new": {"a": 1}})
    assert _do(arm, lambda one: one.query(HOSTS, top=1)).cut


def test_requests_go_through_the_proxy_that_the_environment_names(
    arm: MadeUpArm, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm.answer("/a", {"value": [1]})

    async def ask() -> WireList:
        async with arm.reached() as server:
            monkeypatch.setenv("http_proxy", arm.url)
            settings = ArmSettings(sign_in=GraphSettings(), arm_endpoint="http://localhost:1")
            monkeypatch.setenv("NO_PROXY", "")
            monkeypatch.setenv("no_proxy", "")
            async with ArmConnection(settings, StaticCredential()) as through:
                del server
                return await through.get("/a", WireList)

    arm.pages["http://localhost:1/a"] = {"value": [1]}
    assert len(asyncio.run(ask()).value) == 1
    assert arm.requests[0].target == "http://localhost:1/a"
