"""Fingerprints stay while a site does, and change when it becomes another; baselines are made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.engine.run import rewrite
from codemods.errors import BaselineError
from codemods.model import Request
from codemods.report import baseline, findings
from codemods.report.baseline import Baseline, Comparison
from codemods.report.context import Context
from codemods.report.fingerprints import marks
from codemods.report.verdict import judge
from tests.codemods.cases import APP, run_on

HEAD = "import os\nfrom azure.identity import ClientSecretCredential\n"
SITE = "c = ClientSecretCredential(os.environ['T'], os.environ['A'], os.environ['S'])\n"


def _fingerprints(folder: Path, source: str, name: str = "app.py") -> list[str]:
    run = run_on(folder, source, name=name, apply=False)
    return sorted(mark.fingerprint for mark in marks(run))


MOVED = {
    "lines above": HEAD + "\n\nx = 1\n" + SITE,
    "comment": HEAD + "# a comment\n" + SITE,
    "other layout": HEAD + SITE.replace(", ", ",\n    "),
    "other name for the result": HEAD + "d" + SITE[1:],
    "other import": "import os\nfrom azure import identity\n" + SITE.replace("Client", "identity.Client", 1),
    "keywords": HEAD
    + "c = ClientSecretCredential(\n"
    + "    client_secret=os.environ['S'], client_id=os.environ['A'], tenant_id=os.environ['T'])\n",
}
OTHERS = {
    "other secret": HEAD + SITE.replace("'S'", "'R'"),
    "other application": HEAD + SITE.replace("'A'", "'B'"),
    "other tenant": HEAD + SITE.replace("'T'", "'U'"),
    "other class": (HEAD + SITE).replace("azure.identity", "azure.identity.aio"),
    "other function": HEAD + "def f():\n    " + SITE,
    "literal": HEAD + SITE.replace("os.environ['S']", "'not-real'"),
}


@pytest.mark.parametrize("source", MOVED.values(), ids=MOVED.keys())
def test_a_site_that_moves_keeps_its_fingerprint(tmp_path: Path, source: str) -> None:
    assert _fingerprints(tmp_path, source) == _fingerprints(tmp_path, HEAD + SITE)


@pytest.mark.parametrize("source", OTHERS.values(), ids=OTHERS.keys())
def test_a_site_that_becomes_another_gets_another(tmp_path: Path, source: str) -> None:
    assert _fingerprints(tmp_path, source) != _fingerprints(tmp_path, HEAD + SITE)


def test_equal_sites_are_numbered_and_a_file_that_moves_keeps_its_fingerprints(tmp_path: Path) -> None:
    first, second = _fingerprints(tmp_path, HEAD + SITE + SITE)
    assert first.removesuffix(":1") == second.removesuffix(":2")
    assert _fingerprints(tmp_path / "other", HEAD + SITE + SITE, "b/c.py") == [first, second]


@given(secret=st.from_regex(r"[A-Za-z0-9]{8,30}", fullmatch=True), place=st.sampled_from([0, 1, 2]))
@pytest.mark.slow
def test_no_secret_is_found_out_from_a_fingerprint(
    tmp_path_factory: pytest.TempPathFactory, secret: str, place: int
) -> None:
    """Two secrets give one fingerprint, wherever among the arguments they stand."""

    def source(text: str) -> str:
        arguments = ["os.environ['T']", "os.environ['A']", "os.environ['S']"]
        arguments[place] = f"'{text}'"
        return f"{HEAD}c = ClientSecretCredential({', '.join(arguments)})\n"

    folder = tmp_path_factory.mktemp("x")
    assert _fingerprints(folder, source(secret)) == _fingerprints(folder, source("something-else"))


# ---------------------------------------------------------------------- baselines


def _same(path: str) -> str:
    return path


def _everything(_path: str) -> bool:
    return True


def _compared(folder: Path, known: Baseline) -> tuple[Comparison, Context, int]:
    run = rewrite(Request(paths=(folder,)))
    compared = baseline.compare(run, known, _same, _everything)
    context = Context(compared=compared, check=True)
    return compared, context, judge(run, context).code


def test_a_baselined_site_is_counted_and_a_new_one_fails(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(HEAD + SITE)
    (tmp_path / "broken.py").write_text("ClientSecretCredential(\n")
    found = baseline.entries(rewrite(Request(paths=(tmp_path,))), _same)
    known = baseline.read(baseline.render(Baseline(entries=found)), "x")
    compared, _, code = _compared(tmp_path, known)
    assert (len(compared.accepted), code) == (2, 0)
    (tmp_path / "old.py").write_text(HEAD + "\n\n" + SITE + SITE)
    assert _compared(tmp_path, known)[2] == 1
    (tmp_path / "old.py").write_text("x = 1\n")
    compared, _, code = _compared(tmp_path, known)
    assert [entry.mark.path for entry in compared.vanished] == ["old.py"]
    assert code == 0
    (tmp_path / "more.py").write_text("ClientSecretCredential(\n")
    assert _compared(tmp_path, known)[2] == 2


def test_a_finding_of_a_baseline_is_marked_as_accepted(tmp_path: Path) -> None:
    run = run_on(tmp_path, HEAD + "c = ClientSecretCredential(**k)\n", apply=False)
    assert [each.accepted for each in findings(run)] == [False]
    assert [each.accepted for each in findings(run, accepted=set(marks(run)))] == [True]


def test_a_baseline_holds_no_secret_and_is_the_same_every_time(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(HEAD + SITE.replace("os.environ['S']", "'hunter2-hunter2'"))
    run = rewrite(Request(paths=(tmp_path,), app=APP))
    found = baseline.entries(run, _same)
    text = baseline.render(Baseline(entries=found))
    assert text == baseline.render(Baseline(entries=found[::-1]))
    assert b"hunter2" not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"schema": "unsecret/baseline", "version": 2, "sites": []}',
        '{"schema": "unsecret/baseline", "version": 1, "sites": [1]}',
        '{"schema": "unsecret/baseline", "version": 1, "sites": [{"path": 1}]}',
        '{"schema": "unsecret/baseline", "version": 1, "sites": null}',
        '{"schema": "unsecret/baseline", "version": 1, "sites": [], "retired": "S"}',
        '{"schema": "unsecret/baseline", "version": 1, "sites": [], "retired": [1]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(BaselineError, match="--write-baseline"):
        baseline.read(text.encode(), "b.json")


def test_a_baseline_can_be_read_by_people(tmp_path: Path) -> None:
    run = run_on(tmp_path, HEAD + SITE, apply=False)
    (row,) = json.loads(baseline.render(Baseline(entries=baseline.entries(run, _same))))["sites"]
    assert (row["path"], row["construct"]) == ("app.py", "azure.identity.ClientSecretCredential")
    assert row["rule"] == "secret-sign-in"
