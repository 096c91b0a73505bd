from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.estate import Policy, Restriction, RoleHeld, Tier
from inventory.hygiene import STANDARD, Thresholds, findings
from inventory.hygiene_rules import RULES
from inventory.lifetimes import Policies, duration
from inventory.model import (
    Application,
    ClientId,
    Credential,
    CredentialKind,
    FederatedCredential,
    Holder,
    Purpose,
    ScanNote,
    ServicePrincipal,
    Snapshot,
    TenantId,
)
from inventory.usage import SourceName
from reports.model import Confidence, Finding, Severity
from tests.inventory import values
from tests.inventory.values import IDENTITY_CLIENT, ISSUER, NOW, PRINCIPAL, TENANT, guid, trust

_PAGE = Path(__file__).parents[2] / "docs" / "hygiene.md"
_LOG = SourceName("graph-sign-ins")
_REPORT = dataclasses.replace(values.source(SourceName("graph-application-activity")), since=None, sees=())
_COVERED = (values.source(_LOG), _REPORT)
_NO_USERS = dataclasses.replace(
    values.use(), source=_REPORT.name, key_id=None, delegated=True, last=None, last_success=None
)
_TWO = (values.owner(1), values.owner(2, name="Ben"))
_MICROSOFT = TenantId("f8cdef31-a31e-4b4a-93e4-5f571e91255a")
_ELSEWHERE = TenantId(guid("5", 1))
_FOREIGN, _OF_MICROSOFT = "foreign-principal-with-credential", "microsoft-principal-with-credential"
_ON_PRINCIPAL = "credential-on-service-principal"


def _snapshot(*applications: Application, **more: Any) -> Snapshot:
    """A tenant whose log shows that the secret of the first application is used."""
    return values.snapshot(*applications, **{"sources": _COVERED, "uses": (values.use(1), _NO_USERS), **more})


def _rules(snapshot: Snapshot, thresholds: Thresholds = STANDARD) -> list[str]:
    return [finding.rule for finding in findings(snapshot, thresholds)]


def _only(snapshot: Snapshot, rule: str) -> Finding:
    [finding] = [each for each in findings(snapshot) if each.rule == rule]
    return finding


def _application(*credentials: Credential, **more: Any) -> Application:
    made = values.application(owners=_TWO, credentials=credentials or (values.secret(),))
    return dataclasses.replace(made, **more)


def _lasting(before: float, after: float | None, number: int = 1, **more: Any) -> Credential:
    """A secret that began and ends so many days before and after now."""
    end = None if after is None else NOW + timedelta(days=after)
    return values.secret(number, start=NOW - timedelta(days=before), end=end, **more)


def test_a_tidy_application_has_no_finding() -> None:
    assert _rules(_snapshot(_application(federated=(trust(),)))) == []


@pytest.mark.parametrize(
    ("credential", "rules"),
    [
        (_lasting(100, 31), []),
        (_lasting(100, 30), ["credential-expiring"]),
        (_lasting(100, 0.5), ["credential-expiring"]),
        (_lasting(100, 0), ["credential-expired"]),
        (_lasting(100, -1), ["credential-expired"]),
        (_lasting(100, None), ["credential-endless"]),
        (_lasting(100, 40 * 365), ["credential-endless"]),
        (_lasting(100, 631), []),
        (_lasting(100, 632), ["credential-too-long"]),
        (_lasting(-10, 721), []),
        (_lasting(-10, 742), ["credential-too-long"]),
        (_lasting(365, 90), []),
        (_lasting(366, 90), ["credential-old"]),
        (_lasting(900, 90), ["credential-too-long", "credential-old"]),
        (_lasting(900, -1), ["credential-expired"]),
        (_lasting(100, 5, purpose=Purpose.ENCRYPTION), []),
        (_lasting(900, -1, purpose=Purpose.UNKNOWN), []),
    ],
)
def test_dates_are_judged_on_credentials_that_authenticate(credential: Credential, rules: list[str]) -> None:
    assert _rules(_snapshot(_application(credential))) == rules
    local = dataclasses.replace(credential, holder=Holder.SERVICE_PRINCIPAL, holder_id=guid("7", 1))
    on_principal = _snapshot(principals=(values.principal(credentials=(local,)),))
    assert [rule for rule in _rules(on_principal) if rule != _ON_PRINCIPAL] == rules


