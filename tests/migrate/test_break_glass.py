"""Break-glass on an embedded tenant with a vault, with the real libraries, and everything that can go wrong."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.secrets._shared import http_challenge_cache
from azure.keyvault.secrets.aio import SecretClient

from inventory.cloud import Cloud
from migrate import policyfile, rollout
from migrate.breakglass import Made, NotMade, Present, WouldMake
from migrate.circumstances import BreakGlass, Policy
from migrate.emulator.vault.book import SecretVersion
from migrate.entry import Kind
from migrate.errors import PolicyError
from migrate.glass import place_of
from migrate.retirement import Held
from migrate.rollout import State
from migrate.settling import Settling
from migrate.watch import Broken as InTrouble
from migrate.watch import Look, Quiet, Watcher, Watching
from tests.support import faultpoints
from tests.support.audit import journal_of
from tests.support.estate import QUICK, Saved
from tests.support.faultpoints import Crash, FaultPoints
from tests.support.glass import ADD, FORBIDDING, LABEL, THREE_HOURS, TOML, VAULT, VAULT_NAME, Broken, broken
from tests.support.mishaps import TenantClock
from tests.support.rollout import PatientClock
from tests.support.tenants import NOW

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Broken, Saved]]:
    with pytest.MonkeyPatch.context() as patch, broken(tmp_path_factory.mktemp("glass"), patch) as made:
        yield made, made.save()


@pytest.fixture
def tenant(shared: tuple[Broken, Saved]) -> Iterator[Broken]:
    made, saved = shared
    yield made
    saved.restore()
    made.base.emulator.vaults.clear()


async def _watch(made: Broken) -> tuple[Look, ...]:
    async with made.base.directory() as (directory, _):
        watcher = Watcher(
            plan=made.plan, directory=directory, exchange=made.base.exchange(made.plan), journal=made.base.journal,
            policy=Policy(), plan_file="my plan.json",
        )  # fmt: skip
        return await watcher.run([made.pairing])


def watch(made: Broken) -> Look:
    (look,) = asyncio.run(_watch(made))
    return look


def kinds(made: Broken) -> list[Kind]:
    return [each.kind for each in made.base.journal.entries() if each.kind.value.startswith("break-glass")]


def test_a_secret_is_made_and_stored_and_signs_in_and_is_told_without_its_text(tenant: Broken) -> None:
    would = tenant.break_glass(apply=False)
    assert isinstance(would, WouldMake)
    assert not tenant.ours
    assert not tenant.base.emulator.vaults.values()
    made = tenant.break_glass(hours=4)
    assert isinstance(made, Made)
    (text,), (password,) = tenant.kept, tenant.ours
    assert tenant.signs_in(text)
    assert (made.secret.key_id, made.secret.place.vault) == (password.key_id, VAULT)
    now = tenant.tenant.clock.now()
    assert timedelta(hours=3, minutes=58) < password.end - now <= timedelta(hours=4)
    (version,) = tenant.base.emulator.vaults.versions(VAULT_NAME, tenant.place)
    assert (version.version, version.tags["unsecret-key-id"]) == (made.secret.version, password.key_id)
    assert version.expires == int(password.end.timestamp())
    assert kinds(tenant) == [Kind.BREAK_GLASS_MEANT, Kind.BREAK_GLASS_MADE]
    for told in (repr(made), str(made.secret), repr(tenant.base.journal.entries())):
        assert text not in told
    assert tenant.standing.station is State.PARTLY_RETIRED
    assert "break-glass secret before" in rollout.next_command(rollout.course(tenant.pairing), tenant.standing)


def test_a_second_run_finds_it_and_makes_none_until_it_has_ended(tenant: Broken) -> None:
    first = tenant.break_glass(hours=4)
    again = tenant.break_glass(hours=4)
    assert isinstance(first, Made)
    assert isinstance(again, Present)
    assert again.secret == first.secret
    assert len(tenant.ours) == 1
    with tenant.tenant.lock:
        moved = replace(tenant.ours[0], end=tenant.tenant.clock.now())
        tenant.tenant.save_application(replace(tenant.application, passwords=()))
    assert isinstance(third := tenant.break_glass(hours=1), Made)
    assert "removed by somebody else" in third.settled[0]
    assert len(tenant.kept) == 2
    assert moved.key_id != tenant.ours[0].key_id


def test_retire_names_it_and_watch_waits_for_its_end(tenant: Broken) -> None:
    assert isinstance(tenant.break_glass(hours=4), Made)
    look = watch(tenant)
    assert isinstance(look, Watching)
    assert "break-glass secret" in look.because
    assert VAULT in look.because
    tenant.base.emulator.advance(timedelta(hours=4, minutes=1))
    look = watch(tenant)
    assert isinstance(look, Watching)
    assert Kind.BREAK_GLASS_OVER in kinds(tenant)
    assert tenant.standing.station == State.RETIRED
    tenant.base.emulator.advance(timedelta(hours=3))
    asyncio.run(tenant.base.verify(tenant.plan))
    assert isinstance(watch(tenant), Quiet)
    after = tenant.standing
    assert after.station is State.WATCHED


def test_trouble_names_the_command_as_it_is_to_be_typed(tenant: Broken) -> None:
    key = tenant.pairing.credentials[0].key_id
    assert not tenant.signs_in(tenant.tenant.secret_of(key))
    look = watch(tenant)
    assert isinstance(look, InTrouble)
    assert f"unsecret break-glass 'my plan.json' --app {tenant.pairing.application.client_id}" in look.message
    assert isinstance(tenant.break_glass(), Made)
    look = watch(tenant)
    assert isinstance(look, InTrouble)
    assert "it can use the break-glass secret" in look.message


def test_a_credential_that_is_left_is_held_while_a_break_glass_secret_is_there(tenant: Broken) -> None:
    """Two credentials, one of them removed: the other one waits, and it is said for what."""
    keys = tenant.pairing.credentials[0]
    other = replace(keys, key_id=type(keys.key_id)("99999999-0000-4000-8000-000000000001"))
    pairing = replace(tenant.pairing, credentials=(*tenant.pairing.credentials, other))
    assert isinstance(tenant.break_glass(), Made)
    with tenant.tenant.lock:
        app = tenant.application
        end = other.end or app.passwords[0].end
        kept = replace(app.passwords[0], key_id=other.key_id, display_name="old", end=end)
        tenant.tenant.save_application(replace(app, passwords=(*app.passwords, kept)))
    plan = replace(tenant.plan, pairings=(pairing,))
    found = asyncio.run(tenant.base.retire(plan, apply=False))
    (held,) = [each for each in found if isinstance(each, Held)]
    because = dict(held.closed)["application-unchanged"].because
    assert "given a new secret" in because
    assert tenant.ours[0].key_id in because


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ([{"kind": "status", "path": "/secrets/**", "methods": ["PUT"], "status": 503}], "cannot be written: 503"),
        ([{"kind": "status", "path": "/secrets/**", "status": 403}], "cannot be written: 403"),
        ([{"kind": "reset", "path": "/secrets/**"}], "cannot be written"),
        ([{"kind": "status", "path": ADD, "status": 403}], "no secret was made"),
    ],
)
def test_where_the_vault_cannot_be_written_or_entra_says_no_nothing_is_made(
    tenant: Broken, faults: list[dict[str, Any]], told: str
) -> None:
    with tenant.failing(*faults):
        found = tenant.break_glass()
    assert isinstance(found, NotMade)
    assert told in found.message
    assert not tenant.ours
    assert not tenant.kept


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 503}, {"kind": "status", "status": 403}, {"kind": "reset", "when": "before"}],
)
def test_a_secret_that_the_vault_does_not_take_is_removed_at_once(tenant: Broken, fault: dict[str, Any]) -> None:
    mine = {"methods": ["PUT"], "path": f"/secrets/{tenant.place}", **fault}
    with tenant.failing(mine):
        found = tenant.break_glass()
    assert isinstance(found, NotMade)
    assert "was removed again" in found.message
    assert not tenant.ours
    assert not tenant.kept
    assert kinds(tenant) == [Kind.BREAK_GLASS_MEANT, Kind.BREAK_GLASS_OVER]
    assert not tenant.standing.begun
    assert tenant.standing.station is State.RETIRED
    assert isinstance(tenant.break_glass(), Made)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.slow
def test_throttling_is_waited_for(tenant: Broken, status: int) -> None:
    slow = {"kind": "status", "status": status, "retry_after": 0.01, "times": 2}
    with tenant.failing({**slow, "path": "/secrets/**"}, {**slow, "path": ADD}):
        assert isinstance(tenant.break_glass(), Made)
    assert tenant.signs_in(tenant.kept[-1])
    assert len(tenant.ours) == 1


def test_a_vault_that_lost_its_answer_holds_the_secret_all_the_same(tenant: Broken) -> None:
    with tenant.failing(
        {"kind": "reset", "methods": ["PUT"], "path": f"/secrets/{tenant.place}", "when": "after", "times": 9}
    ):
        found = tenant.break_glass()
    assert isinstance(found, Made)
    assert tenant.signs_in(tenant.kept[-1])


def test_a_lost_answer_of_entra_leaves_no_secret_that_nobody_knows(tenant: Broken) -> None:
    with tenant.failing({"kind": "reset", "methods": ["POST"], "path": ADD, "when": "after", "times": 1}):
        found = tenant.break_glass()
    assert isinstance(found, NotMade)
    assert "run break-glass again" in found.message
    (orphan,) = tenant.ours
    assert "break-glass" in rollout.next_command(rollout.course(tenant.pairing), tenant.standing)
    again = tenant.break_glass()
    assert isinstance(again, Made)
    assert "were removed" in again.settled[0]
    (left,) = tenant.ours
    assert left.key_id != orphan.key_id
    assert not tenant.standing.begun


@pytest.mark.parametrize("vault", [True, False])
def test_reads_that_lag_behind_neither_lose_a_secret_nor_leave_one(tenant: Broken, vault: bool) -> None:  # noqa: FBT001
    lagging = {"kind": "lagging-reads", "of": ["lists", "objects", "writes"], "unseen": 1, "flapping": 2}
    refusing = {"kind": "status", "status": 403, "methods": ["PUT"], "path": f"/secrets/{tenant.place}"}
    tenant.base.clock = TenantClock(tenant.base.emulator.advance)
    tenant.settling = Settling()
    try:
        with tenant.failing(lagging, *([] if vault else [refusing])):
            found = tenant.break_glass()
    finally:
        tenant.base.clock, tenant.settling = PatientClock(), QUICK
    assert isinstance(found, Made if vault else NotMade), found
    assert len(tenant.ours) == int(vault)
    assert not tenant.standing.begun


def test_a_request_that_was_repeated_made_two_and_leaves_one(tenant: Broken) -> None:
    """The SDK's middleware asks again after a 504, which came after the secret was made."""
    with tenant.failing(
        {"kind": "status", "status": 504, "path": ADD, "when": "after", "times": 1, "retry_after": 0.01}
    ):
        found = tenant.break_glass()
    assert isinstance(found, Made)
    (left,) = tenant.ours
    assert left.key_id == found.secret.key_id
    assert tenant.signs_in(tenant.kept[-1])


