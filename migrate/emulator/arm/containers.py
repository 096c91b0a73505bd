"""The secrets of container apps (REST reference "Container Apps", List Secrets)."""

from typing import Final

from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.lookup import the_host
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.arm.workloads import secret_name, secret_text


def list_secrets(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """POST .../listSecrets: names and values."""
    host = the_host(call, scope, "container-app", name)
    shown = [
        {"name": secret_name(each), "value": secret_text(call.tenant, each)}
        for each in host.settings
        if each.secret_key_id
    ]
    return ArmReply(body={"value": shown})


ROUTES: Final[Routes] = {
    ("microsoft.app", "containerapps", "*", "listsecrets"): {
        "POST": route(list_secrets, "Microsoft.App/containerApps/listSecrets/action"),
    },
}
