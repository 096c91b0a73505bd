"""The other road, as it is typed: deactivate what nobody uses, be told who misses it, take it back, or remove."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migrate.entry import Kind
from tests.support.unused import Idle, idle

DISABLED = 7000112


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Idle]:
    with idle(tmp_path, monkeypatch) as made:
        yield made


def test_what_is_missed_is_told_with_the_command_that_takes_it_back(tenant: Idle) -> None:
    (app, other, *_) = tenant.unused()
    command = ("deactivate", "plan.json", "--app", app)
    code, told = tenant.run(*command)
    assert code == 1
    assert "owner-informed: nobody has told its owners" in told
    tenant.told(app)
    code, told = tenant.run(*command)
    assert code == 0
    assert f"To deactivate them (revert takes it back): unsecret deactivate plan.json --app {app} --apply" in told
    assert not tenant.app(app).is_disabled
    assert "access_token" in tenant.sign_in(other)
    assert tenant.run(*command, "--apply")[0] == 0
    assert tenant.app(app).is_disabled is True
    assert tenant.run(*command, "--apply") == (
        0,
        f"unmissed  {tenant.app(app).display_name}\napplications: 1 unmissed\n",
    )
    assert "deactivated" in tenant.run("status")[1]
    assert tenant.sign_in(app)["error_codes"] == [DISABLED]
    code, told = tenant.run("watch", "plan.json", "--app", app)
    assert code == 1
    assert "MISSED" in told
    assert "AADSTS7000112" in told
    back = f"unsecret revert plan.json --app {app} --apply"
    assert back in told
    assert back.replace("plan.json", "PLAN") in tenant.run("status")[1]
    code, told = tenant.run("retire", "plan.json", "--app", app)
    assert code == 1
    assert "deactivated-unmissed: it is missed" in told
    assert tenant.run(*back.split()[1:-1])[0] == 0
    assert tenant.app(app).is_disabled is True
    assert tenant.run(*back.split()[1:])[0] == 0
    assert tenant.app(app).is_disabled is None
    assert "access_token" in tenant.sign_in(app)
    assert tenant.run(*back.split()[1:])[0] == 1
    kinds = [each.kind for each in tenant.entries() if each.application == app]
    assert kinds[-4:] == [Kind.SCREAM_FAILED, Kind.HELD, Kind.ACTIVATE_MEANT, Kind.ACTIVATED] or kinds[-3:] == [
        Kind.SCREAM_FAILED, Kind.ACTIVATE_MEANT, Kind.ACTIVATED,
    ]  # fmt: skip
    code, told = tenant.run("deactivate", "plan.json", "--app", other, "--apply")
    assert code == 1
    tenant.told(other)
    assert "application-unused: 1 sign-ins" in tenant.run("deactivate", "plan.json", "--app", other)[1]


@pytest.mark.slow
def test_what_nobody_missed_loses_its_credentials_and_a_certificate_says_why(tenant: Idle, tmp_path: Path) -> None:
    app, later, *_ = tenant.unused()
    for one in (app, later):
        tenant.told(one)
        assert tenant.run("deactivate", "plan.json", "--app", one, "--apply")[0] == 0
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("print('no secret here')\n")
    tenant.run("rewrite", "code", "--plan", "plan.json")
    tenant.live(days=20)
    assert tenant.run("watch", "plan.json", "--app", app)[0] == 0
    retire = ("retire", "plan.json", "--app", app)
    assert "30 days are needed" in tenant.run(*retire, "--apply")[1]
    tenant.live(days=11)
    before, keys = tenant.app(app), {each.key_id for each in tenant.app(app).passwords}
    plan = tenant.plan()
    assert [each["code"] for each in plan["refusals"] if each["application"]["client_id"] == app] == ["disabled"]
    code, told = tenant.run(*retire)
    assert "would retire" in told, told
    assert code == 0
    # Nobody looked after the other one between, and the log forgets after 30 days: that nobody tried is not known.
    assert "no look at the log covers" in tenant.run("retire", "plan.json", "--app", later)[1]
    code, told = tenant.run(*retire, "--apply")
    assert code == 0, told
    assert not keys & {each.key_id for each in tenant.app(app).passwords}
    assert tenant.app(app).is_disabled is True
    assert "delete it when nobody has missed it" in tenant.run("status", "--all")[1]
    gone = tenant.app(app)
    for source in ("plan.json", "unsecret.db"):
        assert tenant.run("guard", source)[0] == 0, "nothing is there that should not be"
        tenant.emulator.tenant.save_application(replace(gone, is_disabled=False))
        assert [each["result"] for each in tenant.rows("guard", source)] == ["activated"]
        tenant.emulator.tenant.save_application(before)
        found = tenant.rows("guard", source)
        assert [(each["result"], each["subject"]) for each in found] == [("credential-returned", key) for key in keys]
        tenant.emulator.tenant.save_application(gone)
    assert tenant.run("certificate", "write", "--out", "certificates")[0] == 0
    written = sorted(Path("certificates").iterdir())
    assert len(written) == len(keys)
    claims = json.loads(written[0].read_text())["claims"]
    assert "positive_proof" not in claims
    assert claims["deactivation"]["attempts"] == 0
    assert claims["deactivation"]["days"] == 30
    assert claims["negative_proof"]["sign_ins_with_it"] == 0
    assert tenant.run("certificate", "verify", *map(str, written))[0] == 0
    forged = written[0].read_text().replace('"days": 30', '"days": 90')
    assert forged != written[0].read_text()
    written[0].write_text(forged)
    code, told = tenant.run("certificate", "verify", str(written[0]))
    assert code == 1
    assert tenant.journal_is_whole()
    code, told = tenant.run("revert", "plan.json", "--app", app, "--apply")
    assert code == 0
    assert tenant.app(app).is_disabled is None


@pytest.mark.slow
def test_owners_who_say_no_and_exclusions_are_screams_and_the_policy_may_activate_at_once(
    tenant: Idle, tmp_path: Path
) -> None:
    app, other, *_ = tenant.unused()
    for one in (app, other):
        tenant.told(one)
        assert tenant.run("deactivate", "plan.json", "--app", one, "--apply")[0] == 0
    tenant.told(app, "--refused")
    code, told = tenant.run("watch", "plan.json")
    assert code == 1
    assert "its owners said no" in told
    excluded = f'[[exclude]]\napplication = "{other}"\nreason = "year end"\nuntil = 2099-12-31\n'
    (tmp_path / "unsecret.toml").write_text(f"[retire]\nscream_activates = true\n{excluded}")
    found = {each["client_id"]: each for each in tenant.rows("watch", "plan.json") if "activated" in each}
    assert found[other]["activated"] is True
    assert "year end" in found[other]["message"]
    assert found[app]["activated"] is True
    assert not tenant.app(app).is_disabled
    assert not tenant.app(other).is_disabled


def test_at_most_so_many_and_only_what_the_plan_says_nobody_uses(tenant: Idle) -> None:
    for one in tenant.unused():
        tenant.told(one)
    rows = tenant.rows("deactivate", "plan.json", "--max", "2", "--apply")
    assert [each["result"] for each in rows].count("deactivated") == 2
    plan = json.loads(Path("plan.json").read_text())
    paired = plan["pairings"][0]["application"]["client_id"]
    code, told = tenant.run("deactivate", "plan.json", "--app", paired, "--apply")
    assert code == 2
    assert "says nobody uses" in told
    assert sum(bool(each.is_disabled) for each in tenant.emulator.tenant.applications) <= 2 + sum(
        each["code"] == "disabled" for each in plan["refusals"]
    )
