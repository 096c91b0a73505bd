"""Values of what is left when the secret is gone: which place, of what kind, under which name. Never a value."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final, Self

STEERING: Final = "AZURE_CLIENT_SECRET"
"""The variable by which azure-identity itself reads a secret."""
IGNORED: Final = "git ignores the file"
"""The detail of a place that only this machine has."""
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_GENERIC = frozenset({"SECRET", "KEY", "PASSWORD", "VALUE", "TOKEN", "CREDENTIAL", "CERTIFICATE"})


def variable_of(key: str) -> str | None:
    """Give the variable that a settings field is filled from; a word that names everything names nothing."""
    variable = key.upper().replace("-", "_")
    return variable if _VARIABLE.fullmatch(variable) and variable not in _GENERIC else None


class LeftoverKind(enum.StrEnum):
    """What kind of place it is. ``holds`` says that the program fails, or still uses the secret, when it is gone."""

    meaning: str
    advice: str
    holds: bool

    def __new__(cls, code: str, meaning: str, advice: str, holds: bool) -> Self:  # noqa: FBT001 - a table
        """Keep the texts and the weight beside the code, so that no table can miss one."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning, member.advice, member.holds = meaning, advice, holds
        return member

    HARD_READ = (
        "hard-read",
        "the program stops where it reads a variable that is gone",
        "remove the read, or use os.environ.get and do without it",
        True,
    )
    START_UP_CHECK = (
        "start-up-check",
        "a condition decides on a variable that will be gone",
        "remove the check",
        True,
    )
    REQUIRED_SETTING = (
        "required-setting",
        "a settings field without a default fails at start-up",
        "remove the field, or give it the default None",
        True,
    )
    REQUIRED_OPTION = (
        "required-option",
        "a required command-line option has nothing to be given",
        "remove the option, or make it optional",
        True,
    )
    OTHER_USE = ("other-use", "the secret is read for something else", "migrate this use, too", True)
    SOFT_READ = ("soft-read", "it is read for nothing any more", "remove the read", False)
    HOLDS_MORE = (
        "holds-more",
        "a variable holds the secret among other things that are still read",
        "take the secret out of the value, and leave the rest",
        False,
    )
    TEST = ("test", "a test sets the variable or patches the class", "adapt the test", False)
    CODE_SETS = ("code-sets", "code sets the variable", "remove the assignment", False)
    ENV_FILE = ("env-file", "an environment file sets it", "delete the line; a blank value is worse than none", False)
    COMPOSE = ("compose", "a compose file passes it on", "remove the entry from environment", False)
    DOCKERFILE = ("dockerfile", "an image sets or takes it", "remove ENV or ARG; a built image still holds it", False)
    KUBERNETES = (
        "kubernetes",
        "a manifest, a chart or another YAML file sets it",
        "remove the entry and the Secret behind it",
        False,
    )
    GITHUB_ACTIONS = ("github-actions", "a workflow passes it on", "remove it here and among the secrets", False)
    GITHUB_LOGIN = (
        "github-login",
        "a workflow signs in with a secret",
        "use azure/login with OpenID Connect: client-id, tenant-id, subscription-id and id-token: write",
        True,
    )
    AZURE_PIPELINES = (
        "azure-pipelines",
        "a pipeline passes it on",
        "remove the variable from pipeline and group",
        False,
    )
    TERRAFORM = ("terraform", "Terraform sets it", "remove the setting and what creates the secret", False)
    TERRAFORM_PASSWORD = (
        "terraform-password",
        "Terraform creates a secret for an application",
        "remove the resource: the next apply would create the secret again",
        False,
    )
    MAKES_SECRET = (
        "makes-secret",
        "a command or a program adds a secret to an application",
        "see that it does so for none that is migrated: run once more, it brings a secret back",
        False,
    )
    BICEP = ("bicep", "a template sets it", "remove the setting and its parameter", False)
    SETTINGS_FILE = ("settings-file", "a settings file holds or names it", "delete the entry", False)
    SERVICE = (
        "service",
        "a unit or a process manager starts a program with it",
        "remove the entry, and where the file is installed, too",
        False,
    )
    PLATFORM = (
        "platform",
        "a file of a hosting platform names it",
        "remove it here and among the secrets of the platform",
        False,
    )
    TOOL = ("tool", "settings of a tool or an editor set it", "delete the entry", False)
    SHELL = ("shell", "a script sets or uses it", "remove it from the script", False)
    UNREADABLE = ("unreadable", "the file could not be searched", "look at it by hand", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A place that still reads, needs or sets the secret.

    ``name`` is the variable, key or construct and never a value. ``application`` is the key of the application the
    name leads to, or None where it leads to none or to several. ``dead`` says that nothing needs the place any more,
    and that this is proven; it is asked only when leftovers are to be removed, and ``kept`` says why a place stays.
    ``removed`` says that a dead one is gone from the file. ``detail`` says what was seen beyond that of its kind.
    """

    kind: LeftoverKind
    path: str
    line: int
    name: str
    application: str | None = None
    dead: bool = False
    removed: bool = False
    kept: str = ""
    detail: str = ""

    @property
    def breaks(self) -> str:
        """Say what goes wrong."""
        return f"{self.kind.meaning} ({self.detail})" if self.detail else self.kind.meaning

    @property
    def advice(self) -> str:
        """Say what to do."""
        return self.kind.advice

    @property
    def fails_check(self) -> bool:
        """Tell whether it is no good in a project whose code does without the secret; tests are looked at apart.

        What adds a secret may do so for an application of somebody else.
        """
        passing = {LeftoverKind.TEST, LeftoverKind.UNREADABLE, LeftoverKind.MAKES_SECRET}
        return self.kind not in passing and self.detail != IGNORED


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedFile:
    """A file from which dead leftovers are removed; ``places`` are their lines and names, as the file was.

    ``masked`` diffs hide values and cannot be applied by git. ``problem`` says why the file was not written.
    """

    path: str
    places: tuple[tuple[int, str], ...]
    diff: str
    masked: bool = False
    written: bool = False
    problem: str = ""
