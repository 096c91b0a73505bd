"""A managed identity's token in the place of a secret: what is accepted, and what is refused with which code."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from migrate.emulator.server import Emulator
from migrate.emulator.state.records import FederatedCredential

EXCHANGE = "api://AzureADTokenExchange"


def code_of(answer: Any) -> int:
    return int(answer.json()["error_codes"][0])


def exchange(world: Any, application: Any, token: str | None = None) -> Any:
    assertion = token or world.identity_token(world.identity)
    return world.token_request(world.assertion_form(application, assertion))


def test_the_exchange_works_and_the_token_says_that_no_secret_was_used(world: Any) -> None:
    application = world.new_application()
    assert world.federate(application).status_code == 201
    answer = exchange(world, application)
    assert answer.status_code == 200, answer.text
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["appidacr"] == "2"
    assert claims["appid"] == application.app_id
    assert claims["tid"] == world.emulator.tenant_id
    assert isinstance(answer.json()["expires_in"], int)


def test_the_exchange_token_has_the_observed_claims(world: Any) -> None:
    claims = jwt.decode(world.identity_token(world.identity), options={"verify_signature": False})
    assert claims["aud"] == "fb60f99c-7a34-4190-8149-302f77469936"
    assert claims["iss"] == world.issuer
    assert claims["exp"] - claims["nbf"] == 86_700
    assert claims["sub"] == claims["oid"] == world.identity.principal_id
    assert claims["azp"] == world.identity.client_id
    assert (claims["azpacr"], claims["idtyp"], claims["ver"]) == ("2", "app", "2.0")
    assert "jti" not in claims


MISMATCHES: list[tuple[str, dict[str, Any], int]] = [
    ("issuer with a slash", {"issuer": "{issuer}/"}, 700211),
    ("issuer in another case", {"issuer": "{issuer_upper}"}, 700211),
    ("another subject", {"subject": "1f1f1f1f-2222-4222-8222-222222222222"}, 700213),
    ("client id as subject", {"subject": "{client}"}, 700213),
    ("subject in upper case", {"subject": "{upper}"}, 7002138),
    ("another audience", {"audiences": ["api://AKSIdentityBinding"]}, 700212),
    ("audience of another cloud", {"audiences": ["api://AzureADTokenExchangeUSGov"]}, 700212),
    ("audience in another case", {"audiences": ["api://azureadtokenexchange"]}, 700212),
    ("guid as audience", {"audiences": ["fb60f99c-7a34-4190-8149-302f77469936"]}, 700214),
]


@pytest.mark.parametrize(("changes", "code"), [case[1:] for case in MISMATCHES], ids=[case[0] for case in MISMATCHES])
def test_a_credential_that_does_not_match_is_stored_and_fails_at_the_exchange(
    world: Any, changes: dict[str, Any], code: int
) -> None:
    values = {
        "issuer": world.issuer,
        "issuer_upper": world.issuer.upper(),
        "client": world.identity.client_id,
        "upper": world.identity.principal_id.upper(),
    }
    filled = {name: value.format(**values) if isinstance(value, str) else value for name, value in changes.items()}
    application = world.new_application()
    assert world.federate(application, **filled).status_code == 201
    answer = exchange(world, application)
    assert (code_of(answer), answer.status_code, answer.json()["error"]) == (code, 401, "invalid_client")


def test_the_right_credential_is_found_among_wrong_ones(world: Any) -> None:
    application = world.new_application()
    world.federate(application, name="wrong-1", subject="elsewhere")
    world.federate(application, name="right")
    world.federate(application, name="wrong-2", issuer="https://issuer.example")
    assert exchange(world, application).status_code == 200


@pytest.mark.parametrize(
    ("kind", "code"),
    [("none", 50027), ("confused", 50027), ("payload", 700027), ("kid", 700027), ("cut", 50027), ("garbage", 50027),
     ("numbers", 50027), ("list", 50027)],
)  # fmt: skip
def test_a_forged_token_is_refused(world: Any, tampering: dict[str, str], kind: str, code: int) -> None:
    application = world.new_application()
    world.federate(application)
    assert code_of(exchange(world, application, tampering[kind])) == code


def test_a_token_for_another_audience_is_refused(world: Any) -> None:
    application = world.new_application()
    world.federate(application)
    arm = world.identity_token(world.identity, "https://management.azure.com/")
    assert code_of(exchange(world, application, arm)) == 700211  # v1.0 tokens have another issuer
    other = world.emulator.tenant.application_named("orders-api").app_id
    assert code_of(exchange(world, application, world.identity_token(world.identity, other))) == 700212
    world.federate(application, name="v1-issuer", issuer=f"https://sts.windows.net/{world.emulator.tenant_id}/")
    assert code_of(exchange(world, application, arm)) == 700222, "Entra knows its other issuer as its own"


@pytest.mark.parametrize("named", ["{app}", "api://{app}", "https://graph.microsoft.com"])
def test_a_token_of_entras_serves_for_the_exchange_alone(world: Any, named: str) -> None:
    other = world.emulator.tenant.application_named("orders-api").app_id
    application = world.new_application()
    world.federate(application, audiences=[named.format(app=other)])
    assert code_of(exchange(world, application, world.identity_token(world.identity, other))) == 700212
    world.federate(application, name="right", subject=world.identity.principal_id.upper())
    assert code_of(exchange(world, application, world.identity_token(world.identity, other))) == 700212


def test_only_user_assigned_identities_stand_in_for_a_secret(world: Any) -> None:
    application = world.new_application()
    own = world.token_request(world.secret_form(application, scope=f"{EXCHANGE}/.default")).json()["access_token"]
    subject = jwt.decode(own, options={"verify_signature": False})["sub"]
    world.federate(application, subject=subject)
    assert code_of(exchange(world, application, own)) == 700222

    tenant = world.emulator.tenant
    host, system = next(
        (name, tenant.identities[principal]) for name, item in tenant.hosts.items() if item.kind == "vm"
        for principal in item.identities if not tenant.identities[principal].user_assigned
    )  # fmt: skip
    token = world.identity_token(system, host=f"/hosts/{host}")
    world.federate(application, name="system", subject=system.principal_id)
    assert code_of(exchange(world, application, token)) == 700222


def test_an_old_exchange_token_is_refused(own_world: Any) -> None:
    application = own_world.new_application()
    own_world.federate(application)
    token = own_world.identity_token(own_world.identity)
    own_world.emulator.advance(timedelta(hours=23))
    assert exchange(own_world, application, token).status_code == 200
    own_world.emulator.advance(timedelta(hours=2))
    answer = exchange(own_world, application, token)
    assert code_of(answer) == 700024
    assert exchange(own_world, application).status_code == 200, "a fresh token works again"


def test_a_token_of_another_emulator_is_refused(world: Any, own_world: Any) -> None:
    application = world.new_application()
    foreign = own_world.identity_token(own_world.identity)
    claims = jwt.decode(foreign, options={"verify_signature": False})
    world.federate(application, issuer=claims["iss"], subject=claims["sub"])
    assert code_of(exchange(world, application, foreign)) == 700222, "recorded for another tenant's tokens"


def test_removing_the_credential_ends_the_exchange(world: Any) -> None:
    application = world.new_application()
    world.federate(application)
    assert exchange(world, application).status_code == 200
    path = f"/v1.0/applications/{application.id}/federatedIdentityCredentials/mi-1"
    assert world.web.delete(path, headers=world.bearer()).status_code == 204
    assert code_of(exchange(world, application)) == 70025


def test_a_public_credential_does_not_serve_a_government_tenant(start_world: Any) -> None:
    with Emulator(apps=5, cloud="usgov") as emulator:
        world = start_world(emulator)
        application = emulator.tenant.application_named("orders-api")
        issuer = emulator.tenant.cloud.issuer(emulator.tenant_id)
        federated = FederatedCredential(
            id="1", name="public", issuer=issuer, subject=world.identity.principal_id, audiences=(EXCHANGE,)
        )
        emulator.tenant.save_application(replace(application, federated=(federated,)))
        scope = f"https://{emulator.tenant.cloud.graph_host}/.default"
        token = world.identity_token(world.identity, "api://AzureADTokenExchangeUSGov")
        form = world.assertion_form(application, token, scope=scope)
        assert code_of(world.token_request(form)) == 700212
        public = {"api-version": "2018-02-01", "resource": EXCHANGE, "client_id": world.identity.client_id}
        address = f"{emulator.imds_endpoint}/metadata/identity/oauth2/token"
        refused = httpx.get(address, params=public, headers={"Metadata": "true"}, trust_env=False)
        assert refused.json()["error_codes"] == [500011], "the public audience is no resource of this cloud"
        world.web.close()


@pytest.mark.parametrize(
    ("cloud", "issuer", "audience"),
    [
        ("usgov", "https://login.microsoftonline.us/", "api://AzureADTokenExchangeUSGov"),
        ("china", "https://login.partner.microsoftonline.cn/", "api://AzureADTokenExchangeChina"),
    ],
)
def test_other_clouds_have_their_own_names(cloud: str, issuer: str, audience: str, start_world: Any) -> None:
    with Emulator(apps=5, cloud=cloud) as emulator:
        world = start_world(emulator)
        scope = f"https://{emulator.tenant.cloud.graph_host}/.default"
        application = emulator.tenant.application_named("orders-api")
        token = world.identity_token(world.identity, audience)
        assert jwt.decode(token, options={"verify_signature": False})["iss"].startswith(issuer)
        form = world.secret_form(emulator.tenant.application_named("unsecret-operator"), scope=scope)
        headers = {"Authorization": f"Bearer {world.token_request(form).json()['access_token']}"}
        body = {
            "name": "mi-1",
            "issuer": f"{issuer}{emulator.tenant_id}/v2.0",
            "subject": world.identity.principal_id,
            "audiences": [audience],
        }
        path = f"/v1.0/applications/{application.id}/federatedIdentityCredentials"
        assert world.web.post(path, json=body, headers=headers).status_code == 201
        assert world.token_request(world.assertion_form(application, token, scope=scope)).status_code == 200
        world.web.close()
