"""What changes while a tenant is read, or could not be read when it had changed."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from inventory import snapshot
from inventory.directory import UNREAD, Removed
from inventory.errors import CursorExpiredError, TenantUnreachableError
from inventory.model import Holder, ScanNote
from inventory.scan import refresh
from tests.inventory import values
from tests.inventory.test_scan import Tenant, page, run

LINKS = {"applications": "link of applications", "service-principals": "link of service-principals"}


def _held(number: int, *credentials: int) -> Any:
    secrets = tuple(values.secret(each, holder_id=values.guid("c", number)) for each in credentials)
    return values.application(number, credentials=secrets)


def _keys(path: Path) -> set[str]:
    return {one.key_id for holder in snapshot.read(path).applications for one in holder.credentials}


def test_what_changes_after_its_page_was_read_is_in_the_snapshot(tmp_path: Path) -> None:
    principal = values.secret(8, holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 1))
    tenant = Tenant(
        {
            "applications": [page(_held(1, 1), cursor="1"), page(_held(2, 2), _held(3, 3))],
            "service-principals": [page(values.principal(1))],
        },
        {
            LINKS["applications"]: [page(_held(1, 1, 4), _held(5, 5)), page(Removed(object_id=values.guid("c", 2)))],
            LINKS["service-principals"]: [page(values.principal(1, credentials=(principal,)))],
        },
    )
    found = run(tenant, tmp_path / "s.db")
    assert _keys(tmp_path / "s.db") == {values.guid("e", each) for each in (1, 3, 4, 5)}
    assert (found.applications, found.credentials) == (3, 5)
    assert found.beginning == (
        "while it was read: 2 applications changed and 1 removed, 1 service principals changed and 0 removed"
    )
    still = Tenant({
        "applications": [page(_held(1, 1, 4), _held(3, 3), _held(5, 5))],
        "service-principals": [page(values.principal(1, credentials=(principal,)))],
    })  # fmt: skip
    assert run(still, tmp_path / "still.db").digest == found.digest


def test_a_scan_that_goes_on_takes_in_what_changed_since_it_began(tmp_path: Path) -> None:
    first = page(_held(1, 1), cursor="1")
    with pytest.raises(TenantUnreachableError):
        run(Tenant({"applications": [first, TenantUnreachableError("gone")]}), tmp_path / "s.db")
    again = Tenant({"applications": [first, page(_held(2, 2))]}, {LINKS["applications"]: [page(_held(1, 1, 3))]})
    run(again, tmp_path / "s.db")
    assert _keys(tmp_path / "s.db") == {values.guid("e", each) for each in (1, 2, 3)}


def test_objects_that_no_page_told_are_missed_by_their_number(tmp_path: Path) -> None:
    odd = ScanNote(subject=f"application {values.guid('c', 9)}", text="unreadable: odd")
    pages: Any = {
        "applications": [page(_held(1, 1), odd)],
        "service-principals": [page(values.principal(1), values.identity())],
    }
    counts = {"applications": 2, "service-principals": 2}
    assert {gap.subject for gap in run(Tenant(pages, counts=counts), tmp_path / "s.db").gaps}.isdisjoint(
        {"applications", "service principals"}
    )
    found = run(Tenant(pages, counts={"applications": 4, "service-principals": 2}), tmp_path / "s.db")
    [note] = [gap for gap in found.gaps if gap.subject == "applications"]
    assert note.text.startswith("the tenant counts 4 and 2 were read: 2 may be missing here")


def test_where_changes_are_not_told_at_the_end_that_is_said(tmp_path: Path) -> None:
    class Forgetful(Tenant):
        async def changed(self, link: str) -> AsyncIterator[Any]:
            if link:
                raise CursorExpiredError("the link is too old")
            yield page()

    found = run(Forgetful({"applications": [page(_held(1, 1))]}), tmp_path / "s.db")
    assert "changes during the scan" in {gap.subject for gap in found.gaps}
    assert found.applications == 1


def test_an_object_that_changed_and_could_not_be_read_is_asked_for_again(tmp_path: Path) -> None:
    path, changed = tmp_path / "s.db", _held(1, 1, 2)
    run(Tenant({"applications": [page(_held(1, 1), _held(3, 3))]}), path)
    failed = ScanNote(subject=f"application {changed.id}", text=f"unreadable: {UNREAD}: Graph answered 503")
    delta = Tenant(changes={LINKS["applications"]: [page(failed)]}, single={changed.id: failed})
    found = run(delta, path, how=refresh)
    assert (found.unreadable, _keys(path)) == (1, {values.guid("e", 3)}), "what it was before is not what it is"
    still = Tenant(single={changed.id: failed})
    assert run(still, path, how=refresh).unreadable == 1
    assert ("one of applications", changed.id) in still.asked
    found = run(Tenant(single={changed.id: changed}), path, how=refresh)
    assert (found.unreadable, _keys(path)) == (0, {values.guid("e", each) for each in (1, 2, 3)})


def test_what_an_application_says_of_its_service_principal_is_refreshed_with_it(tmp_path: Path) -> None:
    path, principal = tmp_path / "s.db", values.principal(1)
    run(Tenant({"applications": [page(_held(1, 1))], "service-principals": [page(principal)]}), path)
    tagged = dataclasses.replace(principal, tags=("of the application",))
    delta = Tenant(
        changes={LINKS["applications"]: [page(dataclasses.replace(_held(1, 1), tags=("of the application",)))]},
        single={principal.id: tagged},
    )
    run(delta, path, how=refresh)
    assert [one.tags for one in snapshot.read(path).service_principals] == [("of the application",)]
