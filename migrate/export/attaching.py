"""The command that attaches an identity to a host that no file of infrastructure code declares. Pure.

Neither Terraform nor Bicep can state a single attachment: the host's resource states all its identities, azurerm has no
resource for one (hashicorp/terraform-provider-azurerm#16893), and ``azapi_update_resource`` writes the whole host back,
which Azure refuses where it has identities already (Azure/terraform-provider-azapi#840: InvalidIdentityValues). Azure
CLI's ``identity assign`` keeps the others.
"""

from __future__ import annotations

import re
import shlex

from migrate.export.work import Attachment

_COMMANDS = {
    "microsoft.compute/virtualmachines": ("vm", "--identities"),
    "microsoft.compute/virtualmachinescalesets": ("vmss", "--identities"),
    "microsoft.web/sites": ("webapp", "--identities"),
    "microsoft.web/sites/slots": ("webapp", "--identities"),
    "microsoft.app/containerapps": ("containerapp", "--user-assigned"),
    "microsoft.app/jobs": ("containerapp job", "--user-assigned"),
}
_HOST = re.compile(
    r"(?P<site>/subscriptions/[\w-]+/resourcegroups/[\w.()-]+/providers/(?P<type>[\w.]+/\w+)/[\w.-]+)"
    r"(?:/slots/(?P<slot>[\w.-]+))?",
    re.IGNORECASE | re.ASCII,
)
_PLAIN = re.compile(r"[\w/.()-]+", re.ASCII)


def command(attachment: Attachment) -> str | None:
    """Return the command for one attachment; None where the kind of host has none, or an id is no ARM id."""
    found = _HOST.fullmatch(attachment.host)
    if found is None or not _PLAIN.fullmatch(attachment.identity):
        return None
    slot = found["slot"]
    known = _COMMANDS.get(f"{found['type'].lower()}{'/slots' if slot else ''}")
    if known is None:
        return None
    group, option = known
    words = ["--ids", found["site"], *(("--slot", slot) if slot else ()), option, attachment.identity]
    return f"az {group} identity assign {shlex.join(words)}"
