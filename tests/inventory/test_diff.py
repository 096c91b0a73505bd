from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import diff_alignment, snapshot
from inventory.cloud import Cloud
from inventory.diff import Change, Difference, diff
from inventory.directory import Page
from inventory.errors import SnapshotError
from inventory.estate import RoleKind, SettingKind, Subscription
from inventory.model import Application, Owner, ScanNote, Snapshot, TenantId
from inventory.snapshot import SnapshotWriter
from tests.inventory import values
from tests.inventory.values import NOW
from tests.support.examples import share

_BEFORE = values.snapshot(
    values.application(1, credentials=(values.secret(1), values.secret(2)), federated=(values.trust(),)),
    values.application(2, name="billing", owners=(values.owner(2, name="Ben"),)),
    principals=(values.principal(1),),
    hosts=(values.host(1, settings=(values.setting("SECRET", SettingKind.SECRET),)), values.host(2)),
    roles=(values.role(),),
    policies=(values.policy(applies_to=(values.guid("c", 1),)),),
    uses=(values.use(1),),
    sources=(values.source(),),
)


def _diff(tmp_path: Path, before: Snapshot, after: Snapshot) -> list[Difference]:
    snapshot.write(tmp_path / "old.db", before)
    snapshot.write(tmp_path / "new.db", after)
    return list(diff(tmp_path / "old.db", tmp_path / "new.db"))


def _told(found: list[Difference]) -> set[tuple[str, str, str]]:
    return {(one.change.value, one.kind, one.name) for one in found}


def _application(number: int = 1, **other: object) -> Application:
    return dataclasses.replace(_BEFORE.applications[number - 1], **other)  # type: ignore[arg-type]


def test_a_later_scan_of_an_unchanged_tenant_is_no_difference_however_much_it_was_used(tmp_path: Path) -> None:
    later = dataclasses.replace(_BEFORE, taken_at=NOW + timedelta(days=1), uses=(values.use(2),))
    assert _diff(tmp_path, _BEFORE, later) == []


def test_what_appeared_changed_and_disappeared_is_told_field_by_field(tmp_path: Path) -> None:
    key = dataclasses.replace(values.secret(1), end=NOW + timedelta(days=9), display_name="cd")
    applications = (
        _application(
            credentials=(key, values.secret(3)), federated=(dataclasses.replace(values.trust(), subject="x"),)
        ),
        values.application(3, name="new"),
    )
    after = dataclasses.replace(
        _BEFORE,
        applications=applications,
        hosts=(values.host(1, settings=()),),
        roles=(dataclasses.replace(values.role(), role="Directory.ReadWrite.All", role_id=values.guid("8", 2)),),
        policies=(dataclasses.replace(values.policy(), enabled=False),),
    )
    found = _diff(tmp_path, _BEFORE, after)
    of = f"orders-api ({values.guid('d', 1)})"
    host = values.host(1).name
    assert _told(found) == {
        ("appeared", "application", f"new ({values.guid('d', 3)})"),
        ("disappeared", "application", f"billing ({values.guid('d', 2)})"),
        ("changed", "credential", f"secret {values.guid('e', 1)} of {of}"),
        ("disappeared", "credential", f"secret {values.guid('e', 2)} of {of}"),
        ("appeared", "credential", f"secret {values.guid('e', 3)} of {of}"),
        ("disappeared", "owner", f"Ben of billing ({values.guid('d', 2)})"),
        ("appeared", "owner", f"Ana of new ({values.guid('d', 3)})"),
        ("changed", "federated credential", f"id-orders of {of}"),
        ("appeared", "role", f"Directory.ReadWrite.All of {of}"),
        ("disappeared", "role", f"Directory.Read.All of {of}"),
        ("changed", "policy", "no long secrets"),
        ("disappeared", "policy assignment", f"no long secrets on {values.guid('c', 1)}"),
        ("disappeared", "host", "orders2"),
        ("disappeared", "attached identity", f"{values.IDENTITY.lower()} at orders2"),
        ("disappeared", "host setting", f"SECRET of {host}"),
    }
    changed = next(one for one in found if (one.kind, one.change) == ("credential", Change.CHANGED))
    assert {(each.name, each.old, each.new) for each in changed.fields} == {
        ("display_name", "ci", "cd"),
        ("ends", "2026-06-10T10:00:00.000000Z", "2026-03-11T10:00:00.000000Z"),
    }
    assert changed.key["key_id"] == values.guid("e", 1)


