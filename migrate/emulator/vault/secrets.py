"""The operations on secrets. Reference: "Key Vault REST API", Secrets: Set, Get, Get Secrets, Get Versions, Delete."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from migrate.emulator.clock import VirtualClock
from migrate.emulator.vault.book import SecretVersion, VaultBook, fresh_version
from migrate.emulator.vault.errors import VaultError, bad_parameter, deleted, not_found

NAME: Final = re.compile(r"[0-9a-zA-Z-]{1,127}")
_LARGEST: Final = 25_600
"""Bytes of a value (page "About Azure Key Vault secrets")."""
_PAGE: Final = 25
_RECOVERY: Final = {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelfmark:
    """Which vault's secrets are asked for, and how they are addressed."""

    book: VaultBook
    clock: VirtualClock
    vault: str
    base: str
    """``https://NAME.DOMAIN``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultReply:
    """An answer; it may hold a value."""

    body: Mapping[str, Any] = field(repr=False)


def set_secret(at: Shelfmark, name: str, raw: bytes) -> VaultReply:
    """PUT /secrets/{name}: a new version."""
    if not NAME.fullmatch(name):
        raise bad_parameter(f"The request URI contains an invalid name: {name}")
    if at.book.deleted(at.vault, name):
        raise deleted(name)
    body = _object(raw)
    value, attributes = body.get("value"), body.get("attributes") or {}
    if not isinstance(value, str) or not isinstance(attributes, dict):
        raise bad_parameter("The parameter 'value' is missing or is no string")
    if len(value.encode("utf-8", "surrogatepass")) > _LARGEST:
        raise bad_parameter(f"The value is larger than {_LARGEST} bytes")
    version = SecretVersion(
        version=fresh_version(),
        value=value,
        created=at.clock.now(),
        enabled=attributes.get("enabled") is not False,
        not_before=_moment(attributes, "nbf"),
        expires=_moment(attributes, "exp"),
        content_type=body.get("contentType") if isinstance(body.get("contentType"), str) else None,
        tags=_tags(body.get("tags")),
    )
    at.book.put(at.vault, name, version)
    return VaultReply(body={"value": value, **_shown(at, name, version)})


def get_secret(at: Shelfmark, name: str, version: str) -> VaultReply:
    """GET /secrets/{name}/{version}; the newest version where none is named."""
    versions = at.book.versions(at.vault, name)
    found = next((each for each in reversed(versions) if version in {"", each.version}), None)
    if found is None:
        raise not_found(f"{name}/{version}" if version else name)
    if not found.enabled:
        message = "Operation get is not allowed on a disabled secret."
        raise VaultError(403, "Forbidden", message, inner="SecretDisabled")
    return VaultReply(body={"value": found.value, **_shown(at, name, found)})


def list_secrets(at: Shelfmark, query: Mapping[str, str]) -> VaultReply:
    """GET /secrets: the newest version of each, without its value."""
    rows = []
    for name in at.book.names(at.vault):
        newest = at.book.versions(at.vault, name)[-1]
        rows.append(_shown(at, name, newest) | {"id": f"{at.base}/secrets/{name}"})
    return _page(at, "/secrets", rows, query)


def list_versions(at: Shelfmark, name: str, query: Mapping[str, str]) -> VaultReply:
    """GET /secrets/{name}/versions: without their values; none for a secret that does not exist."""
    rows = [_shown(at, name, each) for each in at.book.versions(at.vault, name)]
    return _page(at, f"/secrets/{name}/versions", rows, query)


def delete_secret(at: Shelfmark, name: str) -> VaultReply:
    """DELETE /secrets/{name}: it can be recovered for 90 days, and holds its name for so long."""
    versions = at.book.delete(at.vault, name)
    if not versions:
        raise not_found(name)
    return _deleted(at, name, versions[-1])


def get_deleted(at: Shelfmark, name: str) -> VaultReply:
    """GET /deletedsecrets/{name}, which clients ask until it is there."""
    versions = at.book.deleted(at.vault, name)
    if not versions:
        raise not_found(name)
    return _deleted(at, name, versions[-1])


def _deleted(at: Shelfmark, name: str, newest: SecretVersion) -> VaultReply:
    now = int(at.clock.timestamp())
    times = {"deletedDate": now, "scheduledPurgeDate": now + 90 * 86_400}
    return VaultReply(body={"recoveryId": f"{at.base}/deletedsecrets/{name}", **times, **_shown(at, name, newest)})


def _page(at: Shelfmark, path: str, rows: list[dict[str, Any]], query: Mapping[str, str]) -> VaultReply:
    try:
        size, skip = int(query.get("maxresults", _PAGE)), int(query.get("$skiptoken", 0))
    except ValueError:
        raise bad_parameter("maxresults or $skiptoken is no number") from None
    if not 1 <= size <= _PAGE or skip < 0:
        raise bad_parameter(f"maxresults goes from 1 to {_PAGE}")
    more = skip + size < len(rows)
    version = query.get("api-version", "")
    link = f"{at.base}{path}?api-version={version}&maxresults={size}&$skiptoken={skip + size}" if more else None
    return VaultReply(body={"value": rows[skip : skip + size], "nextLink": link})


def _shown(at: Shelfmark, name: str, version: SecretVersion) -> dict[str, Any]:
    created = int(version.created.timestamp())
    times = {"nbf": version.not_before, "exp": version.expires}
    shown: dict[str, Any] = {
        "id": f"{at.base}/secrets/{name}/{version.version}",
        "attributes": {
            "enabled": version.enabled,
            **{key: at for key, at in times.items() if at is not None},
            "created": created,
            "updated": created,
            **_RECOVERY,
        },
        "tags": dict(version.tags),
    }
    return shown | ({"contentType": version.content_type} if version.content_type else {})


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise bad_parameter("The request body is no JSON object")
    return body


def _moment(attributes: dict[str, Any], name: str) -> int | None:
    value = attributes.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise bad_parameter(f"The attribute {name} is no number of seconds")
    return value


def _tags(told: object) -> dict[str, str]:
    if told is None:
        return {}
    if not isinstance(told, dict) or not all(isinstance(each, str) for each in told.values()):
        raise bad_parameter("The parameter 'tags' is no map of texts")
    return dict(told)
