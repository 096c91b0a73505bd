"""The configuration of a site or one of its slots: app settings, connection strings, its own sign-in.

Sources: REST reference "App Service", operation group Web Apps. Settings are read by POST, because reading them needs
``Microsoft.Web/sites/config/list/action``, which a Reader does not have.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from migrate.emulator.arm import values
from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.errors import bad_content, wrong_method
from migrate.emulator.arm.lookup import the_host
from migrate.emulator.arm.routing import ArmRoute, Routes, Scope, route
from migrate.emulator.arm.workloads import secret_text
from migrate.emulator.state.records import HOST_TYPES, Host, Setting

EASY_AUTH_SETTING: Final = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"


def _site(call: ArmCall, scope: Scope, name: str) -> Host:
    return the_host(call, scope, "slot" if "/" in name else "app-service", name)


def _config(host: Host, part: str, properties: Mapping[str, Any]) -> ArmReply:
    return ArmReply(
        body={
            "id": f"{host.resource_id}/config/{part}",
            "name": part,
            "type": f"{HOST_TYPES[host.kind]}/config",
            "location": host.location,
            "properties": dict(properties),
        }
    )


def list_app_settings(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """POST .../config/appsettings/list: names and values, secrets included."""
    host = _site(call, scope, name)
    return _config(host, "appsettings", {each.name: secret_text(call.tenant, each) for each in host.settings})


def put_app_settings(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """PUT .../config/appsettings: all of them, or PATCH: those named."""
    sent = values.record(call.json(), "properties") or {}
    if not all(value is None or isinstance(value, str) for value in sent.values()):
        raise bad_content("The values of app settings must be texts")
    made = {key: Setting(name=key, value=value) for key, value in sent.items() if value is not None}
    with call.tenant.lock:
        host = _site(call, scope, name)
        kept = {each.name: each for each in host.settings} if call.method == "PATCH" else {}
        removed = {key for key, value in sent.items() if value is None}
        settings = tuple(each for key, each in {**kept, **made}.items() if key not in removed)
        host = replace(host, settings=settings)
        call.tenant.hosts[host.name.lower()] = host
    return _config(host, "appsettings", {each.name: secret_text(call.tenant, each) for each in host.settings})


def _connection_body(call: ArmCall, host: Host) -> dict[str, Any]:
    return {
        each.name: {"value": secret_text(call.tenant, each), "type": each.type or "Custom"}
        for each in host.connection_strings
    }


def list_connection_strings(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """POST .../config/connectionstrings/list."""
    host = _site(call, scope, name)
    return _config(host, "connectionstrings", _connection_body(call, host))


def put_connection_strings(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """PUT .../config/connectionstrings: all of them."""
    sent = values.record(call.json(), "properties") or {}
    made = []
    for key in sent:
        pair = values.record(sent, key) or {}
        made.append(Setting(name=key, value=values.text(pair, "value") or "", type=values.text(pair, "type") or ""))
    with call.tenant.lock:
        host = replace(_site(call, scope, name), connection_strings=tuple(made))
        call.tenant.hosts[host.name.lower()] = host
    return _config(host, "connectionstrings", _connection_body(call, host))


def get_web(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../config/web: how the site runs, without settings."""
    host = _site(call, scope, name)
    properties = {"numberOfWorkers": 1, "linuxFxVersion": "PYTHON|3.12", "alwaysOn": True, "ftpsState": "FtpsOnly",
                  "minTlsVersion": "1.2", "appSettings": None, "connectionStrings": None}  # fmt: skip
    return _config(host, "web", properties)


def get_sign_in(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../config/authsettingsV2: which application the platform's own sign-in uses, and where its secret stands."""
    host = _site(call, scope, name)
    enabled = any(each.name == EASY_AUTH_SETTING for each in host.settings)
    client = next((each.value for each in host.settings if each.name == "AZURE_CLIENT_ID"), None)
    registration = {
        "openIdIssuer": call.tenant.cloud.issuer(call.tenant.id),
        "clientId": client,
        "clientSecretSettingName": EASY_AUTH_SETTING,
    }
    providers = {"azureActiveDirectory": {"enabled": True, "registration": registration}} if enabled else {}
    return _config(host, "authsettingsV2", {"platform": {"enabled": enabled}, "identityProviders": providers})


def get_old_sign_in(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """POST .../config/authsettings/list: the same in the older form, which ``az webapp auth show`` reads."""
    newer = get_sign_in(call, scope, name).body
    properties = newer["properties"] if isinstance(newer, dict) else {}
    directory = properties["identityProviders"].get("azureActiveDirectory", {"registration": {}})["registration"]
    shown = {
        "enabled": properties["platform"]["enabled"],
        "defaultProvider": "AzureActiveDirectory" if directory else None,
        "clientId": directory.get("clientId"),
        "clientSecretSettingName": directory.get("clientSecretSettingName"),
        "issuer": directory.get("openIdIssuer"),
        "configVersion": "v2" if directory else "v1",
    }
    return _config(_site(call, scope, name), "authsettings", shown)


def get_slot_names(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../config/slotConfigNames: the settings that stay with a slot; none."""
    return _config(
        _site(call, scope, name), "slotConfigNames", {"appSettingNames": None, "connectionStringNames": None}
    )


_Part = Callable[[ArmCall, Scope, str], ArmReply]


def _named(parts: Mapping[str, _Part]) -> Callable[..., ArmReply]:
    folded = {name.lower(): part for name, part in parts.items()}

    def serve(call: ArmCall, scope: Scope, *names: str) -> ArmReply:
        *site, part = names
        handler = folded.get(part.lower())
        if handler is None and call.method in ("PUT", "PATCH"):
            raise wrong_method(call.method)
        if handler is None:
            raise bad_content(f"The configuration '{part}' is not served")
        return handler(call, scope, "/".join(site))

    return serve


_READ: Final = _named({
    "web": get_web, "authsettingsV2": get_sign_in, "slotConfigNames": get_slot_names,
})  # fmt: skip
_LIST: Final = _named({
    "appsettings": list_app_settings, "connectionstrings": list_connection_strings, "authsettings": get_old_sign_in,
})  # fmt: skip
_LIST_BY_GET: Final = _named({"authsettingsV2": get_sign_in})
"""Get Auth Settings V2 alone lists by GET, in the REST reference and in azure-mgmt-web."""
_WRITE: Final = _named({"appsettings": put_app_settings, "connectionstrings": put_connection_strings})
_MERGE: Final = _named({"appsettings": put_app_settings})


def _routes(site: tuple[str, ...], action: str) -> dict[tuple[str, ...], dict[str, ArmRoute]]:
    return {
        (*site, "config", "*"): {
            "GET": route(_READ, f"{action}/read"),
            "PUT": route(_WRITE, f"{action}/write"),
            "PATCH": route(_MERGE, f"{action}/write"),
        },
        (*site, "config", "*", "list"): {
            "GET": route(_LIST_BY_GET, f"{action}/list/action"),
            "POST": route(_LIST, f"{action}/list/action"),
        },
    }


_SITE: Final = ("microsoft.web", "sites", "*")

ROUTES: Final[Routes] = {
    **_routes(_SITE, f"{HOST_TYPES['app-service']}/config"),
    **_routes((*_SITE, "slots", "*"), f"{HOST_TYPES['slot']}/config"),
}
