from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.arm_answers import action_for, quota_wait, refused
from inventory.errors import PermissionMissingError, ReadFailedError, SignInFailedError

SITE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/orders"


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", f"{SITE}/config/appsettings/list", "Microsoft.Web/sites/config/list/action"),
        ("POST", f"{SITE}/slots/a/config/connectionstrings/list", "Microsoft.Web/sites/slots/config/list/action"),
        ("GET", f"{SITE}/config/authsettingsV2", "Microsoft.Web/sites/config/read"),
        ("POST", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/staticSites/a/listAppSettings",
         "Microsoft.Web/staticSites/listAppSettings/action"),
        ("POST", "/providers/Microsoft.ResourceGraph/resources", "Microsoft.ResourceGraph/resources/read"),
        ("PATCH", SITE, "Microsoft.Web/sites/write"),
        ("DELETE", SITE, "Microsoft.Web/sites/delete"),
        ("GET", "/subscriptions", "Microsoft.Resources/subscriptions/read"),
    ],
)  # fmt: skip
def test_a_request_tells_the_action_it_needs(method: str, path: str, action: str) -> None:
    assert action_for(method, path) == action
    error = refused(method, path, 403, b"<html>")
    assert isinstance(error, PermissionMissingError)
    assert error.permission == action


def test_a_refusal_names_the_action_that_the_service_names() -> None:
    message = "The client 'x' does not have authorization to perform action 'Microsoft.Web/sites/Read' over scope '/a'."
    body = json.dumps({"error": {"code": "AuthorizationFailed", "message": message}}).encode()
    error = refused("GET", SITE, 403, body)
    assert isinstance(error, PermissionMissingError)
    assert error.permission == "Microsoft.Web/sites/Read"
    assert "AuthorizationFailed" in str(error)


def test_every_other_refusal_tells_codes_and_what_to_do() -> None:
    body = {
        "error": {"code": "BadRequest", "message": "secret", "details": [{"code": "InvalidQuery"}, {"code": "no code"}]}
    }
    error = refused("POST", SITE, 400, json.dumps(body).encode())
    assert isinstance(error, ReadFailedError)
    assert (error.status, error.code) == (400, "BadRequest")
    assert "BadRequest, InvalidQuery)" in str(error)
    assert isinstance(refused("GET", SITE, 401, b""), SignInFailedError)
    assert "try again later" in str(refused("GET", SITE, 429, b"{}"))


_BODIES = st.binary(max_size=200) | st.recursive(st.none() | st.text() | st.integers(), lambda one: st.dictionaries(
    st.sampled_from(["error", "code", "message", "details"]), one | st.lists(one, max_size=2), max_size=3)).map(
        lambda one: json.dumps(one).encode())  # fmt: skip


@given(_BODIES, st.sampled_from([302, 400, 401, 403, 404, 409, 429, 500, 599]))
def test_any_body_makes_an_error_without_its_text(body: bytes, status: int) -> None:
    text = "Sesame-open-Sesame-open-Sesame-open-Sesame"
    whole = json.dumps({"error": {"code": "A", "message": text}}).encode()
    assert text not in str(refused("GET", SITE, status, whole))
    assert SITE in str(refused("GET", SITE, status, body))


@given(st.text(max_size=40))
def test_no_header_is_too_odd(resets: str) -> None:
    assert quota_wait({"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": resets}) >= 0.0


@pytest.mark.parametrize(
    ("remaining", "resets", "seconds"),
    [("0", "00:00:05", 5.0), ("0", "00:01:00.5", 60.5), ("3", "00:00:05", 0.0), ("0", "", 0.0), ("", "00:00:05", 0.0)],
)
def test_a_used_up_quota_tells_when_it_resets(remaining: str, resets: str, seconds: float) -> None:
    headers = {"x-ms-user-quota-remaining": remaining, "x-ms-user-quota-resets-after": resets}
    assert quota_wait(headers) == seconds
