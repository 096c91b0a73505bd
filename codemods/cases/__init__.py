"""What becomes of code, case by case: one table for the tests, for ``unsecret explain`` and for docs/reasons.md.

A file ``<subject>_<rewritten|reported|unrelated>.txt`` beside this one holds cases, each

    === name : reason, reason @ condition
    source
    ---
    what becomes of it

where reasons stand for what is reported, in the order of the file, and ``---`` and the rest for what is rewritten.
``+++ name`` stands above the text of each file where its name matters, or there are several. A condition is one of
``CONDITIONS``. ``why.txt`` says for each reason why nothing is rewritten.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Final

REWRITTEN: Final = "rewritten"
REPORTED: Final = "reported"
NO_APP: Final = "without --app"
OTHER_TENANT: Final = "the plan is of another tenant"
CHECK: Final = "with --check"
CONDITIONS: Final = frozenset({"", NO_APP, OTHER_TENANT, CHECK})

_BLOCK = re.compile(r"^=== ", re.MULTILINE)
_FILE = re.compile(r"^\+\+\+ (.+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: the files before, the first of them after a rewrite (empty: it stays as it is), or the reasons."""

    name: str
    files: tuple[tuple[str, str], ...]
    after: str
    reasons: tuple[str, ...]
    condition: str = ""

    @property
    def before(self) -> str:
        """Give the text of the first file."""
        return self.files[0][1]


def subjects(kind: str) -> tuple[str, ...]:
    """Name the files of one kind, in alphabetical order."""
    names = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".txt") for name in names if name.endswith(f"_{kind}.txt")))


@functools.cache
def cases(name: str) -> tuple[Case, ...]:
    """Read the cases of a file, such as ``msal_reported``."""
    return tuple(_case(*block) for block in _blocks(name))


@functools.cache
def whys() -> Mapping[str, str]:
    """Return for each reason, by its code, why the tool leaves such code to a person."""
    return MappingProxyType({head: " ".join(body.split()) for head, body in _blocks("why")})


def of_reason(code: str) -> tuple[Case, ...]:
    """Return the cases in which a reason is given; those that give no other come first."""
    found = [case for name in subjects(REPORTED) for case in cases(name) if code in case.reasons]
    return tuple(sorted(found, key=lambda case: (len(set(case.reasons)), len(case.files))))


def _blocks(name: str) -> list[tuple[str, str]]:
    text = resources.files(__name__).joinpath(f"{name}.txt").read_text("utf-8")
    parts = (block.partition("\n") for block in _BLOCK.split(text)[1:])
    return [(head, body) for head, _, body in parts]


def _case(head: str, body: str) -> Case:
    rest, _, condition = head.partition(" @ ")
    name, _, reasons = rest.partition(" : ")
    if condition not in CONDITIONS:
        raise ValueError(f"case {name}: nobody knows the condition {condition!r}")
    before, _, after = body.partition("\n---\n")
    first, *named = _FILE.split(before)
    files = tuple((path, _ended(text)) for path, text in zip(named[::2], named[1::2], strict=True))
    return Case(
        name=name,
        files=files or (("app.py", _ended(first)),),
        after=_ended(after) if after else "",
        reasons=tuple(reasons.split(", ")) if reasons else (),
        condition=condition,
    )


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
