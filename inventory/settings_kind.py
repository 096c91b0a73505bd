"""What a setting of a host is for, judged by its name and by what its value looks like. Pure.

A value is looked at and dropped. What may stay of it: a client id (a GUID that the name, a key beside it or the tenant
says to be one), and the vault and name of a Key Vault reference. Nothing here keeps, logs or raises a value.
Sources: "Use Key Vault references as app settings" (both forms of a reference), "Connect with Microsoft Entra
authentication" of SqlClient (``Authentication=Active Directory Service Principal``, ``User Id`` is then a client id),
"Service-to-service authentication" (``RunAs=App;AppId=...``), "Kusto connection strings" (``Application Client Id``),
"Use connection strings" of Dataverse (``AuthType=ClientSecret``), "Configure App Service authentication" (names).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from inventory.estate import HostSetting, SettingKind
from inventory.model import ClientId

_LOOKED_AT = 16_384  # characters of a value; what names a client stands well before
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", re.ASCII)
_SECRET_URI = re.compile(
    r"https://([a-z0-9-]{3,24}\.(?:vault\.azure\.net|vault\.azure\.cn|vault\.usgovcloudapi\.net))"
    r"/(?:secrets|certificates|keys)/([0-9a-z-]{1,127})(?:/[0-9a-z]{0,64})?/?",
    re.ASCII,
)
_VAULT_NAME = re.compile(r"[a-z0-9-]{3,24}", re.ASCII)
_SECRET_NAME = re.compile(r"[0-9a-z-]{1,127}", re.ASCII)
_KEY_VAULT = "@microsoft.keyvault("
_APP_CONFIGURATION = "@Microsoft.AppConfiguration"
_NO_VALUES = frozenset({"", "true", "false", "yes", "no", "on", "off", "null", "none", "enabled", "disabled", "0", "1"})

# Entra makes client secrets of 40 characters with a digit and "Q~" after the third, so that scanners can find them.
_ENTRA_SECRET = re.compile(r"[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{31,34}", re.ASCII)
_JSON_CLIENT = re.compile(r'"(?:clientid|appid|client_id)"\s{0,8}:\s{0,8}"([0-9a-f-]{36})"', re.ASCII)
_JSON_SECRET = re.compile(r'"(?:clientsecret|client_secret|password)"\s{0,8}:', re.ASCII)

_CLIENT_ENDINGS = ("clientid", "applicationid", "appid")
_IDENTITY_WORDS = frozenset({"identity", "msi", "mi", "uami", "managedidentity"})
_TENANT_ENDINGS = ("tenantid", "directoryid", "tenant", "tenantguid")
_SECRET_WORDS = frozenset({"secret", "secrets", "password", "passwd", "pwd", "passphrase", "credentials"})
_SECRET_ENDINGS = (
    "accesskey", "accesstoken", "accountkey", "apikey", "apitoken", "appkey", "applicationkey", "authtoken",
    "clientkey", "clientsecret", "masterkey", "password", "primarykey", "privatekey", "refreshtoken", "sastoken",
    "secondarykey", "secretkey", "sharedkey",
)  # fmt: skip
_ABOUT_A_SECRET = frozenset({
    "count", "days", "enabled", "expiration", "expires", "expiry", "file", "hours", "length", "minutes", "mode", "name",
    "names", "path", "policy", "provider", "required", "scope", "setting", "store", "type", "uri", "url", "version",
})  # fmt: skip
_CERTIFICATE_WORDS = frozenset({"cert", "certificate", "certificates", "certs", "pem", "pfx", "thumbprint", "x509"})
_CONNECTION_ENDINGS = ("connectionstring", "connectionstrings", "connstr", "connstring")

_ID_KEYS = frozenset({"clientid", "appid", "applicationid", "applicationclientid", "appclientid"})
_USER_KEYS = frozenset({"userid", "uid", "user", "username"})
_CONNECTION_KEYS = _ID_KEYS | frozenset({
    "accountkey", "accountname", "authtype", "blobendpoint", "database", "datasource", "endpoint", "host", "hostname",
    "initialcatalog", "password", "pwd", "runas", "server", "sharedaccesskey", "sharedaccesssignature",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIds:
    """What the tenant knows: client ids in lower case. Anything that answers ``in`` will do."""

    applications: Container[str] = frozenset()
    identities: Container[str] = frozenset()
    """Client ids of managed identities."""
    vault_domain: str = "vault.azure.net"
    """What a Key Vault's name is completed with in this cloud."""


def setting(name: str, value: str | None, known: KnownIds) -> HostSetting:
    """Judge an app setting or environment variable; ``value`` is None where the host does not tell it."""
    text = _looked_at(value)
    reference = _reference(text, known)
    if reference:
        return HostSetting(name=name, kind=_kind_of_stored(name, reference), reference=reference)
    client = _guid(text)
    if client:
        kind = _kind_of_guid(name, client, known)
        is_client = kind in {SettingKind.CLIENT_ID, SettingKind.IDENTITY_CLIENT_ID}
        return HostSetting(name=name, kind=kind, client_id=ClientId(client) if is_client else None)
    return HostSetting(name=name, kind=_kind(name, text, told=value is not None), client_id=_client_in(text, known))


def connection_string(name: str, value: str | None, known: KnownIds) -> HostSetting:
    """Judge an entry of a site's connection strings, whose kind is known beforehand."""
    text = _looked_at(value)
    reference = _reference(text, known) or None
    client = None if reference else _client_in(text, known)
    return HostSetting(name=name, kind=SettingKind.CONNECTION_STRING, client_id=client, reference=reference)


