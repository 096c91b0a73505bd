"""Whose application a site is; a wrong answer would give one application the identity of another."""

from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.model import Request, Run, Target
from tests.codemods.cases import APP, OTHER_APP, TARGETS, reasons_of, run_on

HEAD = "import os\nfrom azure.identity import ClientSecretCredential\n"
UNKNOWN = HEAD + "c = ClientSecretCredential(T, os.environ['AZURE_CLIENT_ID'], os.environ['S'])\n"
KNOWN = HEAD + f"c = ClientSecretCredential(T, '{APP.upper()}', os.environ['S'])\n"
BOTH = (Target(client_id=APP), Target(client_id=OTHER_APP))


def test_a_literal_client_id_is_found_in_the_plan_whatever_its_case(tmp_path: Path) -> None:
    run = run_on(tmp_path, KNOWN, app=None)
    assert [item.application for item in run.rewritten] == [APP]
    assert run.rewritten[0].site.client_id == APP


def test_a_name_bound_once_to_a_literal_counts(tmp_path: Path) -> None:
    source = HEAD + f"ID = '{APP}'\ndef f():\n    return ClientSecretCredential(T, ID, os.environ['S'])\n"
    assert [item.application for item in run_on(tmp_path, source, app=None).rewritten] == [APP]


def test_a_name_bound_twice_does_not(tmp_path: Path) -> None:
    source = HEAD + f"ID = '{APP}'\nID = other\nc = ClientSecretCredential(T, ID, os.environ['S'])\n"
    assert reasons_of(run_on(tmp_path, source, app=None)) == ["unknown-application"]


def test_an_unknown_application_is_reported_with_its_expression(tmp_path: Path) -> None:
    run = run_on(tmp_path, UNKNOWN, app=None)
    assert reasons_of(run) == ["unknown-application"]
    assert run.reported[0].site.client_expression == "os.environ['AZURE_CLIENT_ID']"
    assert run.reported[0].site.secret_source == "os.environ['S']"
    assert "--app" in run.reported[0].advice


def test_an_unknown_application_is_the_one_the_caller_names(tmp_path: Path) -> None:
    assert [item.application for item in run_on(tmp_path, UNKNOWN, targets=BOTH, app=OTHER_APP).rewritten] == [
        OTHER_APP
    ]


def test_an_application_that_is_named_but_not_planned_is_reported(tmp_path: Path) -> None:
    assert reasons_of(run_on(tmp_path, UNKNOWN, app=OTHER_APP)) == ["not-in-plan"]


def test_a_literal_outside_the_plan_is_not_the_named_application(tmp_path: Path) -> None:
    source = HEAD + f"c = ClientSecretCredential(T, '{OTHER_APP}', os.environ['S'])\n"
    assert reasons_of(run_on(tmp_path, source)) == ["not-in-plan"]
    assert reasons_of(run_on(tmp_path, source, targets=None)) == ["not-in-plan"]


def test_an_empty_plan_rewrites_nothing(tmp_path: Path) -> None:
    assert reasons_of(run_on(tmp_path, KNOWN, targets=())) == ["not-in-plan"]


