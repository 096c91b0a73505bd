"""One expression instead of a module, and a module under a name that was given."""

import ast
from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.errors import HelperModuleError
from codemods.model import Cloud, Request, Run, Target
from tests.codemods.cases import APP, OTHER_APP, TARGETS, contents, reasons_of

HEAD = "import os\nfrom azure.identity import ClientSecretCredential\n"
SITE = f"c = ClientSecretCredential(T, '{APP}', os.environ['S'])\n"
EXPRESSION = (
    'get_bearer_token_provider(ManagedIdentityCredential(client_id=os.environ["MANAGED_IDENTITY_CLIENT_ID"]), '
    '"api://AzureADTokenExchange/.default")'
)
IMPORT = "from azure.identity import ManagedIdentityCredential, get_bearer_token_provider\n"


def _run(folder: Path, source: str, *, targets: tuple[Target, ...] = TARGETS, name: str = "app.py") -> Run:
    (folder / name).write_text(source)
    return rewrite(Request(paths=(folder,), targets=targets, app=APP, apply=True, inline=True))


def test_the_expression_takes_the_place_of_the_secret(tmp_path: Path) -> None:
    run = _run(tmp_path, HEAD + SITE)
    assert contents(tmp_path) == {
        "app.py": (
            "import os\nfrom azure.identity import ClientAssertionCredential\n"
            + IMPORT
            + f"c = ClientAssertionCredential(T, '{APP}', {EXPRESSION})\n"
        ).encode()
    }
    assert [(item.path, item.diff, item.variables, item.applications) for item in run.helpers] == [
        ("app.py", "", ("MANAGED_IDENTITY_CLIENT_ID",), (APP,))
    ]
    again = rewrite(Request(paths=(tmp_path,), targets=TARGETS, apply=True, inline=True))
    assert not again.diff
    assert not again.rewritten


def test_imports_that_are_there_are_used(tmp_path: Path) -> None:
    source = "from azure.identity import ClientSecretCredential, ManagedIdentityCredential\nSECRET = open('s').read()\n"
    _run(tmp_path, source + f"c = ClientSecretCredential(T, '{APP}', client_secret=SECRET)\n")
    text = (tmp_path / "app.py").read_text()
    assert "import os\nfrom azure.identity import get_bearer_token_provider\n" in text
    assert f"func={EXPRESSION})" in text


def test_msal_gets_it_as_a_function(tmp_path: Path) -> None:
    authority = "https://login.microsoftonline.com/" + OTHER_APP
    source = f"import os, msal\na = msal.ConfidentialClientApplication('{APP}', os.environ['S'], '{authority}')\n"
    assert _run(tmp_path, source).rewritten
    assert f'{{"client_assertion": {EXPRESSION}}}' in (tmp_path / "app.py").read_text()


def test_the_audience_is_that_of_the_plan(tmp_path: Path) -> None:
    _run(tmp_path, HEAD + SITE, targets=(Target(client_id=APP, audience_scope=Cloud.CHINA.scope),))
    assert '"api://AzureADTokenExchangeChina/.default")' in (tmp_path / "app.py").read_text()


def test_each_application_has_a_variable_of_its_own(tmp_path: Path) -> None:
    other = SITE.replace(APP, OTHER_APP).replace("['S']", "['S2']")
    run = _run(tmp_path, HEAD + SITE + other, targets=(*TARGETS, Target(client_id=OTHER_APP)))
    assert [item.variables for item in run.helpers] == [
        ("MANAGED_IDENTITY_CLIENT_ID_11111111", "MANAGED_IDENTITY_CLIENT_ID_22222222")
    ]
    text = (tmp_path / "app.py").read_text()
    assert f"'{OTHER_APP}', get_bearer_token_provider(ManagedIdentityCredential(client_id=os.environ[" in text
    assert "MANAGED_IDENTITY_CLIENT_ID_22222222" in text.splitlines()[-1]


def test_a_variable_that_somebody_reads_already_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("import os\nm = os.environ['MANAGED_IDENTITY_CLIENT_ID']\n")
    run = _run(tmp_path, HEAD + SITE)
    assert [item.variables for item in run.helpers] == [("MANAGED_IDENTITY_CLIENT_ID_11111111",)]


REFUSED = {
    "asynchronous": (HEAD.replace("identity import", "identity.aio import") + SITE, "unsupported-form"),
    "os is something else": (HEAD.replace("import os\n", "os = machine()\n") + SITE, "name-collision"),
    "a function of that name": ("def get_bearer_token_provider(c): ...\n" + HEAD + SITE, "name-collision"),
    "a class from another library": ("from own import ManagedIdentityCredential\n" + HEAD + SITE, "name-collision"),
    "for type checkers only": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from azure.identity import ManagedIdentityCredential\n" + HEAD + SITE,
        "name-collision",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_where_the_expression_does_not_fit_the_site_stays(tmp_path: Path, name: str) -> None:
    source, reason = REFUSED[name]
    assert reason in reasons_of(_run(tmp_path, source))
    assert (tmp_path / "app.py").read_text() == source


def test_asynchronous_code_has_no_way_out_of_an_unknown_place(tmp_path: Path) -> None:
    source = HEAD.replace("identity import", "identity.aio import") + SITE
    folder = tmp_path / "my-app" / "pkg"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (tmp_path / "my-app" / "use.py").write_text("import pkg.app\n")
    (folder / "utils.py").write_text("X = 1\n")
    (folder / "app.py").write_text("from utils import X\n" + source)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, apply=True))
    assert reasons_of(run) == ["helper-place-unknown"]


