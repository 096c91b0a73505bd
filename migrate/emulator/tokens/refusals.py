"""What the token endpoint refuses, with which AADSTS code, HTTP status and OAuth error.

Each entry says how it is known: "recorded" (a real answer was seen), "documented" (page "Microsoft Entra
authentication and authorization error codes" or the page named), "text" (the text was seen in public reports, the HTTP
status is assumed) or "assumed".
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from migrate.emulator.certificates import CertificateRecipe
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.signins import CredentialType

_MATCHING_HELP: Final = (
    "Check your federated identity credential Subject, Audience and Issuer against the presented assertion. "
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    code: int
    status: int
    error: str
    text: str
    known: str


def _kind(code: int, status: int, error: str, text: str, known: str) -> _Kind:
    return _Kind(code=code, status=status, error=error, text=text, known=known)


class Refusal(Enum):
    """Every refusal of the token endpoint; the text is a template for ``str.format``."""

    INVALID_JWT = _kind(
        50027, 400, "invalid_request", "JWT token is invalid or malformed. {reason}", "documented; status assumed"
    )
    NO_TENANT_NAMED = _kind(
        50059, 400, "invalid_request",
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
        "documented",
    )  # fmt: skip
    UNKNOWN_TENANT = _kind(
        90002, 400, "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud.", "recorded",
    )  # fmt: skip
    TENANT_NOT_A_NAME = _kind(
        900023, 400, "invalid_request",
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.", "text",
    )  # fmt: skip
    ONLY_POST = _kind(
        900561, 400, "invalid_request",
        "The endpoint only accepts POST, OPTIONS requests. Received a {method} request.", "text",
    )  # fmt: skip
    BODY_TOO_LARGE = _kind(
        90013, 413, "invalid_request", "Invalid input received from the user. The request body is too large.", "assumed"
    )
    CLAIMS_NOT_VALID = _kind(
        90013, 400, "invalid_request", "Invalid input received from the user. The claims parameter is not valid JSON.",
        "assumed",
    )  # fmt: skip
    UNKNOWN_INSTANCE = _kind(
        50049, 400, "invalid_instance", "Unknown or invalid instance.",
        "documented; OAuth error read in msal, status assumed",
    )  # fmt: skip
    MALFORMED_DISCOVERY = _kind(50050, 400, "invalid_request", "The request is malformed.", "documented; text assumed")
    TWO_CREDENTIALS = _kind(
        90013, 400, "invalid_request",
        "Invalid input received from the user. Only one of 'client_secret' and 'client_assertion' may be present.",
        "assumed; RFC 6749 section 2.3 allows one authentication method in a request",
    )  # fmt: skip
    UNSUPPORTED_GRANT = _kind(
        70003, 400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant}'.", "recorded"
    )
    PARAMETER_MISSING = _kind(
        900144, 400, "invalid_request", "The request body must contain the following parameter: '{name}'.", "documented"
    )
    SCOPE_NOT_VALID = _kind(
        70011, 400, "invalid_scope",
        "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
        "documented",
    )  # fmt: skip
    SCOPE_NOT_DEFAULT = _kind(
        1002012, 400, "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).", "text",
    )  # fmt: skip
    UNKNOWN_RESOURCE = _kind(
        500011, 400, "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You might have sent your authentication request to the wrong tenant.", "recorded",
    )  # fmt: skip
    EXTERNAL_ISSUER = _kind(501661, 400, "invalid_request", "Request to External OIDC endpoint failed.", "text")
    NOT_IN_DIRECTORY = _kind(
        700016, 400, "unauthorized_client",
        "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.", "text",
    )  # fmt: skip
    NOT_AN_APPLICATION = _kind(
        700038, 400, "unauthorized_client", "{app} is not a valid application identifier.", "recorded"
    )
    NO_SERVICE_PRINCIPAL = _kind(
        7000229, 401, "invalid_client",
        "The client application {app} is missing service principal in the tenant {tenant}. See instructions here: "
        "https://go.microsoft.com/fwlink/?linkid=2225119", "text",
    )  # fmt: skip
    DISABLED = _kind(
        7000112, 400, "unauthorized_client", "Application '{app}'({name}) is disabled.", "recorded; status assumed"
    )
    WRONG_SECRET = _kind(
        7000215, 401, "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        "the client secret ID, for a secret added to app '{app}'.", "recorded",
    )  # fmt: skip
    EXPIRED_SECRET = _kind(
        7000222, 401, "invalid_client",
        "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for "
        "your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds.", "recorded",
    )  # fmt: skip
    NO_CREDENTIAL = _kind(
        7000216, 401, "invalid_client",
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.", "text",
    )  # fmt: skip
    EMPTY_CREDENTIAL = _kind(
        7000218, 401, "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        "recorded for other grants; assumed here for a parameter that is present and empty",
    )  # fmt: skip
    NO_FEDERATED_CREDENTIAL = _kind(
        70025, 401, "invalid_client",
        "The client '{app}'({name}) has no configured federated identity credentials.", "recorded",
    )  # fmt: skip
    ISSUER_MISMATCH = _kind(
        700211, 401, "invalid_client",
        "No matching federated identity record found for presented assertion issuer '{issuer}'. " + _MATCHING_HELP,
        "text",
    )  # fmt: skip
    AUDIENCE_MISMATCH = _kind(
        700212, 401, "invalid_client",
        "No matching federated identity record found for presented assertion audience '{audience}'. " + _MATCHING_HELP,
        "text",
    )  # fmt: skip
    SUBJECT_MISMATCH = _kind(
        700213, 401, "invalid_client",
        "No matching federated identity record found for presented assertion subject '{subject}'. " + _MATCHING_HELP,
        "text",
    )  # fmt: skip
    SUBJECT_CASE_MISMATCH = _kind(
        7002138, 401, "invalid_client",
        "No matching federated identity record found for presented assertion subject '{subject}'. The subject matches "
        "with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity "
        "credential Subject, Audience and Issuer against the presented assertion. See documentation at: "
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation. See breaking change notification "
        "and remediation at: "
        "https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024.", "text",
    )  # fmt: skip
    AUDIENCE_IS_GUID = _kind(
        700214, 401, "invalid_client",
        "The audience of the federated identity credential must be '{expected}', not the application id '{audience}'.",
        "code reported by third parties; text assumed",
    )  # fmt: skip
    ISSUED_BY_ENTRA = _kind(
        700222, 401, "invalid_client", "AAD-issued tokens may not be used for federated identity flows.",
        "recorded for tokens got by federation and for those of another tenant; assumed for applications and "
        "system-assigned identities",
    )  # fmt: skip
    WRONG_CLIENT = _kind(
        700021, 401, "invalid_client",
        "Client assertion application identifier doesn't match 'client_id' parameter.", "documented; status assumed",
    )  # fmt: skip
    WRONG_ASSERTION_AUDIENCE = _kind(
        700023, 401, "invalid_client", "Client assertion audience claim does not match Realm issuer.", "text"
    )
    ASSERTION_TIME = _kind(
        700024, 401, "invalid_client",
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {start}, "
        "expiry time of assertion {end}. Review the documentation at "
        "https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", "text",
    )  # fmt: skip
    BAD_SIGNATURE = _kind(
        700027, 401, "invalid_client", "Client assertion failed signature validation. [Reason - {reason}]", "documented"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What is known of the credential that a client presented, for the sign-in log."""

    credential_type: CredentialType = "none"
    key_id: str = ""
    certificate: CertificateRecipe | bytes | None = None
    federated_credential_id: str = ""
    on_service_principal: bool = False
    assertion_id: str | None = None
    assertion_issuer: str | None = None


