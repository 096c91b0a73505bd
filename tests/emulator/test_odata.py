"""Query options: what they mean, and that nothing a client sends can break their parsers."""

import contextlib
import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.emulator.graph.call import Call, Caller
from migrate.emulator.graph.errors import GraphError
from migrate.emulator.graph.odata.filters import parse_filter
from migrate.emulator.graph.odata.options import parse_query, read_options
from migrate.emulator.graph.odata.paging import decode_position, encode_position
from migrate.emulator.graph.odata.search import parse_search
from migrate.emulator.graph.router import dispatch
from migrate.emulator.seed import seed_tenant
from migrate.emulator.state.tenant import Tenant
from tests.support.examples import share

APPS = "/v1.0/applications"
EVENTUAL = {"ConsistencyLevel": "eventual"}

BODY: dict[str, Any] = {
    "name": "Alpha",
    "number": 7,
    "flag": True,
    "nothing": None,
    "date": "2026-03-01T00:00:00Z",
    "exact": "2026-03-01T00:00:00.2500000Z",
    "names": ["a", "isExplicit=True"],
    "rows": [{"key": "x", "size": 1}, {"key": "y", "size": 5}],
    "inner": {"code": 50},
}

CASES: list[tuple[str, bool]] = [
    ("name eq 'alpha'", True),
    ("name ne 'alpha'", False),
    ("name eq 'al''pha'", False),
    ("number ge 7 and number lt 8", True),
    ("number gt 7 or flag eq true", True),
    ("not (flag eq true)", False),
    ("not flag eq true or nothing eq null", True),
    ("nothing ne null", False),
    ("nothing gt 1", False),
    ("date ge 2026-02-28T23:59:59Z and date le 2026-03-01T00:00:00Z", True),
    ("date lt 2026-01-01T00:00:00Z", False),
    ("startswith(name, 'AL')", True),
    ("endswith(name,'pha')", True),
    ("exact ge 2026-03-01T00:00:00Z", True),
    ("exact lt 2026-03-01T00:00:00.5Z", True),
    ("exact eq 2026-03-01T01:00:00.2500000+01:00", True),
    ("date ge 2026-03-01 and date lt 2026-03-02", True),
    ("name ge 2026-03-01", False),
    ("startswith(number,'7')", False),
    ("names/any(n:n eq 'A')", True),
    ("names/any( n : startswith(n,'isExplicit=') )", True),
    ("names/all(n:n eq 'a')", False),
    ("names/any()", True),
    ("rows/any(r:r/key eq 'y' and r/size gt 2)", True),
    ("rows/any(r:r/key eq 'x' and r/size gt 2)", False),
    ("rows/$count eq 2", True),
    ("nothing/any(n:n eq 'a')", False),
    ("inner/code eq 50", True),
    ("name in ('beta','alpha')", True),
    ("number in (1,2)", False),
    ("((name eq 'alpha'))", True),
    ("startsWith(name,'al') and endsWith(name,'HA')", True),
    ("startswith(name,'a,l')", False),
    ("not(startsWith(name,'x')) and not (number in (1,2,3))", True),
    ("names/$count eq 2 and nothing/$count eq 0", True),
    ("rows/any(r:r/key in ('y','z'))", True),
    ("rows/any(r:rows/any(s:s/size gt 4 and r/size lt 2))", True),
    (" and ".join(["flag eq true"] * 3000), True),
    (" or ".join(["number eq 1"] * 3000), False),
    ("number lt 99999999999999999999999999999999", False),
    ("number eq " + "9" * 5000, False),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_filter_means_what_odata_says(text: str, expected: bool) -> None:  # noqa: FBT001 - the case's answer
    assert parse_filter(text).test(BODY) is expected


EQUALITY = st.builds("{} eq '{}'".format, st.sampled_from("abc"), st.sampled_from("xy"))
CONDITIONS = st.recursive(
    EQUALITY,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("not ({})".format, inner)
        | st.builds("rows/any(r: {} and r eq 'x')".format, inner)
    ),
    max_leaves=6,
)


@given(text=CONDITIONS)
def test_what_passes_a_filter_has_every_equality_that_it_demands(text: str) -> None:
    condition = parse_filter(text)
    for values in itertools.product("xy", repeat=3):
        body = {**dict(zip("abc", values, strict=True)), "rows": ["x"]}
        assert not condition.test(body) or all(body[name] == value for name, value in condition.equalities.items())


