"""What the real services answer and this tenant does not: the list behind ``unsecret emulator gaps``.

A request that is listed here is refused as the real service refuses a resource that it has never heard of. A path may
begin with the methods that it is about (``GET|POST``) and with ``beta/`` for what exists in that version alone; ``*``
stands for a key or for a part of a name, a final ``**`` for everything at and below that place, a final ``...`` for the
rest of it, where a part is served.

The tests hold the list of Graph v1.0 against msgraph-sdk's request builders: each of their operations is either served
or listed, and nothing that is served is listed. What exists in beta alone follows those of msgraph-beta-sdk 1.66.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from migrate.emulator.gaps.applications import APPLICATIONS, SERVICE_PRINCIPALS
from migrate.emulator.gaps.azure import AZURE, HOSTS
from migrate.emulator.gaps.directory import DIRECTORY, ORGANIZATION
from migrate.emulator.gaps.evidence import LOGS, POLICIES
from migrate.emulator.gaps.others import FAMILIES, LOGIN, MANAGED_IDENTITY

Service = Literal["arm", "graph", "login", "managed identity", "other hosts"]


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something that a client could expect of a service and does not get."""

    service: Service
    path: str
    why: str


_TABLES: Final[tuple[tuple[Service, Mapping[str, str]], ...]] = (
    ("graph", APPLICATIONS),
    ("graph", SERVICE_PRINCIPALS),
    ("graph", DIRECTORY),
    ("graph", ORGANIZATION),
    ("graph", LOGS),
    ("graph", POLICIES),
    ("graph", FAMILIES),
    ("login", LOGIN),
    ("managed identity", MANAGED_IDENTITY),
    ("arm", AZURE),
    ("other hosts", HOSTS),
)

GAPS: Final[tuple[Gap, ...]] = tuple(
    sorted(Gap(service, path, why) for service, table in _TABLES for path, why in table.items())
)
"""Everything that is not served, by service and path."""
