"""Path patterns of faults: what they match, and that none of them takes long."""

import time

import pytest

from migrate.emulator.faults.triggers import glob

MATCHES = [
    ("**", ""), ("**", "/a/b"), ("/a", "/A"), ("/a/*", "/a/b"), ("/a/*", "/a/"), ("/*/c", "/b/c"), ("/a/**", "/a"),
    ("/a/**", "/a/b/c"), ("/**/c", "/a/b/c"), ("/a*b*c", "/aXbYc"), ("/a*b*c", "/abbcc"), ("/*/*", "/a/b"),
    ("/a.c", "/a.c"), ("/applications/*/owners", "/applications/1/owners"), ("*/b", "a/b"), ("/a/***", "/a/b/c"),
]  # fmt: skip
MISMATCHES = [
    ("", "/"), ("/a", "/a/"), ("/a", "/ab"), ("/a/*", "/a"), ("/a/*", "/a/b/c"), ("/a/**", "/ab"), ("/a.c", "/abc"),
    ("/*/*", "/a"), ("/a*b", "/a/b"), ("/**/c", "/a/b/cd"), ("[ab]", "a"), ("/*a*a", "/a"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "path"), MATCHES)
def test_a_pattern_matches(pattern: str, path: str) -> None:
    assert glob(pattern)(path)


@pytest.mark.parametrize(("pattern", "path"), MISMATCHES)
def test_a_pattern_does_not_match(pattern: str, path: str) -> None:
    assert not glob(pattern)(path)


@pytest.mark.parametrize("pattern", ["*a" * 40, "**a" * 40, "**" * 200 + "b", "/**" * 60 + "b"])
def test_no_pattern_takes_long(pattern: str) -> None:
    began = time.process_time()
    assert not glob(pattern)("/" + "a" * 3_000 + "/" + "a" * 3_000 + "!")
    assert time.process_time() - began < 3
