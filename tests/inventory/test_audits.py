"""Who added a credential, read off audit records as Graph writes them, whatever stands in them."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.convert_audits import additions
from inventory.model import CredentialAdded, KeyId, ScanNote

ONE, TWO = "c7890f61-2f17-478f-bc60-60fd19c09588", "5b8e2c1f-7a4d-4e96-b03c-d1f9a6e8c274"
AT = "2026-04-17T07:43:07.0420000Z"
PERSON = {"user": {"id": "u", "userPrincipalName": "ops@contoso.com", "ipAddress": "192.0.2.7"}, "app": None}


def key(key_id: str, name: str = "spike") -> str:
    return f"[KeyIdentifier={key_id},KeyType=Password,KeyUsage=Verify,DisplayName={name}]"


def record(old: Any, new: Any, **changes: Any) -> dict[str, Any]:
    modified = {"displayName": "KeyDescription", "oldValue": old, "newValue": new}
    included = {"displayName": "Included Updated Properties", "oldValue": None, "newValue": '"KeyDescription"'}
    target = {"id": "x", "displayName": "orders", "type": "Application", "modifiedProperties": [modified, included]}
    return {
        "id": "Directory_1", "category": "ApplicationManagement", "result": "success", "activityDateTime": AT,
        "activityDisplayName": "Update application \N{EN DASH} Certificates and secrets management ",
        "initiatedBy": PERSON, "targetResources": [target], **changes,
    }  # fmt: skip


def listed(*keys: str) -> str:
    return json.dumps(keys)


def read(*rows: Any) -> list[Any]:
    return list(additions().page(json.dumps({"value": rows}).encode()).entries)


def test_what_is_new_in_the_list_was_added_at_that_time_by_whom_the_record_names() -> None:
    (found,) = read(record(listed(key(ONE)), listed(key(ONE), key(TWO.upper()))))
    at = datetime(2026, 4, 17, 7, 43, 7, 42000, tzinfo=UTC)
    assert found == (CredentialAdded(key_id=KeyId(TWO), at=at, by="ops@contoso.com from 192.0.2.7"),)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ({"user": None, "app": {"displayName": "ci", "servicePrincipalId": "s"}}, "the application ci (s)"),
        ({"user": None, "app": {"displayName": None, "servicePrincipalId": "s"}}, "the application s"),
        ({"user": {"id": "u", "userPrincipalName": None, "displayName": None, "ipAddress": ""}}, "u"),
        ({}, ""),
        (None, ""),
    ],
)
def test_whoever_it_was_is_named_as_far_as_the_log_does(who: Any, told: str) -> None:
    ((found,),) = read(record("[]", listed(key(ONE)), initiatedBy=who))
    assert found.by == told


@pytest.mark.parametrize(
    "row",
    [
        record(listed(key(ONE)), "[]"),
        record(listed(key(ONE)), listed(key(ONE, "renamed"))),
        record("[]", listed(key(ONE)), result="failure"),
        record("[]", listed(key(ONE)), targetResources=[]),
        record("[]", listed(key(ONE)), targetResources=[{"modifiedProperties": None}]),
        record(None, None),
    ],
)
def test_a_removal_a_renaming_and_a_failure_add_nothing(row: Any) -> None:
    assert read(row) == [()]


@pytest.mark.parametrize("told", ["not json", '{"a": 1}', "[1]", '"text"'])
def test_a_list_in_another_form_is_told_as_unreadable_and_never_as_no_addition(told: str) -> None:
    (found,) = read(record("[]", told))
    assert isinstance(found, ScanNote)
    assert told not in found.text


def test_without_a_time_it_is_unreadable() -> None:
    assert isinstance(read(record("[]", listed(key(ONE)), activityDateTime=""))[0], ScanNote)


@given(st.text(string.printable + "\u202e"), st.text(max_size=40))
def test_no_display_name_passes_for_another_credential(name: str, other: str) -> None:
    evil = f"{name}],[KeyIdentifier={TWO},{other}"
    ((found,),) = read(record("[]", listed(key(ONE, evil))))
    assert found.key_id == ONE
