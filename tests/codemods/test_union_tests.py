"""A union of types that one file names, and the files that ask isinstance of it, of a namesake, or by way of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.model import Request
from tests.codemods.cases import APP, TARGETS

IMPORT = "from azure.identity import ClientSecretCredential, DefaultAzureCredential\n"
UNION = "Credentials = ClientSecretCredential | DefaultAzureCredential\n"
TREE = {
    "a/app.py": "import os\n" + IMPORT + "c = ClientSecretCredential(T, A, os.environ['SHOP_SECRET'])\n",
    "a/__init__.py": "",
    "a/creds.py": IMPORT + UNION,
    "b/__init__.py": "",
    "b/models.py": "class Credentials:\n    pass\n",
    "b/many.py": "from b.models import *\n",
}


def sites(folder: Path, **files: str) -> tuple[int, list[str]]:
    for name, text in {**TREE, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run = rewrite(Request(paths=(folder,), targets=TARGETS, app=APP))
    return len(run.rewritten), [each.reason.value for each in run.reported]


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("from . import models", "models.Credentials"),
        ("from b import models as m", "m.Credentials"),
        ("import b.models", "b.models.Credentials"),
        ("from .models import Credentials", "Credentials"),
        ("import other_library as m", "m.Credentials"),
        ("from other_library import Credentials", "Credentials"),
    ],
)
def test_a_namesake_of_another_module_is_no_matter(tmp_path: Path, imports: str, name: str) -> None:
    asks = f"{imports}\ndef f(x):\n    return isinstance(x, {name})\n"
    assert sites(tmp_path, **{"b/auth.py": asks}) == (1, [])


@pytest.mark.parametrize(
    ("files", "asks"),
    [
        ({}, "from a.creds import Credentials as C\nx = isinstance(y, C)\n"),
        ({}, "from a import creds\nx = isinstance(y, creds.Credentials)\n"),
        ({}, "import a.creds\nx = isinstance(y, a.creds.Credentials)\n"),
        ({}, "import a.creds as k\nx = isinstance(y, (str, k.Credentials))\n"),
        ({}, "def f(k, y):\n    return isinstance(y, k.Credentials)\n"),
        ({"a/__init__.py": "from .creds import Credentials\n"},
         "from a import Credentials\nx = isinstance(y, Credentials)\n"),
        ({"a/__init__.py": "from .creds import *\n"}, "import a\nx = isinstance(y, a.Credentials)\n"),
        ({"b/many.py": "from a.creds import *\n"}, "from .many import Credentials\nx = isinstance(y, Credentials)\n"),
        ({"b/k.py": "from a import creds\nCredentials = creds.Credentials\n"},
         "from b import k\nx = isinstance(y, k.Credentials)\n"),
        ({"b/k.py": "from a.creds import Credentials\n", "b/l.py": "from .k import Credentials\n"},
         "from b.l import Credentials\nx = isinstance(y, Credentials)\n"),
    ],
)  # fmt: skip
def test_whoever_takes_the_union_and_asks_for_it_keeps_the_site(
    tmp_path: Path, files: dict[str, str], asks: str
) -> None:
    assert sites(tmp_path, **files, **{"b/auth.py": asks}) == (0, ["type-dependent"])
