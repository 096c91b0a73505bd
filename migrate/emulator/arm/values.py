"""Reads typed values out of request bodies; whatever has another type is refused with HTTP status 400."""

from collections.abc import Mapping
from typing import Any, Final

from migrate.emulator.arm.errors import ArmError, bad_content

_MOST_TAGS: Final = 50
_LONGEST_TAG_NAME: Final = 512
_LONGEST_TAG: Final = 256


def text(body: Mapping[str, Any], name: str) -> str | None:
    """Read a text."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_content(f"The property {name} must be a text")
    return value


def record(body: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Read an object."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad_content(f"The property {name} must be an object")
    return value


def texts(body: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """Read a list of texts."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_content(f"The property {name} must be a list of texts")
    return tuple(value)


def tags(body: Mapping[str, Any]) -> dict[str, str] | None:
    """Read tags within Azure's limits (page "Use tags to organize your Azure resources": 50, names up to 512)."""
    found = record(body, "tags")
    if found is None:
        return None
    if not all(isinstance(value, str) for value in found.values()):
        raise bad_content("The values of tags must be texts")
    if len(found) > _MOST_TAGS:
        raise ArmError(400, "InvalidTags", f"The number of tags exceeds the limit of {_MOST_TAGS}.")
    for name, value in found.items():
        if not name or len(name) > _LONGEST_TAG_NAME or set(name) & set("<>%&\\?/") or len(value) > _LONGEST_TAG:
            raise ArmError(400, "InvalidTagNameCharacters", "A tag has an invalid name or a value that is too long.")
    return found


def region(location: str) -> str:
    """Give a region's name as it is stored."""
    return location.replace(" ", "").lower()


def no_location(location: str) -> ArmError:
    """Word the refusal of a region that does not exist."""
    return ArmError(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{location}' is not available for resource type. List of available regions for the "
        "resource type is 'westeurope,northeurope,eastus'.",
    )