def test_only_what_no_alternative_avoids_is_demanded() -> None:
    assert parse_filter("(rows/any(r:r eq 'x') or flag eq true) and appId eq 'x'").equalities == {"appId": "x"}
    assert parse_filter("appId eq 'x' and (flag eq true and name eq 'y')").equalities == {
        "appId": "x",
        "flag": True,
        "name": "y",
    }
    assert parse_filter("appId eq 'x' and flag eq true").equalities == {"appId": "x", "flag": True}
    assert parse_filter("appId eq 'x' or flag eq true").equalities == {}
    assert parse_filter("not (appId eq 'x')").equalities == {}
    assert parse_filter("rows/any(r:r/key eq 'x')").equalities == {}
    assert parse_filter("rows/any(r:r/key eq 'x')").properties == frozenset({"rows"})


@pytest.mark.parametrize(
    "text",
    ["name", "name eq", "eq 'x'", "name eq 'x", "name eq 'x' and", "(name eq 'x'", "name eq 'x')", "name eq x y",
     "startswith(name)", "startswith(name,7)", "names/any(n)", "names/any(n:)", "name in ()", "a//b eq 1", "1 eq 1",
     "names/any((:n eq 1)", "names/any('x':n eq 1)", "contains(name,'x')", "name eq 'x' & flag eq true", "not",
     "not ()"],
)  # fmt: skip
def test_a_broken_filter_is_refused(text: str) -> None:
    with pytest.raises(GraphError) as refused:
        parse_filter(text)
    assert refused.value.status == 400


def answered_or_refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except GraphError as refused:
        return refused.status == 400
    return True


WORDS = st.sampled_from([
    "name", "eq", "'x'", "(", ")", ",", ":", "and", "or", "not", "names/any", "n", "in", "7", "null", "startswith",
    "$count", "/", "'", "x:y", "rows/$count", "\u202e",
])  # fmt: skip


@given(st.lists(WORDS, max_size=25).map(" ".join) | st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_either_a_filter_or_a_refusal(text: str) -> None:
    assert answered_or_refused(lambda: parse_filter(text).test(BODY))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("displayName:orders", True), ("displayName:ORD", True), ("displayName:api", True),
     ("displayName:orders api", True),
     ("displayName:rders", False), ("displayName:orders-api", True), ("displayName:v2", True), ("displayName:x", False),
     ("description:sells", True), ("displayName:sells", False)],
)  # fmt: skip
def test_a_search_finds_the_beginnings_of_words(text: str, expected: bool) -> None:  # noqa: FBT001 - the case's answer
    assert parse_search(f'"{text}"')({"displayName": "orders-apiV2", "description": "Sells things"}) is expected


def test_a_search_joins_its_clauses() -> None:
    body = {"displayName": "one two", "description": None}
    assert parse_search('"displayName:one" AND "displayName:two"')(body)
    assert parse_search('"displayName:one" "displayName:two"')(body)
    assert not parse_search('"displayName:one" AND "displayName:three"')(body)
    assert parse_search('"displayName:three" OR ("displayName:one" AND "displayName:two")')(body)


@pytest.mark.parametrize(
    "text",
    ["x", "displayName:x", '"displayName"', '"displayName:"', '"appId:x"', '"displayName:x" AND', '("displayName:x"',
     '"displayName:x")', 'OR "displayName:x"', '"', '""', "(" * 5000],
)  # fmt: skip
def test_a_broken_search_is_refused(text: str) -> None:
    with pytest.raises(GraphError) as refused:
        parse_search(text)
    assert refused.value.status == 400


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(['"displayName:x"', "AND", "OR", "(", ")", " ", '"', "\\"])).map("".join)
)
def test_any_text_is_either_a_search_or_a_refusal(text: str) -> None:
    assert answered_or_refused(lambda: parse_search(text)({"displayName": "x"}))


def test_an_option_stands_once() -> None:
    assert parse_query("%24top=1&$select=a%2Cb&x=1&x=2") == {"$top": "1", "$select": "a,b", "x": "2"}
    for text in ("$top=1&$top=1", "$top=1&%24top=2"):
        with pytest.raises(GraphError, match="specified more than once"):
            parse_query(text)
    with pytest.raises(GraphError, match="specified more than once"):
        read_options(parse_query("$top=1&top=2"))
    with pytest.raises(GraphError):
        parse_query("&".join("x=1" for _ in range(200)))


@given(st.dictionaries(st.sampled_from(["$select", "$top", "$expand", "$orderby", "$count", "$x", "y"]), st.text()))
def test_any_options_are_read_or_refused(query: dict[str, str]) -> None:
    assert answered_or_refused(lambda: read_options(query))


@given(st.integers(min_value=0, max_value=10**9))
def test_positions_survive_their_token(position: int) -> None:
    assert decode_position(encode_position(position)) == position


