"""What still reads, needs or sets the secret is told by kind and application, and never with a value."""

import re
import subprocess
from pathlib import Path

import pytest

from codemods.engine.leftovers import leftovers_by_name
from codemods.engine.run import rewrite
from codemods.leftover import IGNORED
from codemods.leftovers.place import key_hits
from codemods.leftovers.places import place_of
from codemods.model import Request, Run
from migrate import codescan
from tests.codemods.cases import APP, OTHER_APP, TARGETS

NAME = "SHOP_SECRET"
VALUE = "hunter2hunter2"
SITE = f"""import os
from azure.identity import ClientSecretCredential
c = ClientSecretCredential('t', '{APP}', os.environ['{NAME}'])
"""
SETTINGS = """import os
class Settings:
    shop_secret = os.getenv('SHOP_SECRET')
settings = Settings()
"""
AUTH = f"""from azure.identity import ClientSecretCredential
from shop.settings import settings
def sign_in():
    return ClientSecretCredential('t', '{APP}', settings.shop_secret)
"""


def run_with(folder: Path, name: str, text: str | bytes) -> Run:
    for path, body in ((folder / "app.py", SITE), (folder / name, text)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode() if isinstance(body, str) else body)
    return rewrite(Request(paths=(folder,), targets=TARGETS, app=APP))


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        (".env", f"{NAME}={VALUE}\n", "env-file"),
        (".env.example", f"{NAME}=\n", "env-file"),
        ("docker-compose.prod.yml", f"environment:\n  - {NAME}={VALUE}\n", "compose"),
        ("Dockerfile", f"ARG {NAME}\n", "dockerfile"),
        ("deploy/web.yaml", f"kind: Deployment\nenv:\n- name: {NAME}\n", "kubernetes"),
        ("chart/values.yaml", f"extra:\n  {NAME}: x\n", "kubernetes"),
        (".github/workflows/ci.yml", f"env:\n  X: ${{{{ secrets.{NAME} }}}}\n", "github-actions"),
        ("azure-pipelines.yml", f"variables:\n  {NAME}: $(x)\n", "azure-pipelines"),
        ("infra/main.tf", f"app_settings = {{ {NAME} = var.s }}\n", "terraform"),
        ("infra/main.bicep", f"name: '{NAME}'\n", "bicep"),
        ("infra/azuredeploy.json", f'{{"$schema": "https://schema.management.azure.com/x", "a": "{NAME}"}}', "bicep"),
        ("local.settings.json", f'{{"Values": {{"{NAME}": "{VALUE}"}}}}', "settings-file"),
        ("run.sh", f"export {NAME}={VALUE}\n", "shell"),
        (".streamlit/secrets.toml", f'{NAME} = "{VALUE}"\n', "settings-file"),
        (".secrets.toml", f'[default]\n{NAME} = "{VALUE}"\n', "settings-file"),
        ("settings.toml", f'[azure]\n{NAME} = "{VALUE}"\n', "settings-file"),
        ("conf/base.ini", f"[azure]\n{NAME} = {VALUE}\n", "settings-file"),
        ("databricks/job.json", f'{{"spark_env_vars": {{"{NAME}": "{VALUE}"}}}}\n', "settings-file"),
        (".envrc", f"export {NAME}={VALUE}\n", "env-file"),
        ("docker/app.env.j2", f"{NAME}={{{{ x }}}}\n", "env-file"),
        ("env.example", f"{NAME}=\n", "env-file"),
        ("deploy/shop.service", f"[Service]\nEnvironment={NAME}={VALUE}\n", "service"),
        ("deploy/shop.container", f"[Container]\nEnvironment={NAME}={VALUE}\n", "service"),
        ("deploy/supervisor/shop.conf", f'[program:shop]\nenvironment={NAME}="{VALUE}"\n', "service"),
        ("uwsgi.ini", f"[uwsgi]\nenv = {NAME}={VALUE}\n", "service"),
        ("deploy/crontab", f"{NAME}={VALUE}\n0 4 * * * python -m shop\n", "service"),
        ("fly.toml", f'[env]\n{NAME} = "{VALUE}"\n', "platform"),
        ("app.json", f'{{"env": {{"{NAME}": {{"required": true}}}}}}\n', "platform"),
        ("app.yaml", f"env_variables:\n  {NAME}: {VALUE}\n", "kubernetes"),
        ("tox.ini", f"[testenv]\nsetenv =\n    {NAME} = {VALUE}\n", "tool"),
        ("pytest.ini", f"[pytest]\nenv =\n    {NAME}={VALUE}\n", "tool"),
        ("pyproject.toml", f'[tool.pytest.ini_options]\nenv = ["{NAME}={VALUE}"]\n', "tool"),
        (".vscode/launch.json", f'{{"configurations": [{{"env": {{"{NAME}": "{VALUE}"}}}}]}}\n', "tool"),
        (".devcontainer/devcontainer.json", f'{{"remoteEnv": {{"{NAME}": "${{localEnv:{NAME}}}"}}}}\n', "tool"),
        ("Procfile.dev", f"web: {NAME}={VALUE} gunicorn shop\n", "shell"),
        ("Jenkinsfile", f"environment {{ {NAME} = credentials('shop') }}\n", "shell"),
        ("bin/start", f"#!/bin/sh\nexport {NAME}={VALUE}\n", "shell"),
        ("infra/stack.ts", f"environment: {{ {NAME}: secret.value }},\n", "code-sets"),
        ("package.json", f'{{"scripts": {{"start": "{NAME}={VALUE} python -m shop"}}}}\n', "settings-file"),
        ("shop.desktop", f"[Desktop Entry]\nExec=env {NAME}={VALUE} shop\n", "service"),
        ("Pipfile", f'[scripts]\nrun = "env {NAME}={VALUE} python -m shop"\n', "tool"),
        ("CMakeLists.txt", f"set(ENV{{{NAME}}} {VALUE})\n", "shell"),
        ("Rakefile", f'ENV["{NAME}"] = "{VALUE}"\n', "code-sets"),
        ("BUILD.bazel", f'py_binary(name = "shop", env = {{"{NAME}": "{VALUE}"}})\n', "code-sets"),
        ("gunicorn.conf.py", f'raw_env = ["{NAME}={VALUE}"]\n', "code-sets"),
        ("fabfile.py", f'def start(c):\n    c.run("env {NAME}={VALUE} python -m shop")\n', "code-sets"),
        (".env", f"\ufeff{NAME}={VALUE}\r\n".encode(), "env-file"),
        (".env", f"{NAME}={VALUE}\n".encode("utf-16"), "env-file"),
    ],
)
def test_a_place_that_sets_it_is_told_and_holds_nothing(
    tmp_path: Path, name: str, text: str | bytes, kind: str
) -> None:
    run = run_with(tmp_path, name, text)
    assert [(each.kind.value, each.path, each.name, each.application) for each in run.leftovers] == [
        (kind, name, NAME, APP)
    ]
    assert run.rewritten
    assert VALUE not in repr(run.leftovers)
    reasons = [each.reason for each in codescan.open_findings(run, None)]
    assert reasons == ["rewrite-not-applied"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shop/deploy.py", f"import os\nos.system('curl -d client_secret=${NAME} x')\n"),
        ("shop/deploy.py", f"run(f'docker login -p ${{{{{NAME}}}}} {{x}}')\n"),
        ("Snakefile", f'envvars:\n    "{NAME}"\n'),
        ("Rakefile", f'ENV.fetch("{NAME}")\n'),
        ("token.http", f"client_secret={{{{$dotenv {NAME}}}}}\n"),
    ],
)
def test_a_command_or_a_build_that_needs_it_holds_the_gate(tmp_path: Path, name: str, text: str) -> None:
    run = run_with(tmp_path, name, text)
    assert [(each.kind.value, each.path, each.name) for each in run.leftovers] == [("other-use", name, NAME)]


