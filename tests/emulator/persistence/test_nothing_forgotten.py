"""Every attribute of everything that remembers is either kept or on the list of what is not, with its reason."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from migrate.emulator.clock import VirtualClock
from migrate.emulator.clouds import cloud_named
from migrate.emulator.persistence import NOT_KEPT
from migrate.emulator.persistence.keeper import StateFile
from migrate.emulator.persistence.lines import line, read_line
from migrate.emulator.persistence.memory import ROWS, Memory, Wanted, remember
from migrate.emulator.server import Emulator
from migrate.emulator.state import credentials, deletion, federation, managed
from migrate.emulator.state.audits import Audit
from migrate.emulator.state.azure import Estate, ResourceGroup, RoleAssignment
from migrate.emulator.state.policies import Policy
from migrate.emulator.state.records import PasswordCredential, Resource, User
from migrate.emulator.state.rules import RuleBreachError
from migrate.emulator.state.shelf import Shelf
from migrate.emulator.state.signin_log import SignInLog
from migrate.emulator.state.table import Table
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.outside import OutsideIssuers
from tests.emulator.conftest import EXCHANGE, World
from tests.emulator.persistence.conftest import Run

pytestmark = pytest.mark.slow

OURS = "migrate.emulator."


def attributes(value: object) -> dict[str, Any]:
    """Give the attributes of one of our objects that are to be kept, by name."""
    kind = type(value)
    slots = [name for base in kind.__mro__ for name in base.__dict__.get("__slots__", ())]
    held = {**getattr(value, "__dict__", {}), **{name: getattr(value, name) for name in slots}}
    names = [base.__name__ for base in kind.__mro__]
    return {
        name: item for name, item in held.items() if not any(f"{base}.{name}" in NOT_KEPT for base in names)
    }  # fmt: skip


def plain(value: Any, above: tuple[int, ...] = ()) -> Any:
    """Take a value apart, down to what Python itself compares."""
    if id(value) in above:
        return "see above"
    above = (*above, id(value))
    if isinstance(value, rsa.RSAPrivateKey):
        return value.private_numbers()
    if callable(value):
        return value.__qualname__
    if type(value).__module__.startswith(OURS):
        inside = {name: plain(item, above) for name, item in attributes(value).items()}
        return (type(value).__name__, inside, plain(dict(value), above) if isinstance(value, dict) else None)
    if isinstance(value, (dict, MappingProxyType)):
        return {key: plain(item, above) for key, item in value.items()}
    return [plain(item, above) for item in value] if isinstance(value, (list, tuple)) else value


def walk(value: object, path: str = "", seen: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Walk the attributes of all objects that change, by path; frozen records are values."""
    for name, item in attributes(value).items():
        where = f"{path}.{name}"
        if id(item) in seen:
            continue
        if type(item).__module__.startswith(OURS) and not _is_value(item):
            yield from walk(item, where, (*seen, id(value), id(item)))
            if isinstance(item, dict):
                yield where, plain(dict(item))
        else:
            yield where, plain(item)


def _is_value(item: object) -> bool:
    parameters = getattr(type(item), "__dataclass_params__", None)
    return parameters is not None and parameters.frozen and not isinstance(item, Memory)


def blank() -> Memory:
    """Make a memory that knows nothing."""
    clock = VirtualClock(datetime(2020, 1, 1, tzinfo=UTC))
    tenant = Tenant(tenant_id="", cloud=cloud_named("public"), clock=clock, retention=timedelta(days=30))
    return remember(tenant, apps=0, seed=0)


Kept = tuple[Memory, Memory]


@pytest.fixture
def lived(run: Run, saved: Path) -> Kept:
    """Give a memory in which everything has happened at least once, and what its file says."""
    saved.unlink()
    with run(apps=12, seed=3, cloud="usgov", retention_days=7) as world:
        live(world)
        memory = world.emulator._memory
    return memory, load(saved)


def load(path: Path) -> Memory:
    kept = StateFile(path)
    try:
        loaded = kept.load(Wanted())
    finally:
        kept.close()
    assert loaded is not None
    return loaded


