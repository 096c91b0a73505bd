"""Fault files: what is read, and how what is wrong with one is told."""

from datetime import timedelta
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from migrate.cli.main import main
from migrate.emulator.faults.engine import install
from migrate.emulator.faults.model import FaultPlan
from migrate.emulator.faults.parsing import FaultPlanError, convert, read_file, read_json
from migrate.emulator.seed import seed_tenant
from tests.emulator.faults.conftest import Trouble

FAULT = "[[faults]]\nkind = "


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plan.toml"


def example() -> str:
    return resources.files("migrate.emulator.faults").joinpath("example.toml").read_text("utf-8")


def test_the_example_is_a_plan_that_takes_effect_and_names_every_field(file: Path, trouble: Trouble) -> None:
    file.write_text(example(), "utf-8")
    plan = read_file(file)
    shown = plan.shown()
    trouble.begin(*shown["faults"], seed=shown["seed"])
    assert len(trouble.counts()) == len(plan.faults)
    for fault in plan.faults:
        inherited = {"methods", "path", "after", "every", "share", "times", "after_seconds"}
        names = set(fault.__struct_fields__) - inherited
        assert not [name for name in names if f"{name} = " not in example()]


def test_the_command_prints_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emulator", "faults"]) == 0
    assert capsys.readouterr().out == example()


