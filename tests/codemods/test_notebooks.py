"""Notebooks: sites of code cells are told with their cell, and rewritten inside one cell where that is asked for."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.engine.jsontext import elements, members, rebuilt
from codemods.engine.notebook import Notebook, read_notebook
from codemods.engine.run import rewrite
from codemods.engine.splice import Edit
from codemods.errors import DoesNotRoundTripError
from codemods.model import Changed, Request, Run
from tests.codemods.cases import APP, TARGETS, check_noop, reasons_of
from tests.support.examples import share

HEAD = "import os\nfrom azure.identity import ClientSecretCredential\n"
SITE = f"c = ClientSecretCredential(T, '{APP}', os.environ['S'])"
EXPRESSION = (
    'get_bearer_token_provider(ManagedIdentityCredential(client_id=os.environ["MANAGED_IDENTITY_CLIENT_ID"]), '
    '"api://AzureADTokenExchange/.default")'
)


def _cell(source: str, kind: str = "code") -> dict[str, Any]:
    extra = {"execution_count": 3, "outputs": [{"text": ["é\n"], "output_type": "stream"}]} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True), **extra}


def _text(*cells: dict[str, Any], indent: int | None = 1, language: str = "python") -> str:
    whole = {
        "cells": list(cells),
        "metadata": {"language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=indent, ensure_ascii=False) + "\n"


def _run(folder: Path, text: str, *, notebooks: bool = True) -> Run:
    (folder / "n.ipynb").write_bytes(text.encode())
    return rewrite(Request(paths=(folder,), targets=TARGETS, app=APP, apply=True, notebooks=notebooks))


def _sources(folder: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads((folder / "n.ipynb").read_text())["cells"]]


def test_a_site_is_told_with_its_cell_and_its_line(tmp_path: Path) -> None:
    text = _text(_cell("# Title", "markdown"), _cell("x = 1\n"), _cell(HEAD + SITE))
    run = _run(tmp_path, text, notebooks=False)
    (found,) = run.reported
    assert (found.reason.value, found.detail) == ("notebook", "cell 3, line 3")
    assert SITE[:12] in text.splitlines()[found.site.line - 1]
    assert found.site.construct == "azure.identity.ClientSecretCredential"
    assert (tmp_path / "n.ipynb").read_bytes() == text.encode()


def test_what_a_site_would_be_told_for_elsewhere_is_added(tmp_path: Path) -> None:
    run = _run(tmp_path, _text(_cell(HEAD), _cell("c = ClientSecretCredential(**cfg)")), notebooks=False)
    assert [(item.reason.value, item.detail) for item in run.reported] == [
        ("notebook", "cell 2, line 1: hidden-in-kwargs")
    ]


@pytest.mark.parametrize("indent", [1, 4, None])
def test_a_lone_cell_is_rewritten_and_nothing_else(tmp_path: Path, indent: int | None) -> None:
    cell = HEAD + "SECRET = os.environ['S']  # sécret\n" + SITE.replace("os.environ['S']", "SECRET") + "  # çall\n"
    text = _text(
        _cell("# Títle", "markdown"), _cell("%pip install azure-identity\n"), _cell(cell), _cell("x"), indent=indent
    )
    run = _run(tmp_path, text)
    assert len(run.rewritten) == 1
    assert not run.reported
    new = (tmp_path / "n.ipynb").read_text()
    expected = (
        "import os\nfrom azure.identity import ClientAssertionCredential\n"
        "from azure.identity import ManagedIdentityCredential, get_bearer_token_provider\n"
        f"c = ClientAssertionCredential(T, '{APP}', {EXPRESSION})  # çall\n"
    )
    assert new == _text(
        _cell("# Títle", "markdown"), _cell("%pip install azure-identity\n"), _cell(expected), _cell("x"), indent=indent
    )
    again = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, apply=True, notebooks=True))
    assert not again.rewritten
    assert not again.diff
    assert [(item.path, item.variables) for item in run.helpers] == [("n.ipynb", ("MANAGED_IDENTITY_CLIENT_ID",))]


def test_magics_are_tolerated(tmp_path: Path) -> None:
    cell = f"%matplotlib inline\n!pip list\nfiles = !ls\nn = %time f()\nlen?\n{HEAD}if True:\n    %run x\n    {SITE}"
    assert _run(tmp_path, _text(_cell(cell), _cell("%%bash\nls"))).rewritten
    source, other = _sources(tmp_path)
    assert source.startswith("%matplotlib inline\n!pip list\nfiles = !ls\nn = %time f()\nlen?\nimport os\n")
    assert f"    %run x\n    c = ClientAssertionCredential(T, '{APP}', {EXPRESSION})" in source
    assert other == "%%bash\nls"


def test_a_timed_cell_is_python(tmp_path: Path) -> None:
    assert _run(tmp_path, _text(_cell("%%time\n" + HEAD + SITE))).rewritten
    assert _sources(tmp_path)[0].startswith("%%time\nimport os\n")


REFUSED = {
    "the import is in another cell": ([HEAD, SITE], "notebook", "cell 2, line 1: what it needs is in another cell"),
    "the secret is in another cell": (
        ["import os\nSECRET = os.environ['S']", HEAD + SITE.replace("os.environ['S']", "SECRET")],
        "notebook",
        "cell 2, line 3: what it needs is in another cell (cell 1, line 2)",
    ),
    "another cell reads the secret": (
        [HEAD + "SECRET = os.getenv('S')\n" + SITE.replace("os.environ['S']", "SECRET"), "print(SECRET)"],
        "secret-used-elsewhere",
        "cell 1, line 4: SECRET on cell 2, line 1",
    ),
    "asynchronous": ([HEAD.replace("identity", "identity.aio") + SITE], "unsupported-form", "cell 1, line 3"),
    "a condition": (
        [HEAD + "S = os.getenv('S')\nif S:\n    " + SITE.replace("os.environ['S']", "S")],
        "guarded-by-secret",
        "cell 1, line 5: S on cell 1, line 4",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_lone_cell_cannot_do_is_told(tmp_path: Path, name: str) -> None:
    cells, reason, detail = REFUSED[name]
    text = _text(*[_cell(cell) for cell in cells])
    run = _run(tmp_path, text)
    assert (tmp_path / "n.ipynb").read_bytes() == text.encode()
    (found,) = run.reported
    assert found.reason.value == reason
    assert found.detail.startswith(detail)


def test_a_name_that_comes_later_is_imported(tmp_path: Path) -> None:
    site = "from azure.identity import ClientSecretCredential\n" + SITE.replace("os.environ['S']", "open('s').read()")
    assert _run(tmp_path, _text(_cell(site), _cell("import os"))).rewritten
    assert "import os\n" in _sources(tmp_path)[0]


def test_a_cell_that_is_no_python_is_told(tmp_path: Path) -> None:
    run = _run(tmp_path, _text(_cell("x = 1"), _cell("ClientSecretCredential(T, A, S) ->")))
    assert [(item.reason.value, item.detail) for item in run.reported] == [
        ("notebook", "cell 2 cannot be read as Python")
    ]


@pytest.mark.parametrize(
    "text",
    ['{"cells": ["ClientSecretCredential"]}', '{"worksheets": "ClientSecretCredential"}', "ClientSecretCredential"],
)
def test_what_is_no_notebook_is_told(tmp_path: Path, text: str) -> None:
    assert reasons_of(_run(tmp_path, text)) == ["notebook"]


def test_other_languages_are_told_and_words_are_not(tmp_path: Path) -> None:
    assert reasons_of(_run(tmp_path, _text(_cell(HEAD + SITE), language="csharp"))) == ["notebook"]
    assert not _run(tmp_path, _text(_cell("Use ClientSecretCredential", "markdown"))).files


def test_a_literal_secret_is_not_printed(tmp_path: Path) -> None:
    cell = HEAD + SITE.replace("os.environ['S']", '"hunter2-hunter2"')
    (changed,) = (file for file in _run(tmp_path, _text(_cell(cell))).files if isinstance(file, Changed))
    assert changed.masked
    assert "hunter2" not in changed.diff


@pytest.mark.parametrize("first", ["# Databricks notebook source", "# Fabric notebook source"])
def test_an_export_is_a_notebook(tmp_path: Path, first: str) -> None:
    source = f"{first}\n# COMMAND ----------\n{HEAD}{SITE}\n"
    run = check_noop(tmp_path, source, "notebook")
    assert run.reported[0].site.line == 5
    assert rewrite(Request(paths=(tmp_path,), targets=TARGETS, notebooks=True)).diff == ""


LINES = st.lists(st.sampled_from(["x = 1\n", "é = '%'\n", "\n", "%magic a\n", "  \n", '"\\u00e9"\n', "y"]), max_size=6)
CELLS = st.lists(st.tuples(st.sampled_from(["code", "markdown"]), LINES), min_size=1, max_size=5)


@settings(max_examples=share(150), derandomize=True, database=None, deadline=None)
@given(CELLS, st.sampled_from([None, 1, 3]), st.data())
def test_edits_touch_their_cell_only(
    cells: list[tuple[str, list[str]]], indent: int | None, data: st.DataObject
) -> None:
    escape, joined = data.draw(st.booleans()), data.draw(st.booleans())
    whole: dict[str, Any] = {"cells": []}
    for kind, lines in cells:
        source: object = "".join(lines) if joined else lines
        whole["cells"].append({"cell_type": kind, "source": source, "outputs": ["é"]})
    text = json.dumps(whole, indent=indent, ensure_ascii=escape)
    notebook = read_notebook("n.ipynb", text.encode())
    assert isinstance(notebook, Notebook)
    assert notebook.with_edits([]) == text.encode()
    spots = [(index, cell) for index, cell in enumerate(notebook.cells) if cell.shown and not cell.blanked]
    if spots:
        index, cell = data.draw(st.sampled_from(spots))
        start = data.draw(st.integers(0, len(cell.shown) - 1))
        end = data.draw(st.integers(start, len(cell.shown) - 1))
        base = notebook.source.line_start(notebook.starts[index])
        new = json.loads(notebook.with_edits([Edit(start=base + start, end=base + end, text="ß\nz")]))
        old = json.loads(text)
        place = cell.number - 1
        changed = "".join(new["cells"][place]["source"])
        assert changed == cell.text[:start] + "ß\nz" + cell.text[end:]
        old["cells"][place]["source"] = new["cells"][place]["source"]
        assert new == old


def test_an_edit_across_cells_is_refused() -> None:
    notebook = read_notebook("n.ipynb", _text(_cell("x = 1"), _cell("y = 2")).encode())
    assert isinstance(notebook, Notebook)
    with pytest.raises(DoesNotRoundTripError):
        notebook.with_edits([Edit(start=2, end=8, text="")])


@given(st.lists(st.sampled_from(["a\n", "é\n", '"\n', "\\\n"]), min_size=1), st.sampled_from(["a\n", "b\nc", ""]))
def test_lines_that_stay_are_written_as_they_were(lines: list[str], new: str) -> None:
    text = json.dumps({"s": lines}, indent=2)
    (token,) = (value for _, value in members(text, 0))
    assert [item.value for item in elements(text, token.start)] == lines
    assert json.loads(rebuilt(text, token, "".join(lines))) == lines
    assert rebuilt(text, token, "".join(lines)) == text[token.start : token.end]
    assert "".join(json.loads(rebuilt(text, token, new))) == new


LEFT = {
    "import os; x = os.environ['SHOP_SECRET']": "hard-read",
    "%env SHOP_SECRET=abc": "code-sets",
    "%set_env SHOP_SECRET abc": "code-sets",
    "!curl -d client_secret=$SHOP_SECRET https://example.com": "other-use",
    "!SHOP_SECRET=abc python job.py": "shell",
    "%%bash\nexport SHOP_SECRET=abc": "shell",
    "# SHOP_SECRET": None,
    "%env MY_SHOP_SECRET=abc": None,
}


@pytest.mark.parametrize("cell", LEFT)
@pytest.mark.parametrize("notebooks", [False, True])
def test_a_notebook_that_needs_or_sets_the_variable_of_a_program_is_told(
    tmp_path: Path, cell: str, *, notebooks: bool
) -> None:
    program = "import os\nfrom azure.identity import ClientSecretCredential\n"
    (tmp_path / "app.py").write_text(program + "c = ClientSecretCredential(T, A, os.environ['SHOP_SECRET'])\n")
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell.splitlines(keepends=True)}
    whole = {"cells": [code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "a.ipynb").write_text(json.dumps(whole, indent=1))
    run = rewrite(Request(paths=(tmp_path,), app=APP, notebooks=notebooks, fix_leftovers=True))
    assert run.rewritten
    assert not run.fixed
    last = json.dumps(whole, indent=1).split("SHOP_SECRET")[0].count("\n") + 1
    told = [(each.kind.value, each.path, each.line, each.name) for each in run.leftovers]
    assert told == ([] if LEFT[cell] is None else [(LEFT[cell], "a.ipynb", last, "SHOP_SECRET")])


def test_a_notebook_in_another_language_may_need_the_variable(tmp_path: Path) -> None:
    program = "import os\nfrom azure.identity import ClientSecretCredential\n"
    (tmp_path / "app.py").write_text(program + "c = ClientSecretCredential(T, A, os.environ['SHOP_SECRET'])\n")
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["Sys.getenv('SHOP_SECRET')"]}
    whole = {"cells": [code], "metadata": {"language_info": {"name": "R"}}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "a.ipynb").write_text(json.dumps(whole))
    run = rewrite(Request(paths=(tmp_path,), app=APP))
    assert [(each.kind.value, each.path) for each in run.leftovers] == [("other-use", "a.ipynb")]


def test_the_read_of_a_notebooks_own_site_is_told_by_the_site(tmp_path: Path) -> None:
    lines = ["import os\n", "from azure.identity import ClientSecretCredential\n", "s = os.environ['SHOP_SECRET']\n"]
    code = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "source": [*lines, "c = ClientSecretCredential(T, A, s)"],
    }
    whole = {"cells": [code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "a.ipynb").write_text(json.dumps(whole, indent=1))
    for notebooks in (False, True):
        assert not rewrite(Request(paths=(tmp_path,), app=APP, notebooks=notebooks)).leftovers
