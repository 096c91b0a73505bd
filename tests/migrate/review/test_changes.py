"""What ``plan diff`` tells of two plans: what changed, in which direction, and which evidence did."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from migrate.days import Freeze
from migrate.planning.decisions import Decisions, Exclude, Limits
from migrate.planning.plan import make_plan
from migrate.refusalcodes import RefusalCode
from migrate.review import told
from migrate.review.changes import compare
from tests.support.tenants import (
    NOW,
    application,
    credential,
    host,
    identity,
    log,
    no_users,
    report,
    snapshot,
    trust,
    use,
)

ORDERS, LOST = application("orders"), application("lost")
NAMED, OTHER = identity("id-orders"), identity("id-q7")
YEAR = timedelta(days=365)
BEFORE = snapshot(ORDERS, LOST, identities=(NAMED, OTHER))


def test_a_plan_is_the_same_as_itself_and_as_one_of_another_snapshot_that_decides_the_same() -> None:
    again = dataclasses.replace(BEFORE, digest="e" * 64)
    assert compare(make_plan(BEFORE), make_plan(BEFORE)).same
    changes = compare(make_plan(BEFORE), make_plan(again))
    assert changes.same
    assert changes.snapshot is not None
    assert list(told.text(changes)) == ["another snapshot: dddddddddddd -> eeeeeeeeeeee", "the plans decide the same"]


def test_a_day_later_with_more_of_the_same_sign_ins_nothing_is_to_be_reviewed_anew() -> None:
    old = dataclasses.replace(ORDERS, credentials=(dataclasses.replace(ORDERS.credentials[0], start=NOW - 3 * YEAR),))
    day = timedelta(days=1)
    seen, source = use(old, address="20.1.1.1", successes=1_500), log()
    idle = dataclasses.replace(application("idle"), created=NOW - YEAR)
    before = snapshot(old, idle, identities=(NAMED,), uses=(seen, no_users(idle)), sources=(source, report()))
    later = dataclasses.replace(seen, last=NOW + day, last_success=NOW + day, successes=1_900)
    moved = dataclasses.replace(source, since=NOW - 29 * day, until=NOW + day, read_at=NOW + day)
    told_later = dataclasses.replace(report(), until=NOW + day, read_at=NOW + day)
    after = dataclasses.replace(
        before, taken_at=NOW + day, uses=(later, no_users(idle)), sources=(moved, told_later), digest="e" * 64
    )
    plans = make_plan(before), make_plan(after)
    assert {one.code for one in plans[0].refusals} == {RefusalCode.UNUSED}
    assert len(plans[0].pairings) == 1
    assert compare(*plans).same, list(told.text(compare(*plans)))


def test_evidence_that_came_is_told_with_the_identity_it_speaks_for() -> None:
    after = dataclasses.replace(BEFORE, hosts=(host("web", NAMED, uses=ORDERS),), digest="e" * 64)
    (block,) = [one for one in compare(make_plan(BEFORE), make_plan(after)).blocks if one.new == "paired"]
    (evidence,) = block.evidence
    assert (block.old, evidence.identity, evidence.gone) == ("paired", "id-orders", ())
    assert any("attached to web" in reason for reason in evidence.new)
    fields = {one.name: (one.old, one.new) for one in block.fields}
    assert fields["confidence"] == ("medium", "high")
    assert "identity" not in fields


def test_paired_refused_added_and_removed_are_told_apart() -> None:
    excluded = Decisions(excludes=(Exclude(application="orders", reason="off", until=date(2027, 1, 1)),))
    changes = compare(make_plan(BEFORE), make_plan(BEFORE, excluded))
    (block,) = changes.blocks
    assert (block.old, block.new) == ("paired", "excluded")
    assert {one.name for one in block.fields} == {"identity", "why not"}
    assert "1 refused now" in told.summary(changes)
    back = compare(make_plan(BEFORE, excluded), make_plan(BEFORE))
    assert "1 paired now" in told.summary(back)
    more = snapshot(ORDERS, LOST, application("new"), identities=(NAMED, OTHER))
    assert "1 added" in told.summary(compare(make_plan(BEFORE), make_plan(more)))
    assert "1 removed" in told.summary(compare(make_plan(more), make_plan(BEFORE)))
    assert [one.old for one in compare(make_plan(BEFORE), make_plan(more)).blocks] == [None]


def test_another_identity_credential_or_federation_is_told() -> None:
    trusting = dataclasses.replace(ORDERS, federated=(trust(OTHER),), credentials=(credential("orders", label="two"),))
    changes = compare(make_plan(BEFORE), make_plan(snapshot(trusting, LOST, identities=(NAMED, OTHER))))
    (block,) = [one for one in changes.blocks if one.application.client_id == ORDERS.client_id]
    fields = {one.name: (one.old, one.new) for one in block.fields}
    assert fields["identity"] == (f"id-orders ({NAMED.principal_id})", f"id-q7 ({OTHER.principal_id})")
    assert fields["federated credential exists"] == ("no", "yes")
    assert credential("orders").key_id in (fields["credentials"][0] or "")
    assert credential("orders", label="two").key_id in (fields["credentials"][1] or "")


def test_waves_freezes_audit_shared_and_notes_are_told_beside_the_applications() -> None:
    freeze = Freeze(first=date(2026, 6, 1), last=date(2026, 6, 2), reason="r")
    changes = compare(make_plan(BEFORE), make_plan(BEFORE, Decisions(freezes=(freeze,), limits=Limits(canary=1))))
    assert [(one.name, one.new) for one in changes.rest] == [("freeze", "2026-06-01 to 2026-06-02: r")]
    bent = dataclasses.replace(LOST, federated=(trust(OTHER, subject=OTHER.client_id),))
    rest = compare(make_plan(BEFORE), make_plan(snapshot(ORDERS, bent, identities=(NAMED, OTHER)))).rest
    assert any(one.name.startswith("audit federated-subject-is-client-id") for one in rest)


def test_a_hostile_name_is_text_in_the_difference_too() -> None:
    bad = dataclasses.replace(ORDERS, display_name="<b>\n# x | y\u202e" + "z" * 10_000)
    changes = compare(make_plan(BEFORE), make_plan(snapshot(bad, LOST, identities=(NAMED, OTHER))))
    text = told.markdown(changes)
    assert "&lt;b&gt;⟨U+000A⟩\\# x \\| y" in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 9_000


def changed(value: Any) -> Iterator[Any]:
    """Yield the value with one of the values below it changed, for each of them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            for other in changed(getattr(value, field.name)):
                yield dataclasses.replace(value, **{field.name: other})
    elif isinstance(value, tuple):
        for at, one in enumerate(value):
            yield from ((*value[:at], other, *value[at + 1 :]) for other in changed(one))
    elif isinstance(value, bool | int):
        yield not value if isinstance(value, bool) else value + 1
    elif isinstance(value, datetime):
        yield value + timedelta(days=3)
    elif type(value) is str:
        yield value + "x"


def test_whatever_changes_in_a_block_is_told() -> None:
    bare = dataclasses.replace(BEFORE, hosts=(host("web", uses=LOST), host("job", OTHER)))
    plan = make_plan(bare)
    count = 0
    one_of: dict[str, Any]
    for kind in ("pairings", "refusals"):
        (block,) = getattr(plan, kind)
        for other in changed(block):
            if other.application.client_id != block.application.client_id:
                continue
            count += 1
            one_of = {kind: (other,)}
            changes = compare(plan, dataclasses.replace(plan, **one_of))
            assert not changes.same
            assert all(one.fields or one.evidence for one in changes.blocks), other
    assert count > 40