class RefusedError(Exception):
    """A token request that is refused."""

    def __init__(self, refusal: Refusal, presented: Presented | None = None, **values: object) -> None:
        super().__init__(refusal.name)
        self.code = refusal.value.code
        self.status = refusal.value.status
        self.error = refusal.value.error
        self.text = refusal.value.text.format(**values)
        self.presented = presented or Presented()


_NO_LOOKUP_PAGE: Final = (700038, 70003)
"""Codes whose recorded answers carry no error_uri."""


def refusal_body(
    refused: RefusedError, now: datetime, lookup_host: str, correlation_id: str, *, separator: str = " "
) -> dict[str, Any]:
    r"""Give the body of a refusal.

    ``separator`` stands before Trace ID, Correlation ID and Timestamp: a blank in the token endpoint's recorded answers
    of 2023 and later, ``\r\n`` in those that the metadata service passes on.
    """
    trace = fresh_guid()
    timestamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
    ids = (f"Trace ID: {trace}", f"Correlation ID: {correlation_id}", f"Timestamp: {timestamp}")
    body: dict[str, Any] = {
        "error": refused.error,
        "error_description": separator.join((f"AADSTS{refused.code}: {refused.text}", *ids)),
        "error_codes": [refused.code],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation_id,
    }
    if refused.code not in _NO_LOOKUP_PAGE:
        body["error_uri"] = f"https://{lookup_host}/error?code={refused.code}"
    return body
