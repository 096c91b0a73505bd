"""Why a place in code is left to a person, or was rewritten with a note: stable codes, each with its words."""

from __future__ import annotations

from codemods.worded import Worded


class ReasonCode(Worded):
    """Why a site was left alone. The code is stable; the meaning and the advice are for people."""

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
        "make the place that is named do without the secret (a sign-in there is told by itself), then run again",
    )
    LEFTOVER = (
        "leftover",
        "the statement that reads the secret would stay behind",
        "remove that read with this call (--fix-leftovers does it where nothing else needs it), or make it optional",
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
        "this code offers several ways to sign in, or is given its secret from outside",
        "offer an assertion as another option, or change whoever chooses between them",
    )
    # What is asked of Entra
    PERSONAL_OR_COMMON_AUTHORITY = (
        "personal-or-common-authority",
        "the authority is shared (common, organizations, consumers), or none of an organization (B2C, AD FS)",
        "name the tenant in the authority, if it is Entra's, then run again",
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
        "remove the variable (never blank it) and say the credential explicitly",
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
