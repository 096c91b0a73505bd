"""The question asked of DuckDB: one pass over a portion of exported sign-in logs, added up. Pure.

Records come in three spellings: as a diagnostic setting writes them (``properties.appId``), as a workspace exports its
tables (``AppId``), and as Parquet made of either, in which the case of a column's name says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inventory.logs.files import Form
from inventory.logs.folders import OF_USERS, OTHER_LOGS
from inventory.logs.standing import FOREIGN, OTHER, UNTOLD

_LARGEST_RECORD = {Form.LINES: 4 * 1024**2, Form.ARRAY: 4 * 1024**2, Form.RECORDS: 64 * 1024**2}
"""Bytes of one object: DuckDB holds several of that size. A blob may be one object with all records of an hour."""
_LONGEST = 256
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "moment": ("properties.createdDateTime", "CreatedDateTime", "TimeGenerated", "time"),
    "client": ("properties.appId", "AppId"),
    "key_id": ("properties.servicePrincipalCredentialKeyId", "ServicePrincipalCredentialKeyId"),
    "thumbprint": ("properties.servicePrincipalCredentialThumbprint", "ServicePrincipalCredentialThumbprint"),
    "federated": ("properties.federatedCredentialId", "FederatedCredentialId"),
    "credential_type": ("properties.clientCredentialType", "ClientCredentialType"),
    "address": ("properties.ipAddress", "IPAddress", "callerIpAddress"),
    "resource": (
        "properties.resourceId",
        "ResourceIdentity",
        "properties.resourceDisplayName",
        "ResourceDisplayName",
    ),
    "result": ("properties.status.errorCode", "ResultType", "resultType"),
    "log": ("category", "Category", "Type"),
    "tenant": ("tenantId", "AADTenantId"),
    "place": ("resourceId",),
}
"""Where a field may stand, the first that is there and not empty counts.