@given(st.text(max_size=40))
def test_any_other_token_is_refused(token: str) -> None:
    assert answered_or_refused(lambda: decode_position(token))


# --- over the wire ---------------------------------------------------------------------------------------------------


def ask(world: Any, headers: dict[str, str], query: str, collection: str = APPS) -> httpx.Response:
    answer: httpx.Response = world.web.get(f"{collection}?{query}", headers=headers)
    return answer


def names_of(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {item["displayName"] for item in answer.json()["value"]}


def test_filters_arrive_in_every_spelling_of_the_address(world: Any, operator: dict[str, str]) -> None:
    world.new_application(displayName="a, b & c + d")
    for query in (
        "$filter=startswith%28displayName%2C%27a%2C%20b%20%26%20c%20%2B%20d%27%29",
        "%24filter=startswith(displayName,'a,+b+%26+c+%2B+d')",
        "filter=displayName eq 'a, b %26 c %2B d'",
    ):
        assert names_of(ask(world, operator, query)) == {"a, b & c + d"}


def test_filters_reach_into_credentials_and_federation(world: Any, operator: dict[str, str]) -> None:
    application = world.new_application(displayName="filtered by its parts")
    assert world.federate(application, subject="a-subject-of-its-own").status_code == 201
    tenant = world.emulator.tenant
    password = tenant.applications.get(application.id).passwords[0].key_id
    holder, key = world.certificate_holder()
    advanced = {**operator, **EVENTUAL}
    assert names_of(ask(world, operator, f"$filter=passwordCredentials/any(p:p/keyId eq {password})")) == {
        application.display_name
    }
    assert holder.display_name in names_of(
        ask(world, operator, f"$filter=keyCredentials/any(k:k/keyId eq {key.key_id})")
    )
    by_subject = "$filter=federatedIdentityCredentials/any(f:f/subject eq 'a-subject-of-its-own')"
    assert names_of(ask(world, operator, by_subject)) == {application.display_name}
    none = "$filter=federatedIdentityCredentials/$count eq 0&$count=true&$top=999"
    found = ask(world, advanced, none)
    expected = [item for item in tenant.applications if not item.federated]
    assert found.json()["@odata.count"] == len(found.json()["value"]) == len(expected)
    assert ask(world, operator, none).status_code == 400, "counting is an advanced query"


def test_more_than_fifteen_alternatives_need_an_advanced_query(world: Any, operator: dict[str, str]) -> None:
    ids = [item.id for item in world.emulator.tenant.applications][:16]
    listed = ",".join(f"'{object_id}'" for object_id in ids)
    joined = " or ".join(f"id eq '{object_id}'" for object_id in ids)
    for condition in (f"id in ({listed})", joined):
        answer = ask(world, operator, f"$filter={condition}")
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].endswith("'OR' operators: 16. Max allowed: 15.")
        assert len(ask(world, {**operator, **EVENTUAL}, f"$filter={condition}&$count=true").json()["value"]) == 16
    fewer = ",".join(f"'{object_id}'" for object_id in ids[:15])
    assert len(ask(world, operator, f"$filter=id in ({fewer})").json()["value"]) == 15


@pytest.mark.parametrize("collection", [APPS, "/v1.0/servicePrincipals", "/beta/applications"])
def test_a_search_is_an_advanced_query(world: Any, operator: dict[str, str], collection: str) -> None:
    query = '$search="displayName:orders"&$select=displayName&$top=2'
    refused = ask(world, operator, query, collection)
    assert refused.json()["error"]["code"] == "Request_UnsupportedQuery"
    assert "special request header: 'ConsistencyLevel: eventual'" in refused.json()["error"]["message"]
    found: set[str] = set()
    answer = ask(world, {**operator, **EVENTUAL}, f"{query}&$count=true", collection)
    total = answer.json()["@odata.count"]
    while True:
        found |= names_of(answer)
        following = answer.json().get("@odata.nextLink")
        if not following:
            break
        answer = world.web.get(following, headers=operator)  # PageIterator leaves the header out from here on
    assert "orders-api" in found
    assert total >= len(found) > 2
    assert all("orders" in name.lower() for name in found)


def test_counting_wants_the_header(world: Any, operator: dict[str, str]) -> None:
    assert "@odata.count" not in ask(world, operator, "$count=true").json()
    counted = ask(world, {**operator, **EVENTUAL}, "$count=true&$top=5")
    assert counted.json()["@odata.count"] == len(world.emulator.tenant.applications)
    second = world.web.get(counted.json()["@odata.nextLink"], headers=operator).json()
    assert len(second["value"]) == 5
    assert "@odata.count" not in second