def test_what_the_new_scan_could_not_read_did_not_disappear(tmp_path: Path) -> None:
    unreadable = ScanNote(subject=f"application {values.guid('c', 2)}", text="unreadable: odd")
    after = dataclasses.replace(
        _BEFORE,
        applications=(_application(owners=None, federated=None),),
        hosts=(dataclasses.replace(_BEFORE.hosts[0], settings=None), _BEFORE.hosts[1]),
        roles=(),
        policies=(),
        notes=(
            unreadable,
            *(ScanNote(subject=name, text="Policy.Read.All not granted") for name in ("roles", "policies")),
        ),
    )
    found = _diff(tmp_path, _BEFORE, after)
    assert {one.change for one in found} == {Change.UNKNOWN}
    unknown = {(one.kind, one.name.partition(" ")[0]) for one in found if not one.fields}
    assert unknown == {
        ("application", "billing"),
        ("owner", "Ana"),
        ("owner", "Ben"),
        ("federated credential", "id-orders"),
        ("role", "Directory.Read.All"),
        ("policy", "no"),
        ("policy restriction", "passwordLifetime"),
        ("policy assignment", "no"),
        ("host setting", "SECRET"),
    }
    unread = {one.name.partition(" (")[0]: [each.name for each in one.fields] for one in found if one.fields}
    assert unread == {
        "owners of orders-api": ["owners_known"],
        "federated credentials of orders-api": ["federated_known"],
        "settings of orders1": ["settings_known"],
    }
    back = {(one.kind, one.change) for one in diff(tmp_path / "new.db", tmp_path / "old.db")}
    assert ("role", Change.UNKNOWN) in back
    assert Change.APPEARED not in {change for _, change in back}


def test_credentials_of_one_key_id_are_told_apart(tmp_path: Path) -> None:
    sign = dataclasses.replace(values.secret(1), usage="Sign")
    verify = dataclasses.replace(sign, usage="Verify")
    before = values.snapshot(values.application(1, credentials=(sign, verify, sign)))
    after = values.snapshot(values.application(1, credentials=(dataclasses.replace(verify, hint="new"), sign, sign)))
    found = _diff(tmp_path, before, after)
    assert [(one.change, one.key["usage"], [each.name for each in one.fields]) for one in found] == [
        (Change.CHANGED, "Verify", ["hint"])
    ]


def test_what_changed_and_what_could_not_be_read_are_told_apart(tmp_path: Path) -> None:
    host = dataclasses.replace(_BEFORE.hosts[0], settings=None, location="elsewhere")
    found = _diff(tmp_path, _BEFORE, dataclasses.replace(_BEFORE, hosts=(host, _BEFORE.hosts[1])))
    told = [(one.change, one.name, [each.name for each in one.fields]) for one in found if one.kind == "host"]
    assert told == [
        (Change.CHANGED, "orders1", ["location"]),
        (Change.UNKNOWN, "settings of orders1", ["settings_known"]),
    ]


@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 3), (2, 2), (1, 0), (0, 2)])
def test_equal_rows_are_counted(tmp_path: Path, before: int, after: int) -> None:
    """A key id, and all the rest, can be the same twice."""
    one = values.secret(1)
    found = _diff(
        tmp_path,
        values.snapshot(values.application(1, credentials=(one,) * before)),
        values.snapshot(values.application(1, credentials=(one,) * after)),
    )
    change = Change.DISAPPEARED if before > after else Change.APPEARED
    assert [(each.change, each.kind) for each in found] == [(change, "credential")] * abs(before - after)


def test_an_equal_row_that_becomes_another_is_changed(tmp_path: Path) -> None:
    one = values.secret(1)
    other = dataclasses.replace(one, hint="new")
    found = _diff(
        tmp_path,
        values.snapshot(values.application(1, credentials=(one, one))),
        values.snapshot(values.application(1, credentials=(one, other))),
    )
    assert [(each.change, [field.name for field in each.fields]) for each in found] == [(Change.CHANGED, ["hint"])]


def test_snapshots_of_two_tenants_are_not_compared(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="nothing to compare"):
        _diff(tmp_path, _BEFORE, dataclasses.replace(_BEFORE, tenant_id=TenantId(values.guid("1", 1))))


def test_an_owner_whose_name_is_no_longer_told_is_changed(tmp_path: Path) -> None:
    nameless = tuple(dataclasses.replace(one, display_name=None) for one in (_BEFORE.applications[0].owners or ()))
    assert all(isinstance(one, Owner) for one in nameless)
    after = dataclasses.replace(_BEFORE, applications=(_application(owners=nameless), _BEFORE.applications[1]))
    (found,) = _diff(tmp_path, _BEFORE, after)
    assert (found.kind, [(each.name, each.old, each.new) for each in found.fields]) == (
        "owner",
        [("display_name", "Ana", None)],
    )