``tenantId`` and ``resourceId`` are those of the common schema of resource logs, which tell the tenant of a record
(Azure Monitor, "Common and service-specific schemas for resource logs"). ``TenantId`` of a workspace's tables is the id
of the workspace, ``AADTenantId`` the tenant (Azure Monitor reference).
"""
_OF_RESOURCE_LOGS = ("tenantId", "resourceId")
_NESTED = "properties."
_OWN = ("serviceprincipalsigninlogs", "aadserviceprincipalsigninlogs")
_OF_IDENTITIES = ("managedidentitysigninlogs", "aadmanagedidentitysigninlogs")
_OTHERS = tuple(name for log in OTHER_LOGS if log not in _OF_IDENTITIES for name in (log, f"aad{log}"))
USES = ("ours", UNTOLD)
APART = (FOREIGN, UNTOLD, OTHER)
_GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """Which logs a question is about."""

    own: tuple[str, ...]
    """Those whose records tell of what time there are any."""
    read: tuple[str, ...]
    """Those whose records count."""
    named: tuple[str, ...]
    """Which one a record without a category is of, by what the name of its file holds."""
    others: tuple[str, ...] = ()
    """Those that are left alone; records of any other are told. Empty: all but ``read`` are left alone."""


APPLICATIONS = Logs(own=_OWN, read=(*_OWN, *_OF_IDENTITIES), named=("managedidentitysigninlogs",), others=_OTHERS)
_OF_USERS = (*OF_USERS, *(f"aad{log}" for log in OF_USERS))
USERS = Logs(own=OF_USERS, read=_OF_USERS, named=("noninteractiveusersigninlogs", "insights-logs-signinlogs"))
COLUMNS = ("client", "key_id", "thumbprint", "federated", "credential_type", "address", "resource")
"""Columns of a row of sums, in front; after them come the counts of ``aggregation``."""

# Sign-in logs carry ISO 8601 with seven digits; the samples of Graph's reference an offset of one digit, and tables
# saved by hand the format of the United States.
MACROS = (
    r"""CREATE MACRO told(text) AS coalesce(
        try_cast(text AS TIMESTAMPTZ),
        try_cast(regexp_replace(text, '([+-])(\d:\d\d)$', '\1' || '0' || '\2') AS TIMESTAMPTZ),
        try_strptime(text, '%m/%d/%Y %I:%M:%S %p')::TIMESTAMPTZ
    )""",
    r"CREATE MACRO named(text) AS nullif(text, '')",
)


_READ_PARQUET = "read_parquet(?, union_by_name=true, filename='filename_', hive_partitioning=false)"
PARQUET_COLUMNS = f"DESCRIBE SELECT * FROM {_READ_PARQUET}"  # noqa: S608 - made of constants
"""Asks for the columns of Parquet files (the one parameter): their names, then their types."""

_NUMBER = "try_cast(trim(result) AS DOUBLE)"
_OUTCOME = (
    f"CASE WHEN {_NUMBER} = 0 OR lower(trim(result)) = 'success' THEN 'success' "
    f"WHEN isfinite({_NUMBER}) OR lower(trim(result)) = 'failure' THEN 'failure' END"
)
"""Numbers also as other programs write them (``0.0``); an outcome in other words is not told: it is no failure."""


def json_records(form: Form, *, zipped: bool) -> str:
    """Return a relation with the columns of ``_FIELDS`` and ``filename`` over JSON files (the one parameter)."""
    compression = "gzip" if zipped else "uncompressed"
    reading = (
        f"FROM read_json_objects(?, format='{form}', compression='{compression}', "
        f"filename=true, hive_partitioning=false, maximum_object_size={_LARGEST_RECORD[form]}"
        f"{', ignore_errors=true' if form is Form.LINES else ''})"
    )
    lines = f"SELECT json, filename {reading}"
    if form is Form.RECORDS:
        held = "CASE json_type(json, '$.records') WHEN 'ARRAY' THEN json_extract(json, '$.records[*]') ELSE [json] END"
        lines = f"SELECT unnest({held}) AS json, filename {reading}"
    paths = [path for places in _FIELDS.values() for path in places]
    values = {path: f"named(v[{number}])" for number, path in enumerate(paths, 1)}
    listed = ", ".join(f"'$.{path}'" for path in paths)
    read = f"SELECT json_extract_string(json, [{listed}]) AS v, filename FROM ({lines})"  # noqa: S608 - constants
    return f"SELECT {_columns(values)}, filename FROM ({read})"  # noqa: S608 - constants


def parquet_records(columns: Mapping[str, str]) -> str:
    """Return the same over Parquet files whose columns have these types; ``properties`` is a struct or JSON as text."""
    there = {name.casefold(): '"' + name.replace('"', '""') + '"' for name in columns}
    nested = [path for places in _FIELDS.values() for path in places if path.startswith(_NESTED)]
    listed = ", ".join(f"'$.{path.removeprefix(_NESTED)}'" for path in nested)
    properties = there.get("properties")
    values = {path: f"named(v[{number}])" for number, path in enumerate(nested, 1)} if properties else {}
    for places in _FIELDS.values():
        for path in places:
            column = there.get(path.casefold())
            if path in _OF_RESOURCE_LOGS and not properties:
                continue
            if column and not path.startswith(_NESTED):
                values[path] = f"named(CAST({column} AS VARCHAR))"
    told = "NULL"
    if properties:
        is_text = columns[properties[1:-1].replace('""', '"')] in {"VARCHAR", "JSON"}
        text = f"{properties}::VARCHAR" if is_text else f"to_json({properties})::VARCHAR"
        told = f"CASE WHEN json_valid({text}) THEN json_extract_string({text}, [{listed}]) END"
    read = f"SELECT *, {told} AS v FROM {_READ_PARQUET}"  # noqa: S608 - the names of columns are quoted
    return f"SELECT {_columns(values)}, filename_ AS filename FROM ({read})"  # noqa: S608 - as above


def _columns(values: Mapping[str, str]) -> str:
    """Write each field as the first value that is there; no text is longer than anything that may stand in it."""
    columns = []
    for name, places in _FIELDS.items():
        found = [values[path] for path in places if path in values]
        columns.append(f"left(coalesce({', '.join((*found, 'NULL'))})::VARCHAR, {_LONGEST}) AS {name}")
    return ", ".join(columns)


def aggregation(records: str, *, named: bool) -> str:
    """Return the query over a relation whose files' folders name the tenant, or do not (``named``).

    Its parameters are the relation's, then the tenant's id in lower case (empty: not known), then the latest time
    believed (epoch us). A row is one of four, told by its last column ``part``. ``use``: ``COLUMNS``, whether the
    outcome was told, first, last and last success (epoch us), successes, failures. ``hour``: an hour of the log of
    service principals of this tenant, with first and last record. ``lost``: a file name (as ``client``) and how many of
    its records (successes) cannot be read. ``apart``: why records are counted apart (as ``client``) and how many.
    """
    keys = ", ".join(COLUMNS)
    return f"""
WITH {judged(records, APPLICATIONS, named=named)},
parted AS (
    SELECT {", ".join(f"CASE WHEN standing IN {USES} THEN {name} END AS {name}" for name in COLUMNS)},
        standing, CASE WHEN standing = 'lost' THEN filename END AS filename,
        CASE WHEN standing IN {USES} THEN moment END AS moment, result,
        result IS NOT NULL AS counted, result = 'success' AS good,
        CASE WHEN own AND standing = 'ours' THEN moment // 3600000000 END AS hour
    FROM judged
)
SELECT coalesce(filename, client, standing) AS client, {", ".join(COLUMNS[1:])}, counted, min(moment), max(moment),
    max(moment) FILTER (good),
    CASE WHEN standing IN {USES} AND grouping(counted) = 0 THEN count(*) FILTER (good) ELSE count(*) END,
    count(*) FILTER (NOT good),
    CASE WHEN grouping(hour) = 0 THEN 'hour' WHEN grouping(counted) = 1 THEN 'apart'
        WHEN standing = 'lost' THEN 'lost' ELSE 'use' END AS part
FROM parted
GROUP BY GROUPING SETS (({keys}, filename, standing, counted), (hour), (standing))
HAVING CASE WHEN grouping(hour) = 0 THEN hour IS NOT NULL
    WHEN grouping(counted) = 1 THEN standing IN {APART} ELSE standing IN {USES} OR standing = 'lost' END