def live(world: World) -> None:
    tenant = world.emulator.tenant
    first, second, *_ = (item for item in tenant.applications if item.display_name.startswith("svc") or item.passwords)
    credentials.add_password(tenant, first, "new", None, None)
    world.emulator.outside.token(issuer="https://issuer.example", subject="s", audience=EXCHANGE)
    world.identity_token(world.identity, tenant.cloud.exchange_audience)
    for item in (first, second):
        deletion.delete_application(tenant, item.id)
    deletion.restore(tenant, first.id)
    deletion.restore(tenant, next(iter(tenant.deleted_service_principals)).id)
    deletion.restore(tenant, second.id)
    deletion.delete_application(tenant, second.id)
    gone = next(item for item in tenant.identities.values() if item.user_assigned)
    managed.delete(tenant, gone.principal_id)
    del tenant.hosts[next(iter(tenant.hosts))]
    del tenant.azure.resources[next(iter(tenant.azure.resources))]
    tenant.azure.put_group(ResourceGroup(subscription_id="s", name="Made Later"))
    now = tenant.clock.now()
    tenant.azure.assignments["a"] = RoleAssignment(name="a", principal_id="p", role="r", scope="/", created=now)
    tenant.display_name, tenant.domain = "Fabrikam", "fabrikam.example"
    tenant.users["u"] = User(id="u", display_name="U", user_principal_name="u@fabrikam.example")
    tenant.resources.append(Resource(names=("n",), audience="a", app_id="x", display_name="d", version="2.0"))
    tenant.audits.append(
        Audit(
            id="a",
            at=now,
            correlation_id="c",
            activity="v",
            operation="Update",
            actor_id="p",
            actor_name="n",
            target_id="t",
            target_app_id="i",
            target_name="m",
            on_service_principal=True,
            before=(),
            after=("k",),
        )
    )
    policy = Policy(id="p", display_name="P", description="", enabled=True)
    tenant.policies.default = policy
    tenant.policies.custom["p"] = policy
    tenant.policies.assigned[first.id] = "p"
    world.emulator.advance(timedelta(days=1))


def untouched(kept: Kept) -> list[str]:
    """List the attributes that still have their first value, so that nothing shows whether they are kept."""
    lived, nothing = dict(walk(kept[0])), dict(walk(blank()))
    return [path for path, value in lived.items() if path in nothing and nothing[path] == value]


def forgotten(kept: Kept) -> list[str]:
    """List the attributes that differ after a restart."""
    before, after = (dict(walk(memory)) for memory in kept)
    assert len(before) > 50
    return [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]


def test_every_attribute_is_kept_or_listed(lived: Kept) -> None:
    # Whoever adds an attribute changes it in live() above, and keeps it or lists it in NOT_KEPT.
    # The times of clocks that nobody moved, and what was computed once of tokens that came over the wire.
    assert {path.rpartition(".keys.")[2].rpartition("_keys.")[2] for path in untouched(lived)} == {
        "_clock._ahead",
        "_verified",
    }
    assert forgotten(lived) == []


@pytest.mark.parametrize("kind", [Tenant, Table, Shelf, Estate, SignInLog, VirtualClock, OutsideIssuers])
def test_a_new_attribute_is_noticed(saved: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Any]) -> None:
    before = kind.__init__

    def begin(self: Any, *positional: Any, **named: Any) -> None:
        before(self, *positional, **named)
        self.novel = 0

    monkeypatch.setattr(kind, "__init__", begin)
    memory, loaded = load(saved), load(saved)
    assert any(path.endswith(".novel") for path in untouched((memory, loaded)))
    for path, _ in [*walk(memory)]:
        if path.endswith(".novel"):
            owner: Any = memory
            for name in path.split(".")[1:-1]:
                owner = getattr(owner, name)
            owner.novel = 1
    assert any(path.endswith(".novel") for path in forgotten((memory, loaded)))


def test_every_attribute_of_the_emulator_is_kept_or_listed(state: Path) -> None:
    with Emulator(apps=5, state=state) as emulator:
        assert set(attributes(emulator)) == {"tenant", "outside", "_memory", "proxy", "vaults"}
        assert emulator.tenant is emulator._memory.tenant
        assert emulator.outside is emulator._memory.outside