MOUNTED = {
    "compose.yaml": "secrets:\n  shop_client_secret:\n    file: ./secrets/shop_client_secret\n",
    "deploy/shop.yaml": "items:\n- key: shop_client_secret\n  path: shop_client_secret\n",
    "secrets/shop_client_secret": VALUE,
    "secrets/other": VALUE,
    "secrets/README.md": "shop_client_secret\n",
}


@pytest.mark.parametrize(
    "read",
    [
        "Path('/run/secrets/shop_client_secret').read_text('utf-8').strip()",
        "(FOLDER / 'shop_client_secret').read_text()",
        "open('/mnt/secrets-store/shop_client_secret').read()",
        "open(os.path.join('/run/secrets', 'shop_client_secret')).read()",
    ],
)
def test_a_secret_that_is_mounted_as_a_file_is_told_where_it_comes_from(tmp_path: Path, read: str) -> None:
    source = SOURCE_OF_FILE.format(read=read)
    for name, text in {**MOUNTED, "app.py": source}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert run.rewritten
    assert {(each.path, each.kind.value) for each in run.leftovers} == {
        ("compose.yaml", "compose"),
        ("deploy/shop.yaml", "kubernetes"),
        ("secrets/shop_client_secret", "settings-file"),
    }
    assert VALUE not in repr(run.leftovers)


