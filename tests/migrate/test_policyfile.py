"""``unsecret.toml`` is read strictly: what it says is used, what is not understood is one line with its key."""

from __future__ import annotations

import dataclasses
import re
from datetime import date
from pathlib import Path

import pytest

from migrate import policyfile
from migrate.circumstances import Policy, RetirePolicy
from migrate.cli.policies import check_names, retirement, ruling
from migrate.errors import PolicyError
from migrate.model import Confidence
from migrate.planning.decisions import NOTHING, Runs
from migrate.planning.plan import make_plan
from migrate.retirerule import RetireKey
from tests.support.tenants import application, identity, snapshot

DOCS = Path(__file__).parents[2] / "docs" / "plan.md"
GUID = "AAAAAAAA-0000-4000-8000-000000000000"
MADE = make_plan(snapshot(application("orders"), identities=(identity("id-orders"),)))
STRICTEST = {
    "unused_days": 60, "proof_hours": 1, "log_hours": 1, "proof_successes": 9, "proof_spread_minutes": 90,
    "sign_ins_from_wave": 1, "plan_hours": 24, "soak_hours": 72, "watch_hours": 48, "owner_days": 14, "scream_days": 90,
    "scream_activates": True, "per_run": 1, "per_hour": 1, "rollback": True,
}  # fmt: skip
LAXEST = {
    "unused_days": 28, "proof_hours": 99, "log_hours": 24, "proof_successes": 1, "proof_spread_minutes": 0,
    "sign_ins_from_wave": 9, "plan_hours": 8760, "soak_hours": 0, "watch_hours": 2, "owner_days": 0, "scream_days": 28,
    "scream_activates": False, "per_run": 500, "per_hour": 500, "rollback": False,
}  # fmt: skip


def example() -> bytes:
    """Return the file of the documentation, with ids in full."""
    (text,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    return str(text).replace("9a41...", GUID).encode()


def test_the_file_in_the_documentation_is_understood_whole() -> None:
    found = policyfile.decode(example())
    assert (found.thresholds, found.limits) == (NOTHING.thresholds, NOTHING.limits)
    assert (found.schedule.start, found.schedule.days_between) == (date(2026, 9, 1), NOTHING.schedule.days_between)
    assert [one.identity for one in found.pairs] == ["id-orders-api"]
    assert [one.until for one in found.excludes] == [date(2026, 12, 31)]
    assert [(one.first, one.last) for one in found.freezes] == [(date(2026, 12, 15), date(2027, 1, 5))]
    assert [one.on for one in found.runs] == [Runs.AKS]
    assert [one.hosts for one in found.repositories] == [("app-orders-prod",)]
    assert [one.created_by for one in found.managed] == [(GUID.lower(),)]
    assert [one.name for one in found.owners] == ["Team Payments"]


def test_every_key_is_in_the_documentation() -> None:
    text = DOCS.read_text("utf-8")
    tables = re.findall(r"^\[+(\w+)\]+", text.partition("```toml")[2], re.MULTILINE)
    assert set(tables) == set(policyfile._File.__struct_fields__)


def test_the_digest_covers_what_is_said_and_not_how_it_is_laid_out() -> None:
    plain = policyfile.decode(b"[limits]\nwave = 5\n")
    assert policyfile.decode(b"# a comment\nlimits = { wave = 5 }\n") == plain
    assert policyfile.decode(b"") == policyfile.sealed(NOTHING)
    digests = {policyfile.decode(text).digest for text in (b"", b"[limits]\nwave = 5\n", b"[limits]\nwave = 6\n")}
    assert len(digests) == 3
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in digests)


def test_confidence_is_a_word() -> None:
    assert policyfile.decode(b'[thresholds]\nconfidence = "high"').thresholds.confidence is Confidence.HIGH


