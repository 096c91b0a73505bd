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


class ReasonCode(enum.StrEnum):
    """Why a site was left alone. The code is stable; the meaning and the advice are for people."""

    meaning: str
    advice: str

    def __new__(cls, code: str, meaning: str, advice: str) -> Self:
        """Keep the two texts beside the code, so that no table can miss one."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.advice = advice
        return member

    VERSION_FLOOR = (
        "version-floor",
        "the project pins a release that is too old for what would be written",
        "raise the pin as suggested, update the lock file, then run again",
    )
    # Whose application it is
    UNKNOWN_APPLICATION = (
        "unknown-application",
        "the source does not say which application this is",
        "say which one with --app CLIENT_ID",
    )
    NOT_IN_PLAN = (
        "not-in-plan",
        "the application is not among those to migrate",
        "add it to the plan, or leave it if it belongs to somebody else",
    )
    SEVERAL_APPLICATIONS = (
        "several-applications",
        "more than one application signs in below these paths",
        "give --plan, or --app CLIENT_ID for one folder at a time",
    )
    OTHER_SITE_BLOCKS = (
        "other-site-blocks",
        "another sign-in of the same application in this file cannot be rewritten",
        "resolve that one first: half a rewrite would leave the secret in use",
    )
    TEST_CODE = (
        "test-code",
        "this is test or documentation code",
        "adapt it by hand, or include it with --include-tests",
    )
    SECRET_SIGN_IN = (
        "secret-sign-in",
        "a secret or a certificate signs in here",
        "ask unsecret rewrite for the change; --apply makes it",
    )
    # How the construct is used
    HIDDEN_IN_KWARGS = (
        "hidden-in-kwargs",
        "the secret travels inside * or ** arguments",
        "write the arguments out at the call, then run again",
    )
    CLASS_AS_VALUE = (
        "class-as-value",
        "the class is passed around instead of being called",
        "call it where it stands, or replace it by hand",
    )
    SUBCLASS = (
        "subclass",
        "a class inherits from the secret-based class",
        "derive it from the assertion-based class by hand",
    )
    STAR_IMPORT = ("star-import", "the name comes from a star import", "import the name itself, then run again")
    AMBIGUOUS_IMPORT = (
        "ambiguous-import",
        "the name has more than one meaning here",
        "import each class under a name of its own, then run again",
    )
    DYNAMIC_IMPORT = (
        "dynamic-import",
        "the class is looked up by a string at run time",
        "import it by name, then run again",
    )
    TYPE_DEPENDENT = (
        "type-dependent",
        "the code asks for the type of the credential",
        "decide what the assertion-based class means in that test",
    )
    PRIVATE_ATTRIBUTE_USE = (
        "private-attribute-use",
        "a private attribute of the credential is read",
        "remove that use first: the assertion-based class has no such attribute",
    )
    UNSUPPORTED_FORM = (
        "unsupported-form",
        "the call has a form that is not rewritten",
        "replace it by hand with a client assertion",
    )
    NAME_COLLISION = (
        "name-collision",
        "a name the rewrite needs already means something else here",
        "rename that one, then run again",
    )
    HELPER_NAME_TAKEN = (
        "helper-name-taken",
        "a file named entra_fic.py that is not ours stands where the helper belongs",
        "rename or move that file, then run again",
    )
    INDIRECT_IMPORT = ("indirect-import", "the class may come by way of another module", "import it from its library")
    RE_EXPORTED = ("re-exported", "the class is imported here and not called", "import it where it is called")
    HELPER_PLACE_UNKNOWN = ("helper-place-unknown", "how this file is imported cannot be told", "rewrite it by hand")
    # Where the secret comes from and who else uses it
    GUARDED_BY_SECRET = (
        "guarded-by-secret",
        "a condition or start-up check reads the secret",
        "change the condition first: without the secret it takes the other branch",
    )
    SECRET_USED_ELSEWHERE = (
        "secret-used-elsewhere",
        "the same secret is used for something else",
        "migrate the other use too, then run again",
    )
    LEFTOVER = (
        "leftover",
        "the statement that reads the secret would stay behind",
        "remove that read together with this call, or make it optional",
    )
    DYNAMIC_SECRET = (
        "dynamic-secret",
        "the secret is computed, or bound more than once",
        "make its origin plain, then run again, or replace the call by hand",
    )
    DYNAMIC_CREDENTIAL = (
        "dynamic-credential",
        "the credential may be a secret, a certificate, an assertion or nothing",
        "decide by hand what is passed here",
    )
    CALLER_SUPPLIED_SECRET = (
        "caller-supplied-secret",
        "the secret is a parameter: callers supply it",
        "change the callers and this signature together",
    )
    LIBRARY_API = (
        "library-api",
        "the object is given its secret from outside",
        "offer an assertion as another option, or change the users of the class",
    )
    # What is asked of Entra
    PERSONAL_OR_COMMON_AUTHORITY = (
        "personal-or-common-authority",
        "the authority is shared (common, organizations, consumers) or B2C",
        "name the tenant in the authority, then run again",
    )
    CLOUD_MISMATCH = (
        "cloud-mismatch",
        "the authority belongs to another cloud than the plan's audience",
        "plan this application for its own cloud",
    )
    OTHER_TENANT = ("other-tenant", "the source names another tenant than the plan", "plan it for its own tenant")
    CLIENT_CLAIMS = (
        "client-claims",
        "client_claims are signed by a certificate only and would be dropped",
        "decide whether anybody reads these claims",
    )
    STATIC_ASSERTION = (
        "static-assertion",
        "an assertion is evaluated once and will expire",
        "pass a function instead of its result",
    )
    AKS_DIRECT_FEDERATION = (
        "aks-direct-federation",
        "the file knows of a federated token file (AKS)",
        "federate the service account with the application and use WorkloadIdentityCredential",
    )
    # Other ways to use a secret
    RAW_HTTP = (
        "raw-http",
        "the token endpoint is called directly with a secret",
        "send client_assertion_type and client_assertion instead of client_secret",
    )
    DEAD_LIBRARY = (
        "dead-library",
        "the library is retired and cannot send an assertion",
        "move to azure-identity or msal first",
    )
    ACS_NOT_ENTRA = (
        "acs-not-entra",
        "this signs in to Azure ACS, where a federated credential does not apply",
        "move to an Entra sign-in first",
    )
    OTHER_LIBRARY = (
        "other-library",
        "a library takes the secret itself",
        "pass it a token or a credential object instead of the secret",
    )
    STORAGE_OPTIONS = (
        "storage-options",
        "the secret travels in storage options",
        "pass credential= with an azure.identity.aio credential",
    )
    CONNECTION_STRING = (
        "connection-string",
        "the secret is part of a connection string",
        "connect with an access token",
    )
    JVM_SIDE = ("jvm-side", "the secret is used by Spark on the Java side", "use a token provider of the platform")
    ENVIRONMENT_STEERED = (
        "environment-steered",
        "environment variables decide how this signs in",
        "remove AZURE_CLIENT_SECRET (never blank it) and say the credential explicitly",
    )
    LITERAL_SECRET = (
        "literal-secret",
        "a text in the shape of a client secret stands in the file",
        "treat it as leaked: remove it from its application and from the file; the history keeps it",
    )
    VAULT_SECRET = (
        "vault-secret",
        "a client secret is read from a store of secrets",
        "retire it in the store as well, once nothing reads it",
    )
    NOTEBOOK = ("notebook", "a notebook mentions secret-based sign-in", "adapt its cells by hand")


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
