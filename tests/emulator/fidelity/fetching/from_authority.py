"""Bodies of the token endpoint, of discovery and of the managed-identity endpoints."""

from datetime import timedelta
from typing import Any, Final

import httpx
import jwt

from tests.emulator.conftest import World
from tests.emulator.fidelity.fetching.registry import asked, body, graph, with_secret

MANAGEMENT: Final = "https://management.azure.com/"


@body("token answer")
def token_answer(world: World) -> Any:
    return with_secret(world)


def v2_token(world: World) -> str:
    resource = world.emulator.tenant.application_named("invoice-worker").app_id
    return str(with_secret(world, scope=f"{resource}/.default")["access_token"])


@body("claims of an application's token")
def claims_of_a_token(world: World) -> Any:
    return jwt.decode(v2_token(world), options={"verify_signature": False})


@body("header of an application's token")
def header_of_a_token(world: World) -> Any:
    return jwt.get_unverified_header(v2_token(world))


@body("claims of an exchange token")
def claims_of_an_exchange_token(world: World) -> Any:
    return jwt.decode(world.identity_token(world.identity), options={"verify_signature": False})


@body("wrong secret")
def wrong_secret(world: World) -> Any:
    return with_secret(world, 401, client_secret="wrong")


@body("unknown resource")
def unknown_resource(world: World) -> Any:
    return with_secret(world, 400, scope="api://not-a-registered-resource/.default")


@body("made-up client id")
def made_up_client(world: World) -> Any:
    return with_secret(world, 400, client_id="8a8a8a8a-1111-4111-8111-111111111111")


@body("unknown grant")
def unknown_grant(world: World) -> Any:
    return with_secret(world, 400, grant_type="no_such_grant")


@body("scope that is none")
def scope_that_is_none(world: World) -> Any:
    return with_secret(world, 400, scope="https://a.example/x https://b.example/y")


@body("expired secret")
def expired_secret(world: World) -> Any:
    application = world.new_application()
    now = world.emulator.tenant.clock.now()
    made = graph(
        world,
        f"/v1.0/applications/{application.id}/addPassword",
        method="POST",
        json={"passwordCredential": {"endDateTime": (now + timedelta(seconds=1)).isoformat()}},
    )
    world.emulator.advance(timedelta(seconds=2))
    form = {**world.secret_form(application), "client_secret": made["secretText"]}
    return asked(world.token_request(form), 401)


@body("disabled application")
def disabled_application(world: World) -> Any:
    application = world.new_application()
    form = world.secret_form(application)
    principal = world.emulator.tenant.service_principal_of(application)
    changed = world.web.patch(
        f"/v1.0/servicePrincipals/{principal.id}", json={"accountEnabled": False}, headers=world.bearer()
    )
    assert changed.status_code == 204
    return asked(world.token_request(form), 400)


def exchanged(world: World, **federation: Any) -> Any:
    application = world.new_application()
    assert world.federate(application, **federation).status_code == 201
    assertion = world.identity_token(world.identity)
    return asked(world.token_request(world.assertion_form(application, assertion)), 401)


@body("wrong subject")
def wrong_subject(world: World) -> Any:
    return exchanged(world, subject="8a8a8a8a-1111-4111-8111-111111111111")


@body("subject in other letters")
def subject_in_other_letters(world: World) -> Any:
    return exchanged(world, subject=world.identity.principal_id.upper())


@body("token of a federated identity")
def token_of_a_federated_identity(world: World) -> Any:
    application = world.new_application()
    assert world.federate(application).status_code == 201
    assertion = with_secret(world, scope="api://AzureADTokenExchange/.default")["access_token"]
    return asked(world.token_request(world.assertion_form(application, assertion)), 401)


@body("assertion out of its time")
def assertion_out_of_its_time(world: World) -> Any:
    application, key = world.certificate_holder()
    now = int(world.emulator.tenant.clock.timestamp())
    claims = world.assertion_claims(application, nbf=now - 900, exp=now - 600)
    return asked(world.token_request(world.assertion_form(application, world.sign(key, claims))), 401)


@body("openid configuration")
def openid_configuration(world: World) -> Any:
    return asked(world.web.get(f"/{world.emulator.tenant_id}/v2.0/.well-known/openid-configuration"), 200)


@body("signing keys")
def signing_keys(world: World) -> Any:
    return asked(world.web.get(f"/{world.emulator.tenant_id}/discovery/v2.0/keys"), 200)


@body("instance discovery")
def instance_discovery(world: World) -> Any:
    authority = f"https://login.microsoftonline.com/{world.emulator.tenant_id}/oauth2/v2.0/authorize"
    params = {"api-version": "1.1", "authorization_endpoint": authority}
    return asked(world.web.get("/common/discovery/instance", params=params), 200)


def metadata(world: World, status: int, headers: dict[str, str], resource: str = MANAGEMENT) -> Any:
    answer = httpx.get(
        f"{world.emulator.imds_endpoint}/metadata/identity/oauth2/token",
        params={"api-version": "2018-02-01", "resource": resource, "client_id": world.identity.client_id},
        headers=headers,
        trust_env=False,
    )
    return asked(answer, status)


@body("metadata service")
def metadata_service(world: World) -> Any:
    return metadata(world, 200, {"Metadata": "true"})


@body("metadata service without its header")
def metadata_service_without_its_header(world: World) -> Any:
    return metadata(world, 400, {})


@body("metadata service asked for an unknown resource")
def metadata_service_unknown_resource(world: World) -> Any:
    return metadata(world, 400, {"Metadata": "true"}, "https://nobody.example")


def app_service(world: World, status: int, resource: str) -> Any:
    answer = httpx.get(
        f"{world.emulator.imds_endpoint}/msi/token",
        params={"api-version": "2019-08-01", "resource": resource, "client_id": world.identity.client_id},
        headers={"X-IDENTITY-HEADER": world.emulator.identity_header},
        trust_env=False,
    )
    return asked(answer, status)


@body("app service")
def app_service_answer(world: World) -> Any:
    return app_service(world, 200, "https://vault.azure.net")


@body("app service that fails")
def app_service_failure(world: World) -> Any:
    return app_service(world, 500, "https://nobody.example")
