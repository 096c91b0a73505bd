"""Values of the rewriter: what is asked, what was found, what became of it. No file is touched here.

The text of a secret never enters one of these values: a site carries the *name* of the secret's source only. The one
place where source text appears is ``Changed.diff``, and there a literal secret is replaced by asterisks.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from codemods.leftover import FixedFile, Leftover
from codemods.reasoncode import ReasonCode as ReasonCode  # noqa: PLC0414 - handed on
from codemods.requirement import RequirementFile


class Cloud(enum.Enum):
    """A Microsoft cloud and the audience its token endpoint accepts in a federated assertion.

    Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
    """

    PUBLIC = "api://AzureADTokenExchange"
    USGOV = "api://AzureADTokenExchangeUSGov"
    CHINA = "api://AzureADTokenExchangeChina"

    @property
    def scope(self) -> str:
        """Give the scope that asks a managed identity for a token with this audience."""
        return f"{self.value}/.default"

    @classmethod
    def of_scope(cls, scope: str) -> Self | None:
        """Tell the cloud of an audience scope, or None when it is nobody's."""
        return next((cloud for cloud in cls if scope.removesuffix("/.default") == cloud.value), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An application of the plan; its identity reaches the program at run time by an environment variable."""

    client_id: str
    tenant_id: str | None = None
    audience_scope: str = Cloud.PUBLIC.scope


class LibraryMode(enum.Enum):
    """What becomes of a site in library or product code: only a report, or an assertion option beside the secret."""

    REPORT = "report"
    ADD_OPTION = "add-option"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the caller wants.

    ``targets`` is None when there is no plan. ``app`` is the application of the sites whose source does not name one.
    ``helper_module`` is the dotted name of the module that gets the generated functions, and ``inline`` puts one
    expression into each file instead. ``environment_credential`` also rewrites ``EnvironmentCredential()``.
    ``uncommitted`` allows changes to files that git says have uncommitted changes.
    """

    paths: tuple[Path, ...]
    targets: tuple[Target, ...] | None = None
    app: str | None = None
    apply: bool = False
    include_tests: bool = False
    library_mode: LibraryMode = LibraryMode.REPORT
    helper_module: str | None = None
    inline: bool = False
    notebooks: bool = False
    environment_credential: bool = False
    fix_leftovers: bool = False
    uncommitted: bool = False


class Category(enum.Enum):
    """What kind of code a site stands in; reports list all but ``CODE`` apart."""

    CODE = "code"
    TEST = "test"
    DOCUMENTATION = "documentation"
    MOCK = "mock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place that signs in with a secret or a certificate, or that could.

    Lines and columns count from 1, columns in characters; the end is where the next character stands, and unknown for
    a site that is a whole file. ``scope`` names the functions and classes around it (``Jobs.run``). ``client_id`` is
    known only when the source says it. ``secret_source`` describes where the secret comes from and is never the secret.
    ``literal_secret`` says that its text stands in the source file.
    """

    path: str
    line: int
    column: int
    construct: str
    client_id: str | None = None
    client_expression: str | None = None
    tenant_expression: str | None = None
    secret_source: str | None = None
    literal_secret: bool = False
    end_line: int | None = None
    end_column: int | None = None
    scope: str = ""
    category: Category = Category.CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Something that was found to be the same in the old and the new source of a site, by comparing syntax trees.

    ``what`` names a parameter (``tenant_id``, ``authority``), or ``execution`` (synchronous or asynchronous), or
    ``scopes``. ``expression`` is the source of it where that can hold no secret, else the word "expression".
    """

    what: str
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """The site now sends an assertion, for the application that was decided on; ``compared`` says what stayed."""

    site: Site
    application: str
    note: str = ""
    compared: tuple[Compared, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyAssertion:
    """The site sends an assertion as it is."""

    site: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The site needs a person; ``detail`` says what was seen, beyond the meaning of the reason.

    ``offered`` says that its callers can pass an assertion from now on; those that pass a secret still do. ``target``
    is code that a person could write instead, empty where none is known.
    """

    site: Site
    reason: ReasonCode
    advice: str
    detail: str = ""
    offered: bool = False
    target: str = ""


SiteOutcome = Rewritten | AlreadyAssertion | Reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A file with rewritten sites.

    ``diff`` holds the bytes of the file as UTF-8 with ``surrogateescape``: encode it the same way before writing it.
    ``masked`` diffs hide a literal secret and cannot be applied by git.
    """

    path: str
    diff: str
    sites: tuple[SiteOutcome, ...]
    written: bool
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """A file in which nothing was changed; its sites, if any, say why."""

    path: str
    sites: tuple[SiteOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as a value; the codes are those of ``codemods.errors``."""

    code: str
    message: str
    line: int = 1

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A file that could not be read, proven or written; the run went on without it."""

    path: str
    error: Problem


FileOutcome = Changed | Clean | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A helper module the rewritten files import; ``variables`` it reads are each for one of ``applications``.

    A file that was given one expression instead is listed under its own path and without a diff.
    """

    path: str
    diff: str
    variables: tuple[str, ...]
    applications: tuple[str, ...]
    written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything one run found and did. ``files`` holds the candidates that had sites or failed, by path.

    Paths are relative to ``base``, the folder that all paths asked for have in common.
    """

    base: Path
    files: tuple[FileOutcome, ...]
    helpers: tuple[Helper, ...] = ()
    scanned: int = 0
    candidates: int = 0
    leftovers: tuple[Leftover, ...] = ()
    requirements: tuple[RequirementFile, ...] = ()
    fixed: tuple[FixedFile, ...] = ()

    @property
    def sites(self) -> tuple[SiteOutcome, ...]:
        """List the outcome of every site, by file and line."""
        return tuple(site for file in self.files if not isinstance(file, Failed) for site in file.sites)

    @property
    def rewritten(self) -> tuple[Rewritten, ...]:
        """List the sites that send an assertion now."""
        return tuple(site for site in self.sites if isinstance(site, Rewritten))

    @property
    def reported(self) -> tuple[Reported, ...]:
        """List the sites that need a person."""
        return tuple(site for site in self.sites if isinstance(site, Reported))

    @property
    def failed(self) -> tuple[Failed, ...]:
        """List the files the run went on without."""
        return tuple(file for file in self.files if isinstance(file, Failed))

    @property
    def diff(self) -> str:
        """Join the diffs of requirements, helpers, files and leftovers, in the order in which they would be written."""
        changed = (file.diff for file in self.files if isinstance(file, Changed))
        first = (*(file.diff for file in self.requirements), *(helper.diff for helper in self.helpers))
        return "".join((*first, *changed, *(file.diff for file in self.fixed)))
