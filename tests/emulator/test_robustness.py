"""Whatever a client sends, Graph answers or refuses; nothing ends in an error of the emulator itself."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.emulator.graph.call import Call, Caller
from migrate.emulator.graph.errors import GraphError
from migrate.emulator.graph.router import dispatch
from migrate.emulator.graph.schema import APPLICATION, SERVICE_PRINCIPAL
from migrate.emulator.seed import seed_tenant
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.requests import parse_form
from tests.support.examples import examples

ROLES = frozenset({"Application.ReadWrite.All", "AuditLog.Read.All"})
FIELDS = sorted({
    *APPLICATION, *SERVICE_PRINCIPAL, "keyId", "passwordCredential", "name", "issuer", "subject", "audiences", "type",
    "usage", "startDateTime", "endDateTime", "customKeyIdentifier", "key", "@odata.type",
})  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["2026-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999-14:00", "0001-01-01T00:00:00+14:00",
                       "AsymmetricX509Cert", "Verify", "MIIC", "11111111-1111-4111-8111-111111111111"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4)
SEGMENTS = st.sampled_from([
    "applications", "servicePrincipals", "federatedIdentityCredentials", "owners", "addPassword", "removePassword",
    "$count", "{app}", "{sp}", "applications(appId='{appid}')", "federatedIdentityCredentials(name='abc')", "reports",
    "appCredentialSignInActivities", "auditLogs", "signIns", "organization", "%00", "x('", "fic-1",
])  # fmt: skip


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return seed_tenant(apps=8, seed=1, start=datetime(2026, 3, 1, tzinfo=UTC), retention=timedelta(days=30))


def ask(tenant: Tenant, method: str, path: str, query: dict[str, str], body: bytes) -> int:
    call = Call(
        tenant=tenant,
        caller=Caller(app_id="x", roles=ROLES),
        version=path.partition("/")[0],
        base="https://localhost",
        path=path,
        query=query,
        headers={"prefer": "create-if-missing"},
        body=body,
    )
    try:
        reply = dispatch(call, method)
    except GraphError as refused:
        return refused.status
    json.dumps(reply.body)
    return reply.status


@examples(100, 1000)
def test_any_request_is_answered_or_refused(tenant: Tenant, examples: int) -> None:
    application = tenant.application_named("orders-api")
    names = {"app": application.id, "appid": application.app_id, "sp": tenant.service_principal_of(application).id}

    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    @given(
        method=st.sampled_from(["GET", "POST", "PATCH"]),
        segments=st.tuples(st.sampled_from(["v1.0", "beta"]), st.lists(SEGMENTS, min_size=1, max_size=4)),
        query=st.dictionaries(
            st.sampled_from(["$select", "$expand", "$top", "$filter"]), st.text(max_size=12), max_size=1
        ),
        body=BODIES,
    )
    def holds(method: str, segments: tuple[str, list[str]], query: dict[str, str], body: dict[str, Any]) -> None:
        path = "/".join([segments[0], *segments[1]])
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", value)
        status = ask(tenant, method, path, query, json.dumps(body).encode())
        assert status in (200, 201, 204, 400, 403, 404, 405, 409)

    holds()


@examples(60, 400)
def test_any_change_of_one_property_leaves_a_tenant_that_can_be_read(tenant: Tenant, examples: int) -> None:
    application = tenant.application_named("invoice-worker")
    names = {"app": application.id, "sp": tenant.service_principal_of(application).id}

    @settings(max_examples=examples)
    @given(
        target=st.sampled_from(["applications/{app}", "servicePrincipals/{sp}"]),
        name=st.sampled_from(sorted({*APPLICATION} | {*SERVICE_PRINCIPAL})),
        value=VALUES,
    )
    def holds(target: str, name: str, value: Any) -> None:
        # The name stays, because the next one looks the application up by it.
        if name != "displayName":
            path = f"v1.0/{target.format(**names)}"
            assert ask(tenant, "PATCH", path, {}, json.dumps({name: value}).encode()) in (204, 400)
        for collection in ("applications", "servicePrincipals"):
            assert ask(tenant, "GET", f"beta/{collection}", {"$top": "999"}, b"") == 200

    holds()


@given(st.binary(max_size=80), st.none() | st.text(max_size=40))
def test_any_form_is_read(body: bytes, authorization: str | None) -> None:
    assert all(isinstance(value, str) for value in parse_form(body, authorization).values())
