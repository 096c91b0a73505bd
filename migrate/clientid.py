"""The one spelling of a client id."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from inventory.model import ClientId


def client_id(text: str | None) -> ClientId | None:
    """Return a client id as the tenant writes it, or None for anything that is no GUID: it could be anybody's."""
    try:
        return cast("ClientId", str(uuid.UUID((text or "").strip())))
    except ValueError:
        return None
