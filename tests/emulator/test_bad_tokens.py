"""Tokens that somebody made up, altered, or meant for another: the right refusal, and never an error of the server."""

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.emulator.seed.azure import CLUSTER
from tests.support.examples import share

EXCHANGE = "api://AzureADTokenExchange"
SUBJECT = "system:serviceaccount:shop:orders"
NOW = int(time.time())
DEEP = "[" * 5_000 + "]" * 5_000


def encode(content: Any) -> str:
    raw = content if isinstance(content, str) else json.dumps(content)
    return base64.urlsafe_b64encode(raw.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def assembled(header: Any, claims: Any, key: rsa.RSAPrivateKey | None = None) -> str:
    """Put a token together that no library would make; signed with RS256 when there is a key."""
    signing = f"{encode(header)}.{encode(claims)}"
    signature = b"signature"
    if key is not None:
        signature = jwt.get_algorithm_by_name("RS256").sign(signing.encode(), key)
    return f"{signing}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def code_of(answer: Any) -> int:
    return int(answer.json()["error_codes"][0])


@pytest.fixture(scope="module")
def pod(world: Any) -> tuple[Any, rsa.RSAPrivateKey, str]:
    """An application that trusts a cluster, the cluster's private key and its id: nonsense can be signed well."""
    issuer = world.emulator.tenant.hosts[CLUSTER].issuer_url
    application = world.new_application()
    assert world.federate(application, issuer=issuer, subject=SUBJECT).status_code == 201
    held = world.emulator.outside._of(issuer)._keys[0]
    return application, held.private, held.kid


def pods_claims(world: Any, **changes: Any) -> dict[str, Any]:
    now = world.emulator.tenant.clock.timestamp()
    issuer = world.emulator.tenant.hosts[CLUSTER].issuer_url
    claims = {"iss": issuer, "sub": SUBJECT, "aud": [EXCHANGE], "iat": now, "nbf": now, "exp": now + 3600, **changes}
    return {name: value for name, value in claims.items() if value != "-"}


def present(world: Any, application: Any, token: str) -> Any:
    return world.token_request(world.assertion_form(application, token))


# --- assertions, well signed -----------------------------------------------------------------------------------------


def test_the_harness_makes_tokens_that_are_accepted(world: Any, pod: Any) -> None:
    application, key, kid = pod
    token = assembled({"alg": "RS256", "kid": kid, "typ": "JWT"}, pods_claims(world), key)
    assert present(world, application, token).status_code == 200


WELL_SIGNED: list[tuple[str, dict[str, Any], int]] = [
    ("expired", {"nbf": NOW - 9000, "exp": NOW - 7200}, 700024),
    ("not yet", {"nbf": NOW + 7200, "exp": NOW + 9000}, 700024),
    ("ends before it starts", {"nbf": NOW + 3600, "exp": NOW - 3600}, 700024),
    ("no exp", {"exp": "-"}, 50027),
    ("exp a numeric text", {"exp": str(NOW + 600)}, 50027),
    ("exp true", {"exp": True}, 50027),
    ("exp a list", {"exp": [NOW + 600]}, 50027),
    ("exp not a number", {"exp": float("nan")}, 50027),
    ("exp without end", {"exp": float("inf")}, 50027),
    ("exp negative", {"exp": -1}, 700024),
    ("exp long before any date", {"exp": -(10**300)}, 700024),
    ("nbf beyond any date", {"nbf": 10**300, "exp": 10**301}, 700024),
    ("nbf a text", {"nbf": "0"}, 50027),
    ("aud a list of two", {"aud": [EXCHANGE, "other"]}, 50027),
    ("aud an empty list", {"aud": []}, 50027),
    ("aud a list in a list", {"aud": [[EXCHANGE]]}, 50027),
    ("aud an object", {"aud": {"a": EXCHANGE}}, 50027),
    ("aud empty", {"aud": ""}, 50027),
    ("no aud", {"aud": "-"}, 50027),
    ("aud in capitals", {"aud": EXCHANGE.upper()}, 700212),
    ("sub a number", {"sub": 7}, 50027),
    ("sub empty", {"sub": ""}, 50027),
    ("sub with a blank", {"sub": f"{SUBJECT} "}, 700213),
    ("sub with NUL", {"sub": f"{SUBJECT}\0"}, 700213),
    ("sub half a character", {"sub": "\ud800"}, 700213),
    ("sub in other letters", {"sub": "sуstem:serviceaccount:shop:orders"}, 700213),  # noqa: RUF001 - that is the point
    ("sub folding to the same", {"sub": SUBJECT.replace("s", "ſ", 1)}, 7002138),  # noqa: RUF001 - that is the point
    ("sub very long", {"sub": "x" * 30_000}, 50027),
    ("iss missing", {"iss": "-"}, 50027),
    ("iss an object", {"iss": {}}, 50027),
    ("iss without an address", {"iss": "me"}, 700027),
    ("iss a file", {"iss": "file:///etc/passwd"}, 700211),
    ("iss of another tenant", {"iss": "https://login.microsoftonline.com/common/v2.0"}, 700211),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), [case[1:] for case in WELL_SIGNED], ids=[case[0] for case in WELL_SIGNED])
