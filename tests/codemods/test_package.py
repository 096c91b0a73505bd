"""The package as others see it: reports, imports, registration, name binding."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from codemods import report
from codemods.engine.run import rewrite
from codemods.model import Cloud, ReasonCode, Request
from codemods.names import Module
from codemods.transform import Transform
from codemods.transforms import load
from reports.model import Severity
from tests.codemods.cases import APP, TARGETS, run_on

ROOT = Path(__file__).parents[2]
SITE = "from azure.identity import ClientSecretCredential\nc = ClientSecretCredential(T, A, 'hunter2-hunter2')\n"


def _imported_by(folder: Path) -> set[str]:
    program = (
        "import sys; from pathlib import Path\n"
        "from codemods.engine.run import rewrite; from codemods.model import Request; import codemods.report\n"
        "run = rewrite(Request(paths=(Path(sys.argv[1]),)))\n"
        "codemods.report.document(run)\n"
        "print(*(name for name in sys.modules if '.' not in name))"
    )
    command = [sys.executable, "-c", program, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_libcst_is_imported_only_when_something_is_rewritten(tmp_path: Path) -> None:
    heavy = {"msgraph", "pandas", "azure", "libcst", "httpx", "click", "inventory", "migrate", "sqlalchemy"}
    (tmp_path / "app.py").write_text("x = 1\n")
    assert not _imported_by(tmp_path) & heavy
    (tmp_path / "app.py").write_text(
        "from azure.identity import ClientSecretCredential\nclass C(ClientSecretCredential): ...\n"
    )
    assert not _imported_by(tmp_path) & heavy
    (tmp_path / "app.py").write_text(SITE)
    assert _imported_by(tmp_path) & heavy == {"libcst"}


def test_a_report_names_everything_and_quotes_no_secret(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text(
        "from azure.identity import ClientSecretCredential\nc = ClientSecretCredential(**k)\n"
    )
    (tmp_path / "broken.py").write_text("ClientSecretCredential(\n")
    run = run_on(tmp_path, SITE, apply=False)
    document = report.document(run)
    assert [(finding.rule, finding.severity) for finding in document.findings] == [
        ("literal-secret", Severity.ERROR),
        ("hidden-in-kwargs", Severity.WARNING),
        ("does-not-parse", Severity.WARNING),
    ]
    places = [finding.location for finding in document.findings if finding.location is not None]
    assert [(place.path, place.line, place.column) for place in places] == [
        ("app.py", 2, 5),
        ("b.py", 2, 5),
        ("broken.py", 1, 1),
    ]
    (table,) = document.tables
    assert [row[5] for row in table.rows] == ["rewritten", "reported"]
    assert "hunter2" not in repr(document)
    assert {fact.label: fact.value for fact in document.facts}["Sites rewritten"] == 1


def test_a_note_is_a_finding(tmp_path: Path) -> None:
    run = run_on(tmp_path, SITE.replace("'hunter2-hunter2'", "vault.get_secret('s').value"))
    (finding,) = report.findings(run)
    assert (finding.rule, finding.severity) == ("rewritten-with-note", Severity.NOTE)
    assert "get_secret()" in finding.message


def test_an_assertion_that_is_there_is_in_the_table_only(tmp_path: Path) -> None:
    run = run_on(
        tmp_path, "from azure.identity import ClientAssertionCredential\nc = ClientAssertionCredential(T, A, f)\n"
    )
    assert not report.findings(run)
    assert [row[5] for row in report.table(run).rows] == ["already an assertion"]


def test_every_reason_has_a_meaning_and_an_advice() -> None:
    for reason in ReasonCode:
        assert reason.meaning
        assert reason.advice
        assert reason.value == reason.value.lower()


def test_a_cloud_is_known_by_its_scope() -> None:
    assert Cloud.of_scope("api://AzureADTokenExchangeChina/.default") is Cloud.CHINA
    assert Cloud.of_scope("api://AzureADTokenExchange") is Cloud.PUBLIC
    assert Cloud.of_scope("api://somebody/.default") is None


def test_transforms_are_found_once_and_duplicates_refused() -> None:
    names = [transform.name for transform in load()]
    assert names == [
        *(
            "azure-identity",
            "command-lines",
            "data-access",
            "environment",
            "framework-settings",
            "identity-web",
            "legacy",
            "msal",
            "others",
            "platforms",
            "raw-http",
        ),
        "stored-secrets",
        "token-clients",
    ]
    with pytest.raises(ValueError, match="twice"):
        Transform(name="msal", literals=())
    with pytest.raises(ValueError, match="claims"):
        Transform(name="second", literals=(), constructs={"msal.ClientApplication": lambda _call: None})
    assert [transform.name for transform in load()] == names


@pytest.mark.parametrize("name", ["azure-identity", "msal", "legacy"])
def test_every_construct_passes_the_prefilter(name: str) -> None:
    (transform,) = (item for item in load() if item.name == name)
    for construct in (*transform.constructs, *transform.methods):
        assert any(literal in construct.encode() for literal in transform.literals), construct


BINDINGS = {
    "import a.b\nx = a.b.c": "a.b.c",
    "import a.b as d\nx = d.c": "a.b.c",
    "from a import b as d\nx = d.c": "a.b.c",
    "from .a import b\nx = b": ".a.b",
    "from a import b\ndef f():\n    global b\n    x = b": "a.b",
    "from a import b\nclass C:\n    b = 1\n    def f(self):\n        x = b": "a.b",
    "from a import b\nclass C:\n    b = 1\n    x = b": None,
    "from a import b\nx = [b for b in y]": None,
    "from a import b\ndef f(b):\n    x = b": None,
    "from a import b\ndef f(y=b):\n    x = b": "a.b",
    "from a import b\ntry: ...\nexcept E as b:\n    x = b": None,
    "from a import b\nmatch y:\n    case {'k': b}:\n        x = b": None,
    "from a import b\nmatch y:\n    case [*b]:\n        x = b": None,
    "from a import b\nmatch y:\n    case {**b}:\n        x = b": None,
    "from a import b\nwith y as b:\n    x = b": None,
    "from a import b\n(b := 1)\nx = b": None,
    "from a import b\nx = [(b := z) for z in y]\nx = b": None,
    "from a import b\nx = (lambda b: b)(1)": None,
    "from a import b\ndef f():\n    from c import b\n    def g():\n        nonlocal b\n        x = b": "c.b",
    "from a import b\nif y:\n    from c import b\nx = b": None,
    "from a import b\nb += 1\nx = b": None,
    "from a import b\ndel b\nx = b": None,
    "from a import b\nfor b in y:\n    x = b": None,
    "from a import b\nasync def b(): ...\nx = b": None,
    "x = b": None,
}


@pytest.mark.parametrize("source", BINDINGS)
def test_a_name_means_what_python_says(source: str) -> None:
    module = Module(ast.parse(source))
    ours = [node for node in module.references if ast.unparse(node) in {"b", "a.b.c", "d.c"}]
    assert module.qualified(ours[-1]) == BINDINGS[source]


def test_applying_gives_the_diff_of_the_dry_run(tmp_path: Path) -> None:
    dry = run_on(tmp_path, SITE, apply=False)
    assert (tmp_path / "app.py").read_text() == SITE
    applied = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, apply=True))
    assert applied.diff == dry.diff
