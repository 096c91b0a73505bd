"""Whatever is done to an application's credentials, in any order, the directory's invariants hold."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from migrate.emulator.certificates import CertificateRecipe, der
from migrate.emulator.graph.bodies import key_body
from migrate.emulator.graph.changes import read_keys
from migrate.emulator.seed import seed_tenant
from migrate.emulator.state import credentials, federation
from migrate.emulator.state.credentials import KeyChange
from migrate.emulator.state.federation import FederatedChange
from migrate.emulator.state.records import Application
from migrate.emulator.state.rules import RuleBreachError

START = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = st.sampled_from([f"fic-{number}" for number in range(26)] + ["x", "-bad", "with blank"])
SUBJECTS = st.sampled_from([f"subject-{number}" for number in range(26)])


def certificate(number: int) -> dict[str, Any]:
    recipe = CertificateRecipe(
        common_name=f"c{number}",
        serial=number + 1,
        start=START - timedelta(days=1),
        end=START + timedelta(days=90),
        pool=0,
    )
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der(recipe)).decode()}


def attempt(action: Callable[[], object]) -> RuleBreachError | None:
    try:
        action()
    except RuleBreachError as breach:
        return breach
    return None


class CredentialMachine(RuleBasedStateMachine):
    """Creates, updates and removes credentials of one application, and remembers every key id ever seen."""

    secrets: ClassVar[Bundle[str]] = Bundle("secrets")

    def __init__(self) -> None:
        super().__init__()
        self.tenant = seed_tenant(apps=5, seed=1, start=START, retention=timedelta(days=30))
        self.id = self.tenant.application_named("orders-api").id
        self.seen = {item.key_id for item in self.application.passwords}
        self.gone: set[str] = set()

    @property
    def application(self) -> Application:
        found = self.tenant.applications.get(self.id)
        assert found is not None
        return found

    def note_keys(self, before: set[str]) -> None:
        after = self.ids()
        assert not (after - before) & self.seen, "a key id was given out twice"
        self.seen |= after
        self.gone |= before - after

    def ids(self) -> set[str]:
        return {item.key_id for item in self.application.passwords} | {item.key_id for item in self.application.keys}

    @rule(name=NAMES, subject=SUBJECTS, audiences=st.sampled_from([("a",), ("a",), ("a",), (), ("a", "b")]))
    def create_federated(self, name: str, subject: str, audiences: tuple[str, ...]) -> None:
        before = self.application.federated
        change = FederatedChange(name=name, issuer="https://issuer", subject=subject, audiences=audiences)
        refused = attempt(lambda: federation.create(self.tenant, self.id, change))
        if refused is None:
            assert self.application.federated[:-1] == before
        else:
            assert refused.status in (400, 409)
            assert self.application.federated == before

    @rule(name=NAMES, subject=SUBJECTS)
    def update_federated(self, name: str, subject: str) -> None:
        before = self.application.federated
        refused = attempt(lambda: federation.update(self.tenant, self.id, name, FederatedChange(subject=subject)))
        if refused is not None:
            assert refused.status in (400, 404)
            assert self.application.federated == before
        assert [item.id for item in self.application.federated] == [item.id for item in before]

    @rule(name=NAMES)
    def delete_federated(self, name: str) -> None:
        held = any(item.name == name for item in self.application.federated)
        refused = attempt(lambda: federation.delete(self.tenant, self.id, name))
        assert held is (refused is None)
        assert all(item.name != name for item in self.application.federated)

    @rule(target=secrets)
    def add_secret(self) -> str:
        before = self.ids()
        made = credentials.add_password(self.tenant, self.application, None, None, None)
        self.note_keys(before)
        return made.key_id

    @rule(key_id=secrets)
    def remove_secret(self, key_id: str) -> None:
        before = self.ids()
        refused = attempt(lambda: credentials.remove_password(self.tenant, self.application, key_id))
        assert (key_id in self.gone) is (refused is not None)
        self.note_keys(before)
        assert key_id not in self.ids()

    @rule(kept=st.sets(st.integers(0, 5)), added=st.lists(st.integers(0, 50), max_size=2), damage=st.booleans())
    def replace_certificates(self, kept: set[int], added: list[int], damage: bool) -> None:  # noqa: FBT001 - drawn
        before, held = self.ids(), self.application.keys
        survivors = [key_body(key, with_key=False) for index, key in enumerate(held) if index in kept]
        if damage and survivors:
            survivors[0]["endDateTime"] = "2030-01-01T00:00:00Z"
        sent = [*survivors, *(certificate(number) for number in added)]
        refused = attempt(lambda: self.put_keys(read_keys(sent)))
        if refused is not None:
            assert (refused.code, damage) == ("KeyNotUpdatable", True)
            assert self.application.keys == held
            return
        assert not (damage and survivors)
        expected = [key for index, key in enumerate(held) if index in kept]
        assert list(self.application.keys[: len(survivors)]) == expected
        self.note_keys(before)

    def put_keys(self, changes: list[KeyChange]) -> None:
        keys = credentials.merge_keys(self.tenant, self.application, changes)
        self.tenant.save_application(replace(self.application, keys=keys))

    @invariant()
    def limits_and_uniqueness_hold(self) -> None:
        federated = self.application.federated
        assert len(federated) <= 20
        assert len({item.name for item in federated}) == len(federated)
        assert len({(item.issuer, item.subject) for item in federated}) == len(federated)
        assert all(len(item.audiences) == 1 for item in federated)
        every = [item.key_id for item in self.application.passwords] + [item.key_id for item in self.application.keys]
        assert len(every) == len(set(every))
        assert not set(every) & self.gone


TestCredentials = CredentialMachine.TestCase
TestCredentials.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