def test_a_well_signed_assertion_with_wrong_claims_is_refused(
    world: Any, pod: Any, changes: dict[str, Any], code: int
) -> None:
    application, key, kid = pod
    token = assembled({"alg": "RS256", "kid": kid}, pods_claims(world, **changes), key)
    answer = present(world, application, token)
    assert code_of(answer) == code, answer.text


def test_of_a_repeated_claim_the_last_counts(world: Any, pod: Any) -> None:
    application, key, kid = pod
    text = json.dumps(pods_claims(world))
    twice = text[:-1] + ', "sub": "somebody else"}'
    assert code_of(present(world, application, assembled({"alg": "RS256", "kid": kid}, twice, key))) == 700213


# --- assertions, headers and forgeries -------------------------------------------------------------------------------

HEADERS: list[tuple[str, dict[str, Any], int]] = [
    ("alg none", {"alg": "none"}, 50027),
    ("alg None", {"alg": "None"}, 50027),
    ("no alg", {"alg": "-"}, 50027),
    ("alg a number", {"alg": 256}, 50027),
    ("alg a list", {"alg": ["RS256"]}, 50027),
    ("alg HS256", {"alg": "HS256"}, 50027),
    ("alg ES256", {"alg": "ES256"}, 50027),
    ("alg PS256", {"alg": "PS256"}, 50027),
    ("kid a path", {"kid": "../../../../dev/null"}, 700027),
    ("kid sql", {"kid": "x' UNION SELECT 'key"}, 700027),
    ("kid huge", {"kid": "k" * 40_000}, 700027),
    ("kid empty", {"kid": ""}, 700027),
    ("kid a number", {"kid": 7}, 50027),
    ("kid an object", {"kid": {"a": 1}}, 50027),
    ("no kid", {"kid": "-"}, 700027),
    ("kid with NUL", {"kid": "\0"}, 700027),
    ("unknown crit", {"crit": ["exp"], "exp": 1}, 700027),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), [case[1:] for case in HEADERS], ids=[case[0] for case in HEADERS])
def test_a_header_does_not_choose_its_own_rules(world: Any, pod: Any, changes: dict[str, Any], code: int) -> None:
    application, key, kid = pod
    header = {name: value for name, value in {"alg": "RS256", "kid": kid, **changes}.items() if value != "-"}
    answer = present(world, application, assembled(header, pods_claims(world), key))
    assert code_of(answer) in (code, 50027), answer.text
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("brought", ["jwk", "jku", "x5u", "x5c"])
def test_keys_that_a_token_brings_along_do_not_count(world: Any, pod: Any, brought: str) -> None:
    application, _, kid = pod
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key()))
    content = {"jwk": public, "x5c": ["MIIB"]}.get(brought, "https://127.0.0.1:1/keys")
    for named in (kid, "mine"):
        token = assembled({"alg": "RS256", "kid": named, brought: content}, pods_claims(world), own)
        assert code_of(present(world, application, token)) == 700027


def test_a_public_key_is_no_shared_secret(world: Any, pod: Any) -> None:
    application, key, kid = pod
    public = key.public_key().public_numbers()
    for secret in (str(public.n).encode(), public.n.to_bytes(256), b""):
        signing = f"{encode({'alg': 'HS256', 'kid': kid})}.{encode(pods_claims(world))}"
        signature = base64.urlsafe_b64encode(jwt.get_algorithm_by_name("HS256").sign(signing.encode(), secret))
        token = f"{signing}.{signature.decode().rstrip('=')}"
        assert code_of(present(world, application, token)) == 50027