@pytest.mark.parametrize("command", [["emulator"], ["emulator", "run"]])
def test_the_commands_refuse_a_wrong_file_in_one_line(
    file: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    file.write_text(f'{FAULT}"slow"\nseconds = 1\n{FAULT}"status"\nstatus = 418\n')
    ending = ["--", "true"] if "run" in command else ["--port", "0"]
    assert main([*command, "--faults", str(file), *ending]) == 2
    assert capsys.readouterr().err == (
        f"unsecret: {file}: fault 2 (status): status cannot be 418; allowed: 403, 404, 408, 410, 429, 500, 502, 503, "
        "504\n"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'{FAULT}"foo"', "fault 1: kind cannot be 'foo'; allowed: propagation, lagging-reads, throttle, status, "),
        ("[[faults]]\nunseen = 1", "fault 1: kind is missing; allowed: propagation, "),
        (f"{FAULT}3", "fault 1: kind cannot be 3; allowed: propagation, "),
        (f'{FAULT}"propagation"', "fault 1 (propagation): unseen is missing; allowed: a number from 0 up to 10000000"),
        (f'{FAULT}"slow"\nseconds = nan', "fault 1 (slow): seconds cannot be nan; allowed: a number from 0 up to 3600"),
        (f'{FAULT}"slow"\nseconds = inf', "fault 1 (slow): seconds cannot be inf; "),
        (f'{FAULT}"slow"\nseconds = 1\nwhen = "now"', "when cannot be 'now'; allowed: after, before"),
        (f'{FAULT}"skew"\nseconds = 1.5', "seconds cannot be 1.5; allowed: a whole number from -10000000 up to "),
        (f'{FAULT}"skew"\nseconds = 0x{"f" * 5000}', "seconds cannot be so large a number; allowed: "),
        (f'{FAULT}"truncate"\nkeep = 1', "keep cannot be 1; allowed: a number from 0 below 1"),
        (f'{FAULT}"reset"\nmethods = "GET"', "methods cannot be 'GET'; allowed: a list of DELETE, GET, PATCH, "),
        (f'{FAULT}"reset"\nmethods = ["GET", "TRACE"]', "methods cannot be ['GET', 'TRACE']; allowed: a list of "),
        (f'{FAULT}"reset"\nfoo = 1', "fault 1 (reset): foo is no field; allowed: kind, after, every, share, "),
        (f'{FAULT}"reset"\npath = "x"', "fault 1 (reset): path must begin with a slash, not 'x'"),
        (f'{FAULT}"expired-bearer"', "fault 1 (expired-bearer): give one of after_requests and after_seconds"),
        (f'{FAULT}"throttle"\nlimits = {{x = 1}}', "limits cannot be {'x': 1}; allowed: a table with "),
        (f'{FAULT}"throttle"\nlimits = {{reports = 0}}', "reports, resource-units, tenant-writes, writes, each a who"),
        (f'{FAULT}"throttle"\nspeed = 1e-300', "speed cannot be 1e-300; allowed: a number from 0.001 up to 1000000"),
        (f'{FAULT}"reset"\ntimes = 0', "times cannot be 0; allowed: a whole number from 1 up to 1000000000"),
        ("faults = 3", "faults cannot be 3; allowed: a list of faults"),
        ("faults = [3]", "fault 1: cannot be 3; allowed: a table of fields"),
        ("fault = []", "fault is no field; allowed: seed, faults"),
        ("seed = -1", "seed cannot be -1; allowed: a whole number from 0 up to 4611686018427387904"),
        (f'{FAULT}"reset"\n' * 101, "faults cannot be [{'kind': 'reset'}, "),
        (f'{FAULT}"re\x00set"', "not TOML: "),
        (f'{FAULT}"\\u001b[31m"', "kind cannot be '\\x1b[31m'; "),
        (f'{FAULT}"slow"\nkind = "slow"', "not TOML: "),
        ("seed = 1\nseed = 2", "not TOML: "),
        ("seed = " + "[" * 10_000, "not TOML that anybody means"),
        (f"seed = {'9' * 5000}", "not TOML that anybody means"),
        (f"{'a.' * 50_000}a = 1", "a key of it has more than 32 parts"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_one_line_with_what_is_allowed(file: Path, text: str, words: str) -> None:
    file.write_text(text, "utf-8")
    with pytest.raises(FaultPlanError) as caught:
        read_file(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert words in str(caught.value)
    assert len(str(caught.value)) <= 600
    assert str(caught.value).isprintable()


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"# \xe9")
    (tmp_path / "large").write_bytes(b"#" * (1024 * 1024 + 1))
    words = {"none": "No such file", ".": "Is a directory", "latin": "not UTF-8", "large": "larger than"}
    words["\0"] = "no such"
    for name, reason in words.items():
        with pytest.raises(FaultPlanError, match=reason):
            read_file(tmp_path / name)


@pytest.mark.parametrize(
    "document",
    [b"", b"null", b"[]", b"3", b'"x"', b"{", b"\xff", b"[" * 100_000, b'{"faults":' * 5000, b'{"seed": NaN}',
     b'{"seed": 1e400}', b'{"seed": 1.5}', b'{"seed": ' + b"9" * 10_000 + b"}", b'{"faults": {"kind": "slow"}}',
     b'{"faults": [{"kind": "slow", "seconds": 1e999}]}', b'{"faults": [[]]}', b'{"faults": [{"kind": null}]}',
     b'{"faults": [{"kind": "slow", "kind": "skew"}]}', b'{"faults": [{"kind": "reset", "path": "/\\ud800"}]}'],
)  # fmt: skip
def test_documents_that_are_no_plan_are_refused(document: bytes) -> None:
    with pytest.raises(FaultPlanError) as caught:
        read_json(document)
    assert str(caught.value).isprintable()


def test_what_is_shown_is_a_plan_again() -> None:
    faults = [{"kind": "throttle", "limits": {"reports": 2}}, {"kind": "skew", "seconds": 1}]
    plan = convert({"seed": 7, "faults": faults})
    assert convert(plan.shown()) == plan
    assert read_json(msgspec.json.encode(plan)) == plan


def test_the_longest_times_that_are_allowed_do_no_harm() -> None:
    tenant = seed_tenant(apps=5, seed=1, retention=timedelta(days=30))
    longest: list[dict[str, object]] = [
        {"kind": kind, "unseen": 10_000_000, "flapping": 10_000_000} for kind in ("propagation", "lagging-reads")
    ]
    install(tenant, convert({"faults": [*longest, {"kind": "sign-ins", "delay": 10_000_000}]}))
    application = next(iter(tenant.applications))
    tenant.save_application(application)
    assert tenant.faults.at_token_endpoint(application) == application


def test_an_empty_plan_is_no_fault() -> None:
    tenant = seed_tenant(apps=5, seed=1, retention=timedelta(days=30))
    install(tenant, FaultPlan())
    assert tenant.applications.watch is None
    assert tenant.faults.shown()["state"] == []