@pytest.mark.parametrize(
    "every", [pytest.param(1, marks=pytest.mark.slow, id="every point"), pytest.param(9, id="some points")]
)
def test_a_run_that_is_ended_anywhere_and_run_again_leaves_one_secret_that_the_vault_holds(
    tenant: Broken, every: int
) -> None:
    saved = tenant.save()

    def outcome() -> tuple[int, bool, set[str], State]:
        (only,) = tenant.ours
        texts = {each.value for each in tenant.base.emulator.vaults.versions(VAULT_NAME, tenant.place)
                 if each.tags["unsecret-key-id"] == only.key_id}  # fmt: skip
        assert texts == {tenant.tenant.secret_of(only.key_id)}
        (glass,) = tenant.standing.glass
        assert glass.key_id == only.key_id
        return len(tenant.ours), not tenant.standing.begun, {glass.place.name}, tenant.standing.station

    def reset() -> None:
        http_challenge_cache.clear()  # else the first run alone is asked who it is
        saved.restore()
        tenant.base.emulator.vaults.clear()

    found = faultpoints.survey(
        reset=reset, run=lambda: _assert_there(tenant), outcome=outcome, every=every, first=every // 2
    )
    requests = {"before POST addPassword", "after POST addPassword", f"before PUT {tenant.place}"}
    entries = {"after PUT unsecret-check", "before entry break-glass-meant", "after entry break-glass-made"}
    assert requests | entries <= set(found.points)
    assert found.ended >= len(found.points) // every - 1


