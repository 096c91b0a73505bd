"""What is certain of a text that is put together, against what Python itself makes of it."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.names import Module
from codemods.template import gap_after, parts_of, text_of

_HOST = re.compile(r"https://[^/]+/")


def _last(source: str) -> tuple[Module, ast.expr]:
    module = Module(ast.parse(source))
    statement = module.tree.body[-1]
    assert isinstance(statement, ast.Expr)
    return module, statement.value


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'a' + x + 'b'", "a{}b"),
        ("'a' + 'b' * 2", "a{}"),
        ("f'a{x}b{1:>3}'", "a{}b{}"),
        ("f'{x!r}c'", "{}c"),
        ("y = 'k'\nf'{y}c'", "kc"),
        ("y = f'{z}/k'\ny + 'c'", "{}/kc"),
        ("'%s/%%/%s' % (x, 'b')", "{}/%/b"),
        ("'%(a)s-%(b)s' % {'a': x, 'b': 'k'}", "{}-k"),
        ("'%(a)s' % x", None),
        ("'%s%s' % (x,)", None),
        ("'%d/a' % x", None),
        ("'%5s/a' % x", None),
        ("'{}/{}'.format(x, 'b')", "{}/b"),
        ("'{1}/{0}/{n}'.format('a', x, n='k')", "{}/a/k"),
        ("'{{}}{}'.format('a')", "{}a"),
        ("'{}'.format(*x)", None),
        ("'{a.b}/c'.format(a=x)", None),
        ("'{'.format(x)", None),
        ("'{3}'.format(x)", None),
        ("x", None),
        ("x()", None),
    ],
)
def test_what_is_certain_of_a_text(source: str, text: str | None) -> None:
    assert text_of(*_last(source)) == text


def test_the_gap_behind_the_host_is_found() -> None:
    module, node = _last("HOST = 'https://h'\nHOST + '/' + tenant + '/x/' + other")
    gap = gap_after(module, node, _HOST)
    assert isinstance(gap, ast.Name)
    assert gap.id == "tenant"


def test_a_name_that_means_itself_ends() -> None:
    assert parts_of(*_last("x = x + 'a'\nx"))[-1] == "a"


_WORDS = st.text("ab/%{}'", max_size=4)


@given(st.lists(_WORDS, min_size=1, max_size=4))
def test_texts_of_literals_read_as_python_makes_them(words: list[str]) -> None:
    sources = [
        " + ".join(map(repr, words)),
        repr("%s|" * len(words)) + " % (" + "".join(f"{word!r}," for word in words) + ")",
        repr("{}|" * len(words)) + ".format(" + ",".join(map(repr, words)) + ")",
    ]
    for source in sources:
        assert text_of(*_last(source)) == eval(source)  # noqa: S307 - literals that this test has made
