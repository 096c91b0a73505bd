"""Certificates of credentials whose application nobody used: what does not amount to a proof is found."""

from __future__ import annotations

from typing import Any

import pytest

from migrate import certificate
from tests.support.certified import APPLICATION, KEY, Facts, document, grounds

SINCE, UNTIL = "2026-03-20T12:00:00+00:00", "2026-05-01T12:10:00+00:00"


def facts(*more: tuple[str, str, dict[str, Any]], **told: Any) -> Facts:
    """Kind, subject and parts of the entries of a removal as it should be."""
    right = grounds()
    deactivation = {
        "entry": 2,
        "since": SINCE,
        "days": 30,
        "attempts": 0,
        "looks": [
            {"since": "2026-03-10T00:00:00+00:00", "until": "2026-04-10T00:00:00+00:00"},
            {"since": "2026-04-01T00:00:00+00:00", "until": UNTIL},
        ],
        **told,
    }
    gates = {"secret-unused": "no sign-in used it in 28 days; the log covers them", "deactivated-unmissed": "since"}
    data = {name: right[name] for name in ("holder", "kind", "tenant_time", "tenant", "application", "log")}
    meant = {"data": {**data, "gates": gates, "deactivation": deactivation}, "seen_before": {"credentials": [KEY]}}
    done = {"data": {"kind": "secret", "tenant_time": UNTIL}, "seen_after": {"credentials": []}}
    return [
        ("deactivate-meant", "app", {"data": {"before": None, "tenant_time": SINCE}}),
        ("deactivated", "app", {"data": {"before": None, "tenant_time": SINCE}}),
        *more,
        ("retire-meant", KEY, meant),
        ("retired", KEY, done),
    ]


def found(written: Facts) -> list[str]:
    return [each.where for each in certificate.check(certificate.file(document(written)))]


def test_it_holds_and_claims_a_deactivation_in_the_place_of_an_exchange() -> None:
    assert found(facts()) == []
    claims = document(facts())["claims"]
    assert "positive_proof" not in claims
    assert claims["deactivation"]["since"] == SINCE


def covered(since: str, until: str) -> dict[str, Any]:
    return {"looks": [{"since": since, "until": until}]}


def test_the_log_was_read_a_little_before_the_removal() -> None:
    assert found(facts(**covered("2026-03-10T00:00:00+00:00", "2026-05-01T12:09:58+00:00"))) == []


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"entry": 1}, "claims.deactivation.entry"),
        ({"entry": 7}, "claims.deactivation.entry"),
        ({"since": "2026-03-01T12:00:00+00:00"}, "claims.deactivation.since"),
        ({"days": 60}, "claims.deactivation.days"),
        ({"days": 0}, "claims.deactivation.days"),
        ({"attempts": 1}, "claims.deactivation.attempts"),
        ({"looks": []}, "claims.deactivation.looks"),
        (covered("2026-04-02T00:00:00+00:00", UNTIL), "claims.deactivation.looks"),
        (covered("2026-03-10T00:00:00+00:00", "2026-05-01T11:54:00+00:00"), "claims.deactivation.looks"),
    ],
)
def test_what_does_not_amount_to_a_proof_is_found(told: dict[str, Any], where: str) -> None:
    assert where in found(facts(**told))


def test_one_that_was_activated_between_is_found() -> None:
    again = ("activated", "app", {"data": {"tenant_time": "2026-04-05T00:00:00+00:00"}})
    assert "claims.deactivation.entry" in found(facts(again))
    assert APPLICATION in str(document(facts()))
