"""Libraries that take the secret themselves: found and reported with what to do instead.

Office365-REST-Python-Client: https://pypi.org/project/Office365-REST-Python-Client/
O365: https://pypi.org/project/O365/
Databricks: https://databricks-sdk-py.readthedocs.io/en/latest/authentication.html
exchangelib: https://ecederstrand.github.io/exchangelib/#oauth-on-office-365
Bot Framework: https://learn.microsoft.com/azure/bot-service/bot-builder-authentication-basics
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.transform import Call, Found, Judge, Report, Transform, Verdict, reports

_APPLICATION = (
    'msal.ConfidentialClientApplication(client_id, {"client_assertion": managed_identity_assertion}, authority=...)'
)
_SHAREPOINT = (
    f"application = {_APPLICATION}; ClientContext(url).with_access_token(lambda: "
    'application.acquire_token_for_client(["https://HOST.sharepoint.com/.default"])); see that the site accepts it'
)
_GRAPH = (
    f"application = {_APPLICATION}; GraphClient(lambda: "
    'application.acquire_token_for_client(["https://graph.microsoft.com/.default"]), tenant=tenant)'
)
_ACCOUNT = 'O365.Account((client_id, {"client_assertion": managed_identity_assertion}), ...)'
_OF_APPLICATION = "azure_client_secret"
_PAIR = 2
_BOT = "botframework.connector.auth.ManagedIdentityAppCredentials, for a bot of the type user-assigned managed identity"
_SSO = """identity.web.Auth(client_credential={"client_assertion": managed_identity_assertion}, ...), or the form of \
it for the web framework"""
_EXCHANGE = (
    "a subclass of this class, given client_secret=None, whose token_params() returns include_client_id=True, "
    "client_assertion_type and client_assertion=managed_identity_assertion()"
)
_SSO_CLASSES = frozenset({"fastapi_sso.MicrosoftSSO", "fastapi_sso.sso.microsoft.MicrosoftSSO"})
_WORKSPACE = "WorkspaceClient(host=host, azure_use_msi=True, azure_client_id=CLIENT_ID_OF_THE_MANAGED_IDENTITY)"


def _library(client: tuple[int | None, str], secret: tuple[int | None, str], target: str) -> Judge:
    return reports(ReasonCode.OTHER_LIBRARY, client=client, secret=secret, target=target)


def _always(judge: Judge, target: str) -> Judge:
    """Report such a call whatever arguments it has: its name alone says that it takes a secret."""

    def judged(call: Call) -> Verdict:
        return judge(call) or Report(reason=ReasonCode.OTHER_LIBRARY, target=target)

    return judged


_bot = _library((0, "app_id"), (1, "password"), _BOT)
_bot_settings = _always(_library((None, "app_id"), (None, "password"), _BOT), _BOT)


def _account(call: Call) -> Verdict | None:
    """Report an account of O365, whose credentials are a pair: only the second half of it is a secret."""
    verdict = _library((None, "client_id"), (0, "credentials"), _ACCOUNT)(call)
    pair = call.value(0, "credentials")
    if isinstance(pair, ast.Name) and (given := call.module.value_once(pair)) is not None:
        pair = given
    if isinstance(verdict, Report) and isinstance(pair, ast.Tuple) and len(pair.elts) == _PAIR:
        client, secret = pair.elts
        return replace(verdict, client=client, secrets=(secret,))
    return verdict


_azure_secret = _library((None, "azure_client_id"), (None, _OF_APPLICATION), _WORKSPACE)


def _databricks(call: Call) -> Verdict | None:
    """Report a client that is given the secret of an application, or may be where the file knows of one."""
    named = call.argument(None, _OF_APPLICATION) is not None
    unpacked = [argument.value for argument in call.arguments if argument.unpacked]
    known = any(keyword.arg == _OF_APPLICATION for item in call.module.calls for keyword in item.keywords)
    known = known or any(text.value == _OF_APPLICATION for text in call.module.strings)
    hidden = known and not all(_shows_its_keys(value) for value in unpacked)
    return _azure_secret(call) if named or hidden else None


def _shows_its_keys(value: ast.expr) -> bool:
    """Tell whether all keys of what is unpacked are seen, and a secret of Azure is not among them."""
    if not isinstance(value, ast.Call) or value.args or not value.keywords:
        return False
    return {keyword.arg for keyword in value.keywords}.isdisjoint({None, _OF_APPLICATION})


_named_only = _library((None, "client_id"), (None, "client_secret"), _EXCHANGE)
_EXCHANGE_CLASSES = {
    "OAuth2Credentials": _library((0, "client_id"), (1, "client_secret"), _EXCHANGE),
    "OAuth2AuthorizationCodeCredentials": _named_only,
    "OAuth2LegacyCredentials": _named_only,
}
_sso = _library((0, "client_id"), (1, "client_secret"), _SSO)
_acs = reports(ReasonCode.ACS_NOT_ENTRA, client=(0, "client_id"), secret=(1, "client_secret"), target=_SHAREPOINT)

_CONSTRUCTS: dict[str, Judge] = {
    "O365.Account": _account,
    "O365.account.Account": _account,
    "O365.Connection": _account,
    "O365.connection.Connection": _account,
    "botbuilder.core.BotFrameworkAdapterSettings": _library((0, "app_id"), (1, "app_password"), _BOT),
    "botbuilder.integration.aiohttp.ConfigurationServiceClientCredentialFactory": _bot_settings,
    "botbuilder.integration.aiohttp.ConfigurationBotFrameworkAuthentication": _bot_settings,
    "botframework.connector.auth.CertificateAppCredentials": _library(
        (0, "app_id"), (2, "certificate_private_key"), _BOT
    ),
    "botframework.connector.auth.MicrosoftAppCredentials": _bot,
    "botframework.connector.auth.MicrosoftGovernmentAppCredentials": _bot,
    "botframework.connector.auth.PasswordServiceClientCredentialFactory": _bot,
    "databricks.sdk.WorkspaceClient": _databricks,
    "databricks.sdk.AccountClient": _databricks,
    "databricks.sdk.core.Config": _databricks,
    "databricks.sdk.config.Config": _databricks,
    **{
        f"{package}.{name}": judge
        for package in ("exchangelib", "exchangelib.credentials")
        for name, judge in _EXCHANGE_CLASSES.items()
    },
    **dict.fromkeys(_SSO_CLASSES, _sso),
    "office365.runtime.auth.client_credential.ClientCredential": _acs,
}
_METHODS: dict[str, tuple[Judge, str]] = {
    "acquire_token_for_app": (_acs, _SHAREPOINT),
    "with_client_credentials": (_acs, _SHAREPOINT),
    "with_client_secret": (_library((None, "client_id"), (None, "client_secret"), _GRAPH), _GRAPH),
    "with_client_certificate": (_library((1, "client_id"), (None, "private_key"), _SHAREPOINT), _SHAREPOINT),
    "with_certificate": (_library((0, "client_id"), (None, "private_key"), _GRAPH), _GRAPH),
}


def _search(module: Module) -> Iterator[Found]:
    """Find settings of Databricks that hold the secret of an application, where a client is made of them elsewhere."""
    if not module.imports_package("databricks"):
        return
    for node in module.dicts:
        fields = {module.constant(key): value for key, value in zip(node.keys, node.values, strict=True)}
        secret, client = fields.get(_OF_APPLICATION), fields.get("azure_client_id")
        if secret is not None and client is not None:
            report = Report(reason=ReasonCode.OTHER_LIBRARY, client=client, secrets=(secret,), target=_WORKSPACE)
            yield Found(node=node, construct="databricks", report=report)


TRANSFORM = Transform(
    name="others",
    literals=(
        b"O365",
        b"exchangelib",
        b"AppCredentials",
        b"MicrosoftSSO",
        b"BotFrameworkAdapterSettings",
        b"ConfigurationBotFrameworkAuthentication",
        b"ServiceClientCredentialFactory",
        b"azure_client_secret",
        b"office365",
    ),
    constructs=_CONSTRUCTS,
    methods={name: ("office365", _always(judge, target)) for name, (judge, target) in _METHODS.items()},
    classes=_SSO_CLASSES,
    targets={"MicrosoftSSO": _SSO},
    search=_search,
    evidence=((_OF_APPLICATION, "databricks"),),
)
