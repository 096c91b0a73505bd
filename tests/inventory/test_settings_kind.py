from __future__ import annotations

import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inventory.estate import HostSetting, SettingKind
from inventory.model import ClientId
from inventory.settings_kind import KnownIds, connection_string, setting, stored

APP = "11111111-aaaa-4000-8000-000000000001"
IDENTITY = "22222222-bbbb-4000-8000-000000000002"
STRANGER = "33333333-cccc-4000-8000-000000000003"
KNOWN = KnownIds(applications=frozenset({APP}), identities=frozenset({IDENTITY}))
ENTRA_SECRET = "abc8Q~" + "Zyxwvut-srqponmlk_jihgfedcba.98765"
VAULT = "https://kv-contoso.vault.azure.net/secrets/orders"
K = SettingKind


@pytest.mark.parametrize(
    ("name", "value", "kind", "client"),
    [
        ("AZURE_CLIENT_ID", STRANGER, K.CLIENT_ID, STRANGER),
        ("AZURE_CLIENT_ID", STRANGER.upper(), K.CLIENT_ID, STRANGER),
        ("AzureAd__ClientId", f" {{{STRANGER}}} ", K.CLIENT_ID, STRANGER),
        ("AZURE_CLIENT_ID", IDENTITY, K.IDENTITY_CLIENT_ID, IDENTITY),
        ("AZURE_CLIENT_ID", "123-google.apps.example", K.OTHER, None),
        ("AZURE_CLIENT_ID", "", K.OTHER, None),
        ("AZURE_CLIENT_ID", None, K.CLIENT_ID, None),
        ("ManagedIdentity:ClientId", STRANGER, K.IDENTITY_CLIENT_ID, STRANGER),
        ("OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID", STRANGER, K.IDENTITY_CLIENT_ID, STRANGER),
        ("Storage__clientId", IDENTITY, K.IDENTITY_CLIENT_ID, IDENTITY),
        ("Audience", APP, K.CLIENT_ID, APP),
        ("Audience", STRANGER, K.OTHER, None),
        ("APPINSIGHTS_INSTRUMENTATIONKEY", STRANGER, K.OTHER, None),
        ("API_KEY", STRANGER, K.SECRET, None),
        ("AZURE_TENANT_ID", STRANGER, K.TENANT_ID, None),
        ("AzureAd:TenantId", "contoso.onmicrosoft.com", K.TENANT_ID, None),
        ("AZURE_CLIENT_SECRET", "anything at all", K.SECRET, None),
        ("AZURE_CLIENT_SECRET", None, K.SECRET, None),
        ("AZURE_CLIENT_SECRET", "", K.OTHER, None),
        ("azureADClientSecret", "x", K.SECRET, None),
        ("MICROSOFT_PROVIDER_AUTHENTICATION_SECRET", "x", K.SECRET, None),
        ("WEBSITE_AUTH_CLIENT_SECRET", "x", K.SECRET, None),
        ("DBPassword", "x", K.SECRET, None),
        ("CLIENTSECRET", "x", K.SECRET, None),
        ("Greeting", ENTRA_SECRET, K.SECRET, None),
        ("USE_CLIENT_SECRET", "true", K.OTHER, None),
        ("KEYVAULT_SECRET_NAME", "orders", K.OTHER, None),
        ("PASSWORD_RESET_URL", "https://example.org", K.OTHER, None),
        ("AZURE_CLIENT_CERTIFICATE_PATH", "/certs/a.pem", K.CERTIFICATE, None),
        ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "x", K.SECRET, None),
        ("WEBSITE_LOAD_CERTIFICATES", "*", K.CERTIFICATE, None),
        ("Greeting", "-----BEGIN PRIVATE KEY-----\nMII", K.CERTIFICATE, None),
        ("FUNCTIONS_WORKER_RUNTIME", "python", K.OTHER, None),
        ("AzureWebJobsStorage", "EndpointSuffix=a;AccountName=a;AccountKey=k==", K.CONNECTION_STRING, None),
        ("Main", "Server=tcp:a;User Id=sa;Password=p", K.CONNECTION_STRING, None),
        ("Main", f"Server=a;User Id={STRANGER};Password=p", K.CONNECTION_STRING, None),
        ("Main", f"Server=a;User Id={APP};Password=p", K.CONNECTION_STRING, APP),
        ("Main", f"Server=a;Authentication=Active Directory Service Principal;UID={STRANGER};PWD=p",
         K.CONNECTION_STRING, STRANGER),
        ("Main", f"Server=a;Authentication=ActiveDirectoryManagedIdentity;User Id={IDENTITY}",
         K.CONNECTION_STRING, IDENTITY),
        ("Main", f"Server=a;Authentication=ActiveDirectoryServicePrincipal;User Id={STRANGER}@{APP};Pwd=p",
         K.CONNECTION_STRING, STRANGER),
        ("Main", f"RunAs=App;AppId={STRANGER};TenantId={APP};AppKey=k", K.CONNECTION_STRING, STRANGER),
        ("Main", f"AuthType=ClientSecret;Url=https://a;ClientId={STRANGER};ClientSecret=s",
         K.CONNECTION_STRING, STRANGER),
        ("Main", f"Data Source=https://a;Application Client Id={STRANGER};Application Key=k",
         K.CONNECTION_STRING, STRANGER),
        ("Main", f'Server=a;Password="p;Client Id={STRANGER}";Database=d', K.CONNECTION_STRING, None),
        ("Main", f"Server=a;Password={STRANGER}", K.CONNECTION_STRING, None),
        ("AZURE_CREDENTIALS", f'{{"clientId": "{STRANGER}", "clientSecret": "s"}}', K.SECRET, STRANGER),
        ("SQL_CONNECTION_STRING", "whatever", K.CONNECTION_STRING, None),
        ("", "x", K.OTHER, None),
    ],
)  # fmt: skip
def test_a_setting_is_judged_by_name_and_look(
    name: str, value: str | None, kind: SettingKind, client: str | None
) -> None:
    assert setting(name, value, KNOWN) == HostSetting(
        name=name, kind=kind, client_id=ClientId(client) if client else None
    )


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        (f"@Microsoft.KeyVault(SecretUri={VAULT})", VAULT),
        (f"@Microsoft.KeyVault(SecretUri={VAULT}/)", VAULT),
        (f"@Microsoft.KeyVault(SecretUri={VAULT}/0123456789abcdef0123456789abcdef)", VAULT),
        (f" @microsoft.keyvault(secreturi={VAULT.upper()}) ", VAULT),
        ("@Microsoft.KeyVault(VaultName=kv-contoso;SecretName=orders)", VAULT),
        ("@Microsoft.KeyVault(VaultName=kv-contoso; SecretName=Orders; SecretVersion=0123)", VAULT),
        ("@Microsoft.KeyVault(SecretUri=https://elsewhere.example/secrets/a)", "@Microsoft.KeyVault"),
        ("@Microsoft.KeyVault(SecretUri=", "@Microsoft.KeyVault"),
    ],
)
def test_a_key_vault_reference_is_told_without_its_version(value: str, reference: str) -> None:
    for name in ("AZURE_CLIENT_SECRET", "Orders"):
        assert setting(name, value, KNOWN) == HostSetting(name=name, kind=K.SECRET, reference=reference)
    assert connection_string("Main", value, KNOWN).reference == reference


