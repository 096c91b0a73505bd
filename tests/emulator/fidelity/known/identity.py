"""Bodies of the managed-identity endpoints."""

from typing import Final

from tests.emulator.fidelity.shapes import (
    DIGITS,
    GUID,
    JWT,
    UPPER_GUID,
    Fields,
    Known,
    constant,
    text,
)

METADATA_PAGE: Final = "How to use managed identities for Azure resources on an Azure VM to acquire an access token"
_PASTED: Final = "answers of 2023 to 2025 that people pasted have client_id and ext_expires_in and no refresh_token"
_APP_SERVICE_FAILURE: Final = "An unexpected error occured while fetching the AAD Token."  # spelt like this

IDENTITY: Final = (
    Known(
        name="metadata service",
        source=METADATA_PAGE,
        sure="documented",
        shape=Fields(
            {
                "access_token": JWT,
                "refresh_token": constant(""),
                "expires_in": DIGITS,
                "expires_on": DIGITS,
                "not_before": DIGITS,
                "resource": constant("https://management.azure.com/"),
                "token_type": constant("Bearer"),
            }
        ),
        added={"client_id": _PASTED, "ext_expires_in": _PASTED},
    ),
    Known(
        name="metadata service without its header",
        source="AzureAD/microsoft-authentication-library-for-dotnet, docs/msi_v2/vm_vmss_credential_probe.md",
        sure="documented",
        shape=Fields(
            {
                "error": constant("invalid_request"),
                "error_description": constant("Required metadata header not specified"),
            }
        ),
    ),
    Known(
        name="metadata service asked for an unknown resource",
        source="AzureAD/microsoft-authentication-library-for-dotnet, MockHelpers.cs: Microsoft's own copy of an answer",
        sure="read in a client",
        shape=Fields(
            {
                "error": constant("invalid_resource"),
                "error_description": text(
                    r"AADSTS500011: The resource principal named \S+ was not found in the tenant named .*wrong tenant\."
                    r"\s+Trace ID: [0-9a-f-]{36}\s+Correlation ID: [0-9a-f-]{36}\s+Timestamp: [\d :-]+Z"
                ),
                "error_codes": constant([500011]),
                "timestamp": text(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"),
                "trace_id": GUID,
                "correlation_id": GUID,
                "error_uri": text(r"https://\S*login\.microsoft(online)?\.com/error\?code=500011"),
            }
        ),
    ),
    Known(
        name="app service",
        source="How to use managed identities for App Service and Azure Functions",
        sure="documented",
        shape=Fields(
            {
                "access_token": JWT,
                "expires_on": DIGITS,
                "resource": constant("https://vault.azure.net"),
                "token_type": constant("Bearer"),
                "client_id": UPPER_GUID,
            }
        ),
    ),
    Known(
        name="app service that fails",
        source="AzureAD/microsoft-authentication-library-for-dotnet, MockHelpers.cs: Microsoft's own copy of an answer",
        sure="read in a client",
        shape=Fields({"statusCode": constant(500), "message": constant(_APP_SERVICE_FAILURE), "correlationId": GUID}),
    ),
)