def _assert_there(tenant: Broken) -> None:
    assert isinstance(tenant.break_glass(), Made | Present)


@pytest.mark.parametrize("at", ["after POST addPassword", "before PUT unsecret-", "after PUT unsecret-"])
def test_a_crash_between_adding_and_storing_is_settled_by_what_tenant_and_vault_show(tenant: Broken, at: str) -> None:
    name = at if "POST" in at else f"{at.partition('unsecret-')[0]}{tenant.place}"
    calm = FaultPoints()
    saved = tenant.save()
    with calm.installed():
        tenant.break_glass()
    saved.restore()
    tenant.base.emulator.vaults.clear()
    with FaultPoints(at=calm.names.index(name)).installed(), pytest.raises((Crash, BaseExceptionGroup)):
        tenant.break_glass()
    (orphan,) = tenant.ours
    found = tenant.break_glass()
    stays = at.startswith("after PUT")
    assert isinstance(found, Present if stays else Made)
    assert "is there" in found.settled[0] if stays else "were removed" in found.settled[0]
    assert (tenant.ours[0].key_id == orphan.key_id) is stays
    assert len(tenant.ours) == 1


def test_a_vault_that_cannot_be_read_settles_nothing(tenant: Broken) -> None:
    """Whether the vault holds what an earlier run made is unknown: it is neither removed nor counted."""
    with tenant.failing({"kind": "reset", "methods": ["POST"], "path": ADD, "when": "after", "times": 1}):
        assert isinstance(tenant.break_glass(), NotMade)
    with tenant.failing({"kind": "status", "path": "/secrets/**", "status": 403}):
        found = tenant.break_glass()
    assert isinstance(found, NotMade)
    assert "cannot be read: 403" in found.message
    assert len(tenant.ours) == 1


