"""Values of dependency floors: what a project declares, what the rewritten code needs, and what became of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Self

FLOORS = {"azure-identity": "1.17.0", "msal": "1.23.0"}
"""The first release with what a rewrite relies on.

azure-identity 1.17.0 takes every keyword beside ``func`` (https://github.com/Azure/azure-sdk-for-python, change log);
msal 1.23.0 looks into its own cache for applications (https://github.com/AzureAD/microsoft-authentication-library-for-python).
"""


class RequirementStatus(enum.StrEnum):
    """What became of a declaration; ``advice`` is empty where there is nothing to do."""

    meaning: str
    advice: str

    def __new__(cls, code: str, meaning: str, advice: str) -> Self:
        """Keep the two texts beside the code, so that no table can miss one."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning, member.advice = meaning, advice
        return member

    RAISED = ("raised", "it is raised", "")
    ADDED = ("added", "it is added", "")
    SUFFICIENT = ("sufficient", "it is new enough", "")
    TOO_OLD = (
        "too-old",
        "the release that is declared is too old for what would be written",
        "raise it as suggested, update the lock file, then run again",
    )
    """It cannot be raised by itself: the sites of its project stay as they are."""
    UNDECLARED = (
        "undeclared",
        "nothing declares the package",
        "declare it where the project declares the others",
    )
    """Nothing declares the package here, and no single place is the obvious one."""
    UNREADABLE = ("unreadable", "the file that declares packages could not be read", "look at it by hand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A declaration of one package. ``new`` is what stands or should stand there; ``why`` says why it does not."""

    path: str
    line: int
    package: str
    status: RequirementStatus
    old: str = ""
    new: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementFile:
    """A file that declares dependencies. ``problem`` says why a change was not written."""

    path: str
    requirements: tuple[Requirement, ...]
    diff: str = ""
    written: bool = False
    problem: str = ""
