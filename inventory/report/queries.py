"""The queries of the report. ``:at`` is the time of the scan, ``:tenant`` the tenant, ``:limit`` most rows (-1: all).

Each looks only at what it shows: ``tests/benchmarks/test_snapshot.py`` prints how long each takes on a large tenant.
"""

from __future__ import annotations

from inventory.classify import Expiry
from inventory.tables import schema
from inventory.usage_subject import BLUEPRINT

_ENDLESS_DAYS = 30 * 365 - 1e-6  # as ``classify.expiry``; julianday counts in days with a fraction
STATE = f"""
    CASE
        WHEN c.ends <= :at THEN '{Expiry.EXPIRED.value}'
        WHEN c.starts > :at THEN '{Expiry.PENDING.value}'
        WHEN c.ends IS NULL OR julianday(c.ends) - julianday(coalesce(c.starts, :at)) >= {_ENDLESS_DAYS}
            THEN '{Expiry.ENDLESS.value}'
        ELSE '{Expiry.LIVE.value}'
    END
"""
"""How the dates of credential ``c`` stand: ``inventory.classify.expiry`` in SQL."""
_LAST_SUCCESS = """
    max(
        coalesce((
            SELECT max(u.last_success) FROM uses AS u WHERE u.client_id = c.client_id AND u.key_id = c.key_id
        ), ''),
        coalesce((
            SELECT max(u.last_success) FROM uses AS u
            WHERE u.client_id = c.client_id AND u.key_id IS NULL AND u.thumbprint = c.thumbprint
        ), '')
    )
"""
_OWNERS = """
    CASE WHEN h.owners_known THEN coalesce((
        SELECT group_concat(name, '; ') FROM (
            SELECT coalesce(o.display_name, o.object_id) AS name FROM owners AS o
            WHERE o.holder_id = h.id ORDER BY o.object_id
        )
    ), 'none') ELSE 'unknown' END
"""
_FEDERATED = """
    CASE WHEN h.federated_known THEN (SELECT count(*) FROM federated_credentials AS f WHERE f.holder_id = h.id)
    ELSE 'unknown' END
"""
_CREDENTIAL = """
    h.display_name, h.client_id, c.kind, c.purpose, {state} AS state, c.ends, {last} AS last_success, {federated},
    {owners}, {holder}, c.display_name, coalesce(nullif(c.hint, ''), c.thumbprint), c.key_id, c.starts,
    c.purpose_reason, {judged}
"""
SHOWN = 15
"""Cells of a credential that are shown; behind them stands what its use is judged by."""
_WHOLE = ", ".join(f"c.{name}" for name in schema.names("credentials"))
_AGENTS = f"""
    instr(h.unknown, '{BLUEPRINT}') > 0 OR EXISTS (
        SELECT 1 FROM {{other}} AS o WHERE o.client_id = h.client_id AND instr(o.unknown, '{BLUEPRINT}') > 0
    )
"""  # noqa: S608 - texts of our own
CREDENTIALS = f"""
    SELECT {
    _CREDENTIAL.format(
        state=STATE,
        last=_LAST_SUCCESS,
        federated=_FEDERATED,
        owners=_OWNERS,
        holder="'application'",
        judged=f"{_WHOLE}, h.sign_in_audience, {_AGENTS.format(other='service_principals')}",
    )
}
    FROM applications AS h JOIN credentials AS c ON c.holder_id = h.id
    ORDER BY c.holder_id, c.key_id, c.kind LIMIT :limit
"""  # noqa: S608 - texts of our own
PRINCIPAL_CREDENTIALS = f"""
    SELECT {
    _CREDENTIAL.format(
        state=STATE,
        last=_LAST_SUCCESS,
        federated=(
            "(SELECT CASE WHEN a.federated_known THEN (SELECT count(*) FROM federated_credentials AS f "
            "WHERE f.holder_id = a.id) ELSE 'unknown' END FROM applications AS a WHERE a.client_id = h.client_id)"
        ),
        owners=_OWNERS,
        holder=(
            "CASE WHEN h.home_tenant <> :tenant THEN 'service principal of another tenant''s application' "
            "ELSE 'service principal' END"
        ),
        judged=f"{_WHOLE}, NULL, {_AGENTS.format(other='applications')}",
    )
}
    FROM service_principals AS h JOIN credentials AS c ON c.holder_id = h.id
    ORDER BY c.holder_id, c.key_id, c.kind LIMIT :limit
"""  # noqa: S608 - texts of our own
OVERVIEW = f"SELECT c.purpose, {STATE} AS state, count(*) FROM credentials AS c GROUP BY 1, 2"  # noqa: S608 - the same
KINDS = "SELECT kind, count(*) FROM credentials WHERE purpose = 'authentication' GROUP BY kind"
USED = """
    SELECT count(*) FROM credentials AS c WHERE EXISTS (
        SELECT 1 FROM uses AS u
        WHERE u.client_id = c.client_id AND u.key_id = c.key_id AND u.last_success IS NOT NULL
    ) OR (c.thumbprint IS NOT NULL AND EXISTS (
        SELECT 1 FROM uses AS u WHERE u.client_id = c.client_id AND u.key_id IS NULL AND u.thumbprint = c.thumbprint
            AND u.last_success IS NOT NULL
    ))
"""
_ALL_HOSTS = "NOT EXISTS (SELECT 1 FROM notes WHERE subject = 'hosts' OR subject LIKE 'subscription %')"
_ALL_TRUST = """
    NOT EXISTS (SELECT 1 FROM applications WHERE NOT federated_known)
    AND NOT EXISTS (SELECT 1 FROM unreadable WHERE collection IN ('applications', 'federated'))
"""


