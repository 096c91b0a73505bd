"""A file passes the prefilter when it holds a literal, and an importer when a statement names the module."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.engine.imported import imported_names, may_import
from codemods.engine.literals import Literals
from codemods.transforms import load

KNOWN = sorted({literal for transform in load() for literal in transform.literals})
SEARCH = Literals(KNOWN)
PIECES = [*KNOWN, *(literal[:-1] for literal in KNOWN), *(literal[1:] for literal in KNOWN), b"\0", b"\n", b"\xff"]


def _may_import(data: bytes) -> bool:
    return may_import(Path("src/shop/auth"))(data, imported_names(data))


@settings(max_examples=150)
@given(parts=st.lists(st.sampled_from(PIECES), max_size=4))
def test_the_parts_find_what_the_literals_find(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert SEARCH.occur_in(data) == any(literal in data for literal in KNOWN)


@pytest.mark.parametrize("literal", KNOWN)
def test_every_literal_is_found_between_other_bytes(literal: bytes) -> None:
    assert SEARCH.occur_in(b"\0\xff" + literal + b"\n")
    assert not SEARCH.occur_in(re.sub(b".", b"z", literal))


@pytest.mark.parametrize(
    "text",
    [
        "import auth",
        "import os, shop.auth as a",
        "from shop.auth import token",
        "from shop import auth",
        "from shop import (\n    other,  # not (auth\n    auth,\n)",
        "from shop import(\r\n  # a ) here\r\n  auth\r\n)",
        "from shop import \\\n    other, \\\n    auth",
        "from shop \\\r\n    import auth",
        "from shop import \\\n  (auth)",
        "if True: import auth",
        "x = 1; from auth import y",
    ],
)
def test_an_import_of_a_name_is_seen_in_every_form(text: str) -> None:
    assert _may_import(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "auth = 1",
        "import os\nauth()",
        "from .auth import token",
        "from . import auth",
        "from shops import auth",
        "import authority",
    ],
)
def test_a_file_that_only_uses_a_name_is_not_parsed(text: str) -> None:
    assert not _may_import(text.encode())