@pytest.mark.parametrize("begin", [datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)])
def test_what_lives_for_the_two_years_that_graph_gives_is_not_too_long(begin: datetime) -> None:
    """Of four such lives three are 730 days long and one is 731."""
    usual = dataclasses.replace(values.secret(1), start=begin, end=begin.replace(year=begin.year + 2))
    longer = dataclasses.replace(usual, end=begin.replace(year=begin.year + 2) + timedelta(days=2))
    at = begin + timedelta(days=1)
    assert "credential-too-long" not in _rules(dataclasses.replace(_snapshot(_application(usual)), taken_at=at))
    assert "credential-too-long" in _rules(dataclasses.replace(_snapshot(_application(longer)), taken_at=at))


def test_thresholds_move_every_limit_of_days() -> None:
    held = _snapshot(_application(_lasting(200, 200)), uses=(_NO_USERS,))
    wide = Thresholds(expiring_days=200, longest_days=399, old_days=199, unused_days=10)
    assert _rules(held, wide) == ["credential-expiring", "credential-too-long", "credential-old", "credential-unused"]
    assert _rules(held, dataclasses.replace(wide, unused_days=40))[-1] == "credential-use-unknown"


def test_a_signing_key_that_ends_soon_is_told_once_for_its_triple() -> None:
    end = NOW + timedelta(days=9)
    password = values.secret(1, purpose=Purpose.SIGNING, end=end)
    sign = dataclasses.replace(password, kind=CredentialKind.CERTIFICATE, usage="Sign", type="X509CertAndPassword")
    verify = dataclasses.replace(sign, usage="Verify", key_id=values.secret(2).key_id, type="AsymmetricX509Cert")
    found = _only(
        _snapshot(principals=(values.principal(credentials=(password, sign, verify)),)), "signing-key-expiring"
    )
    assert sign.key_id in found.message
    assert "9 days" in found.message


def test_a_signing_key_that_has_ended_does_not_end_soon() -> None:
    ended = values.secret(1, purpose=Purpose.SIGNING, end=NOW - timedelta(days=1))
    sign = dataclasses.replace(ended, kind=CredentialKind.CERTIFICATE, usage="Sign")
    assert _rules(_snapshot(principals=(values.principal(credentials=(sign,)),))) == []


def _policy(
    longest: str, *, own: bool = False, holder: str = "", enabled: bool = True, since: str | None = None, **more: Any
) -> Policy:
    made = Restriction(
        holder="" if own else holder or "applications",
        credentials=more.pop("credentials", "passwordCredentials"),
        type=more.pop("type", "passwordLifetime"),
        state=more.pop("state", "enabled"),
        longest=longest,
        for_apps_created_after=since,
        excluded_actors=more.pop("excluded", ""),
    )
    return Policy(
        id=guid("6", 2 if own else 1),
        name="strict",
        is_default=not own,
        enabled=enabled,
        restrictions=(made,),
        applies_to=(guid("C", 1).upper(),) if own else (),
    )


@pytest.mark.parametrize(
    ("policies", "days"),
    [
        ((), None),
        ((_policy("P90D"),), 90),
        ((_policy("P90D", enabled=False),), None),
        ((_policy("P90D", holder="servicePrincipals"),), None),
        ((_policy("P90D", credentials="keyCredentials", type="asymmetricKeyLifetime"),), None),
        ((_policy("P90D", state="disabled"),), None),
        ((_policy("P90D", state=None),), 90),
        ((_policy("P90D", type="passwordAddition"),), None),
        ((_policy("soon"),), None),
        ((_policy("P200D"),), None),
        ((_policy("P90D", since="2099-01-01T00:00:00Z"),), None),
        ((_policy("P90D", since="2019-01-01T00:00:00Z"),), 90),
        ((_policy("P90D", since="someday"),), 90),
        ((_policy("P90D"), _policy("P30D", own=True)), 30),
        ((_policy("P90D"), _policy("P300D", own=True)), None),
        ((_policy("P90D"), _policy("P30D", own=True, enabled=False)), None),
        ((_policy("P90D"), _policy("P30D", own=True, type="passwordAddition")), None),
    ],
)
def test_the_policy_that_applies_is_the_objects_own_whole_or_else_the_default(
    policies: tuple[Policy, ...], days: int | None
) -> None:
    held = _snapshot(_application(_lasting(100, 100)), policies=policies)
    found = [each for each in findings(held) if each.rule == "credential-longer-than-policy"]
    assert len(found) == (days is not None)
    for each in found:
        assert f"lives 200 days; {'policy' if days == 30 else 'the tenant'}" in each.message
        assert f"allows {days} days" in each.message


