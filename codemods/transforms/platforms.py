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
from codemods.transform import Call, Found, Report, Transform, Verdict

_CONNECTION: Final = (
    'Connection(..., extra={"managed_identity_client_id": CLIENT_ID_OF_THE_MANAGED_IDENTITY, '
    '"workload_identity_tenant_id": tenant_id}) without login and password'
)
_LOGIN: Final = "the sign-in of the host of the app (such as App Service authentication), which can do without a secret"
_TYPES: Final = re.compile(r"azure(_\w+)?|wasb|adls|adx|msgraph|microsoft_\w+|powerbi")
_PROVIDERS: Final = re.compile(r"microsoft|entra|azure|aad", re.IGNORECASE)
_STREAMLIT: Final = "streamlit.login"


def _connection(call: Call) -> Verdict | None:
    """Report a connection to Azure that is given a password."""
    kind, secret = call.module.constant(call.value(1, "conn_type")) or "", call.value(5, "password")
    if _TYPES.fullmatch(kind) is None or secret is None or (isinstance(secret, ast.Constant) and not secret.value):
        return None
    return Report(reason=ReasonCode.OTHER_LIBRARY, client=call.value(4, "login"), secrets=(secret,), target=_CONNECTION)


def _search(module: Module) -> Iterator[Found]:
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


TRANSFORM = Transform(
    name="platforms",
    literals=(b"conn_type", b"st.login", b"streamlit.login"),
    constructs={
        f"{module}.Connection": _connection for module in ("airflow.models", "airflow.models.connection", "airflow.sdk")
    },
    search=_search,
    evidence=(("streamlit", ".login"),),
)