def test_none_is_made_before_a_removal_or_against_a_policy(tenant: Broken) -> None:
    standings = rollout.standings(tenant.plan.pairings, tenant.base.journal.entries())
    whole = next(one for one in tenant.plan.pairings if not standings[one.application.client_id][1].removed)
    found = tenant.break_glass(on=whole)
    assert isinstance(found, NotMade)
    assert "none of its credentials was removed" in found.message
    book = tenant.tenant.policies
    before = book.default
    try:
        book.default = FORBIDDING
        assert isinstance(found := tenant.break_glass(), NotMade)
        assert "forbids a new secret" in found.message
        book.default = THREE_HOURS
        assert isinstance(found := tenant.break_glass(hours=4), NotMade)
        assert "--valid-for 3" in found.message
        assert isinstance(tenant.break_glass(hours=3), Made)
    finally:
        book.default = before


def test_a_vault_of_another_cloud_or_none_is_refused_in_one_line(tenant: Broken) -> None:
    for policy, told in (
        (None, "no vault is named"),
        (BreakGlass(vault="https://kv-a.vault.azure.cn"), "is no vault of the cloud public"),
        (BreakGlass(vault="https://kv-a.vault.azure.net.evil.example"), "is no vault of the cloud public"),
    ):
        with pytest.raises(PolicyError, match=told):
            tenant.break_glass(policy=policy)
    for cloud, domain in ((Cloud.USGOV, "vault.usgovcloudapi.net"), (Cloud.CHINA, "vault.azure.cn")):
        place = place_of(BreakGlass(vault=f"https://KV-a.{domain}/"), cloud, "client")
        assert str(place) == f"https://kv-a.{domain}/secrets/unsecret-client"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('vault = "http://kv-a.vault.azure.net"', "break_glass.vault: this is no https address"),
        ('vault = "https://kv-a.vault.azure.net:8443"', "break_glass.vault: this is no https address"),
        ('vault = "https://user@kv-a.vault.azure.net"', "break_glass.vault: this is no https address"),
        ('vault = "https://kv-a.vault.azure.net"\nname = "a_b"', "break_glass.name: this is no name of a secret"),
        ('vault = "https://kv-a.vault.azure.net"\nname = "{client_id}{client_id}"', "more than once"),
        ('vault = "https://kv-a.vault.azure.net"\nname = "emergency"', "nowhere, so that applications"),
        ('vault = "https://kv-a.vault.azure.net"\nname = "a-{client_id}\\n"', "this is no name of a secret"),
        ('vault = "https://kv-a.vault.azure.net"\nhours = 73', "break_glass.hours"),
        ("hours = 1", "the key `vault` is missing"),
    ],
)
def test_the_policy_is_read_strictly(text: str, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        policyfile.decode_retirement(f"[break_glass]\n{text}\n".encode())


@pytest.mark.slow
def test_without_the_library_it_is_said_which_one_is_missing(tenant: Broken) -> None:
    """In a process of its own, where azure-keyvault-secrets cannot be imported."""
    script = (
        "import sys\nsys.path.insert(0, sys.argv.pop(1))\nsys.modules['azure.keyvault.secrets.aio'] = None\n"
        "from migrate.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    folder = tenant.base.folder
    (folder / "unsecret.toml").write_text(TOML)
    command = [sys.executable, "-c", script, str(ROOT), "break-glass", "plan.json", "--app",
               tenant.pairing.application.client_id, "--journal", "sqlite:///journal.db"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 2
    assert "azure-keyvault-secrets is not installed; pip install 'unsecret[vault]'" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert LABEL not in repr(tenant.application.passwords)


def test_another_operator_who_acts_on_the_application_comes_first(tenant: Broken) -> None:
    other = journal_of(tenant.base)
    with other.lease(tenant.pairing.application.client_id):
        found = tenant.break_glass()
    other.close()
    assert isinstance(found, NotMade)
    assert not tenant.ours
    assert not tenant.base.emulator.vaults.values()


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from migrate.cli.main import main
from tests.support.faultpoints import FaultPoints
with FaultPoints(at=int(sys.argv[2]), kill=True).installed():
    code = main(sys.argv[3:])
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", ["before POST addPassword", "after POST addPassword", "after PUT unsecret-", "made"])
def test_a_process_that_is_killed_is_settled_by_the_same_command(tenant: Broken, point: str) -> None:
    """The command as it is run, in a process of its own, that gets SIGKILL; the points are those of a run in here."""
    saved, folder = tenant.save(), tenant.base.folder
    calm = FaultPoints()
    with calm.installed():
        tenant.break_glass()
    saved.restore()
    tenant.base.emulator.vaults.clear()
    name = {"made": "after entry break-glass-made", "after PUT unsecret-": f"after PUT {tenant.place}"}.get(
        point, point
    )
    (folder / "unsecret.toml").write_text(TOML)
    command = ["break-glass", "plan.json", "--app", tenant.pairing.application.client_id, "--apply",
               "--journal", f"sqlite:///{folder / 'journal.db'}"]  # fmt: skip
    python = [sys.executable, "-c", KILLED, str(ROOT)]
    at = str(calm.names.index(name))
    killed = subprocess.run([*python, at, *command], capture_output=True, text=True, check=False, cwd=folder)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = subprocess.run([*python, "-1", *command], capture_output=True, text=True, check=False, cwd=folder)
    assert again.returncode == 0, again.stderr + again.stdout
    (only,) = tenant.ours
    assert tenant.signs_in(tenant.kept[-1])
    assert tenant.kept[-1] == tenant.tenant.secret_of(only.key_id)
    assert not [text for text in tenant.kept if text in again.stdout + again.stderr + killed.stdout + killed.stderr]


@pytest.mark.parametrize("enabled", [True, False])
def test_a_secret_of_somebody_else_under_that_name_keeps_its_place(tenant: Broken, enabled: bool) -> None:  # noqa: FBT001
    theirs = SecretVersion(version="1", value="theirs", created=NOW, enabled=enabled)
    tenant.base.emulator.vaults.put(VAULT_NAME, tenant.place, theirs)
    for apply in (False, True):
        found = tenant.break_glass(apply=apply)
        assert isinstance(found, NotMade)
        assert f"{tenant.place} holds what unsecret did not write" in found.message
    assert (tenant.ours, tenant.kept) == ((), ["theirs"])
    assert kinds(tenant) == []


@pytest.mark.parametrize("early", [True, False])
def test_a_vault_that_leads_elsewhere_to_sign_in_gets_nothing(
    tenant: Broken,
    monkeypatch: pytest.MonkeyPatch,
    early: bool,  # noqa: FBT001
) -> None:
    """The library answers that with a ValueError, which may come when the secret has been made."""
    real, at = SecretClient.set_secret, "unsecret-check" if early else tenant.place

    async def elsewhere(self: SecretClient, name: str, *given: Any, **more: Any) -> Any:
        if name == at:
            raise ValueError("The challenge resource 'evil.example' does not match the requested domain")
        return await real(self, name, *given, **more)

    monkeypatch.setattr(SecretClient, "set_secret", elsewhere)
    found = tenant.break_glass()
    assert isinstance(found, NotMade), found
    assert "ValueError" in found.message
    assert (tenant.ours, tenant.kept) == ((), [])
    assert not tenant.standing.begun