def test_who_may_exceed_a_limit_is_said_with_it() -> None:
    actors = '{"customSecurityAttributes":[{"id":"Team_Exempt","operator":"equals"}]}'
    for excluded, says in ((actors, ", and more to actors with the custom security attribute Team_Exempt."), ("", ".")):
        held = _snapshot(_application(_lasting(100, 100)), policies=(_policy("P90D", excluded=excluded),))
        [found] = [each for each in findings(held) if each.rule == "credential-longer-than-policy"]
        assert found.message.endswith(f"allows 90 days{says}")


def test_a_service_principal_and_its_certificates_have_limits_of_their_own() -> None:
    key = _lasting(100, 100, holder=Holder.SERVICE_PRINCIPAL, holder_id=guid("7", 1))
    key = dataclasses.replace(key, kind=CredentialKind.CERTIFICATE)
    limits = Policies(
        [_policy("P10D", holder="servicePrincipals", credentials="keyCredentials", type="asymmetricKeyLifetime")]
    )
    limit = limits.limit(key, None)
    assert limit is not None
    assert limit.longest == timedelta(days=10)
    later = _policy(
        "P10D",
        holder="servicePrincipals",
        credentials="keyCredentials",
        type="asymmetricKeyLifetime",
        since="2019-06-01T00:00:00Z",
    )
    assert Policies([later]).limit(key, None) is None, "one without a date counts as made in 2019"


@pytest.mark.parametrize("hidden", ["policies", f"app management policy {guid('6', 2)}"])
def test_whom_an_unread_policy_binds_the_default_is_not_said_to_bind(hidden: str) -> None:
    note = ScanNote(subject=hidden, text="not read")
    held = _snapshot(_application(_lasting(100, 100)), policies=(_policy("P90D"),), notes=(note,))
    assert "credential-longer-than-policy" not in _rules(held)
    own = _snapshot(_application(_lasting(100, 100)), policies=(_policy("P30D", own=True),), notes=(note,))
    assert "credential-longer-than-policy" in _rules(own)


@pytest.mark.parametrize(
    ("longest", "life", "says"),
    [
        ("P90D", timedelta(days=90, hours=2), "lives 90 days and 2 hours; the tenant's default policy allows 90 days"),
        ("P90D", timedelta(days=91, hours=2), "lives 91 days; the tenant's default policy allows 90 days"),
        ("PT12H", timedelta(hours=18), "lives 18 hours; the tenant's default policy allows 12 hours"),
        ("PT0S", timedelta(days=1), "lives 1 days; the tenant's default policy allows 0 days"),
    ],
)
def test_what_is_too_long_by_hours_is_told_in_hours(longest: str, life: timedelta, says: str) -> None:
    one = dataclasses.replace(values.secret(), start=NOW, end=NOW + life)
    found = _only(_snapshot(_application(one), policies=(_policy(longest),)), "credential-longer-than-policy")
    assert says in found.message


def test_an_identity_that_could_not_be_read_is_not_gone() -> None:
    held = dataclasses.replace(values.application(), federated=(trust(guid("0", 3)),))
    odd = ScanNote(subject=f"service principal {guid('0', 3)}", text="unreadable: odd")
    other = dataclasses.replace(odd, subject=f"service principal {guid('0', 4)}")
    assert "federated-identity-is-gone" not in _rules(_snapshot(held, notes=(odd,)))
    assert "federated-identity-is-gone" not in _rules(
        _snapshot(held, notes=(dataclasses.replace(odd, subject="service principal"),))
    )
    assert "federated-identity-is-gone" in _rules(_snapshot(held, notes=(other,)))


