"""``unsecret rewrite`` as it is typed: options, formats, check, baseline, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import migrate.cli.rewrite as under_test
from codemods.model import LibraryMode, Request, Run
from migrate.cli.main import main
from migrate.cli.progress import LateProgress

APP = "11111111-1111-4111-8111-111111111111"
IDENTITY = "22222222-2222-4222-8222-222222222222"
IMPORT = "import os\nfrom azure.identity import ClientSecretCredential\n"
GOOD = f"{IMPORT}c = ClientSecretCredential(T, A, os.environ['S'])\n"
HIDDEN = f"{IMPORT}c = ClientSecretCredential(**k)\n"
ROOT = Path(__file__).parents[2]

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_application_and_its_identity_reach_the_variable(here: Path, capsys: Captured) -> None:
    (here / "app.py").write_text(GOOD)
    assert main(["rewrite", ".", "--app", APP.upper(), "--identity", IDENTITY.upper()]) == 0
    told = capsys.readouterr()
    assert f"where entra_fic.py runs, set MANAGED_IDENTITY_CLIENT_ID={IDENTITY}" in told.err
    assert f"# unsecret: application {APP}" in told.out


def test_the_diff_is_one_that_git_applies_and_out_is_the_same(here: Path, capsys: Captured) -> None:
    (here / "app.py").write_text(GOOD)
    assert main(["rewrite", "."]) == 0
    diff = capsys.readouterr().out
    assert main(["rewrite", ".", "--out", "x.patch"]) == 0
    assert (here / "x.patch").read_text() == diff
    assert not capsys.readouterr().out
    subprocess.run(["git", "apply", "x.patch"], check=True)  # noqa: S607 - the one of the machine
    assert "managed_identity_assertion)" in (here / "app.py").read_text()


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ([], {}),
        (["--apply", "--uncommitted"], {"apply": True, "uncommitted": True}),
        (["--include-tests", "--notebooks"], {"include_tests": True, "notebooks": True}),
        (["--library-mode", "add-option"], {"library_mode": LibraryMode.ADD_OPTION}),
        (["--helper-module", "shop.auth.fic"], {"helper_module": "shop.auth.fic"}),
        (["--inline", "--fix-leftovers"], {"inline": True, "fix_leftovers": True}),
        (["--environment-credential", "assertion"], {"environment_credential": True}),
        (["--app", APP], {"app": APP}),
    ],
)
def test_every_option_reaches_the_codemods(
    here: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], changes: dict[str, Any]
) -> None:
    asked: list[Request] = []

    def seen(request: Request, _told: object) -> Run:
        asked.append(request)
        return Run(base=here, files=())

    monkeypatch.setattr(under_test, "rewrite", seen)
    assert main(["rewrite", ".", *options]) == 0
    assert asked == [Request(paths=(Path(),), **changes)]


def test_json_is_what_the_documentation_says(here: Path, capsys: Captured) -> None:
    (here / "app.py").write_text(GOOD)
    (here / "hidden.py").write_text(HIDDEN)
    assert main(["rewrite", ".", "--format", "json"]) == 1
    schema = json.loads((ROOT / "docs" / "rewrite.schema.json").read_text("utf-8"))
    whole = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(schema).validate(whole)
    assert [site["result"] for site in whole["sites"]] == ["rewritten", "reported"]


def test_sarif_names_what_can_be_rewritten_until_it_is(here: Path, capsys: Captured) -> None:
    (here / "app.py").write_text(GOOD)
    main(["rewrite", ".", "--format", "sarif"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["secret-sign-in"]
    main(["rewrite", ".", "--format", "sarif", "--apply"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert not run["results"]


def test_what_stands_at_out_is_replaced_only_by_its_like(here: Path, capsys: Captured) -> None:
    (here / "app.py").write_text(GOOD)
    for name in ("diff", "json", "sarif", "markdown"):
        assert main(["rewrite", ".", "--format", name, "--out", "app.py"]) == 2
        assert "app.py would be replaced" in capsys.readouterr().err
    assert (here / "app.py").read_text() == GOOD
    for _ in range(2):
        assert main(["rewrite", ".", "--format", "markdown", "--out", "body.md"]) == 0
    assert (here / "body.md").read_text().startswith("# Sign in with")


def test_nothing_that_is_printed_steers_a_terminal(here: Path, capsys: Captured) -> None:
    (here / "\x1b[31m\u202e\nx.py").write_text(HIDDEN)
    assert main(["rewrite", "."]) == 1
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "⟨U+001B⟩[31m⟨U+202E⟩⟨U+000A⟩x.py:3: hidden-in-kwargs" in told


def test_a_diff_on_a_terminal_shows_what_a_diff_in_a_pipe_holds(
    here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "app.py").write_text(GOOD.replace("c =", "# \x1b[31m\nif 1:\n\tc ="))
    main(["rewrite", "app.py"])
    assert "# \x1b[31m" in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    main(["rewrite", "app.py"])
    told = capsys.readouterr().out
    assert " # ⟨U+001B⟩[31m\n" in told
    assert "+\tc = ClientAssertionCredential" in told


def _documented() -> list[str]:
    """List the commands of the pages on rewriting that need neither a tenant nor a plan."""
    text = (ROOT / "docs" / "rewrite.md").read_text("utf-8") + (ROOT / "README.md").read_text("utf-8")
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    wanted = (line for line in lines if line.startswith(("unsecret rewrite ", "unsecret explain ")))
    return [line for line in wanted if not {"plan.json", "KEYID", "PATH...`"} & set(line.split())]


def test_every_documented_command_runs(here: Path, capsys: Captured) -> None:
    (here / "src").mkdir()
    (here / "src" / "app.py").write_text(GOOD)
    found = sorted(set(_documented()), key=lambda line: "--write-baseline" not in line)
    assert len(found) > 7
    for line in found:
        arguments = line.replace("known.json", ".unsecret.json").replace("--app ID", f"--app {APP}").split()[1:]
        code = main([IDENTITY if word == "ID" else word for word in arguments])
        assert code in {0, 1}, f"{line}: {capsys.readouterr().err}"


# ---------------------------------------------------------------------- check and baseline


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("app.py", "x = 1\n", 0),
        ("app.py", "from azure.identity import ClientAssertionCredential\nc = ClientAssertionCredential(T, A, f)\n", 0),
        ("app.py", GOOD, 1),
        ("app.py", HIDDEN, 1),
        ("tests/test_app.py", f"import pytest\n{GOOD}", 0),
        ("app.py", "ClientSecretCredential(\n", 2),
    ],
)
def test_a_check_fails_for_any_sign_in_with_a_secret(here: Path, name: str, text: str, code: int) -> None:
    (here / name).parent.mkdir(exist_ok=True)
    (here / name).write_text(text)
    assert main(["rewrite", ".", "--check"]) == code
    assert (here / name).read_text() == text


def test_a_check_prints_no_diff_and_takes_tests_when_it_is_told_to(here: Path, capsys: Captured) -> None:
    (here / "app.py").write_text(GOOD)
    (here / "test_app.py").write_text(f"import pytest\n{GOOD}")
    assert main(["rewrite", "app.py", "--check"]) == 1
    told = capsys.readouterr()
    assert not told.out
    assert "app.py:3: secret-sign-in: " in told.err
    assert main(["rewrite", "test_app.py", "--check"]) == 0
    assert main(["rewrite", "test_app.py", "--check", "--include-tests"]) == 1


def test_a_team_starts_from_today(here: Path, capsys: Captured) -> None:
    (here / "src").mkdir()
    (here / "src" / "old.py").write_text(GOOD)
    (here / "src" / "broken.py").write_text("ClientSecretCredential(\n")
    known = ["--baseline", "known.json"]
    assert main(["rewrite", "src", *known, "--write-baseline"]) == 0
    assert main(["rewrite", "src", "--check", *known]) == 0
    assert "0 sign-ins with a secret, 2 in the baseline" in capsys.readouterr().err
    (here / "src" / "new.py").write_text(HIDDEN)
    assert main(["rewrite", "src", "--check", *known]) == 1
    told = capsys.readouterr().err
    assert "src/new.py:3" in told
    assert "src/old.py:" not in told
    (here / "src" / "old.py").write_text("x = 1\n")
    assert main(["rewrite", "src/old.py", "--check", *known]) == 0
    assert "src/old.py: secret-sign-in: gone" in capsys.readouterr().err


def test_only_what_was_looked_at_is_gone_or_written(here: Path, capsys: Captured) -> None:
    for folder in ("one", "two"):
        (here / folder).mkdir()
        (here / folder / "app.py").write_text(GOOD)
    known = ["--baseline", "known.json"]
    main(["rewrite", "one", *known, "--write-baseline"])
    main(["rewrite", "two", *known, "--write-baseline"])
    rows = json.loads((here / "known.json").read_text())["sites"]
    assert [row["path"] for row in rows] == ["one/app.py", "two/app.py"]
    (here / "one" / "app.py").unlink()
    capsys.readouterr()
    assert main(["rewrite", "two", "--check", *known]) == 0
    assert "gone" not in capsys.readouterr().err
    assert main(["rewrite", "one", "two", "--check", *known]) == 0
    assert "one/app.py: secret-sign-in: gone" in capsys.readouterr().err


def test_a_baseline_means_the_same_from_every_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "src").mkdir()
    (here / "src" / "app.py").write_text(GOOD)
    assert main(["rewrite", ".", "--baseline", "known.json", "--write-baseline"]) == 0
    monkeypatch.chdir(here / "src")
    assert main(["rewrite", "app.py", "--check", "--baseline", "../known.json"]) == 0


def test_what_is_no_baseline_is_not_replaced(here: Path) -> None:
    (here / "app.py").write_text(GOOD)
    (here / "notes.json").write_text('{"mine": 1}')
    assert main(["rewrite", ".", "--baseline", "notes.json", "--write-baseline"]) == 2
    assert main(["rewrite", ".", "--baseline", "app.py", "--write-baseline"]) == 2
    assert (here / "notes.json").read_text() == '{"mine": 1}'
    assert (here / "app.py").read_text() == GOOD
    os.mkfifo(here / "pipe")  # to read it would wait for a writer that never comes
    assert main(["rewrite", "app.py", "--baseline", "pipe", "--write-baseline"]) == 2


def test_a_baseline_holds_for_a_rewrite_too(here: Path, capsys: Captured) -> None:
    (here / "hidden.py").write_text(HIDDEN)
    assert main(["rewrite", "."]) == 1
    main(["rewrite", ".", "--baseline", "known.json", "--write-baseline"])
    capsys.readouterr()
    assert main(["rewrite", ".", "--baseline", "known.json"]) == 0
    assert "0 reported, 1 in the baseline" in capsys.readouterr().err
    main(["rewrite", ".", "--baseline", "known.json", "--format", "sarif"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert [bool(result["suppressions"]) for result in run["results"]] == [True]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("deploy/compose.yml", "services:\n  shop:\n    environment:\n      SHOP_SECRET: x\n", "compose"),
        ("start.py", "import os\nif not os.environ.get('SHOP_SECRET'):\n    raise SystemExit\n", "start-up-check"),
        (".github/workflows/ci.yml", "env:\n  SHOP_SECRET: ${{ secrets.SHOP_SECRET }}\n", "github-actions"),
    ],
)
def test_a_check_fails_for_what_sets_or_needs_a_secret_that_no_sign_in_reads_any_more(
    here: Path, capsys: Captured, name: str, text: str, kind: str
) -> None:
    known = ["--baseline", "known.json"]
    (here / "app.py").write_text(GOOD.replace("'S'", "'SHOP_SECRET'"))
    (here / name).parent.mkdir(exist_ok=True, parents=True)
    (here / name).write_text(text)
    main(["rewrite", ".", *known, "--write-baseline"])
    assert main(["rewrite", ".", "--check", *known]) == 0  # the secret is in use
    (here / "app.py").write_text(GOOD.replace("ClientSecret", "ClientAssertion").replace("os.environ['S']", "f"))
    capsys.readouterr()
    assert main(["rewrite", ".", "--check", *known]) == 1
    told = capsys.readouterr().err
    assert f"{name}:" in told
    assert f" {kind}: SHOP_SECRET: " in told
    assert "1 places that set or need one that is gone" in told
    assert main(["rewrite", "app.py", "--check", *known]) == 0  # nothing else was given


def test_a_baseline_remembers_what_is_retired_and_holds_what_still_sets_it(here: Path, capsys: Captured) -> None:
    known = ["--baseline", "known.json"]
    (here / "app.py").write_text(GOOD.replace("'S'", "'SHOP_SECRET'"))
    (here / "shop.env").write_text("SHOP_SECRET=x\n")
    (here / "tests").mkdir()
    (here / "tests" / "test_app.py").write_text("import pytest\ndef test(m):\n    m.setenv('SHOP_SECRET', 'x')\n")
    main(["rewrite", ".", *known, "--write-baseline"])
    (here / "app.py").unlink()
    assert main(["rewrite", ".", "--check", *known]) == 1
    main(["rewrite", ".", *known, "--write-baseline"])
    written = json.loads((here / "known.json").read_text())
    assert written["retired"] == ["SHOP_SECRET"]
    assert [row["rule"] for row in written["sites"]] == ["leftover-env-file"]
    assert main(["rewrite", ".", "--check", *known, "--format", "json", "--out", "found.json"]) == 0
    found = json.loads((here / "found.json").read_text())["leftovers"]
    assert {each["kind"]: each["in_baseline"] for each in found} == {"env-file": True, "test": False}
    (here / "more.env").write_text("SHOP_SECRET=x\n")
    assert main(["rewrite", ".", "--check", *known]) == 1
    (here / "more.env").unlink()
    (here / "shop.env").unlink()
    capsys.readouterr()
    assert main(["rewrite", ".", "--check", *known]) == 0
    assert "shop.env: leftover-env-file: gone" in capsys.readouterr().err
    (here / "app.py").write_text(GOOD.replace("'S'", "'SHOP_SECRET'"))
    main(["rewrite", ".", *known, "--write-baseline"])
    assert json.loads((here / "known.json").read_text())["retired"] == []


def test_a_rewrite_fails_for_what_breaks_without_the_secret(here: Path) -> None:
    (here / "app.py").write_text(GOOD.replace("'S'", "'SHOP_SECRET'"))
    (here / "cli.py").write_text("import click\no = click.option('--shop-secret', required=True)\n")
    own = ["--app", "11111111-1111-4111-8111-111111111111", "--format", "json", "--out", "out.json"]
    assert main(["rewrite", ".", *own]) == 1
    found = json.loads((here / "out.json").read_text())
    assert (found["summary"]["rewritten"], found["summary"]["reported"]) == (1, 0)
    assert [each["kind"] for each in found["leftovers"]] == ["required-option"]
    (here / "cli.py").unlink()
    assert main(["rewrite", ".", *own]) == 0


# ---------------------------------------------------------------------- progress


def test_progress_is_shown_only_when_it_takes_long(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    now = 0.0
    with LateProgress("rewrite", clock=lambda: now) as told:
        told("files", 1, 10)
        assert not capsys.readouterr().err
        now = 1.5
        told("files", 5, 10)
    shown = capsys.readouterr().err
    assert "rewrite: files" in shown
    assert "5/10" in shown