def test_a_reference_is_judged_by_the_names_on_both_sides() -> None:
    store = "@Microsoft.KeyVault(VaultName=kv-contoso;SecretName=client-id)"
    assert setting("AZURE_CLIENT_ID", f"@Microsoft.KeyVault(SecretUri={VAULT})", KNOWN).kind is K.CLIENT_ID
    assert setting("Anything", store, KNOWN).kind is K.CLIENT_ID
    assert stored("Anything", "sql-connection-string", None).kind is K.CONNECTION_STRING
    assert stored("Anything", "whatever", None) == HostSetting(name="Anything", kind=K.SECRET, reference="whatever")
    assert stored("PASSWORD", "p", f"{VAULT}/0123").reference == VAULT
    assert setting(
        "Colour", "@Microsoft.AppConfiguration(Endpoint=https://a.azconfig.io; Key=c)", KNOWN
    ) == HostSetting(name="Colour", kind=K.OTHER, reference="@Microsoft.AppConfiguration")


def test_a_vault_of_another_cloud_has_its_domain() -> None:
    china = KnownIds(vault_domain="vault.azure.cn")
    value = "@Microsoft.KeyVault(VaultName=kv-contoso;SecretName=orders)"
    assert setting("S", value, china).reference == "https://kv-contoso.vault.azure.cn/secrets/orders"


