"""Bodies of the token endpoint and of discovery, and the claims of tokens."""

from typing import Final

from tests.emulator.fidelity.shapes import (
    ADDRESS,
    BASE64,
    BOOLEAN,
    GUID,
    INTEGER,
    JWT,
    STAMP,
    TEXT,
    TEXTS,
    Fields,
    Known,
    ListOf,
    Maybe,
    Nullable,
    Shape,
    constant,
    text,
)

RECORDING: Final = "calvinchengx/entra-emulator, its recordings of the real service of 2026-08-13"
CODES_PAGE: Final = "Microsoft Entra authentication and authorization error codes"
_SIGNED: Final = {"alg": constant("RS256"), "typ": constant("JWT"), "kid": text(r"[\w-]{10,}")}
_OPAQUE: Final = text(r"[\w.+/=-]{10,}")


def refusal(code: int, error: str, words: str, *, lookup: bool) -> Fields:
    """Describe an error answer; the texts end in three ids, behind blanks or line breaks."""
    tail = r"\s+Trace ID: [0-9a-f-]{36}\s+Correlation ID: [0-9a-f-]{36}\s+Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
    shapes: dict[str, Shape] = {
        "error": constant(error),
        "error_description": text(rf"AADSTS{code}: {words}{tail}"),
        "error_codes": ListOf(constant(code)),
        "timestamp": STAMP,
        "trace_id": GUID,
        "correlation_id": GUID,
    }
    if lookup:
        shapes["error_uri"] = constant(f"https://login.microsoftonline.com/error?code={code}")
    return Fields(shapes)


_NOT_FOUND: Final = (
    r"The resource principal named \S+ was not found in the tenant named \S+\. This can happen if the application has "
    r"not been installed by the administrator of the tenant or consented to by any user in the tenant\. You might have "
    r"sent your authentication request to the wrong tenant\."
)
_NO_MATCH: Final = r"No matching federated identity record found for presented assertion"

TOKENS: Final = (
    Known(
        name="token answer",
        source=RECORDING,
        sure="recorded",
        shape=Fields(
            {"token_type": constant("Bearer"), "expires_in": INTEGER, "ext_expires_in": INTEGER, "access_token": JWT}
        ),
    ),
    Known(
        name="claims of an application's token",
        source=f"{RECORDING}: names, version, issuer and audience; no idtyp, no x5t",
        sure="recorded",
        shape=Fields(
            {
                "aio": _OPAQUE,
                "aud": GUID,
                "azp": GUID,
                "azpacr": constant("1"),
                "exp": INTEGER,
                "iat": INTEGER,
                "iss": text(r"https://login\.microsoftonline\.com/[0-9a-f-]{36}/v2\.0"),
                "nbf": INTEGER,
                "oid": GUID,
                "rh": _OPAQUE,
                "sub": GUID,
                "tid": GUID,
                "uti": _OPAQUE,
                "ver": constant("2.0"),
                "xms_ftd": _OPAQUE,
            }
        ),
    ),
    Known(name="header of an application's token", source=RECORDING, sure="recorded", shape=Fields(_SIGNED)),
    Known(
        name="claims of an exchange token",
        source="a decoded token for the exchange resource, cut off behind rh; sub = oid for user-assigned identities "
        "by AzureAD/microsoft-identity-web#2551; sub, tid, uti and ver assumed from application tokens",
        sure="assumed",
        shape=Fields(
            {
                "aud": constant("fb60f99c-7a34-4190-8149-302f77469936"),
                "iss": text(r"https://login\.microsoftonline\.com/[0-9a-f-]{36}/v2\.0"),
                "iat": INTEGER,
                "nbf": INTEGER,
                "exp": INTEGER,
                "aio": _OPAQUE,
                "azp": GUID,
                "azpacr": constant("2"),
                "idtyp": constant("app"),
                "oid": GUID,
                "rh": text(r"1\.[\w-]{20,}\."),
                "sub": GUID,
                "tid": GUID,
                "uti": _OPAQUE,
                "ver": constant("2.0"),
            }
        ),
    ),
)

