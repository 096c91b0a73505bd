"""Ways to data that take the secret along: storage options, connection strings, Kusto, Spark; reported.

Kusto: https://learn.microsoft.com/python/api/azure-kusto-data and, for SQLAlchemy, https://pypi.org/project/sqlalchemy-kusto/
adlfs: https://pypi.org/project/adlfs/
deltalake (keys of object_store): https://docs.rs/object_store/latest/object_store/azure/enum.AzureConfigKey.html
ODBC: https://learn.microsoft.com/sql/connect/odbc/using-azure-active-directory
mssql-python: https://pypi.org/project/mssql-python/
Spark (ABFS): https://hadoop.apache.org/docs/stable/hadoop-azure/abfs.html
pyiceberg: https://py.iceberg.apache.org/configuration/#azure-data-lake
DuckDB: https://duckdb.org/docs/stable/core_extensions/azure
T-SQL: https://learn.microsoft.com/sql/t-sql/statements/copy-into-transact-sql
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.model import ReasonCode
from codemods.names import Module
from codemods.signs import SECRET_IN_DICT, SECRET_KEY
from codemods.template import text_of
from codemods.transform import Call, Found, Judge, Report, Transform, Verdict, reports

_CREDENTIAL = "ClientAssertionCredential(tenant_id, client_id, managed_identity_assertion)"
_KUSTO = f"KustoConnectionStringBuilder.with_azure_token_credential(connection_string, {_CREDENTIAL})"
_KUSTO_ADDRESS = "kustosql+https://CLUSTER/DATABASE?msi=True&user_msi=CLIENT_ID_OF_THE_MANAGED_IDENTITY"
_STORAGE = f"credential=azure.identity.aio.{_CREDENTIAL}, without client_id, client_secret and tenant_id"
_OBJECT_STORE = (
    "azure_federated_token_file=PATH, a file with the assertion that is renewed within a day, without a secret"
)
_ODBC = (
    "connect(text without Authentication, UID and PWD, attrs_before={1256: packed}), where packed is "
    f'{_CREDENTIAL}.get_token("https://database.windows.net/.default").token in UTF-16-LE behind its length'
)
_MSSQL = f"mssql_python.connect(text without Authentication, UID and PWD, token_provider={_CREDENTIAL})"
_SPARK = "fs.azure.account.oauth.provider.type=org.apache.hadoop.fs.azurebfs.oauth2.MsiTokenProvider"

_DUCKDB = "CREATE SECRET name (TYPE azure, PROVIDER access_token, ACCESS_TOKEN token), anew before a token expires"
_TSQL = "IDENTITY = 'Managed Identity', without SECRET, for the managed identity of the server or workspace"

_KUSTO_KEYS = frozenset({"application_key"})

_ICEBERG = "adls.client-secret"
_OPTION_KEYS = frozenset({"client_secret", "azure_client_secret", "azure_storage_client_secret", _ICEBERG})
_ACCOUNT = frozenset({"account_name", "client_secret"})
_TENANTS = frozenset({"tenant_id", "tenant", "authority_id"})
_SERVICE_PRINCIPAL = frozenset({"tenant_id", "client_secret"})
_OPTION_NAMES = frozenset({"storage_options", "filesystem_options"})
_TEXTS = {
    "ActiveDirectoryServicePrincipal": (ReasonCode.CONNECTION_STRING, "ODBC connection string"),
    "fs.azure.account.oauth2.client.secret": (ReasonCode.JVM_SIDE, "Spark configuration"),
    "dfs.adls.oauth2.credential": (ReasonCode.JVM_SIDE, "Spark configuration"),
    "fs.adl.oauth2.credential": (ReasonCode.JVM_SIDE, "Spark configuration"),
    "Application Key=": (ReasonCode.CONNECTION_STRING, "Kusto connection string"),
    "AppKey=": (ReasonCode.CONNECTION_STRING, "Kusto connection string"),
    "azure_ad_client_secret=": (ReasonCode.CONNECTION_STRING, "Kusto address"),
}

_FILLS = frozenset({"format", "format_map", "substitute", "safe_substitute", "replace"})

_STATEMENTS = (
    (
        "service_principal",
        re.compile(r"\bPROVIDER\s+'?SERVICE_PRINCIPAL\b", re.IGNORECASE),
        "DuckDB secret",
        _DUCKDB,
    ),
    (
        "identity",
        re.compile(r"\bIDENTITY\s*=\s*'[^']*(\{\}|/oauth2/)[^']*'\s*,\s*SECRET\s*=\s*'", re.IGNORECASE),
        "T-SQL credential",
        _TSQL,
    ),
)
# The first of them as it stands in a source in lower case; a line end may be written as one or as an escape.
_SPELLED = re.compile(rb"provider(?:[\s\\]|\\[nrt])+'?service_principal")

_AZURE = re.compile(r"(^|::|['\"\s])(abfss?|az|adl|wasbs?|onelake)(://|::|$)", re.IGNORECASE)

_storage = reports(
    ReasonCode.STORAGE_OPTIONS, client=(None, "client_id"), secret=(None, "client_secret"), target=_STORAGE
)


def _any_storage(call: Call) -> Verdict | None:
    """Judge a call that opens storage of any kind: by its address, else by what the file says of Azure."""
    where = call.argument(0, "protocol") or call.argument(0, "urlpath") or call.argument(0, "url")
    text = None if where is None else text_of(call.module, where.value)
    if text is not None and not text.startswith("{}"):
        return _storage(call) if _AZURE.search(text) else None
    named = call.argument(None, "client_secret") is not None
    return _storage(call) if named or (call.unpacks and _speaks_of_azure(call.module)) else None


def _speaks_of_azure(module: Module) -> bool:
    """Tell whether a file names Azure's storage, or a secret for it."""
    return _names_azure(module) or any(str(text.value).lower() in _OPTION_KEYS for text in module.strings)