# --- nothing of a value stays ----------------------------------------------------------------------------------------

_LETTERS = string.ascii_letters + string.digits + "~._-"
_secrets = st.text(_LETTERS, min_size=12, max_size=60)
_keys = st.sampled_from([
    "Server", "User Id", "Password", "Pwd", "Client Id", "AppId", "AppKey", "Authentication", "AccountKey", "Uid", "",
])  # fmt: skip
_pairs = st.lists(st.tuples(_keys, st.one_of(_secrets, st.sampled_from([APP, STRANGER]), st.text(max_size=40))))
_values = st.one_of(
    st.text(max_size=200),
    _secrets,
    _pairs.map(lambda pairs: ";".join(f"{key}={value}" for key, value in pairs)),
    _pairs.map(lambda pairs: ";".join(f'{key}="{value}"' for key, value in pairs)),
    st.tuples(_secrets, _secrets).map(lambda two: f'{{"clientId":"{two[0]}","clientSecret":"{two[1]}"}}'),
    _secrets.map(lambda one: f"@Microsoft.KeyVault(SecretUri=https://evil.example/{one})"),
    _secrets.map(lambda one: f"@Microsoft.KeyVault({one}"),
    _secrets.map(lambda one: f"@Microsoft.AppConfiguration({one})"),
    st.builds(lambda one: f"{one}{STRANGER}", _secrets),
)
_names = st.one_of(
    st.sampled_from(["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "Main", "AZURE_TENANT_ID", "CERT"]), st.text(max_size=30)
)
_ALLOWED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@given(_names, _values)
@example("AZURE_CLIENT_ID", "A" * 36)
@example("AZURE_CLIENT_ID", "a" * 8 + "-a-a-a-" + "a" * 25)
@example("Main", "Client Id=" + "0" * 36 + ";Server=a")
def test_nothing_of_a_value_stays_but_client_ids_and_places(name: str, value: str) -> None:
    for judged in (setting(name, value, KNOWN), connection_string(name, value, KNOWN)):
        assert judged.name == name
        assert judged.client_id is None or (_ALLOWED.fullmatch(judged.client_id) and judged.client_id in value.lower())
        assert judged.reference in {None, "@Microsoft.KeyVault", "@Microsoft.AppConfiguration"}


@given(_secrets.filter(lambda one: not _ALLOWED.search(one.lower())))
def test_a_secret_in_any_place_is_nowhere_in_what_is_told(secret: str) -> None:
    places = (
        secret, f"Server=a;User Id={APP};Password={secret}", f'{{"clientId":"{APP}","clientSecret":"{secret}"}}',
        f"https://example.org/?code={secret}", f"@Microsoft.KeyVault(SecretUri={VAULT};Extra={secret})",
        f"@Microsoft.KeyVault(VaultName={secret * 3};SecretName=b)", f"{APP}{secret}", f"{{{secret}}}",
    )  # fmt: skip
    for place in places:
        told = repr(setting("X", place, KNOWN)) + repr(connection_string("X", place, KNOWN))
        assert secret.lower() not in told.lower()


@given(st.sampled_from(["=", ";", '"', "'", 'a="', "=;", '="', "@", "{", " "]), st.integers(0, 9_000))
def test_long_values_are_judged_at_once(part: str, times: int) -> None:
    setting("X", part * times, KNOWN)
