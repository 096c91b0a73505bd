"""Many texts are found in one pass as one by one, and a file imports another when a statement names the module."""

from __future__ import annotations

import ast
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codemods.engine.imported import depths, importable, imported_names, may_import
from codemods.engine.listing import list_files
from codemods.engine.project import Project
from codemods.engine.texts import Texts
from codemods.transforms import load
from tests.support.examples import share

KNOWN = sorted({literal for transform in load() for literal in transform.literals})
SEARCH = Texts(KNOWN)
PIECES = [*KNOWN, *(literal[:-1] for literal in KNOWN), *(literal[1:] for literal in KNOWN), b"\0", b"\n", b"\xff"]


def _may_import(data: bytes) -> bool:
    return may_import(Path("src/shop/auth"))(data, imported_names(data))


@settings(max_examples=share(150))
@given(parts=st.lists(st.sampled_from(PIECES), max_size=4))
def test_many_texts_are_found_as_one_by_one(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert SEARCH.of(data) == {literal for literal in KNOWN if literal in data}


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


FORMS = st.lists(
    st.sampled_from([
        "import ", "from ", "shop", "auth", "other", " import ", ".", ", ", " as a", "(", ")", "\n", "\\\n", "\n  ",
        "x", "from shop import (", "# a ) auth\n", "; ", "\r\n", "if x: ",
    ]),
    max_size=12,
).map("".join)  # fmt: skip


@settings(max_examples=share(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(FORMS, min_size=1, max_size=6))
def test_many_importers_are_found_as_one_by_one(tmp_path: Path, texts: list[str]) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    for number, text in enumerate(texts):
        (folder / f"file_{number}.py").write_bytes(text.encode())
    places = [folder / "shop/auth.py", folder / "shop/__init__.py", folder / "x.py", folder / "a/b/other.py"]
    alone = {
        place: tuple(
            path
            for path in sorted(folder.glob("*.py"))
            if may_import(importable(place))(data := path.read_bytes(), imported_names(data))
        )
        for place in places
    }
    assert Project(list_files([folder])).importing(places) == alone


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import auth", {1}),
        ("from auth import token", {1}),
        ("import shop.auth", {1, 2}),
        ("from shop import auth", {2}),
        ("from src.shop.auth import token", {3}),
        ("from src . \\\n shop import (\n    auth,\n)", {3}),
        ("from é.shop import auth", {1, 2, 3}),
        ("from shop import auth\nfrom src.shop import auth", {2, 3}),
        (f"import {'x.' * 300}shop.auth", {1, 2, 3}),
        ("from shops import auth", set()),
    ],
)
def test_how_deep_an_import_reaches_is_told_from_the_text(text: str, found: set[int]) -> None:
    assert depths(Path("src/shop/auth"))(text.encode()) == found


@given(text=FORMS)
def test_no_import_reaches_deeper_than_the_text_tells(text: str) -> None:
    place = Path("from/x/shop/auth")
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    real = {len(parts) for name in named if list(place.parts[-len(parts := name.split(".")) :]) == parts}
    assert real <= depths(place)(text.encode())


@given(st.lists(st.binary(max_size=4), max_size=8), st.binary(max_size=60))
def test_texts_of_any_bytes_are_found_with_hyperscan_and_without(texts: list[bytes], data: bytes) -> None:
    alone = {text for text in texts if text and text in data}
    assert Texts(texts).of(data) == alone
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("codemods.engine.texts.HYPERSCAN", None)
        assert Texts(texts).of(data) == alone
        assert Texts(texts).occur_in(data) == bool(alone)


def test_one_search_serves_several_threads() -> None:
    search, data = Texts([b"secret", b"word"]), b"a secret word " * 50_000
    with ThreadPoolExecutor(4) as pool:
        assert set(map(frozenset, pool.map(search.of, [data] * 40))) == {frozenset({b"secret", b"word"})}