def test_an_order_holds_across_pages(world: Any, operator: dict[str, str]) -> None:
    found: list[str] = []
    following: str | None = f"{APPS}?$orderby=displayName desc&$select=displayName&$top=7"
    while following:
        body = world.web.get(following, headers=operator).json()
        found += [item["displayName"] for item in body["value"]]
        following = body.get("@odata.nextLink")
    assert found == sorted(found, key=str.casefold, reverse=True)
    assert len(found) == len(world.emulator.tenant.applications)


def test_links_have_no_doubled_slash(world: Any, operator: dict[str, str]) -> None:
    link = ask(world, operator, "$top=1", "/v1.0//applications").json()["@odata.nextLink"]
    assert link.startswith(f"{world.emulator.graph_endpoint}/v1.0/applications?")


def test_owners_are_expanded_with_their_own_selection(world: Any, operator: dict[str, str]) -> None:
    rows = ask(world, operator, "$expand=owners($select=id)&$select=id&$top=999").json()["value"]
    shown = {row["id"]: {owner["id"] for owner in row["owners"]} for row in rows}
    applications = list(world.emulator.tenant.applications)
    assert shown.keys() == {item.id for item in applications}
    assert all(shown[item.id] == set(item.owners) for item in applications if len(item.owners) <= 20)
    assert all(len(owners) <= 20 for owners in shown.values())
    assert any(shown.values())
    assert all(set(owner) <= {"id", "@odata.type"} for row in rows for owner in row["owners"])


@pytest.mark.parametrize("name", ["100% sure", "what?", "a/b", "x#y", "it's", "%2F"])
def test_a_key_may_hold_any_character(world: Any, operator: dict[str, str], name: str) -> None:
    body = {"displayName": "odd", "uniqueName": name}
    made = world.web.post(APPS, json=body, headers=operator).json()
    quoted = httpx.URL("https://x/", params={"k": name.replace("'", "''")}).query.decode()[2:].replace("+", "%20")
    found = world.web.get(f"{APPS}(uniqueName='{quoted}')", headers=operator)
    assert (found.status_code, found.json().get("id")) == (200, made["id"])
    world.web.delete(f"{APPS}/{made['id']}", headers=operator)


@pytest.mark.parametrize(
    "query",
    ["$top=null", "$top=", "$top=0", "$top=1000", "$top=1e2", "$top=99999999999999999999", "$select=a b", "$skip=1",
     "$format=xml", "$deltatoken", "$skiptoken=e30", "$skiptoken=eyJwIjogMTAwMDAwMDAwMDAwMDAwMDAwMDAwfQ",
     "$filter=%00", "$filter=%FF", "$orderby=%00", "$search=%00", "$expand=owners($select=nonsense", "$count=TRUE",
     "$top=1&$top=2", "$levels=1", "$filter=id eq 'x' and"],
)  # fmt: skip
def test_a_malformed_option_is_refused(world: Any, operator: dict[str, str], query: str) -> None:
    answer = ask(world, {**operator, **EVENTUAL}, query)
    assert answer.status_code == (200 if query == "$deltatoken" else 400), answer.text


# --- anything at all -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return seed_tenant(apps=8, seed=1, start=datetime(2026, 3, 1, tzinfo=UTC), retention=timedelta(days=30))


def status_of(call: Call, method: str) -> int:
    try:
        reply = dispatch(call, method)
    except GraphError as refused:
        return refused.status
    json.dumps(reply.body)
    return reply.status


ROLES = frozenset({"Application.ReadWrite.All", "AuditLog.Read.All", "Directory.Read.All", "Policy.Read.All",
                   "AppRoleAssignment.ReadWrite.All"})  # fmt: skip
COLLECTIONS = st.sampled_from([
    "applications", "servicePrincipals", "applications/$count", "applications/delta", "users", "domains",
    "directory/deletedItems/graph.application", "servicePrincipals/{sp}/appRoleAssignments",
    "servicePrincipals/{sp}/ownedObjects", "applications(appId='{app}')", "directoryRoles", "groups", "organization",
    "auditLogs/signIns", "applications/{id}/owners", "directoryObjects/{id}", "me", "$batch",
])  # fmt: skip
OPTION = st.sampled_from([
    "$select", "$filter", "$top", "$expand", "$orderby", "$count", "$search", "$skiptoken", "$deltatoken", "$format",
])  # fmt: skip
FRAGMENTS = st.lists(
    WORDS
    | st.sampled_from(["id", "displayName", "true", "desc", "owners", "($select=id)", "1", "999", "AND",
                       "keyCredentials",
                       "federatedIdentityCredentials", '"displayName:a"', "any", "k:k/keyId", "createdDateTime",
                       "2026-01-01T00:00:00Z", "11111111-1111-4111-8111-111111111111"]),
    max_size=9,
)  # fmt: skip
VALUE = FRAGMENTS.map(" ".join) | FRAGMENTS.map("".join) | st.text(max_size=20)


