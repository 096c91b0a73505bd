from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import ClientId, CredentialKind, Purpose
from migrate import gates
from migrate.gate import Closed, CodeState, Open
from migrate.gates.code_rewritten import GATE
from migrate.model import CodeFinding, Road
from tests.support.questions import APPLICATION, IDENTITY, PAIRING, claims, history, ours, question, sign_in
from tests.support.tenants import NOW, principal, trust

KEY = PAIRING.credentials[0].key_id


def closed(**changes: Any) -> dict[str, str]:
    return {name: answer.because for name, answer in gates.closed(gates.ask(question(**changes)))}


def test_every_gate_is_open_when_everything_is_right() -> None:
    assert closed() == {}
    assert set(gates.names(Road.FEDERATED)) == {
        "all-callers-moved",
        "application-unchanged",
        "change-limit",
        "code-rewritten",
        "exchange-proven",
        "federated-credential-correct",
        "freeze-window",
        "identity-exists",
        "no-agent-identities",
        "not-last-credential-without-proof",
        "not-signing-or-encryption",
        "one-tenant",
        "opt-out",
        "owner-informed",
        "plan-fresh",
        "rollback-possible",
        "secret-unused",
        "wave-order",
    }
    only = {
        "all-callers-moved", "exchange-proven", "federated-credential-correct", "identity-exists",
        "not-last-credential-without-proof",
    }  # fmt: skip
    assert {*gates.names(Road.FEDERATED)} - {*gates.names(Road.DEACTIVATED)} == only
    assert {*gates.names(Road.DEACTIVATED)} - {*gates.names(Road.FEDERATED)} == {"deactivated-unmissed"}
    assert set(gates.names(Road.DEACTIVATION)) == {
        "application-unchanged", "application-unused", "freeze-window", "no-agent-identities", "one-tenant", "opt-out",
        "owner-informed", "plan-fresh",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": IDENTITY.client_id},
        {"subject": IDENTITY.principal_id.upper()},
        {"issuer": "https://login.microsoftonline.com/other/v2.0"},
        {"audiences": ("fb60f99c-7a34-4190-8149-302f77469936",)},
        {"audiences": ("api://AzureADTokenExchange", "second")},
    ],
)
def test_a_federated_credential_that_differs_in_a_letter_holds(wrong: dict[str, Any]) -> None:
    assert "federated-credential-correct" in closed(federated=(dataclasses.replace(trust(IDENTITY), **wrong),))


@pytest.mark.parametrize(
    ("now", "why"),
    [(None, "is not there"), ({"client_id": "another"}, "another client id"), ({"enabled": False}, "disa")],
)
def test_an_identity_that_is_gone_or_another_holds_however_well_the_exchange_works(now: Any, why: str) -> None:
    there = question().identity
    assert there is not None
    found = None if now is None else dataclasses.replace(there, **now)
    assert why in closed(identity=found)["identity-exists"]
    assert set(closed(identity=found)) == {"identity-exists"}


def test_no_federated_credential_holds() -> None:
    assert set(closed(federated=())) == {"federated-credential-correct", "not-last-credential-without-proof"}


@pytest.mark.parametrize(
    ("minutes", "why"),
    [
        ((), "no successful exchange"),
        ((1,), "1 successful exchanges"),
        ((30, 1), "2 successful exchanges"),
        ((3, 2, 1), "2 minutes apart"),
        ((60 * 26, 60 * 25, 60 * 24 + 1), "last successful exchange is of"),
        ((30, 15, -60 * 24 * 30), "is to come"),
    ],
)
def test_too_few_too_close_or_too_old_exchanges_hold(minutes: tuple[int, ...], why: str) -> None:
    proofs = tuple(claims(at=NOW - timedelta(minutes=each)) for each in minutes)
    assert why in closed(proofs=proofs)["exchange-proven"]


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (history(missing="AuditLog.Read.All is not granted"), "unknown: AuditLog"),
        (history(covers_days=None), "is empty"),
        (history(covers_days=27.9), "reaches back to"),
        (history(sign_in(key_id=KEY)), "used 1 times"),
        (history(sign_in(key_id=KEY, days_ago=27.9)), "used 1 times"),
        (history(sign_in(key_id=KEY, error_code=None)), "used 1 times"),
        (history(sign_in()), "do not say which credential"),
        (history(sign_in(credential_type="ClientSecret")), "do not say which credential"),
        (history(sign_in(credential_type="unknownFutureValue")), "do not say which credential"),
        (history(sign_in(credential_type=None)), "do not say which credential"),
        (history(sign_in(credential_type="none")), "do not say which credential"),
        (history(sign_in(error_code=None)), "do not say which credential"),
    ],
)
def test_use_and_ignorance_of_use_hold(log: Any, why: str) -> None:
    assert why in closed(history=log)["secret-unused"]


@pytest.mark.parametrize(
    "log",
    [
        history(sign_in(key_id=KEY, days_ago=28.1)),
        history(sign_in(key_id=KEY, error_code=7000215)),
        history(sign_in(key_id="another")),
        history(sign_in(credential_type="certificate")),
        history(sign_in(credential_type="clientAssertion")),
        history(sign_in(credential_type=None, thumbprint="AB" * 20)),
        history(sign_in(federated_credential_id="f", credential_type="federatedIdentityCredential")),
    ],
)
def test_old_failed_and_other_sign_ins_do_not_hold(log: Any) -> None:
    assert closed(history=log) == {}


