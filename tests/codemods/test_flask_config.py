"""Entries of a Flask app that takes over a module or a class: judged where that gives them their values."""

from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.model import Request
from tests.codemods.cases import APP, TARGETS

SITE = (
    f"auth = identity.web.Auth(session=session, authority=app.config['AUTHORITY'], client_id='{APP}',\n"
    "    client_credential=app.config['CLIENT_SECRET'])\n"
)
HEAD = "import identity.web, settings\nfrom flask import Flask, session\napp = Flask(__name__)\n"
TAKES = "app.config.from_object(settings)\n"
SOFT = "import os\nCLIENT_SECRET = os.getenv('S')\nAUTHORITY = os.environ['AUTHORITY']\n"
CLASS = SOFT.replace("\nC", "\nclass Config:\n    C").replace("\nA", "\n    A")
CASES = {
    "a module": ({"app.py": HEAD + TAKES + SITE, "settings.py": SOFT}, None),
    "a class": (
        {
            "app.py": HEAD.replace("import identity.web, settings", "import identity.web\nfrom settings import Config")
            + "app.config.from_object(Config)\n"
            + SITE,
            "settings.py": CLASS,
        },
        None,
    ),
    "a module that has to have it": (
        {"app.py": HEAD + TAKES + SITE, "settings.py": SOFT.replace("os.getenv('S')", "os.environ['S']")},
        ("leftover", "settings.py:2"),
    ),
    "a module, and the environment": (
        {"app.py": HEAD + TAKES + "app.config.from_prefixed_env()\n" + SITE, "settings.py": SOFT},
        ("leftover", "app.py:3"),
    ),
    "an entry that is changed": (
        {
            "app.py": HEAD + TAKES + "app.config['CLIENT_SECRET'] = clean(app.config['CLIENT_SECRET'])\n" + SITE,
            "settings.py": SOFT,
        },
        ("leftover", "app.py:5"),
    ),
    "an entry that another file reads": (
        {
            "app.py": HEAD + TAKES + SITE,
            "routes.py": "from flask import current_app\nlen(current_app.config.get('CLIENT_SECRET'))\n",
            "settings.py": SOFT,
        },
        ("secret-used-elsewhere", "routes.py:2"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_entry_is_judged_where_it_is_given_its_value(tmp_path: Path, case: str) -> None:
    files, told = CASES[case]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP))
    assert len(run.rewritten) == (told is None)
    assert [(item.reason.value, item.detail) for item in run.reported] == ([] if told is None else [told])
