"""Tenants that are being served by other processes of this user."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit

from migrate.emulator.announcement import (
    KEY_HEADER,
    Announcement,
    AnnouncementError,
    announcement_to_me,
    announcements,
)
from migrate.emulator.errors import EmulatorError

_SECONDS = 10.0
_OK = 200


def find(port: int | None) -> Announcement:
    """Find the one that this program runs in, or the one that runs, or the one of an HTTPS port.

    EmulatorError where there is none or no way to choose.
    """
    mine = own(port)
    if mine is not None:
        return mine
    running = announcements()
    chosen = [each for each in running if port in (None, each.port)]
    if len(chosen) == 1:
        return chosen[0]
    ports = ", ".join(str(each.port) for each in running)
    if chosen:
        raise EmulatorError(f"several tenants are being served (ports {ports}): choose one with --port")
    others = f"on port {port}, only on {ports}" if running else "here: start one with unsecret emulator"
    raise EmulatorError(f"no tenant is being served {others}")


def own(port: int | None = None) -> Announcement | None:
    """Give the tenant that this program was started in, unless its HTTPS port is another than the one asked for."""
    try:
        mine = announcement_to_me()
    except AnnouncementError:
        if port is None:
            raise
        return None
    return mine if mine is not None and port in (None, mine.port) else None


def ask(tenant: Announcement, path: str, **query: str) -> dict[str, Any]:
    """Ask a tenant's control endpoint; no proxy of the environment is in between."""
    port = urlsplit(tenant.control).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    try:
        connection.request("GET", f"/_control/{path}?{asked}", headers={KEY_HEADER: tenant.key})
        answer = connection.getresponse()
        body = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise EmulatorError(
            f"the tenant on port {tenant.port} does not answer: {str(error) or type(error).__name__}"
        ) from None
    finally:
        connection.close()
    if answer.status != _OK or not isinstance(body, dict):
        raise EmulatorError(
            str(body.get("error", "the tenant gave no reason")) if isinstance(body, dict) else "no answer"
        )
    return body
