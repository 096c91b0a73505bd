"""How applications are deployed on their hosts: app settings, connection strings and tags, secrets included.

Real sites keep client secrets in app settings as text or as a reference to a key vault, in connection strings, and in
the setting that App Service's own sign-in uses. Which style a host has depends on its name alone.
"""

from dataclasses import replace
from types import MappingProxyType
from typing import Final
from zlib import crc32

from migrate.emulator.seed.maker import Maker
from migrate.emulator.state.records import Application, Host, PasswordCredential, Setting

_STYLES: Final = ("text", "vault", "sign-in", "database")
EASY_AUTH_SETTING: Final = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"


def vault_name(environment: str) -> str:
    """Name the key vault of an environment."""
    return f"kv-contoso-{environment}"


def deployed(maker: Maker, host: Host, application: Application) -> Host:
    """Deploy an application on a host: a machine gets tags, a site gets settings."""
    host = replace(host, app_id=application.app_id)
    if host.kind == "vm":
        return replace(host, tags=MappingProxyType({"client-id": application.app_id}))
    live = next((item for item in application.passwords if item.start <= maker.start < item.end), None)
    named = (
        Setting(name="AZURE_CLIENT_ID", value=application.app_id),
        Setting(name="AZURE_TENANT_ID", value=maker.tenant.id),
    )
    if live is None:
        path = Setting(name="AZURE_CLIENT_CERTIFICATE_PATH", value="/home/site/certificates/client.pem")
        return replace(host, settings=(*named, path) if application.keys else named)
    return _with_secret(host, named, live, _STYLES[crc32(host.name.encode()) % len(_STYLES)])


def _with_secret(host: Host, named: tuple[Setting, ...], live: PasswordCredential, style: str) -> Host:
    if style == "vault":
        vault = vault_name(host.group.rpartition("-")[2])
        uri = f"https://{vault}.vault.azure.net/secrets/{host.name}/"
        reference = Setting(name="AZURE_CLIENT_SECRET", value=f"@Microsoft.KeyVault(SecretUri={uri})")
        return replace(host, settings=(*named, reference))
    if style == "database":
        client = named[0].value
        text = "Server=tcp:sql-contoso.database.windows.net,1433;Database=app;"
        text += f"Authentication=Active Directory Service Principal;User Id={client};Password="
        connection = Setting(name="Database", value=text, secret_key_id=live.key_id, type="SQLAzure")
        return replace(host, settings=named, connection_strings=(connection,))
    name = EASY_AUTH_SETTING if style == "sign-in" else "AZURE_CLIENT_SECRET"
    return replace(host, settings=(*named, Setting(name=name, secret_key_id=live.key_id)))
