"""Whole pages, of which only the differences are encoded, say what the objects say one by one."""

import json
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from migrate.emulator.graph.call import Call, Caller
from migrate.emulator.graph.router import dispatch
from migrate.emulator.seed import seed_tenant
from migrate.emulator.seed.twins import FIRST_TWIN
from migrate.emulator.state.records import Application
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.web.common import json_response

ROLES = frozenset({"Application.Read.All", "Directory.Read.All"})
OWNERS = "owners($select=id,displayName)"


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    made = seed_tenant(apps=60, seed=1, start=datetime(2026, 3, 1, tzinfo=UTC), retention=timedelta(days=30))
    others = MappingProxyType({"notes": "half \ud83d a pair", "web": {"homePageUrl": "https://x"}})
    made.save_application(
        Application(id="a" * 36, app_id="b" * 36, display_name="\ud83d", created=made.clock.now(), others=others)
    )
    return made


def ask(tenant: Tenant, path: str, query: dict[str, str], *, takes_raw: bool) -> Any:
    caller, version = Caller(app_id="x", roles=ROLES), path.partition("/")[0]
    call = Call(tenant=tenant, caller=caller, version=version, base="https://localhost", path=path, query=query,
                headers={}, body=b"", takes_raw=takes_raw)  # fmt: skip
    reply = dispatch(call, "GET")
    assert reply.body is not None
    assert not isinstance(reply.body, str)
    assert isinstance(reply.body["value"], msgspec.Raw) == takes_raw
    return json.loads(bytes(json_response(reply.body).body))


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize("collection", ["applications", "servicePrincipals"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"$expand": OWNERS},
        {"$expand": "federatedIdentityCredentials"},
        {"$select": "id,displayName,passwordCredentials,notes"},
        {"$select": "appId,keyCredentials", "$expand": OWNERS},
        {"$orderby": "displayName desc", "$top": "7"},
        {"$filter": "startswith(displayName,'o')"},
    ],
)
def test_encoded_pages_say_the_same(tenant: Tenant, version: str, collection: str, query: dict[str, str]) -> None:
    page = {"$top": "999", **query}
    path = f"{version}/{collection}"
    assert ask(tenant, path, page, takes_raw=True) == ask(tenant, path, page, takes_raw=False)


def test_no_property_stands_twice(tenant: Tenant) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    call = Call(tenant=tenant, caller=Caller(app_id="x", roles=ROLES), version="beta", base="https://localhost",
                path="beta/applications", query={"$top": "999"}, headers={}, body=b"", takes_raw=True)  # fmt: skip
    body: Any = dispatch(call, "GET").body
    assert len(json.loads(bytes(body["value"]), object_pairs_hook=once)) == 61


@pytest.fixture(scope="module")
def large() -> Tenant:
    return seed_tenant(apps=FIRST_TWIN + 700, seed=1, retention=timedelta(days=30))


def test_twins_share_nothing_that_is_unique(large: Tenant) -> None:
    applications = [*large.applications]
    for values in (
        [item.id for item in applications],
        [item.app_id for item in applications],
        [item.display_name for item in applications],
        [secret.key_id for item in applications for secret in item.passwords],
        [secret.secret for item in applications for secret in item.passwords],
        [key.certificate for item in applications for key in item.keys],
    ):
        assert len(values) == len(set(values))


def test_a_twin_is_as_frozen_as_its_pattern(large: Tenant) -> None:
    twin = [*large.applications][FIRST_TWIN + 600]
    assert type(twin) is Application
    assert twin == Application(**{name: getattr(twin, name) for name in Application.__slots__})
    with pytest.raises(AttributeError):
        twin.display_name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        twin.others["notes"] = "other"  # type: ignore[index]


def test_places_are_found_after_a_removal(large: Tenant) -> None:
    before = [*large.applications]
    gone = before[10]
    large.applications.remove(gone.id)
    assert [item.id for _, item in large.applications.after(0)] == [item.id for item in before if item is not gone]
    large.applications.put(gone)
    assert [item.id for _, item in large.applications.after(0)][-1] == gone.id
    large.hosts.remove(next(iter(large.hosts)))
    assert len([*large.hosts.after(0)]) == len(large.hosts)
