"""Outside the edits a file keeps every byte, whatever its encoding and line ends."""

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from codemods.engine import splice as splicing
from codemods.engine.run import rewrite
from codemods.engine.source import MAX_BYTES, decode
from codemods.engine.splice import Edit, splice
from codemods.errors import DoesNotRoundTripError
from codemods.model import Request, Run
from tests.codemods.cases import APP, TARGETS, check_second_run

BEFORE = """\
# héllo\x0c wörld
from azure.identity import ClientSecretCredential  # ünïcode
def f():
	x = 'é'; c = ClientSecretCredential(T, A, 'nöt-réal')  # ende: ß
	return c
"""
AFTER = """\
# héllo\x0c wörld
from azure.identity import ClientAssertionCredential  # ünïcode
from entra_fic import managed_identity_assertion
def f():
	x = 'é'; c = ClientAssertionCredential(T, A, managed_identity_assertion)  # ende: ß
	return c
"""


def _run(folder: Path, data: bytes) -> Run:
    (folder / "app.py").write_bytes(data)
    return rewrite(Request(paths=(folder,), targets=TARGETS, app=APP, apply=True))


VARIANTS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "mark and CRLF": lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
    "Latin-1": lambda text: b"# -*- coding: latin-1 -*-\n" + text.encode("latin-1"),
    "Windows": lambda text: b"#!/usr/bin/python\r\n# coding: cp1252\r\n" + text.replace("\n", "\r\n").encode("cp1252"),
    "no final newline": lambda text: text.rstrip("\n").encode(),
    "spaces at the end": lambda text: text.encode() + b"   \n\t\n  ",
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_bytes_outside_the_edits_stay(tmp_path: Path, variant: str) -> None:
    make = VARIANTS[variant]
    run = _run(tmp_path, make(BEFORE))
    assert not run.failed
    assert (tmp_path / "app.py").read_bytes() == make(AFTER)
    check_second_run(tmp_path)


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_line_ends_inside_a_call_stay(tmp_path: Path, newline: str) -> None:
    before = (
        "from azure.identity.aio import ClientSecretCredential\n"
        "c = ClientSecretCredential(\n  T,  # é\n\n  A,\n  'not-real',\n)\n"
    )
    after = (
        "from entra_fic import ManagedIdentityAssertionCredential\n"
        "c = ManagedIdentityAssertionCredential(\n  T,  # é\n\n  A,\n)\n"
    )
    _run(tmp_path, before.replace("\n", newline).encode())
    assert (tmp_path / "app.py").read_bytes() == after.replace("\n", newline).encode()


def test_mixed_line_ends_are_refused_or_kept(tmp_path: Path) -> None:
    data = (
        b"import x\r\nfrom azure.identity import ClientSecretCredential\n"
        b"c = ClientSecretCredential(\n  T,\r\n  A, 'not-real')\n"
    )
    run = _run(tmp_path, data)
    written = (tmp_path / "app.py").read_bytes()
    assert written == data if run.failed else written.count(b"\r\n") >= data.count(b"\r\n")


SITE = (
    b"from azure.identity import ClientSecretCredential\n"
    b"c = ClientSecretCredential(T, '11111111-1111-4111-8111-111111111111', 'not-real')\n"
)
BROKEN = {
    "python 2": (SITE + b"print 'x'\n", "does-not-parse", 3),
    "notebook export": (SITE + b"%matplotlib inline\n", "does-not-parse", 3),
    "null byte": (SITE + b"x = '\0'\n", "does-not-parse", 1),
    "not UTF-8": (SITE + b"# \xff\xfe\n", "undecodable", 1),
    "unknown encoding": (b"# coding: klingon\n" + SITE, "undecodable", 1),
    "redundant escapes": (b"# coding: iso2022_jp\n# \x1b(B\x1b(B\n" + SITE, "undecodable", 1),
    "too large": (SITE + b"#" * MAX_BYTES, "too-large", 1),
    "too deep a secret": (SITE.replace(b"'not-real'", b" + ".join([b"x"] * 900)), "does-not-parse", 1),
    "too deep": (SITE + b"x = " + b"(" * 3000 + b")" * 3000, "does-not-parse", None),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_fails_alone(tmp_path: Path, kind: str) -> None:
    data, code, line = BROKEN[kind]
    (tmp_path / "good.py").write_bytes(SITE)
    run = _run(tmp_path, data)
    (failure,) = run.failed
    assert (failure.path, failure.error.code) == ("app.py", code)
    assert line in (None, failure.error.line)
    assert "\n" not in str(failure.error)
    assert (tmp_path / "app.py").read_bytes() == data
    assert len(run.rewritten) == 1


def test_a_long_chain_of_operators_is_no_trouble(tmp_path: Path) -> None:
    run = _run(tmp_path, SITE + b"x = " + b" + ".join([b"1"] * 900) + b"\n")
    assert len(run.rewritten) == 1


def test_an_edit_is_shrunk_to_what_differs() -> None:
    source = decode("app.py", b"f(a, b, c)\n")
    edit = splicing._trimmed(source.text, Edit(start=0, end=10, text="f(a, B, c)"))
    assert edit == Edit(start=5, end=6, text="B")


def test_an_edit_that_breaks_the_syntax_is_refused() -> None:
    source = decode("app.py", b"x = 1\n")
    with pytest.raises(DoesNotRoundTripError):
        splice(source, [Edit(start=0, end=1, text="(")])


def test_overlapping_edits_are_refused() -> None:
    source = decode("app.py", b"x = 12\n")
    with pytest.raises(DoesNotRoundTripError):
        splice(source, [Edit(start=0, end=5, text="y = 3"), Edit(start=4, end=6, text="45")])


def test_a_fault_in_the_splicing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    source = decode("app.py", b"x = 1\ny = 2\n")
    monkeypatch.setattr(splicing, "_in_bytes", lambda *_: [splicing._Span(start=4, end=5, data=b"3")])
    assert splice(source, []) == b"x = 3\ny = 2\n"
    with pytest.raises(DoesNotRoundTripError):
        splicing._prove(source, b"x = 3\ny = 9\n", [splicing._Span(start=4, end=5, data=b"3")])
    with pytest.raises(DoesNotRoundTripError):
        splicing._prove(source, b"z = 3\ny = 2\n", [splicing._Span(start=4, end=5, data=b"3")])