@settings(max_examples=share(25), deadline=None)
@given(st.data())
def test_rows_that_moved_are_no_difference_and_those_that_changed_are_all_told(data: st.DataObject) -> None:
    numbers = st.lists(st.integers(0, 11), unique=True, max_size=12)
    before, after = data.draw(numbers), data.draw(numbers)
    renamed = set(data.draw(numbers)) & set(before) & set(after)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as small:
        small.setattr(diff_alignment, "_STRETCH", data.draw(st.integers(1, 5)))
        small.setattr(diff_alignment, "_MOST_STEPS", data.draw(st.integers(1, 3)))
        for name, some, others in (("old.db", before, ()), ("new.db", after, renamed)):
            applications = tuple(values.application(n, name="other" if n in others else f"a{n}") for n in some)
            _as_they_come(Path(folder) / name, applications)
        found = diff(Path(folder) / "old.db", Path(folder) / "new.db")
    told = {(one.change, one.key["id"]) for one in found if one.kind == "application"}
    of = {number: values.application(number).id for number in {*before, *after}}
    assert told == {
        *((Change.DISAPPEARED, of[n]) for n in set(before) - set(after)),
        *((Change.APPEARED, of[n]) for n in set(after) - set(before)),
        *((Change.CHANGED, of[n]) for n in renamed),
    }


def _as_they_come(path: Path, applications: tuple[Application, ...]) -> None:
    with SnapshotWriter(path, tenant_id=values.TENANT, cloud=Cloud.PUBLIC, taken_at=NOW) as writer:
        writer.add("applications", Page(entries=applications, cursor=None))
        writer.finish()


def test_several_settings_of_one_name_are_compared_one_by_one(tmp_path: Path) -> None:
    """Containers of one app, or an app setting and a connection string: name and host are no key."""

    def with_settings(*clients: int) -> Snapshot:
        settings = (values.setting("ID", SettingKind.CLIENT_ID, client=values.guid("d", number)) for number in clients)
        other = values.setting("ID", SettingKind.CONNECTION_STRING)
        return dataclasses.replace(_BEFORE, hosts=(values.host(1, settings=(*settings, other)), values.host(2)))

    name = f"ID of {values.host(1).name}"
    assert len(snapshot.read(_written(tmp_path, with_settings(1, 2))).hosts[0].settings or ()) == 3
    (changed,) = _diff(tmp_path, with_settings(1, 2), with_settings(1, 3))
    assert (changed.change, changed.name) == (Change.CHANGED, name)
    assert [(field.old, field.new) for field in changed.fields] == [(values.guid("d", 2), values.guid("d", 3))]
    (gone,) = _diff(tmp_path, with_settings(1, 2), with_settings(2))
    assert (gone.change, gone.name) == (Change.DISAPPEARED, name)
    assert {one.change for one in _diff(tmp_path, with_settings(1), with_settings(2, 3))} == {
        Change.CHANGED,
        Change.APPEARED,
    }


def _written(folder: Path, content: Snapshot) -> Path:
    snapshot.write(folder / "written.db", content)
    return folder / "written.db"


def test_directory_roles_that_the_other_scan_could_not_read_are_unknown_and_app_roles_are_compared(
    tmp_path: Path,
) -> None:
    directory = dataclasses.replace(
        values.role(), kind=RoleKind.DIRECTORY_ROLE, role="Application Administrator", role_id=values.guid("8", 9)
    )
    note = ScanNote(subject="directory roles", text="RoleManagement.Read.Directory not granted")
    before = dataclasses.replace(_BEFORE, roles=(values.role(), directory))
    found = _diff(tmp_path, before, dataclasses.replace(_BEFORE, roles=(), notes=(note,)))
    assert {(one.change, one.name.partition(" of ")[0]) for one in found} == {
        (Change.UNKNOWN, "Application Administrator"),
        (Change.DISAPPEARED, "Directory.Read.All"),
    }


@pytest.mark.parametrize("number", [-5, 0, 4_000_000_000, (1 << 63) - 1])
def test_rows_are_compared_whatever_their_numbers(tmp_path: Path, number: int) -> None:
    assert _diff(tmp_path, _BEFORE, _BEFORE) == []
    with contextlib.closing(sqlite3.connect(tmp_path / "new.db")) as database:
        database.execute("UPDATE owners SET rowid = ?, display_name = 'Eve' WHERE rowid = 1", (number,))
        database.commit()
    (changed,) = diff(tmp_path / "old.db", tmp_path / "new.db")
    assert (changed.change, [each.new for each in changed.fields]) == (Change.CHANGED, ["Eve"])


