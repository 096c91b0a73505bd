"""Handlers for directory objects whatever their type, and for users.

Reference pages "directoryObject: getByIds", "Get directoryObject", "List users", "Get user". The refusals of an id that
is none and of too many ids are recorded; assumed are the refusal of an unknown type, and that an id that stands in the
list twice is answered once.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from migrate.emulator.graph import values
from migrate.emulator.graph.bodies import user_body
from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.kinds import owners_shown
from migrate.emulator.graph.odata.options import pick, read_options
from migrate.emulator.graph.owners import owned_bodies
from migrate.emulator.graph.routing import READ, GraphRoute, Key, Routes, read
from migrate.emulator.graph.rows import RowType, answer_rows, check_row_options, show_row
from migrate.emulator.graph.shapes import application_body, service_principal_body
from migrate.emulator.state.records import User
from migrate.emulator.state.rules import not_found

MOST_IDS: Final = 1000
_READ_USERS: Final = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
_TYPES: Final = frozenset({
    "directoryobject", "user", "application", "serviceprincipal", "group", "device", "orgcontact", "directoryrole",
    "administrativeunit", "directoryobjectpartnerreference",
})  # fmt: skip

_USER_DEFAULTS: Final = (
    "id", "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName",
)  # fmt: skip
_USER_FIELDS: Final = frozenset({
    *_USER_DEFAULTS, "accountEnabled", "ageGroup", "assignedLicenses", "assignedPlans", "city", "companyName",
    "consentProvidedForMinor", "country", "createdDateTime", "creationType", "deletedDateTime", "department",
    "employeeHireDate", "employeeId", "employeeType", "externalUserState", "faxNumber", "identities", "imAddresses",
    "isResourceAccount", "lastPasswordChangeDateTime", "legalAgeGroupClassification", "mailNickname",
    "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesExtensionAttributes", "onPremisesImmutableId",
    "onPremisesLastSyncDateTime", "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName", "otherMails", "passwordPolicies", "postalCode", "proxyAddresses",
    "securityIdentifier", "showInAddressList", "signInActivity", "state", "streetAddress", "usageLocation", "userType",
})  # fmt: skip
"""The properties that pages "List users" and "user" name; the ones that are not kept here are null when selected."""

_USERS: Final = RowType(
    context="users",
    type_name="microsoft.graph.user",
    properties=_USER_FIELDS,
    shown=lambda row: pick(row, _USER_DEFAULTS),
)
_OWNED: Final = RowType(context="directoryObjects", type_name="microsoft.graph.directoryObject")


def _user_row(user: User) -> dict[str, Any]:
    body = {name: value for name, value in user_body(user).items() if not name.startswith("@")}
    alias = user.user_principal_name.partition("@")[0]
    return {**body, "userType": "Member", "mailNickname": alias, "proxyAddresses": [], "otherMails": []}


def list_users(call: Call) -> Reply:
    """GET /users."""
    return answer_rows(call, _USERS, (_user_row(user) for user in tuple(call.tenant.users.values())))


def get_user(call: Call, key: Key) -> Reply:
    """GET /users/{id or userPrincipalName}."""
    options = read_options(call.query)
    check_row_options(_USERS, options)
    shown = show_row(_USERS, _user_row(_find_user(call, key)), options)
    return Reply(body={"@odata.context": call.context("users/$entity"), **shown})


def user_owned(call: Call, key: Key) -> Reply:
    """GET /users/{id or userPrincipalName}/ownedObjects."""
    return answer_rows(call, _OWNED, owned_bodies(call, _find_user(call, key).id))


def _find_user(call: Call, key: Key) -> User:
    user = call.tenant.users.get(key[1].lower())
    if user is not None:
        return user
    for candidate in tuple(call.tenant.users.values()):
        if candidate.user_principal_name.lower() == key[1].lower():
            return candidate
    raise not_found(key[1])


def _object_bodies(call: Call, ids: Iterable[str], types: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Give the objects that exist, users first: the service promises no order."""
    wanted = tuple(dict.fromkeys(object_id.lower() for object_id in ids))
    everything = "directoryobject" in types
    if everything or "user" in types:
        yield from owners_shown(call, tuple(item for item in wanted if item in call.tenant.users), ())
    if everything or "application" in types:
        for record in filter(None, map(call.tenant.applications.get, wanted)):
            body = application_body(call.tenant, record, call.version)
            yield {"@odata.type": "#microsoft.graph.application", **body}
    if everything or "serviceprincipal" in types:
        for principal in filter(None, map(call.tenant.service_principals.get, wanted)):
            body = service_principal_body(call.tenant, principal, call.version)
            yield {"@odata.type": "#microsoft.graph.servicePrincipal", **body}


def get_by_ids(call: Call) -> Reply:
    """POST /directoryObjects/getByIds: ids that nothing has are left out."""
    body = call.json()
    ids, types = values.texts(body, "ids"), values.texts(body, "types")
    if ids is None:
        raise bad_request("A value is required for parameter 'ids'.", "Request_BadRequest")
    if len(ids) > MOST_IDS:
        raise bad_request(f"Number of included identifiers cannot exceed '{MOST_IDS}'.", "Request_BadRequest")
    if not all(values.GUID.fullmatch(object_id) for object_id in ids):
        raise bad_request("Invalid GUID specified.", "Request_BadRequest")
    wanted = frozenset(name.lower().removeprefix("microsoft.graph.") for name in types or ()) or {"directoryobject"}
    if not wanted <= _TYPES:
        raise bad_request("Invalid value specified for property 'types' of resource.", "Request_BadRequest")
    shown = list(_object_bodies(call, ids, frozenset(wanted)))
    return Reply(body={"@odata.context": call.context("directoryObjects"), "value": shown})


def get_object(call: Call, key: Key) -> Reply:
    """GET /directoryObjects/{id}."""
    if not values.GUID.fullmatch(key[1]):
        raise bad_request(f"Invalid object identifier '{key[1]}'.", "Request_BadRequest")
    for body in _object_bodies(call, (key[1],), frozenset({"directoryobject"})):
        shown = pick(body, read_options(call.query).select)
        return Reply(body={"@odata.context": call.context("directoryObjects/$entity"), **shown})
    raise not_found(key[1])


_BY_IDS: Final = read(get_by_ids)

ROUTES: Final[Routes] = {
    ("directoryObjects", "getByIds"): {"POST": _BY_IDS},
    ("directoryObjects", "*"): {"GET": read(get_object)},
    ("applications", "getByIds"): {"POST": _BY_IDS},
    ("servicePrincipals", "getByIds"): {"POST": _BY_IDS},
    ("users",): {"GET": GraphRoute(handler=list_users, permissions=_READ_USERS)},
    ("users", "*"): {"GET": GraphRoute(handler=get_user, permissions=_READ_USERS)},
    ("users", "*", "ownedObjects"): {"GET": GraphRoute(handler=user_owned, permissions=(*_READ_USERS, *READ))},
}
