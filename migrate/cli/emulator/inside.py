"""A command inside a tenant of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from migrate.cli.emulator import child
from migrate.cli.emulator.serving import tell_large, tell_refused
from migrate.emulator import environments
from migrate.emulator.announcement import announced_to_children
from migrate.emulator.ending import Ending
from migrate.emulator.seed.names import OPERATOR
from migrate.emulator.server import Emulator


def run(arguments: Sequence[str], ending: Ending, tenant: dict[str, Any], app: str, *, direct: bool) -> int:
    """Start a tenant, run one command inside it, end it, and return the command's exit code."""
    tell_large(tenant)
    with Emulator(tell=tell_refused, **tenant) as emulator:
        give = emulator.environment if direct else emulator.proxied_environment
        variables = give(app or OPERATOR)
        variables |= announced_to_children(emulator.announcement, emulator.ca_file.with_name("announcement.json"))
        return child.run(arguments, environments.applied(variables, dict(os.environ)), ending.up)