def _names_azure(module: Module) -> bool:
    texts = (str(text.value) for text in module.strings)
    return module.imports_package("adlfs") or any(_AZURE.search(text) for text in texts)


def _kusto(position: int, name: str) -> Judge:
    return reports(ReasonCode.OTHER_LIBRARY, client=(1, "aad_app_id"), secret=(position, name), target=_KUSTO)


_BUILDERS = {
    "with_aad_application_key_authentication": _kusto(2, "app_key"),
    "with_aad_application_certificate_authentication": _kusto(2, "certificate"),
    "with_aad_application_certificate_sni_authentication": _kusto(2, "private_certificate"),
}
_FILESYSTEMS = ("adlfs.AzureBlobFileSystem", "adlfs.AzureDatalakeFileSystem", "adlfs.spec.AzureBlobFileSystem")
_ANY_STORAGE = (
    "fsspec.filesystem", "fsspec.open", "fsspec.open_files", "fsspec.core.url_to_fs", "fsspec.url_to_fs",
)  # fmt: skip


def _search(module: Module) -> Iterator[Found]:
    for node in module.dicts:
        if {str(module.constant(key)).lower() for key in node.keys} & _OPTION_KEYS and _is_option(module, node):
            yield _option(module, node)
    for call in module.calls:
        plain = isinstance(call.func, ast.Name) and call.func.id == "dict"
        if plain and {str(item.arg).lower() for item in call.keywords} & _OPTION_KEYS and _is_option(module, call):
            yield _option(module, call)
    markers = {marker: meaning for marker, meaning in _TEXTS.items() if marker.casefold() in module.said}
    for text in module.strings:
        if str(text.value).lower() in _OPTION_KEYS and _is_put_in(module, module.parents[text]):
            yield _option(module, module.parents[text])
        for marker, (reason, construct) in markers.items():
            if marker in str(text.value) and not (_is_said(module, text) or _is_pattern(module, text, marker)):
                secrets = _given_with(module, text) if reason is ReasonCode.JVM_SIDE else ()
                report = Report(reason=reason, secrets=secrets, target=_target_of(module, construct))
                yield Found(node=text, construct=construct, report=report)
    yield from _statements(module)
    yield from _kusto_keys(module)


