"""Retired libraries (adal, track 1, azureml v1): found and reported, because they cannot send an assertion.

adal and msrestazure: https://learn.microsoft.com/entra/identity-platform/msal-migration
Track 1 credentials (note the argument order: client id, then secret):
https://learn.microsoft.com/azure/developer/python/sdk/azure-sdk-library-usage-patterns
"""

from __future__ import annotations

from codemods.model import ReasonCode
from codemods.transform import Transform, reports

_service_principal = reports(ReasonCode.DEAD_LIBRARY, client=(0, "client_id"), secret=(1, "secret"))
_azureml = reports(
    ReasonCode.DEAD_LIBRARY, client=(1, "service_principal_id"), secret=(2, "service_principal_password")
)
_CLASSES = (
    "azure.common.credentials.ServicePrincipalCredentials",
    "msrestazure.azure_active_directory.ServicePrincipalCredentials",
)
_AZUREML = "azureml.core.authentication.ServicePrincipalAuthentication"
_METHODS = {
    "acquire_token_with_client_credentials": reports(
        ReasonCode.DEAD_LIBRARY, client=(1, "client_id"), secret=(2, "client_secret")
    ),
    "acquire_token_with_client_certificate": reports(
        ReasonCode.DEAD_LIBRARY, client=(1, "client_id"), secret=(2, "certificate")
    ),
    "acquire_token_with_authorization_code": reports(
        ReasonCode.DEAD_LIBRARY, client=(3, "client_id"), secret=(4, "client_secret")
    ),
    "acquire_token_with_refresh_token": reports(
        ReasonCode.DEAD_LIBRARY, client=(1, "client_id"), secret=(3, "client_secret")
    ),
}

TRANSFORM = Transform(
    name="legacy",
    literals=(b"ServicePrincipalCredentials", b"ServicePrincipalAuthentication", *(name.encode() for name in _METHODS)),
    constructs={**dict.fromkeys(_CLASSES, _service_principal), _AZUREML: _azureml},
    methods={name: ("adal", judge) for name, judge in _METHODS.items()},
    classes=frozenset({*_CLASSES, _AZUREML}),
)
