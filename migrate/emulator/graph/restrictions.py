"""The restrictions of an app management policy, as they are sent and shown.

Reference pages "appManagementConfiguration", "customAppManagementConfiguration", "passwordCredentialConfiguration",
"keyCredentialConfiguration" and "identifierUriRestriction", and the metadata for ``state`` and ``excludeActors``; older
samples leave ``state`` out, which is read as enabled (assumed). Durations are those of OData, days and shorter. No
caller here carries custom security attributes, so excluded actors are kept and never met.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from migrate.emulator.graph import values
from migrate.emulator.graph.bodies import stamp
from migrate.emulator.graph.errors import GraphError, bad_request
from migrate.emulator.state.policies import KEY_RESTRICTIONS, PASSWORD_RESTRICTIONS, Restriction, Restrictions

_KINDS: Final = {"passwordCredentials": PASSWORD_RESTRICTIONS, "keyCredentials": KEY_RESTRICTIONS}
_TYPES: Final = {
    "passwordCredentials": "microsoft.graph.passwordCredentialConfiguration",
    "keyCredentials": "microsoft.graph.keyCredentialConfiguration",
}
_FIELDS: Final = (
    "restrictionType", "state", "maxLifetime", "restrictForAppsCreatedAfterDateTime", "excludeActors",
)  # fmt: skip
DEFAULT: Final = "applicationRestrictions"
OWN: Final = "restrictions"
"""Where a default, and where another policy has its configuration."""
_NESTED: Final = "applicationRestrictions"
_NESTED_TYPE: Final = "microsoft.graph.customAppManagementApplicationConfiguration"
_FIRST, _IN_BETA = ("identifierUris",), ("audiences", "redirectUris")
_URIS: Final = ("nonDefaultUriAddition", "uriAdditionWithoutUniqueTenantIdentifier")
_URI_FIELDS: Final = (
    "state", "restrictForAppsCreatedAfterDateTime", "excludeActors", "excludeSaml", "excludeAppsReceivingV2Tokens",
    "isStateSetByMicrosoft",
)  # fmt: skip
_STATES: Final = ("enabled", "disabled")
_DURATION: Final = re.compile(
    r"P(?=.)(?:(\d{1,9})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,12})?)S)?)?", re.ASCII
)


def _wrong(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource.", "Request_BadRequest")


def read_restrictions(body: Mapping[str, Any], name: str, known: Restrictions, version: str) -> Restrictions:
    """Read a configuration; a list that is left out stays as it is (assumed), null empties it."""
    sent = values.record(body, name)
    if sent is None:
        return Restrictions() if name in body else known
    more = {DEFAULT: _of_applications(version), OWN: (_NESTED,)}.get(name, ())
    values.known_only(sent, (*_KINDS, *more), "microsoft.graph.appManagementConfiguration")
    return Restrictions(
        passwords=_read_list(sent, "passwordCredentials", known.passwords),
        keys=_read_list(sent, "keyCredentials", known.keys),
        of_applications=_read_others(sent, name, known.of_applications, version),
    )


def _of_applications(version: str) -> tuple[str, ...]:
    return (*_FIRST, *_IN_BETA) if version == "beta" else _FIRST


def _read_others(sent: dict[str, Any], name: str, known: Any, version: str) -> Any:
    """Read what a default has beside the lists and another policy below one name; each part replaces its forerunner."""
    if name == OWN:
        told = values.record(sent, _NESTED) or {}
        values.known_only(
            told, _of_applications(version), "microsoft.graph.customAppManagementApplicationConfiguration"
        )
    else:
        told = {part: values.record(sent, part) for part in _of_applications(version) if part in sent}
    uris = values.record(told, "identifierUris") or {}
    values.known_only(uris, _URIS, "microsoft.graph.identifierUriConfiguration")
    for part in uris:
        values.known_only(values.record(uris, part) or {}, _URI_FIELDS, "microsoft.graph.identifierUriRestriction")
    return {**(known or {}), **told} or None


def _read_list(sent: dict[str, Any], name: str, known: tuple[Restriction, ...]) -> tuple[Restriction, ...]:
    if name not in sent:
        return known
    entries = sent[name]
    if not isinstance(entries or [], list):
        raise _wrong(name)
    read = tuple(_read_one(entry, name) for entry in entries or ())
    types = [item.type for item in read]
    if len(set(types)) != len(types):
        raise bad_request("Each restrictionType can be used only once per policy.", "Request_BadRequest")
    return read


def _read_one(entry: object, name: str) -> Restriction:
    if not isinstance(entry, dict):
        raise _wrong(name)
    values.known_only(entry, _FIELDS, _TYPES[name])
    kind, state = values.text(entry, "restrictionType"), values.text(entry, "state")
    if kind not in _KINDS[name]:
        raise _wrong("restrictionType")
    if ("state" in entry and state is None) or state not in (None, *_STATES):
        raise _wrong("state")
    text = values.text(entry, "maxLifetime")
    lifetime = None if text is None else _read_duration(text)
    if lifetime is None and kind.endswith("Lifetime"):
        raise _wrong("maxLifetime")
    return Restriction(
        type=kind,
        enabled=state != "disabled",
        lifetime=lifetime,
        lifetime_text=text,
        created_from=values.moment(entry, "restrictForAppsCreatedAfterDateTime"),
        excluded_actors=values.record(entry, "excludeActors"),
    )


def _read_duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise _wrong("maxLifetime")
    days, hours, minutes, seconds = match.groups(default="0")
    try:
        return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    except OverflowError:
        return timedelta.max


def restrictions_body(restrictions: Restrictions, name: str, version: str) -> dict[str, Any]:
    """Give a configuration; v1.0 leaves out what it does not know."""
    told = restrictions.of_applications or {}
    others = {part: told[part] for part in _of_applications(version) if part in told}
    if name == OWN and others:
        others = {_NESTED: others}
    return {
        "passwordCredentials": [_one_body(item) for item in restrictions.passwords],
        "keyCredentials": [_one_body(item) for item in restrictions.keys],
        **others,
    }


def _one_body(item: Restriction) -> dict[str, Any]:
    return {
        "restrictionType": item.type,
        "state": "enabled" if item.enabled else "disabled",
        "maxLifetime": item.lifetime_text,
        "restrictForAppsCreatedAfterDateTime": stamp(item.created_from),
        "excludeActors": item.excluded_actors,
    }
