"""Libraries that take the secret themselves: found and reported with what to do instead.

Kusto: https://learn.microsoft.com/python/api/azure-kusto-data
Office365-REST-Python-Client: https://pypi.org/project/Office365-REST-Python-Client/
O365: https://pypi.org/project/O365/
adlfs: https://pypi.org/project/adlfs/
Databricks: https://databricks-sdk-py.readthedocs.io/en/latest/authentication.html
ODBC: https://learn.microsoft.com/sql/connect/odbc/using-azure-active-directory
Spark (ABFS): https://hadoop.apache.org/docs/stable/hadoop-azure/abfs.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.transform import Call, Found, Judge, Report, Transform, Verdict, reports

_OPTION_KEYS = frozenset({"client_secret", "azure_client_secret", "azure_storage_client_secret"})
_OPTION_NAMES = frozenset({"storage_options", "filesystem_options"})
_TEXTS = {
    "ActiveDirectoryServicePrincipal": (ReasonCode.CONNECTION_STRING, "ODBC connection string"),
    "fs.azure.account.oauth2.client.secret": (ReasonCode.JVM_SIDE, "Spark configuration"),
}


def _library(client: tuple[int | None, str], secret: tuple[int | None, str]) -> Judge:
    return reports(ReasonCode.OTHER_LIBRARY, client=client, secret=secret)


_bot = _library((0, "app_id"), (1, "password"))
_storage = reports(ReasonCode.STORAGE_OPTIONS, client=(None, "client_id"), secret=(None, "client_secret"))
_databricks = _library((None, "azure_client_id"), (None, "azure_client_secret"))
_acs = reports(ReasonCode.ACS_NOT_ENTRA, client=(0, "client_id"), secret=(1, "client_secret"))

_CONSTRUCTS = {
    "azure.kusto.data.KustoConnectionStringBuilder.with_aad_application_key_authentication": _library(
        (1, "aad_app_id"), (2, "app_key")
    ),
    "azure.kusto.data.KustoConnectionStringBuilder.with_aad_application_certificate_authentication": _library(
        (1, "aad_app_id"), (2, "certificate")
    ),
    "O365.Account": _library((None, "client_id"), (0, "credentials")),
    "adlfs.AzureBlobFileSystem": _storage,
    "adlfs.AzureDatalakeFileSystem": _storage,
    "botbuilder.core.BotFrameworkAdapterSettings": _library((0, "app_id"), (1, "app_password")),
    "botframework.connector.auth.MicrosoftAppCredentials": _bot,
    "databricks.sdk.WorkspaceClient": _databricks,
    "databricks.sdk.AccountClient": _databricks,
    "databricks.sdk.core.Config": _databricks,
    "office365.runtime.auth.client_credential.ClientCredential": _acs,
}
_METHODS: dict[str, tuple[str, Judge]] = {
    "with_client_credentials": ("office365", _acs),
    "with_client_secret": ("office365", _library((None, "client_id"), (None, "client_secret"))),
    "with_client_certificate": ("office365", _library((1, "client_id"), (None, "private_key"))),
    "with_certificate": ("office365", _library((0, "client_id"), (None, "private_key"))),
}


def _always(judge: Judge) -> Judge:
    """Report such a method whatever arguments it has: its name alone says that it takes a secret."""

    def judged(call: Call) -> Verdict:
        return judge(call) or Report(reason=ReasonCode.OTHER_LIBRARY)

    return judged


def _search(module: Module) -> Iterator[Found]:
    for node in module.dicts:
        if _OPTION_KEYS & {module.constant(key) for key in node.keys} and _is_option(module, node):
            yield Found(node=node, construct="storage_options", report=Report(reason=ReasonCode.STORAGE_OPTIONS))
    for text in module.strings:
        for marker, (reason, construct) in _TEXTS.items():
            if marker in str(text.value):
                yield Found(node=text, construct=construct, report=Report(reason=reason))


def _is_option(module: Module, node: ast.Dict) -> bool:
    parent = module.parents[node]
    if isinstance(parent, ast.keyword):
        return parent.arg in _OPTION_NAMES
    return isinstance(parent, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id in _OPTION_NAMES for target in parent.targets
    )


TRANSFORM = Transform(
    name="others",
    literals=(
        b"with_aad_application",
        b"O365",
        b"adlfs",
        b"MicrosoftAppCredentials",
        b"BotFrameworkAdapterSettings",
        b"azure_client_secret",
        b"office365",
        b"storage_options",
        *(marker.encode() for marker in _TEXTS),
    ),
    constructs=_CONSTRUCTS,
    methods={name: (package, _always(judge)) for name, (package, judge) in _METHODS.items()},
    search=_search,
)
