from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import ClientId
from migrate import exchange, rollout
from migrate.entry import Entry, Kind
from migrate.gate import CodeState
from migrate.model import CodeFinding
from migrate.rollout import State
from tests.support.questions import PAIRING, claims
from tests.support.tenants import NOW, TENANT

ME = PAIRING.application.client_id


def entry(kind: Kind, subject: str = "", data: object = None, application: ClientId | None = ME) -> Entry:
    return Entry(kind=kind, plan="p", application=application, subject=subject, data=msgspec.to_builtins(data or {}))


def scan(root: str, *findings: CodeFinding) -> Entry:
    data = {"tenant": TENANT, "findings": list(findings), "scanned": 1, "applications": []}
    return entry(Kind.CODE_SCANNED, root, data, None)


def finding(path: str) -> CodeFinding:
    return CodeFinding(path=path, line=1, reason="r", application=None)


def test_a_failure_takes_earlier_proofs_back() -> None:
    good = entry(Kind.PROVEN, data=claims())
    assert len(rollout.proofs(PAIRING, [good, good])) == 2
    assert rollout.proofs(PAIRING, [good, good, entry(Kind.PROOF_FAILED)]) == ()
    assert len(rollout.proofs(PAIRING, [good, entry(Kind.PROOF_FAILED), good])) == 1


def test_proofs_of_others_and_of_another_identity_do_not_count() -> None:
    others = entry(Kind.PROVEN, data=claims(), application=ClientId("other"))
    moved = entry(Kind.PROVEN, data=claims(assertion_subject="other"))
    assert rollout.proofs(PAIRING, [others, moved]) == ()


def code_state(*entries: Entry) -> CodeState:
    return rollout.code_state(entries, TENANT)


def test_a_later_scan_replaces_what_was_known_below_its_root() -> None:
    first = scan("/code", finding("/code/a/x.py"), finding("/code/ab/y.py"))
    assert len(code_state(first).findings) == 2
    after = code_state(first, scan("/code/a"))
    assert [each.path for each in after.findings] == ["/code/ab/y.py"]
    assert code_state(first, scan("/code/a"), scan("/code/ab/y.py")).findings == ()
    assert code_state() == CodeState(roots=(), findings=())
    older = entry(Kind.CODE_SCANNED, "/code", {"tenant": TENANT, "findings": [], "scanned": 1}, None)
    assert (code_state(first).named, code_state(first, older).named) == (frozenset(), None)


PLACES = st.sampled_from(["/code", "/code/a", "/code/a/x.py", "/code/b", "/elsewhere"])
SCANS = st.lists(st.tuples(PLACES, st.booleans()), max_size=8)


@given(before=SCANS, place=PLACES, after=SCANS)
def test_scans_that_were_taken_back_count_as_never_made(
    before: list[tuple[str, bool]], place: str, after: list[tuple[str, bool]]
) -> None:
    def made(scans: list[tuple[str, bool]]) -> list[Entry]:
        return [scan(root, *([finding(f"{root}/f.py")] if dirty else [])) for root, dirty in scans]

    data = {"tenant": TENANT, "findings": [], "scanned": 0, "taken_back": "a mistake"}
    others = [each for each in before if each[0] != place]
    told = code_state(*made(before), entry(Kind.CODE_SCANNED, place, data, None), *made(after))
    assert told == code_state(*made(others), *made(after))


def test_scans_of_nothing_and_for_another_tenant_say_nothing() -> None:
    nothing = entry(Kind.CODE_SCANNED, "/code", {"tenant": TENANT, "findings": [], "scanned": 0}, None)
    other = entry(Kind.CODE_SCANNED, "/code", {"tenant": "other", "findings": [], "scanned": 9}, None)
    assert code_state(nothing, other).roots == ()
    known = scan("/code/a", finding("/code/a/x.py"))
    assert code_state(known, other).findings == code_state(known).findings
    gone = entry(
        Kind.CODE_SCANNED, "/code/a", {"tenant": TENANT, "findings": [], "scanned": 0, "forgotten": True}, None
    )
    assert code_state(known, scan("/code/b"), gone) == CodeState(roots=("/code/b",), findings=())


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ([], State.FEDERATED),
        ([entry(Kind.PROVEN, data=claims())], State.PROVEN),
        ([entry(Kind.RETIRED, PAIRING.credentials[0].key_id)], State.RETIRED),
    ],
)
def test_states_follow_the_journal(entries: list[Entry], state: State) -> None:
    assert rollout.states([PAIRING], tuple(entries)) == {ME: state}


def test_what_was_meant_and_not_confirmed_is_unfinished() -> None:
    meant, done = entry(Kind.RETIRE_MEANT, "k"), entry(Kind.RETIRED, "k")
    assert rollout.unfinished([meant], Kind.RETIRE_MEANT, Kind.RETIRED) == {"k"}
    assert rollout.unfinished([meant, done], Kind.RETIRE_MEANT, Kind.RETIRED) == frozenset()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"application": "other"}, "for application other"),
        ({"tenant": "other"}, "for tenant other"),
        ({"credential_class": "1"}, "not got by an assertion"),
        ({"credential_class": ""}, "not got by an assertion"),
        ({"assertion_subject": PAIRING.identity.client_id}, "of identity"),
        ({"assertion_issuer": "https://other"}, "issued by"),
        ({"assertion_audience": "https://graph.microsoft.com"}, "for https://graph"),
    ],
)
def test_a_token_that_is_not_the_right_one_is_judged_so(change: dict[str, Any], why: str) -> None:
    assert why in exchange.judge(PAIRING, TENANT, claims(**change))


def test_the_right_token_is_judged_right() -> None:
    assert exchange.judge(PAIRING, TENANT, claims(at=NOW - timedelta(days=1))) == ""


def test_pairings_of_plans_of_schema_1_are_still_understood() -> None:
    """A journal that was begun with an earlier version holds pairings without what came later."""
    old = msgspec.to_builtins(PAIRING)
    for later in ("confidence", "alternatives", "risk", "order", "tenants"):
        del old[later]
    assert [one.federated for one in rollout.planned([entry(Kind.PLAN, data={"pairings": [old]})])] == [
        PAIRING.federated
    ]
