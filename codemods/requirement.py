"""Values of dependency floors: what a project declares, what the rewritten code needs, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.worded import Worded

FLOORS = {"azure-identity": "1.17.0", "msal": "1.23.0"}
"""The first release with what a rewrite relies on.

azure-identity 1.17.0 takes every keyword beside ``func`` (https://github.com/Azure/azure-sdk-for-python, change log);
msal 1.23.0 looks into its own cache for applications (https://github.com/AzureAD/microsoft-authentication-library-for-python).
"""


class RequirementStatus(Worded):
    """What became of a declaration; ``advice`` is empty where there is nothing to do."""

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