def _given_with(module: Module, text: ast.Constant) -> tuple[ast.expr, ...]:
    """Give what a key is set to: the next argument of a call, or the value of an entry."""
    parent = module.parents[text]
    key, owner = (parent, module.parents[parent]) if isinstance(parent, ast.JoinedStr) else (text, parent)
    match owner:
        case ast.Call(args=[first, value, *_]) if first is key:
            return (value,)
        case ast.Dict(keys=keys, values=values):
            return tuple(value for each, value in zip(keys, values, strict=True) if each is key)
        case _:
            return ()


def _kusto_keys(module: Module) -> Iterator[Found]:
    """Find the key of an application that is put into a connection string of Kusto after it was made."""
    kusto = any(item.qualified.startswith("azure.kusto") for item in module.imports)
    for node in module.parents if kusto else ():
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        match target:
            case ast.Attribute(attr=key) | ast.Subscript(slice=ast.Constant(value=str(key))) if key in _KUSTO_KEYS:
                secrets = (node.value,) if isinstance(node, ast.Assign) else ()
                report = Report(reason=ReasonCode.OTHER_LIBRARY, secrets=secrets, target=_KUSTO)
                yield Found(node=target, construct="Kusto connection string", report=report)
            case _:
                continue


def _is_said(module: Module, text: ast.Constant) -> bool:
    """Tell whether a text is for people: a docstring, or the message of an error."""
    around = next((item for item in module.ancestors(text) if isinstance(item, ast.stmt)), None)
    return isinstance(around, ast.Raise) or isinstance(module.parents[text], ast.Expr)


def _is_pattern(module: Module, text: ast.Constant, marker: str) -> bool:
    """Tell whether a text in a table shows people how an address is written, and nothing in the file fills it in."""
    if f"{marker}{{" not in str(text.value) or not isinstance(module.parents[text], ast.Dict):
        return False
    return not any(isinstance(node, ast.Attribute) and node.attr in _FILLS for node in module.references)


def _statements(module: Module) -> Iterator[Found]:
    """Find SQL that hands the secret to a database, which signs in with it by itself."""
    entra = any("/oauth2/" in str(text.value) for text in module.strings)
    for text in module.strings if entra or "service_principal" in module.said else ():
        parent = module.parents[text]
        whole = parent if isinstance(parent, ast.JoinedStr) else text
        if isinstance(whole, ast.JoinedStr) and whole.values[0] is not text:
            continue  # a text with expressions is looked at once, by its first part
        written = "".join(_spelled(part) for part in (whole.values if isinstance(whole, ast.JoinedStr) else [whole]))
        folded = written.casefold()
        for sign, pattern, construct, target in _STATEMENTS:
            if sign in folded and pattern.search(written) and (entra or construct != "T-SQL credential"):
                report = Report(reason=ReasonCode.CONNECTION_STRING, target=target)
                yield Found(node=whole, construct=construct, report=report)