@settings(max_examples=share(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    collection=COLLECTIONS,
    version=st.sampled_from(["v1.0", "beta"]),
    query=st.dictionaries(OPTION, VALUE, max_size=3),
    advanced=st.booleans(),
)
def test_any_query_is_answered_or_refused(
    tenant: Tenant, collection: str, version: str, query: dict[str, str], *, advanced: bool
) -> None:
    application = tenant.application_named("orders-api")
    names = {"sp": tenant.service_principal_of(application).id, "app": application.app_id, "id": application.id}
    call = Call(
        tenant=tenant,
        caller=Caller(app_id="x", roles=ROLES),
        version=version,
        base="https://localhost",
        path=f"{version}/{collection.format(**names)}",
        query=query,
        headers={"consistencylevel": "eventual"} if advanced else {},
        body=b"",
    )
    assert status_of(call, "GET") in (200, 400, 403, 404, 405, 410)


REQUESTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8)
    | st.sampled_from(["GET", "POST", "/applications", "/applications/$count", "$batch", "1", "2", "https://x/v1.0/a"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "method", "url", "headers", "body", "dependsOn"]), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=share(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    requests=REQUESTS
    | st.lists(st.fixed_dictionaries({"id": st.text(max_size=2), "method": st.just("GET"), "url": VALUE}), max_size=4)
)
def test_any_batch_is_answered_or_refused(tenant: Tenant, requests: Any) -> None:
    call = Call(
        tenant=tenant,
        caller=Caller(app_id="x", roles=ROLES),
        version="v1.0",
        base="https://localhost",
        path="v1.0/$batch",
        query={},
        headers={},
        body=json.dumps({"requests": requests}).encode(),
    )
    assert status_of(call, "POST") in (200, 400)


# --- the work that a query may make ----------------------------------------------------------------------------------


def test_expanding_is_read_once_from_the_left(world: Any, operator: dict[str, str]) -> None:
    body = ask(world, operator, "$expand=owners($select=id,displayName),federatedIdentityCredentials&$top=1").json()
    assert {"owners", "federatedIdentityCredentials"} <= set(body["value"][0])
    for text in ("owners,,owners", "owners(", "owners)", ",", "owners(($select=id)"):
        assert ask(world, operator, f"$expand={text}").status_code == 400
    began = time.process_time()
    for text in ("(" * 16_000, "a" + " " * 16_000 + "!", "a," * 8_000, "a(" + ",)" * 8_000):
        with contextlib.suppress(GraphError):
            read_options({"$expand": text})
    assert time.process_time() - began < 2


def test_lambdas_in_lambdas_do_not_multiply_for_ever() -> None:
    inner = parse_filter("rows/any(r:r/marks/any(m:m eq 'x'))")
    assert inner.test({"rows": [{"marks": ["x"]}]})
    assert not inner.test({"rows": [{"marks": ["y"]}]})
    assert not inner.test({"rows": [{"marks": ["y"] * 1000}] * 400}), "that is as long as the object"
    names = {"names": [str(number) for number in range(120)]}
    assert not parse_filter("names/any(a:names/any(b:b eq 'x'))").test(names)
    for text in ("names/any(a:names/any(b:names/any(c:c eq 'x')))", "names/all(a:names/all(b:names/all(c:c ne 'x')))"):
        with pytest.raises(GraphError):
            parse_filter(text).test(names)


def test_an_advanced_query_has_its_bounds_as_well(world: Any, operator: dict[str, str]) -> None:
    advanced = {**operator, **EVENTUAL}
    many = ",".join(f"'{number}'" for number in range(251))
    for condition in (f"id in ({many})", " or ".join(["id eq '1'"] * 251)):
        answer = ask(world, advanced, f"$filter={condition}&$count=true")
        assert (answer.status_code, answer.json()["error"]["message"][-22:]) == (400, "251. Max allowed: 250.")
    clauses = '"displayName:a" ' * 51
    assert ask(world, advanced, f"$search={clauses}&$count=true").json()["error"]["code"] == "Request_UnsupportedQuery"
    assert ask(world, advanced, f"$search={clauses[16:]}&$count=true").status_code == 200
