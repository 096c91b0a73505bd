"""Clusters as issuers: a pod's token for an application, for an identity, and what Entra refuses of it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from azure.identity import ManagedIdentityCredential, WorkloadIdentityCredential
from azure.identity.aio import WorkloadIdentityCredential as AsyncWorkloadIdentityCredential

from migrate.emulator import host_environments
from migrate.emulator.errors import EmulatorError
from migrate.emulator.seed.azure import CLUSTER
from migrate.emulator.server import Emulator
from migrate.emulator.state.records import FederatedCredential
from migrate.emulator.tokens.flexible import matches

EXCHANGE = "api://AzureADTokenExchange"
GRAPH = "https://graph.microsoft.com/.default"
SUBJECT = "system:serviceaccount:shop:orders"
GITHUB = "https://token.actions.githubusercontent.com"


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def pod_token(world: Any, **changes: Any) -> str:
    wanted = {"namespace": "shop", "service_account": "orders", **changes}
    return str(world.emulator.outside.service_account_token(CLUSTER, **wanted))


def issuer_of(world: Any) -> str:
    return str(world.emulator.tenant.hosts[CLUSTER].issuer_url)


def federated_application(world: Any, **changes: Any) -> Any:
    application = world.new_application()
    body = {"issuer": issuer_of(world), "subject": SUBJECT, **changes}
    assert world.federate(application, **body).status_code == 201
    return application


def exchange(world: Any, application: Any, token: str, **changes: str) -> Any:
    return world.token_request(world.assertion_form(application, token, **changes))


def code_of(answer: Any) -> int:
    return int(answer.json()["error_codes"][0])


@pytest.fixture
def federated_identity(world: Any) -> Iterator[Any]:
    """Let the cluster's service account stand for a user-assigned identity."""
    tenant, identity = world.emulator.tenant, world.emulator.tenant.identity_named("id-invoice-worker")
    credential = FederatedCredential(
        id="fic", name="pod", issuer=issuer_of(world), subject=SUBJECT, audiences=(EXCHANGE,)
    )  # fmt: skip
    tenant.identities[identity.principal_id] = replace(identity, federated=(credential,))
    yield tenant.identities[identity.principal_id]
    tenant.identities[identity.principal_id] = identity


def as_identity(world: Any, identity: Any, token: str, scope: str = f"{EXCHANGE}/.default") -> Any:
    application, _ = world.certificate_holder()
    return world.token_request(world.assertion_form(application, token, client_id=identity.client_id, scope=scope))


# --- the pod's own token ---------------------------------------------------------------------------------------------


def test_a_pods_token_has_the_shape_of_a_projected_one(world: Any) -> None:
    token = pod_token(world)
    claims = claims_of(token)
    assert claims["iss"] == issuer_of(world)
    assert claims["iss"].endswith("/")
    assert (claims["sub"], claims["aud"]) == (SUBJECT, [EXCHANGE])
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["kubernetes.io"]["serviceaccount"]["name"] == "orders"
    own = world.web.get(f"/{world.emulator.tenant_id}/discovery/v2.0/keys").json()["keys"]
    assert jwt.get_unverified_header(token)["kid"] not in [key["kid"] for key in own], (
        "the cluster has a key of its own"
    )


def test_the_control_endpoint_gives_tokens_and_the_issuers_documents(world: Any) -> None:
    with httpx.Client(base_url=f"{world.emulator.control_endpoint}/aks/{CLUSTER}", trust_env=False) as control:
        query = {"namespace": "shop", "service_account": "orders", "audience": "other", "seconds": "86400"}
        token = control.get("/token", params=query).text
        document = control.get("/.well-known/openid-configuration").json()
        keys = jwt.PyJWKSet.from_dict(control.get("/openid/v1/jwks").json())
    assert document["issuer"] == issuer_of(world)
    assert document["jwks_uri"] == f"{issuer_of(world)}openid/v1/jwks"
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="other")
    assert claims["exp"] - claims["iat"] == 86_400


