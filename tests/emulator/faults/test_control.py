"""The control endpoint: faults of all kinds together, hostile bodies, and who may use it."""

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any

import httpx
import pytest

from migrate.emulator.faults.parsing import convert
from tests.emulator.faults.conftest import Trouble

SLOW = {"kind": "slow", "seconds": 0}


def send(trouble: Trouble, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
    """Send a request whose path nobody tidies up."""
    port = int(trouble.world.emulator.imds_endpoint.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        with connection.getresponse() as answer:
            answer.read()
            return answer.status
    finally:
        connection.close()


def test_faults_are_put_shown_and_ended(trouble: Trouble) -> None:
    assert trouble.control("GET", "faults").json() == {"seed": 1, "faults": [], "state": []}
    put = trouble.control("PUT", "faults", json={"seed": 9, "faults": [{"kind": "status", "status": 503}]})
    assert put.json()["seed"] == 9
    assert put.json()["faults"][0] == {
        "kind": "status", "status": 503, "when": "before", "retry_after": None, "retry_after_form": "float",
        "methods": [], "path": "/**", "after": 0, "every": 1, "share": 1.0, "times": None,
    }  # fmt: skip
    assert trouble.world.web.get("/v1.0/x").status_code == 503
    assert trouble.control("GET", "faults").json()["state"] == [{"kind": "status", "seen": 1, "fired": 1}]
    assert trouble.control("DELETE", "faults").json()["faults"] == []
    assert trouble.world.web.get("/v1.0/x").status_code == 401


def test_another_plan_takes_the_place_of_the_one_before_and_counts_anew(trouble: Trouble) -> None:
    trouble.begin({"kind": "status", "status": 503})
    trouble.world.web.get("/v1.0/x")
    trouble.begin(SLOW, SLOW)
    assert trouble.counts() == [(0, 0), (0, 0)]
    assert trouble.world.web.get("/v1.0/x").status_code == 401
    assert trouble.counts() == [(1, 1), (1, 1)]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff", b"[" * 200_000, b'{"faults": [{"kind": "foo"}]}', b'{"seed": ' + b"9" * 5000 + b"}",
     b'{"faults": [{"kind": "slow", "seconds": 1e400}]}', b'{"faults": [' + b'{"kind":"reset"},' * 100 + b"{}]}"],
)  # fmt: skip
def test_a_hostile_plan_is_refused_and_the_old_one_stays(trouble: Trouble, body: bytes) -> None:
    trouble.begin(SLOW)
    answer = trouble.control("PUT", "faults", content=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert len(trouble.counts()) == 1


def test_a_plan_of_ten_megabytes_is_too_large(trouble: Trouble) -> None:
    answer = trouble.control("PUT", "faults", content=b" " * 10_000_000)
    assert (answer.status_code, answer.json()) == (413, {"error": "the document is larger than 4 MiB"})
    assert trouble.control("GET", "clock").status_code == 200


def test_the_message_names_fault_field_and_allowed_values(trouble: Trouble) -> None:
    answer = trouble.control("PUT", "faults", json={"faults": [SLOW, {"kind": "identity-cache", "mode": "on"}]})
    assert answer.json()["error"] == "fault 2 (identity-cache): mode cannot be 'on'; allowed: frozen, off"


@pytest.mark.parametrize(
    "path", ["/_control/faults", "//_control//faults/", "/%5Fcontrol/faults", "/_control%2Ffaults"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "169.254.169.254"},
        {"Host": "localhost.rebound.example:80"},
        {"Host": ""},
        {"Host": "localhost", "Origin": "https://page.example"},
        {"Host": "localhost", "Origin": "null"},
        {"Host": "localhost:1", "Origin": "http://localhost:2"},
    ],
)
def test_pages_in_a_browser_are_refused_however_the_path_is_spelt(
    trouble: Trouble, path: str, headers: dict[str, str]
) -> None:
    body = json.dumps({"faults": [{"kind": "status", "status": 503}]}).encode()
    assert send(trouble, "PUT", path, headers, body) == 403
    assert trouble.counts() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:1234"])
def test_programs_on_this_machine_are_served(trouble: Trouble, host: str) -> None:
    assert send(trouble, "GET", "/_control/faults", {"Host": host}) == 200
    assert send(trouble, "GET", "/_control/faults", {"Host": host, "Origin": f"http://{host}"}) == 200


def test_the_proxy_and_the_tls_port_lead_to_no_control(trouble: Trouble) -> None:
    proxy = trouble.world.emulator.proxy_endpoint
    with httpx.Client(proxy=proxy) as client:
        assert client.get("http://169.254.169.254/_control/faults").status_code == 403
    assert trouble.world.web.get("/_control/faults").status_code == 404
    assert trouble.control("POST", "faults").status_code == 405


def test_no_fault_disturbs_the_control_endpoint(trouble: Trouble) -> None:
    for fault in ({"kind": "reset", "path": "/_control/**"}, {"kind": "reset"}, {"kind": "status", "status": 500}):
        trouble.begin(fault)
        for path in ("/_control/faults", "//_control/faults", "/%5fcontrol/faults"):
            assert send(trouble, "GET", path, {"Host": "localhost"}) == 200
        assert trouble.counts() == [(0, 0)]


