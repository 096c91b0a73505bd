"""Values of dependency floors: what a project declares, what the rewritten code needs, and what became of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

FLOORS = {"azure-identity": "1.17.0", "msal": "1.23.0"}
"""The first release with what a rewrite relies on.

azure-identity 1.17.0 takes every keyword beside ``func`` (https://github.com/Azure/azure-sdk-for-python, change log);
msal 1.23.0 looks into its own cache for applications (https://github.com/AzureAD/microsoft-authentication-library-for-python).
"""


class RequirementStatus(enum.StrEnum):
    """What became of a declaration."""

    RAISED = "raised"
    ADDED = "added"
    SUFFICIENT = "sufficient"
    TOO_OLD = "too-old"
    """It cannot be raised by itself: the sites of its project stay as they are."""
    UNDECLARED = "undeclared"
    """Nothing declares the package here, and no single place is the obvious one."""
    UNREADABLE = "unreadable"


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
