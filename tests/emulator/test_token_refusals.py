"""Each refusal of the token endpoint: AADSTS code, HTTP status and OAuth error, over the wire."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from migrate.emulator.tokens.refusals import Refusal

Ask = Callable[[Any], Any]


def service(world: Any) -> Any:
    return world.emulator.tenant.application_named("orders-api")


def with_form(**changes: str) -> Ask:
    return lambda world: world.token_request(world.secret_form(service(world), **changes))


def without(*names: str) -> Ask:
    def ask(world: Any) -> Any:
        form = world.secret_form(service(world))
        return world.token_request({name: value for name, value in form.items() if name not in names})

    return ask


def found(world: Any, test: Callable[[Any], bool]) -> Any:
    tenant = world.emulator.tenant
    return next(item for item in tenant.applications if test(item))


def expired_secret(world: Any) -> Any:
    now = world.emulator.tenant.clock.now()
    application = found(world, lambda item: any(secret.end < now for secret in item.passwords) and not item.is_disabled)
    secret = next(secret for secret in application.passwords if secret.end < now)
    form = {"grant_type": "client_credentials", "client_id": application.app_id, "client_secret": secret.secret}
    return world.token_request({**form, "scope": "https://graph.microsoft.com/.default"})


def removed_secret(world: Any) -> Any:
    application = world.new_application()
    form = world.secret_form(application)
    body = {"keyId": application.passwords[0].key_id}
    world.web.post(f"/v1.0/applications/{application.id}/removePassword", json=body, headers=world.bearer())
    return world.token_request(form)


def deactivated(world: Any) -> Any:
    return world.token_request(world.secret_form(found(world, lambda item: item.is_disabled)))


def switched_off(world: Any) -> Any:
    tenant = world.emulator.tenant
    off = {item.app_id for item in tenant.service_principals if not item.account_enabled}
    return world.token_request(world.secret_form(found(world, lambda item: item.app_id in off)))


def unprovisioned(world: Any) -> Any:
    tenant = world.emulator.tenant
    application = found(world, lambda item: tenant.service_principals.with_app_id(item.app_id) is None)
    return world.token_request(world.secret_form(application))


def deleted(world: Any) -> Any:
    application = world.new_application()
    form = world.secret_form(application)
    assert world.web.delete(f"/v1.0/applications/{application.id}", headers=world.bearer()).status_code == 204
    return world.token_request(form)


def both(world: Any) -> Any:
    return world.token_request(world.secret_form(service(world), client_assertion="a.b.c"))


def assertion(**changes: str) -> Ask:
    def ask(world: Any) -> Any:
        form = world.assertion_form(service(world), world.identity_token(world.identity), **changes)
        return world.token_request({name: value for name, value in form.items() if value != "-"})

    return ask


def certificate(*, header: dict[str, str] | None = None, algorithm: str = "RS256", **changes: Any) -> Ask:
    def ask(world: Any) -> Any:
        application, key = world.certificate_holder()
        claims = world.assertion_claims(application, **changes)
        signed = world.sign(key, claims, algorithm=algorithm, **(header or {}))
        return world.token_request(world.assertion_form(application, signed))

    return ask


def foreign_certificate(world: Any) -> Any:
    application, key = world.certificate_holder()
    tenant = world.emulator.tenant
    stranger = next(
        other for item in tenant.applications for other in item.keys
        if other.key_id != key.key_id and tenant.private_key_of(other.key_id) != tenant.private_key_of(key.key_id)
    )  # fmt: skip
    swapped = replace(stranger, certificate=key.certificate)  # names our certificate, signs with another key
    signed = world.sign(swapped, world.assertion_claims(application))
    return world.token_request(world.assertion_form(application, signed))


def expired_certificate(world: Any) -> Any:
    now = world.emulator.tenant.clock.now()
    for application in world.emulator.tenant.applications:
        for key in application.keys:
            if key.end < now:
                signed = world.sign(key, world.assertion_claims(application))
                return world.token_request(world.assertion_form(application, signed))
    raise AssertionError("the seed holds no expired certificate")


def github(world: Any) -> Any:
    application = found(world, lambda item: any("github" in fic.issuer for fic in item.federated))
    claims = {"iss": "https://token.actions.githubusercontent.com", "sub": application.federated[0].subject,
              "aud": "api://AzureADTokenExchange", "exp": int(time.time()) + 60}  # fmt: skip
    _, key = world.certificate_holder()
    return world.token_request(world.assertion_form(application, world.sign(key, claims)))


def got(path: str) -> Ask:
    return lambda world: world.web.get(path.format(tenant=world.emulator.tenant_id))


def discovered(endpoint: str) -> Ask:
    query = {"api-version": "1.1", "authorization_endpoint": endpoint}
    return lambda world: world.web.get("/common/discovery/instance", params=query)


MADE_UP = "0f0f0f0f-1111-4111-8111-111111111111"
LONG_AGO = int(time.time()) - 7200

REFUSALS: list[tuple[str, Ask, int, int, str]] = [
    ("tenant unknown", lambda w: w.token_request({}, MADE_UP), 90002, 400, "invalid_request"),
    ("tenant not a name", lambda w: w.token_request({}, "my tenant"), 900023, 400, "invalid_request"),
    ("not a post", got("/{tenant}/oauth2/v2.0/token"), 900561, 400, "invalid_request"),
    ("not a post, v1.0", got("/{tenant}/oauth2/token"), 900561, 400, "invalid_request"),
    ("body too large", with_form(padding="x" * 5_000_000), 90013, 413, "invalid_request"),
    ("claims not json", with_form(claims="{"), 90013, 400, "invalid_request"),
    ("claims a list", with_form(claims="[]"), 90013, 400, "invalid_request"),
    ("instance unknown", discovered("https://example.com/common/oauth2/authorize"), 50049, 400, "invalid_instance"),
    ("instance missing", got("/common/discovery/instance"), 50050, 400, "invalid_request"),
    ("instance not an address", discovered("https://[::1/common/authorize"), 50050, 400, "invalid_request"),
    ("tenant of documents unknown", got(f"/{MADE_UP}/.well-known/openid-configuration"), 90002, 400, "invalid_request"),
    ("tenant of keys unknown", got(f"/{MADE_UP}/discovery/keys"), 90002, 400, "invalid_request"),
    ("no tenant", lambda w: w.token_request({}, "common"), 50059, 400, "invalid_request"),
    ("grant missing", without("grant_type"), 900144, 400, "invalid_request"),
    ("grant unknown", with_form(grant_type="no_such_grant"), 70003, 400, "unsupported_grant_type"),
    ("client missing", without("client_id"), 900144, 400, "invalid_request"),
    ("client made up", with_form(client_id=MADE_UP), 700038, 400, "unauthorized_client"),
    ("client not a guid", with_form(client_id="my-app"), 700016, 400, "unauthorized_client"),
    ("client deleted", deleted, 700016, 400, "unauthorized_client"),
    ("no service principal", unprovisioned, 7000229, 401, "invalid_client"),
    ("deactivated", deactivated, 7000112, 400, "unauthorized_client"),
    ("switched off", switched_off, 7000112, 400, "unauthorized_client"),
    ("scope missing", without("scope"), 900144, 400, "invalid_request"),
    ("scope not .default", with_form(scope="https://graph.microsoft.com/User.Read"), 1002012, 400, "invalid_scope"),
    ("bare resource", with_form(scope="api://AzureADTokenExchange"), 1002012, 400, "invalid_scope"),
    ("two scopes", with_form(scope="https://graph.microsoft.com/.default openid"), 70011, 400, "invalid_scope"),
    ("resource unknown", with_form(scope="api://nobody/.default"), 500011, 400, "invalid_resource"),
    ("dot before slash", with_form(scope="api://AzureADTokenExchange./default"), 500011, 400, "invalid_resource"),
    ("secret wrong", with_form(client_secret="wrong"), 7000215, 401, "invalid_client"),
    ("secret removed", removed_secret, 7000215, 401, "invalid_client"),
    ("secret expired", expired_secret, 7000222, 401, "invalid_client"),
    ("no credential", without("client_secret"), 7000216, 401, "invalid_client"),
    ("empty credential", with_form(client_secret=""), 7000218, 401, "invalid_client"),
    ("two credentials", both, 90013, 400, "invalid_request"),
    ("assertion without type", assertion(client_assertion_type="-"), 900144, 400, "invalid_request"),
    ("assertion of another type", assertion(client_assertion_type="saml"), 7000216, 401, "invalid_client"),
    ("assertion not a token", assertion(client_assertion="nonsense"), 50027, 400, "invalid_request"),
    ("no federated credential", assertion(), 70025, 401, "invalid_client"),
    ("issuer not reachable", github, 501661, 400, "invalid_request"),
    ("certificate: other client", certificate(sub=MADE_UP), 700021, 401, "invalid_client"),
    ("certificate: audience", certificate(aud="https://example.com/token"), 700023, 401, "invalid_client"),
    ("certificate: assertion over", certificate(nbf=LONG_AGO - 600, exp=LONG_AGO), 700024, 401, "invalid_client"),
    ("certificate: not yet", certificate(nbf=int(time.time()) + 7200), 700024, 401, "invalid_client"),
    ("certificate: no exp", certificate(exp=None), 50027, 400, "invalid_request"),
    ("certificate: exp a text", certificate(exp="soon"), 50027, 400, "invalid_request"),
    ("certificate: unknown", certificate(header={"x5t": "AAAA"}), 700027, 401, "invalid_client"),
    ("certificate: wrong key", foreign_certificate, 700027, 401, "invalid_client"),
    ("certificate: expired", expired_certificate, 700027, 401, "invalid_client"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ask", "code", "status", "error"), [case[1:] for case in REFUSALS], ids=[c[0] for c in REFUSALS]
)
def test_each_refusal_has_its_code_and_shape(world: Any, ask: Ask, code: int, status: int, error: str) -> None:
    answer = ask(world)
    body = answer.json()
    assert (body["error_codes"], answer.status_code, body["error"]) == ([code], status, error), body
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    for name in ("Trace ID: ", "Correlation ID: ", "Timestamp: "):
        assert name in body["error_description"]
    assert body["error_description"].endswith(f"Timestamp: {body['timestamp']}")
    assert body.get("error_uri", f"https://login.microsoftonline.com/error?code={code}").endswith(f"?code={code}")
    assert ("error_uri" in body) is (code not in (700038, 70003)), "two recorded answers have no page to look up"
    assert set(body) - {"error_uri"} == {
        "error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id",
    }  # fmt: skip
    assert body["timestamp"].endswith("Z")
    assert answer.headers["cache-control"].startswith("no-store")


def test_no_refusal_is_left_out() -> None:
    shown_by_the_exchange = {700211, 700212, 700213, 7002138, 700214, 700222}
    assert {item.value.code for item in Refusal} == {case[2] for case in REFUSALS} | shown_by_the_exchange
    assert all(item.value.known for item in Refusal)


def test_a_client_finds_its_own_request_id_again(world: Any) -> None:
    sent = "7d1c3d6e-5b0e-4b0f-9a3e-2f6f3c1d2b4a"
    form = world.secret_form(service(world), client_secret="wrong")
    answer = world.token_request(form, headers={"client-request-id": sent})
    assert answer.json()["correlation_id"] == answer.headers["client-request-id"] == sent


def test_http_basic_is_as_good_as_the_form(world: Any) -> None:
    form = world.secret_form(service(world))
    basic = httpx.BasicAuth(form.pop("client_id"), form.pop("client_secret"))
    assert world.token_request(form, auth=basic).status_code == 200
    assert world.token_request(form, headers={"authorization": "Basic %%%"}).json()["error_codes"] == [900144]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", "nonsense"])
def test_a_body_that_is_no_form_is_an_empty_one(world: Any, kind: str) -> None:
    form = world.secret_form(service(world))
    answer = world.token_request(form, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [900144])
    assert "'grant_type'" in answer.json()["error_description"]


def test_a_form_may_name_its_charset(world: Any) -> None:
    form = world.secret_form(service(world))
    kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert world.token_request(form, headers=kind).status_code == 200


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
@pytest.mark.parametrize("audience", ["local", "cloud", "issuer"])
def test_certificate_assertions_are_accepted(world: Any, algorithm: str, audience: str) -> None:
    tenant_id = world.emulator.tenant_id
    audiences = {
        "local": f"{world.emulator.authority}/{tenant_id}/oauth2/v2.0/token",
        "cloud": f"https://login.microsoftonline.com/{tenant_id}/oauth2/v2.0/token",
        "issuer": world.issuer,
    }
    answer = certificate(algorithm=algorithm, aud=audiences[audience])(world)
    assert answer.status_code == 200, answer.text


def test_a_secret_of_the_service_principal_alone_signs_in(world: Any) -> None:
    tenant = world.emulator.tenant
    for application in tenant.applications:
        principal = tenant.service_principals.with_app_id(application.app_id)
        own = [item for item in principal.passwords if not item.signing_certificate] if principal else []
        if own and not application.passwords:
            form = {"grant_type": "client_credentials", "client_id": application.app_id}
            form |= {"client_secret": own[0].secret, "scope": "https://graph.microsoft.com/.default"}
            assert world.token_request(form).status_code == 200
            return
    pytest.fail("the seed holds no secret on a service principal alone")


def test_a_secret_on_a_foreign_applications_service_principal_signs_in(world: Any) -> None:
    tenant = world.emulator.tenant
    foreign = next(
        item for item in tenant.service_principals if item.passwords and item.owner_tenant not in (tenant.id, None)
    )
    form = {"grant_type": "client_credentials", "client_id": foreign.app_id}
    form |= {"client_secret": foreign.passwords[0].secret, "scope": "https://graph.microsoft.com/.default"}
    assert world.token_request(form).status_code == 200
    last = tenant.sign_ins.at(tenant.sign_ins.positions(foreign.app_id)[-1])
    assert (last.owner_tenant, last.origin) == (foreign.owner_tenant, "servicePrincipal")


def test_a_secret_expires_by_the_virtual_clock(own_world: Any) -> None:
    application = own_world.new_application()
    form = own_world.secret_form(application)
    assert own_world.token_request(form).status_code == 200
    own_world.emulator.advance(timedelta(days=731))
    answer = own_world.token_request(form)
    assert answer.json()["error_codes"] == [7000222]
    assert str(own_world.emulator.tenant.clock.now().year) in answer.headers["date"]


def test_an_identifier_uri_names_a_resource_and_api_with_the_client_id_only_as_one(world: Any) -> None:
    client, api = world.new_application(), world.new_application()

    def asked(name: str) -> Any:
        return world.token_request(world.secret_form(client, scope=f"{name}/.default")).json()

    own = f"api://{api.app_id}"
    assert asked(own)["error_codes"] == [500011]
    uris = [f"https://API.example/{api.id}", f"api://{api.id}"]
    change = {"identifierUris": [*uris, own]}
    assert world.web.patch(f"/v1.0/applications/{api.id}", json=change, headers=world.bearer()).status_code == 204
    for name in (api.app_id, own, *uris, uris[0].lower()):
        claims = jwt.decode(asked(name)["access_token"], options={"verify_signature": False})
        assert claims["aud"] == api.app_id
    world.web.patch(f"/v1.0/applications/{api.id}", json={"identifierUris": []}, headers=world.bearer())
    assert asked(uris[1])["error_codes"] == [500011]