MALFORMED = {
    "two parts": "a.b",
    "four parts": "a.b.c.d",
    "dots": "..",
    "blanks": "   ",
    "not base64": "%%%.%%%.%%%",
    "not ascii": "é.ü.ß",
    "half a character": f"{encode({'alg': 'RS256'})}.{encode(chr(0xD800))}.x",
    "NUL": "\0.\0.\0",
    "header a list": f"{encode([])}.{encode({})}.x",
    "claims a text": f"{encode({'alg': 'RS256'})}.{encode(json.dumps('text'))}.x",
    "claims deep": f"{encode({'alg': 'RS256'})}.{encode(DEEP)}.x",
    "header deep": f"{encode(DEEP)}.{encode({})}.x",
    "number too long": f"{encode({'alg': 'RS256'})}." + encode('{"exp": ' + "9" * 5_000 + "}") + ".x",
    "oversized": "a" * 70_000,
    "encrypted": f"{encode({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.a.b.c.d",
    "nested": f"{encode({'alg': 'RS256', 'cty': 'JWT'})}.{encode('eyJhbGciOiJub25lIn0.e30.')}.x",
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_token_is_refused_everywhere(world: Any, pod: Any, token: str) -> None:
    answer = present(world, pod[0], token)
    assert (answer.status_code, code_of(answer)) == (400, 50027)
    for path in ("/v1.0/applications", "/subscriptions?api-version=2022-12-01"):
        bearer = world.web.get(path, headers={b"Authorization": b"Bearer " + _sendable(token)})
        assert bearer.status_code in (400, 401, 431), bearer.text


def _sendable(token: str) -> bytes:
    """Take out what HTTP itself cannot carry in a header."""
    return token.encode("utf-8", "replace").replace(b"\0", b"").strip() or b"-"


# --- certificate assertions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "thumbprint", ["", "A", "é", "A" * 40_000, 7, None, ["A"], "../../etc/passwd"], ids=lambda value: repr(value)[:12]
)
@pytest.mark.parametrize("name", ["x5t", "x5t#S256"])
def test_a_thumbprint_is_compared_and_nothing_else(world: Any, name: str, thumbprint: Any) -> None:
    application, key = world.certificate_holder()
    private = world.emulator.tenant.private_key_of(key.key_id)
    token = assembled({"alg": "RS256", name: thumbprint}, world.assertion_claims(application), private)
    answer = present(world, application, token)
    assert code_of(answer) == 700027
    assert len(answer.text) < 2_000, "what was sent is not sent back at length"


# --- bearers ---------------------------------------------------------------------------------------------------------


def bearer(world: Any, token: str, path: str = "/v1.0/applications?$top=1") -> httpx.Response:
    answer: httpx.Response = world.web.get(path, headers={"Authorization": f"Bearer {token}"})
    return answer


def operator_form(world: Any, scope: str) -> dict[str, str]:
    return dict(world.secret_form(world.emulator.tenant.application_named("unsecret-operator"), scope=scope))


def granted(world: Any, scope: str) -> str:
    return str(world.token_request(operator_form(world, scope)).json()["access_token"])


WRONG_BEARERS: dict[str, tuple[Callable[[Any], str], str]] = {
    "exchange token of an identity": (lambda w: w.identity_token(w.identity), "Invalid audience"),
    "exchange token of an application": (lambda w: granted(w, f"{EXCHANGE}/.default"), "Invalid audience"),
    "v2.0 token for an application": (
        lambda w: granted(w, w.emulator.tenant.application_named("orders-api").app_id + "/.default"),
        "Invalid audience",
    ),
    "token for Resource Manager": (lambda w: granted(w, "https://management.azure.com/.default"), "Invalid audience"),
    "token of a cluster": (
        lambda w: w.emulator.outside.service_account_token(CLUSTER, namespace="a", service_account="b"),
        "Signing key",
    ),
}


@pytest.mark.parametrize("kind", WRONG_BEARERS)
def test_graph_refuses_a_token_that_is_not_for_it(world: Any, kind: str) -> None:
    make, text = WRONG_BEARERS[kind]
    answer = bearer(world, make(world))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert text in answer.json()["error"]["message"]
    assert answer.headers["www-authenticate"].startswith('Bearer realm="", authorization_uri="https://login.')


def test_graph_refuses_another_tenants_and_an_expired_token(world: Any, own_world: Any) -> None:
    token = granted(own_world, "https://graph.microsoft.com/.default")
    assert bearer(own_world, token).status_code == 200
    assert "Signing key" in bearer(world, token).json()["error"]["message"]
    own_world.emulator.advance(timedelta(hours=1, seconds=1))
    answer = bearer(own_world, token)
    assert (answer.status_code, "expired" in answer.json()["error"]["message"]) == (401, True)


