"""Applications whose credentials another tool makes and renews: what is removed here, it would make again. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from inventory.model import Application
from migrate.planning.decisions import Managed

_TAG = re.compile(r"(?:managed|provisioned|created)[-_ ]?by\s*[:=]\s*(.+)")
KNOWN = (
    Managed(tool="Microsoft Entra Connect", names=("ConnectSyncProvisioning_*",)),
    Managed(tool="device registration (P2P Server)", names=("P2P Server",)),
)
"""Applications that Microsoft's own products register and renew the certificates of."""


def tool_of(application: Application, rules: Iterable[Managed]) -> str:
    """Return the tool that manages an application and how that is known; empty where none does."""
    for tag in sorted(application.tags):
        found = _TAG.fullmatch(tag.casefold())
        if found:
            return f"{found[1]} (tag {tag})"
    for rule in (*rules, *KNOWN):
        if application.created_by is not None and application.created_by in rule.created_by:
            return f"{rule.tool} (created by {application.created_by})"
        tags = [tag for tag in sorted(application.tags) if _any(tag, rule.tags)]
        if tags:
            return f"{rule.tool} (tag {tags[0]})"
        if _any(application.display_name, rule.names):
            return f"{rule.tool} (its name)"
    return ""


def _any(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text.casefold(), pattern.casefold()) for pattern in patterns)
