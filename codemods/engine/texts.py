"""Which of many byte strings occur in some bytes, found in one pass however many they are.

Hyperscan searches for all of them at once (https://intel.github.io/hyperscan/dev-reference/compilation.html, pure
literals). Where it has no build for a machine, or no use for it, they are sought one by one: the same answer, later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from threading import Lock
from types import ModuleType

_Numbered = tuple[tuple[int, bytes], ...]
_Find = Callable[[bytes], list[int]]


def _library() -> ModuleType | None:
    try:
        return import_module("hyperscan")
    except ImportError:
        return None


HYPERSCAN = _library()


class Texts:
    """A search for a fixed set of byte strings; an empty one is in everything and is not looked for."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self.texts = tuple(sorted({*texts} - {b""}))
        numbered = tuple(enumerate(self.texts))
        self._find = _one_by_one(numbered) if HYPERSCAN is None else _at_once(numbered, HYPERSCAN)

    def of(self, data: bytes) -> set[bytes]:
        """Give those that occur."""
        return {self.texts[number] for number in self._find(data)}

    def occur_in(self, data: bytes) -> bool:
        """Tell whether one of them occurs."""
        return bool(self._find(data))


def _one_by_one(numbered: _Numbered) -> _Find:
    return lambda data: [number for number, text in numbered if text in data]


def _at_once(numbered: _Numbered, hyperscan: ModuleType) -> _Find:
    plain = {number: text for number, text in numbered if b"\0" not in text}  # for Hyperscan a zero byte ends a text
    others = _one_by_one(tuple((number, text) for number, text in numbered if number not in plain))
    if not plain:
        return others
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_SINGLEMATCH
    try:
        database.compile([*plain.values()], ids=[*plain], elements=len(plain), flags=flags, literal=True)
    except hyperscan.HyperscanError:  # the processor lacks what it was built for
        return _one_by_one(numbered)
    one_at_a_time = Lock()  # a database has one scratch space

    def find(data: bytes) -> list[int]:
        found = others(data)
        if data:
            with one_at_a_time:
                database.scan(data, match_event_handler=lambda number, *_where: found.append(number))
        return found

    return find
