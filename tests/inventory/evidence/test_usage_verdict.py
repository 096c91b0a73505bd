"""The verdict: what counts as use, what does not, and that more evidence never makes it less careful."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.model import ClientId, CredentialKind, Holder, KeyId, Purpose
from inventory.usage import EVERY_KIND, SIGN_INS_OF_USERS, Source, SourceName, Use
from inventory.usage_subject import Subject, federated_subject, has_agents, subject
from inventory.usage_verdict import Terms, Unknown, Unused, Used, Verdict, verdict
from tests.inventory.evidence.support import CLIENT, KEY, NOW
from tests.inventory.values import application, secret, trust

OTHER = "eeeeeeee-0000-4000-8000-000000000002"
FEDERATED = "99999999-0000-4000-8000-000000000001"
PRINT = "AB" * 20
LOG, WORKSPACE = SourceName("graph-sign-ins"), SourceName("log-analytics")
REPORT, APPLICATIONS = SourceName("graph-credential-activity"), SourceName("graph-application-activity")

SECRET = Subject(
    client_id=ClientId(CLIENT),
    kind="secret",
    id=KEY,
    thumbprint=None,
    elsewhere=False,
    begins=NOW - timedelta(days=900),
)
CERTIFICATE = dataclasses.replace(SECRET, kind="certificate", thumbprint=PRINT)
TRUST = dataclasses.replace(SECRET, kind="federated", id=FEDERATED)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def source(name: SourceName = LOG, **changes: Any) -> Source:
    plain = Source(name=name, read_at=NOW, since=ago(30), until=ago(0.1), retention_days=30, sees=EVERY_KIND)
    return dataclasses.replace(plain, **changes)


def report(name: SourceName = REPORT) -> Source:
    return source(name, since=None, retention_days=None)


def use(**changes: Any) -> Use:
    """A row of a log that counts: one failed attempt ten days ago, unless a test says otherwise."""
    plain = Use(
        source=LOG,
        client_id=ClientId(CLIENT),
        key_id=KeyId(KEY),
        credential_type="clientSecret",
        delegated=False,
        first=ago(10),
        last=ago(10),
        successes=0,
        failures=1,
    )
    return dataclasses.replace(plain, **changes)


def success(days: float = 10, **changes: Any) -> Use:
    moment = ago(days)
    return use(**{"first": moment, "last": moment, "last_success": moment, "successes": 1, "failures": 0, **changes})


def reported(days: float, **changes: Any) -> Use:
    """A row of a report: it counts nothing and tells no first use."""
    told = {"source": REPORT, "first": None, "last": ago(days), "last_success": ago(days)}
    return use(**{**told, "successes": None, "failures": None, **changes})


def users(**changes: Any) -> Use:
    """A row of the report that tells of no user who signs in, unless a test says otherwise."""
    told = {"source": APPLICATIONS, "key_id": None, "credential_type": None, "delegated": True}
    return use(**{**told, "first": None, "last": None, "successes": None, "failures": None, **changes})


NO_USERS = (report(APPLICATIONS), users())


def judge(
    *evidence: Use | Source, asked: Subject = SECRET, told: tuple[Use | Source, ...] = NO_USERS, **options: Any
) -> Verdict:
    given = (*evidence, *(told if evidence else ()))
    uses = [one for one in given if isinstance(one, Use)]
    return verdict(asked, uses, [one for one in given if isinstance(one, Source)], NOW, **options)


def said(found: Verdict) -> str:
    return "\n".join(found.because)


def test_a_success_inside_the_window_is_use() -> None:
    found = judge(success(3, address="203.0.113.9"), source())
    assert found == Used(last=ago(3), by=LOG, because=found.because)
    assert "203.0.113.9" in said(found)


def test_a_success_counts_whoever_saw_it_and_the_disagreement_is_said() -> None:
    found = judge(reported(3), source(), report())
    assert isinstance(found, Used)
    assert found.by == REPORT
    assert "graph-sign-ins covers that time and does not show it" in said(found)


def test_a_source_that_could_not_see_that_time_does_not_disagree() -> None:
    found = judge(reported(0.05), source(), source(WORKSPACE, missing="no"), report())
    assert "does not show it" not in said(found)


def test_silence_of_a_covering_source_is_no_use_and_says_what_it_cannot_show() -> None:
    found = judge(source())
    assert isinstance(found, Unused)
    assert found.days == 29
    assert "unused for 29 days; a job that runs less often would not show" in found.because


def test_failed_attempts_are_no_use_and_are_said() -> None:
    found = judge(use(), source())
    assert isinstance(found, Unused)
    assert "something still tries it, in vain" in said(found)


def test_an_older_success_shortens_the_time_and_is_told() -> None:
    found = judge(success(40), source(since=ago(400)))
    assert isinstance(found, Unused)
    assert found.days == 39
    assert "its last success known is of" in said(found)
    older = judge(reported(200), source(), report())
    assert isinstance(older, Unused)
    assert (older.days, "(graph-credential-activity)" in said(older)) == (29, True)


@pytest.mark.parametrize(
    ("lacking", "why"),
    [
        (source(missing="AuditLog.Read.All not granted: usage is unknown"), "AuditLog.Read.All not granted"),
        (source(since=ago(7), retention_days=7), "reaches back to 2026-02-23 10:00 UTC, 28 days are needed"),
        (source(since=ago(27)), "28 days are needed"),
        (source(until=ago(3)), "its newest record is of 2026-02-27 10:00 UTC"),
        (source(since=None, until=None), "does not mean that there was none"),
        (source(sees=("certificate", "federated")), "does not show a secret credential"),
        (report(), "does not mean that there was none"),
        (source(until=NOW + timedelta(days=1.1)), "is of 2026-03-03 12:24 UTC, a time to come"),
        (source(sees=()), "does not show a secret credential"),
    ],
)
def test_a_source_that_does_not_cover_leaves_it_unknown(lacking: Source, why: str) -> None:
    found = judge(lacking)
    assert isinstance(found, Unknown)
    assert why in said(found)
    assert lacking.name in said(found)


def test_nothing_read_is_unknown() -> None:
    assert judge() == Unknown(because=("no source of evidence was read",))


def test_a_report_alone_never_says_unused() -> None:
    assert isinstance(judge(reported(200), report()), Unknown)


def test_an_application_for_other_tenants_is_unknown() -> None:
    found = judge(source(), asked=dataclasses.replace(SECRET, elsewhere=True))
    assert isinstance(found, Unknown)
    assert "other tenants" in said(found)


@pytest.mark.parametrize(
    "row",
    [
        success(key_id=None, credential_type=None),
        success(key_id=None),
        success(key_id=None, credential_type="somethingNew"),
        use(key_id=None, credential_type=None, successes=None, failures=None),
    ],
)
def test_a_sign_in_that_does_not_say_with_what_leaves_it_unknown(row: Use) -> None:
    found = judge(row, source())
    assert isinstance(found, Unknown)
    assert "nothing tells with which credential" in said(found)
    explained = judge(row, source(), source(WORKSPACE), success(10, source=WORKSPACE, key_id=KeyId(OTHER)))
    assert isinstance(explained, Unused), "a second source that covers tells that it was another credential"
    itself = judge(row, source(), success(5, key_id=KeyId(OTHER)))
    assert isinstance(itself, Unknown), "a log does not explain its own records by others"


@pytest.mark.parametrize(
    "row",
    [
        success(key_id=KeyId(OTHER)),
        success(key_id=None, federated_credential_id=FEDERATED, credential_type="federatedIdentityCredential"),
        success(key_id=None, federated_credential_id=FEDERATED, credential_type=None),
        success(key_id=None, credential_type="federatedIdentityCredential"),
        success(key_id=None, credential_type="certificate"),
        success(key_id=None, credential_type="clientAssertion"),
        success(key_id=None, thumbprint=PRINT, credential_type=None),
        success(client_id=ClientId("dddddddd-0000-4000-8000-000000000002")),
    ],
)
def test_another_credentials_success_is_no_use_of_a_secret(row: Use) -> None:
    assert isinstance(judge(row, source()), Unused)


@pytest.mark.parametrize(
    "row",
    [
        success(key_id=None, thumbprint="N/A", credential_type=None),
        success(key_id=None, federated_credential_id="none", credential_type=None),
        success(key_id=KeyId("{" + OTHER + "}"), credential_type="clientSecret"),
    ],
)
def test_what_cannot_be_an_id_does_not_say_that_it_was_another_credential(row: Use) -> None:
    assert isinstance(judge(row, source()), Unknown)
    assert isinstance(judge(row, source(), asked=CERTIFICATE), Unused if row.credential_type else Unknown)


def test_a_credential_that_does_not_tell_from_when_on_it_is_valid_is_not_shown_to_be_unused() -> None:
    undated = judge(source(), asked=dataclasses.replace(SECRET, begins=None))
    assert isinstance(undated, Unknown)
    assert "from when on it is valid is not told" in said(undated)
    assert isinstance(judge(source(), asked=dataclasses.replace(TRUST, begins=None)), Unused)


def test_a_record_of_a_little_later_than_the_scan_began_adds_no_day() -> None:
    found = judge(source(until=NOW + timedelta(hours=23)))
    assert isinstance(found, Unused)
    assert found.days == 30


def test_ids_are_compared_whatever_their_case_and_the_blanks_around_them() -> None:
    odd = dataclasses.replace(secret(), client_id=ClientId(f" {CLIENT.upper()} "), key_id=KeyId(f"{KEY.upper()}\t"))
    assert isinstance(judge(success(3), source(), asked=subject(odd, elsewhere=False)), Used)


def test_a_certificate_is_known_by_its_thumbprint() -> None:
    ours = success(key_id=None, thumbprint=PRINT, credential_type="certificate")
    assert isinstance(judge(ours, source(), asked=CERTIFICATE), Used)
    other = dataclasses.replace(ours, thumbprint="CD" * 20)
    assert isinstance(judge(other, source(), asked=CERTIFICATE), Unused)
    digest = dataclasses.replace(ours, thumbprint="CD" * 32)
    assert isinstance(judge(digest, source(), asked=CERTIFICATE), Unknown), (
        "another digest may be of the same certificate"
    )
    assert isinstance(judge(ours, source(), asked=dataclasses.replace(CERTIFICATE, thumbprint=None)), Unknown)
    assertion = success(key_id=None, credential_type="clientAssertion")
    assert isinstance(judge(assertion, source(), asked=CERTIFICATE), Unknown)


def test_a_federated_credential_is_known_by_its_id() -> None:
    ours = success(
        key_id=None, federated_credential_id=FEDERATED.upper(), credential_type="federatedIdentityCredential"
    )
    assert isinstance(judge(ours, source(), asked=TRUST), Used)
    assert isinstance(judge(success(), source(), asked=TRUST), Unused), "a secret's success is not its"
    assert isinstance(judge(dataclasses.replace(ours, federated_credential_id=None), source(), asked=TRUST), Unknown)


def test_users_who_sign_in_with_the_application_leave_it_unknown() -> None:
    daily = reported(2, source=APPLICATIONS, key_id=None, credential_type=None, delegated=True)
    found = judge(daily, source(), report(APPLICATIONS))
    assert isinstance(found, Unknown)
    assert "users signed in with the application" in said(found)
    by_another = success(1, key_id=KeyId(OTHER))
    assert isinstance(judge(daily, by_another, source(), report(APPLICATIONS)), Unknown), (
        "what users do is no record of it"
    )
    old = reported(60, source=APPLICATIONS, key_id=None, credential_type=None, delegated=True)
    assert isinstance(judge(old, source(), told=NO_USERS[:1]), Unused)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ((), "no report that was read has a row of it"),
        ((report(APPLICATIONS),), "no report that was read has a row of it"),
        ((users(),), "no report that was read has a row of it"),
        ((report(APPLICATIONS), users(delegated=False, last=ago(60))), "no report that was read has a row of it"),
        ((report(APPLICATIONS), users(client_id=ClientId(OTHER))), "no report that was read has a row of it"),
        ((source(APPLICATIONS, missing="AuditLog.Read.All not granted"), users()), "AuditLog.Read.All not granted"),
        ((source(APPLICATIONS, since=None, until=ago(3)), users()), "its newest record is of 2026-02-27 10:00 UTC"),
        ((source(APPLICATIONS, since=None, until=ago(-3)), users()), "a time to come"),
        ((source(APPLICATIONS, since=None, until=None), users()), "it tells no time"),
    ],
)
def test_where_nothing_tells_whether_users_sign_in_it_is_unknown(told: tuple[Use | Source, ...], why: str) -> None:
    found = judge(source(), told=told)
    assert isinstance(found, Unknown)
    assert "whether users sign in with the application, which may take it, is not known" in said(found)
    assert why in said(found)


def test_a_blueprint_of_agents_is_never_shown_to_be_unused() -> None:
    found = judge(source(), asked=dataclasses.replace(SECRET, agents=True))
    assert isinstance(found, Unknown)
    assert "agent identities sign in by it" in said(found)
    assert isinstance(judge(source(), success(3), asked=dataclasses.replace(SECRET, agents=True)), Used)
    blueprint = dataclasses.replace(application(), unknown='{"@odata.type":"#microsoft.graph.agentIdentityBlueprint"}')
    assert has_agents((None, blueprint))
    assert not has_agents(
        (None, application(), dataclasses.replace(blueprint, unknown='{"a":"agentIdentityBlueprint"}'))
    )


USER_LOG = SourceName("exported-user-sign-ins")


def user_log(**changes: Any) -> Source:
    return source(USER_LOG, **{"retention_days": None, "sees": (SIGN_INS_OF_USERS,), **changes})


def test_a_log_of_users_that_covers_the_window_tells_by_its_silence() -> None:
    found = judge(source(), user_log(), told=())
    assert isinstance(found, Unused)
    assert "exported-user-sign-ins shows no sign-in of a user that may have taken it" in found.because
    assert isinstance(judge(user_log(), told=()), Unknown), "it covers no credential"


@pytest.mark.parametrize(
    ("lacking", "why"),
    [
        (user_log(since=ago(27)), "28 days are needed"),
        (user_log(until=ago(3)), "its newest record is of"),
        (user_log(until=ago(-2)), "a time to come"),
        (user_log(since=None, until=None), "does not mean that there was none"),
        (user_log(missing="a record cannot be read"), "a record cannot be read"),
    ],
)
def test_a_log_of_users_that_does_not_cover_leaves_it_unknown(lacking: Source, why: str) -> None:
    found = judge(source(), lacking, told=())
    assert isinstance(found, Unknown)
    assert f"exported-user-sign-ins: {why}" in said(found) or why in said(found)
    assert "no report that was read has a row of it" in said(found)


def test_a_user_whom_the_log_or_the_report_shows_leaves_it_unknown_whatever_the_other_says() -> None:
    shown = use(source=USER_LOG, delegated=True, key_id=None, successes=None, failures=None, first=ago(60), last=ago(5))
    found = judge(source(), user_log(), shown)
    assert isinstance(found, Unknown)
    assert "no record tells which it was" in said(found)
    reported_user = users(last=ago(5), last_success=ago(5))
    assert isinstance(judge(source(), user_log(), told=(report(APPLICATIONS), reported_user)), Unknown)
    old = dataclasses.replace(shown, last=ago(29))
    assert isinstance(judge(source(), user_log(), old, told=()), Unused)


def test_a_report_that_saw_what_the_log_does_not_show_leaves_it_unknown() -> None:
    seen = reported(5, source=APPLICATIONS, key_id=None, credential_type=None)
    assert isinstance(judge(seen, source(), report(APPLICATIONS)), Unknown)
    by_another = success(5, key_id=KeyId(OTHER))
    assert isinstance(judge(seen, by_another, source(), report(APPLICATIONS)), Unused)
    earlier = success(20, key_id=KeyId(OTHER))
    assert isinstance(judge(seen, earlier, source(), report(APPLICATIONS)), Unknown), "it shows nothing at that time"
    later = reported(0.01, source=APPLICATIONS, key_id=None, credential_type=None)
    assert isinstance(judge(later, by_another, source(), report(APPLICATIONS)), Unknown), "the log ends before it"


def test_an_attempt_of_unknown_outcome_is_unknown_until_a_log_shows_that_it_failed() -> None:
    tried = reported(10, last_success=None)
    found = judge(tried, source(), report())
    assert isinstance(found, Unknown)
    assert "nothing tells whether that succeeded" in said(found)
    assert isinstance(judge(tried, use(), source(), report()), Unused)


@pytest.mark.parametrize("purpose", [Purpose.SIGNING, Purpose.ENCRYPTION, Purpose.UNKNOWN])
def test_keys_that_do_not_sign_in_are_never_called_unused(purpose: Purpose) -> None:
    found = judge(source(), asked=subject(secret(purpose=purpose), elsewhere=False))
    assert isinstance(found, Unknown)
    assert f"does not show a {purpose} credential" in said(found)


def test_subjects_are_made_of_what_a_tenant_holds() -> None:
    held = dataclasses.replace(
        secret(), key_id=KeyId(KEY.upper()), kind=CredentialKind.CERTIFICATE, thumbprint="ab" * 20
    )
    made = subject(held, elsewhere=True)
    assert (made.id, made.kind, made.thumbprint, made.elsewhere) == (KEY, "certificate", PRINT, True)
    assert held.holder is Holder.APPLICATION
    trusted = federated_subject(ClientId(CLIENT.upper()), trust(), elsewhere=False)
    assert (trusted.client_id, trusted.kind, trusted.id) == (CLIENT, "federated", FEDERATED)


def test_the_terms_can_be_stricter() -> None:
    assert isinstance(judge(source(), terms=Terms(days=60)), Unknown)
    assert isinstance(judge(success(40), source(since=ago(90)), terms=Terms(days=60)), Used)
    assert isinstance(judge(source(until=ago(0.5)), terms=Terms(stale=timedelta(hours=6))), Unknown)


NAMES = st.sampled_from([LOG, WORKSPACE, REPORT, APPLICATIONS])
DAYS = st.floats(0, 60, allow_nan=False) | st.sampled_from([0.0, 27.9, 28.0, 28.1, 30.0])
MOMENTS = st.none() | DAYS.map(ago)


@st.composite
def rows(draw: st.DrawFn) -> Use:
    counted = draw(st.booleans())
    last_success = draw(MOMENTS)
    return use(
        source=draw(NAMES),
        key_id=draw(st.sampled_from([None, KeyId(KEY), KeyId(OTHER)])),
        thumbprint=draw(st.sampled_from([None, PRINT, "CD" * 20, "CD" * 32])),
        federated_credential_id=draw(st.sampled_from([None, FEDERATED, OTHER])),
        credential_type=draw(
            st.sampled_from(
                [None, "clientSecret", "certificate", "clientAssertion", "federatedIdentityCredential", "x"]
            )
        ),
        delegated=draw(st.sampled_from([None, False, True])),
        first=draw(MOMENTS),
        last=draw(MOMENTS),
        last_success=last_success,
        successes=(1 if last_success else 0) if counted else None,
        failures=draw(st.integers(0, 2)) if counted else None,
    )


@st.composite
def sources(draw: st.DrawFn) -> Source:
    return source(
        draw(NAMES),
        since=draw(MOMENTS),
        until=draw(MOMENTS),
        missing=draw(st.sampled_from(["", "", "no permission"])),
        sees=draw(st.sampled_from([EVERY_KIND, ("certificate", "secret"), (), (SIGN_INS_OF_USERS,)])),
    )


SUBJECTS = st.sampled_from([SECRET, CERTIFICATE, TRUST, dataclasses.replace(SECRET, elsewhere=True)])
EVIDENCE = st.lists(rows(), max_size=6), st.lists(sources(), max_size=4)


def covers(one: Source, asked: Subject) -> bool:
    """What a covering source is, said once more in other words."""
    begins = one.since is not None and one.since <= ago(28)
    fresh = one.until is not None and ago(2) <= one.until <= ago(-1)
    return not one.missing and asked.kind in one.sees and begins and fresh


@given(SUBJECTS, *EVIDENCE, st.randoms())
def test_order_does_not_matter(asked: Subject, uses: list[Use], told: list[Source], chance: Any) -> None:
    before = verdict(asked, uses, told, NOW)
    chance.shuffle(uses)
    chance.shuffle(told)
    assert verdict(asked, uses, told, NOW) == before


@given(SUBJECTS, *EVIDENCE, *EVIDENCE)
def test_more_evidence_never_turns_used_into_anything_else(
    asked: Subject, uses: list[Use], told: list[Source], more: list[Use], others: list[Source]
) -> None:
    before, after = verdict(asked, uses, told, NOW), verdict(asked, [*uses, *more], [*told, *others], NOW)
    if isinstance(before, Used):
        assert isinstance(after, Used)
        assert after.last >= before.last


def tells_of_users(one: Source, uses: list[Use]) -> bool:
    """Whether a report has a row that tells of users, or a log of them covers the window."""
    if one.sees == (SIGN_INS_OF_USERS,) and covers(dataclasses.replace(one, sees=EVERY_KIND), SECRET):
        return True
    rows = [row for row in uses if row.source == one.name and row.delegated and row.first is None]
    return bool(rows) and not one.missing and one.until is not None and ago(2) <= one.until <= ago(-1)


@given(SUBJECTS, *EVIDENCE, st.lists(rows(), max_size=4), sources())
def test_only_a_source_that_covers_or_tells_of_users_turns_unknown_into_unused(
    asked: Subject, uses: list[Use], told: list[Source], more: list[Use], added: Source
) -> None:
    more = [dataclasses.replace(row, source=added.name) for row in more]
    told = [one for one in told if one.name != added.name]
    uses = [row for row in uses if row.source != added.name]
    before, after = verdict(asked, uses, told, NOW), verdict(asked, [*uses, *more], [*told, added], NOW)
    if isinstance(before, Unknown) and isinstance(after, Unused):
        assert covers(added, asked) or tells_of_users(added, more)


@given(SUBJECTS, *EVIDENCE)
def test_unused_stands_on_a_covering_source_and_on_no_success(
    asked: Subject, uses: list[Use], told: list[Source]
) -> None:
    found = verdict(asked, uses, told, NOW)
    if isinstance(found, Unused):
        assert not asked.elsewhere
        assert any(covers(one, asked) for one in told)
        assert any(tells_of_users(one, uses) for one in told)
        ours = [row for row in uses if asked.id in {row.key_id, row.federated_credential_id}]
        wrong = [row for row in ours if row.key_id == asked.id and row.last_success and row.last_success >= ago(28)]
        assert asked.kind == "federated" or not wrong
        assert "a job that runs less often would not show" in said(found)
    assert found.because, "every verdict says why"


def test_a_credential_that_is_younger_than_the_window_is_not_shown_to_be_unused() -> None:
    def begun(days: float) -> Verdict:
        return judge(source(), asked=dataclasses.replace(SECRET, begins=ago(days)))

    young = begun(27.9)
    assert isinstance(young, Unknown)
    assert any("is valid from" in reason for reason in young.because)
    assert isinstance(begun(28), Unused)
    assert isinstance(judge(source(), success(1), asked=dataclasses.replace(SECRET, begins=ago(2))), Used)
    assert subject(secret(), elsewhere=False).begins == secret().start


@pytest.mark.parametrize(("shown", "expected"), [(10, Unused), (1, Unknown)])
def test_only_what_a_covering_log_shows_at_that_time_explains_a_success_without_a_key(
    shown: float, expected: type[Verdict]
) -> None:
    nameless = success(10, source=WORKSPACE, key_id=None, credential_type=None)
    log, workspace = source(), source(WORKSPACE, since=ago(12))
    assert isinstance(judge(log, workspace, nameless, success(shown, key_id=OTHER)), expected)


def test_what_several_records_of_one_row_were_is_not_explained_by_what_was_seen_at_the_last_of_them() -> None:
    rows = success(10, source=WORKSPACE, key_id=None, credential_type=None, first=ago(20), successes=2)
    found = judge(source(), source(WORKSPACE), rows, success(10, key_id=KeyId(OTHER)))
    assert isinstance(found, Unknown)
    assert "nothing tells with which credential" in said(found)


def test_a_record_of_no_credential_does_not_say_that_it_was_not_ours() -> None:
    assert isinstance(judge(source(), success(3, key_id=None, credential_type="none")), Unknown)
