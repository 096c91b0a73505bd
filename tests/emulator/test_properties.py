"""Whatever is asked of Graph about credentials, in any order, the directory's invariants hold.

Every operation goes through the router with a request's path, headers and body; what is refused is refused in Graph's
own shape and leaves everything as it was.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

import jwt
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from migrate.emulator.certificates import CertificateRecipe, der, pool_key
from migrate.emulator.graph.call import Call, Caller, Reply
from migrate.emulator.graph.errors import GraphError, error_body
from migrate.emulator.graph.router import dispatch
from migrate.emulator.seed import seed_tenant
from migrate.emulator.state.records import Application, ServicePrincipal
from tests.support.examples import examples

START = datetime(2026, 3, 1, tzinfo=UTC)
ROLES = frozenset({
    "Application.ReadWrite.All", "Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration",
})  # fmt: skip
NAMES = st.sampled_from([f"fic-{number}" for number in range(26)] + ["x", "-bad", "with blank"])
SUBJECTS = st.sampled_from([f"subject-{number}" for number in range(26)])
AUDIENCES = st.sampled_from([["a"], ["a"], ["a"], [], ["a", "b"]])
HOLDERS = st.sampled_from(["applications", "servicePrincipals"])
EXPRESSIONS = st.sampled_from([None, "claims['sub'] eq 'x'", "claims['sub'] eq 'y'", "no expression"])
FLAGS = st.sampled_from([True, False, None])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["\ud800", "\0", "9999-12-31T23:59:59Z", "P999999999D", "AAAA", str(uuid4())]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
PROPERTIES = st.sampled_from([
    "keyCredentials", "passwordCredentials", "servicePrincipalLockConfiguration", "tokenEncryptionKeyId", "keyId",
    "keyCredential", "passwordCredential", "proof", "name", "issuer", "subject", "audiences", "description",
    "claimsMatchingExpression", "isEnabled", "applicationRestrictions", "restrictions", "displayName", "@odata.id",
])  # fmt: skip
HOSTILE = st.dictionaries(PROPERTIES, JSON, max_size=4)


def certificate(number: int, usage: str = "Verify") -> dict[str, Any]:
    recipe = CertificateRecipe(
        common_name=f"c{number}",
        serial=number + 1,
        start=START - timedelta(days=1),
        end=START + timedelta(days=90),
        pool=0,
    )
    return {"type": "AsymmetricX509Cert", "usage": usage, "key": base64.b64encode(der(recipe)).decode()}


class CredentialMachine(RuleBasedStateMachine):
    """Does everything to the credentials of one application and of its service principal."""

    secrets: ClassVar[Bundle[tuple[str, str]]] = Bundle("secrets")

    def __init__(self) -> None:
        super().__init__()
        self.tenant = seed_tenant(apps=5, seed=1, start=START, retention=timedelta(days=30))
        self.app = self.tenant.application_named("orders-api")
        self.principal = self.tenant.service_principal_of(self.app)
        self.seen = self.key_ids()
        self.gone: set[str] = set()
        self.texts = {item.secret for item in self.app.passwords}

    # --- asking --------------------------------------------------------------------------------------------------

    @property
    def application(self) -> Application:
        found = self.tenant.applications.get(self.app.id)
        assert found is not None
        return found

    @property
    def service_principal(self) -> ServicePrincipal:
        found = self.tenant.service_principals.get(self.principal.id)
        assert found is not None
        return found

    def holder(self, collection: str) -> Application | ServicePrincipal:
        return self.application if collection == "applications" else self.service_principal

    def key_ids(self) -> set[str]:
        holders: tuple[Application | ServicePrincipal, ...] = (self.application, self.service_principal)
        passwords = {item.key_id for holder in holders for item in holder.passwords}
        return passwords | {item.key_id for holder in holders for item in holder.keys}

    def state(self) -> tuple[object, ...]:
        book = self.tenant.policies
        return self.application, self.service_principal, book.default, dict(book.custom), dict(book.assigned)

    def check_refusal(self, refusal: GraphError) -> None:
        assert refusal.status in (400, 401, 403, 404, 405, 409)
        shown = error_body(refusal, START, "r", "c")["error"]
        assert shown["code"]
        assert shown["message"]
        assert not any(text in json.dumps(shown) for text in self.texts)

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
        call = Call(
            tenant=self.tenant,
            caller=Caller(app_id=self.app.app_id, roles=ROLES),
            version=path.partition("/")[0],
            base="https://localhost",
            path=path,
            query={},
            headers=headers or {},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        before, ids = self.state(), self.key_ids()
        try:
            reply = dispatch(call, method)
        except GraphError as error:
            assert self.state() == before, "a refusal changes nothing"
            self.check_refusal(error)
            raise
        after = self.key_ids()
        assert not (after - ids) & self.seen, "a key id was given out twice"
        self.seen |= after
        self.gone |= ids - after
        return reply

    def attempt(self, *request: Any, **more: Any) -> GraphError | None:
        """Ask, and give the refusal if there was one."""
        try:
            self.ask(*request, **more)
        except GraphError as error:
            return error
        return None

    def at(self, collection: str, rest: str = "") -> str:
        return f"v1.0/{collection}/{self.holder(collection).id}{rest}"

    # --- federated credentials -----------------------------------------------------------------------------------

    @rule(name=NAMES, subject=SUBJECTS, audiences=AUDIENCES)
    def create_federated(self, name: str, subject: str, audiences: list[str]) -> None:
        before = self.application.federated
        body = {"name": name, "issuer": "https://issuer", "subject": subject, "audiences": audiences}
        if self.attempt("POST", self.at("applications", "/federatedIdentityCredentials"), body) is None:
            assert self.application.federated[:-1] == before
            assert self.application.federated[-1].subject == subject

    @rule(number=st.integers(15, 26))
    def fill_federated(self, number: int) -> None:
        for index in range(number):
            body = {"name": f"full-{index}", "issuer": "https://full", "subject": f"{index}", "audiences": ["a"]}
            self.attempt("POST", self.at("applications", "/federatedIdentityCredentials"), body)

    @rule(name=NAMES, value=EXPRESSIONS)
    def create_flexible(self, name: str, value: str | None) -> None:
        expression = None if value is None else {"value": value, "languageVersion": 1}
        body = {"name": name, "issuer": "https://app.terraform.io", "audiences": ["a"],
                "claimsMatchingExpression": expression}  # fmt: skip
        address = f"beta/applications/{self.app.id}/federatedIdentityCredentials"
        refused = self.attempt("POST", address, body)
        assert refused or value in ("claims['sub'] eq 'x'", "claims['sub'] eq 'y'")

    @rule(name=NAMES, subject=SUBJECTS, missing=st.booleans())
    def upsert_federated(self, name: str, subject: str, missing: bool) -> None:  # noqa: FBT001 - drawn
        before = {item.name: item for item in self.application.federated}
        address = self.at("applications", f"/federatedIdentityCredentials(name='{name}')")
        body = {"issuer": "https://issuer", "subject": subject, "audiences": ["a"]}
        headers = {"prefer": "create-if-missing"} if missing else {}
        refused = self.attempt("PATCH", address, body, headers)
        after = {item.name: item for item in self.application.federated}
        if refused is None:
            assert after[name].subject == subject
            assert {key: item for key, item in after.items() if key != name} == {
                key: item for key, item in before.items() if key != name
            }
        elif name not in before and not missing:
            assert refused.status == 404

    @rule(name=NAMES, by_id=st.booleans())
    def delete_federated(self, name: str, by_id: bool) -> None:  # noqa: FBT001 - drawn
        held = [item for item in self.application.federated if item.name == name]
        key = held[0].id.upper() if held and by_id else name
        refused = self.attempt("DELETE", self.at("applications", f"/federatedIdentityCredentials/{key}"))
        assert bool(held) is (refused is None)
        assert all(item.name != name for item in self.application.federated)

    # --- secrets -------------------------------------------------------------------------------------------------

    @rule(target=secrets, collection=HOLDERS)
    def add_secret(self, collection: str) -> tuple[str, str]:
        try:
            body = self.ask("POST", self.at(collection, "/addPassword"), {}).body
        except GraphError as error:
            expected = self.is_locked(collection) or error.code.endswith("AsPerAppPolicy")
            assert expected
            return collection, str(uuid4())
        assert isinstance(body, Mapping)
        self.texts.add(str(body["secretText"]))
        return collection, str(body["keyId"])

    @rule(secret=secrets)
    def remove_secret(self, secret: tuple[str, str]) -> None:
        collection, key_id = secret
        held = any(item.key_id == key_id for item in self.holder(collection).passwords)
        refused = self.attempt("POST", self.at(collection, "/removePassword"), {"keyId": key_id})
        assert (refused is None) is (held and not self.is_locked(collection))
        if refused is not None and not held:
            assert refused.message == f"No password credential found with keyId {key_id}"

    # --- certificates --------------------------------------------------------------------------------------------

    @rule(
        collection=HOLDERS,
        kept=st.sets(st.integers(0, 5)),
        added=st.lists(st.integers(0, 50), max_size=2),
        damage=st.sampled_from([None, None, {"endDateTime": "2030-01-01T00:00:00Z"}, {"key": "AAAA"}, {"usage": "x"}]),
    )
    def replace_certificates(
        self, collection: str, kept: set[int], added: list[int], damage: dict[str, str] | None
    ) -> None:
        held = self.holder(collection).keys
        shown = self.ask("GET", self.at(collection)).body
        assert isinstance(shown, Mapping)
        survivors = [dict(item) for index, item in enumerate(shown["keyCredentials"]) if index in kept]
        damaged = damage is not None and bool(survivors)
        if damaged:
            survivors[0].update(damage or {})
        sent = [*survivors, *(certificate(number) for number in added)]
        refused = self.attempt("PATCH", self.at(collection), {"keyCredentials": sent})
        same = len(survivors) == len(held) and not added
        if refused is not None:
            assert damaged or (self.is_locked(collection) and not same)
            return
        assert not damaged
        assert same or not self.is_locked(collection)
        kept_keys = [key for index, key in enumerate(held) if index in kept]
        assert list(self.holder(collection).keys[: len(kept_keys)]) == kept_keys

    @rule(collection=HOLDERS, number=st.integers(51, 99), pool=st.sampled_from([0, 0, 1]), life=st.integers(1, 700))
    def roll(self, collection: str, number: int, pool: int, life: int) -> None:
        holder = self.holder(collection)
        now = self.tenant.clock.timestamp()
        claims = {"aud": "00000002-0000-0000-c000-000000000000", "iss": holder.id, "nbf": now, "exp": now + life}
        proof = jwt.encode(claims, pool_key(pool), algorithm="RS256")
        sent = {"keyCredential": certificate(number), "proof": proof}
        added = self.attempt("POST", self.at(collection, "/addKey"), sent)
        provable = pool == 0 and life <= 600 and any(key.certificate_of_pool_0 for key in map(Held, holder.keys))
        assert (added is None) is (provable and not self.is_locked(collection))
        if added is None:
            first = next(iter(self.holder(collection).keys))
            assert (
                self.attempt("POST", self.at(collection, "/removeKey"), {"keyId": first.key_id, "proof": proof}) is None
            )

    # --- what stands above ---------------------------------------------------------------------------------------

    def is_locked(self, collection: str) -> bool:
        lock = self.application.others.get("servicePrincipalLockConfiguration") or {}
        switches = ("allProperties", "credentialsWithUsageVerify")
        return collection == "servicePrincipals" and bool(lock.get("isEnabled")) and any(map(lock.get, switches))

    @rule(enabled=FLAGS, everything=FLAGS, verify=FLAGS)
    def lock(self, enabled: bool | None, everything: bool | None, verify: bool | None) -> None:  # noqa: FBT001 - drawn
        value = {"isEnabled": enabled, "allProperties": everything, "credentialsWithUsageVerify": verify}
        body = {"servicePrincipalLockConfiguration": value}
        assert (self.attempt("PATCH", self.at("applications"), body) is None) is (enabled is not None)

    @rule(banned=st.booleans(), enabled=st.booleans())
    def restrict(self, banned: bool, enabled: bool) -> None:  # noqa: FBT001 - drawn
        rules = [{"restrictionType": "passwordAddition", "state": "enabled" if banned else "disabled"}]
        body = {"isEnabled": enabled, "applicationRestrictions": {"passwordCredentials": rules}}
        assert self.attempt("PATCH", "v1.0/policies/defaultAppManagementPolicy", body) is None
        added = self.attempt("POST", self.at("applications", "/addPassword"), {})
        assert (added is None) is not (banned and enabled)

    @rule(
        method=st.sampled_from(["POST", "PATCH", "DELETE", "PUT"]),
        collection=HOLDERS,
        rest=st.sampled_from([
            "", "/addPassword", "/removePassword", "/addKey", "/removeKey", "/federatedIdentityCredentials",
            "/federatedIdentityCredentials/fic-1", "/appManagementPolicies/$ref",
        ]),
        body=HOSTILE | JSON,
    )  # fmt: skip
    def ask_nonsense(self, method: str, collection: str, rest: str, body: object) -> None:
        if (method, rest) != ("DELETE", ""):
            self.attempt_any(method, f"{self.at(collection)}{rest}", body)

    @rule(
        method=st.sampled_from(["POST", "PATCH"]),
        place=st.sampled_from(["v1.0/policies/defaultAppManagementPolicy", "v1.0/policies/appManagementPolicies"]),
        body=HOSTILE,
    )
    def order_nonsense(self, method: str, place: str, body: object) -> None:
        self.attempt_any(method, place, body)

    def attempt_any(self, method: str, path: str, body: object) -> None:
        """Ask for something that may even be answered."""
        try:
            reply = self.ask(method, path, body)
        except GraphError:
            return
        if isinstance(reply.body, Mapping) and reply.body.get("secretText"):
            self.texts.add(str(reply.body["secretText"]))

    # --- what always holds ---------------------------------------------------------------------------------------

    @invariant()
    def limits_and_uniqueness_hold(self) -> None:
        federated = self.application.federated
        assert len(federated) <= 20
        assert len({item.name for item in federated}) == len(federated)
        assert len({(item.issuer, item.subject, item.expression) for item in federated}) == len(federated)
        assert all(len(item.audiences) == 1 for item in federated)
        assert all(bool(item.subject) is (item.expression is None) for item in federated)
        assert not self.key_ids() & self.gone

    @invariant()
    def secrets_are_shown_once(self) -> None:
        for collection in ("applications", "servicePrincipals"):
            for version in ("v1.0", "beta"):
                shown = self.ask("GET", f"{version}/{collection}/{self.holder(collection).id}").body
                assert isinstance(shown, Mapping)
                assert all(item["secretText"] is None for item in shown["passwordCredentials"])
                assert all(item["key"] is None for item in shown["keyCredentials"])
                assert not any(text in json.dumps(shown) for text in self.texts)


class Held:
    """A key with what the machine knows about its certificate."""

    def __init__(self, key: Any) -> None:
        self.certificate_of_pool_0 = key.usage == "Verify" and key.certificate in POOL_0


POOL_0 = {base64.b64decode(certificate(number)["key"]) for number in range(100)}


@examples(8, 60)
def test_credentials_are_what_was_done_to_them(examples: int) -> None:
    run_state_machine_as_test(CredentialMachine, settings=settings(max_examples=examples, stateful_step_count=40))
