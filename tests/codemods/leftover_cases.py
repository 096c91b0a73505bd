"""What is laid for the tests of leftovers: places that set a variable and code that only reads it, before and after."""

from __future__ import annotations

from pathlib import Path

from codemods.engine.run import rewrite
from codemods.model import Request, Run
from tests.codemods.cases import APP, TARGETS

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
OPTION_SITE = (
    "import argparse\nfrom azure.identity import ClientSecretCredential\np = argparse.ArgumentParser()\n"
    "p.add_argument('--tenant', required=True)\np.add_argument({})\nargs = p.parse_args()\n"
    f"c = ClientSecretCredential(args.tenant, '{APP}', args.shop_secret)\n"
)