def test_graph_refuses_every_alteration_of_a_good_token(world: Any) -> None:
    header, payload, signature = granted(world, "https://graph.microsoft.com/.default").split(".")
    claims = jwt.decode(f"{header}.{payload}.{signature}", options={"verify_signature": False})
    kid = jwt.get_unverified_header(f"{header}.{payload}.{signature}")["kid"]
    for token in (
        f"{header}.{encode({**claims, 'roles': ['Application.ReadWrite.All']})}.{signature}",
        f"{encode({'alg': 'none', 'kid': kid})}.{payload}.",
        f"{encode({'alg': 'HS256', 'kid': kid})}.{payload}.{signature}",
        f"{header}.{payload}",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:-8]}",
        f"{header}.{payload}.{signature}.{signature}",
    ):
        assert bearer(world, token).status_code == 401


# --- anything at all -------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=40) | st.sampled_from(["", EXCHANGE, SUBJECT, "\0", "\ud800", "'; --", "RS256", "none"])
NUMBERS = st.integers() | st.floats() | st.integers(-(10**60), 10**60)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
HEADER = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "x5t", "x5t#S256", "crit", "b64", "jwk"]), VALUES)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "uti", "tid", "roles"]), VALUES
)
FREELY = settings(max_examples=share(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FREELY
@given(header=HEADER, claims=CLAIMS, base=st.booleans())
def test_no_assertion_breaks_the_endpoint(
    world: Any, pod: Any, *, header: dict[str, Any], claims: dict[str, Any], base: bool
) -> None:
    application, key, kid = pod
    content = {**pods_claims(world), **claims} if base else claims
    answer = present(world, application, assembled({"alg": "RS256", "kid": kid, **header}, content, key))
    untouched = base and not set(claims) & {"iss", "sub", "aud", "exp", "nbf"}
    assert answer.status_code in ((200, 400, 401) if untouched or base else (400, 401)), answer.text
    if answer.status_code == 200:
        assert {**pods_claims(world), **claims}["sub"] == SUBJECT
    else:
        assert answer.json()["error_codes"][0] in (50027, 700024, 700027, 700211, 700212, 700213, 7002138, 700222)


@FREELY
@given(header=HEADER, claims=CLAIMS)
def test_no_bearer_breaks_graph(world: Any, header: dict[str, Any], claims: dict[str, Any]) -> None:
    key = world.emulator.tenant.private_key_of(world.certificate_holder()[1].key_id)
    good = jwt.get_unverified_header(granted(world, "https://graph.microsoft.com/.default"))
    assert bearer(world, assembled({**good, **header}, claims, key)).status_code == 401


@FREELY
@given(form=st.dictionaries(st.sampled_from(
    ["grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "resource",
     "claims", "client_info"]), TEXTS.filter(lambda text: "\ud800" not in text)),
    path=st.sampled_from(["/oauth2/v2.0/token", "/oauth2/token"]))  # fmt: skip
def test_no_form_breaks_the_endpoint(world: Any, form: dict[str, str], path: str) -> None:
    base = {
        "grant_type": "client_credentials",
        "client_id": world.emulator.tenant.application_named("orders-api").app_id,
    }
    answer = world.web.post(f"/{world.emulator.tenant_id}{path}", data={**base, **form})
    assert answer.status_code in (400, 401)
    assert answer.json()["error_codes"]


@FREELY
@given(query=st.dictionaries(st.sampled_from(
    ["api-version", "resource", "client_id", "object_id", "msi_res_id", "mi_res_id", "clientid", "principal_id"]),
    TEXTS.filter(lambda text: "\ud800" not in text)),
    path=st.sampled_from(["/metadata/identity/oauth2/token", "/msi/token", "/MSI/auth", "/container-app/msi/token"])
)  # fmt: skip
@pytest.mark.slow
def test_no_query_breaks_an_identity_endpoint(world: Any, query: dict[str, str], path: str) -> None:
    secret = world.emulator.identity_header
    headers = {"Metadata": "true", "X-IDENTITY-HEADER": secret, "secret": secret}
    answer = httpx.get(f"{world.emulator.imds_endpoint}{path}", params=query, headers=headers, trust_env=False)
    assert answer.status_code in (400, 401, 500)
    assert answer.status_code != 500 or "AAD Token" in answer.json()["message"], "App Service's own answer"
