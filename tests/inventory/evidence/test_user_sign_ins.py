"""Exported sign-ins of users: their silence shows that no user signed in, and nothing less than a whole silence does.

The truth of every tenant here is known: who signed in, with what, and what of it the folder still shows.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from inventory.evidence import exported_logs
from inventory.evidence.exported_user_sign_ins import SOURCE
from inventory.evidence_source import EvidenceRequest
from inventory.logs.extent import SILENCE
from inventory.logs.tally import merged
from inventory.model import ClientId, TenantId
from inventory.usage_subject import Subject
from inventory.usage_verdict import Unknown, Unused, Used, Verdict, verdict
from tests.inventory.evidence.support import CLIENT, KEY, NOW, Told, read, told
from tests.support.exported import CATEGORIES, TENANT, blob, export, flat, lines, record

OTHER_APP = "dddddddd-0000-4000-8000-000000000009"
OTHER_KEY = "eeeeeeee-0000-4000-8000-000000000002"
FOREIGN = "bbbbbbbb-0000-4000-8000-000000000000"
EVENTS = ("servicePrincipal", "interactiveUser", "nonInteractiveUser")
SECRET = Subject(
    client_id=ClientId(CLIENT), kind="secret", id=KEY, thumbprint=None, elsewhere=False, begins=NOW - timedelta(days=99)
)

Record = dict[str, Any]


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def everybody(days: int = 40, events: tuple[str, ...] = EVENTS) -> list[Record]:
    """A record of another application every twelve hours, in each log."""
    moments = [NOW - timedelta(hours=12 * number + 1) for number in range(2 * days)]
    return [record(at, OTHER_APP, event=event) for event in events for at in moments]


def user(days: float, event: str = "nonInteractiveUser", client: str = CLIENT, **changes: Any) -> Record:
    return record(ago(days), client, event=event, **changes)


def whole(folder: Path, records: list[Record]) -> None:
    """One file without a name that tells anything."""
    (folder / "all.json").write_bytes(lines(records))


def asked(folder: Path) -> EvidenceRequest:
    return EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), folder=folder)


def ask(folder: Path) -> Told:
    return read(SOURCE, asked(folder))


def judge(folder: Path, subject: Subject = SECRET) -> Verdict:
    """Judge by the folder alone, as in a cloud without reports."""
    found = [read(source, asked(folder)) for source in (exported_logs.SOURCE, SOURCE)]
    return verdict(subject, [use for one in found for use in one.uses], [one.source for one in found], NOW)


@pytest.mark.parametrize("write", [whole, export])
def test_where_all_three_logs_are_whole_and_silent_it_is_unused(
    tmp_path: Path, write: Callable[[Path, list[Record]], None]
) -> None:
    write(tmp_path, everybody())
    found = judge(tmp_path)
    assert isinstance(found, Unused)
    assert found.days == 39
    assert "exported-user-sign-ins shows no sign-in of a user that may have taken it" in found.because


@pytest.mark.parametrize("missing", EVENTS)
def test_without_one_of_the_three_logs_it_is_unknown(tmp_path: Path, missing: str) -> None:
    whole(tmp_path, everybody(events=tuple(one for one in EVENTS if one != missing)))
    assert isinstance(judge(tmp_path), Unknown)


@pytest.mark.parametrize("event", EVENTS[1:])
@pytest.mark.parametrize("credential", ["clientSecret", "none", "", "somethingNew", None])
@pytest.mark.parametrize("error", [0, 50058])
def test_a_sign_in_of_a_user_leaves_every_secret_unknown(
    tmp_path: Path, event: str, credential: str | None, error: int
) -> None:
    signed = user(20, event, error=error, clientCredentialType=credential, servicePrincipalCredentialKeyId=OTHER_KEY)
    whole(tmp_path, [*everybody(), signed])
    found = judge(tmp_path)
    assert isinstance(found, Unknown)
    assert any("users signed in with the application" in reason for reason in found.because)


def test_a_sign_in_with_another_kind_or_before_the_window_says_nothing_of_a_secret(tmp_path: Path) -> None:
    whole(tmp_path, [*everybody(), user(20, clientCredentialType="certificate"), user(29)])
    assert isinstance(judge(tmp_path), Unused)
    certificate = replace(SECRET, kind="certificate", thumbprint="AB" * 20)
    assert isinstance(judge(tmp_path, certificate), Unknown)


@pytest.mark.parametrize("event", EVENTS[1:])
def test_a_gap_in_either_log_of_users_leaves_it_unknown(tmp_path: Path, event: str) -> None:
    begin, end = ago(12), ago(12) + 2 * SILENCE + timedelta(hours=24)
    kept = [
        one for one in everybody() if one["category"] != CATEGORIES[event]
        or not begin < datetime.fromisoformat(one["properties"]["createdDateTime"]) < end
    ]  # fmt: skip
    whole(tmp_path, kept)
    found = judge(tmp_path)
    assert isinstance(found, Unknown)


def test_a_weekend_without_anybody_is_quiet_where_clients_went_on_for_users(tmp_path: Path) -> None:
    def quiet(event: str) -> list[Record]:
        begin = ago(12)
        return [
            one for one in everybody() if one["category"] != CATEGORIES[event]
            or not begin < datetime.fromisoformat(one["properties"]["createdDateTime"]) < begin + timedelta(hours=60)
        ]  # fmt: skip

    whole(tmp_path, quiet("interactiveUser"))
    assert isinstance(judge(tmp_path), Unused)
    whole(tmp_path, quiet("nonInteractiveUser"))
    assert isinstance(judge(tmp_path), Unknown)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda one: {**one, "properties": {**one["properties"], "appId": ""}}, id="no application"),
        pytest.param(lambda one: {**one, "properties": {**one["properties"], "createdDateTime": "?"}}, id="no time"),
        pytest.param(lambda one: {**one, "category": None, "properties": one["properties"]}, id="no category"),
    ],
)
def test_a_record_that_may_be_of_the_application_leaves_it_unknown(
    tmp_path: Path, spoil: Callable[[Record], Record]
) -> None:
    whole(tmp_path, [*everybody(), spoil(user(20))])
    assert isinstance(judge(tmp_path), Unknown)


def test_a_blob_that_cannot_be_read_costs_its_hours(tmp_path: Path) -> None:
    export(tmp_path, everybody())
    blob(tmp_path, ago(9), "SignInLogs").write_bytes(b"{broken")
    found = ask(tmp_path)
    assert found.source.since is not None
    assert found.source.since > ago(9)
    assert isinstance(judge(tmp_path), Unknown)


def test_tables_of_a_workspace_count_as_use_and_cover_nothing(tmp_path: Path) -> None:
    """What a transformation leaves out of a workspace is not in what the workspace exports."""
    (tmp_path / "all.json").write_bytes(lines([flat(one) for one in [*everybody(), user(20)]]))
    found = ask(tmp_path)
    assert (found.source.since, found.source.until) == (None, None)
    assert {use.client_id for use in found.uses} == {CLIENT, OTHER_APP}


def test_sign_ins_in_another_tenant_are_neither_use_nor_time_that_was_seen(tmp_path: Path) -> None:
    foreign = [record(ago(number / 2), CLIENT, event=event, tenant=FOREIGN) for event in EVENTS for number in range(80)]
    whole(tmp_path, foreign)
    found = ask(tmp_path)
    assert (found.uses, found.source.since, found.source.missing) == ((), None, "")
    assert "240 records" not in str(found.source.blind_spots)
    assert "160 records are of other tenants" in "\n".join(found.source.blind_spots)


def test_a_folder_without_logs_of_users_is_no_failure_and_says_what_it_lacks(tmp_path: Path) -> None:
    export(tmp_path, everybody(events=EVENTS[:1]))
    found = ask(tmp_path)
    assert (found.uses, found.source.since, found.source.missing) == ((), None, "")
    assert "SignInLogs: no record of it tells this tenant" in found.source.blind_spots


def test_a_reading_goes_on_after_every_cursor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(tmp_path, [*everybody(8), user(7), user(3, "interactiveUser")])
    once = ask(tmp_path)
    monkeypatch.setattr("inventory.log_engine._PORTION", 8_000)
    cut = ask(tmp_path)
    assert len(cut.cursors) > 3
    again = read(SOURCE, asked(tmp_path), cut.cursors[1])
    assert again.source == cut.source == once.source
    entries = [*_page(tmp_path, None), *_page(tmp_path, cut.cursors[0]), *again.uses, again.source]
    assert max(use.last for use in told(entries).uses if use.client_id == CLIENT and use.last) == ago(3)
    assert merged(told(entries).uses) == once.uses


def _page(folder: Path, cursor: str | None) -> list[Any]:
    async def first() -> list[Any]:
        return list((await anext(SOURCE.read(asked(folder), cursor))).entries)

    return asyncio.run(first())


@dataclass(frozen=True)
class _Event:
    at: datetime
    key: str
    event: str
    error: int


_TAKEN = (
    "interactive gone", "non-interactive gone", "own gone", "hole", "stopped", "late", "begins late", "names",
    "untold", "foreign", "flat", "broken", "unclear outcome",
)  # fmt: skip


def _happened(dice: random.Random) -> list[_Event]:
    kinds = [(key, event) for key in (KEY, OTHER_KEY) for event in EVENTS]
    return [
        _Event(ago(dice.uniform(0, 45)), key, event, 0 if dice.random() < 0.8 else 7000222)
        for key, event in dice.sample(kinds, dice.randint(0, 2))
        for _ in range(dice.randint(1, 2))
    ]


def _shown(one: _Event, taken: set[str], dice: random.Random) -> Record:
    """A record as it may be: of a user it names no key."""
    own = one.event == "servicePrincipal"
    named = {"servicePrincipalCredentialKeyId": one.key if own else dice.choice(["", OTHER_KEY])}
    shown = record(one.at, CLIENT, event=one.event, error=one.error, **named)
    if "names" in taken and dice.random() < 0.5:
        shown["properties"]["clientCredentialType"] = dice.choice([None, "", "none", "other"])
    if "unclear outcome" in taken and dice.random() < 0.5:
        shown["resultType"] = shown["properties"]["status"] = None
    if "untold" in taken and dice.random() < 0.5:
        del shown["tenantId"], shown["resourceId"]
    return shown


def _folder(folder: Path, happened: list[_Event], taken: set[str], dice: random.Random) -> datetime:
    """Write what is left of a tenant's logs; return up to when they show anything."""
    until = ago(dice.uniform(0.1, 1.9)) if "late" in taken else ago(0.05)
    until = ago(dice.uniform(3, 20)) if "stopped" in taken else until
    begin, spoilt = ago(dice.uniform(5, 27)), dice.choice(EVENTS)
    end = begin + timedelta(days=dice.uniform(3.6, 6))
    gone = {"interactive gone": EVENTS[1], "non-interactive gone": EVENTS[2], "own gone": EVENTS[0]}
    absent = {event for name, event in gone.items() if name in taken}
    since = ago(dice.uniform(5, 27)) if "begins late" in taken else ago(90)
    rows = [(record(at, OTHER_APP, event=event), at, event) for event in EVENTS for at in map(ago, range(1, 45))]
    rows += [(record(until, OTHER_APP, event=event), until, event) for event in EVENTS]
    rows += [(_shown(one, taken, dice), one.at, one.event) for one in happened]
    kept = [
        row for row, at, event in rows
        if at <= until and event not in absent
        and not ("hole" in taken and event == spoilt and begin < at < end) and not (event == spoilt and at < since)
    ]  # fmt: skip
    if "foreign" in taken:
        kept += [record(ago(number), OTHER_APP, event=spoilt, tenant=FOREIGN) for number in range(30)]
    if "flat" in taken:
        kept = [flat(one) for one in kept if "tenantId" in one]
    raw = lines(kept)
    if "broken" in taken:
        at = raw.find(b"\r\n", len(raw) // 2)
        raw = raw[:at] + raw[at + dice.randint(3, 40) :]
    (folder / "all.json").write_bytes(raw)
    return until


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(at, marks=pytest.mark.slow) for at in range(6, 600))])
def test_what_was_used_is_never_called_unused(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    happened, taken = _happened(dice), set(dice.sample(_TAKEN, dice.choice([0, 0, 1, 1, 2, 3])))
    until = _folder(tmp_path, happened, taken, dice)
    said = judge(tmp_path)
    begin, end = ago(28), max(until, ago(2))
    used = any(one.key == KEY and one.error == 0 and begin <= one.at <= end for one in happened)
    assert not (isinstance(said, Unused) and used), (taken, happened, said)
    users = any(one.event != EVENTS[0] and begin <= one.at <= until for one in happened)
    assert not (isinstance(said, Unused) and users), (taken, happened, said)
    if isinstance(said, Used):
        assert any(one.event == EVENTS[0] and one.key == KEY for one in happened)
    if not happened and not taken:
        assert isinstance(said, Unused)