@pytest.mark.parametrize(
    ("text", "days"),
    [("P90D", 90), ("P1Y2M3W4DT12H", 450.5), ("PT0S", 0), ("P1DT1.5S", 1 + 1 / 86_400), ("P", None), ("PT", None),
     ("90D", None), ("P-1D", None), ("", None), (None, None), ("P99999999999999999D", None)],
)  # fmt: skip
def test_durations_are_read_or_not_at_all(text: str | None, days: float | None) -> None:
    assert duration(text) == (None if days is None else timedelta(days=days))


@given(st.text(alphabet="PYMWDTHS0123456789.-", max_size=20))
def test_no_duration_is_too_odd_to_be_read(text: str) -> None:
    assert duration(text) is None or duration(text) is not None


def test_unused_is_said_only_with_evidence_and_unknown_as_unknown() -> None:
    used, silent = _snapshot(_application()), _snapshot(_application(), uses=(_NO_USERS,))
    assert _rules(used) == []
    unused = _only(silent, "credential-unused")
    assert "graph-sign-ins shows no success" in unused.message
    untold = _only(dataclasses.replace(silent, uses=()), "credential-use-unknown")
    assert "whether users sign in with the application, which may take it, is not known" in untold.message
    missing = values.source(_LOG, missing="AuditLog.Read.All not granted")
    for sources, reason in (((), "no source of evidence was read"), ((missing,), "AuditLog.Read.All not granted")):
        held = values.snapshot(_application(), sources=sources)
        assert _rules(held) == ["credential-use-unknown"]
        assert reason in _only(held, "credential-use-unknown").message


def test_the_last_success_that_is_known_is_told_of_one_credential_and_keeps_no_two_apart() -> None:
    old = [dataclasses.replace(values.use(number), last_success=NOW - timedelta(days=30 + number)) for number in (1, 2)]
    one = _only(values.snapshot(_application(), sources=(), uses=tuple(old)), "credential-use-unknown")
    assert "its last success known is of" in one.message
    both = _application(values.secret(1), values.secret(2))
    found = _only(values.snapshot(both, sources=(), uses=tuple(old)), "credential-use-unknown")
    assert found.message == "Whether 2 credentials are used is unknown: no source of evidence was read."


def test_unknown_use_is_said_once_for_the_same_reasons() -> None:
    apps = []
    for number in range(1, 7):
        secret = dataclasses.replace(values.secret(number), client_id=ClientId(guid("d", number)))
        apps.append(dataclasses.replace(values.application(number, owners=_TWO), credentials=(secret,)))
    found = _only(values.snapshot(*apps), "credential-use-unknown")
    assert "6 credentials" in found.message
    assert "and 3 more" in found.message
    assert found.subject == ""


def test_an_application_of_many_tenants_may_be_used_elsewhere_but_not_with_a_secret_of_its_principal() -> None:
    everywhere = _snapshot(_application(sign_in_audience="AzureADMultipleOrgs"), uses=(_NO_USERS,))
    assert "other tenants" in _only(everywhere, "credential-use-unknown").message
    local = values.secret(holder=Holder.SERVICE_PRINCIPAL, holder_id=guid("7", 1))
    foreign = dataclasses.replace(values.principal(credentials=(local,)), home_tenant=_ELSEWHERE)
    assert "credential-unused" in _rules(_snapshot(principals=(foreign,), uses=(_NO_USERS,)))


@pytest.mark.parametrize(("hint", "said"), [("aB1", "begins with aB1"), (None, "cannot be told from others")])
def test_a_live_secret_without_a_name_is_found(hint: str | None, said: str) -> None:
    nameless = dataclasses.replace(values.secret(), display_name=None, hint=hint)
    assert said in _only(_snapshot(_application(nameless)), "credential-unnamed").message
    assert _rules(_snapshot(_application(dataclasses.replace(nameless, kind=CredentialKind.CERTIFICATE)))) == []
    assert "credential-unnamed" not in _rules(_snapshot(_application(dataclasses.replace(nameless, end=NOW))))