def test_faults_of_all_kinds_hold_together(trouble: Trouble) -> None:
    import tomllib  # noqa: PLC0415

    plan = tomllib.loads(resources.files("migrate.emulator.faults").joinpath("example.toml").read_text("utf-8"))
    loud = ("status", "reset", "truncate", "expired-bearer")
    quiet = [fault for fault in plan["faults"] if fault["kind"] not in loud]
    trouble.begin(*quiet)
    application = trouble.world.new_application()
    assert trouble.world.federate(application).status_code == 201
    assert trouble.exchange(application) == 70025
    assert trouble.graph("GET", f"applications?$filter=id eq '{application.id}'").json()["value"] == []
    before = trouble.graph("GET", f"applications/{application.id}").json()["keyCredentials"]
    after = trouble.graph("GET", f"applications/{application.id}").json()["keyCredentials"]
    assert len(after) >= len(before)
    statuses = [trouble.graph("GET", "auditLogs/signIns").status_code for _ in range(6)]
    assert statuses[-1] == 429
    trouble.advance(61)
    assert trouble.exchange(application) == 0
    fired = {kind["kind"]: fired for kind, (_, fired) in zip(quiet, trouble.counts(), strict=True)}
    assert all(fired.values()), fired


def test_delays_add_up_and_the_first_ending_holds(trouble: Trouble) -> None:
    trouble.begin(SLOW, {"kind": "status", "status": 503, "times": 1}, {"kind": "status", "status": 504}, SLOW)
    assert [trouble.world.web.get("/v1.0/x").status_code for _ in range(2)] == [503, 504]
    assert trouble.counts() == [(2, 2), (2, 1), (1, 1), (0, 0)]


def test_the_same_seed_makes_the_same_choices_for_each_fault_by_itself(trouble: Trouble) -> None:
    def choices(seed: int, *before: Any) -> str:
        trouble.begin(*before, {"kind": "status", "status": 503, "share": 0.5, "path": "/v1.0/x"}, seed=seed)
        return "".join(str(trouble.world.web.get("/v1.0/x").status_code // 500) for _ in range(24))

    assert choices(1) == choices(1)
    assert len({choices(1), choices(2), choices(1, SLOW)}) == 3


@pytest.mark.slow
def test_plans_come_and_go_while_a_hundred_clients_work(trouble: Trouble) -> None:
    headers = trouble.world.bearer()
    plans: list[list[dict[str, Any]]] = [
        [{"kind": "lagging-reads", "unseen": 5, "flapping": 5, "of": ["lists", "objects", "writes"]}],
        [{"kind": "propagation", "unseen": 5}, {"kind": "throttle", "limits": {"resource-units": 50}, "speed": 9}],
        [{"kind": "second-writer", "times": None}, {"kind": "slow", "seconds": 0.001, "when": "after"}],
        [{"kind": "status", "status": 503, "share": 0.3}, {"kind": "reset", "share": 0.1, "when": "after"}],
        [],
    ]
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            trouble.begin(*plans[number % len(plans)])
            number += 1

    def work(number: int) -> set[int]:
        seen = set()
        for path in ("applications", "servicePrincipals?$top=3"):
            try:
                seen.add(trouble.world.web.get(f"/v1.0/{path}", headers=headers).status_code)
                body = {"displayName": f"busy {number}"}
                seen.add(trouble.world.web.post("/v1.0/applications", headers=headers, json=body).status_code)
            except httpx.TransportError:
                seen.add(0)
        return seen

    changing = threading.Thread(target=change)
    changing.start()
    try:
        with ThreadPoolExecutor(100) as pool:
            seen = set().union(*pool.map(work, range(100)))
    finally:
        done.set()
        changing.join()
    assert seen <= {0, 200, 201, 429, 503}
    assert {200, 201} <= seen
    trouble.end()
    tenant = trouble.world.emulator.tenant
    assert tenant.applications.watch is None
    listed = trouble.graph("GET", "applications?$top=999").json()["value"]
    assert len(listed) == len(tenant.applications)


def test_a_plan_can_be_installed_from_the_test_itself(trouble: Trouble) -> None:
    from migrate.emulator.faults.engine import install  # noqa: PLC0415

    install(trouble.world.emulator.tenant, convert({"faults": [{"kind": "status", "status": 502}]}))
    assert trouble.world.web.get("/v1.0/x").status_code == 502


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("advance", b'{"seconds": NaN}'),
        ("advance", b'{"seconds": 1e999}'),
        ("advance", b'{"seconds": ' + b"9" * 5000 + b"}"),
        ("advance", b"[" * 100_000),
        ("clock", b'{"now": 3}'),
        ("clock", b'{"now": "yesterday"}'),
        ("clock", b'{"now": "2001-01-01T00:00:00Z"}'),
        ("clock", b'{"now": "9999-12-31T23:59:59-14:00"}'),
        ("clock", b'{"now": "\\ud800"}'),
        ("clock", b"\xff"),
    ],
)
def test_a_clock_that_cannot_be_so_is_refused(trouble: Trouble, path: str, body: bytes) -> None:
    answer = trouble.control("POST", path, content=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"seconds": 1e30}', "seconds must be from 0 to "),
        (b'{"seconds": -1}', "the clock moves forward only, up to the year 8999; it is 2"),
        (b'{"days": 3}', 'send {"seconds": N} as JSON, and no other unit'),
        (b'{"seconds": 3, "days": 3}', "no other unit"),
        (b"x", "as JSON"),
    ],
)
def test_a_refused_advance_says_why_and_how_far_it_goes(trouble: Trouble, body: bytes, reason: str) -> None:
    base = trouble.world.emulator.control_endpoint
    answer = httpx.post(f"{base}/advance", content=body, trust_env=False)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