@pytest.mark.parametrize(
    ("path", "status"),
    [("aks/nowhere/token?namespace=a&service_account=b", 400), ("aks/nowhere/openid/v1/jwks", 404),
     ("aks/vm-orders-api/.well-known/openid-configuration", 404), (f"aks/{CLUSTER}/token", 400),
     (f"aks/{CLUSTER}/token?namespace=a&service_account=b&seconds=3599", 400),
     (f"aks/{CLUSTER}/token?namespace=a&service_account=b&seconds=86401", 400),
     (f"aks/{CLUSTER}/token?namespace=a&service_account=b&seconds=99999999999", 400),
     (f"aks/{CLUSTER}/token?namespace=a&service_account=b&seconds=-1", 400)],
)  # fmt: skip
def test_the_control_endpoint_refuses(world: Any, path: str, status: int) -> None:
    answer = httpx.get(f"{world.emulator.control_endpoint}/{path}", trust_env=False)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_only_a_cluster_issues_service_account_tokens(world: Any) -> None:
    with pytest.raises(EmulatorError, match="vm-orders-api"):
        world.emulator.outside.service_account_token("vm-orders-api", namespace="a", service_account="b")


# --- application <- cluster ------------------------------------------------------------------------------------------


def test_real_clients_exchange_the_pods_token_for_an_applications(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    application = federated_application(world)
    for name in host_environments.STEERING:
        monkeypatch.delenv(name, raising=False)
    variables = world.emulator.pod_environment(
        CLUSTER, namespace="shop", service_account="orders", client_id=application.app_id
    )
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    verify: dict[str, Any] = {"connection_verify": str(world.emulator.ca_file)}
    with WorkloadIdentityCredential(**verify) as credential:
        tokens = [credential.get_token(GRAPH).token]
    with ManagedIdentityCredential(**verify) as through_the_webhook:
        tokens.append(through_the_webhook.get_token(GRAPH).token)

    async def asynchronously() -> str:
        async with AsyncWorkloadIdentityCredential(**verify) as later:
            return (await later.get_token(GRAPH)).token

    tokens.append(asyncio.run(asynchronously()))
    assert {claims_of(token)["appid"] for token in tokens} == {application.app_id}
    last = world.emulator.tenant.sign_ins.at(len(world.emulator.tenant.sign_ins) - 1)
    assert (last.event, last.credential_type) == ("servicePrincipal", "federatedIdentityCredential")
    assert last.federated_token_issuer == issuer_of(world)


MISMATCHES: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
    ("issuer without its slash", {"issuer": "{issuer}"}, {}, 700211),
    ("audience of an identity binding", {}, {"audience": "api://AKSIdentityBinding"}, 700212),
    ("audience of another cloud", {}, {"audience": "api://AzureADTokenExchangeUSGov"}, 700212),
    ("another service account", {}, {"service_account": "billing"}, 700213),
    ("another namespace", {}, {"namespace": "default"}, 700213),
    ("another case", {}, {"namespace": "Shop"}, 7002138),
    ("audience as guid", {"audiences": ["fb60f99c-7a34-4190-8149-302f77469936"]}, {}, 700214),
]


@pytest.mark.parametrize(
    ("credential", "token", "code"), [case[1:] for case in MISMATCHES], ids=[case[0] for case in MISMATCHES]
)
def test_a_pods_token_that_does_not_match_is_refused(
    world: Any, credential: dict[str, Any], token: dict[str, Any], code: int
) -> None:
    shorn = issuer_of(world).rstrip("/")
    filled = {name: shorn if value == "{issuer}" else value for name, value in credential.items()}
    answer = exchange(world, federated_application(world, **filled), pod_token(world, **token))
    assert (code_of(answer), answer.status_code, answer.json()["error"]) == (code, 401, "invalid_client")


def test_a_pods_token_is_refused_when_it_is_old(own_world: Any) -> None:
    application = federated_application(own_world)
    token = pod_token(own_world)
    own_world.emulator.advance(timedelta(minutes=55))
    assert exchange(own_world, application, token).status_code == 200
    own_world.emulator.advance(timedelta(minutes=15))
    assert code_of(exchange(own_world, application, token)) == 700024
    assert exchange(own_world, application, pod_token(own_world)).status_code == 200


