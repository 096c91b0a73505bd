"""What seals an application is never looser than what was in force, whatever that was."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.lifetimes import duration
from migrate import restrictions
from migrate.restrictions import ADDITIONS, CombinationError, Restrictions
from tests.support.examples import share

PASSWORDS = ("passwordAddition", "passwordLifetime", "customPasswordAddition", "symmetricKeyAddition",
             "symmetricKeyLifetime")  # fmt: skip
ACTORS = [{"id": f"Engineering_{name}", "operator": "equals", "value": "yes"} for name in ("a", "b", "c")]
DATES = [None, "2015-01-01T00:00:00Z", "2020-06-01T08:30:00.0000000Z", "2031-01-01T00:00:00Z"]
CREATED = [datetime(year, 5, 1, tzinfo=UTC) for year in (2012, 2018, 2025)]
LIVES = {"P1D": 1, "P30D": 30, "P90DT12H": 90.5, "P730D": 730}


def entry(kind: str, *, longest: str | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "restrictionType": kind, "state": "enabled", "maxLifetime": longest, "excludeActors": None,
        "restrictForAppsCreatedAfterDateTime": None, **changes,
    }  # fmt: skip


@st.composite
def entries(draw: st.DrawFn, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for kind in draw(st.lists(st.sampled_from(kinds), unique=True)):
        actors = draw(st.lists(st.sampled_from(ACTORS), unique_by=lambda one: one["id"]))
        found.append(
            entry(
                kind,
                longest=draw(st.sampled_from(sorted(LIVES))) if kind.endswith("Lifetime") else None,
                state=draw(st.sampled_from(["enabled", "disabled", None])),
                restrictForAppsCreatedAfterDateTime=draw(st.sampled_from(DATES)),
                excludeActors={"customSecurityAttributes": actors} if actors else None,
            )
        )
    return found


@st.composite
def uris(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(["nonDefaultUriAddition", "uriAdditionWithoutUniqueTenantIdentifier"])))
    return {
        name: {
            "state": draw(st.sampled_from(["enabled", "disabled"])),
            "excludeSaml": draw(st.booleans()),
            "excludeAppsReceivingV2Tokens": draw(st.booleans()),
            "restrictForAppsCreatedAfterDateTime": draw(st.sampled_from(DATES)),
            "isStateSetByMicrosoft": draw(st.booleans()),
        }
        for name in names
    }


@st.composite
def lists(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "passwordCredentials": draw(entries(PASSWORDS)),
        "keyCredentials": draw(entries(("asymmetricKeyLifetime", "trustedCertificateAuthority"))),
    }


@st.composite
def defaults(draw: st.DrawFn) -> dict[str, Any]:
    told = draw(lists()) | {"identifierUris": draw(uris())}
    return {"isEnabled": draw(st.booleans()), "applicationRestrictions": told, "servicePrincipalRestrictions": {}}


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    told = draw(lists()) | {"applicationRestrictions": {"identifierUris": draw(uris())}}
    return {"isEnabled": draw(st.booleans()), "restrictions": told}


def allows(rules: dict[str, Any], kind: str, created: datetime, days: float, actor: str) -> bool:
    """Judge one request by the documents alone, with nothing of the code under test: may this credential be added?"""
    for one in (*rules.get("passwordCredentials", []), *rules.get("keyCredentials", [])):
        since = one["restrictForAppsCreatedAfterDateTime"]
        date = datetime.fromisoformat(since[:19] + "+00:00") if since else None
        exempt = {each["id"] for each in (one["excludeActors"] or {}).get("customSecurityAttributes", [])}
        if one["state"] == "disabled" or (date and created < date) or actor in exempt:
            continue
        if one["restrictionType"] == f"{kind}Addition":
            return False
        if one["restrictionType"] == f"{kind}Lifetime" and days > LIVES[one["maxLifetime"]]:
            return False
    return True


REQUESTS = [
    *itertools.product(
        ("password", "customPassword", "symmetricKey", "asymmetricKey"), CREATED, (0.5, 10, 60, 400),
        ("nobody", *(each["id"] for each in ACTORS)),
    ),
]  # fmt: skip


def config(policy: dict[str, Any]) -> dict[str, Any]:
    """Return the rules for applications of a default or another policy, by the documents alone."""
    told: dict[str, Any] = policy.get("restrictions") or policy.get("applicationRestrictions") or {}
    return told if policy["isEnabled"] else {}


@settings(max_examples=share(50), deadline=None)
@given(default=defaults(), own=st.lists(policies(), max_size=2))
def test_a_seal_allows_nothing_that_was_not_allowed(default: dict[str, Any], own: list[dict[str, Any]]) -> None:
    before: list[Restrictions] = [restrictions.of_default(default), *map(restrictions.of_policy, own)]
    seal = restrictions.sealing(before)
    written = restrictions.body(seal)
    for each in before:
        assert restrictions.looser(seal, each) == ()
        assert restrictions.looser(restrictions.of_body(written), each) == ()
    for policy in (default, *own):
        rules = config(policy)
        for request in REQUESTS:
            assert allows(rules, *request) or not allows(written, *request), request
    for kind, created, days, actor in REQUESTS:
        if kind != "asymmetricKey" and actor == "nobody":
            assert not allows(written, kind, created, days, actor)
    kinds = [one["restrictionType"] for one in written["passwordCredentials"]]
    assert len(set(kinds)) == len(kinds)
    assert restrictions.same(restrictions.sealing([seal]), seal)
    assert "isStateSetByMicrosoft" not in str(written)


@settings(max_examples=share(50), deadline=None)
@given(one=policies(), other=policies())
def test_strictness_is_an_order_and_equal_restrictions_have_one_name(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = restrictions.of_policy(one), restrictions.of_policy(other)
    assert restrictions.looser(first, first) == ()
    both = restrictions.strictest([first, second])
    assert restrictions.same(both, restrictions.strictest([second, first]))
    assert restrictions.looser(both, first) == restrictions.looser(both, second) == ()
    if restrictions.same(first, second):
        assert restrictions.digest(first) == restrictions.digest(second)
    elif restrictions.digest(first) == restrictions.digest(second):
        raise AssertionError("two different sets of restrictions have one name")


LOOSENED: list[dict[str, Any]] = [
    {"state": "disabled"}, {"state": "unknownFutureValue"}, {"maxLifetime": "P31D"}, {"maxLifetime": "P1Y"},
    {"maxLifetime": None}, {"restrictForAppsCreatedAfterDateTime": "2020-01-02T00:00:00Z"},
    {"excludeActors": {"customSecurityAttributes": ACTORS[:2]}}, {"somethingNew": True},
    {"excludeActors": {"everyone": True}},
]  # fmt: skip


@pytest.mark.parametrize("change", LOOSENED, ids=str)
def test_each_way_of_loosening_one_is_seen(change: dict[str, Any]) -> None:
    strict = entry(
        "passwordLifetime", longest="P30D", restrictForAppsCreatedAfterDateTime="2020-01-01T00:00:00Z",
        excludeActors={"customSecurityAttributes": ACTORS[:1]},
    )  # fmt: skip
    loose = restrictions.of_body({"passwordCredentials": [strict | change]})
    told = restrictions.looser(loose, restrictions.of_body({"passwordCredentials": [strict]}))
    assert told == ("passwordCredentials.passwordLifetime",)
    assert restrictions.looser({}, restrictions.of_body({"passwordCredentials": [strict]})) == told


def test_what_is_exempt_stays_so_and_a_date_that_spares_the_application_goes() -> None:
    exempt = {"customSecurityAttributes": ACTORS[:1]}
    late = entry("passwordAddition", restrictForAppsCreatedAfterDateTime=DATES[3], excludeActors=exempt)
    off = entry("customPasswordAddition", state="disabled", excludeActors=exempt)
    seal = restrictions.sealing([restrictions.of_body({"passwordCredentials": [late, off]})])
    told = {one["restrictionType"]: one for one in restrictions.body(seal)["passwordCredentials"]}
    assert set(told) == set(ADDITIONS)
    assert told["passwordAddition"]["excludeActors"] == exempt
    assert told["passwordAddition"]["restrictForAppsCreatedAfterDateTime"] < "2002"
    assert told["customPasswordAddition"] == entry(
        "customPasswordAddition", restrictForAppsCreatedAfterDateTime=restrictions.EVERY_APPLICATION
    )
    assert restrictions.exempt(seal)
    assert not restrictions.exempt(restrictions.sealing([]))


def test_what_only_beta_knows_is_written_with_beta_and_what_nobody_knows_is_no_seal() -> None:
    audiences = {"azureAdMultipleOrgs": {"state": "enabled", "restrictForAppsCreatedAfterDateTime": None}}
    default = {"isEnabled": True, "applicationRestrictions": {"audiences": audiences, "keyCredentials": []}}
    seal = restrictions.sealing([restrictions.of_default(default)])
    assert restrictions.body(seal)["applicationRestrictions"] == {"audiences": audiences}
    assert restrictions.version(seal) == "beta"
    assert restrictions.version(restrictions.sealing([])) == "v1.0"
    for unknown in (
        {"applicationRestrictions": {"audiences": ["none"]}},
        {"applicationRestrictions": {"audiences": {"all": True}}},
        {"somethingElse": [1]},
        {"passwordCredentials": [entry("passwordAddition", restrictForAppsCreatedAfterDateTime="soon")]},
        {"passwordCredentials": {"all": True}},
        {"passwordCredentials": 1},
        {"passwordCredentials": [entry("passwordLifetime") | {"maxLifetime": 90}]},
        {"passwordCredentials": [entry("passwordAddition") | {"excludeActors": ["everybody"]}]},
        {"passwordCredentials": [entry("passwordAddition") | {"excludeActors": {"customSecurityAttributes": 1}}]},
    ):
        with pytest.raises(CombinationError, match=r"does not know|no date|not known"):
            restrictions.of_body(unknown)


@pytest.mark.parametrize("lives", [("P30D", "P90D"), ("P90D", "P30D")])
def test_of_two_restrictions_of_the_same_kind_in_one_policy_the_stricter_counts(lives: tuple[str, str]) -> None:
    told = restrictions.of_body({"passwordCredentials": [entry("passwordLifetime", longest=each) for each in lives]})
    assert told["passwordCredentials", "passwordLifetime"]["maxLifetime"] == "P30D"


def test_two_restrictions_that_cannot_be_compared_are_no_seal() -> None:
    one = restrictions.of_body({"keyCredentials": [entry("asymmetricKeyLifetime", longest="P30D", new=1)]})
    other = restrictions.of_body({"keyCredentials": [entry("asymmetricKeyLifetime", longest="P20D", new=2)]})
    with pytest.raises(CombinationError, match="asymmetricKeyLifetime"):
        restrictions.sealing([one, other])
    odd = [restrictions.of_body({"keyCredentials": [entry("asymmetricKeyLifetime", longest=text)]})
           for text in ("forever", "P20D")]  # fmt: skip
    with pytest.raises(CombinationError, match="cannot be compared"):
        restrictions.sealing(odd)


def test_lives_are_those_of_iso_8601() -> None:
    assert {text: timedelta(days=days) for text, days in LIVES.items()} == {text: duration(text) for text in LIVES}
