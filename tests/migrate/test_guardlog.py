"""Who added a credential that appeared, or why nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from inventory.model import CredentialAdded, CredentialLog, KeyId
from migrate.guardlog import adder
from tests.support.tenants import NOW, credential

ONE = replace(credential("orders"), start=NOW - timedelta(days=3))


def added(days: int, by: str, key_id: str = ONE.key_id) -> CredentialAdded:
    return CredentialAdded(key_id=KeyId(key_id), at=NOW - timedelta(days=days), by=by)


def test_the_newest_record_of_that_key_id_tells() -> None:
    log = CredentialLog(added=(added(2, "b"), added(9, "a"), added(1, "c", "another")))
    assert adder(log, ONE, NOW) == added(2, "b")
    assert adder(log, replace(ONE, key_id=KeyId(ONE.key_id.upper())), NOW) == added(2, "b")


def test_a_log_that_tells_although_not_all_of_it_could_be_read_is_believed() -> None:
    assert adder(CredentialLog(added=(added(2, "b"),), missing="1 of its records is odd"), ONE, NOW) == added(2, "b")


def test_what_is_unknown_is_said_with_its_reason() -> None:
    assert "needs AuditLog.Read.All" in str(adder(CredentialLog(added=(), missing="needs AuditLog.Read.All"), ONE, NOW))
    old = replace(ONE, start=NOW - timedelta(days=31))
    assert str(adder(CredentialLog(added=()), old, NOW)).startswith("it is valid since")
    for start in (ONE.start, None):
        told = str(adder(CredentialLog(added=()), replace(ONE, start=start), NOW))
        assert "does not tell of it" in told
        assert "7 without" in told
