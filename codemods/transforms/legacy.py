"""Retired libraries (adal, track 1, azureml v1): found and reported, because they cannot send an assertion.

adal and msrestazure: https://learn.microsoft.com/entra/identity-platform/msal-migration
Track 1 credentials (note the argument order: client id, then secret) and auth files:
https://learn.microsoft.com/azure/developer/python/sdk/azure-sdk-library-usage-patterns
azureml: https://learn.microsoft.com/azure/machine-learning/how-to-migrate-from-v1
"""

from __future__ import annotations

from codemods.model import ReasonCode
from codemods.transform import Call, Judge, Report, Transform, Verdict, reports

_CREDENTIAL = "ClientAssertionCredential(tenant_id, client_id, managed_identity_assertion)"
_TRACK_2 = f"{_CREDENTIAL}, passed to the client of today's azure-mgmt package"
_MLCLIENT = f"azure.ai.ml.MLClient({_CREDENTIAL}, subscription_id, resource_group_name, workspace_name)"
_APPLICATION = (
    'msal.ConfidentialClientApplication(client_id, {"client_assertion": managed_identity_assertion}, '
    "authority=authority)"
)
_NEW_KEYS = "; the answer has access_token and expires_in, not accessToken and expiresOn"
_APP_ONLY = f'{_APPLICATION}.acquire_token_for_client([resource + "/.default"]){_NEW_KEYS}'
_CODE = (
    f'{_APPLICATION}.acquire_token_by_authorization_code(code, [resource + "/.default"], redirect_uri=redirect_uri)'
    f"{_NEW_KEYS}"
)
_REFRESH = f'{_APPLICATION}.acquire_token_by_refresh_token(refresh_token, [resource + "/.default"]){_NEW_KEYS}'

_service_principal = reports(ReasonCode.DEAD_LIBRARY, client=(0, "client_id"), secret=(1, "secret"), target=_TRACK_2)
_adal_authentication = reports(
    ReasonCode.DEAD_LIBRARY, client=(2, "client_id"), secret=(3, "client_secret"), target=_TRACK_2
)
_azureml = reports(
    ReasonCode.DEAD_LIBRARY,
    client=(1, "service_principal_id"),
    secret=(2, "service_principal_password"),
    target=_MLCLIENT,
)


def _auth_file(_call: Call) -> Verdict:
    return Report(reason=ReasonCode.DEAD_LIBRARY, detail="the auth file holds the secret", target=_TRACK_2)


def _token(_call: Call) -> Verdict:
    return Report(reason=ReasonCode.DEAD_LIBRARY, detail="the token comes from another sign-in", target=_TRACK_2)


_MODULES = ("azure.common.credentials", "msrestazure.azure_active_directory")
_CLASSES = tuple(f"{module}.ServicePrincipalCredentials" for module in _MODULES)
_AZUREML = "azureml.core.authentication.ServicePrincipalAuthentication"
_OTHERS: dict[str, Judge] = {
    **{f"{module}.AdalAuthentication": _adal_authentication for module in _MODULES},
    **{f"{module}.AADTokenCredentials": _token for module in _MODULES},
    "azure.common.client_factory.get_client_from_auth_file": _auth_file,
    "azure.common.client_factory.get_client_from_json_dict": _auth_file,
}
_METHODS = {
    "acquire_token_with_client_credentials": reports(
        ReasonCode.DEAD_LIBRARY, client=(1, "client_id"), secret=(2, "client_secret"), target=_APP_ONLY
    ),
    "acquire_token_with_client_certificate": reports(
        ReasonCode.DEAD_LIBRARY, client=(1, "client_id"), secret=(2, "certificate"), target=_APP_ONLY
    ),
    "acquire_token_with_authorization_code": reports(
        ReasonCode.DEAD_LIBRARY, client=(3, "client_id"), secret=(4, "client_secret"), target=_CODE
    ),
    "acquire_token_with_refresh_token": reports(
        ReasonCode.DEAD_LIBRARY, client=(1, "client_id"), secret=(3, "client_secret"), target=_REFRESH
    ),
}

TRANSFORM = Transform(
    name="legacy",
    literals=(
        b"ServicePrincipalCredentials",
        b"ServicePrincipalAuthentication",
        b"AdalAuthentication",
        b"AADTokenCredentials",
        b"get_client_from_auth_file",
        b"get_client_from_json_dict",
        b"acquire_token_with_",
    ),
    constructs={**dict.fromkeys(_CLASSES, _service_principal), **_OTHERS, _AZUREML: _azureml},
    methods={name: ("adal", judge) for name, judge in _METHODS.items()},
    targets={"ServicePrincipalCredentials": _TRACK_2, "ServicePrincipalAuthentication": _MLCLIENT},
    classes=frozenset({*_CLASSES, _AZUREML}),
)