SOURCE_OF_FILE = """\
import os
from pathlib import Path
from azure.identity import ClientSecretCredential
FOLDER = Path("/run/secrets")
secret = {read}
c = ClientSecretCredential(T, A, secret)
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", f"# {NAME}=x\nMY_{NAME}=x\n{NAME}_OLD=x\n"),
        ("notes.txt", NAME),
        ("package.json", f'{{"x": "{NAME}"}}'),
        ("bin/notes", f"{NAME}\n"),
        ("web/sign_in.ts", f"// process.env.{NAME}\n"),
        ("setup.cfg", f"[metadata]\n# {NAME}\nlong_description = shop_secret\n"),
        ("blob.yaml", b"\0" + NAME.encode()),
        ("src/other.py", f"# {NAME}\n'''{NAME} is gone'''\n"),
        ("src/other.py", f"'''export {NAME}=...'''\nprint('set {NAME}=...')\nraise ValueError('${NAME} is missing')\n"),
        ("src/other.py", f"{NAME}=1\nx = '{NAME}==' + '$MY_{NAME}' + '{NAME}S='\n"),
        ("shop.desktop", f"[Other]\nName={NAME.lower()}\n"),
    ],
)
def test_what_sets_nothing_is_not_told(tmp_path: Path, name: str, text: str | bytes) -> None:
    assert not run_with(tmp_path, name, text).leftovers


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"import os\nx = os.environ['{NAME}']\n", "hard-read"),
        (f"import os\nx = os.getenv('{NAME}')\nif not x:\n    raise SystemExit\n", "start-up-check"),
        (f"import os\nsend(os.getenv('{NAME}'))\n", "other-use"),
        (f"from decouple import config\nx = config('{NAME}')\n", "hard-read"),
        (f"import os\na, b = map(os.environ.get, ['A', '{NAME}'])\n", "other-use"),
        (f"import os\nNAMES = ['A', '{NAME}']\na, b = [os.environ[name] for name in NAMES]\n", "hard-read"),
        (
            f"import os\nNAMES = ['A', '{NAME}']\nlost = [name for name in NAMES if not os.getenv(name)]\n",
            "start-up-check",
        ),
        (f"import os\napp.config['{NAME}'] = os.environ.get('{NAME}')\n", "other-use"),
        (
            f"import attrs, os\n@attrs.define\nclass S:\n    s = attrs.field(factory=lambda: os.environ['{NAME}'])\n",
            "hard-read",
        ),
        (
            f"import typer\ndef run(secret: typing.Annotated[str, typer.Option(envvar='{NAME}')]):\n    pass\n",
            "required-option",
        ),
        (
            "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    shop_secret: str\n",
            "required-setting",
        ),
        ("from dataclasses import dataclass\n@dataclass\nclass S:\n    shop_secret: str\n", "required-setting"),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--shop-secret', required=True)\n",
            "required-option",
        ),
        (f"import click\n@click.option('--x', envvar='{NAME}', required=True)\ndef f(x): ...\n", "required-option"),
    ],
)
def test_code_that_fails_or_uses_it_holds_the_gate(tmp_path: Path, text: str, kind: str) -> None:
    run = run_with(tmp_path, "other.py", text)
    assert [(each.kind.value, each.path, each.application) for each in run.leftovers] == [(kind, "other.py", APP)]
    held = [(each.reason, each.application) for each in codescan.open_findings(run, None)]
    assert (kind, APP) in held


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("run.sh", f': "${{{NAME}:?must be set}}"\n', "start-up-check"),
        ("run.sh", f'if [ -z "${NAME}" ]; then exit 1; fi\n', "start-up-check"),
        ("run.ps1", f"if (-not $env:{NAME}) {{ throw }}\n", "start-up-check"),
        ("compose.yaml", f"environment:\n  {NAME}: ${{{NAME}:?}}\n", "start-up-check"),
        ("run.sh", f'az login --service-principal -u a -p "${NAME}" --tenant t\n', "other-use"),
        ("run.sh", f'az login --service-principal \\\n  -u a \\\n  -p "${{{NAME}}}" \\\n  --tenant t\n', "other-use"),
        ("run.sh", f"curl -d client_secret=${NAME} https://x\n", "other-use"),
        ("run.sh", f'echo "${NAME}" | docker login x.azurecr.io -u a --password-stdin\n', "other-use"),
        ("run.ps1", f"az login --service-principal `\n -u a -p $env:{NAME}\n", "other-use"),
        (".github/workflows/ci.yml", f"  run: az login -u a -p ${{{{ secrets.{NAME} }}}}\n", "other-use"),
        ("azure-pipelines.yml", f"- script: az login -u a -p $({NAME})\n", "other-use"),
    ],
)
def test_a_script_that_stops_without_it_or_signs_in_with_it_holds_the_gate(
    tmp_path: Path, name: str, text: str, kind: str
) -> None:
    run = run_with(tmp_path, name, text)
    assert {(each.kind.value, each.path, each.application) for each in run.leftovers} == {(kind, name, APP)}
    held = [(each.reason, each.application) for each in codescan.open_findings(run, None)]
    assert (kind, APP) in held


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("web/sign_in.ts", f"const secret = process.env.{NAME} ?? '';\n"),
        ("web/env.ts", f"export const env = z.object({{\n  {NAME}: z.string().min(1),\n}});\n"),
        ("cmd/main.go", f'secret := os.Getenv("{NAME}")\n'),
        ("src/Main.java", f'@Value("${{{NAME}}}") String secret;\n'),
        ("Startup.cs", f'var secret = Configuration["{NAME}"];\n'),
    ],
)
def test_a_program_in_another_language_that_reads_it_holds_the_gate(tmp_path: Path, name: str, text: str) -> None:
    run = run_with(tmp_path, name, text)
    assert {(each.kind.value, each.path, each.application) for each in run.leftovers} == {("other-use", name, APP)}
    assert ("other-use", APP) in {(each.reason, each.application) for each in codescan.open_findings(run, None)}


LOADED = {
    "of Streamlit": ("import streamlit as st\n", "st.secrets['azure']['client_secret']", ".streamlit/secrets.toml"),
    "of a name of its own": (
        "import yaml\nst = yaml.safe_load(open('conf/entra.yml'))\n",
        "st['client_secret']",
        "conf/entra.yml",
    ),
    "of a loader that takes any case": ("from shop import st\n", "st.shop_secret", "config/settings.toml"),
    "of an environment file in small letters": ("from shop import st\n", "st.shop_secret", "prod.env"),
    "under a word that says little": ("import json\nst = json.load(open('entra.json'))\n", "st['key']", "entra.json"),
}


@pytest.mark.parametrize("case", LOADED)
def test_the_entry_of_a_settings_file_that_the_code_reads_is_told(tmp_path: Path, case: str) -> None:
    lead, read, name = LOADED[case]
    key = re.split(r"\['|\.", read)[-1].removesuffix("']")
    text = {
        "env": f"{key}={VALUE}\n",
        "toml": f'[azure]\n{key} = "{VALUE}"\n',
        "yml": f"{key}: {VALUE}\n",
        "json": f'{{"{key}": "{VALUE}"}}\n',
    }
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text[name.rpartition(".")[2]])
    (tmp_path / "other.yml").write_text(f"{key}: {VALUE}\n")
    head = f"{lead}from azure.identity import ClientSecretCredential\n"
    (tmp_path / "app.py").write_text(f"{head}c = ClientSecretCredential('t', '{APP}', {read})\n")
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert [(each.path, each.name.lower(), each.application) for each in run.leftovers] == [(name, key, APP)]
    assert VALUE not in repr(run.leftovers)


def test_secrets_in_a_folder_that_git_ignores_are_told(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S607 - wherever it is installed
    (tmp_path / ".gitignore").write_text(".streamlit\n")
    run = run_with(tmp_path, ".streamlit/secrets.toml", f'{NAME} = "{VALUE}"\n')
    assert [(each.path, each.detail) for each in run.leftovers] == [(".streamlit/secrets.toml", IGNORED)]


@pytest.mark.parametrize(
    "text",
    [
        f'export {NAME}="${NAME}"\n',
        f'docker run -e {NAME}="${NAME}" shop\n',
        f"az webapp config appsettings set --settings {NAME}=${NAME}\n",
        f"az login --identity\nexport {NAME}=x\n",
        f"curl https://x \\\n  -o y\necho ${NAME}\n",
    ],
)
def test_a_script_that_sets_it_or_passes_it_on_holds_nothing(tmp_path: Path, text: str) -> None:
    run = run_with(tmp_path, "run.sh", text)
    assert {each.kind.value for each in run.leftovers} == {"shell"}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("other.py", f"import os\nos.environ['{NAME}'] = 'x'\n", "code-sets"),
        ("tests/test_a.py", f"import pytest\ndef test(m):\n    m.setenv('{NAME}', 'x')\n", "test"),
    ],
)
def test_code_that_only_sets_it_holds_nothing(tmp_path: Path, name: str, text: str, kind: str) -> None:
    run = run_with(tmp_path, name, text)
    assert [each.kind.value for each in run.leftovers] == [kind]
    assert kind not in {each.reason for each in codescan.open_findings(run, None)}


def test_optional_places_are_not_told(tmp_path: Path) -> None:
    text = "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    shop_secret: str | None = None\n"
    assert not run_with(tmp_path, "other.py", text).leftovers


@pytest.mark.parametrize(("client", "whose"), [(APP, APP), (OTHER_APP, None)])
def test_a_workflow_that_signs_in_holds_only_the_application_it_names(
    tmp_path: Path, client: str, whose: str | None
) -> None:
    text = f"steps:\n- uses: azure/login@v2\n  with:\n    client-id: {client}\n    client-secret: x\n"
    run = run_with(tmp_path, ".github/workflows/ci.yml", text)
    assert [(each.kind.value, each.application) for each in run.leftovers] == [("github-login", whose)]
    held = [each for each in codescan.open_findings(run, None) if each.reason == "github-login"]
    assert [each.application for each in held] == ([APP] if whose else [])


def test_a_name_of_two_applications_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "second.py").write_text(SITE.replace(APP, OTHER_APP))
    run = run_with(tmp_path, ".env", f"{NAME}=x\n")
    assert [each.application for each in run.leftovers] == [None]


def test_a_large_file_and_a_link_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / ".env.local").symlink_to("/nowhere")
    run = run_with(tmp_path, ".env", b"x" * (1024 * 1024 + 1))
    assert [(each.kind.value, each.path) for each in run.leftovers] == [("unreadable", ".env")]


def test_a_web_application_with_everything_around_it(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "azure-identity>=1.12\nfastapi\n",
        "shop/__init__.py": "",
        "shop/settings.py": SETTINGS,
        "shop/auth.py": AUTH,
        "compose.yaml": f"services:\n  web:\n    environment:\n      {NAME}: {VALUE}\n",
        ".github/workflows/deploy.yml": f"env:\n  {NAME}: ${{{{ secrets.{NAME} }}}}\n",
        "infra/main.tf": f'resource "azuread_application_password" "shop" {{}}\napp_settings = {{ {NAME} = "x" }}\n',
        "tests/test_auth.py": f"import pytest\ndef test(monkeypatch):\n    monkeypatch.setenv('{NAME}', '{VALUE}')\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, apply=True))
    assert [each.site.path for each in run.rewritten] == ["shop/auth.py"]
    assert (tmp_path / "requirements.txt").read_text() == "azure-identity>=1.17.0\nfastapi\n"
    told = {(each.kind.value, each.path) for each in run.leftovers if each.application == APP}
    assert told >= {
        ("compose", "compose.yaml"),
        ("github-actions", ".github/workflows/deploy.yml"),
        ("terraform", "infra/main.tf"),
        ("test", "tests/test_auth.py"),
    }
    assert ("terraform-password", "infra/main.tf") in {(each.kind.value, each.path) for each in run.leftovers}
    assert VALUE not in repr(run.leftovers)
    assert VALUE not in run.diff


@pytest.mark.parametrize("pair", ["Account(({0}, {1}))", "pair = ({0}, {1})\nAccount(pair)"])
def test_the_client_id_beside_a_secret_in_a_pair_is_no_leftover(tmp_path: Path, pair: str) -> None:
    use = pair.format("os.environ['SHOP_CLIENT']", f"os.environ['{NAME}']")
    check = f"if not os.getenv('SHOP_CLIENT') or not os.getenv('{NAME}'):\n    raise SystemExit\n"
    (tmp_path / "app.py").write_text(f"import os\nfrom O365 import Account\n{use}\n")
    (tmp_path / "start.py").write_text(f"import os\n{check}")
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert {leftover.name for leftover in run.leftovers} == {NAME}


@pytest.mark.parametrize(
    "config",
    [
        f"import os\nclass Config:\n    {NAME} = os.environ.get('{NAME}')\n",
        f"import os\nCONFIG = {{'A': 1, '{NAME}': os.getenv('{NAME}', '')}}\n",
    ],
)
def test_what_a_rewritten_site_read_from_is_told_and_holds_nothing(tmp_path: Path, config: str) -> None:
    read = f"Config.{NAME}" if "class" in config else f"CONFIG['{NAME}']"
    (tmp_path / "config.py").write_text(config)
    (tmp_path / "app.py").write_text(
        "from azure.identity import ClientSecretCredential\nfrom config import *\n"
        f"c = ClientSecretCredential('t', '{APP}', {read})\n".replace("*", read.partition(".")[0].partition("[")[0])
    )
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS))
    assert run.rewritten
    assert [(each.kind.value, each.path, each.application) for each in run.leftovers] == [
        ("soft-read", "config.py", APP)
    ]
    assert [each.reason for each in codescan.open_findings(run, None)] == ["rewrite-not-applied"]


@pytest.mark.parametrize(
    "site",
    [
        "t, s = os.environ['T'], str(os.environ['SHOP_SECRET'])\nc = ClientSecretCredential(t, A, s)\n",
        "s = r = os.environ['SHOP_SECRET']\nc = ClientSecretCredential(T, A, s)\n",
        "if (s := os.environ['SHOP_SECRET']):\n    c = ClientSecretCredential(T, A, s)\n",
        (
            "class C:\n    def __init__(self):\n        self.s = os.environ['SHOP_SECRET']\n"
            "    def f(self):\n        return ClientSecretCredential(T, A, self.s)\n"
        ),
        "t, s = (os.environ[n] for n in ('SHOP_TENANT', 'SHOP_SECRET'))\nc = ClientSecretCredential(t, A, s)\n",
        "def f(s=None):\n    s = s or os.environ['SHOP_SECRET']\n    return ClientSecretCredential(T, A, s)\n",
        (
            "class C:\n    @property\n    def s(self):\n        return os.environ['SHOP_SECRET']\n"
            "c = C()\nd = ClientSecretCredential(T, A, c.s)\n"
        ),
        (
            "class C:\n    def __init__(self, s):\n        self.s = s\n    @classmethod\n    def from_env(cls):\n"
            "        return cls(s=os.environ['SHOP_SECRET'])\nc = C.from_env()\nd = ClientSecretCredential(T, A, c.s)\n"
        ),
    ],
)
def test_a_site_that_stays_says_which_variable_it_reads_and_whose_it_is(tmp_path: Path, site: str) -> None:
    (tmp_path / "app.py").write_text(f"import os\nfrom azure.identity import ClientSecretCredential\n{site}")
    (tmp_path / ".env").write_text("SHOP_SECRET=x\n")
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert not run.rewritten
    found = {(each.kind.value, each.application) for each in run.leftovers}
    assert found == {("hard-read", APP), ("env-file", APP)}


@pytest.mark.parametrize(
    "site",
    [
        "o = {'tenant_id': T, 'client_secret': os.environ['SHOP_SECRET']}\nc = ClientSecretCredential(**o)\n",
        "o = dict(tenant_id=T)\no['client_secret'] = os.environ['SHOP_SECRET']\nc = ClientSecretCredential(**o)\n",
        "p = (os.environ['SHOP_TENANT'], A, os.environ['SHOP_SECRET'])\nc = ClientSecretCredential(*p)\n",
        "from functools import partial\nc = partial(ClientSecretCredential, client_secret=os.environ['SHOP_SECRET'])\n",
        "class C(ClientSecretCredential):\n    pass\nc = C(os.environ['SHOP_TENANT'], A, os.environ['SHOP_SECRET'])\n",
        "t, s = map(os.getenv, ['SHOP_TENANT', 'SHOP_SECRET'])\nc = ClientSecretCredential(t, A, s)\n",
        (
            "from operator import itemgetter\nt, s = itemgetter('SHOP_TENANT', 'SHOP_SECRET')(os.environ)\n"
            "c = ClientSecretCredential(t, A, s)\n"
        ),
        "def f(t, s=os.getenv('SHOP_SECRET')):\n    return ClientSecretCredential(t, A, s)\n",
        (
            "class C:\n    def __init__(self, t=None, s=os.getenv('SHOP_SECRET')):\n        self.t, self.s = t, s\n"
            "    def f(self):\n        return ClientSecretCredential(self.t, A, self.s)\n"
        ),
        (
            "from pydantic import Field\nfrom pydantic_settings import BaseSettings\nclass S(BaseSettings):\n"
            "    key: str = Field(validation_alias='SHOP_SECRET')\ns = S()\nc = ClientSecretCredential(T, A, s.key)\n"
        ),
        (
            "from pydantic_settings import BaseSettings, SettingsConfigDict\nclass S(BaseSettings):\n"
            "    model_config = SettingsConfigDict(env_prefix='SHOP_')\n    secret: str\n"
            "s = S()\nc = ClientSecretCredential(T, A, s.secret)\n"
        ),
    ],
)
def test_what_sets_the_variable_of_a_site_that_stays_is_found_however_it_is_read(tmp_path: Path, site: str) -> None:
    (tmp_path / "app.py").write_text(f"import os\nfrom azure.identity import ClientSecretCredential\n{site}")
    (tmp_path / ".env").write_text("SHOP_SECRET=x\nSHOP_TENANT=y\n")
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert not run.rewritten
    assert {each.name for each in run.leftovers if each.path == ".env"} == {NAME}


def test_a_property_that_gives_nothing_without_the_variable_is_optional(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os\nfrom azure.identity import ClientSecretCredential\nclass C:\n    @property\n    def s(self):\n"
        f"        return os.getenv('SHOP_SECRET')\nc = C()\nd = ClientSecretCredential(T, '{APP}', c.s)\n"
    )
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert run.rewritten
    assert [each.kind.value for each in run.leftovers] == ["soft-read"]


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        (
            "t, s = os.getenv('T'), str(os.getenv('SHOP_SECRET'))\nc = ClientSecretCredential(t, A, s)\n",
            "dynamic-secret",
        ),
        ("if s := os.getenv('SHOP_SECRET'):\n    c = ClientSecretCredential(T, A, s)\n", "guarded-by-secret"),
    ],
)
def test_the_read_of_a_site_that_stays_is_no_other_use(tmp_path: Path, site: str, reason: str) -> None:
    (tmp_path / "app.py").write_text(f"import os\nfrom azure.identity import ClientSecretCredential\n{site}")
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert [item.reason.value for item in run.reported] == [reason]
    assert not run.leftovers


@pytest.mark.parametrize(
    "code",
    [
        "import click\n@click.command()\n@click.option('--secret', '-s', envvar='SHOP_SECRET', required=True)\n",
        "import click\n@click.command()\n@click.option('--s', 'secret', envvar=['SHOP_SECRET', 'X'], required=True)\n",
    ],
)
def test_an_option_that_gives_the_secret_is_told_with_what_sets_it(tmp_path: Path, code: str) -> None:
    (tmp_path / "app.py").write_text(
        "from azure.identity import ClientSecretCredential\n"
        f"{code}def main(secret):\n    ClientSecretCredential(T, A, secret)\n"
    )
    (tmp_path / ".env").write_text("SHOP_SECRET=x\n")
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert [item.reason.value for item in run.reported] == ["caller-supplied-secret"]
    assert {each.kind.value for each in run.leftovers if each.name == NAME} == {"env-file", "required-option"}


def test_an_option_of_typer_is_told_with_what_sets_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import typer\nfrom typing import Annotated\nfrom azure.identity import ClientSecretCredential\n"
        "def main(secret: Annotated[str, typer.Option(envvar='SHOP_SECRET')], b: str = typer.Option(envvar='NO')):\n"
        "    ClientSecretCredential(T, A, secret)\n"
    )
    (tmp_path / ".env").write_text("SHOP_SECRET=x\nNO=y\n")
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert {(each.kind.value, each.name) for each in run.leftovers} == {("env-file", NAME), ("required-option", NAME)}


@pytest.mark.parametrize(
    "lines",
    [
        "SP = json.loads(os.environ['SHOP_SP'])\nc = ClientSecretCredential('t', {app}, SP['secret'])\n",
        "text = os.environ['SHOP_SP']\nSP = json.loads(text)\nc = ClientSecretCredential('t', {app}, SP['secret'])\n",
        "c = ClientSecretCredential('t', {app}, json.loads(os.environ['SHOP_SP'])['secret'])\n",
    ],
)
def test_a_variable_that_holds_the_secret_among_other_things_is_told_and_stays(tmp_path: Path, lines: str) -> None:
    head = "import json, os\nfrom azure.identity import ClientSecretCredential\n"
    (tmp_path / ".env").write_text(f'SHOP_SP={{"secret": "{VALUE}"}}\n')
    (tmp_path / "app.py").write_text(head + lines.format(app=repr(APP)))
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, apply=True, fix_leftovers=True))
    assert run.rewritten
    assert {(each.kind.value, each.name, each.application) for each in run.leftovers} == {
        ("holds-more", "SHOP_SP", APP)
    }
    assert (".env", 1) in {(each.path, each.line) for each in run.leftovers}
    assert VALUE in (tmp_path / ".env").read_text()
    assert VALUE not in repr(run.leftovers)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ('{"schema": "unsecret/rewrite",', False),
        ('{\n "$schema": "https://json.schemastore.org/sarif-2.1.0.json",', False),
        ('{"schema": 2, "pairings": [],', False),
        ('{"schema": 2,', True),
        ("{", True),
    ],
)
def test_what_was_found_or_planned_sets_nothing(head: str, *, told: bool) -> None:
    assert (place_of("out/found.json", f'{head} "name": "SHOP_SECRET"}}') is not None) == told


def test_a_key_in_letters_that_only_look_like_it_is_another_key() -> None:
    """A long s is ``s`` where case is ignored, and no lower case of it."""
    text = "client_\N{LATIN SMALL LETTER LONG S}ecret = 1\nCLIENT-SECRET = 2\n"
    assert list(key_hits(text, ("client_secret",), ())) == [(2, "client_secret")]


@pytest.mark.parametrize(
    "fill",
    [
        "kw = dict(tenant_id=T)\nkw['client_secret'] = os.environ['SHOP']\nc = ClientSecretCredential(**kw)\n",
        (
            "class C:\n    def __init__(self):\n        self.kw = {}\n"
            "        self.kw['client_secret'] = os.environ['SHOP']\n"
            "        self.kw['tenant_id'] = os.environ['TENANT']\n        self.c = ClientSecretCredential(**self.kw)\n"
        ),
    ],
)
def test_what_is_put_among_the_arguments_is_named(tmp_path: Path, fill: str) -> None:
    (tmp_path / "app.py").write_text(f"import os\nfrom azure.identity import ClientSecretCredential\n{fill}")
    run = rewrite(Request(paths=(tmp_path,), app=APP))
    assert [(item.reason.value, item.site.secret_source) for item in run.reported] == [
        ("hidden-in-kwargs", "os.environ['SHOP']")
    ]


@pytest.mark.parametrize(("read", "kind"), [("os.environ['SHOP']", "hard-read"), ("os.getenv('SHOP')", "soft-read")])
def test_what_another_file_binds_among_other_names_is_seen(tmp_path: Path, read: str, kind: str) -> None:
    (tmp_path / "conf.py").write_text(f"import os\nT, A, S = os.getenv('T'), os.getenv('A'), {read}\n")
    (tmp_path / "app.py").write_text(
        "import conf\nfrom azure.identity import ClientSecretCredential\n"
        "c = ClientSecretCredential(conf.T, conf.A, conf.S)\n"
    )
    run = rewrite(Request(paths=(tmp_path,), app=APP))
    assert [(each.kind.value, each.path, each.name) for each in run.leftovers] == [(kind, "conf.py", "SHOP")]
    assert [item.detail for item in run.reported] == ([] if run.rewritten else ["conf.py:2"])


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("rotate.sh", "S=$(az ad app credential reset --id $ID -o tsv)\n", "az ad app credential reset"),
        ("bin/new", "#!/bin/sh\naz ad sp create-for-rbac -n shop\n", "az ad sp create-for-rbac"),
        ("rotate.ps1", "Add-MgApplicationPassword -ApplicationId $id\n", "Add-MgApplicationPassword"),
        (".github/workflows/a.yml", "- run: az ad sp credential reset --id x\n", "az ad sp credential reset"),
        ("azure-pipelines.yml", "- script: az ad app credential reset --id x\n", "az ad app credential reset"),
        ("web/rotate.ts", "client.api(`/applications/${id}/addPassword`).post({})\n", "addPassword"),
        ("rotate.py", "requests.post(f'{GRAPH}/applications/{id}/addPassword', json={})\n", "addPassword"),
        ("rotate.py", "async def f(app):\n    await app.add_password.post(b)\n", "add_password"),
        ("rotate.py", "run(['az', 'ad', 'app', 'credential', 'reset', '--id', x])\n", "az ad app credential reset"),
        ("infra/__main__.py", "import pulumi_azuread as ad\np = ad.ApplicationPassword('x')\n", "ApplicationPassword"),
    ],
)
def test_what_makes_a_secret_is_told_and_holds_nothing(tmp_path: Path, name: str, text: str, what: str) -> None:
    run = run_with(tmp_path, name, text)
    assert [(each.kind.value, each.path, each.name, each.application) for each in run.leftovers] == [
        ("makes-secret", name, what, None)
    ]
    assert [each.reason for each in codescan.open_findings(run, None)] == ["rewrite-not-applied"]
    assert not any(each.fails_check for each in leftovers_by_name([tmp_path], {"OTHER"}))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rotate.sh", "# az ad app credential reset\naz ad app credential list --id x\n"),
        ("check.py", "if not found:\n    raise ValueError('run az ad sp create-for-rbac first')\n"),
        ("rotate.py", "'calls addPassword'\ndef add_password(user): ...\nadd_password(x).post()\n"),
        ("infra/__main__.py", "from mine import ApplicationPassword\np = ApplicationPassword('x')\n"),
        ("tests/test_rotate.py", "import pytest\nURL = '/applications/x/addPassword'\n"),
    ],
)
def test_what_makes_no_secret_is_not_told(tmp_path: Path, name: str, text: str) -> None:
    assert not run_with(tmp_path, name, text).leftovers


VALUES = {
    "OmegaConf": ("conf/config.yaml", f"azure:\n  client_secret: ${{oc.env:{NAME}}}\n"),
    "braces": ("settings.toml", f'client_secret = "${{{NAME}}}"\n'),
    "Dynaconf": ("settings.toml", f"client_secret = '@format {{env[{NAME}]}}'\n"),
    "configparser": ("config.cfg", f"[azure]\nclientSecret = ${NAME}\n"),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_variable_that_fills_an_entry_is_told_where_it_is_set(tmp_path: Path, case: str) -> None:
    name, text = VALUES[case]
    key = "clientSecret" if "clientSecret" in text else "client_secret"
    source = (
        "from azure.identity import ClientSecretCredential\nfrom ours import cfg\n"
        f"c = ClientSecretCredential(T, A, cfg['{key}'])\n"
    )
    for path, content in {"app.py": source, name: text, ".env": f"{NAME}=x\n"}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    line = text[: text.index(key)].count("\n") + 1
    assert {(each.path, each.line) for each in run.leftovers} == {(".env", 1), (name, line)}


NAMES_OF_SECRETS = {
    "Dynaconf": (
        {
            "app.py": "from azure.identity import ClientSecretCredential\nfrom config import settings\n"
            "c = ClientSecretCredential(T, A, settings.azure.client_secret)\n",
            "config.py": "from dynaconf import Dynaconf\nsettings = Dynaconf(envvar_prefix='SHOP')\n",
            ".env": "SHOP_AZURE__CLIENT_SECRET=x\n",
        },
        ".env",
    ),
    "a field within a field of pydantic": (
        {
            "app.py": "from azure.identity import ClientSecretCredential\nclass Azure(BaseModel):\n"
            "    client_secret: str | None = None\nclass Settings(BaseSettings):\n    azure: Azure\n"
            "    model_config = SettingsConfigDict(env_nested_delimiter='__', env_prefix='SHOP_')\n"
            "settings = Settings()\nc = ClientSecretCredential(T, A, settings.azure.client_secret)\n",
            ".env": "SHOP_AZURE__CLIENT_SECRET=x\n",
        },
        ".env",
    ),
    "a container of dependencies": (
        {
            "app.py": "from azure.identity import ClientSecretCredential\n"
            "config.secret.from_env('SHOP_SECRET', required=True)\n"
            "c = providers.Singleton(ClientSecretCredential, tenant_id=T, client_id=A, client_secret=config.secret)\n",
            ".env": "SHOP_SECRET=x\n",
        },
        ".env",
    ),
    "a folder of secrets of pydantic": (
        {
            "app.py": "from azure.identity import ClientSecretCredential\nclass Settings(BaseSettings):\n"
            "    model_config = SettingsConfigDict(secrets_dir='/run/secrets')\n    shop_secret: str\n"
            "settings = Settings()\nc = ClientSecretCredential(T, A, settings.shop_secret)\n",
            "compose.yaml": "services:\n  web:\n    secrets: [shop_secret]\n",
        },
        "compose.yaml",
    ),
    "a function that reads a file of a folder": (
        {
            "app.py": "import os\nfrom azure.identity import ClientSecretCredential\ndef read_secret(name):\n"
            "    with open(os.path.join(FOLDER, name)) as file:\n        return file.read()\n"
            "c = ClientSecretCredential(T, A, read_secret('shop-secret'))\n",
            "secrets.yaml": "objects:\n  - objectName: shop-secret\n",
        },
        "secrets.yaml",
    ),
}


@pytest.mark.parametrize("case", NAMES_OF_SECRETS)
def test_a_name_that_is_made_elsewhere_is_found(tmp_path: Path, case: str) -> None:
    files, place = NAMES_OF_SECRETS[case]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert place in {each.path for each in run.leftovers}


ELSEWHERE = {
    "a caller in another file": (
        {
            "auth.py": "from azure.identity import ClientSecretCredential\n"
            "def make(tenant, secret):\n    return ClientSecretCredential(tenant, A, secret)\n",
            "main.py": f"import os\nfrom auth import make\nc = make(T, os.environ['{NAME}'])\n",
        },
        "main.py:3",
    ),
    "a caller in another file that makes an object": (
        {
            "auth.py": "from azure.identity import ClientSecretCredential\nclass Auth:\n"
            "    def __init__(self, secret):\n        self.c = ClientSecretCredential(T, A, secret)\n",
            "main.py": f"import os, auth\nc = auth.Auth(secret=os.environ['{NAME}'])\n",
        },
        "main.py:2",
    ),
    "a function of another file": (
        {
            "app.py": "from azure.identity import ClientSecretCredential\nfrom config import load\n"
            "c = ClientSecretCredential(*load())\n",
            "config.py": f"import os\ndef load():\n    return T, A, os.environ['{NAME}']\n",
        },
        "config.py:3",
    ),
    "a caller in the same file": (
        {
            "app.py": "import os\nfrom azure.identity import ClientSecretCredential\n"
            "def make(tenant_id, client_secret):\n    return ClientSecretCredential(tenant_id, A, client_secret)\n"
            f"entries = {{'tenant_id': T, 'client_secret': os.environ['{NAME}']}}\nc = make(**entries)\n",
        },
        "app.py:5",
    ),
    "settings that a function is given": (
        {
            "app.py": "import os\nfrom azure.identity import ClientSecretCredential\n"
            f"def load():\n    return {{'tenant': T, 'secret': os.environ['{NAME}']}}\n"
            "def make(config):\n    return ClientSecretCredential(T, A, config['secret'])\nmake(load())\n",
        },
        "app.py:4",
    ),
    "settings that an object is given": (
        {
            "app.py": "import os\nfrom azure.identity import ClientSecretCredential\nclass Job:\n"
            "    def __init__(self, config):\n        self.config = config\n    def run(self):\n"
            "        return ClientSecretCredential(T, A, self.config['client_secret'])\n"
            f"Job({{'client_secret': os.environ['{NAME}']}}).run()\n",
        },
        "app.py:8",
    ),
    "a table of settings": (
        {
            "app.py": "import os\nfrom azure.identity import ClientSecretCredential\n"
            f"TABLE = {{'test': {{'secret': os.getenv('{NAME}')}}}}\ndef make(name):\n    entry = TABLE[name]\n"
            "    return ClientSecretCredential(T, A, entry['secret'])\n",
        },
        "app.py:3",
    ),
    "a pattern": (
        {
            "app.py": "import os\nfrom azure.identity import ClientSecretCredential\nmatch os.environ:\n"
            f"    case {{'{NAME}': secret}}:\n        c = ClientSecretCredential(T, A, secret)\n",
        },
        "app.py:4",
    ),
    "a tuple in a tuple": (
        {
            "app.py": "import os\nfrom azure.identity import ClientSecretCredential\n"
            f"tenant, (client, secret) = T, (A, os.environ['{NAME}'])\n"
            "c = ClientSecretCredential(tenant, client, secret)\n",
        },
        "app.py:3",
    ),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_the_variable_is_found_where_the_secret_comes_from_in_the_end(tmp_path: Path, case: str) -> None:
    files, place = ELSEWHERE[case]
    for name, text in {**files, ".env": f"{NAME}=x\n"}.items():
        (tmp_path / name).write_text(text)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert {f"{each.path}:{each.line}" for each in run.leftovers if each.name == NAME} == {place, ".env:1"}


def test_a_program_that_reads_the_variable_by_itself_holds_the_gate(tmp_path: Path) -> None:
    source = (
        "import os, subprocess\nfrom azure.identity import ClientSecretCredential\n"
        f"c = ClientSecretCredential('t', '{APP}', os.environ['ARM_CLIENT_SECRET'])\n"
        "subprocess.run(['terraform', 'apply'], check=True)\nos.system(f'cd {x} && ls')\n"
    )
    (tmp_path / "app.py").write_text(source)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert [(each.kind.value, each.line, each.name) for each in run.leftovers] == [
        ("other-use", 4, "ARM_CLIENT_SECRET")
    ]


QUIET = {
    "the path of a file of settings": "config = json.load(open(os.environ['SHOP_SETTINGS']))\n"
    "c = ClientSecretCredential(T, A, config['client_secret'])\n",
    "the address of a vault": "vault = SecretClient(os.environ['VAULT_URL'], identity)\n"
    "secret = vault.get_secret('shop').value\nc = ClientSecretCredential(T, A, secret)\n",
    "another field of a data class": "class Settings(NamedTuple):\n    key: str\n    value: str\n"
    "settings = Settings(os.getenv('SHOP_KEY_FILE'), os.getenv('S'))\n"
    "c = ClientSecretCredential(T, A, settings.value)\n",
}


@pytest.mark.parametrize("case", QUIET)
def test_a_variable_that_holds_no_secret_is_not_told(tmp_path: Path, case: str) -> None:
    lead = "import json, os\nfrom typing import NamedTuple\nfrom azure.identity import ClientSecretCredential\n"
    (tmp_path / "app.py").write_text(lead + QUIET[case])
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert {each.name for each in run.leftovers} <= {"S"}
