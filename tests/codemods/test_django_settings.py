"""Settings of Django: which modules define them, and that nothing else needs the secret there."""

from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.model import Request
from tests.codemods.cases import APP, TARGETS

GRAPH = (
    "from azure.identity import ClientSecretCredential\nfrom django.conf import settings\n\n\ndef make():\n"
    f"    return ClientSecretCredential(settings.TENANT, '{APP}', settings.SHOP_SECRET)\n"
)
SOFT = "import os\nTENANT = os.environ['TENANT']\nSHOP_SECRET = os.environ.get('SHOP_SECRET')\n"
HARD = SOFT.replace("os.environ.get('SHOP_SECRET')", "os.environ['SHOP_SECRET']")
MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.{}')\n"
CASES = {
    "optional": ({"shop/settings.py": SOFT}, None),
    "optional, by django-environ": (
        {"shop/settings.py": "import environ\nenv = environ.Env()\nSHOP_SECRET = env('S', default='')"},
        None,
    ),
    "optional, in the module that the program names": (
        {"shop/conf.py": SOFT, "manage.py": MANAGE.format("conf")},
        None,
    ),
    "required": ({"shop/settings.py": HARD}, ("leftover", "shop/settings.py:3")),
    "required in production": (
        {
            "shop/settings/__init__.py": "",
            "shop/settings/base.py": SOFT,
            "shop/settings/production.py": "from .base import *\nSHOP_SECRET = os.environ['SHOP_SECRET']\n",
        },
        ("leftover", "shop/settings/production.py:2"),
    ),
    "used for something else": (
        {"shop/settings.py": f"{SOFT}SOCIAL = {{'SECRET': SHOP_SECRET}}\n"},
        ("leftover", "shop/settings.py:4"),
    ),
    "asked for by a check": (
        {
            "shop/settings.py": SOFT,
            "shop/checks.py": "from django.conf import settings\nif not settings.SHOP_SECRET:\n    no()\n",
        },
        ("secret-used-elsewhere", "shop/checks.py:2"),
    ),
    "asked for with the others": (
        {
            "shop/settings.py": SOFT,
            "shop/checks.py": "from django.conf import settings\nfor each in NAMES:\n    x(getattr(settings, each))",
        },
        ("secret-used-elsewhere", "with all of settings in shop/checks.py:3"),
    ),
    "defined nowhere": ({"shop/other.py": SOFT}, ("leftover", "where django.conf.settings is defined cannot be seen")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_setting_is_judged_where_it_is_defined(tmp_path: Path, case: str) -> None:
    files, told = CASES[case]
    for name, text in {"shop/__init__.py": "", "shop/graph.py": GRAPH, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert len(run.rewritten) == (told is None)
    assert [(item.reason.value, item.detail) for item in run.reported] == ([] if told is None else [told])