# ---------------------------------------------------------------------- a module under a given name


def _named(folder: Path, dotted: str, files: dict[str, str]) -> Run:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return rewrite(Request(paths=(folder,), targets=TARGETS, apply=True, helper_module=dotted))


@pytest.mark.parametrize("root", ["", "src/"])
def test_a_given_module_is_written_below_the_import_root(tmp_path: Path, root: str) -> None:
    files = {f"{root}shop/__init__.py": "", f"{root}shop/auth/__init__.py": "", f"{root}shop/login.py": HEAD + SITE}
    run = _named(tmp_path, "shop.auth.identity", files)
    assert [item.path for item in run.helpers] == [f"{root}shop/auth/identity.py"]
    assert (
        "from shop.auth.identity import managed_identity_assertion\n" in (tmp_path / root / "shop/login.py").read_text()
    )
    ast.parse((tmp_path / root / "shop/auth/identity.py").read_text())
    before = contents(tmp_path)
    again = rewrite(Request(paths=(tmp_path,), targets=TARGETS, apply=True, helper_module="shop.auth.identity"))
    assert not again.rewritten
    assert not again.reported
    assert contents(tmp_path) == before


def test_a_script_beside_packages_uses_the_given_module_too(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/login.py": HEAD + SITE, "run.py": HEAD + SITE.replace("'S'", "'S2'")}
    run = _named(tmp_path, "shop.fic", files)
    assert [item.path for item in run.helpers] == ["shop/fic.py"]
    assert len(run.rewritten) == 2


def test_a_given_module_without_a_folder_falls_back_to_one_expression(tmp_path: Path) -> None:
    run = _named(tmp_path, "elsewhere.fic", {"app.py": HEAD + SITE})
    assert [item.diff for item in run.helpers] == [""]
    assert EXPRESSION in (tmp_path / "app.py").read_text()


@pytest.mark.parametrize("dotted", ["", "a..b", "a.class", "a-b", "a.b.", "../x"])
def test_a_name_that_no_module_can_have_is_refused(tmp_path: Path, dotted: str) -> None:
    with pytest.raises(HelperModuleError, match="is no name of a module"):
        _named(tmp_path, dotted, {"app.py": HEAD + SITE})
    assert (tmp_path / "app.py").read_text() == HEAD + SITE


@pytest.mark.parametrize("dotted", ["json", "msal", "azure"])
def test_a_name_that_hides_another_module_is_refused(tmp_path: Path, dotted: str) -> None:
    with pytest.raises(HelperModuleError, match="would be imported in place of another one"):
        _named(tmp_path, dotted, {"app.py": HEAD + SITE})
    assert not (tmp_path / f"{dotted}.py").exists()


def test_a_given_module_that_is_somebody_elses_is_not_touched(tmp_path: Path) -> None:
    run = _named(tmp_path, "shop.fic", {"shop/__init__.py": "", "shop/fic.py": "x = 1\n", "shop/login.py": HEAD + SITE})
    assert reasons_of(run) == ["helper-name-taken"]
    assert (tmp_path / "shop/fic.py").read_text() == "x = 1\n"


def test_an_optional_library_stays_optional(tmp_path: Path) -> None:
    source = "import os\ntry:\n    from azure.identity import ClientSecretCredential\nexcept ImportError:\n    pass\n"
    run = _run(tmp_path, source + SITE)
    assert reasons_of(run) == ["unsupported-form"]
    assert not run.rewritten


MAIN = "if __name__ == '__main__':\n    print(c)\n"
LOADED: dict[str, tuple[dict[str, str], bool]] = {
    "run by its path": ({"go.py": "import runpy\nrunpy.run_path('jobs/a.py')\n"}, True),
    "executed as a text": ({"go.py": "exec(open('jobs/a.py').read())\n"}, True),
    "loaded with its folder": (
        {"go.py": "for p in (HERE / 'jobs').glob('*.py'):\n    spec_from_file_location(p.stem, p)\n"},
        True,
    ),
    "something else is loaded": ({"go.py": "import runpy\nrunpy.run_path('tools/b.py')\nimport jobs.a\n"}, False),
    "a script": ({}, False),
    "of a package, started by a command": (
        {"jobs/__init__.py": "", "Dockerfile": 'CMD ["python3", "jobs/a.py"]\n'},
        True,
    ),
    "of a package, started by a program": (
        {"jobs/__init__.py": "", "go.py": "import sys\nrun([sys.executable, '-u', 'jobs/a.py'])\n"},
        True,
    ),
    "of a package, with a part for its start": ({"jobs/__init__.py": "", "jobs/a.py": HEAD + SITE + MAIN}, True),
    "of a package, with a part for its start, imported": (
        {"jobs/__init__.py": "", "jobs/a.py": HEAD + SITE + MAIN, "go.py": "from jobs.a import c\n"},
        False,
    ),
    "of a package, with a part for its start, started as a module": (
        {"jobs/__init__.py": "", "jobs/a.py": HEAD + SITE + MAIN, "Dockerfile": "CMD python -m jobs.a\n"},
        False,
    ),
    "of a package": ({"jobs/__init__.py": ""}, False),
}


@pytest.mark.parametrize("how", LOADED)
def test_what_is_started_or_loaded_by_its_path_imports_no_helper(tmp_path: Path, how: str) -> None:
    files, inline = LOADED[how]
    for name, text in {"pyproject.toml": "[project]\n", "jobs/a.py": HEAD + SITE, **files}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, apply=True))
    assert len(run.rewritten) == 1
    assert ("entra_fic" not in (tmp_path / "jobs/a.py").read_text()) == inline
