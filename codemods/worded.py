"""Codes that carry their words: what one means, and what to do about it."""

from __future__ import annotations

import enum
from typing import Self


class Worded(enum.StrEnum):
    """A closed set of codes; each member is written as code, meaning and advice."""

    meaning: str
    advice: str

    def __new__(cls, code: str, meaning: str, advice: str) -> Self:
        """Keep the two texts beside the code, so that no table can miss one."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning, member.advice = meaning, advice
        return member
