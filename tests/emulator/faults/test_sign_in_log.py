"""A sign-in log that is late, short, has gaps, or is spelt as its documentation spells it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from migrate.emulator.state.records import Application
from tests.emulator.faults.conftest import Trouble

LOG = "auditLogs/signIns"
REPORT = "reports/appCredentialSignInActivities"
SERVICE = "signInEventTypes/any(t: t eq 'servicePrincipal')"


def rows(trouble: Trouble, path: str, condition: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query: dict[str, str] | None = {"$filter": condition}
    address = f"/beta/{path}"
    while address:
        page = trouble.world.web.get(address, params=query, headers=trouble.world.bearer()).json()
        found += page["value"]
        address, query = page.get("@odata.nextLink", ""), None
    return found


def sign_ins(trouble: Trouble, application: Application) -> list[dict[str, Any]]:
    return rows(trouble, LOG, f"{SERVICE} and appId eq '{application.app_id}'")


def report(trouble: Trouble, application: Application) -> list[dict[str, Any]]:
    return rows(trouble, REPORT, f"appId eq '{application.app_id}'")


@pytest.fixture
def seeded(trouble: Trouble) -> Iterator[Application]:
    """An application whose past is older than a week."""
    tenant = trouble.world.emulator.tenant
    week = tenant.clock.now() - timedelta(days=8)
    for each in tenant.applications:
        found = [entry.created for entry in tenant.sign_ins.entries(each.app_id)]
        if found and found[0] < week < found[-1]:
            yield each
            return
    raise AssertionError("no application of the seed has signed in for more than a week")


def test_log_and_report_are_late(trouble: Trouble, application: Application) -> None:
    trouble.begin({"kind": "sign-ins", "delay": 1800})
    assert trouble.world.token_request(trouble.world.secret_form(application)).status_code == 200
    trouble.advance(1700)
    assert (sign_ins(trouble, application), report(trouble, application)) == ([], [])
    trouble.advance(200)
    (entry,), (use,) = sign_ins(trouble, application), report(trouble, application)
    assert entry["servicePrincipalCredentialKeyId"] == use["keyId"] == application.passwords[0].key_id


def test_a_later_use_hides_the_earlier_one_in_no_late_report(trouble: Trouble, application: Application) -> None:
    form = trouble.world.secret_form(application)
    trouble.world.token_request(form)
    (first,) = report(trouble, application)
    trouble.advance(3600)
    trouble.begin({"kind": "sign-ins", "delay": 600})
    trouble.world.token_request(form)
    assert report(trouble, application) == [first]


@pytest.mark.parametrize("days", [7, 30])
def test_the_log_is_cut_where_it_is_told(trouble: Trouble, seeded: Application, days: int) -> None:
    oldest = {}
    for retention in (30, days):
        trouble.begin({"kind": "sign-ins", "retention_days": retention})
        dates = [datetime.fromisoformat(entry["createdDateTime"]) for entry in sign_ins(trouble, seeded)]
        oldest[retention] = trouble.world.emulator.tenant.clock.now() - min(dates)
    assert oldest[days] <= timedelta(days=days)
    assert (oldest[30] > timedelta(days=7)) is True


def test_a_share_of_the_log_is_missing_but_the_report_knows(trouble: Trouble, application: Application) -> None:
    form = trouble.world.secret_form(application)
    for _ in range(60):
        trouble.world.token_request(form)
    trouble.begin({"kind": "sign-ins", "dropped": 0.5})
    shown = sign_ins(trouble, application)
    assert 10 < len(shown) < 50
    assert sign_ins(trouble, application) == shown, "the same records are missing from every answer"
    assert len(report(trouble, application)) == 1
    trouble.begin({"kind": "sign-ins", "dropped": 1.0})
    assert sign_ins(trouble, application) == []


def test_the_report_can_be_spelt_as_its_page_spells_it(trouble: Trouble, application: Application) -> None:
    trouble.world.token_request(trouble.world.secret_form(application))
    (plain,) = report(trouble, application)
    trouble.begin({"kind": "sign-ins", "spelling": "documentation"})
    (spelt,) = report(trouble, application)
    assert (plain["keyType"], spelt["keyType"]) == ("clientSecret", "secret")
    assert "expirationDateTime" not in spelt
    assert spelt["expirationDate"].endswith("-8:00")
    moved = datetime.fromisoformat(spelt["expirationDate"].removesuffix("-8:00") + "-08:00")
    assert abs(moved - datetime.fromisoformat(plain["expirationDateTime"])) < timedelta(seconds=1)
    with pytest.raises(ValueError, match="Invalid isoformat"):
        datetime.fromisoformat(spelt["expirationDate"])
