"""With --fix-leftovers: what nothing reads any more goes, exactly; everything else stays, with the reason."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.engine.run import rewrite
from codemods.model import Request
from migrate import codescan
from tests.codemods.cases import APP, TARGETS, contents
from tests.codemods.leftover_cases import (
    CODE,
    IMPORTING,
    NAME,
    OPTION_SITE,
    SETTING,
    SITE,
    VALUE,
    fix,
    laid,
)
from tests.codemods.test_leftovers_stay import STAYS


@pytest.mark.parametrize("case", SETTING)
def test_a_place_that_sets_what_nobody_reads_goes_and_nothing_else(tmp_path: Path, case: str) -> None:
    name, before, after = SETTING[case]
    laid(tmp_path, {"app.py": SITE, name: before, "README.md": f"Set {NAME}.\n"})
    dry = fix(tmp_path, apply=False)
    assert (tmp_path / name).read_bytes() == before.encode()
    assert [(file.path, file.written) for file in dry.fixed] == [(name, False)]
    run = fix(tmp_path)
    assert (tmp_path / name).read_bytes() == after.encode(), run.leftovers
    assert [(file.path, file.written) for file in run.fixed] == [(name, True)]
    assert {(each.dead, each.removed) for each in run.leftovers} == {(True, True)}
    assert run.diff == dry.diff
    _check_nothing_is_left(tmp_path)


@pytest.mark.parametrize("case", CODE)
def test_code_that_only_fed_the_secret_goes_with_it(tmp_path: Path, case: str) -> None:
    before, after = CODE[case]
    laid(tmp_path, {**before, ".env": f"{NAME}={VALUE}\n"})
    run = fix(tmp_path)
    assert len(run.rewritten) == 1, [(each.reason, each.detail) for each in run.reported]
    assert {name: (tmp_path / name).read_text() for name in after} == after
    assert not (tmp_path / ".env").read_text()
    for name in before:
        text = (tmp_path / name).read_text()
        compile(text, name, "exec")
        assert NAME not in text
        assert "SECRET" not in text
    assert all(each.removed for each in run.leftovers)
    assert VALUE not in run.diff
    assert not codescan.open_findings(run, None)
    _check_nothing_is_left(tmp_path)


def _check_nothing_is_left(folder: Path) -> None:
    before = contents(folder)
    again = fix(folder)
    assert not again.diff
    assert not again.leftovers
    assert contents(folder) == before


_one_for_each_file = sorted({SETTING[case][0]: case for case in SETTING}.values())
_readers = sorted(
    case for case in STAYS if STAYS[case][1] is not None and case != "a ready image that takes environment files"
)


@settings(max_examples=12, deadline=None)
@given(
    chosen=st.sets(st.sampled_from(_one_for_each_file), min_size=1, max_size=4),
    reader=st.none() | st.sampled_from(_readers),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_variable_goes_everywhere_or_nowhere(chosen: set[str], reader: str | None, end: str) -> None:
    files = {"app.py": SITE, "keep.txt": "nothing\n"}
    for name, before, _ in (SETTING[case] for case in sorted(chosen)):
        text = before.replace("\r\n", "\n").replace("SHOP_SECRET=x", f"SHOP_SECRET={VALUE}")
        files[name] = text.replace("\n", end)
    held = {} if reader is None else STAYS[reader][0]
    files |= held
    with TemporaryDirectory() as folder:
        laid(Path(folder), files)
        run = fix(Path(folder))
        after = contents(Path(folder))
        assert VALUE not in run.diff + repr(run)
        changed = {name for name, text in files.items() if after[name] != text.encode()}
        removed = {each.path for each in run.leftovers if each.removed}
        assert changed - {"app.py"} == removed == {file.path for file in run.fixed}
        assert removed == (set() if held else {SETTING[case][0] for case in chosen})
        fix(Path(folder))
        assert contents(Path(folder)) == after


OPTIONS = {
    "last": ("'--shop-secret', required=True", "'--shop-secret'"),
    "first": ("'--shop-secret', required=True, help='x'", "'--shop-secret', help='x'"),
    "over lines": ("\n    '-s',\n    '--shop-secret',\n    required=True,\n", "\n    '-s',\n    '--shop-secret',\n"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_an_option_for_the_secret_stays_and_is_not_required(tmp_path: Path, case: str) -> None:
    before, after = OPTIONS[case]
    laid(tmp_path, {"app.py": OPTION_SITE.format(before), "run.sh": "python app.py --tenant t --shop-secret x\n"})
    run = fix(tmp_path)
    assert [(each.kind.value, each.removed) for each in run.leftovers if each.path == "app.py"] == [
        ("required-option", True)
    ]
    text = (tmp_path / "app.py").read_text()
    assert f"p.add_argument({after})\n" in text
    assert "args.shop_secret" not in text
    assert "p.add_argument('--tenant', required=True)" in text
    before_second = contents(tmp_path)
    fix(tmp_path)
    assert contents(tmp_path) == before_second


def _commit(folder: Path) -> None:
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.email=a@b", "-c", "user.name=n", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)  # noqa: S607 - the one of the machine


def test_git_applies_the_diff_of_a_dry_run(tmp_path: Path) -> None:
    files = {"app.py": SITE, "config.py": f"import os\nspare = os.getenv('{NAME}')\nX = 1\n"}
    for case in (
        "a workflow, in all its places",
        "a map of compose",
        "a map of Terraform",
        "a pipeline",
        "a list of Bicep",
    ):
        name, before, _ = SETTING[case]
        files[name] = before.replace(": x", ": ''").replace("value: x", "value: ''")
    laid(tmp_path, files)
    _commit(tmp_path)
    run = fix(tmp_path, apply=False)
    subprocess.run(["git", "apply", "-"], input=run.diff.encode(), cwd=tmp_path, check=True)  # noqa: S607
    applied = contents(tmp_path)
    subprocess.run(["git", "stash", "-q", "-u"], cwd=tmp_path, check=True)  # noqa: S607
    fix(tmp_path)
    assert contents(tmp_path) == applied
    assert NAME not in "".join(data.decode() for data in applied.values())


def test_a_file_with_uncommitted_changes_keeps_the_variable_everywhere(tmp_path: Path) -> None:
    laid(tmp_path, {"app.py": SITE, "a.env": f"{NAME}=x\n", "b.env": f"{NAME}=x\n"})
    _commit(tmp_path)
    (tmp_path / "b.env").write_text(f"{NAME}=x\nNEW=1\n")
    run = fix(tmp_path)
    assert run.rewritten
    assert (tmp_path / "a.env").read_text() == f"{NAME}=x\n"
    assert {each.kept for each in run.leftovers} == {"b.env has changes that are not committed"}
    assert not fix(tmp_path, uncommitted=True).fixed, "the site is rewritten already, so nothing names the variable"


def test_a_site_that_is_not_written_keeps_what_it_reads(tmp_path: Path) -> None:
    laid(tmp_path, {"app.py": SITE, ".env": f"{NAME}=x\n"})
    (tmp_path / "app.py").chmod(0o444)
    run = fix(tmp_path)
    assert not run.rewritten
    assert (tmp_path / ".env").read_text() == f"{NAME}=x\n"
    assert [file.path for file in run.failed] == [".env", "app.py"]


def test_a_read_that_is_not_removed_keeps_what_sets_it(tmp_path: Path) -> None:
    config = f"import os\nTENANT = 't'\nSECRET = os.environ['{NAME}']\n"
    laid(tmp_path, {"config.py": config, "auth.py": IMPORTING.format("SECRET, TENANT"), ".env": f"{NAME}=x\n"})
    (tmp_path / "config.py").chmod(0o444)
    run = fix(tmp_path)
    assert len(run.rewritten) == 1
    assert (tmp_path / ".env").read_text() == f"{NAME}=x\n"
    assert [file.path for file in run.failed] == [".env", "config.py"]
    assert "hard-read" in {each.reason for each in codescan.open_findings(run, None)}


def test_what_git_ignores_is_told_and_never_changed(tmp_path: Path) -> None:
    files = {"app.py": SITE, ".gitignore": ".env*\n*.local.json\nbuild/\n", "a.env": f"{NAME}=x\n"}
    laid(tmp_path, files)
    _commit(tmp_path)
    hidden = {
        ".env": f"{NAME}={VALUE}\n",
        "build/.env": f"{NAME}=x\n",
        "appsettings.local.json": f'{{"{NAME}": "{VALUE}"}}',
    }
    laid(tmp_path, hidden)
    run = fix(tmp_path)
    told = {(each.kind.value, each.path, each.removed, each.kept) for each in run.leftovers}
    why = "git ignores it, so it is never changed"
    assert told == {
        ("env-file", "a.env", True, ""),
        ("env-file", ".env", False, why),
        ("settings-file", "appsettings.local.json", False, why),
    }
    assert {name: (tmp_path / name).read_text() for name in hidden} == hidden
    assert VALUE not in repr(run)


def test_a_link_that_leads_out_proves_nothing(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    laid(outside, {"b.go": NAME, "x.env": f"{NAME}=x\n"})
    laid(inside, {"app.py": SITE, "a.env": f"{NAME}=x\n"})
    (inside / "shared").symlink_to(outside)
    (inside / "x.env").symlink_to(outside / "x.env")
    run = fix(inside)
    assert {each.kept for each in run.leftovers} == {
        "shared leads out of the project, and what is behind it was not searched"
    }
    assert (outside / "x.env").read_text() == f"{NAME}=x\n"


def test_two_variables_are_judged_by_themselves(tmp_path: Path) -> None:
    second = SITE.replace(NAME, "BILLING_PASSWORD")
    laid(tmp_path, {"app.py": SITE, "b.py": second, "run.sh": "echo $BILLING_PASSWORD\n"})
    laid(tmp_path, {".env": f"{NAME}=x\nBILLING_PASSWORD=y\n"})
    run = fix(tmp_path)
    assert (tmp_path / ".env").read_text() == "BILLING_PASSWORD=y\n"
    assert {(each.path, each.removed) for each in run.leftovers} == {(".env", True), (".env", False), ("run.sh", False)}


def test_without_the_option_nothing_is_removed_and_nothing_said_of_it(tmp_path: Path) -> None:
    laid(tmp_path, {"app.py": SITE, ".env": f"{NAME}=x\n"})
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, apply=True))
    assert (tmp_path / ".env").read_text() == f"{NAME}=x\n"
    assert [(each.dead, each.kept) for each in run.leftovers] == [(False, "")]
