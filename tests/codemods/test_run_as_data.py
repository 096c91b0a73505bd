"""A run as JSON and as the body of a pull request."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from codemods.engine.run import rewrite
from codemods.model import LibraryMode, Request
from codemods.report import data, findings, pull_request
from codemods.report.context import Acting, Context
from tests.codemods.cases import APP, OTHER_APP, TARGETS

ROOT = Path(__file__).parents[2]
IMPORT = "from azure.identity import ClientSecretCredential\n"
GOOD = f"import os\n{IMPORT}c = ClientSecretCredential(T, '{APP}', os.environ['S'])\n"
HIDDEN = f"{IMPORT}c = ClientSecretCredential(**k)\n"
SECRET = "hunter2-hunter2-hunter2"
HOSTILE = "a|b`]<img src=x>[l](http:e)\x1b[31m\n# x\u202e.py"


def _schema() -> dict[str, Any]:
    """Read the schema of the documentation and refuse keys that it does not know."""

    def strict(node: Any) -> Any:
        if isinstance(node, list):
            return [strict(each) for each in node]
        if not isinstance(node, dict):
            return node
        closed = {"additionalProperties": False} if node.get("type") == "object" else {}
        return {key: strict(value) for key, value in node.items()} | closed

    schema: dict[str, Any] = strict(json.loads((ROOT / "docs" / "rewrite.schema.json").read_text("utf-8")))
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def _laid(folder: Path) -> None:
    (folder / "tests").mkdir()
    (folder / "app.py").write_text(GOOD)
    (folder / "note.py").write_text(GOOD.replace("os.environ['S']", "vault.get_secret('s').value"))
    (folder / "literal.py").write_text(GOOD.replace("os.environ['S']", f"'{SECRET}'"))
    (folder / "latin.py").write_bytes(b"# coding: latin-1\n# caf\xe9\n" + GOOD.encode())
    (folder / "there.py").write_text("from azure.identity import ClientAssertionCredential as C\nc = C(T, A, f)\n")
    (folder / HOSTILE).write_text(HIDDEN)
    (folder / "broken.py").write_text("ClientSecretCredential(\n")
    (folder / "x.ipynb").write_text('{"cells": ["ClientSecretCredential()"]}')
    (folder / "tests" / "test_a.py").write_text(f"import pytest\n{HIDDEN}")


def _run(folder: Path, *, apply: bool = False) -> tuple[Any, Context]:
    run = rewrite(Request(paths=(folder,), targets=TARGETS, app=APP, apply=apply))
    context = Context(
        acting={APP: Acting(identity_client_id=OTHER_APP, application_name="Shop", wave=2)}, applied=apply
    )
    return run, context


def test_json_is_what_its_schema_says_and_has_every_outcome(tmp_path: Path) -> None:
    _laid(tmp_path)
    run, context = _run(tmp_path)
    text = data.render(run, context)
    whole = json.loads(text)
    jsonschema.Draft202012Validator(_schema()).validate(whole)
    assert {site["result"] for site in whole["sites"]} == {"rewritten", "reported", "already assertion"}
    assert [row["reason"] for row in whole["failed"]] == ["does-not-parse"]
    assert {site["category"] for site in whole["sites"]} == {"code", "test"}
    site = next(site for site in whole["sites"] if site["path"] == "app.py")
    assert (site["line"], site["column"], site["end_line"], site["end_column"]) == (
        3,
        5,
        3,
        3 + len(GOOD.splitlines()[2]) - 2,
    )
    assert site["plan"] == {"identity_client_id": OTHER_APP, "application_name": "Shop", "wave": 2}
    assert (site["tenant_expression"], site["secret_source"]) == ("T", "os.environ['S']")
    assert whole["variables"][0]["value"] == OTHER_APP
    assert SECRET not in text.decode()
    assert text.isascii()


def test_every_diff_of_the_json_is_one_that_git_applies(tmp_path: Path) -> None:
    _laid(tmp_path)
    (tmp_path / "literal.py").unlink()
    run, context = _run(tmp_path)
    files = data.data(run, context)["files"]
    assert any("diff_base64" in file for file in files)
    for file in files:
        diff = file["diff"].encode() if "diff" in file else base64.b64decode(file["diff_base64"])
        subprocess.run(
            ["git", "apply", "-"],  # noqa: S607 - the one of the machine
            input=diff,
            cwd=tmp_path,
            check=True,
        )
    assert not rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP)).rewritten


def test_each_change_has_its_line_and_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(GOOD)
    helper, source = data.data(*_run(tmp_path))["files"]
    assert (helper["kind"], source["kind"]) == ("helper", "source")
    (change,) = source["changes"]
    assert change["line"] == 3
    assert "ClientSecretCredential sends an assertion" in change["description"]
    assert "os.environ['S']" in change["description"]
    assert not data.data(*_run(tmp_path, apply=True))["files"][0]["masked"]


def test_an_option_for_callers_is_a_change_of_a_site_that_stays(tmp_path: Path) -> None:
    text = f"{IMPORT}def make(t, a, s):\n    return ClientSecretCredential(t, a, s)\nc = ClientSecretCredential(**k)\n"
    (tmp_path / "lib.py").write_text(text)
    run = rewrite(Request(paths=(tmp_path,), library_mode=LibraryMode.ADD_OPTION))
    (file,) = data.data(run, Context())["files"]
    (change,) = file["changes"]
    assert change["line"] == 3
    assert "callers can pass" in change["description"]


def test_a_name_that_is_not_utf_8_is_written_down(tmp_path: Path) -> None:
    name = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_text(HIDDEN)
    run, context = _run(tmp_path)
    assert data.data(run, context)["sites"][0]["path"] == "caf\\xe9.py"
    assert b"caf" in pull_request.render(run, context)


# ---------------------------------------------------------------------- pull request


def _sections(text: str) -> dict[str, list[str]]:
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {title.partition(" (")[0]: body.splitlines() for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def test_a_pull_request_says_what_changed_what_is_left_and_what_to_check(tmp_path: Path) -> None:
    _laid(tmp_path)
    text = pull_request.render(*_run(tmp_path, apply=True)).decode()
    sections = _sections(text)
    assert [line for line in sections["What changed"] if line.startswith("| app.py | 3 |")]
    assert [line for line in sections["Variables to set"] if OTHER_APP in line]
    assert [line for line in sections["Secrets in the source"] if line.startswith("| literal.py | 3 |")]
    assert [line for line in sections["Files that failed"] if "does-not-parse" in line]
    assert [line for line in sections["Tests, documentation and mocks"] if "test" in line and "| 3 |" in line]
    assert not [line for line in sections["What needs a person"] if "tests/" in line]
    assert len([line for line in sections["Before this is merged"] if line.startswith("- [ ] ")]) > 5
    assert SECRET not in text


def test_what_a_person_could_write_is_told_in_every_format(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HIDDEN)
    run, context = _run(tmp_path)
    (file,) = (file for file in run.files if file.sites)
    (site,) = file.sites
    assert data.data(run, context)["sites"][0]["target"] == site.target
    told = dataclasses.replace(site, target="connect(token=<b>f</b>)")
    changed = dataclasses.replace(run, files=(dataclasses.replace(file, sites=(told,)),))
    assert data.data(changed, context)["sites"][0]["target"] == "connect(token=<b>f</b>)"
    assert "connect(token=&lt;b&gt;f&lt;/b&gt;)" in pull_request.render(changed, context).decode()
    (finding,) = findings(changed)
    assert finding.advice.endswith("; for example: connect(token=<b>f</b>)")


def test_no_name_can_break_out_of_the_body(tmp_path: Path) -> None:
    _laid(tmp_path)
    text = pull_request.render(*_run(tmp_path)).decode()
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    assert "<img" not in html
    assert "<a " not in html
    assert html.count("<h1>") == 1
    assert "\x1b" not in text
    assert "\u202e" not in text
    row = next(line for line in text.splitlines() if "hidden-in-kwargs" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 8


@pytest.mark.parametrize("count", [0, 1, 1500])
def test_a_body_is_never_longer_than_github_takes_and_says_what_was_cut(tmp_path: Path, count: int) -> None:
    body = IMPORT + "c = ClientSecretCredential(**k)\n" * count
    (tmp_path / "app.py").write_text(body)
    text = pull_request.render(*_run(tmp_path))
    assert len(text.decode()) < 65_536
    assert (b"more are left out here" in text) == (count > 1000)
    assert b"- [ ] " in text