def test_the_list_of_what_is_not_kept_names_what_there_is(emulator: Emulator) -> None:
    found = set()
    todo: list[object] = [emulator]
    seen: set[int] = set()
    while todo:
        value = todo.pop()
        if id(value) in seen or not type(value).__module__.startswith(OURS):
            continue
        seen.add(id(value))
        for base in type(value).__mro__:
            for name in (*getattr(value, "__dict__", {}), *base.__dict__.get("__slots__", ())):
                found.add(f"{base.__name__}.{name}")
                todo.append(getattr(value, name, None))
    assert set(NOT_KEPT) <= found
    assert all(reason.strip() for reason in NOT_KEPT.values())


# --- any tenant, any record ---------------------------------------------------------------------------------------

KEY = blank().keys.kept()
STEPS = ("add", "remove", "federate", "delete", "restore", "purge", "identity", "unidentify", "advance", "policy",
         "assign")  # fmt: skip


def step(tenant: Tenant, name: str, number: int) -> None:
    applications = [*tenant.applications, *tenant.deleted_applications]
    chosen = applications[number % len(applications)]
    deleted = [*tenant.deleted_applications, *tenant.deleted_service_principals, chosen]
    policy = Policy(id=str(number), display_name="", description="")
    change = federation.FederatedChange(name="abc", issuer="https://i.example", subject="s", audiences=("a",))
    actions: dict[str, Callable[[], object]] = {
        "add": lambda: credentials.add_password(tenant, chosen, None, None, None),
        "remove": lambda: credentials.remove_password(tenant, chosen, chosen.passwords[0].key_id),
        "federate": lambda: federation.create(tenant, chosen.id, change),
        "delete": lambda: deletion.delete_application(tenant, chosen.id),
        "restore": lambda: deletion.restore(tenant, deleted[0].id),
        "purge": lambda: deletion.remove_for_good(tenant, deleted[-2].id),
        "identity": lambda: managed.create(
            tenant, name=f"id-{number}", resource_id=f"/r/{number}", location="", user_assigned=True
        ),
        "unidentify": lambda: managed.delete(tenant, list(tenant.identities)[number % len(tenant.identities)]),
        "advance": lambda: tenant.clock.advance(timedelta(days=number)),
        "policy": lambda: tenant.policies.custom.update({policy.id: policy}),
        "assign": lambda: tenant.policies.assigned.update({chosen.id: policy.id}),
    }
    # What is gone cannot be changed, and an empty list has no first one.
    with suppress(RuleBreachError, LookupError, ZeroDivisionError):
        actions[name]()


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 50)), max_size=25))
def test_whatever_happened_is_in_the_file(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("state") / "tenant.json"
    tenant = Emulator(apps=5).tenant
    memory = remember(tenant, apps=5, seed=1, keys=KEY)
    kept = StateFile(path)
    kept.keep(memory)
    for number, (name, place) in enumerate(steps):
        step(tenant, name, place)
        if number % 5 == 0:
            kept._save()  # so that lines are copied from older files
    kept._save()
    loaded = kept.load(Wanted())
    kept.close()
    assert loaded is not None
    assert dict(walk(loaded)) == dict(walk(memory))


TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["\ud800", "a\udfffb", "\x00", "\\ud800", '"\U0001f511'])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
st.register_type_strategy(str, TEXTS)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(
    Mapping,
    lambda kind: st.dictionaries(TEXTS, TEXTS if get_args(kind)[1] is str else JSON, max_size=3).map(MappingProxyType),
)
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))


@pytest.mark.parametrize("part", ROWS)
def test_any_row_can_be_written_and_read(part: str) -> None:
    @settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(rows=st.lists(st.from_type(ROWS[part]), max_size=2))
    def check(rows: list[Any]) -> None:
        assert read_line(line(part, rows)) == (part, rows)

    check()


def test_half_a_surrogate_pair_in_a_name_is_kept(run: Run) -> None:
    hostile = "\ud800 \\ud800 \x00 \u2028"
    with run() as world:
        made = world.new_application(displayName="hostile")
        tenant = world.emulator.tenant
        now = tenant.clock.now()
        secret = PasswordCredential(key_id="k", secret=hostile, start=now, end=now, display_name=hostile)
        application = tenant.applications.get(made.id)
        assert application is not None
        tenant.save_application(type(made)(id=made.id, app_id=made.app_id, display_name=hostile, created=now,
                                           passwords=(secret,), others={"notes": [hostile]}))  # fmt: skip
        kept = tenant.applications.get(made.id)
    with run() as world:
        assert world.emulator.tenant.applications.get(made.id) == kept
