"""What is left when the secret is gone, and the releases that are needed, in every format."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest

from codemods.engine.run import rewrite
from codemods.leftover import LeftoverKind
from codemods.model import Request, Run
from codemods.report import data, document, left, pull_request
from codemods.report.context import Acting, Context
from codemods.requirement import RequirementStatus
from migrate import codescan
from migrate.cli.main import main
from reports.formats.to_sarif import render as to_sarif
from tests.codemods.cases import APP, OTHER_APP, TARGETS

ROOT = Path(__file__).parents[2]
VALUE = "hunter2-hunter2"
SITE = (
    "import os\nfrom azure.identity import ClientSecretCredential\n"
    "c = ClientSecretCredential('t', '{}', os.environ['{}'])\n"
)
FILES = {
    "shop/app.py": SITE.format(APP, "SHOP_SECRET"),
    "shop/requirements.txt": "azure-identity>=1.10\n",
    "shop/.env": f"SHOP_SECRET={VALUE}\nOTHER={VALUE}\n",
    "bill/app.py": SITE.format(OTHER_APP, "BILL_PASSWORD"),
    "bill/use.py": "import os\nsend(os.environ['BILL_PASSWORD'])\n",
    "bill/run.sh": f"export BILL_PASSWORD={VALUE}\n",
    ".github/workflows/ci.yml": "jobs:\n  a:\n    steps:\n    - uses: azure/login@v2\n      with:\n        creds: x\n",
}
ACTING = {APP: Acting(identity_client_id=OTHER_APP, application_name="Shop|<b>", wave=1)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run_on(folder: Path, *, fix: bool = True, apply: bool = False) -> Run:
    return rewrite(Request(paths=(folder,), targets=TARGETS, fix_leftovers=fix, apply=apply))


def test_json_lists_leftovers_and_requirements_by_its_schema(folder: Path) -> None:
    schema = json.loads((ROOT / "docs" / "rewrite.schema.json").read_text("utf-8"))
    assert schema["$defs"]["leftover"]["properties"]["kind"]["enum"] == [kind.value for kind in LeftoverKind]
    assert schema["$defs"]["requirement"]["properties"]["status"]["enum"] == [each.value for each in RequirementStatus]
    run = run_on(folder)
    text = data.render(run, Context(acting=ACTING))
    whole = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(whole)
    assert VALUE.encode() not in text
    rows = {(row["path"], row["kind"], row["application"], row["breaks"], row["dead"]) for row in whole["leftovers"]}
    assert rows == {
        ("shop/.env", "env-file", APP, False, True),
        ("bill/use.py", "hard-read", OTHER_APP, True, False),
        ("bill/run.sh", "shell", OTHER_APP, False, False),
        (".github/workflows/ci.yml", "github-login", None, True, False),
    }
    assert {row["kept"] for row in whole["leftovers"] if row["application"] == OTHER_APP} == {
        "bill/app.py:3 still signs in with it"
    }
    assert [(row["package"], row["status"], row["old"], row["new"]) for row in whole["requirements"]] == [
        ("azure-identity", "raised", "azure-identity>=1.10", "azure-identity>=1.17.0")
    ]
    summary = whole["summary"]
    assert (summary["leftovers"], summary["breaking"], summary["removable"]) == (4, 2, 1)
    files = {file["path"]: (file["kind"], file["masked"], file["changes"][0]["line"]) for file in whole["files"]}
    assert files["shop/.env"] == ("leftovers", True, 1)
    assert files["shop/requirements.txt"] == ("requirements", False, 1)


def test_every_format_says_the_same_twice(folder: Path) -> None:
    context = Context(acting=ACTING)
    one, two = run_on(folder), run_on(folder)
    assert data.render(one, context) == data.render(two, context)
    assert pull_request.render(one, context) == pull_request.render(two, context)
    assert to_sarif(document(one)) == to_sarif(document(two))
    assert list(left.lines(one, context)) == list(left.lines(two, context))


def test_a_terminal_is_told_application_by_application(folder: Path) -> None:
    lines = list(left.lines(run_on(folder), Context(acting=ACTING)))
    heads = [line for line in lines if line.startswith("when")]
    assert heads == [
        f"when the secret of {OTHER_APP} is gone, this still breaks, or still uses it:",
        f"when the secret of {OTHER_APP} is gone, this is still there; nothing is seen to need it:",
        "when the secret of an application that is not known is gone, this still breaks, or still uses it:",
    ]
    assert lines[1].startswith("  bill/use.py:2: hard-read: BILL_PASSWORD: the program stops where it reads")
    assert "shop/.env:1: env-file: SHOP_SECRET: can be removed (--apply does it)" in lines
    assert (
        lines[-1]
        == "shop/requirements.txt:1: azure-identity: it is raised: azure-identity>=1.10 becomes azure-identity>=1.17.0"
    )
    assert VALUE not in "".join(lines)


def test_a_pull_request_lists_what_breaks_apart_from_what_is_set(folder: Path) -> None:
    run = run_on(folder)
    text = pull_request.render(run, Context(acting=ACTING)).decode()
    breaks = text.partition("## What still breaks when the secret is gone")[2].partition("## ")[0]
    sets = text.partition("## What still sets the secret")[2].partition("## ")[0]
    gone = text.partition("## Leftovers that are removed")[2].partition("## ")[0]
    assert "use.py" in breaks
    assert "run.sh" in sets
    assert ".env" in gone
    assert "azure-identity" in text.partition("## Releases that are needed")[2]
    assert "is mended before the secret is removed" in text
    assert "outside this repository" in text
    assert VALUE not in text
    shop = dataclasses.replace(run.leftovers[0], application=APP, dead=False)
    named = pull_request.render(dataclasses.replace(run, leftovers=(shop,)), Context(acting=ACTING)).decode()
    assert "Shop\\|" in named
    assert "<b>" not in named


def test_sarif_has_a_rule_for_each_kind_that_stays(folder: Path) -> None:
    text = to_sarif(document(run_on(folder)))
    (run,) = json.loads(text)["runs"]
    found = {result["ruleId"]: result for result in run["results"]}
    assert {name for name in found if name.startswith("leftover-")} == {
        "leftover-hard-read",
        "leftover-shell",
        "leftover-github-login",
    }
    assert found["leftover-hard-read"]["level"] == "warning"
    assert found["leftover-shell"]["level"] == "note"
    assert found["leftover-shell"]["partialFingerprints"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert found.keys() <= rules
    assert VALUE.encode() not in text


def test_a_requirement_that_is_too_old_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SITE.format(APP, "SHOP_SECRET"))
    (tmp_path / "requirements.txt").write_text("azure-identity==1.12.0\n")
    found = {each.rule: each for each in document(run_on(tmp_path)).findings}
    assert found.keys() == {"version-floor", "requirement-too-old"}
    assert "needs" in found["requirement-too-old"].message


def test_the_gate_is_held_by_what_stays_and_not_by_what_is_gone(folder: Path) -> None:
    held = {(each.reason, each.application) for each in codescan.open_findings(run_on(folder, apply=True), None)}
    assert ("hard-read", OTHER_APP) in held
    assert not any(application == APP for _, application in held)


def test_the_command_shows_and_removes_and_never_prints_a_value(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(["rewrite", "shop", "--app", APP, "--fix-leftovers"]) == 0
    dry = capsys.readouterr()
    assert "-SHOP_SECRET=********" in dry.out
    assert "can be removed" in dry.err
    for name in ("json", "sarif", "markdown"):
        main(["rewrite", "shop", "--app", APP, "--fix-leftovers", "--format", name])
    assert main(["rewrite", "shop", "--app", APP, "--fix-leftovers", "--apply"]) == 0
    told = capsys.readouterr()
    assert (folder / "shop" / ".env").read_text() == f"OTHER={VALUE}\n"
    assert ": removed" in told.err
    assert VALUE not in dry.out + dry.err + told.out + told.err


def test_credentials_of_a_package_index_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SITE.format(APP, "SHOP_SECRET"))
    (tmp_path / "requirements.txt").write_text(f"azure-identity @ https://me:{VALUE}@example.org/a.whl\n")
    run = run_on(tmp_path)
    assert VALUE.encode() not in data.render(run, Context()) + pull_request.render(run, Context())
    assert VALUE not in "".join(left.lines(run, Context()))
