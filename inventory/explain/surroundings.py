"""Federated credentials, the identities they trust, the hosts of these, and hosts whose settings name the client."""

from __future__ import annotations

from collections.abc import Mapping

from inventory.explain.facts import Row, Subject
from inventory.explain.model import Cell, Known, Section

_SORTS: Mapping[Cell, str] = {None: "managed identity", 0: "system-assigned identity", 1: "user-assigned identity"}
_SECRETS = frozenset({"secret", "certificate", "connection-string"})


def federated(subject: Subject) -> Section:
    """Say what could take the credential's place already."""
    application = subject.application
    if application is None:
        return Section(title="federated credentials", unseen=("those of the application, which is not in this tenant",))
    if not application["federated_known"]:
        return Section(title="federated credentials", unseen=("the federated credentials could not be read",))
    known = [
        Known(text=_trust(subject, one), evidence=f"federated credential {one['id']}, {subject.scan}", data=one)
        for one in _federated(subject)
    ]
    none = Known(text="the application has none", evidence=subject.scan)
    return Section(title="federated credentials", known=tuple(known) or (none,))


def _federated(subject: Subject) -> list[Row]:
    if subject.application is None:
        return []
    statement = "SELECT * FROM federated_credentials WHERE holder_id = ? ORDER BY name"
    return subject.rows(statement, subject.application["id"])


def _trust(subject: Subject, one: Row) -> str:
    if one["subject"] is None:
        where = one["expression"] or "an expression holds that was not told"
        return f"{one['name']}: flexible, trusts {one['issuer']} where {where}"
    if subject.tenant_id.lower() not in str(one["issuer"]).lower():
        return f"{one['name']}: trusts {one['subject']} of {one['issuer']}, outside this tenant"
    found = _identity(subject, one)
    if found is None:
        return f"{one['name']}: names no managed identity of this tenant ({one['subject']})"
    return f"{one['name']}: trusts the managed identity {found['name']} of this tenant"


def _identity(subject: Subject, one: Row) -> Row | None:
    """Return the identity that a federated credential trusts: issuer and subject match to the letter, or not at all."""
    if subject.tenant_id.lower() not in str(one["issuer"]).lower():
        return None
    found = subject.rows("SELECT * FROM identities WHERE principal_id = ?", one["subject"])
    return found[0] if found else None


def identities(subject: Subject) -> Section:
    """Say which identities stand ready and which hosts have them."""
    found = {str(one["principal_id"]): one for row in _federated(subject) if (one := _identity(subject, row))}
    known: list[Known] = []
    for one in found.values():
        sort = _SORTS.get(one["user_assigned"], _SORTS[None])
        text = f"{sort} {one['name']}, client id {one['client_id']}"
        known.append(Known(text=text, evidence=f"principal {one['principal_id']}, {subject.scan}", data=one))
        known += _attached(subject, one)
    return Section(title="identity and its hosts", known=tuple(known), unseen=_hosts_unseen(subject) if found else ())


def _attached(subject: Subject, identity: Row) -> list[Known]:
    name = identity["name"]
    rows = subject.rows(_HOSTS, str(identity["resource_id"] or "").lower(), identity["principal_id"])
    if not rows:
        return [Known(text=f"{name} is attached to no host of the snapshot", evidence=subject.scan)]
    return [
        Known(text=f"{name} is attached to {one['type']} {one['name']}", evidence=str(one["resource_id"]), data=one)
        for one in rows
    ]


_HOSTS = """
    SELECT h.* FROM hosts AS h JOIN host_identities AS i ON i.resource_id = h.resource_id WHERE i.identity_id = ?1
    UNION SELECT * FROM hosts WHERE system_principal = ?2 ORDER BY 1
"""


def _hosts_unseen(subject: Subject) -> tuple[str, ...]:
    counts = subject.row("SELECT count(*) AS hosts, sum(NOT settings_known) AS closed FROM hosts")
    told = list(subject.notes("hosts", "subscription"))
    if not counts["hosts"]:
        told.append("no host is in the snapshot: none was read, or there is none")
    if counts["closed"]:
        told.append(f"the settings of {counts['closed']} of {counts['hosts']} hosts")
    return tuple(told)


def settings(subject: Subject) -> Section:
    """Say which hosts are configured for the application, and whether a secret stands beside."""
    rows = subject.rows(
        "SELECT h.resource_id, h.type, h.name AS host, s.name, s.kind, s.client_id, s.reference FROM hosts AS h "
        "JOIN host_settings AS s ON s.resource_id = h.resource_id WHERE h.resource_id IN "
        "(SELECT resource_id FROM host_settings WHERE client_id = ?) ORDER BY h.resource_id, s.name",
        subject.client_id,
    )
    by_host: dict[str, list[Row]] = {}
    for one in rows:
        by_host.setdefault(str(one["resource_id"]), []).append(one)
    known = tuple(_configured(subject, resource_id, found) for resource_id, found in by_host.items())
    none = Known(text="no setting that was read holds this client id", evidence=subject.scan)
    return Section(title="host settings", known=known or (none,), breaks=known, unseen=_hosts_unseen(subject))


def _configured(subject: Subject, resource_id: str, found: list[Row]) -> Known:
    naming = ", ".join(str(one["name"]) for one in found if one["client_id"] == subject.client_id)
    secrets = [_with_reference(one) for one in found if one["kind"] in _SECRETS]
    beside = f"{', '.join(secrets)} may hold this credential" if secrets else "no setting that looks like a secret"
    text = f"{found[0]['type']} {found[0]['host']}: {naming} names the application; {beside}"
    return Known(text=text, evidence=f"settings of {resource_id}", data={"resource_id": resource_id, "naming": naming})


def _with_reference(one: Row) -> str:
    return f"{one['name']} (from {one['reference']})" if one["reference"] else str(one["name"])
