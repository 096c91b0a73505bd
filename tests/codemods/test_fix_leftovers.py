"""With --fix-leftovers: what nothing reads any more goes, exactly; everything else stays, with the reason."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.engine.run import rewrite
from codemods.model import Request, Run
from migrate import codescan
from tests.codemods.cases import APP, OTHER_APP, TARGETS, contents

NAME = "SHOP_SECRET"
VALUE = "hunter2hunter2"
HEAD = "import os\nfrom azure.identity import ClientSecretCredential\n"
SITE = f"{HEAD}c = ClientSecretCredential('t', '{APP}', os.environ['{NAME}'])\n"
IMPORTING = (
    f"from azure.identity import ClientSecretCredential\nfrom config import {{}}\n"
    f"c = ClientSecretCredential(TENANT, '{APP}', SECRET)\n"
)
SETTINGS = "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    tenant: str\n"
FIELD_SITE = (
    "from azure.identity import ClientSecretCredential\nfrom config import settings\n"
    f"c = ClientSecretCredential(settings.tenant, '{APP}', settings.shop_secret)\n"
)


def laid(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def fix(folder: Path, *, apply: bool = True, uncommitted: bool = False, app: str | None = APP) -> Run:
    request = Request(
        paths=(folder,), targets=TARGETS, app=app, apply=apply, fix_leftovers=True, uncommitted=uncommitted
    )
    return rewrite(request)


SETTING = {
    "an environment file": (".env.example", "A=1\nSHOP_SECRET=\nB=2\n", "A=1\nB=2\n"),
    "twice, exported, with CRLF": (
        "prod.env",
        "\ufeffexport SHOP_SECRET=x\r\nA=1\r\n# SHOP_SECRET=y\r\nSHOP_SECRET = 'z'\r\n",
        "\ufeffA=1\r\n# SHOP_SECRET=y\r\n",
    ),
    "a last line without an end": (".env", "A=1\nSHOP_SECRET=x", "A=1\n"),
    "a map of compose": (
        "compose.yaml",
        "services:\n  web:\n    build: .\n    environment:\n      A: 1\n      SHOP_SECRET: ${SHOP_SECRET}  # ours\n",
        "services:\n  web:\n    build: .\n    environment:\n      A: 1\n",
    ),
    "a list of compose": (
        "docker-compose.yml",
        "services:\n  web:\n    build: .\n    environment:\n      - SHOP_SECRET=x\n      - A=1\n",
        "services:\n  web:\n    build: .\n    environment:\n      - A=1\n",
    ),
    "the only variable of a service": (
        "compose.yaml",
        "services:\n  web:\n    environment:\n      SHOP_SECRET: x\n    build: .\n",
        "services:\n  web:\n    build: .\n",
    ),
    "a workflow, in all its places": (
        ".github/workflows/ci.yml",
        (
            "on: push\nenv:\n  SHOP_SECRET: ${{ secrets.SHOP_SECRET }}\njobs:\n  a:\n    env:\n      A: 1\n"
            "      SHOP_SECRET: x\n    steps:\n      - run: pytest\n"
            "        env:\n          SHOP_SECRET: ''\n          B: 2\n"
        ),
        "on: push\njobs:\n  a:\n    env:\n      A: 1\n    steps:\n      - run: pytest\n        env:\n          B: 2\n",
    ),
    "a pipeline": (
        "azure-pipelines.yml",
        (
            "variables:\n- group: shop\n- name: SHOP_SECRET\n  value: x\nsteps:\n- script: pytest\n  env:\n    A: 1\n"
            "    SHOP_SECRET: $(SHOP_SECRET)\n"
        ),
        "variables:\n- group: shop\nsteps:\n- script: pytest\n  env:\n    A: 1\n",
    ),
    "a deployment": (
        "deploy/web.yaml",
        (
            "apiVersion: apps/v1\nkind: Deployment\nspec:\n  containers:\n"
            "  - image: shop\n    env:\n    - name: SHOP_SECRET\n"
            "      valueFrom:\n        secretKeyRef:\n          name: shop\n"
            "          key: secret\n    # next\n    - name: A\n"
            "      value: b\n"
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nspec:\n  containers:\n"
            "  - image: shop\n    env:\n    # next\n    - name: A\n"
            "      value: b\n"
        ),
    ),
    "the values of a chart": ("chart/values.yaml", "env:\n  A: 1\n  SHOP_SECRET: x\n", "env:\n  A: 1\n"),
    "the settings of a function": (
        "local.settings.json",
        '{\n  "IsEncrypted": false,\n  "Values": {\n    "A": "1",\n    "SHOP_SECRET": "x"\n  }\n}\n',
        '{\n  "IsEncrypted": false,\n  "Values": {\n    "A": "1"\n  }\n}\n',
    ),
    "the settings of an application": (
        "appsettings.Production.json",
        '{"SHOP_SECRET": "x", "A": {"b": [1, {"SHOP": 2}]}}',
        '{"A": {"b": [1, {"SHOP": 2}]}}',
    ),
    "a map of Terraform": (
        "infra/main.tf",
        (
            'resource "azurerm_linux_web_app" "shop" {\n  app_settings = {\n'
            '    A = "1"\n    SHOP_SECRET = var.shop_secret\n'
            "    B = 2\n  }\n}\n"
        ),
        'resource "azurerm_linux_web_app" "shop" {\n  app_settings = {\n    A = "1"\n    B = 2\n  }\n}\n',
    ),
    "a block of Terraform": (
        "main.tf",
        (
            'container {\n  env {\n    name        = "SHOP_SECRET"\n'
            '    secret_name = "shop"\n  }\n  env {\n    name  = "A"\n'
            '    value = "1"\n  }\n}\n'
        ),
        'container {\n  env {\n    name  = "A"\n    value = "1"\n  }\n}\n',
    ),
    "a list of Bicep": (
        "main.bicep",
        (
            "resource a 'b@c' = {\n  siteConfig: {\n    appSettings: [\n      {\n        name: 'SHOP_SECRET'\n"
            "        value: shopSecret\n      }\n      {\n"
            "        name: 'A'\n        value: '1'\n      }\n    ]\n  }\n}\n"
        ),
        (
            "resource a 'b@c' = {\n  siteConfig: {\n    appSettings: [\n"
            "      {\n        name: 'A'\n        value: '1'\n"
            "      }\n    ]\n  }\n}\n"
        ),
    ),
}


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


CODE = {
    "a constant that only the site imported": (
        {
            "config.py": f"import os\nTENANT = 't'\nSECRET = os.environ['{NAME}']\n",
            "auth.py": IMPORTING.format("SECRET, TENANT"),
        },
        {"config.py": "import os\nTENANT = 't'\n"},
    ),
    "a constant that was imported alone": (
        {
            "config.py": f"import os\nSECRET = os.environ['{NAME}']\nX = 1\n",
            "auth.py": IMPORTING.format("SECRET").replace("TENANT", "'t'"),
        },
        {"config.py": "import os\nX = 1\n"},
    ),
    "a constant with its check": (
        {
            "config.py": (
                f"import os\nTENANT = 't'\nSECRET = os.getenv('{NAME}')\nif not SECRET:\n    raise SystemExit(1)\n"
            ),
            "auth.py": IMPORTING.format("TENANT, SECRET"),
        },
        {"config.py": "import os\nTENANT = 't'\n"},
    ),
    "a module that is imported": (
        {
            "config.py": f"import os\nTENANT = 't'\nSECRET = os.environ['{NAME}']\n",
            "auth.py": "import config\nfrom azure.identity import ClientSecretCredential\n"
            f"c = ClientSecretCredential(config.TENANT, '{APP}', config.SECRET)\n",
        },
        {"config.py": "import os\nTENANT = 't'\n"},
    ),
    "a check in another file": (
        {
            "app.py": SITE,
            "check.py": f"import os, sys\nif '{NAME}' not in os.environ:\n    print('no')\n    sys.exit(1)\nX = 1\n",
        },
        {"check.py": "import os, sys\nX = 1\n"},
    ),
    "an assertion": (
        {"app.py": SITE, "check.py": f"import os\nassert os.environ.get('{NAME}'), 'no'\nX = 1\n"},
        {"check.py": "import os\nX = 1\n"},
    ),
    "a read that nobody uses": (
        {"app.py": SITE, "other.py": f"import os\ndef f():\n    unused = os.environ['{NAME}']\n    return 1\n"},
        {"other.py": "import os\ndef f():\n    return 1\n"},
    ),
    "a read beside the site": (
        {"app.py": SITE.replace("c =", f"spare = os.getenv('{NAME}', '{VALUE}')\nc =")},
        {},
    ),
    "a required field": (
        {"config.py": f"{SETTINGS}    shop_secret: str\nsettings = Settings()\n", "auth.py": FIELD_SITE},
        {"config.py": f"{SETTINGS}settings = Settings()\n"},
    ),
    "an attribute of a class": (
        {
            "config.py": (
                f"import os\nclass Settings:\n    tenant = 't'\n"
                f"    shop_secret = os.environ['{NAME}']\nsettings = Settings()\n"
            ),
            "auth.py": FIELD_SITE,
        },
        {"config.py": "import os\nclass Settings:\n    tenant = 't'\nsettings = Settings()\n"},
    ),
}


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


ENV = (".env", f"{NAME}={VALUE}\nA=1\n")
STAYS = {
    "a script reads it": ({"run.sh": f'deploy --secret "${NAME}"\n'}, "run.sh:1 still names it"),
    "an image takes it": ({"Dockerfile": f"FROM x\nARG {NAME}\n"}, "Dockerfile:2 still names it"),
    "another language reads it": ({"src/main.go": f'os.Getenv("{NAME}")\n'}, "src/main.go:1 still names it"),
    "another language reads it by parts": (
        {"a.js": "process.env[`SHOP_${kind}`]\n"},
        "a.js:1 may put its name together",
    ),
    "another language spells it otherwise": ({"A.java": '@Value("${shop.secret}")\n'}, "A.java:1 still names it"),
    "a struct is filled from it": ({"c.go": "type C struct { ShopSecret string }\n"}, "c.go:1 still names it"),
    "code reads it by parts": (
        {"b.py": "import os\nx = os.environ[f'{kind}_SECRET']\n"},
        "b.py:2 may put its name together",
    ),
    "a prefix of settings": (
        {"b.py": "class S(B, env_prefix='SHOP'):\n    secret: str\n"},
        "b.py:1 may put its name together",
    ),
    "a prefix in a dictionary": ({"b.py": "load({'env_prefix': 'SHOP'})\n"}, "b.py:1 may put its name together"),
    "a prefix by a name": ({"b.py": "PREFIX = 'shop_'\n"}, "b.py:1 may put its name together"),
    "a prefix of another language": ({"c.go": 'viper.SetEnvPrefix("shop")\n'}, "c.go:1 may put its name together"),
    "a prefix of Spring": (
        {"C.java": '@ConfigurationProperties(prefix = "shop")\n'},
        "C.java:1 may put its name together",
    ),
    "a field in lower case": ({"b.py": "class S(Base):\n    shop_secret: str\n"}, "b.py:2 still names it"),
    "a list of names": ({"b.py": f"NAMES = ['{NAME}']\n"}, None),
    "an option": ({"b.py": "parser.add_argument('--shop-secret', required=True)\n"}, "b.py:1 still names it"),
    "a use of the value": ({"b.py": f"import os\nspare = os.getenv('{NAME}')\nsend(spare)\n"}, "b.py:3 uses spare"),
    "an import of the value": (
        {"b.py": f"import os\nspare = os.getenv('{NAME}')\n", "d.py": "from b import spare\n"},
        "b.py: spare on line 2 is used by d.py",
    ),
    "a text that names the value": (
        {"b.py": f"import os\nspare = os.getenv('{NAME}')\n", "d.py": "import b\nsetattr(b, 'spare', 1)\n"},
        "d.py:2 may reach spare",
    ),
    "a framework that hands settings on": (
        {
            "b.py": f"import os\nSPARE_ONE = os.getenv('{NAME}')\n",
            "d.py": "from django.conf import settings\nf(settings.SPARE_ONE)\n",
        },
        "d.py:2 may reach SPARE_ONE",
    ),
    "an application that is configured from a class": (
        {
            "b.py": f"import os\nclass Config:\n    A = 1\n    SPARE_ONE = os.getenv('{NAME}')\n",
            "d.py": "current_app.config.get('SPARE_ONE')\n",
        },
        "d.py:1 may reach SPARE_ONE",
    ),
    "a template": (
        {"b.py": f"import os\nSPARE_ONE = os.getenv('{NAME}')\n", "t/page.html": "<p>\n{{ config.SPARE_ONE }}\n"},
        "t/page.html:2 may reach SPARE_ONE",
    ),
    "a ready image that takes environment files": (
        {"compose.yaml": "services:\n  w:\n    image: x\n    env_file: .env\n"},
        "service w of compose.yaml takes environment files and is not built here, so who reads it cannot be seen",
    ),
    "a test that reads it": ({"test_b.py": f"import os\nx = os.environ['{NAME}']\n"}, "test_b.py:2 still names it"),
    "a notebook": ({"n.ipynb": f'{{"a": "os.environ[\'{NAME}\']"}}'}, "n.ipynb:1 still names it"),
    "code that is not Python 3": ({"old.py": f"print os.environ['{NAME}']\n"}, "old.py:1 still names it"),
    "a service that is not built here": (
        {"compose.yaml": f"services:\n  w:\n    image: x\n    environment:\n      A: 1\n      {NAME}: x\n"},
        "compose.yaml:6: its service is not built here, so who reads it cannot be seen",
    ),
    "another entry takes the value": (
        {"compose.yaml": f"services:\n  w:\n    build: .\n    environment:\n      OTHER: ${{{NAME}}}\n"},
        "compose.yaml:5 still names it",
    ),
    "an argument of a build": (
        {"compose.yaml": f"services:\n  w:\n    build:\n      args:\n        {NAME}: x\n"},
        "compose.yaml:5 still names it",
    ),
    "a step that uses an action": (
        {
            ".github/workflows/a.yml": (
                f"jobs:\n  a:\n    steps:\n    - uses: x/y@v1\n      env:\n        A: 1\n        {NAME}: x\n"
            )
        },
        ".github/workflows/a.yml:7: the action that the step uses may read it",
    ),
    "a command of a workflow": (
        {".github/workflows/a.yml": f"jobs:\n  a:\n    steps:\n    - run: echo ${NAME}\n"},
        ".github/workflows/a.yml:4 still names it",
    ),
    "a task of a pipeline": (
        {"azure-pipelines.yml": f"steps:\n- task: X@1\n  env:\n    A: 1\n    {NAME}: x\n"},
        "azure-pipelines.yml:5: the task may read it",
    ),
    "a template of a chart": (
        {"chart/templates/a.yaml": f"env:\n{{{{- range .Values.env }}}}\n- name: {NAME}\n"},
        "chart/templates/a.yaml:3 still names it",
    ),
    "a map on one line": (
        {"compose.yaml": f"services:\n  w:\n    build: .\n    environment: {{A: 1, {NAME}: x}}\n"},
        "compose.yaml:4: it shares its line with others",
    ),
    "a text over several lines": (
        {"compose.yaml": f"services:\n  w:\n    build: .\n    environment:\n      A: 1\n      {NAME}: |\n        x\n"},
        "compose.yaml:6: its value may go on over several lines",
    ),
    "an anchor that others use": (
        {"compose.yaml": f"services:\n  w:\n    build: .\n    environment:\n      {NAME}: &s x\n      A: *s\n"},
        "compose.yaml:5: what would be left could not be proven to be the same",
    ),
    "a map that a ready image takes by an alias": (
        {
            "compose.yaml": f"services:\n  w:\n    build: .\n    environment: &e\n      A: 1\n      {NAME}: x\n"
            "  o:\n    image: x\n    environment:\n      <<: *e\n"
        },
        "compose.yaml:6: others take it by an alias",
    ),
    "a service that others take by an alias": (
        {
            "compose.yaml": f"services:\n  w: &w\n    build: .\n    environment:\n      A: 1\n      {NAME}: x\n"
            "  o:\n    <<: *w\n    image: x\n"
        },
        "compose.yaml:6: others take it by an alias",
    ),
    "an only variable whose key is no line of its own": (
        {".github/workflows/a.yml": f"jobs:\n  a:\n    steps:\n    - env:\n        {NAME}: x\n      run: x\n"},
        ".github/workflows/a.yml:5: it is the only entry there",
    ),
    "a file of settings that programs read": ({"config.yaml": f"{NAME}: x\n"}, "config.yaml:1 still names it"),
    "settings with comments": (
        {"appsettings.json": f'{{\n  // ours\n  "{NAME}": "x"\n}}\n'},
        "appsettings.json:3: it is not plain JSON (comments, or a key twice)",
    ),
    "a value of an environment file over several lines": (
        {"b.env": f'KEY="a\n{NAME}=x\n"\n'},
        "b.env:2: its value may go on over several lines",
    ),
    "an expression of Terraform over several lines": (
        {"main.tf": f"a {{\n  app_settings = {{\n    {NAME} = x ? y\n      : z\n  }}\n}}\n"},
        "main.tf:3 still names it",
    ),
    "a heredoc": (
        {"main.tf": f"a {{\n  app_settings = {{\n    {NAME} = <<EOT\nx\nEOT\n  }}\n}}\n"},
        "main.tf:3: it has texts that are not understood (several lines, or templates in templates)",
    ),
    "an output": ({"main.tf": f'output "x" {{\n  value = app["{NAME}"]\n}}\n'}, "main.tf:2 still names it"),
    "another site": ({"b.py": SITE.replace("os.environ", "other")}, None),
    "a site of another application": ({"b.py": SITE.replace(APP, OTHER_APP)}, "b.py:3 still signs in with it"),
    "UTF-16": ({"b.txt": "\0".join(NAME)}, "b.txt:1 still names it"),
}


@pytest.mark.parametrize("case", STAYS)
def test_what_somebody_may_read_stays_everywhere_and_says_why(tmp_path: Path, case: str) -> None:
    files, why = STAYS[case]
    laid(tmp_path, {"app.py": SITE, ENV[0]: ENV[1], **files})
    run = fix(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in files if name != "b.py"} == {
        name: text.encode() for name, text in files.items() if name != "b.py"
    }
    assert (tmp_path / ".env").read_text() == ENV[1]
    assert not run.fixed
    assert not any(each.dead or each.removed for each in run.leftovers)
    kept = {each.kept for each in run.leftovers if each.path == ".env"}
    assert len(kept) == 1
    assert why is None or kept == {why}
    assert VALUE not in run.diff + repr(run)


_one_for_each_file = sorted({SETTING[case][0]: case for case in SETTING}.values())
_readers = sorted(case for case in STAYS if STAYS[case][1] is not None)


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


@pytest.mark.parametrize(
    "name", ["AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"]
)
def test_what_libraries_read_without_naming_it_stays(tmp_path: Path, name: str) -> None:
    laid(tmp_path, {"app.py": SITE.replace(NAME, name), ".env": f"{name}=x\n"})
    run = fix(tmp_path)
    assert run.rewritten
    assert (tmp_path / ".env").read_text() == f"{name}=x\n"
    assert {each.kept for each in run.leftovers} == {"libraries and tools read it without naming it"}


OPTION_SITE = (
    "import argparse\nfrom azure.identity import ClientSecretCredential\np = argparse.ArgumentParser()\n"
    "p.add_argument('--tenant', required=True)\np.add_argument({})\nargs = p.parse_args()\n"
    f"c = ClientSecretCredential(args.tenant, '{APP}', args.shop_secret)\n"
)
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


REQUIRED = {
    "it is read elsewhere": ("'--shop-secret', required=True", {"b.py": "def f(args):\n    return args.shop_secret\n"}),
    "it is a parameter": ("'--shop-secret', required=True", {"b.py": "def f(shop_secret): ...\n"}),
    "it is a text": ("'--shop-secret', required=True", {"b.py": "def f(a):\n    return getattr(a, 'shop_secret')\n"}),
    "it has another name": ("'--secret', dest='shop_secret', required=True", {}),
    "it has a type": ("'--shop-secret', type=check, required=True", {}),
    "a comment would be lost": ("'--shop-secret',  # ours\n    required=True", {}),
    "it is no option": ("'shop_secret'", {}),
}


@pytest.mark.parametrize("case", REQUIRED)
def test_an_option_that_may_be_needed_keeps_its_site(tmp_path: Path, case: str) -> None:
    option, others = REQUIRED[case]
    files = {"app.py": OPTION_SITE.format(option), **others}
    laid(tmp_path, files)
    assert not fix(tmp_path).rewritten
    assert contents(tmp_path) == {name: text.encode() for name, text in files.items()}


FIELDS = {
    "a class that reads files": (
        "    shop_secret: str\n    model_config = {'env_file': '.env'}\nsettings = Settings()\n"
    ),
    "a field that is validated": (
        "    shop_secret: str\n    @field_validator('shop_secret')\n    def f(cls, v): ...\nsettings = Settings()\n"
    ),
    "a field with an alias": "    shop_secret: str = Field(alias='OTHER')\nsettings = Settings()\n",
    "a class with a prefix": "    shop_secret: str\n    model_config = {'env_prefix': 'APP_'}\nsettings = Settings()\n",
    "an object that reads files": "    shop_secret: str\nsettings = Settings(_env_file='.env')\n",
    "a field that is used": "    shop_secret: str\nsettings = Settings()\nprint(settings.shop_secret)\n",
}


@pytest.mark.parametrize("case", FIELDS)
def test_a_field_that_may_be_needed_keeps_its_site(tmp_path: Path, case: str) -> None:
    files = {"config.py": SETTINGS + FIELDS[case], "auth.py": FIELD_SITE, ".env": f"{NAME}=x\n"}
    laid(tmp_path, files)
    run = fix(tmp_path)
    assert not run.rewritten
    assert contents(tmp_path) == {name: text.encode() for name, text in files.items()}


def test_an_import_that_may_do_more_is_not_lost(tmp_path: Path) -> None:
    config = f"import os\nfrom dotenv import load_dotenv\nload_dotenv()\nSECRET = os.environ['{NAME}']\n"
    files = {"config.py": config, "auth.py": IMPORTING.format("SECRET").replace("TENANT", "'t'")}
    laid(tmp_path, files)
    run = fix(tmp_path)
    assert not run.rewritten
    assert contents(tmp_path) == {name: text.encode() for name, text in files.items()}


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


def test_a_name_that_is_no_name_stays(tmp_path: Path) -> None:
    name = "SHOP.*(SECRET"
    laid(tmp_path, {"app.py": SITE.replace(NAME, name), ".env": f"{name}=x\n"})
    assert {each.kept for each in fix(tmp_path).leftovers} == {"it is not the name of a variable"}
    assert (tmp_path / ".env").read_text() == f"{name}=x\n"


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
