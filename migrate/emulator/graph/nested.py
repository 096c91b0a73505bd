"""The types inside an application's and a service principal's properties, as the v1.0 metadata (CSDL) defines them.

A type is what its properties are: ``text``, ``flag``, ``number`` (Edm.Int32), ``guid``, another type, or a list of one
of these in brackets. Every property may be null, as nearly all are in the metadata; an item of a list may not.
"""

from collections.abc import Mapping
from typing import Any, Final

from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.values import GUID

Shape = str | tuple[str]
"""The name of a type, or of the type of a list's items in a tuple of one."""

_LARGEST: Final = 2**31 - 1
_TEXTS: Final = ("text",)
_TYPES: Final[Mapping[str, Mapping[str, Shape]]] = {
    "webApplication": {
        "homePageUrl": "text", "logoutUrl": "text", "redirectUris": _TEXTS,
        "implicitGrantSettings": "implicitGrantSettings", "redirectUriSettings": ("redirectUriSettings",),
    },
    "implicitGrantSettings": {"enableAccessTokenIssuance": "flag", "enableIdTokenIssuance": "flag"},
    "redirectUriSettings": {"uri": "text", "index": "number"},
    "apiApplication": {
        "acceptMappedClaims": "flag", "knownClientApplications": ("guid",), "requestedAccessTokenVersion": "number",
        "oauth2PermissionScopes": ("permissionScope",), "preAuthorizedApplications": ("preAuthorizedApplication",),
    },
    "permissionScope": {
        "adminConsentDescription": "text", "adminConsentDisplayName": "text", "id": "guid", "isEnabled": "flag",
        "origin": "text", "type": "text", "userConsentDescription": "text", "userConsentDisplayName": "text",
        "value": "text",
    },
    "preAuthorizedApplication": {"appId": "text", "delegatedPermissionIds": _TEXTS},
    "appRole": {
        "allowedMemberTypes": _TEXTS, "description": "text", "displayName": "text", "id": "guid", "isEnabled": "flag",
        "origin": "text", "value": "text",
    },
    "requiredResourceAccess": {"resourceAppId": "text", "resourceAccess": ("resourceAccess",)},
    "resourceAccess": {"id": "guid", "type": "text"},
    "optionalClaims": {
        "accessToken": ("optionalClaim",), "idToken": ("optionalClaim",), "saml2Token": ("optionalClaim",),
    },
    "optionalClaim": {"additionalProperties": _TEXTS, "essential": "flag", "name": "text", "source": "text"},
    "informationalUrl": {
        "logoUrl": "text", "marketingUrl": "text", "privacyStatementUrl": "text", "supportUrl": "text",
        "termsOfServiceUrl": "text",
    },
    "addIn": {"id": "guid", "type": "text", "properties": ("keyValue",)},
    "keyValue": {"key": "text", "value": "text"},
    "spaApplication": {"redirectUris": _TEXTS},
    "publicClientApplication": {"redirectUris": _TEXTS},
    "parentalControlSettings": {"countriesBlockedForMinors": _TEXTS, "legalAgeGroupRule": "text"},
    "requestSignatureVerification": {"allowedWeakAlgorithms": "text", "isSignedRequestRequired": "flag"},
    "samlSingleSignOnSettings": {"relayState": "text"},
}  # fmt: skip

PROPERTIES: Final[Mapping[str, Shape]] = {
    "web": "webApplication", "api": "apiApplication", "spa": "spaApplication", "info": "informationalUrl",
    "publicClient": "publicClientApplication", "optionalClaims": "optionalClaims",
    "parentalControlSettings": "parentalControlSettings",
    "requestSignatureVerification": "requestSignatureVerification",
    "samlSingleSignOnSettings": "samlSingleSignOnSettings",
    "appRoles": ("appRole",), "addIns": ("addIn",), "requiredResourceAccess": ("requiredResourceAccess",),
    "oauth2PermissionScopes": ("permissionScope",),
}  # fmt: skip
"""The properties whose types are not simple."""


def has_shape(value: Any, shape: Shape) -> bool:
    """Whether a value is of a type; a property that the type does not have is refused at once, by its name."""
    if isinstance(shape, tuple):
        return isinstance(value, list) and all(has_shape(item, shape[0]) for item in value)
    if shape == "text":
        return isinstance(value, str)
    if shape == "flag":
        return isinstance(value, bool)
    if shape == "number":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
    if shape == "guid":
        return isinstance(value, str) and GUID.fullmatch(value) is not None
    return isinstance(value, dict) and _has_properties(value, shape)


def _has_properties(value: Mapping[str, Any], type_name: str) -> bool:
    properties = _TYPES[type_name]
    for name, held in value.items():
        if name.startswith("@"):
            continue
        if name not in properties:
            raise bad_request(f"The property '{name}' does not exist on type 'microsoft.graph.{type_name}'.")
        if held is not None and not has_shape(held, properties[name]):
            return False
    return True
