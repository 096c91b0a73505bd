"""How an area of Graph declares what it serves: paths, methods, versions and application permissions.

A handler module exports ``ROUTES``: paths with their keys taken out ("*" stands for a key), and for each method the
handler with the permissions of the reference page, any of which will do. Reading a single federated credential asks for
no more than listing them does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from migrate.emulator.graph.call import Reply

Key = tuple[str, str]
"""How an object is addressed: property (``id``, ``appId`` or ``uniqueName``) and value."""

WRITE: Final = ("Application.ReadWrite.All",)
OWNED_BY: Final = "Application.ReadWrite.OwnedBy"
"""Writes what the caller owns, as ``ownership`` judges; that it reads everything is assumed."""
READ: Final = ("Application.Read.All", "Directory.Read.All", OWNED_BY, *WRITE)
AUDIT: Final = ("AuditLog.Read.All",)
BOTH_VERSIONS: Final = ("v1.0", "beta")


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRoute:
    """One method on one path."""

    handler: Callable[..., Reply]
    permissions: tuple[str, ...]
    """Any of these will do; without one, every caller is served."""
    versions: tuple[str, ...] = BOTH_VERSIONS
    own: bool = False
    """Whether an application may do this to itself without any permission."""


Routes = Mapping[tuple[str, ...], Mapping[str, GraphRoute]]


def read(handler: Callable[..., Reply], *versions: str) -> GraphRoute:
    """Declare a handler that reads the directory."""
    return GraphRoute(handler=handler, permissions=READ, versions=versions or BOTH_VERSIONS)


def write(handler: Callable[..., Reply], *versions: str) -> GraphRoute:
    """Declare a handler that changes applications or service principals."""
    return GraphRoute(handler=handler, permissions=WRITE, versions=versions or BOTH_VERSIONS)


def write_own(handler: Callable[..., Reply], *versions: str) -> GraphRoute:
    """Declare a handler that changes an application, which needs no permission where it is the caller's own."""
    return GraphRoute(handler=handler, permissions=WRITE, versions=versions or BOTH_VERSIONS, own=True)


def audit(handler: Callable[..., Reply], *versions: str) -> GraphRoute:
    """Declare a handler that reads logs and reports."""
    return GraphRoute(handler=handler, permissions=AUDIT, versions=versions or BOTH_VERSIONS)