@pytest.mark.parametrize(
    ("rows", "is_open"),
    [
        ((), False),
        ((ours(minutes_ago=60 * 6 + 10),), False),
        ((sign_in(key_id="another", days_ago=0.0001),), False),
        ((sign_in(key_id="another", days_ago=0.0001, token_id="u"),), True),
        ((ours(minutes_ago=4),), True),
    ],
)
def test_a_log_that_does_not_show_our_own_exchanges_is_behind(rows: tuple[Any, ...], is_open: bool) -> None:  # noqa: FBT001
    log = dataclasses.replace(history(), sign_ins=rows)
    assert ("secret-unused" not in closed(history=log)) is is_open


@pytest.mark.parametrize(
    ("ours_is", "row_is", "why"),
    [
        ("AB" * 20, "AB" * 20, "used 1 times"),
        ("AB" * 20, "CD" * 20, ""),
        (None, "AB" * 20, "do not say which credential"),
        ("AB" * 32, "CD" * 20, "do not say which credential"),
    ],
)
def test_a_certificate_is_recognised_by_its_thumbprint(ours_is: str | None, row_is: str, why: str) -> None:
    credential = dataclasses.replace(PAIRING.credentials[0], kind=CredentialKind.CERTIFICATE, thumbprint=ours_is)
    held = (dataclasses.replace(APPLICATION.credentials[0], kind=CredentialKind.CERTIFICATE),)
    log = history(sign_in(thumbprint=row_is, credential_type="certificate"))
    answers = closed(credential=credential, held=held, history=log)
    assert why in answers.get("secret-unused", "")
    assert bool(why) == ("secret-unused" in answers)


@pytest.mark.parametrize("purpose", [Purpose.SIGNING, Purpose.ENCRYPTION, Purpose.UNKNOWN])
def test_a_credential_that_turned_out_to_sign_or_encrypt_holds(purpose: Purpose) -> None:
    held = (dataclasses.replace(APPLICATION.credentials[0], purpose=purpose),)
    assert "not-signing-or-encryption" in closed(held=held)


def test_a_credential_that_is_not_there_holds() -> None:
    assert "not-signing-or-encryption" in closed(held=())


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (CodeState(roots=(), findings=()), "no code scan"),
        (
            CodeState(roots=("/code",), findings=(CodeFinding(path="a.py", line=3, reason="r", application=None),)),
            "a.py:3",
        ),
        (
            CodeState(
                roots=("/code",),
                findings=(CodeFinding(path="b.py", line=4, reason="guarded", application=APPLICATION.client_id),),
            ),
            "b.py:4 (guarded)",
        ),
    ],
)
def test_code_that_is_open_or_unseen_holds(code: CodeState, why: str) -> None:
    assert why in closed(code=code)["code-rewritten"]


def test_code_in_which_nothing_of_the_application_was_found_is_told_as_that() -> None:
    about = question()
    code = CodeState(roots=("/code",), findings=(), named=frozenset({about.pairing.application.client_id}))
    older = dataclasses.replace(code, named=None)
    told, untold, unknown = [GATE.ask(dataclasses.replace(about, code=each)) for each in (about.code, code, older)]
    assert told.because == f"{untold.because}; no scan found anything of it there, so that its code may be elsewhere"
    assert unknown == untold
    assert untold.because == "nothing below /code still needs it"


def test_a_finding_of_another_application_does_not_hold() -> None:
    other = CodeFinding(path="a.py", line=3, reason="r", application=question().pairing.application.client_id)
    finding = dataclasses.replace(other, application=ClientId("somebody-else"))
    assert closed(code=CodeState(roots=("/code",), findings=(finding,))) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"application": None},
        {"principal": None},
        {"principal": principal("orders", enabled=False)},
        {"application": dataclasses.replace(APPLICATION, disabled=True)},
        {"held": (dataclasses.replace(APPLICATION.credentials[0], end=NOW + timedelta(days=900)),)},
    ],
)
def test_an_application_that_is_not_the_planned_one_any_more_holds(changes: dict[str, Any]) -> None:
    assert "application-unchanged" in closed(**changes)


@pytest.mark.parametrize("audience", ["AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", None, ""])
def test_an_application_that_other_tenants_may_use_holds(audience: str | None) -> None:
    assert list(closed(application=dataclasses.replace(APPLICATION, sign_in_audience=audience))) == ["one-tenant"]


@pytest.mark.parametrize("road", list(Road))
def test_a_blueprint_of_agent_identities_holds_on_every_road(road: Road) -> None:
    told = '{"@odata.type":"#microsoft.graph.agentIdentityBlueprint"}'
    asked = question(application=dataclasses.replace(APPLICATION, unknown=told))
    (gate,) = [gate for gate in gates.gates() if gate.name == "no-agent-identities"]
    assert road in gate.roads
    assert isinstance(gate.ask(asked), Closed)
    assert isinstance(gate.ask(question(application=APPLICATION)), Open)


@given(days=st.floats(min_value=0, max_value=27.99), used=st.sampled_from([KEY]))
def test_whatever_the_day_a_use_inside_the_window_holds(days: float, used: str) -> None:
    assert "secret-unused" in closed(history=history(sign_in(key_id=used, days_ago=days)))


@pytest.mark.parametrize("nothing", ["N/A", "none", "-", "00000000-0000-0000-0000-000000000000"])
@pytest.mark.parametrize("field", ["federated_credential_id", "thumbprint"])
def test_a_word_in_the_place_of_an_id_does_not_rule_the_secret_out(field: str, nothing: str) -> None:
    row: dict[str, Any] = {"credential_type": None, field: nothing}
    log = history(sign_in(**row))
    assert "do not say which credential" in closed(history=log)["secret-unused"]
