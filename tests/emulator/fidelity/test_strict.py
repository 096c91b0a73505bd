"""The checkers themselves notice every kind of mistake."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.emulator.fidelity.shapes import (
    BOOLEAN,
    DIGITS,
    GUID,
    INTEGER,
    MOMENT,
    TEXT,
    Fields,
    Known,
    ListOf,
    Maybe,
    Nullable,
    Shape,
    constant,
    unexplained,
)
from tests.emulator.fidelity.strict import misunderstandings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # kiota and msgraph warn about themselves

MODELS: Final = "msgraph.generated.models"
APPLICATION: Final = f"{MODELS}.application:Application"
LIST: Final = f"{MODELS}.application_collection_response:ApplicationCollectionResponse"
OWNERS: Final = f"{MODELS}.directory_object_collection_response:DirectoryObjectCollectionResponse"
POLICY: Final = f"{MODELS}.app_management_policy:AppManagementPolicy"
KEY_ID: Final = "11111111-2222-4333-8444-555555555555"

FAITHFUL: Final[list[tuple[str, dict[str, Any]]]] = [
    (APPLICATION, {"displayName": "x", "createdDateTime": "2026-01-02T03:04:05.1234567Z", "tags": [], "spa": {}}),
    (APPLICATION, {"@odata.context": "https://x", "passwordCredentials": [{"keyId": KEY_ID, "secretText": None}]}),
    (APPLICATION, {"keyCredentials": [{"customKeyIdentifier": "qrvM3Q==", "usage": "Verify"}], "isDisabled": False}),
    (LIST, {"@odata.nextLink": "https://x", "@odata.count": 0, "value": [{"appId": KEY_ID}]}),
    (POLICY, {"restrictions": {"passwordCredentials": [{"maxLifetime": "P4DT12H30M5S", "state": "enabled"}]}}),
    (OWNERS, {"value": [{"@odata.type": "#microsoft.graph.user", "userPrincipalName": "a@b"}]}),
]

MISTAKEN: Final[list[tuple[str, dict[str, Any], str]]] = [
    (APPLICATION, {"pasword": "x"}, ".pasword is not a property of Application"),
    (APPLICATION, {"passwordCredentials": [{"endTime": "2026-01-02T03:04:05Z"}]}, "[0].endTime is not a property"),
    (APPLICATION, {"displayName": 5}, ".displayName is 5, which the model takes for None"),
    (APPLICATION, {"isDisabled": "false"}, ".isDisabled is 'false'"),
    (APPLICATION, {"tags": "x"}, "cannot read it"),
    (APPLICATION, {"tags": ["x", 5]}, ".tags"),
    (APPLICATION, {"keyCredentials": {}}, ".keyCredentials is {}"),
    (APPLICATION, {"spa": []}, ".spa is []"),
    (APPLICATION, {"passwordCredentials": [{"keyId": "no-guid"}]}, "cannot read it"),
    (APPLICATION, {"passwordCredentials": [{"keyId": KEY_ID.replace("1", "A")}]}, ".keyId is 'AAAA"),
    (APPLICATION, {"createdDateTime": "not-a-date"}, "cannot read it"),
    (APPLICATION, {"createdDateTime": "2026"}, ".createdDateTime is '2026'"),
    (APPLICATION, {"createdDateTime": 1}, ".createdDateTime is 1"),
    (LIST, {"value": [{"displayName": "x"}, {"appID": KEY_ID}]}, ".value[1].appID is not a property"),
    (LIST, {"@odata.count": "3", "value": []}, ".@odata.count is '3'"),
    (OWNERS, {"value": [{"userPrincipalName": "a@b"}]}, ".userPrincipalName is not a property of DirectoryObject"),
    (POLICY, {"restrictions": {"passwordCredentials": [{"maxLifetime": "40 days"}]}}, ".maxLifetime is '40 days'"),
    (f"{MODELS}.sign_in:SignIn", {"riskState": "nobodyKnows"}, ".riskState is 'nobodyKnows'"),
    (f"{MODELS}.sign_in:SignIn", {"status": {"errorCode": "0"}}, ".status.errorCode is '0'"),
]


@pytest.mark.parametrize(("model", "body"), FAITHFUL)
def test_a_faithful_body_is_understood(model: str, body: dict[str, Any]) -> None:
    assert misunderstandings(body, model) == []


@pytest.mark.parametrize(("model", "body", "complaint"), MISTAKEN)
def test_every_mistake_is_noticed(model: str, body: dict[str, Any], complaint: str) -> None:
    assert any(complaint in found for found in misunderstandings(body, model)), misunderstandings(body, model)


def test_properties_of_beta_are_checked_by_their_shape() -> None:
    extras = {"Application": {"isManagementRestricted": Nullable(BOOLEAN)}}
    assert misunderstandings({"isManagementRestricted": None}, APPLICATION, extras) == []
    assert misunderstandings({"isManagementRestricted": True}, APPLICATION, extras) == []
    assert misunderstandings({"isManagementRestricted": "no"}, APPLICATION, extras) != []
    assert misunderstandings({"isManagementRestrictd": True}, APPLICATION, extras) != []


def known(shape: Shape, **options: Any) -> Known:
    return Known(name="x", source="here", sure="assumed", shape=shape, **options)


SHAPE: Final = Fields(
    {
        "token_type": constant("Bearer"),
        "expires_on": DIGITS,
        "nested": Fields({"id": GUID, "at": Nullable(MOMENT)}),
        "rows": ListOf(Fields({"n": INTEGER})),
        "extra": Maybe(TEXT),
    }
)
GOOD: Final[dict[str, Any]] = {
    "rows": [{"n": 1}],
    "nested": {"at": None, "id": KEY_ID},
    "token_type": "Bearer",
    "expires_on": "17",
}


def worse() -> Iterator[tuple[dict[str, Any], str]]:
    yield {**GOOD, "token_type": "bearer"}, "wrong: token_type"
    yield {**GOOD, "expires_on": 17}, "wrong: expires_on"
    yield {**GOOD, "nested": {"at": "2026-01-02", "id": KEY_ID}}, "wrong: nested.at"
    yield {**GOOD, "nested": {"at": "2026-01-02T03:04:05.123456Z", "id": KEY_ID}}, "wrong: nested.at"
    yield {**GOOD, "nested": {"id": KEY_ID}}, "missing: nested.at"
    yield {**GOOD, "nested": []}, "wrong: nested"
    yield {**GOOD, "rows": [{"n": 1}, {"n": True}]}, "wrong: rows[].n"
    yield {**GOOD, "rows": {}}, "wrong: rows"
    yield {**GOOD, "extra": 5}, "wrong: extra"
    yield {**GOOD, "more": 5}, "unexpected: more"


def test_a_body_of_the_known_form_has_no_differences() -> None:
    assert unexplained(known(SHAPE), GOOD) == []
    assert unexplained(known(SHAPE), {**GOOD, "extra": "x"}) == []


@pytest.mark.parametrize(("body", "complaint"), list(worse()))
def test_every_difference_is_noticed(body: dict[str, Any], complaint: str) -> None:
    assert [found for found in unexplained(known(SHAPE), body) if found.startswith(complaint)], complaint


def test_explanations_must_be_needed() -> None:
    assert unexplained(known(SHAPE, left_out={"more": "why"}), GOOD) == ["is not left out: more"]
    assert unexplained(known(SHAPE, added={"more": "why"}), GOOD) == ["is not added: more"]
    assert unexplained(known(SHAPE, added={"more": "why"}), {**GOOD, "more": 1}) == []
    del_nested = {**GOOD, "nested": {"id": KEY_ID}}
    assert unexplained(known(SHAPE, left_out={"nested.at": "why"}), del_nested) == []
