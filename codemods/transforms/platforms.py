"""Platforms that keep the secret in settings of their own: reported where the code names them.

Airflow: https://airflow.apache.org/docs/apache-airflow-providers-microsoft-azure/stable/connections/index.html
Streamlit: https://docs.streamlit.io/develop/api-reference/user/st.login
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.transform import Found, Report, Transform

_CONNECTION: Final = (
    'Connection(..., extra={"managed_identity_client_id": CLIENT_ID_OF_THE_MANAGED_IDENTITY, '
    '"workload_identity_tenant_id": tenant_id}) without login and password'
)
_LOGIN: Final = "the sign-in of the host of the app (such as App Service authentication), which can do without a secret"
_CONNECTIONS: Final = frozenset({
    "airflow.models.Connection", "airflow.models.connection.Connection", "airflow.sdk.Connection",
})  # fmt: skip
_TYPES: Final = frozenset({
    "azure", "azure_data_lake", "adls", "adx", "azure_data_explorer", "azure_data_factory", "azure_synapse", "msgraph",
    "powerbi",
})  # fmt: skip
"""Types whose password is the secret of an application; others keep the key of an account there."""
_PROVIDERS: Final = re.compile(r"microsoft|entra|azure|aad", re.IGNORECASE)
_STREAMLIT: Final = "streamlit.login"


def _connections(module: Module) -> Iterator[Found]:
    """Find connections to Azure that are given a password; a storage account has a key there, but for a tenant."""
    for call in module.calls:
        named = {item.arg: item.value for item in call.keywords}
        kind, secret = module.constant(named.get("conn_type")) or "", named.get("password")
        if secret is None or _CONNECTIONS.isdisjoint(module.meanings(call.func)) or _is_left_out(secret):
            continue
        texts = (item.value for item in ast.walk(call) if isinstance(item, ast.Constant))
        storage = kind == "wasb" and any("tenant" in str(text) for text in texts)
        if kind in _TYPES or storage:
            report = Report(
                reason=ReasonCode.OTHER_LIBRARY, client=named.get("login"), secrets=(secret,), target=_CONNECTION
            )
            yield Found(node=call, construct="airflow.models.Connection", report=report)


def _is_left_out(secret: ast.expr) -> bool:
    return isinstance(secret, ast.Constant) and not secret.value


def _logins(module: Module) -> Iterator[Found]:
    """Find Streamlit's login, called or handed over; one by a provider that is called otherwise is somebody else's."""
    for node in module.references:
        if not isinstance(node, ast.Attribute) or node.attr != "login" or module.qualified(node) != _STREAMLIT:
            continue
        parent = module.parents[node]
        call = parent if isinstance(parent, ast.Call) and parent.func is node else None
        given = [*call.args, *(item.value for item in call.keywords)] if call is not None else []
        named = [text for text in map(module.constant, given) if text is not None]
        if named and not any(map(_PROVIDERS.search, named)):
            continue
        section = "".join(f"[{part!r}]" for part in ("auth", *named[:1], "client_secret"))
        secret = module.implied(f"streamlit.secrets{section}", "streamlit")
        detail = "unless the provider in the file of secrets is somebody else's"
        report = Report(reason=ReasonCode.OTHER_LIBRARY, secrets=(secret,), detail=detail, target=_LOGIN)
        yield Found(node=call or node, construct=_STREAMLIT, report=report)


def _search(module: Module) -> Iterator[Found]:
    yield from _connections(module)
    yield from _logins(module)


TRANSFORM = Transform(
    name="platforms",
    literals=(b"conn_type", b"st.login", b"streamlit.login"),
    search=_search,
    evidence=(("streamlit", ".login"), ("airflow", "conn_type", "password")),
)