def _spelled(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def _option(module: Module, node: ast.AST) -> Found:
    rust = module.imports_package("deltalake") or module.imports_package("polars")
    report = Report(reason=ReasonCode.STORAGE_OPTIONS, target=_OBJECT_STORE if rust else _STORAGE)
    assert isinstance(node, ast.expr)  # noqa: S101 - narrows for the type checker
    return Found(node=node, construct="storage_options", report=report)


def _target_of(module: Module, construct: str) -> str:
    if construct == "Spark configuration":
        return _SPARK
    if construct.startswith("Kusto"):
        return _KUSTO if construct == "Kusto connection string" else _KUSTO_ADDRESS
    return _MSSQL if module.imports_package("mssql_python") else _ODBC


def _is_option(module: Module, node: ast.expr) -> bool:
    """Tell whether a dict is passed as storage options, at once or under a name."""
    parent = module.parents[node]
    if _names_storage(module, node):
        return True
    if isinstance(parent, ast.keyword):
        return parent.arg in _OPTION_NAMES
    targets = parent.targets if isinstance(parent, ast.Assign) else []
    names = [target for target in targets if isinstance(target, ast.Name)]
    return any(name.id in _OPTION_NAMES or _is_passed(module, name) for name in names)


def _names_storage(module: Module, node: ast.expr) -> bool:
    """Tell whether the keys alone say what a dict is for: pyiceberg's key, or a secret beside a storage account."""
    if isinstance(node, ast.Call):
        return _are_storage(module, {item.arg for item in node.keywords})
    keys = {module.constant(key) for key in node.keys} if isinstance(node, ast.Dict) else set()
    return _ICEBERG in keys or _are_storage(module, keys)


def _are_storage(module: Module, keys: set[str | None]) -> bool:
    """Tell whether keys are those of a storage account that an application signs in to."""
    if keys >= _ACCOUNT:
        return not _TENANTS.isdisjoint(keys) or _names_azure(module)
    return keys >= _SERVICE_PRINCIPAL and _names_azure(module) and "grant_type" not in keys


def _is_passed(module: Module, name: ast.Name) -> bool:
    found = module.lookup(name)
    uses = () if found is None else module.uses(found[0], name.id)
    parents = (module.parents[use] for use in uses)
    return any(isinstance(parent, ast.keyword) and parent.arg in _OPTION_NAMES for parent in parents)


def _is_put_in(module: Module, node: ast.AST) -> bool:
    """Tell whether a secret is put into storage options after they were made."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Store):
        return False
    if not isinstance(node.value, ast.Name):
        return False
    return node.value.id in _OPTION_NAMES or _are_storage(module, _keys_beside(module, node.value))


def _keys_beside(module: Module, name: ast.Name) -> set[str | None]:
    """Collect the keys that the same function puts into what stands under a name."""
    return {
        str(text.value)
        for text in module.strings
        if isinstance(item := module.parents[text], ast.Subscript)
        and isinstance(item.ctx, ast.Store)
        and isinstance(item.value, ast.Name)
        and item.value.id == name.id
        and module.scope_at(item.value) is module.scope_at(name)
    }


_BESIDE = ("tenant", "tenant_id", "authority_id", "account_name")
"""What stands beside the secret in options of a storage account."""
_BESIDE_KEY = frozenset(f"{name}{quote}" for name in _BESIDE for quote in ("'", '"', "\\"))
_BESIDE_ARGUMENT = frozenset(f"{name}{sign}" for name in _BESIDE for sign in ("=", " ="))

TRANSFORM = Transform(
    name="data-access",
    literals=(
        b"with_aad_application",
        b"application_key",
        b"adlfs",
        b"fsspec",
        b"storage_options",
        b"filesystem_options",
        b"client_secret",
        _ICEBERG.encode(),
        b"PROVIDER SERVICE_PRINCIPAL",
        b"PROVIDER service_principal",
        *(marker.encode() for marker in _TEXTS),
    ),
    constructs={
        **{
            f"{module}.KustoConnectionStringBuilder.{name}": judge
            for module in ("azure.kusto.data", "azure.kusto.data.request", "azure.kusto.data.kcsb")
            for name, judge in _BUILDERS.items()
        },
        **dict.fromkeys(_FILESYSTEMS, _storage),
        **dict.fromkeys(_ANY_STORAGE, _any_storage),
    },
    search=_search,
    evidence=(
        ("client_secret", SECRET_KEY, _OPTION_NAMES | _BESIDE_KEY),
        ("client_secret", SECRET_IN_DICT, _OPTION_NAMES | _BESIDE_ARGUMENT),
        *((marker,) for marker in (*_TEXTS, _ICEBERG)),
        ("kusto", "application_key"),
        ("identity", "secret", "/oauth2/"),
        (_SPELLED,),
    ),
)