REFUSALS: Final = (
    Known(
        name="wrong secret",
        source=RECORDING,
        sure="recorded",
        shape=refusal(7000215, "invalid_client", r"Invalid client secret provided\. Ensure the secret being sent in "
                      r"the request is the client secret value, not the client secret ID, for a secret added to app "
                      r"'[0-9a-f-]{36}'\.", lookup=True),
    ),
    Known(
        name="unknown resource",
        source=RECORDING,
        sure="recorded",
        shape=refusal(500011, "invalid_resource", _NOT_FOUND, lookup=True),
    ),
    Known(
        name="made-up client id",
        source=f"{RECORDING}; it had no error_uri",
        sure="recorded",
        shape=refusal(700038, "unauthorized_client", r"[0-9a-f-]{36} is not a valid application identifier\.",
                      lookup=False),
    ),
    Known(
        name="unknown grant",
        source=f"{RECORDING}; it had no error_uri",
        sure="recorded",
        shape=refusal(70003, "unsupported_grant_type", r"The app requested an unsupported grant type 'no_such_grant'\.",
                      lookup=False),
    ),
    Known(
        name="expired secret",
        source="a pasted answer of 2023, cut off behind the timestamp",
        sure="recorded",
        shape=refusal(7000222, "invalid_client", r"The provided client secret keys for app '[0-9a-f-]{36}' are "
                      r"expired\. Visit the Azure portal to create new keys for your app: https://\S+, or consider "
                      r"using certificate credentials for added security: https://\S+", lookup=True),
    ),
    Known(
        name="disabled application",
        source="Worklytics/psoxy#74: error and description only",
        sure="recorded",
        shape=refusal(7000112, "unauthorized_client", r"Application '[0-9a-f-]{36}'\(.+\) is disabled\.", lookup=True),
    ),
    Known(
        name="scope that is none",
        source=CODES_PAGE,
        sure="documented",
        shape=refusal(70011, "invalid_scope", r"The provided value for the input parameter 'scope' is(n't| not) "
                      r"valid\. The scope .* is(n't| not) valid\.", lookup=True),
    ),
    Known(
        name="wrong subject",
        source="a log in dotnet/maui#31978: the description only",
        sure="recorded",
        shape=refusal(700213, "invalid_client", rf"{_NO_MATCH} subject '.*'\. Check your federated identity credential "
                      r"Subject, Audience and Issuer against the presented assertion\. https://learn\.microsoft\.com/"
                      r"entra/workload-id/workload-identity-federation", lookup=True),
    ),
    Known(
        name="subject in other letters",
        source="Azure/login#515: the description only",
        sure="recorded",
        shape=refusal(7002138, "invalid_client", rf"{_NO_MATCH} subject '.*'\. The subject matches with "
                      r"case-insensitive comparison, but not with case-sensitive comparison\. Check your federated "
                      r"identity credential Subject, Audience and Issuer against the presented assertion\. See "
                      r"documentation at: https://learn\S+ See breaking change notification and remediation at: "
                      r"https://learn\S+", lookup=True),
    ),
    Known(
        name="token of a federated identity",
        source="AzureAD/microsoft-identity-web#2519: cut off behind the code",
        sure="recorded",
        shape=refusal(700222, "invalid_client", r"AAD-issued tokens may not be used for federated identity flows\.",
                      lookup=True),
    ),
    Known(
        name="assertion out of its time",
        source="a client's tests: error and description only",
        sure="read in a client",
        shape=refusal(700024, "invalid_client", r"Client assertion is not within its valid time range\. Current time: "
                      r"\S+Z, assertion valid from \S+Z, expiry time of assertion \S+Z\. .*", lookup=True),
    ),
)  # fmt: skip

DISCOVERY: Final = (
    Known(
        name="openid configuration",
        source="Azure/azure-sdk-for-js, recordings of 2021 in its tests",
        sure="recorded",
        shape=Fields(
            {
                "token_endpoint": ADDRESS,
                "token_endpoint_auth_methods_supported": TEXTS,
                "jwks_uri": ADDRESS,
                "response_modes_supported": TEXTS,
                "subject_types_supported": ListOf(constant("pairwise")),
                "id_token_signing_alg_values_supported": ListOf(constant("RS256")),
                "response_types_supported": TEXTS,
                "scopes_supported": TEXTS,
                "issuer": text(r"https://login\.microsoftonline\.com/([0-9a-f-]{36}|\{tenantid\})/v2\.0"),
                "request_uri_parameter_supported": BOOLEAN,
                "userinfo_endpoint": constant("https://graph.microsoft.com/oidc/userinfo"),
                "authorization_endpoint": ADDRESS,
                "device_authorization_endpoint": ADDRESS,
                "http_logout_supported": BOOLEAN,
                "frontchannel_logout_supported": BOOLEAN,
                "end_session_endpoint": ADDRESS,
                "claims_supported": TEXTS,
                "kerberos_endpoint": ADDRESS,
                "tenant_region_scope": Nullable(TEXT),
                "cloud_instance_name": constant("microsoftonline.com"),
                "cloud_graph_host_name": constant("graph.windows.net"),
                "msgraph_host": constant("graph.microsoft.com"),
                "rbac_url": constant("https://pas.windows.net"),
            }
        ),
    ),
    Known(
        name="signing keys",
        source="page Access tokens in the Microsoft identity platform, about the issuer of a signing key; RFC 7517",
        sure="documented",
        shape=Fields(
            {
                "keys": ListOf(
                    Fields(
                        {
                            "kty": constant("RSA"),
                            "use": constant("sig"),
                            "kid": text(r"[\w-]{27}"),
                            "x5t": text(r"[\w-]{27}"),
                            "n": text(r"[\w-]+"),
                            "e": constant("AQAB"),
                            "x5c": ListOf(BASE64),
                            "issuer": ADDRESS,
                            "cloud_instance_name": Maybe(TEXT),
                            "alg": Maybe(constant("RS256")),
                        }
                    )
                )
            }
        ),
    ),
    Known(
        name="instance discovery",
        source="msal 1.39: what it reads of the answer",
        sure="read in a client",
        shape=Fields(
            {
                "tenant_discovery_endpoint": ADDRESS,
                "api-version": constant("1.1"),
                "metadata": ListOf(Fields({"preferred_network": TEXT, "preferred_cache": TEXT, "aliases": TEXTS})),
            }
        ),
    ),
)
