"""The commands that run something on a host of Azure, for a shell of POSIX. Pure; whatever stands in a name is quoted.

Sources: Azure CLI reference, ``az vm run-command invoke``, ``az webapp ssh``, ``az container exec``, ``az containerapp
exec``. Only the first takes a command with arguments; a container group starts one process without arguments
(Azure Container Instances, "Execute a command in a running container"), so the others open a shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from migrate.errors import HostError

_HOST = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/(?P<kind>[^/]+/[^/]+)/(?P<name>[^/]+)(?:/slots/(?P<slot>[^/]+))?",
    re.IGNORECASE,
)
_SHELLS: dict[str, tuple[str, ...]] = {
    "microsoft.web/sites": ("webapp", "ssh"),
    "microsoft.containerinstance/containergroups": ("container", "exec", "--exec-command", "/bin/sh"),
    "microsoft.app/containerapps": ("containerapp", "exec", "--command", "/bin/sh"),
}
_MACHINE = "microsoft.compute/virtualmachines"


def commands(host: str, inner: Sequence[str], result: str | None) -> tuple[str, ...]:
    """Return what to run: one command, or one that opens a shell and another to run in it.

    Args:
        host: The ARM id of a virtual machine (Linux), an App Service, a container app or a container group.
        inner: What to run there, as arguments.
        result: A file that it writes there and that is to be printed, so that it can be carried back.

    Raises:
        HostError: it is no id of such a host.

    """
    found = _HOST.fullmatch(host)
    if found is None:
        raise HostError("--run-on takes the ARM id of a host: /subscriptions/ID/resourceGroups/NAME/providers/...")
    kind, slot = found["kind"].lower(), found["slot"]
    if kind not in {_MACHINE, *_SHELLS} or (slot and kind != "microsoft.web/sites"):
        raise HostError(
            f"nothing can be run on {found['kind']} this way: run verify in a shell there, or on a machine with the "
            "identity attached"
        )
    there = shlex.join(inner) + (f" && {shlex.join(['cat', '--', result])}" if result else "")
    # Joined with "=": a name that begins with "-" is no option of its own then.
    where = [f"--subscription={found['subscription']}", f"--resource-group={found['group']}", f"--name={found['name']}"]
    where += [f"--slot={slot}"] if slot else []
    if kind == _MACHINE:
        run = ["az", "vm", "run-command", "invoke", *where, "--command-id=RunShellScript", f"--scripts={there}"]
        return (shlex.join(run),)
    return shlex.join(["az", *_SHELLS[kind], *where]), there