def _unknown(path: Path, before: Snapshot, after: Snapshot) -> set[str]:
    found = _diff(path, before, after)
    assert {one.change for one in found} <= {Change.UNKNOWN}, found
    return {one.kind for one in found}


def test_what_one_scan_could_not_read_of_a_policy_or_a_role_did_not_disappear(tmp_path: Path) -> None:
    own = values.policy(applies_to=(values.guid("c", 1),), default=False)
    before = values.snapshot(values.application(1), policies=(own,), roles=(values.role(),))
    unread = ScanNote(subject=f"app management policy {own.id}", text="the objects that it is assigned to could not")
    after = dataclasses.replace(before, policies=(dataclasses.replace(own, applies_to=()),), notes=(unread,))
    assert _unknown(tmp_path, before, after) == {"policy assignment"}
    unread = ScanNote(subject=f"app management policy {own.id}", text="unreadable: odd")
    after = dataclasses.replace(before, policies=(), notes=(unread,))
    assert _unknown(tmp_path, before, after) == {"policy", "policy restriction", "policy assignment"}
    unread = ScanNote(subject="service principal x", text="who holds its app roles could not be read: 503")
    assert _unknown(tmp_path, before, dataclasses.replace(before, roles=(), notes=(unread,))) == {"role"}


def test_hosts_of_a_subscription_that_one_scan_could_not_read_did_not_disappear(tmp_path: Path) -> None:
    before = values.snapshot(hosts=(values.host(1, settings=(values.setting("A", SettingKind.OTHER),)),))
    unread = ScanNote(subject="subscription s", text="Reader not granted on the whole of it")
    for notes, others in (((unread,), ()), ((), ()), ((), (Subscription(id="other"),))):
        after = dataclasses.replace(before, hosts=(), notes=notes, subscriptions=others)
        assert _unknown(tmp_path, before, after) == {"host", "attached identity", "host setting"}
        assert _unknown(tmp_path, after, before) == {"host", "attached identity", "host setting"}
    found = _diff(tmp_path, before, dataclasses.replace(before, hosts=()))
    assert {one.change for one in found} == {Change.DISAPPEARED}


def test_tags_of_an_identity_whose_subscription_is_not_shown_any_more_are_unknown(tmp_path: Path) -> None:
    tagged = dataclasses.replace(values.identity(), tags=(("env", "prod"),), resource_id=values.IDENTITY)
    before = values.snapshot(identities=(tagged,))
    after = values.snapshot(identities=(dataclasses.replace(tagged, tags=None),), subscriptions=())
    assert _unknown(tmp_path, before, after) == {"tags of identity"}
    seen = dataclasses.replace(after, subscriptions=before.subscriptions)
    assert [one.change for one in _diff(tmp_path, before, seen)] == [Change.DISAPPEARED]


def test_who_is_exempt_from_a_policy_is_compared_where_both_scans_read_it(tmp_path: Path) -> None:
    [restriction] = values.policy().restrictions

    def with_actors(told: str | None) -> Snapshot:
        changed = dataclasses.replace(restriction, excluded_actors=told)
        return values.snapshot(policies=(dataclasses.replace(values.policy(), restrictions=(changed,)),))

    actors = '{"customSecurityAttributes":[{"id":"Team_Exempt"}]}'
    [found] = _diff(tmp_path, with_actors(""), with_actors(actors))
    assert (found.change, [one.name for one in found.fields]) == (Change.CHANGED, ["excluded_actors"])
    [found] = _diff(tmp_path, with_actors(None), with_actors(actors))
    assert found.change is Change.UNKNOWN


def test_objects_that_pages_skipped_did_not_disappear_and_what_others_hold_is_compared(tmp_path: Path) -> None:
    first, second = (
        values.application(number, credentials=(values.secret(number, holder_id=values.guid("c", number)),))
        for number in (1, 2)
    )
    skipped = ScanNote(subject="applications", text="the tenant counts 2 and 1 were read")
    before = values.snapshot(first, second)
    after = values.snapshot(dataclasses.replace(first, credentials=()), notes=(skipped,))
    assert {(one.kind, one.change) for one in _diff(tmp_path, before, after)} == {
        ("application", Change.UNKNOWN), ("owner", Change.UNKNOWN),
        ("credential", Change.UNKNOWN), ("credential", Change.DISAPPEARED),
    }  # fmt: skip
