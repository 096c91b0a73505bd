"""Forged tokens whose header picks the rules: no signature at all, or the public key used as a shared secret (HS256).

The attack works on who gives a verifier the key and lets the token say what to do with it (RFC 8725 section 2.1).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from migrate.emulator.certificates import der
from tests.emulator.conftest import World

Forgeries = Iterator[tuple[str, str]]


def encoded(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def forgeries(token: str, public: RSAPublicKey, *certificates: bytes) -> Forgeries:
    """Alter a good token: its claims stay as they are, since the signature alone should decide."""
    header = jwt.get_unverified_header(token)
    claims = token.split(".")[1]
    for name in ("none", "None", "nOnE", ""):
        yield f"alg {name!r}", f"{encoded({**header, 'alg': name})}.{claims}."
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secrets = {
        "PEM": pem,
        "PEM without its last line break": pem.strip(),
        "PKCS1": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "modulus": public.public_numbers().n.to_bytes(256),
        "nothing": b"",
        **{f"certificate {number}": content for number, content in enumerate(certificates)},
    }
    for name, secret in secrets.items():
        for algorithm, digest in (("HS256", hashlib.sha256), ("HS512", hashlib.sha512)):
            signing = f"{encoded({**header, 'alg': algorithm})}.{claims}"
            yield (
                f"{algorithm} with {name}",
                f"{signing}.{encoded(hmac.new(secret, signing.encode(), digest).digest())}",
            )


def tenants_key(world: World) -> RSAPublicKey:
    """Read the key that Entra publishes, as an attacker would."""
    shown = world.web.get(f"/{world.emulator.tenant_id}/discovery/v2.0/keys").json()["keys"][0]
    key = jwt.PyJWK.from_dict(shown, algorithm="RS256").key
    assert isinstance(key, RSAPublicKey)
    return key


def bearer(path: str, scope: str) -> Callable[[World], Iterator[tuple[str, int]]]:
    """Present forged bearers; yields what was forged and 0, or the HTTP status of the refusal."""

    def ask(world: World) -> Iterator[tuple[str, int]]:
        operator = world.emulator.tenant.application_named("unsecret-operator")
        good = world.token_request(world.secret_form(operator, scope=scope)).json()["access_token"]
        for name, token in [("the good one", good), *forgeries(good, tenants_key(world))]:
            answer = world.web.get(path, headers={"Authorization": f"Bearer {token}"})
            yield name, 0 if answer.status_code == 200 else answer.status_code

    return ask


def presented(world: World, form: dict[str, str]) -> int:
    answer = world.token_request(form)
    return 0 if answer.status_code == 200 else int(answer.json()["error_codes"][0])


def certificate_assertion(world: World) -> Iterator[tuple[str, int]]:
    application, key = world.certificate_holder()
    good = world.sign(key, world.assertion_claims(application))
    public = world.emulator.tenant.private_key_of(key.key_id).public_key()
    for name, token in [("the good one", good), *forgeries(good, public, der(key.certificate))]:
        yield name, presented(world, world.assertion_form(application, token))


def federated_assertion(world: World) -> Iterator[tuple[str, int]]:
    application = world.new_application()
    assert world.federate(application).status_code == 201
    good = world.identity_token(world.identity)
    for name, token in [("the good one", good), *forgeries(good, tenants_key(world))]:
        yield name, presented(world, world.assertion_form(application, token))


SURFACES: Final[dict[str, tuple[Callable[[World], Iterator[tuple[str, int]]], int]]] = {
    "certificate assertion": (certificate_assertion, 50027),
    "federated assertion": (federated_assertion, 50027),
    "Microsoft Graph": (bearer("/v1.0/applications?$top=1", "https://graph.microsoft.com/.default"), 401),
    "Azure Resource Manager": (
        bearer("/subscriptions?api-version=2022-12-01", "https://management.azure.com/.default"),
        401,
    ),
}


@pytest.mark.parametrize("surface", SURFACES)
def test_a_token_does_not_choose_how_it_is_verified(world: World, surface: str) -> None:
    ask, refusal = SURFACES[surface]
    found = dict(ask(world))
    assert found.pop("the good one") == 0
    assert len(found) >= 16
    assert set(found.values()) == {refusal}, found
