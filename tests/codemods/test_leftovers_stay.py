"""What may still be read stays everywhere, and every place says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codemods.cases import APP, OTHER_APP, contents
from tests.codemods.leftover_cases import (
    FIELD_SITE,
    IMPORTING,
    NAME,
    OPTION_SITE,
    SETTINGS,
    SITE,
    VALUE,
    fix,
    laid,
)

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
        "b.py: SPARE_ONE on line 2 is used by d.py",
    ),
    "an application that is configured from a class": (
        {
            "b.py": f"import os\nclass Config:\n    A = 1\n    SPARE_ONE = os.getenv('{NAME}')\n",
            "d.py": "current_app.config.get('SPARE_ONE')\n",
        },
        "b.py: SPARE_ONE on line 4 is used by d.py",
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


@pytest.mark.parametrize(
    "name", ["AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"]
)
def test_what_libraries_read_without_naming_it_stays(tmp_path: Path, name: str) -> None:
    laid(tmp_path, {"app.py": SITE.replace(NAME, name), ".env": f"{name}=x\n"})
    run = fix(tmp_path)
    assert run.rewritten
    assert (tmp_path / ".env").read_text() == f"{name}=x\n"
    assert {each.kept for each in run.leftovers} == {"libraries and tools read it without naming it"}


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


def test_a_name_that_is_no_name_stays(tmp_path: Path) -> None:
    name = "SHOP.*(SECRET"
    laid(tmp_path, {"app.py": SITE.replace(NAME, name), ".env": f"{name}=x\n"})
    assert {each.kept for each in fix(tmp_path).leftovers} == {"it is not the name of a variable"}
    assert (tmp_path / ".env").read_text() == f"{name}=x\n"