def test_a_cluster_cannot_speak_for_another_issuer(world: Any) -> None:
    outside = world.emulator.outside
    application = federated_application(world)
    stranger = outside.token(issuer="https://stranger.example/", subject=SUBJECT, audience=EXCHANGE)
    signing = outside._of("https://stranger.example/")
    forged = signing.sign({**claims_of(stranger), "iss": issuer_of(world)}, 600, version="2.0").token
    assert code_of(exchange(world, application, forged)) == 700027
    entras = federated_application(world, issuer=world.issuer, subject=world.identity.principal_id)
    pretended = {"iss": world.issuer, "sub": world.identity.principal_id, "aud": EXCHANGE}
    assert code_of(exchange(world, entras, signing.sign(pretended, 600, version="2.0").token)) == 700027


def test_an_identitys_token_does_not_pass_for_a_pods(world: Any) -> None:
    application = federated_application(world)
    assert code_of(exchange(world, application, world.identity_token(world.identity))) == 700211


# --- identity <- cluster ---------------------------------------------------------------------------------------------


def test_a_pods_token_becomes_an_identitys_and_says_so(world: Any, federated_identity: Any) -> None:
    answer = as_identity(world, federated_identity, pod_token(world), GRAPH)
    assert answer.status_code == 200, answer.text
    claims = claims_of(answer.json()["access_token"])
    assert (claims["oid"], claims["appid"]) == (federated_identity.principal_id, federated_identity.client_id)
    log = world.emulator.tenant.sign_ins
    last = log.at(len(log) - 1)
    assert (last.event, last.identity_resource_id, last.user_assigned) == (
        "managedIdentity", federated_identity.resource_id, True,
    )  # fmt: skip
    assert (last.federated_credential_id, last.federated_token_issuer) == ("fic", issuer_of(world))
    assert last.federated_token_id, "the pod's token is named by its jti"


def test_an_identitys_token_got_by_federation_is_no_assertion(world: Any, federated_identity: Any) -> None:
    token = as_identity(world, federated_identity, pod_token(world)).json()["access_token"]
    claims = claims_of(token)
    assert claims["sub"] == federated_identity.principal_id
    assert claims["xms_ficinfo"]
    application = federated_application(world, issuer=world.issuer, subject=federated_identity.principal_id)
    answer = exchange(world, application, token)
    assert (code_of(answer), answer.status_code) == (700222, 401)
    direct = world.identity_token(federated_identity)
    assert "xms_ficinfo" not in claims_of(direct)
    assert exchange(world, application, direct).status_code == 200, "the same identity on a machine may"


@pytest.mark.parametrize(
    ("token", "code"),
    [({"service_account": "billing"}, 700213), ({"audience": "api://AKSIdentityBinding"}, 700212)],
)
def test_a_refused_identity_is_logged_as_one(
    world: Any, federated_identity: Any, token: dict[str, str], code: int
) -> None:
    assert code_of(as_identity(world, federated_identity, pod_token(world, **token))) == code
    log = world.emulator.tenant.sign_ins
    last = log.at(len(log) - 1)
    assert (last.event, last.error_code, last.app_id) == ("managedIdentity", code, federated_identity.client_id)


def test_an_identity_without_federated_credentials_is_refused(world: Any) -> None:
    tenant = world.emulator.tenant
    system = next(identity for identity in tenant.identities.values() if not identity.user_assigned)
    for identity in (world.identity, system):
        assert code_of(as_identity(world, identity, pod_token(world))) == 70025


def test_an_identity_has_no_other_credential(world: Any, federated_identity: Any) -> None:
    form = {"grant_type": "client_credentials", "client_id": federated_identity.client_id, "client_secret": "x",
            "scope": GRAPH}  # fmt: skip
    assert code_of(world.token_request(form)) == 7000215
    principal = world.emulator.tenant.service_principals.get(federated_identity.principal_id)
    application, _ = world.certificate_holder()
    client = replace(application, app_id=federated_identity.client_id)
    signed = world.sign(principal.keys[0], world.assertion_claims(client))
    assert code_of(as_identity(world, federated_identity, signed)) == 700027, "its certificate is Microsoft's alone"


