from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from inventory import snapshot
from inventory.cloud import Cloud
from inventory.directory import Collection, FederatedOf, Page, Removed
from inventory.errors import (
    CursorExpiredError,
    InventoryError,
    PermissionMissingError,
    ReadFailedError,
    SnapshotError,
    TenantUnreachableError,
)
from inventory.evidence_source import EvidenceRequest
from inventory.model import ScanNote, TenantId
from inventory.scan import Readers, ScanSummary, refresh, scan
from inventory.usage import Source, SourceName
from tests.inventory import values
from tests.inventory.values import NOW, TENANT

Answer = Page[Any] | InventoryError
MADE_UP = SourceName("made-up")
DENIED = PermissionMissingError("no", permission="Some.Read.All")


def page(*entries: Any, cursor: str | None = None) -> Page[Any]:
    return Page(entries=entries, cursor=cursor)


@dataclass
class Tenant:
    """A directory of given pages by collection and cursor; an error among them is raised in its place."""

    pages: dict[str, list[Answer]] = field(default_factory=dict)
    changes: dict[str, list[Page[Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    single: dict[str, Any] = field(default_factory=dict)

    async def tenant(self) -> TenantId:
        return TENANT

    async def now(self) -> datetime:
        return NOW

    async def count(self, collection: Collection) -> int | None:
        await asyncio.sleep(0)
        return self.counts.get(collection.value)

    async def delta_link(self, collection: Collection) -> str:
        return f"link of {collection.value}"

    async def changed(self, link: str) -> AsyncIterator[Page[Any]]:
        self.asked.append(("changed", link))
        for each in self.changes.get(link, ()):
            yield each

    async def objects(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page[Any]]:
        self.asked += [(f"one of {collection.value}", one) for one in ids]
        yield page(*(self.single.get(one, Removed(object_id=one)) for one in ids))

    async def _read(self, name: str, cursor: str | None) -> AsyncIterator[Page[Any]]:
        self.asked.append((name, cursor))
        start = int(cursor) if cursor else 0
        for answer in self.pages.get(name, [page()])[start:]:
            await asyncio.sleep(0)  # the other collections have their turn
            if isinstance(answer, InventoryError):
                raise answer
            yield answer

    def applications(self, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        return self._read("applications", cursor)

    def federated(self, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        return self._read("federated", cursor)

    def service_principals(self, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        return self._read("service-principals", cursor)

    def identity_federated(self, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        return self._read("identity-federated", cursor)

    def roles(self, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        return self._read("roles", cursor)

    def policies(self, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        return self._read("policies", cursor)


@dataclass
class Evidence:
    """One source that says what it was told to say."""

    pages: list[Page[Any]]
    name: SourceName = MADE_UP
    where: str = "here"
    tenants: list[TenantId | None] = field(default_factory=list)

    def wanted(self, request: EvidenceRequest) -> bool:
        return request.at == NOW

    def place(self, request: EvidenceRequest) -> str:
        assert request.at == NOW
        return self.where

    async def read(self, request: EvidenceRequest, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        assert request.at == NOW
        self.tenants.append(request.tenant_id)
        for each in self.pages[int(cursor or 0) :]:
            yield each


def readers(tenant: Tenant, *sources: Evidence) -> Readers:
    # Only the listings are asked for by a scan.
    directory: Any = tenant
    return Readers(directory=directory, sources=sources, evidence=lambda at: EvidenceRequest(at=at))


def run(
    tenant: Tenant, path: Path, *sources: Evidence, how: Any = scan, progress: Any = lambda *_: None, **options: Any
) -> ScanSummary:
    given = readers(tenant, *sources)
    found: ScanSummary = asyncio.run(how(given, path, cloud=Cloud.PUBLIC, progress=progress, **options))
    return found


def test_a_scan_reads_all_collections_and_says_what_it_found(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    tenant = Tenant({
        "applications": [page(values.application(1, federated=None), cursor="1"), page(values.application(2))],
        "service-principals": [page(values.identity(), values.principal(credentials=(values.secret(9),)))],
        "federated": [page(FederatedOf(holder_id=values.application(1).id, federated=(values.trust(),)))],
    })  # fmt: skip
    given = readers(tenant)
    found = asyncio.run(
        scan(given, tmp_path / "s.db", cloud=Cloud.PUBLIC, progress=lambda name, count, *_: told.append((name, count)))
    )
    assert (found.applications, found.service_principals, found.identities, found.credentials) == (2, 1, 1, 1)
    assert (found.unreadable, found.taken_at, found.beginning) == (0, NOW, "")
    assert [name for name, _ in told if name == "applications"] == ["applications"] * 2
    assert ("applications", 2) in told
    kept = snapshot.read(tmp_path / "s.db")
    assert kept.digest == found.digest
    assert {one.id: one.federated for one in kept.applications}[values.application(1).id] == (values.trust(),)
    assert {name for name, _ in tenant.asked} >= {"roles", "policies", "identity-federated"}


def test_an_unreadable_object_is_kept_and_counted(tmp_path: Path) -> None:
    note = ScanNote(subject="application x", text="unreadable: odd")
    found = run(Tenant({"applications": [page(note, values.application())]}), tmp_path / "s.db")
    assert (found.applications, found.unreadable) == (1, 1)
    assert note in snapshot.read(tmp_path / "s.db").notes
    assert note not in found.gaps


@pytest.mark.parametrize("name", ["federated", "identity-federated", "roles", "policies"])
def test_what_is_not_granted_is_named_and_the_scan_goes_on(tmp_path: Path, name: str) -> None:
    what = name.replace("-", " ")
    found = run(Tenant({"applications": [page(values.application())], name: [DENIED]}), tmp_path / "s.db")
    assert ScanNote(subject=what, text=f"Some.Read.All not granted: {what} are unknown") in found.gaps
    assert found.applications == 1


def test_hosts_that_are_not_read_are_unknown(tmp_path: Path) -> None:
    assert "hosts" in {gap.subject for gap in run(Tenant(), tmp_path / "s.db").gaps}


def test_a_source_that_could_not_be_read_is_a_gap(tmp_path: Path) -> None:
    source = Source(name=MADE_UP, read_at=NOW, since=None, until=None, retention_days=None,
                    missing="AuditLog.Read.All not granted: usage is unknown")  # fmt: skip
    found = run(Tenant(), tmp_path / "s.db", Evidence([page(source)]))
    assert ScanNote(subject="made-up", text=source.missing) in found.gaps
    assert snapshot.read(tmp_path / "s.db").sources == (source,)


@pytest.mark.parametrize("name", ["applications", "service-principals"])
@pytest.mark.parametrize("error", [DENIED, ReadFailedError("m"), TenantUnreachableError("m")])
def test_without_its_objects_there_is_no_snapshot(tmp_path: Path, name: str, error: InventoryError) -> None:
    with pytest.raises(type(error)) as caught:
        run(Tenant({name: [error]}), tmp_path / "s.db")
    assert caught.value is error
    assert not (tmp_path / "s.db").exists()


def test_a_scan_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    first, second, third = (page(values.application(n), cursor=str(n) if n < 3 else None) for n in (1, 2, 3))
    broken = Tenant({"applications": [first, second, TenantUnreachableError("gone")]})
    with pytest.raises(TenantUnreachableError):
        run(broken, tmp_path / "s.db")
    whole = Tenant({"applications": [first, second, third]})
    found = run(whole, tmp_path / "s.db")
    assert ("applications", "2") in whole.asked
    assert ("service-principals", None) not in whole.asked, "what was read to its end is not read again"
    assert found.applications == 3
    assert found.beginning
    other = run(Tenant({"applications": [first, second, third]}), tmp_path / "other.db")
    assert found.digest == other.digest


def test_a_scan_begins_anew_when_it_is_told_to(tmp_path: Path) -> None:
    first = page(values.application(1), cursor="1")
    with pytest.raises(TenantUnreachableError):
        run(Tenant({"applications": [first, TenantUnreachableError("gone")]}), tmp_path / "s.db")
    whole = Tenant({"applications": [page(values.application(5))]})
    assert run(whole, tmp_path / "s.db", anew=True).applications == 1
    assert ("applications", None) in whole.asked


def test_a_cursor_that_expired_costs_its_collection_alone(tmp_path: Path) -> None:
    first = page(values.application(1), cursor="1")
    with pytest.raises(TenantUnreachableError):
        run(Tenant({"applications": [first, TenantUnreachableError("gone")]}), tmp_path / "s.db")

    class Forgetful(Tenant):
        def applications(self, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
            if cursor is not None:
                return self._read("expired", None)
            return super().applications(cursor)

    again = Forgetful({
        "expired": [CursorExpiredError("the link is too old")],
        "applications": [page(values.application(1), values.application(2))],
    })  # fmt: skip
    assert run(again, tmp_path / "s.db").applications == 2


def test_a_refreshed_snapshot_is_what_a_full_scan_gives(tmp_path: Path) -> None:
    before = Tenant({"applications": [page(values.application(1), values.application(2))]})
    run(before, tmp_path / "s.db")
    changed = values.application(2, credentials=(values.secret(7),))
    delta = Tenant(
        {"federated": [page(FederatedOf(holder_id=changed.id, federated=()))]},
        {"link of applications": [page(changed, values.application(3))]},
    )
    found = run(delta, tmp_path / "s.db", how=refresh)
    assert ("applications", None) not in delta.asked
    full = Tenant({
        "applications": [page(values.application(1), changed, values.application(3))],
        "federated": [page(FederatedOf(holder_id=changed.id, federated=()))],
    })  # fmt: skip
    whole = run(full, tmp_path / "whole.db")
    assert (found.applications, found.credentials) == (whole.applications, whole.credentials)
    assert set(found.gaps) - set(whole.gaps) == {
        ScanNote(
            subject="owners (refresh)",
            text=f"of objects that did not change otherwise they are as of {NOW:%Y-%m-%d %H:%M} UTC",
        )
    }
    assert snapshot.read(tmp_path / "s.db").applications == snapshot.read(tmp_path / "whole.db").applications
    assert found.digest == whole.digest
    assert found.beginning.startswith(
        "refreshed: 2 applications changed and 0 removed, 0 service principals changed and 0 removed; read anew"
    )
    assert "sign" not in found.beginning, "no source of evidence was read"


def test_a_refresh_of_a_refresh_says_how_old_its_oldest_part_is(tmp_path: Path) -> None:
    class Later(Tenant):
        async def now(self) -> datetime:
            return NOW + timedelta(days=3)

    run(Tenant({"applications": [page(values.application(1))]}), tmp_path / "s.db")
    notes = [run(each, tmp_path / "s.db", how=refresh).gaps for each in (Later(), Later())]
    assert {gap.text for gaps in notes for gap in gaps if gap.subject == "owners (refresh)"} == {
        f"of objects that did not change otherwise they are as of {NOW:%Y-%m-%d %H:%M} UTC"
    }


def test_a_link_that_is_no_longer_good_says_what_to_do(tmp_path: Path) -> None:
    class Forgetful(Tenant):
        async def changed(self, link: str) -> AsyncIterator[Page[Any]]:
            if link:
                raise CursorExpiredError(f"410 for {link}")
            yield page()

    path = tmp_path / "s.db"
    run(Tenant({"applications": [page(values.application(1))]}), path)
    before = path.read_bytes()
    with pytest.raises(CursorExpiredError, match=f"scan the tenant again: unsecret scan --out {path}"):
        run(Forgetful(), path, how=refresh)
    assert path.read_bytes() == before
    assert run(Tenant({"applications": [page(values.application(2))]}), path).applications == 1


def test_a_snapshot_without_links_cannot_be_refreshed(tmp_path: Path) -> None:
    class Old(Tenant):
        async def delta_link(self, collection: Collection) -> str:
            raise ReadFailedError(f"no delta of {collection.value} here")

    assert "delta queries" in {gap.subject for gap in run(Old(), tmp_path / "s.db").gaps}
    with pytest.raises(SnapshotError, match="cannot be refreshed"):
        run(Old(), tmp_path / "s.db", how=refresh)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be written"):
        run(Tenant(), tmp_path / "no" / "s.db")


class Forgetful(Evidence):
    """A source whose cursors are good for nothing after a while."""

    async def read(self, request: EvidenceRequest, cursor: str | None = None) -> AsyncIterator[Page[Any]]:
        if cursor is not None or not self.pages:
            raise CursorExpiredError("410")
        async for each in super().read(request, cursor):
            yield each


def test_a_source_that_cannot_go_on_is_read_anew_and_counts_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    use = dataclasses.replace(values.use(1), source=MADE_UP)
    stopped = Tenant({"applications": [page(values.application(1)), TenantUnreachableError("gone")]})
    first = Evidence([page(use, cursor="1"), page(cursor="2")] * 40)
    with pytest.raises(TenantUnreachableError):
        run(stopped, path, first)
    found = Source(name=MADE_UP, read_at=NOW, since=None, until=None, retention_days=None)
    run(Tenant({"applications": [page(values.application(1))]}), path, Forgetful([page(use, cursor="1"), page(found)]))
    read = snapshot.read(path)
    assert read.uses == (use,)
    assert [source.missing for source in read.sources] == [""]


@pytest.mark.parametrize("done", [True, False])
def test_a_source_that_is_elsewhere_now_is_read_anew_and_one_that_is_not_goes_on(tmp_path: Path, *, done: bool) -> None:
    path = tmp_path / "s.db"
    old, new = (dataclasses.replace(values.use(number), source=MADE_UP) for number in (1, 2))
    source = Source(name=MADE_UP, read_at=NOW, since=NOW, until=NOW, retention_days=None)
    ended = [page(old), page(source)] if done else [page(old, cursor="1"), page(cursor="2")] * 40
    for where, told in (("here", (old,)), ("there", (new,))):
        stopped = Tenant({"applications": [*[page(cursor="1")] * 9, TenantUnreachableError("gone")]})
        with pytest.raises(TenantUnreachableError):
            run(stopped, path, Evidence(ended), anew=True)
        again = Evidence([page(new), page(source)], where=where)
        run(Tenant(), path, again)
        assert snapshot.read(path).uses == (told if done or where == "there" else (old,))
        assert again.tenants == ([] if done and where == "here" else [TENANT])


def test_a_source_that_can_never_go_on_is_unknown_and_ends_no_scan(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    run(Tenant({}), path, Forgetful([]))
    (source,) = snapshot.read(path).sources
    assert source.missing == "410: usage is unknown"


def test_progress_is_told_of_how_many_where_the_directory_counts(tmp_path: Path) -> None:
    told: dict[str, tuple[int, int | None]] = {}

    def progress(name: str, count: int, total: int | None = None) -> None:
        told[name] = (count, total)

    pages: list[Answer] = [page(values.application(number), cursor=str(number)) for number in range(1, 4)]
    tenant = Tenant({"applications": pages, "service-principals": [page()] * 3}, counts={"applications": 4})
    run(tenant, tmp_path / "s.db", progress=progress)
    assert told["applications"] == (3, 4)
    assert told["service-principals"] == (0, None)