def test_several_live_secrets_are_told_by_their_key_ids_wherever_they_are() -> None:
    old = values.secret(3, end=NOW - timedelta(days=1))
    local = values.secret(2, holder=Holder.SERVICE_PRINCIPAL, holder_id=guid("7", 1))
    together = _snapshot(_application(values.secret(1), values.secret(2), old))
    apart = _snapshot(_application(values.secret(1), old), principals=(values.principal(credentials=(local,)),))
    for held in (together, apart):
        found = _only(held, "several-live-secrets")
        assert values.secret(1).key_id in found.message
        assert values.secret(2).key_id in found.message
        assert old.key_id not in found.message


def test_unknown_owners_are_not_missing_owners() -> None:
    assert _rules(_snapshot(_application(owners=None))) == []
    note = _only(_snapshot(_application(owners=(), credentials=())), "application-without-owner")
    warning = _only(_snapshot(_application(owners=())), "application-without-owner")
    assert (note.severity, warning.severity) == (Severity.NOTE, Severity.WARNING)


def test_one_owner_is_few_for_a_live_credential() -> None:
    alone = (values.owner(),)
    assert "Ana" in _only(_snapshot(_application(owners=alone)), "application-with-single-owner").message
    assert _rules(_snapshot(_application(owners=alone, credentials=()))) == []


def test_a_disabled_owner_counts_more_where_nobody_else_is_left() -> None:
    left, gone = values.owner(), dataclasses.replace(values.owner(2, name="Ben"), enabled=False)
    unknown = dataclasses.replace(values.owner(3), enabled=None)
    some = _only(_snapshot(_application(owners=(left, gone))), "owner-disabled")
    none = _only(_snapshot(_application(owners=(gone,))), "owner-disabled")
    assert (some.severity, none.severity) == (Severity.NOTE, Severity.WARNING)
    assert "Ben" in some.message
    assert _rules(_snapshot(_application(owners=(left, unknown)))) == []


def test_an_application_that_another_one_registered_is_found_and_a_persons_tool_is_not() -> None:
    factory = values.application(2, name="factory", owners=_TWO)
    known = _only(_snapshot(_application(created_by=factory.client_id), factory), "application-created-by-application")
    assert ("factory" in known.message, known.confidence) == (True, Confidence.MEDIUM)
    stranger = _snapshot(_application(created_by=ClientId(guid("d", 9))))
    assert _only(stranger, "application-created-by-application").confidence is Confidence.LOW
    assert _rules(_snapshot(_application(created_by=ClientId("c44b4083-3bb0-49c1-b47d-974e53cbdf3c")))) == []
    microsoft = dataclasses.replace(values.principal(2), home_tenant=_MICROSOFT)
    assert _rules(_snapshot(_application(created_by=microsoft.client_id), principals=(microsoft,))) == []


@pytest.mark.parametrize(
    ("home", "rule"),
    [(TENANT, _ON_PRINCIPAL), (None, _ON_PRINCIPAL), (_ELSEWHERE, _FOREIGN), (_MICROSOFT, _OF_MICROSOFT)],
)
def test_credentials_on_service_principals_are_set_apart_by_whose_they_are(home: TenantId | None, rule: str) -> None:
    local = values.secret(holder=Holder.SERVICE_PRINCIPAL, holder_id=guid("7", 1))
    principal = dataclasses.replace(values.principal(credentials=(local,)), home_tenant=home)
    assert _rules(_snapshot(principals=(principal,))) == [rule]
    signing = dataclasses.replace(local, purpose=Purpose.SIGNING)
    assert _rules(_snapshot(principals=(dataclasses.replace(principal, credentials=(signing,)),))) == []


def _role(tier: Tier, *, scope: str = "", principal: ServicePrincipal | None = None) -> RoleHeld:
    made = values.role((principal or values.principal()).id, tier=tier)
    return dataclasses.replace(made, scope=scope, resource="" if scope else made.resource)