def test_a_switched_off_identity_is_refused(own_world: Any) -> None:
    tenant, identity = own_world.emulator.tenant, own_world.identity
    credential = FederatedCredential(
        id="fic", name="pod", issuer=issuer_of(own_world), subject=SUBJECT, audiences=(EXCHANGE,)
    )  # fmt: skip
    tenant.identities[identity.principal_id] = replace(identity, federated=(credential,))
    principal = tenant.service_principals.get(identity.principal_id)
    assert as_identity(own_world, identity, pod_token(own_world)).status_code == 200
    tenant.save_service_principal(replace(principal, account_enabled=False))
    assert code_of(as_identity(own_world, identity, pod_token(own_world))) == 7000112
    del tenant.identities[identity.principal_id]
    assert code_of(as_identity(own_world, identity, pod_token(own_world))) == 700038


# --- other issuers ---------------------------------------------------------------------------------------------------


def test_an_issuer_is_reachable_once_it_has_issued_a_token(own_world: Any) -> None:
    subject = "repo:contoso/shop:ref:refs/heads/main"
    application = federated_application(own_world, issuer=GITHUB, subject=subject)
    with Emulator(apps=3) as elsewhere:
        strange = elsewhere.outside.token(issuer=GITHUB, subject=subject, audience=EXCHANGE)
    assert code_of(exchange(own_world, application, strange)) == 501661
    token = own_world.emulator.outside.token(issuer=GITHUB, subject=subject, audience=EXCHANGE)
    assert exchange(own_world, application, token).status_code == 200
    assert code_of(exchange(own_world, application, strange)) == 700027


def test_a_flexible_credential_is_matched_by_its_expression(own_world: Any) -> None:
    tenant, application = own_world.emulator.tenant, own_world.new_application()
    expression = "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main' and claims['actor'] eq 'bot'"
    flexible = FederatedCredential(
        id="f", name="flex", issuer=GITHUB, subject="", audiences=(EXCHANGE,), expression=expression
    )  # fmt: skip
    tenant.save_application(replace(application, federated=(flexible,)))
    for subject, actor, status in (
        ("repo:contoso/shop:ref:refs/heads/main", "bot", 200),
        ("repo:contoso/shop:ref:refs/heads/main", "person", 401),
        ("repo:fabrikam/shop:ref:refs/heads/main", "bot", 401),
    ):
        token = own_world.emulator.outside.token(issuer=GITHUB, subject=subject, audience=EXCHANGE, actor=actor)
        assert exchange(own_world, application, token).status_code == status


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("claims['sub'] eq 'a:b'", True), ("claims['sub'] eq 'a:*'", False), ("claims['sub'] matches 'a:*'", True),
     ("claims['sub'] matches '*'", True), ("claims['sub'] matches 'a?b'", True), ("claims['sub'] matches '?b'", False),
     ("claims['sub'] matches 'a:b*'", True), ("claims['n'] eq '7'", False), ("claims['none'] matches '*'", False),
     ("claims['sub'] eq 'a:b' and claims['sub'] matches 'a*'", True),
     ("claims['sub'] eq 'a:b' and claims['sub'] eq 'c'", False),
     ("claims['sub'] eq 'a:b' or claims['sub'] eq 'c'", False),
     ("claims['sub'] eq 'a:b' and", False), ("and claims['sub'] eq 'a:b'", False), ("", False), (None, False),
     ("claims['sub'] matches '" + "*a" * 200 + "'", False)],
)  # fmt: skip
def test_expressions_mean_what_the_page_says(*, expression: str | None, expected: bool) -> None:
    assert matches(expression, {"sub": "a:b", "n": 7}) is expected


def test_a_government_cluster_asks_for_its_clouds_audience(start_world: Any) -> None:
    with Emulator(apps=5, cloud="usgov") as emulator:
        world = start_world(emulator)
        assert claims_of(pod_token(world))["aud"] == ["api://AzureADTokenExchangeUSGov"]
        application = emulator.tenant.application_named("orders-api")
        credential = FederatedCredential(
            id="f", name="pod", issuer=issuer_of(world), subject=SUBJECT, audiences=("api://AzureADTokenExchangeUSGov",)
        )
        emulator.tenant.save_application(replace(application, federated=(credential,)))
        scope = f"https://{emulator.tenant.cloud.graph_host}/.default"
        assert exchange(world, application, pod_token(world), scope=scope).status_code == 200
        public = pod_token(world, audience=EXCHANGE)
        assert code_of(exchange(world, application, public, scope=scope)) == 700212
        world.web.close()
