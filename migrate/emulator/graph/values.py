"""Reads typed values out of request bodies; whatever has another type is refused with HTTP status 400."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from migrate.emulator.graph.errors import GraphError, bad_request

GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d))?", re.ASCII)


def _wrong(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource.", "Request_BadRequest")


def known_only(body: Mapping[str, Any], names: tuple[str, ...], type_name: str) -> None:
    """Refuse properties that a type does not have; annotations may stand."""
    for name in body:
        if name not in names and not name.startswith("@"):
            raise bad_request(f"The property '{name}' does not exist on type '{type_name}'.")


def parameters(body: Mapping[str, Any], names: tuple[str, ...], operation: str) -> None:
    """Refuse parameters that an action does not have."""
    for name in body:
        if name not in names and not name.startswith("@"):
            raise bad_request(
                f"The parameter '{name}' in the request payload is not a valid parameter for the operation "
                f"'{operation}'."
            )


def flag(body: Mapping[str, Any], name: str) -> bool | None:
    """Read a Boolean."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(name)
    return value


def record(body: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Read an object."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise _wrong(name)
    return value


def text(body: Mapping[str, Any], name: str) -> str | None:
    """Read a text."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name)
    return value


def guid(body: Mapping[str, Any], name: str) -> str | None:
    """Read a GUID, in lower case."""
    value = text(body, name)
    if value is not None and not GUID.fullmatch(value):
        raise _wrong(name)
    return None if value is None else value.lower()


def texts(body: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """Read a list of texts."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(name)
    return tuple(value)


def octets(body: Mapping[str, Any], name: str) -> bytes | None:
    """Read base64 text; line breaks may stand in it, as Azure CLI sends them."""
    value = text(body, name)
    if value is None:
        return None
    try:
        return base64.b64decode(re.sub(r"\s", "", value), validate=True)
    except (binascii.Error, ValueError):
        raise _wrong(name) from None


def moment(body: Mapping[str, Any], name: str) -> datetime | None:
    """Read a DateTimeOffset of any precision."""
    value = text(body, name)
    read = None if value is None else parse_moment(value)
    if value is not None and read is None:
        raise _wrong(name)
    return read


def parse_moment(value: str) -> datetime | None:
    """Read a DateTimeOffset or a date out of a text, or give None when it is neither."""
    match = _MOMENT.fullmatch(value)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    digits = (fraction or ".0")[1:7].ljust(6, "0")
    offset = (zone or "Z").replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(f"{day}T{clock or '00:00:00'}.{digits}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
