"""What applications and service principals look like: a blank object, and what a record has of its own.

Both are worked out once for a request and used for every record of a list. Only what is wanted is looked at: a filter
asks a hundred thousand records for one property, and certificates exist only once somebody looks at them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from migrate.emulator.certificates import thumbprint
from migrate.emulator.graph.bodies import federated_body, federated_of, key_body, password_body, stamp
from migrate.emulator.graph.locks import lock_body
from migrate.emulator.graph.schema import (
    APPLICATION,
    APPLICATION_BETA,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_BETA,
)
from migrate.emulator.state.locks import PROPERTY as LOCK
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.tenant import Tenant

R = TypeVar("R", bound=Application | ServicePrincipal)
V = TypeVar("V")
Wanted = frozenset[str] | None
_Read = Mapping[str, Callable[[R], Any]]
"""How properties are read off a record, by their names."""
_FEDERATED: Final = "federatedIdentityCredentials"
_THUMBPRINT: Final = "preferredTokenSigningKeyThumbprint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Generic[R]):
    """How the records of one type are shown in answer to one request."""

    blank: Mapping[str, Any]
    """The properties of an object of which nothing is known."""
    own: Callable[[R], dict[str, Any]]
    """Gives the properties that a record has of its own."""

    def body(self, record: R) -> dict[str, Any]:
        """Give a record's whole body."""
        return {**self.blank, **self.own(record)}


def application_shape(
    tenant: Tenant, version: str, wanted: Wanted = None, *, with_key: bool = False
) -> Shape[Application]:
    """Say how applications look; None stands for all properties."""
    beta = APPLICATION_BETA if version == "beta" else {}
    read: _Read[Application] = {
        **_common(tenant, version, wanted, with_key=with_key),
        LOCK: lambda record: lock_body(record.others.get(LOCK), version),
        "signInAudience": attrgetter("sign_in_audience"),
        "tags": lambda record: list(record.tags),
        "isDisabled": attrgetter("is_disabled"),
    }
    blank = {**APPLICATION, **beta, "publisherDomain": tenant.domain}
    return Shape(blank=_only(blank, wanted), own=_own({}, read, wanted))


def service_principal_shape(
    tenant: Tenant, version: str, wanted: Wanted = None, *, with_key: bool = False
) -> Shape[ServicePrincipal]:
    """Say how service principals look; None stands for all properties."""
    application = tenant.applications.with_app_id
    beta = SERVICE_PRINCIPAL_BETA if version == "beta" else {}
    below: _Read[ServicePrincipal] = {
        "appDisplayName": lambda record: None if record.type == "ManagedIdentity" else record.display_name,
        "signInAudience": lambda record: (found := application(record.app_id)) and found.sign_in_audience,
        "isDisabled": lambda record: (found := application(record.app_id)) and found.is_disabled,
    }
    read: _Read[ServicePrincipal] = {
        **_common(tenant, version, wanted, with_key=with_key),
        "accountEnabled": attrgetter("account_enabled"),
        "alternativeNames": lambda record: list(record.alternative_names),
        "appOwnerOrganizationId": attrgetter("owner_tenant"),
        "servicePrincipalType": attrgetter("type"),
        "servicePrincipalNames": lambda record: _names(record, application(record.app_id)),
        "tags": lambda record: _tags(record, application(record.app_id)),
        "preferredSingleSignOnMode": attrgetter("sso_mode"),
        _THUMBPRINT: _preferred_thumbprint,
    }
    blank = {**SERVICE_PRINCIPAL, **beta}
    return Shape(blank=_only(blank, wanted), own=_own(below, read, wanted))


def application_body(
    tenant: Tenant, record: Application, version: str, wanted: Wanted = None, *, with_key: bool = False
) -> dict[str, Any]:
    """Give an application."""
    return application_shape(tenant, version, wanted, with_key=with_key).body(record)


def service_principal_body(
    tenant: Tenant, record: ServicePrincipal, version: str, wanted: Wanted = None, *, with_key: bool = False
) -> dict[str, Any]:
    """Give a service principal."""
    return service_principal_shape(tenant, version, wanted, with_key=with_key).body(record)


def _common(tenant: Tenant, version: str, wanted: Wanted, *, with_key: bool) -> _Read[Any]:
    read: dict[str, Callable[[Any], Any]] = {
        "id": attrgetter("id"),
        "appId": attrgetter("app_id"),
        "displayName": attrgetter("display_name"),
        "createdDateTime": lambda record: stamp(record.created),
        "deletedDateTime": lambda record: stamp(record.deleted),
        "tokenEncryptionKeyId": attrgetter("token_encryption_key_id"),
        "passwordCredentials": lambda record: [password_body(password) for password in record.passwords],
        "keyCredentials": lambda record: [key_body(key, with_key=with_key) for key in record.keys],
    }
    if wanted is None:
        return read
    # Only filters ask for navigation properties this way.
    return {
        **read,
        _FEDERATED: lambda record: [federated_body(item, version) for item in federated_of(tenant, record)],
        "owners": lambda record: list(record.owners),
    }


def _own(below: _Read[R], read: _Read[R], wanted: Wanted) -> Callable[[R], dict[str, Any]]:
    """Join what is read off a record with its other properties, which stand above the first and below the second."""
    first, last = [*_only(below, wanted).items()], [*_only(read, wanted).items()]

    def own(record: R) -> dict[str, Any]:
        body = {name: get(record) for name, get in first}
        if record.others:
            body.update(_only(record.others, wanted))
        for name, get in last:
            body[name] = get(record)
        return body

    return own


def _only(named: Mapping[str, V], wanted: Wanted) -> Mapping[str, V]:
    return named if wanted is None else {name: value for name, value in named.items() if name in wanted}


def _names(record: ServicePrincipal, application: Application | None) -> list[str]:
    names = [record.app_id, *(record.others.get("servicePrincipalNames") or ())]
    if application:
        names += application.others.get("identifierUris", ())
    return list(dict.fromkeys(names))


def _tags(record: ServicePrincipal, application: Application | None) -> list[str]:
    """Give the tags; those of its application count as its own (reference page servicePrincipal)."""
    return list(dict.fromkeys((*record.tags, *(application.tags if application else ()))))


def _preferred_thumbprint(record: ServicePrincipal) -> str | None:
    signing = record.signing_certificate
    return record.others.get(_THUMBPRINT) if signing is None else thumbprint(signing).hex().upper()
