"""Variables in the language of a shell: no value can be anything but a value."""

from __future__ import annotations

import os
import subprocess

import pytest

from migrate.cli.emulator import shells
from tests.support.processes import BASH

HOSTILE = [
    "plain",
    "",
    "it's",
    "a b\tc",
    'say "x" `id` $(id) $HOME ${HOME} \\ \\\\ \\n %PATH% !1 #',
    "line\nbreak",
    "\u2018 \u2019 \u201a \u201b \u201c",
    "-n",
    "*",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_bash_reads_back_what_was_written(value: str) -> None:
    script = shells.BASH.script({"X": value}, ["Y"]) + 'printf %s "$X"; printf \'|%s\' "${Y-gone}"'
    done = subprocess.run([BASH, "-euc", script], env={**os.environ, "Y": "1"}, capture_output=True, check=True)
    assert done.stdout.decode() == f"{value}|gone"


@pytest.mark.parametrize("value", HOSTILE)
def test_fish_and_powershell_quote_every_value_whole(value: str) -> None:
    line = shells.FISH.script({"X": value}, [])
    assert line.startswith("set -gx X '")
    assert _unquoted_fish(line.removeprefix("set -gx X ").removesuffix("\n")) == value
    line = shells.POWERSHELL.script({"X": value}, [])
    assert line.startswith("$env:X = '")
    assert _unquoted_powershell(line.removeprefix("$env:X = ").removesuffix("\n")) == value
    assert shells.FISH.script({}, ["X"]) == "set -e X\n"
    assert shells.POWERSHELL.script({}, ["X"]) == "Remove-Item Env:X -ErrorAction SilentlyContinue\n"


def _unquoted_fish(text: str) -> str:
    """Read a single-quoted string as fish does: only \\' and \\\\ are escapes (page "The fish language", Quotes)."""
    found, rest = "", text[1:]
    while rest[0] != "'":
        if rest[0] == "\\" and rest[1] in "\\'":
            rest = rest[1:]
        found, rest = found + rest[0], rest[1:]
    assert rest == "'", "the string ends where the line ends"
    return found


def _unquoted_powershell(text: str) -> str:
    """Read a verbatim string as PowerShell does: two quotes are one, of any of its five kinds of single quote."""
    found, rest, quotes = "", text[1:], "'\u2018\u2019\u201a\u201b"
    while not (rest[0] in quotes and rest[1:2] not in tuple(quotes)):
        rest = rest[1:] if rest[0] in quotes else rest
        found, rest = found + rest[0], rest[1:]
    assert rest == "'", "the string ends where the line ends"
    return found