PAIR = '[[pair]]\napplication = "a"\nidentity = "b"\nreason = "c"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tresholds]\nscore = 1", "the key `tresholds` is not known"),
        ("[thresholds]\nscore = 0", "thresholds.score: Expected `int` >= 1"),
        ("[thresholds]\nscore = '45'", "thresholds.score: Expected `int`, got `str`"),
        ("[thresholds]\nmargin = 0", "thresholds.margin: Expected `int` >= 1"),
        ("[thresholds]\nunused_days = 1", "thresholds.unused_days: Expected `int` >= 7"),
        ("[thresholds]\nconfidence = 'sure'", "thresholds.confidence: Invalid enum value 'sure'"),
        ("[limits]\nwave = true", "limits.wave: Expected `int`, got `bool`"),
        (f"{PAIR}who = 'me'", r"pair[0]: the key `who` is not known"),
        (f"{PAIR}{PAIR.replace('reason', '# reason')}", "pair[1]: the key `reason` is missing"),
        (PAIR.replace('"c"', '""'), "pair[0].reason: this is empty"),
        (f"{PAIR}tenants = ['x']", "pair[0].tenants[0]: this is no GUID"),
        (f"{PAIR}shared = 1", "pair[0].shared: Expected `bool`, got `int`"),
        ("[pair]\napplication = 'a'", "pair: tables of which there may be several have double brackets"),
        ("[[exclude]]\napplication = 'a'\nreason = 'r'", "exclude[0]: the key `until` is missing"),
        ("[[exclude]]\napplication = 'a'\nreason = 'r'\nuntil = '2026-01-01'", "exclude[0].until: this is no day"),
        ("[[exclude]]\napplication = 'a'\nreason = 'r'\nuntil = 2026-01-01T00:00:00", "write it as 2026-12-31"),
        (f"x = {'[' * 100_000}", "it is no TOML"),
        ("[[freeze]]\nfrom = 2026-02-01\nto = 2026-01-01\nreason = 'r'", "freeze[0].to: it ends before it begins"),
        ("[[freeze]]\nto = 2026-01-01\nreason = 'r'", "freeze[0]: the key `from` is missing"),
        ("[[runs]]\napplication = 'a'\non = 'mars'", "runs[0].on: Invalid enum value 'mars'"),
        ("[[runs]]\napplication = 'a'\non = 'aks'\nissuer = 'x'", "runs[0].issuer: this is no https address"),
        ("[retire]\nsoak_hours = 99999999999999", "retire.soak_hours: Expected `int` <= 8760"),
        ("[retire]\nwatch_hours = -2", "retire.watch_hours: Expected `int` >= 2"),
        ("[retire]\nproof_hours = nan", "retire.proof_hours: Expected `int`, got `float`"),
        ("[retire]\nplan_hours = inf", "retire.plan_hours: Expected `int`, got `float`"),
        ("[retire]\nowner_days = 36500", "retire.owner_days: Expected `int` <= 365"),
        ("[schedule]\ndays_between = 100000000", "schedule.days_between: Expected `int` <= 365"),
        ("[[managed]]\ntool = 'v'\ncreated_by = ['v']", "managed[0].created_by[0]: this is no GUID"),
        ("[limits]\n[limits]", "it is no TOML"),
        ("x =", "it is no TOML"),
        ("a = " + "[" * 20_000, "it is no TOML"),
        ("a = " + "9" * 6_000, "it is no TOML"),
        ("a = 1\n" + "a." * 50_000 + "a = 1", "line 2 has a key of more than 32 parts"),
    ],
)
def test_what_is_not_understood_is_one_line_with_its_key(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        policyfile.decode(text.encode())
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_marks_and_line_ends_of_windows_change_nothing() -> None:
    text = f"[limits]\nwave = 3\n{PAIR}"
    odd = policyfile.decode(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert odd == policyfile.decode(text.encode())


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "unsecret.toml"
    with pytest.raises(PolicyError, match=r"cannot read .*unsecret\.toml"):
        policyfile.read(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match=r"unsecret\.toml: it is no TOML"):
        policyfile.read(path)


def test_the_policy_beside_the_plan_rules_where_the_folder_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    plan = Path("..") / "plan.json"
    assert retirement(None, plan, MADE).policy.owner_days is None
    assert ruling(None, plan, MADE) == "judged without an unsecret.toml"
    (tmp_path / "unsecret.toml").write_text("[retire]\nowner_days = 14\n")
    assert retirement(None, plan, MADE).policy.owner_days == 14
    assert ruling(None, plan, MADE) == "judged by ../unsecret.toml"
    Path("unsecret.toml").write_text("[retire]\nowner_days = 5\n")
    assert (retirement(None, plan, MADE).policy.owner_days, ruling(None, plan, MADE)) == (5, "judged by unsecret.toml")
    assert retirement(Path("../unsecret.toml"), plan, MADE).policy.owner_days == 14


def test_an_exclusion_of_nobody_is_refused_before_anything_is_removed(tmp_path: Path) -> None:
    plan = make_plan(snapshot(application("orders"), identities=(identity("id-orders"),)))
    file = tmp_path / "unsecret.toml"
    file.write_text('[[exclude]]\napplication = "Orders"\nreason = "r"\nuntil = 2099-01-01\n')
    check_names(file, tmp_path / "plan.json", plan)
    file.write_text(file.read_text().replace("Orders", "oders"))
    with pytest.raises(PolicyError, match=r"exclude\[0\].application: the plan has no 'oders'"):
        check_names(None, tmp_path / "plan.json", plan)
    check_names(None, tmp_path / "plan.json", dataclasses.replace(plan, policy_digest=policyfile.read(file).digest))


def test_a_caller_of_two_applications_of_one_name_is_refused(tmp_path: Path) -> None:
    one, other = (dataclasses.replace(application(name), display_name="Orders") for name in ("orders", "more"))
    plan = make_plan(snapshot(one, other, identities=(identity("id-orders"),)))
    file = tmp_path / "unsecret.toml"
    file.write_text('[[caller]]\napplication = "orders"\naddress = "192.0.2.1"\nreason = "r"\n')
    with pytest.raises(PolicyError, match=r"caller\[0\].application: 2 applications of the plan are called 'orders'"):
        check_names(file, tmp_path / "plan.json", plan)
    file.write_text(file.read_text().replace('"orders"', f'"{one.client_id}"'))
    check_names(file, tmp_path / "plan.json", plan)


def test_a_plan_with_decisions_removes_nothing_where_the_file_with_them_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it owners, limits and a soak that the team decided on would count for nothing."""
    monkeypatch.chdir(tmp_path)
    plan = make_plan(snapshot(application("orders"), identities=(identity("id-orders"),)))
    check_names(None, tmp_path / "plan.json", plan)
    with pytest.raises(PolicyError, match=r"was made with an unsecret.toml.*--policy"):
        check_names(None, tmp_path / "plan.json", dataclasses.replace(plan, policy_digest="0" * 64))


def test_a_policy_that_is_a_link_to_nowhere_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = tmp_path / "there" / "plan.json"
    plan.parent.mkdir()
    assert retirement(None, plan, MADE) == RetirePolicy()
    for folder in (plan.parent, tmp_path):
        (folder / "unsecret.toml").symlink_to("gone.toml")
        with pytest.raises(PolicyError, match="cannot read"):
            retirement(None, plan, MADE)


def retire(said: dict[str, int]) -> bytes:
    return "\n".join(["[retire]", *(f"{key} = {str(value).lower()}" for key, value in said.items())]).encode()


def test_a_plan_with_nothing_but_retire_removes_nothing_where_the_file_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    decided = policyfile.decode(b"[retire]\nsoak_hours = 72\n")
    plan = make_plan(snapshot(application("orders"), identities=(identity("id-orders"),)), decided)
    with pytest.raises(PolicyError, match=r"was made with an unsecret.toml.*--policy"):
        check_names(None, tmp_path / "plan.json", plan)


def test_what_a_plan_was_made_with_is_not_loosened_by_another_file(tmp_path: Path) -> None:
    assert set(STRICTEST) == set(LAXEST) == {each.value for each in RetireKey} == {*Policy.__dataclass_fields__}
    strict = policyfile.decode_retirement(retire(STRICTEST)).policy
    decided = policyfile.decode(retire(STRICTEST))
    plan = make_plan(snapshot(application("orders"), identities=(identity("id-orders"),)), decided)
    file, at = tmp_path / "unsecret.toml", tmp_path / "plan.json"
    for said in (b"", retire(LAXEST)):
        file.write_bytes(said)
        check_names(file, at, plan)
        assert retirement(file, at, plan).policy == strict
    told = ruling(file, at, plan)
    assert "stricter in the one that the plan was made with (" in told
    assert all(f"{key} = {str(value).lower()}" in told for key, value in STRICTEST.items())
    file.write_bytes(retire(STRICTEST))
    assert ruling(file, at, plan) == f"judged by {file}"
    assert retirement(file, at, MADE).policy == strict, "a later file can always be stricter"


def test_a_change_of_retire_alone_looks_no_exclusion_up_that_the_plan_was_made_with(tmp_path: Path) -> None:
    """One of an application without credentials is in the snapshot and not in the plan."""
    excluded = '[[exclude]]\napplication = "keyless"\nreason = "r"\nuntil = 2099-01-01\n'
    decided = policyfile.decode(b"[retire]\nsoak_hours = 72\n" + excluded.encode())
    keyless = dataclasses.replace(application("keyless"), credentials=())
    plan = make_plan(snapshot(application("orders"), keyless, identities=(identity("id-orders"),)), decided)
    file = tmp_path / "unsecret.toml"
    file.write_text(f"[retire]\nsoak_hours = 96\n{excluded}")
    check_names(file, tmp_path / "plan.json", plan)
    assert retirement(file, tmp_path / "plan.json", plan).policy.soak_hours == 96