def stored(name: str, store: str, uri: str | None) -> HostSetting:
    """Judge a variable whose value is a secret of its container app: ``store`` names it, ``uri`` a Key Vault secret."""
    reference = _secret_uri((uri or "").lower()) or store
    return HostSetting(name=name, kind=_kind_of_stored(name, store), reference=reference)


def _looked_at(value: str | None) -> str:
    return (value or "")[:_LOOKED_AT].strip()


# --- references ------------------------------------------------------------------------------------------------------


def _reference(text: str, known: KnownIds) -> str:
    """Say where a value comes from instead; without a place where the reference is not of a documented form."""
    folded = text.lower()
    if folded.startswith(f"{_APP_CONFIGURATION.lower()}("):
        return _APP_CONFIGURATION
    if not folded.startswith(_KEY_VAULT):
        return ""
    inner = folded.removeprefix(_KEY_VAULT).removesuffix(")")
    parts = {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in inner.split(";"))}
    vault, secret = parts.get("vaultname", ""), parts.get("secretname", "")
    if _VAULT_NAME.fullmatch(vault) and _SECRET_NAME.fullmatch(secret):
        return f"https://{vault}.{known.vault_domain}/secrets/{secret}"
    return _secret_uri(parts.get("secreturi", "")) or "@Microsoft.KeyVault"


def _secret_uri(uri: str) -> str:
    found = _SECRET_URI.fullmatch(uri)
    return f"https://{found[1]}/secrets/{found[2]}" if found else ""


def _kind_of_stored(name: str, store: str) -> SettingKind:
    """Judge what is kept as a secret: by the setting's name, then by the secret's, else it is a secret of any kind."""
    kinds = (_kind(one, "", told=False) for one in (name, store.rpartition("/")[2]))
    otherwise = SettingKind.OTHER if store == _APP_CONFIGURATION else SettingKind.SECRET
    return next((kind for kind in kinds if kind is not SettingKind.OTHER), otherwise)


# --- names and values ------------------------------------------------------------------------------------------------


def _kind_of_guid(name: str, client: str, known: KnownIds) -> SettingKind:
    if client in known.identities:
        return SettingKind.IDENTITY_CLIENT_ID
    if client in known.applications:
        return SettingKind.CLIENT_ID
    return _kind(name, "", told=False)


def _kind(name: str, text: str, *, told: bool) -> SettingKind:
    """Judge by the value's look, then by the name; a client id that is told and no GUID is none of Entra's."""
    if told:
        if text.lower() in _NO_VALUES:
            return SettingKind.OTHER
        looks = _kind_of_look(text)
        if looks:
            return looks
    words = _words(name)
    joined = "".join(words)
    if joined.endswith(_CLIENT_ENDINGS):
        if told:
            return SettingKind.OTHER
        return SettingKind.IDENTITY_CLIENT_ID if _IDENTITY_WORDS & set(words) else SettingKind.CLIENT_ID
    if words and words[-1] in _ABOUT_A_SECRET and not _CERTIFICATE_WORDS & set(words):
        return SettingKind.OTHER
    return _kind_of_name(words, joined)


def _kind_of_name(words: tuple[str, ...], joined: str) -> SettingKind:
    if joined.endswith(_TENANT_ENDINGS):
        return SettingKind.TENANT_ID
    if joined.endswith(_CONNECTION_ENDINGS):
        return SettingKind.CONNECTION_STRING
    if joined.endswith(_SECRET_ENDINGS) or _SECRET_WORDS & set(words):
        return SettingKind.SECRET
    return SettingKind.CERTIFICATE if _CERTIFICATE_WORDS & set(words) else SettingKind.OTHER


def _kind_of_look(text: str) -> SettingKind | None:
    folded = text.lower()
    if "-----begin " in folded:
        return SettingKind.CERTIFICATE
    if _ENTRA_SECRET.fullmatch(text) or (folded.startswith("{") and _JSON_SECRET.search(folded)):
        return SettingKind.SECRET
    keys = {key for key, _ in _pairs(text)}
    return SettingKind.CONNECTION_STRING if len(keys) > 1 and keys & _CONNECTION_KEYS else None


def _words(name: str) -> tuple[str, ...]:
    """Cut a name at separators, digits and capitals: ``AzureAd__ClientSecret`` is azure, ad, client, secret."""
    return tuple(word.lower() for word in _WORD.findall(name))


def _guid(text: str) -> str:
    bare = text.strip("\"'{} ").lower()
    return bare if _GUID.fullmatch(bare) else ""


def _client_in(text: str, known: KnownIds) -> ClientId | None:
    """Find the client id that a connection string or a JSON document of credentials carries."""
    if text.startswith("{"):
        found = _JSON_CLIENT.search(text.lower())
        return ClientId(found[1]) if found and _guid(found[1]) else None
    pairs = dict(_pairs(text))
    by_entra = pairs.get("authentication", "").replace(" ", "").lower().startswith("activedirectory")
    for key, value in pairs.items():
        client = _guid(value.partition("@")[0])  # "<client id>@<tenant id>" is accepted by some drivers
        is_known = client in known.applications or client in known.identities
        if client and (key in _ID_KEYS or (key in _USER_KEYS and (by_entra or is_known))):
            return ClientId(client)
    return None


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Cut ``Key=Value;Key="Value"`` into pairs; a key without blanks, hyphens and underscores, in lower case."""
    start, quote, before = 0, "", ""
    for position, letter in enumerate(f"{text};"):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and before == "=":
            quote = letter
        elif letter == ";":
            key, found, value = text[start:position].partition("=")
            if found:
                yield re.sub(r"[\s_-]", "", key).lower(), value.strip().strip("\"'")
            start = position + 1
        before = before if letter.isspace() else letter
