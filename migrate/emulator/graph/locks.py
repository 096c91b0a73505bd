"""The servicePrincipalLockConfiguration of an application, as it is sent and shown."""

from typing import Any

from migrate.emulator.graph import values
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.state.locks import PROPERTY, SCOPE, SCOPES, SWITCHES


def read_lock(body: dict[str, Any] | None, version: str) -> dict[str, Any] | None:
    """Read a lock configuration; a sent one replaces the old one as a whole, what it leaves out is not locked."""
    if body is None:
        return None
    known = (*SWITCHES, SCOPE) if version == "beta" else SWITCHES
    values.known_only(body, known, f"microsoft.graph.{PROPERTY}")
    lock: dict[str, Any] = {name: values.flag(body, name) for name in SWITCHES}
    if lock["isEnabled"] is None:
        if "isEnabled" in body:  # not nullable, says the metadata
            raise bad_request("Invalid value specified for property 'isEnabled' of resource.", "Request_BadRequest")
        lock["isEnabled"] = False
    scope = values.text(body, SCOPE)
    if scope is not None and scope not in SCOPES:
        raise bad_request(f"Invalid value specified for property '{SCOPE}' of resource.", "Request_BadRequest")
    return lock if scope is None else {**lock, SCOPE: scope}


def lock_body(lock: dict[str, Any] | None, version: str) -> dict[str, Any] | None:
    """Give a lock configuration; its scope exists in beta alone."""
    if lock is None:
        return None
    shown = {name: lock.get(name) for name in SWITCHES}
    return {**shown, SCOPE: lock.get(SCOPE)} if version == "beta" else shown