def test_without_a_plan_a_single_application_is_rewritten(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text(
        HEAD + "ID = os.environ.get('AZURE_CLIENT_ID')\nc = ClientSecretCredential(T, ID, os.environ['S'])\n"
    )
    run = run_on(tmp_path, UNKNOWN, targets=None, app=None)
    assert [item.application for item in run.rewritten] == ["os.environ['AZURE_CLIENT_ID']"] * 2


def test_without_a_plan_several_applications_are_reported(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text(UNKNOWN)
    run = run_on(tmp_path, KNOWN, targets=None, app=None)
    assert reasons_of(run) == ["several-applications"] * 2
    assert not run.helpers


def test_a_site_that_cannot_be_rewritten_does_not_count_as_an_application(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text(HEAD + "def f(i, s):\n    return ClientSecretCredential(T, i, s)\n")
    run = run_on(tmp_path, UNKNOWN, targets=None, app=None)
    assert len(run.rewritten) == 1
    assert reasons_of(run) == ["caller-supplied-secret"]


def test_two_applications_get_a_function_each(tmp_path: Path) -> None:
    second = HEAD + f"c = ClientSecretCredential(T, '{OTHER_APP}', os.environ['S2'])\n"
    (tmp_path / "b.py").write_text(second)
    run = run_on(tmp_path, KNOWN, targets=BOTH, app=None)
    assert len(run.helpers) == 1
    assert run.helpers[0].variables == ("MANAGED_IDENTITY_CLIENT_ID_11111111", "MANAGED_IDENTITY_CLIENT_ID_22222222")
    assert "managed_identity_assertion_for_11111111)" in (tmp_path / "app.py").read_text()
    assert "managed_identity_assertion_for_22222222)" in (tmp_path / "b.py").read_text()
    again = rewrite(Request(paths=(tmp_path,), targets=BOTH, apply=True))
    assert not again.diff


def test_an_application_that_comes_later_leaves_the_first_one_its_names(tmp_path: Path) -> None:
    run_on(tmp_path, KNOWN, targets=BOTH, app=None)
    (tmp_path / "b.py").write_text(HEAD + f"c = ClientSecretCredential(T, '{OTHER_APP}', os.environ['S2'])\n")
    run = rewrite(Request(paths=(tmp_path,), targets=BOTH, apply=True))
    helper = (tmp_path / "entra_fic.py").read_text()
    assert "def managed_identity_assertion()" in helper
    assert "def managed_identity_assertion_for_22222222()" in helper
    assert run.helpers[0].variables == ("MANAGED_IDENTITY_CLIENT_ID_22222222",)
    assert "managed_identity_assertion)" in (tmp_path / "app.py").read_text()


def test_the_audience_is_the_plans(tmp_path: Path) -> None:
    target = Target(client_id=APP, audience_scope="api://AzureADTokenExchangeUSGov/.default")
    source = HEAD + "c = ClientSecretCredential(T, A, os.environ['S'], authority='https://login.microsoftonline.us')\n"
    assert len(run_on(tmp_path, source, targets=(target,)).rewritten) == 1
    assert "api://AzureADTokenExchangeUSGov/.default" in (tmp_path / "entra_fic.py").read_text()


def test_a_swapped_secret_is_never_taken_for_a_client_id(tmp_path: Path) -> None:
    source = HEAD + "c = ClientSecretCredential(T, SAME, SAME)\n"
    run = run_on(tmp_path, source, app=None)
    assert run.reported[0].site.client_expression is None


@pytest.mark.parametrize(
    "source",
    [
        "def f(client):\n    return ClientSecretCredential(T, client, os.environ['S'])\n",
        "for c in apps:\n    d = ClientSecretCredential(T, c['id'], os.environ['S'])\n",
        "d = [ClientSecretCredential(T, c.id, os.environ['S']) for c in apps]\n",
        f"ID = '{APP}'\nfrom settings import *\nd = ClientSecretCredential(T, ID, os.environ['S'])\n",
        f"ID = '{APP}'\nglobals()['ID'] = x\nd = ClientSecretCredential(T, ID, os.environ['S'])\n",
        "d = ClientSecretCredential(T, 'not-a-client-id', os.environ['S'])\n",
        "d = ClientSecretCredential(T, '', os.environ['S'])\n",
    ],
)
def test_a_client_id_that_is_not_certain_is_nobodys(tmp_path: Path, source: str) -> None:
    assert reasons_of(run_on(tmp_path, HEAD + source, targets=BOTH)) == ["unknown-application"]


def test_two_expressions_are_not_one_application(tmp_path: Path) -> None:
    source = UNKNOWN + "d = ClientSecretCredential(T, os.environ['OTHER_ID'], os.environ['S2'])\n"
    assert reasons_of(run_on(tmp_path, source, targets=BOTH)) == ["several-applications"] * 2
    assert reasons_of(run_on(tmp_path, source, targets=None)) == ["several-applications"] * 2


@pytest.mark.parametrize("name", ["CLIENT_ID", "cfg"])
def test_one_name_of_two_modules_is_two_applications(tmp_path: Path, name: str) -> None:
    for letter in ("a", "b"):
        client = name if name == "CLIENT_ID" else "cfg.client_id"
        (tmp_path / f"settings_{letter}.py").write_text(f"{name} = load()\n")
        (tmp_path / f"{letter}.py").write_text(
            f"{HEAD}from settings_{letter} import {name}\n"
            f"c = ClientSecretCredential(T, {client}, os.environ['S_{letter}'])\n"
        )
    run = rewrite(Request(paths=(tmp_path,)))
    assert reasons_of(run) == ["several-applications"] * 2
    assert len(rewrite(Request(paths=(tmp_path / "a.py",))).rewritten) == 1


def test_client_ids_are_compared_as_ids(tmp_path: Path) -> None:
    source = HEAD + f"c = ClientSecretCredential(T, ' {{{APP.upper()}}} ', os.environ['S'])\n"
    run = run_on(tmp_path, source, targets=(Target(client_id=APP.upper()),), app=None)
    assert [item.site.client_id for item in run.rewritten] == [APP]


@pytest.mark.parametrize(
    "call",
    [
        f"ClientSecretCredential('{OTHER_APP}', '{APP}', os.environ['S'])",
        f"msal.ConfidentialClientApplication('{APP}', os.environ['S'], 'https://sts.windows.net/{OTHER_APP}')",
    ],
)
def test_another_tenant_than_the_plans_is_reported(tmp_path: Path, call: str) -> None:
    head = "import msal\nimport os\n" if call.startswith("msal") else HEAD
    source = f"{head}c = {call}\n"
    targets = (Target(client_id=APP, tenant_id=APP),)
    assert reasons_of(run_on(tmp_path, source, targets=targets, app=None)) == ["other-tenant"]
    same = (Target(client_id=APP, tenant_id=OTHER_APP.upper()),)
    assert len(run_on(tmp_path, source, targets=same, app=None).rewritten) == 1


def test_scanned_text_never_becomes_code(tmp_path: Path) -> None:
    source = HEAD + "c = ClientSecretCredential('t', 'c\\nfoo bar', os.environ['S'])\n"
    run = run_on(tmp_path, source, targets=None, app=None)
    assert len(run.rewritten) == 1
    compile((tmp_path / "entra_fic.py").read_text(), "entra_fic.py", "exec")
    assert "\nfoo" not in (tmp_path / "entra_fic.py").read_text()


ELSEWHERE = {
    "a constant of another module": ("ids.py", "ID = '{}'\n", "from ids import ID\n", "ID"),
    "an attribute of another module": ("ids.py", "ID = '{}'\n", "import ids\n", "ids.ID"),
    "a class of another module": ("ids.py", "class Ids:\n    ID = '{}'\n", "from ids import Ids\n", "Ids.ID"),
    "a table of another module": ("ids.py", "IDS = {{'a': '{}', 'b': X}}\n", "from ids import IDS\n", "IDS['a']"),
    "a module of a package": ("shop/ids.py", "ID = '{}'\n", "from shop import ids\n", "ids.ID"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_client_id_that_stands_elsewhere_counts(tmp_path: Path, name: str) -> None:
    path, text, lead, expression = ELSEWHERE[name]
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text.format(OTHER_APP))
    source = f"{lead}{HEAD}c = ClientSecretCredential(T, {expression}, os.environ['S'])\n"
    run = run_on(tmp_path, source, targets=BOTH, app=APP, apply=False)
    assert [item.application for item in run.rewritten] == [OTHER_APP]
    assert reasons_of(run_on(tmp_path, source)) == ["not-in-plan"]


@pytest.mark.parametrize(
    "text",
    [
        f"ID = '{OTHER_APP}'\nID = compute()\n",
        f"class Ids:\n    ID = '{OTHER_APP}'\nIds.ID = compute()\nID = Ids.ID\n",
        f"class Ids(Base):\n    ID = '{OTHER_APP}'\nID = Ids.ID\n",
        f"from more import *\nID = '{OTHER_APP}'\n",
        f"ID = [x for x in '{OTHER_APP}']\n",
    ],
)
def test_a_client_id_elsewhere_that_may_be_another_does_not(tmp_path: Path, text: str) -> None:
    (tmp_path / "ids.py").write_text(text)
    source = f"from ids import ID\n{HEAD}c = ClientSecretCredential(T, ID, os.environ['S'])\n"
    assert reasons_of(run_on(tmp_path, source, targets=BOTH, app=None)) == ["unknown-application"]


@pytest.mark.parametrize("client", ["os.environ.get('ID', '{}')", "os.getenv('ID') or '{}'"])
def test_code_whose_default_is_another_application_is_not_the_named_one(tmp_path: Path, client: str) -> None:
    source = f"{HEAD}c = ClientSecretCredential(T, {client}, os.environ['S'])\n"
    assert reasons_of(run_on(tmp_path, source.format("x").replace("'x'", f"'{OTHER_APP}'"))) == ["unknown-application"]
    run = run_on(tmp_path, source.format(APP))
    assert [item.application for item in run.rewritten] == [APP]


def run_in(folder: Path, files: dict[str, str]) -> Run:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return rewrite(Request(paths=(folder,), targets=TARGETS, app=APP))


@pytest.mark.parametrize(("module", "rewritten"), [("..settings", 2), (".settings", 0)])
def test_the_same_settings_by_imports_of_different_levels_are_one_application(
    tmp_path: Path, module: str, rewritten: int
) -> None:
    code = "from azure.identity import ClientSecretCredential\nfrom {} import conf\n"
    code += "c = ClientSecretCredential(T, conf.client, conf.secret)\n"
    settings = "import os\nclass Conf:\n    client = os.environ['C']\n    secret = os.environ.get('S')\nconf = Conf()\n"
    run = run_in(tmp_path, {
        "shop/__init__.py": "", "shop/sub/__init__.py": "", "shop/settings.py": settings,
        "shop/sub/settings.py": settings.replace("'S'", "'OTHER'"), "shop/a.py": code.format(".settings"),
        "shop/sub/b.py": code.format(module),
    })  # fmt: skip
    assert len(run.rewritten) == rewritten
    assert reasons_of(run) == ["several-applications"] * (2 - rewritten)


@pytest.mark.parametrize(("taken", "rewritten"), [("from .. import settings", 2), ("import settings", 0)])
def test_a_module_taken_from_the_package_is_not_one_of_the_same_name(
    tmp_path: Path, taken: str, rewritten: int
) -> None:
    code = "from azure.identity import ClientSecretCredential\n{}\n"
    code += "c = ClientSecretCredential(T, settings.client, settings.secret)\n"
    settings = "import os\nclient = os.environ['C']\nsecret = os.environ.get('S')\n"
    run = run_in(tmp_path, {
        "shop/__init__.py": "", "shop/sub/__init__.py": "", "shop/settings.py": settings,
        "settings.py": settings.replace("'S'", "'OTHER'"), "shop/a.py": code.format("from . import settings"),
        "shop/sub/b.py": code.format(taken),
    })  # fmt: skip
    assert (len(run.rewritten), reasons_of(run)) == (rewritten, ["several-applications"] * (2 - rewritten))


@pytest.mark.parametrize(
    ("client", "why"),
    [
        ("client", "client may be more than one application, so --app does not settle it"),
        ("'not-an-id'", "is no client id, so --app does not settle it"),
        (f"os.getenv('CLIENT', '{OTHER_APP}')", f"where nothing else is set it is {OTHER_APP}"),
    ],
)
def test_it_is_said_why_a_given_application_does_not_settle_a_site(tmp_path: Path, client: str, why: str) -> None:
    source = "import os\nfrom azure.identity import ClientSecretCredential\ndef f(client):\n"
    run = run_on(tmp_path, f"{source}    return ClientSecretCredential(T, {client}, os.environ['S'])\n")
    assert reasons_of(run) == ["unknown-application"]
    assert why in run.reported[0].detail