"""  # noqa: S608 - made of constants and of a relation of this module


def days_of_use(records: str, *, named: bool) -> str:
    """Return the query for the days on which each credential was used, with the parameters of ``aggregation``.

    A row is one of four, told by its last column ``part``, in the meaning that ``aggregation`` gives to the first
    (``client``): ``use``, with ``COLUMNS`` but the resource, then first and last record of a day (epoch us), and how
    many; ``hour``; ``lost``; ``apart``. Failures are no use; records that do not tell their outcome are.
    """
    keys = ", ".join(COLUMNS[:-1])
    rest = ", ".join(["NULL"] * (len(COLUMNS) - 2))
    return f"""
WITH {judged(records, APPLICATIONS, named=named)},
kept AS MATERIALIZED (SELECT * FROM judged)
SELECT {keys}, min(moment), max(moment), count(*), 'use' AS part FROM kept
    WHERE standing IN {USES} AND coalesce(result = 'success', TRUE) GROUP BY {keys}, moment // 86400000000
UNION ALL SELECT NULL, {rest}, min(moment), max(moment), count(*), 'hour' FROM kept
    WHERE own AND standing = 'ours' GROUP BY moment // 3600000000
UNION ALL SELECT filename, {rest}, NULL, NULL, count(*), 'lost' FROM kept WHERE standing = 'lost' GROUP BY filename
UNION ALL SELECT standing, {rest}, NULL, NULL, count(*), 'apart' FROM kept WHERE standing IN {APART} GROUP BY standing
"""  # noqa: S608 - made of constants and of a relation of this module


def sign_ins_of_users(records: str, *, named: bool) -> str:
    """Return the query for sign-ins of users by application, with the parameters of ``aggregation``.

    A row is one of four, told by its last column ``part``, in the meaning that ``aggregation`` gives to the first
    (``client``): ``use`` (then the type of the credential), ``hour`` (of the log that stands first; of records alone
    that a diagnostic setting exported), ``lost``, ``apart``; each with first and last record (epoch us) and how many.
    Failures count: nothing documents that one stands for all that was tried.
    """
    return f"""
WITH {judged(records, USERS, named=named)},
kept AS MATERIALIZED (SELECT client, credential_type, moment, log, own, exported, standing, filename FROM judged)
SELECT client, credential_type, min(moment), max(moment), count(*), 'use' AS part FROM kept
    WHERE standing IN {USES} GROUP BY client, credential_type
UNION ALL SELECT log, NULL, min(moment), max(moment), count(*), 'hour' FROM kept
    WHERE own AND exported AND standing = 'ours' GROUP BY log, moment // 3600000000
UNION ALL SELECT filename, NULL, NULL, NULL, count(*), 'lost' FROM kept WHERE standing = 'lost' GROUP BY filename
UNION ALL SELECT standing, NULL, NULL, NULL, count(*), 'apart' FROM kept WHERE standing IN {APART} GROUP BY standing
"""  # noqa: S608 - made of constants and of a relation of this module


def _by_name(logs: Logs) -> str:
    cases = ((name, name.removeprefix("insights-logs-")) for name in logs.named)
    return " ".join(f"WHEN contains(lower(filename), '{name}') THEN '{log}'" for name, log in cases)


def judged(records: str, logs: Logs, *, named: bool) -> str:
    """Write the relation ``judged``: each record of a relation with its ``standing``, brought to one spelling."""
    return f"""records AS ({records}),
timed AS (
    SELECT * EXCLUDE (moment, log, result, tenant, place, client), {_OUTCOME} AS result,
        lower(trim(client)) AS client, epoch_us(told(moment)) AS moment,
        lower(trim(coalesce(log, CASE {_by_name(logs)} ELSE 'serviceprincipalsigninlogs' END))) AS log,
        place IS NOT NULL AS exported,
        lower(trim(coalesce(tenant, regexp_extract(place, '^/tenants/([^/]+)', 1, 'i')))) AS tenant
    FROM records
),
asked AS (SELECT ? AS id),
known AS (
    SELECT * EXCLUDE (tenant, id), log IN {logs.own} AS own, log IN {logs.read} AS read,
        CASE WHEN tenant = id THEN TRUE
            WHEN id <> '' AND regexp_full_match(tenant, '{_GUID}') THEN FALSE END AS of_us
    FROM timed, asked WHERE log {"NOT IN" if logs.others else "IN"} {logs.others or logs.read}
),
judged AS (
    SELECT *, CASE WHEN NOT of_us AND NOT {named} THEN '{FOREIGN}'
        WHEN NOT read AND client IS NULL THEN '{OTHER}'
        WHEN NOT read OR client IS NULL OR moment IS NULL OR moment > ? THEN 'lost'
        WHEN NOT regexp_full_match(client, '{_GUID}') THEN 'lost'
        WHEN coalesce(of_us, {named}) THEN 'ours' ELSE '{UNTOLD}' END AS standing
    FROM known
)"""  # noqa: S608 - made of constants and of a relation of this module