def _counted(number: str, *, whole: str) -> str:
    """Return SQL of a number that was counted; where that was not read as a ``whole``, there may be more."""
    return f"CASE WHEN {whole} THEN {number} WHEN {number} = 0 THEN 'unknown' ELSE 'at least ' || {number} END"


COUNTS = f"""
    SELECT
        (SELECT count(*) FROM applications),
        (SELECT count(*) FROM applications AS a
            WHERE a.owners_known AND NOT EXISTS (SELECT 1 FROM owners AS o WHERE o.holder_id = a.id)),
        (SELECT count(*) FROM applications WHERE NOT owners_known),
        (SELECT count(*) FROM applications AS a
            WHERE a.federated_known AND EXISTS (SELECT 1 FROM federated_credentials AS f WHERE f.holder_id = a.id)),
        (SELECT count(*) FROM applications WHERE NOT federated_known),
        (SELECT count(*) FROM identities),
        {_counted("(SELECT count(*) FROM hosts)", whole=_ALL_HOSTS)},
        (SELECT count(*) FROM unreadable)
"""  # noqa: S608 - texts of our own
APPLICATIONS = f"""
    SELECT h.display_name, h.client_id,
        (SELECT count(*) FROM credentials AS c WHERE c.client_id = h.client_id AND c.purpose = 'authentication'
            AND {STATE} IN ('{Expiry.LIVE.value}', '{Expiry.ENDLESS.value}')),
        (SELECT count(*) FROM credentials AS c WHERE c.client_id = h.client_id),
        {_FEDERATED}, {_OWNERS}, h.sign_in_audience, h.disabled, h.created
    FROM applications AS h ORDER BY h.id LIMIT :limit
"""  # noqa: S608 - texts of our own
IDENTITIES = f"""
    SELECT name, client_id, principal_id, kind, {_counted("trusted", whole=_ALL_TRUST)},
        {_counted("attached", whole=_ALL_HOSTS)}, resource_id
    FROM (
        SELECT i.*, CASE i.user_assigned WHEN 1 THEN 'user-assigned' WHEN 0 THEN 'system-assigned' ELSE 'unknown'
                END AS kind,
            (SELECT count(DISTINCT f.holder_id) FROM federated_credentials AS f
                WHERE f.subject = i.principal_id AND f.holder = 'application') AS trusted,
            (SELECT count(*) FROM host_identities AS a WHERE a.identity_id = lower(i.resource_id))
                + (i.principal_id IN (SELECT system_principal FROM hosts WHERE system_principal IS NOT NULL))
                AS attached
        FROM identities AS i ORDER BY i.principal_id LIMIT :limit
    )
"""  # noqa: S608 - texts of our own
ROLES = """
    SELECT coalesce(s.display_name, i.name, r.principal_id), r.role, nullif(r.resource, ''), nullif(r.scope, ''),
        r.tier, r.reason, (SELECT count(*) FROM credentials AS c WHERE c.client_id = s.client_id), r.principal_id
    FROM roles AS r LEFT JOIN service_principals AS s ON s.id = r.principal_id
    LEFT JOIN identities AS i ON i.principal_id = r.principal_id
    ORDER BY r.tier, r.principal_id, r.role LIMIT :limit
"""
HOSTS = """
    SELECT h.name, h.type, h.location,
        (SELECT count(*) FROM host_identities AS a WHERE a.resource_id = h.resource_id),
        CASE WHEN h.settings_known THEN (SELECT count(*) FROM host_settings AS s WHERE s.resource_id = h.resource_id
            AND s.kind IN ('secret', 'certificate', 'connection-string')) ELSE 'unknown' END,
        CASE WHEN h.settings_known THEN (SELECT count(DISTINCT s.client_id) FROM host_settings AS s
            WHERE s.resource_id = h.resource_id AND s.client_id IN (SELECT client_id FROM applications))
            ELSE 'unknown' END,
        h.resource_id
    FROM hosts AS h ORDER BY h.resource_id LIMIT :limit
"""
SOURCES = """
    SELECT s.name, s.since, s.until, s.retention_days, nullif(s.missing, ''),
        (SELECT group_concat(value, '; ') FROM json_each(s.blind_spots)), s.read_at
    FROM sources AS s ORDER BY s.name
"""
NOTES = "SELECT subject, text FROM notes ORDER BY subject, text LIMIT :limit"
SIZES = {
    "credentials": "SELECT count(*) FROM credentials",
    "applications": "SELECT count(*) FROM applications",
    "identities": "SELECT count(*) FROM identities",
    "roles": "SELECT count(*) FROM roles",
    "hosts": "SELECT count(*) FROM hosts",
    "notes": "SELECT count(*) FROM notes",
}
"""How many rows the tables have that are capped."""
EVERY = {
    name: text
    for name, text in globals().copy().items()
    if name.isupper() and not name.startswith("_") and isinstance(text, str) and name != "STATE"
}
"""Every query by its name, for the benchmark."""