@pytest.mark.parametrize(
    ("tiers", "rule", "severity"),
    [
        ((Tier.CONTROL,), "privileged-application-with-secret", Severity.ERROR),
        ((Tier.UNKNOWN, Tier.MANAGEMENT, Tier.WORKLOAD), "privileged-application-with-secret", Severity.WARNING),
        ((Tier.MANAGEMENT, Tier.CONTROL), "privileged-application-with-secret", Severity.ERROR),
        ((Tier.UNKNOWN, Tier.WORKLOAD), "privilege-unknown", Severity.NOTE),
        ((Tier.UNKNOWN,), "privilege-unknown", Severity.NOTE),
        ((Tier.WORKLOAD,), None, None),
        ((), None, None),
    ],
)
def test_a_secret_weighs_as_much_as_the_roles_of_its_application(
    tiers: tuple[Tier, ...], rule: str | None, severity: Severity | None
) -> None:
    roles = tuple(_role(tier) for tier in tiers)
    found = findings(_snapshot(_application(), principals=(values.principal(),), roles=roles))
    assert [(each.rule, each.severity) for each in found] == ([(rule, severity)] if rule else [])
    assert all("reads the whole directory" in each.message for each in found)
    certificate = dataclasses.replace(values.secret(), kind=CredentialKind.CERTIFICATE)
    assert not findings(_snapshot(_application(certificate), principals=(values.principal(),), roles=roles))


def test_a_role_in_a_part_of_the_tenant_is_less_sure_and_says_where() -> None:
    unit = f"/administrativeUnits/{guid('3', 1)}"
    held = {"principals": (values.principal(),)}
    narrow = _snapshot(_application(), roles=(_role(Tier.CONTROL, scope=unit),), **held)
    wide = _snapshot(_application(), roles=(_role(Tier.CONTROL, scope="/"), _role(Tier.CONTROL, scope=unit)), **held)
    rule = "privileged-application-with-secret"
    assert [_only(each, rule).confidence for each in (narrow, wide)] == [Confidence.MEDIUM, Confidence.HIGH]
    assert unit in _only(narrow, rule).message


@pytest.mark.parametrize(
    ("federated", "rule"),
    [
        (trust(), ""),
        (trust("repo:contoso/app:ref:refs/heads/main", issuer="https://token.actions.githubusercontent.com"), ""),
        (trust(None, issuer="https://token.actions.githubusercontent.com"), ""),
        (trust(audience="fb60f99c-7a34-4190-8149-302f77469936"), "federated-audience-is-id"),
        (trust(issuer=ISSUER + "/"), "federated-issuer-is-bent"),
        (trust(issuer=f"https://sts.windows.net/{TENANT}/"), "federated-issuer-is-bent"),
        (trust(issuer=ISSUER.replace(TENANT, TENANT.upper())), "federated-issuer-is-bent"),
        (trust(IDENTITY_CLIENT), "federated-subject-is-client-id"),
        (trust(PRINCIPAL.upper()), "federated-subject-in-wrong-case"),
        (trust(values.guid("0", 0)), "federated-identity-is-gone"),
    ],
)
def test_a_federated_credential_that_cannot_match_is_found(federated: FederatedCredential, rule: str) -> None:
    assert _rules(_snapshot(_application(federated=(federated,)))) == ([rule] if rule else [])


def test_federated_credentials_that_could_not_be_read_are_no_finding() -> None:
    assert _rules(_snapshot(_application(federated=None))) == []


def test_every_finding_is_one_of_a_rule_of_the_page_and_as_bad_as_it_says() -> None:
    gone = dataclasses.replace(values.owner(), enabled=False)
    held = (_lasting(900, 5, 1), _lasting(900, None, 2), _lasting(900, -1, 3))
    found = findings(_snapshot(_application(*held, owners=(gone,), federated=(trust(IDENTITY_CLIENT),))))
    assert len({each.rule for each in found}) >= 8
    for each in found:
        rule = RULES[each.rule]
        assert each.severity in rule.severities
        assert each.advice == rule.advice
        assert each.subject.startswith("orders-api")


def test_the_page_lists_every_rule_and_every_threshold() -> None:
    page = _PAGE.read_text("utf-8")
    rows = [f"| `{each.name}` | {each.default} |" for each in dataclasses.fields(Thresholds)]
    for name, rule in RULES.items():
        severities = " or ".join(rule.severities)
        rows.append(f"| {name} | {severities} | {rule.confidence} | {rule.when} | {rule.advice} |")
    assert not [row for row in rows if row not in page]
    assert page.count("\n| ") == len(rows) + 2  # a head for each table
