"""Whose item a name is: what the text tells leaves out nothing that the syntax shows."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.engine.evidence import spelled_otherwise
from codemods.engine.holders import Untold, holders_of
from codemods.engine.imported import words_behind_imports, words_of_imports
from codemods.engine.items import item_of
from codemods.engine.uses import hints, items_of, loose_names
from codemods.names import root_name

TOLD = {
    "self.key": {"self"},
    "a.b . key": {"a.b"},
    "a['key']": {"a"},
    'a.b["key"]': {"a.b"},
    "a.get('key')": {"a"},
    "a.get(\n    'key', 1)": {"a"},
    "getattr(a.b, 'key')": {"a.b"},
    "hasattr(a, 'key')": {"a"},
    "{'key': 1, 'other': a}": set(),
    "['key', 'other']": set(),
    "f(a, 'key')": set(),
    "x = ('key', 1)": set(),
    "key = monkey.keys": set(),
    "f(key=1)": set(),
    "f'{a.key}'": {"a"},
    "x = 1  # it ends.\nkey = 1": set(),
    "x = 1  # it ends.\n  \nkey //= 1": set(),
    "\n# see a.\nkey": set(),
    "(a.\nkey == 1)": {"a"},
    "(a.\nkey <= 1)": {"a"},
    "f'''{a.\nkey=}'''": {"a"},
    "f'''{a.\nkey =!r}'''": {"a"},
    "'''\n# x''' + (a.\nkey)": {"a"},
    "f'''\n# {a.\nkey}'''": {"a"},
    "'an int.\\\\key'": set(),
}
UNTOLD = (
    "f().key", "a[0].key", "a[0]['key']", "(a or b).key", "(a\n.key)", "'key' in a", "('key') not in a", "a[('key')]",
    "getattr(f(a), 'key')", "getattr(a.b(), 'key', None)", "getattr('(', 'key')", "a[  # here\n'key']",
    "getattr(a,  # here\n'key')", "f(a).get('key')", "(a.  # here\nkey)", "a.get(('key'))", "getattr(a, ('key'))",
    "''.key", "[1].key", "a[''\n'key']", "getattr\\\n(a[0], 'key')",
    "a.\\\nkey = 1", "(a.\n\nkey == 1)", "(a.\n# b.\nkey)",
)  # fmt: skip
PARTS = st.sampled_from([
    "a", "b", "key", "'key'", '"key"', "'''key'''", "r'key'", "b'key'", "f'{a.key}'", ".", ".key", ".get(", ".pop(",
    "getattr(", "hasattr(", "f(", "(", ")", "[", "]", "{", "}", ",", ":", " ", "\n", " # key\n", " in ", " not in ",
    "=", "+", "\\\n", "'ke' 'y'", "'\\x6bey'", "0", "''", "'a('", " or ", " if a else ", "import ", "from a import ",
    "\n# a.\n", "a.\nkey", " -= ", "==", "f'''{a.\nkey=}'''",
])  # fmt: skip
CODE = st.lists(PARTS, min_size=1, max_size=9).map("".join)


def _whole(text: str) -> str:
    return f"{text}\n{spelled_otherwise(text)}"


@pytest.mark.parametrize("text", TOLD)
def test_the_plain_forms_are_told(text: str) -> None:
    assert holders_of(_whole(text), "key") == TOLD[text]
    _check(text)


@pytest.mark.parametrize("text", UNTOLD)
def test_any_other_item_is_not_told(text: str) -> None:
    assert any(item is not None and item[1] == "key" for item in map(item_of, ast.walk(ast.parse(text))))
    with pytest.raises(Untold):
        holders_of(_whole(text), "key")


@given(st.one_of(CODE, st.lists(st.sampled_from([*TOLD, *UNTOLD, "# key", "a = b"]), max_size=4).map("\n".join)))
def test_no_item_is_left_out(text: str) -> None:
    _check(text)


def _check(text: str) -> None:
    """Compare with the syntax: each item is told, or the text says that it cannot tell."""
    try:
        tree = ast.parse(text)
        told = {holder.partition(".")[0] for holder in holders_of(_whole(text), "key")}
    except (SyntaxError, ValueError, Untold):
        return
    for node in ast.walk(tree):
        if (item := item_of(node)) is not None and item[1] == "key":
            root = root_name(item[0])
            assert root is not None, ast.unparse(node)
            assert root.id in told, ast.unparse(node)


@given(CODE, st.sampled_from(["", "import a\n", "from x import b as a\n", "from x import (\n  a,  # )\n  b)\n"]))
def test_an_item_of_what_is_imported_matters(text: str, head: str) -> None:
    try:
        tree = ast.parse(head + text)
    except (SyntaxError, ValueError):
        return
    hint = hints((head + text).encode(), {"key"})["key"]
    taken = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert hint.taken or "key" not in taken
    imported = {"a"} if head else set()
    for node in ast.walk(tree):
        if (item := item_of(node)) is not None and item[1] == "key":
            root = root_name(item[0])
            assert hint.item
            assert hint.sure or root is None or root.id not in imported
            items = items_of((head + text).encode(), "key")
            assert root is None or items is None or items.may_be_of(frozenset({root.id}))


@pytest.mark.parametrize(
    ("text", "loose"),
    [
        ("from a import *\nprint(key)", True),
        ("def f():\n    return [key for x in y]", True),
        ("a.key = 'key'  # key", False),
        ("no Python at all: key", True),
        ("no Python at all: a.key", False),
        ("def f(key): pass", True),
        ("b. key", False),
        ("clé = b.\uff4bey", False),
        ("clé = \uff4bey", True),
    ],
)
def test_a_name_as_it_is_may_come_with_a_star(text: str, loose: bool) -> None:  # noqa: FBT001 - a table
    assert loose_names(text, {"key", "other"}) >= {"key"} if loose else not loose_names(text, {"key", "other"})


@pytest.mark.parametrize(
    "text",
    [
        "import a, b.c as d",
        "x = 1; from a.b \\\n  import c, \\\n  d",
        "from a import (  # one (of them)\n  b,  # (old)\n  c as d,\n)",
        "from \\\r\na import b\rimport c\r",
        "if x: import a\nelse:\n\tfrom . import b",
        "import imported, reimport\nfrom important import fromage",
    ],
)
def test_the_words_of_imports_are_all_of_their_names(text: str) -> None:
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {word for node in nodes for alias in node.names for word in (*alias.name.split("."), alias.asname) if word}
    assert names <= words_of_imports(text)
    assert names <= words_behind_imports(text)
    assert "x" not in words_of_imports(text)


def test_an_item_of_settings_matters_whoever_holds_them() -> None:
    assert hints(b"def f(app):\n    return app.config['key']", {"key"})["key"].sure
    assert hints(b"self.Settings.key", {"key"})["key"].sure
    assert not hints(b"self.key", {"key"})["key"].sure


@pytest.mark.parametrize("data", ["x = 'é'; key = 1".encode("latin-1"), b"# coding: utf-7\nx = +AGEALg-key"])
def test_another_encoding_tells_nothing(data: bytes) -> None:
    assert hints(data, {"key"})["key"].sure
    assert not hints(b"# coding: utf-8\nkey = 1", {"key"})["key"].sure
