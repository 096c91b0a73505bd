"""A name that would be deleted stays where others may know it, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.model import Request
from tests.codemods.cases import APP, TARGETS

SITE = (
    "import os\nfrom azure.identity import ClientSecretCredential\n"
    f'word = os.environ["SHOP_SECRET"]\nc = ClientSecretCredential(T, "{APP}", word)\n'
)
SEARCHING = (
    "import importlib, pkgutil\nfor found in pkgutil.iter_modules(__path__):\n"
    "    globals().update(vars(importlib.import_module(f'{__name__}.{found.name}')))\n"
)
KNOWN = {
    "a neighbour takes it from the package": {"shop/__init__.py": SITE, "shop/a.py": "from . import word\n"},
    "an import says the file": {"shop/auth.py": SITE, "shop/__init__.py": "", "a.py": "from shop.auth import word\n"},
    "a relative import says the file": {"shop/auth.py": SITE, "shop/a.py": "from .auth import word\n"},
    "an attribute of the file": {"shop/auth.py": SITE, "a.py": "import shop.auth as x\nprint(x.word)\n"},
    "a star of a package": {
        "shop/auth.py": SITE,
        "shop/__init__.py": "from .auth import *\n",
        "a.py": "from shop import word\n",
    },
    "a package takes whatever it finds": {
        "shop/auth.py": SITE,
        "shop/__init__.py": SEARCHING,
        "a.py": "from shop import word\n",
    },
    "a notebook imports it": {
        "auth.py": SITE,
        "a.ipynb": json.dumps(
            {
                "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": "from auth import word\n"}],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        ),
    },
    "a text says the file": {
        "shop/auth.py": SITE,
        "a.py": "from importlib import import_module\nauth = import_module('shop.auth')\nprint(auth.word)\n",
    },
}
UNKNOWN = {
    "another file of the same name": {"shop/sign_in.py": SITE, "a.py": "from b import word\n", "b.py": "word = 1\n"},
    "an item of something else": {"shop/sign_in.py": SITE, "a.py": "import b\nprint(b.word)\n", "b.py": "word = 1\n"},
}


def _rewritten(folder: Path, files: dict[str, str]) -> bool:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return bool(rewrite(Request(paths=(folder,), targets=TARGETS, app=APP)).rewritten)


@pytest.mark.parametrize("case", KNOWN)
def test_a_name_that_others_may_know_stays(tmp_path: Path, case: str) -> None:
    assert not _rewritten(tmp_path, KNOWN[case])


@pytest.mark.parametrize("case", UNKNOWN)
def test_a_name_of_a_file_that_nobody_says_is_nobody_elses(tmp_path: Path, case: str) -> None:
    assert _rewritten(tmp_path, UNKNOWN[case])
