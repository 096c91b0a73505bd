from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from inventory import snapshot
from inventory.errors import CodeFileError, NoSuchCredentialError
from inventory.estate import Policy, SettingKind, Tier
from inventory.explain import CodeSite, Explanation, Section, code_sites, explain, lines
from inventory.hygiene_context import STANDARD, Context
from inventory.model import ClientId, CredentialKind, Holder, KeyId, Lock, Purpose, ScanNote, Snapshot, TenantId
from inventory.usage import SourceName, Use
from inventory.usage_verdict import Unused
from tests.inventory import values
from tests.inventory.values import NOW

_CLIENT = values.guid("d", 1)
_SIGN_INS = SourceName("graph-sign-ins")
_SITES = (
    CodeSite(
        path="a.py",
        line=7,
        construct="ClientSecretCredential",
        result="reported",
        client_id=_CLIENT.upper(),
        secret_source="APP_SECRET",
    ),
    CodeSite(path="b.py", line=9, construct="ClientAssertionCredential", result="already assertion", client_id=_CLIENT),
    CodeSite(path="c.py", line=1, construct="ClientSecretCredential", result="reported"),
)
_USED = dataclasses.replace(
    values.use(1, address="203.0.113.7"),
    source=_SIGN_INS,
    resource=values.guid("2", 2),
    delegated=False,
    successes=4,
    failures=1,
)
_GRAPH = dataclasses.replace(
    values.principal(2), client_id=ClientId(values.guid("2", 2)), display_name="Microsoft Graph"
)
_WHOLE = values.snapshot(
    dataclasses.replace(
        values.application(
            1, credentials=(values.secret(1), values.secret(2)), federated=(values.trust(), values.trust("gone"))
        ),
        lock=Lock(enabled=True, everything=False, verify=True, sign=True, encryption=False),
    ),
    principals=(values.principal(1), _GRAPH),
    hosts=(
        values.host(
            1,
            settings=(
                values.setting("AZURE_CLIENT_ID", SettingKind.CLIENT_ID, client=_CLIENT),
                values.setting("APP_SECRET", SettingKind.SECRET, reference="vault/orders"),
            ),
        ),
        values.host(2, settings=None),
    ),
    roles=(values.role(tier=Tier.CONTROL),),
    policies=(values.policy(),),
    sources=(
        values.source(blind=("what managed identities do",)),
        values.source(_SIGN_INS),
        values.source(SourceName("log-analytics"), missing="Log Analytics Reader not granted"),
    ),
    uses=(_USED,),
)


def _explained(
    tmp_path: Path, value: Snapshot, key: str = values.guid("e", 1), sites: tuple[CodeSite, ...] | None = None
) -> Explanation:
    path = tmp_path / "s.db"
    snapshot.write(path, value)
    return explain(path, key, sites)


def _sections(found: Explanation) -> dict[str, Section]:
    (story,) = found.stories
    return {one.title: one for one in story.sections}


def _texts(section: Section) -> str:
    return "\n".join(one.text for one in section.known)


def test_every_source_is_told_with_its_evidence(tmp_path: Path) -> None:
    sections = _sections(_explained(tmp_path, _WHOLE, values.guid("e", 1).upper(), _SITES))
    assert "purpose: authentication, since made up" in _texts(sections["what it is"])
    assert "valid from 2025-11-22 10:00 to 2026-06-10 10:00: live" in _texts(sections["what it is"])
    assert "1 other credentials of this client authenticate" in _texts(sections["holder"])
    assert "user Ana, enabled, of the application" in _texts(sections["owners"])
    assert "nobody owns the service principal" in _texts(sections["owners"])
    assert "Directory.Read.All on Microsoft Graph: tier 0, reads the whole directory" in _texts(sections["roles"])
    assert _texts(sections["use, by graph-sign-ins"]).splitlines() == [
        "last success 2026-02-27 10:00, last attempt 2026-03-02 10:00; 4 successes, 1 failures",
        f"203.0.113.7 for Microsoft Graph ({values.guid('2', 2)}), without a user, last success 2026-02-27 10:00",
    ]
    assert "not the same as unused" in _texts(sections["use, by graph-credential-activity"])
    assert _texts(sections["federated credentials"]).splitlines() == [
        "id-orders: trusts the managed identity id-orders of this tenant",
        "id-orders: names no managed identity of this tenant (gone)",
    ]
    assert "id-orders is attached to microsoft.web/sites orders1" in _texts(sections["identity and its hosts"])
    assert (
        _texts(sections["host settings"])
        == "microsoft.web/sites orders1: AZURE_CLIENT_ID names the application; APP_SECRET (from vault/orders) may "
        "hold this credential"
    )
    assert "default policy no long secrets: passwordLifetime enabled P90D" in _texts(sections["policies and lock"])
    assert "locked on its service principals: verify, sign" in _texts(sections["policies and lock"])
    assert "a.py:7: ClientSecretCredential, secret from APP_SECRET (reported)" in _texts(sections["code"])
    assert all(one.evidence for section in sections.values() for one in section.known)
    window = sections["use, by graph-sign-ins"].known[0].evidence
    assert window == (
        "graph-sign-ins, read 2026-03-02 10:00, covers 2026-01-31 10:00 to 2026-03-02 09:00, keeps 30 days"
    )


def test_what_breaks_is_named_and_what_was_not_seen_is_said(tmp_path: Path) -> None:
    (story,) = _explained(tmp_path, _WHOLE, sites=_SITES).stories
    assert [one.text.partition(" ")[0] for one in story.breaks] == ["203.0.113.7", "microsoft.web/sites", "a.py:7:"]
    assert story.verdict == "3 known uses stop working"
    assert set(story.unseen) == {
        "graph-credential-activity: what happened before 2026-01-31 10:00, or after 2026-03-02 09:00",
        "graph-credential-activity: what managed identities do",
        "graph-sign-ins: what happened before 2026-01-31 10:00, or after 2026-03-02 09:00",
        "log-analytics: Log Analytics Reader not granted",
        "the settings of 1 of 2 hosts",
        "one place in the code does not say whose sign-in it is",
    }


def test_directory_roles_that_could_not_be_read_are_not_none(tmp_path: Path) -> None:
    note = ScanNote(subject="directory roles", text="RoleManagement.Read.Directory not granted")
    bare = values.snapshot(
        values.application(1, credentials=(values.secret(1),)), principals=(values.principal(1),), roles=()
    )
    (story,) = _explained(tmp_path, dataclasses.replace(bare, notes=(note,))).stories
    assert "directory roles: RoleManagement.Read.Directory not granted" in story.unseen
    assert "holds no role" not in "\n".join(lines(_explained(tmp_path, dataclasses.replace(bare, notes=(note,)))))


def test_nothing_known_is_never_unused(tmp_path: Path) -> None:
    bare = values.snapshot(
        values.application(1, owners=None, federated=None, credentials=(values.secret(1),)), identities=()
    )
    notes = (
        ScanNote(subject="roles", text="RoleManagement.Read.Directory not granted"),
        ScanNote(subject="application x", text="unreadable: odd"),
    )
    (story,) = _explained(tmp_path, dataclasses.replace(bare, notes=notes)).stories
    assert story.breaks == ()
    assert story.verdict == "nothing known uses it, and here is what could not be seen"
    assert set(story.unseen) == {
        "the owners of the application could not be read",
        "roles: RoleManagement.Read.Directory not granted",
        "no source of evidence was read: use is unknown",
        "the federated credentials could not be read",
        "no host is in the snapshot: none was read, or there is none",
        "no code was looked at: give results of 'unsecret rewrite' with --code",
        "1 objects of the tenant could not be understood",
    }
    told = "\n".join(lines(_explained(tmp_path, dataclasses.replace(bare, notes=notes))))
    assert {told.count(text) for text in story.unseen} == {1}, "each is told once, under what could not be seen"
    assert "  use\n    unknown, see the end" in told


def test_the_beginning_of_a_key_id_is_enough_where_no_other_begins_so(tmp_path: Path) -> None:
    held = values.application(1, credentials=(values.secret(1), values.secret(2), values.secret(17)))
    snapshot.write(tmp_path / "s.db", values.snapshot(held))
    one, two = values.guid("e", 1), values.guid("e", 17)
    assert explain(tmp_path / "s.db", two[:-1].upper()).key_id == two
    assert explain(tmp_path / "s.db", one).key_id == one, "a whole key id is never the beginning of another"
    with pytest.raises(NoSuchCredentialError, match=f"begin with e.*: {one}, .*{two}; give more of it"):
        explain(tmp_path / "s.db", one[:4])
    with pytest.raises(NoSuchCredentialError, match="has the key id f1"):
        explain(tmp_path / "s.db", "f1")


def test_failed_attempts_are_no_use_and_what_is_not_told_is_unknown(tmp_path: Path) -> None:
    failed = dataclasses.replace(_USED, last_success=None, successes=0, failures=3, address="203.0.113.8")
    untold = values.use(1, at=None)
    unnamed = Use(source=_SIGN_INS, client_id=ClientId(_CLIENT), last_success=NOW)
    value = dataclasses.replace(_WHOLE, uses=(failed, untold, unnamed), hosts=(), policies=())
    (story,) = _explained(tmp_path, value, sites=()).stories
    assert story.breaks == ()
    assert "graph-credential-activity: whether the attempt of 2026-03-02 10:00 succeeded" in story.unseen
    assert (
        "graph-sign-ins: the application was used, last 2026-03-02 10:00, by a credential it does not name"
        in story.unseen
    )


def test_a_certificate_that_a_source_names_by_its_thumbprint_is_found(tmp_path: Path) -> None:
    mark = "AB" * 20
    certificate = dataclasses.replace(values.secret(1), kind=CredentialKind.CERTIFICATE, thumbprint=mark)
    use = dataclasses.replace(_USED, key_id=None, thumbprint=mark)
    other = dataclasses.replace(_USED, key_id=None, thumbprint="CD" * 20, address="203.0.113.9")
    value = values.snapshot(
        values.application(1, credentials=(certificate,)), sources=(values.source(_SIGN_INS),), uses=(use, other)
    )
    (story,) = _explained(tmp_path, value).stories
    assert [one.text.partition(" ")[0] for one in story.breaks] == ["203.0.113.7"]


def test_all_credentials_of_a_signing_triple_are_told(tmp_path: Path) -> None:
    sp = values.guid("7", 1)
    sign = dataclasses.replace(
        values.secret(1, purpose=Purpose.SIGNING, holder=Holder.SERVICE_PRINCIPAL, holder_id=sp),
        kind=CredentialKind.CERTIFICATE,
        usage="Sign",
        end=NOW - timedelta(days=1),
    )
    password = dataclasses.replace(sign, kind=CredentialKind.SECRET, usage=None)
    principal = dataclasses.replace(values.principal(1, credentials=(sign, password)), sign_on_mode="saml")
    found = _explained(tmp_path, values.snapshot(values.application(1), principals=(principal,)))
    assert [one.title.partition(" ")[0] for one in found.stories] == ["certificate", "secret"]
    for story in found.stories:
        assert [one.text for one in story.breaks] == [
            "single sign-on to orders-api (saml): its tokens are signed with this key"
        ]
    assert "2 credentials have this key id" in list(lines(found))


def test_a_key_that_the_other_holder_encrypts_with_breaks_decryption(tmp_path: Path) -> None:
    key = values.secret(1)
    value = values.snapshot(
        values.application(1, credentials=(key,)), principals=(values.principal(1, encryption_key=key.key_id),)
    )
    found = _explained(tmp_path, value)
    assert [one.text for one in found.stories[0].breaks] == [
        "token decryption at orders-api: its tokens are encrypted with this key"
    ]
    assert "its holder alone says authentication (made up); the other holder corrects it" in _texts(
        _sections(found)["what it is"]
    )


def test_what_ended_authenticates_nobody_any_more(tmp_path: Path) -> None:
    value = dataclasses.replace(_WHOLE, applications=(values.application(1, credentials=(values.secret(1, end=NOW),)),))
    (story,) = _explained(tmp_path, value, sites=_SITES).stories
    assert (story.breaks, story.verdict) == ((), "it ended 2026-03-02 10:00: it authenticates nobody any more")


def test_a_credential_of_a_foreign_application_says_what_is_not_here(tmp_path: Path) -> None:
    secret = values.secret(1, holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 1))
    foreign = dataclasses.replace(values.principal(1, credentials=(secret,)), home_tenant=TenantId(values.guid("1", 1)))
    found = _explained(tmp_path, values.snapshot(principals=(foreign,)))
    holder = _sections(found)["holder"]
    assert f"registered in tenant {values.guid('1', 1)}" in _texts(holder)
    assert "registered in another tenant or gone" in holder.unseen[0]


def test_a_key_id_that_nobody_holds_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NoSuchCredentialError, match="key ids are in its table credentials"):
        _explained(tmp_path, _WHOLE, "nonsense")
    gone = dataclasses.replace(_WHOLE, uses=(dataclasses.replace(_USED, key_id=KeyId(values.guid("e", 7))),))
    with pytest.raises(NoSuchCredentialError, match=r"graph-sign-ins saw it, last .*: it is gone") as caught:
        _explained(tmp_path, gone, values.guid("e", 7))
    assert "\n" not in str(caught.value)


def test_results_of_rewrite_are_read_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "rewrite.json"
    site = {
        "path": "a.py",
        "line": 7,
        "construct": "X",
        "client_id": None,
        "secret_source": None,
        "result": "rewritten",
        "application": _CLIENT,
        "message": "",
    }
    path.write_text(json.dumps({"scanned": 1, "sites": [site], "failed": [], "variables": []}))
    assert [one.whose for one in code_sites(path)] == [_CLIENT]
    for content in ("[]", '{"sites": [{}]}', "\xff", ""):
        path.write_text(content, encoding="latin-1")
        with pytest.raises(CodeFileError, match="is no result of 'unsecret rewrite"):
            code_sites(path)
    with pytest.raises(CodeFileError, match="cannot be read"):
        code_sites(tmp_path)


def _rules_of(tmp_path: Path, *policies: Policy, notes: tuple[ScanNote, ...] = (), key: int = 1) -> Section:
    local = values.secret(5, holder=Holder.SERVICE_PRINCIPAL, holder_id=values.guid("7", 1))
    value = values.snapshot(
        values.application(1, credentials=(values.secret(1),)),
        principals=(values.principal(1, credentials=(local,)),),
        policies=policies,
        notes=notes,
    )
    return _sections(_explained(tmp_path, value, values.guid("e", key)))["policies and lock"]


def _restricting(name: str, holder: str, since: str | None = None, **changes: Any) -> Policy:
    [one] = values.policy().restrictions
    restriction = dataclasses.replace(one, holder=holder, type=name, longest=None, for_apps_created_after=since)
    return dataclasses.replace(values.policy(), name=name, restrictions=(restriction,), **changes)


def test_only_the_policy_that_binds_the_holder_of_a_credential_is_told(tmp_path: Path) -> None:
    [mine], [theirs] = (_restricting(one, one).restrictions for one in ("applications", "servicePrincipals"))
    default = dataclasses.replace(values.policy(), restrictions=(mine, theirs))
    assigned = _restricting("own", "", is_default=False, id=values.guid("6", 2), applies_to=(values.guid("7", 1),))
    of_application = _texts(_rules_of(tmp_path, default, assigned))
    assert "default policy no long secrets: applications enabled" in of_application
    assert "servicePrincipals" not in of_application
    assert "own" not in of_application, "it is assigned to the service principal"
    of_principal = _texts(_rules_of(tmp_path, default, assigned, key=5))
    assert "assigned policy own: own enabled" in of_principal
    assert "default" not in of_principal


def test_whom_a_restriction_spares_is_told(tmp_path: Path) -> None:
    for since, says in (("2099-01-01T00:00:00Z", ": not for this one"), ("2001-01-01T00:00:00Z", "")):
        told = _texts(_rules_of(tmp_path, _restricting("passwordAddition", "applications", since)))
        assert f"passwordAddition enabled, for those created after {since}{says}" in told.splitlines()[0]
        assert ("not for this one" in told) is bool(says)


def test_where_a_policy_was_not_read_the_default_is_not_said_to_bind(tmp_path: Path) -> None:
    note = ScanNote(subject=f"app management policy {values.guid('6', 2)}", text="the objects that it is assigned to")
    found = _rules_of(tmp_path, values.policy(), notes=(note,))
    assert "default" not in _texts(found)
    assert found.unseen == (f"{note.subject}: {note.text}",)


def test_who_is_exempt_from_a_restriction_is_told(tmp_path: Path) -> None:
    [one] = _restricting("passwordAddition", "applications").restrictions
    for excluded, says in (
        (
            '{"customSecurityAttributes":[{"id":"Team_Exempt"}]}',
            "actors with the custom security attribute Team_Exempt",
        ),
        ('{"somethingNew":true}', "actors that it excludes"),
        ('["odd"]', "actors that it excludes"),
        ('{"customSecurityAttributes":[],"@odata.type":""}', ""),
        ("", ""),
    ):
        restriction = dataclasses.replace(one, excluded_actors=excluded)
        told = _texts(_rules_of(tmp_path, dataclasses.replace(values.policy(), restrictions=(restriction,))))
        assert told.splitlines()[0].endswith(f"passwordAddition enabled{says and f', not for {says}'}")


@pytest.mark.parametrize("told", ["used", "unused", "unknown", "signing"])
def test_the_sources_together_come_to_what_the_report_says(tmp_path: Path, told: str) -> None:
    purpose = Purpose.SIGNING if told == "signing" else Purpose.AUTHENTICATION
    one = values.secret(1, purpose=purpose)
    nobody = dataclasses.replace(
        values.use(1), key_id=None, delegated=True, first=None, last=None, last_success=None, successes=None,
        failures=None,
    )  # fmt: skip
    uses = {"used": (nobody, _USED), "unused": (nobody,)}.get(told, ())
    application = dataclasses.replace(values.application(1, credentials=(one,)), sign_in_audience="AzureADMyOrg")
    value = values.snapshot(application, sources=(values.source(), values.source(_SIGN_INS)), uses=uses)
    section = _sections(_explained(tmp_path, value)).get("use, taken together")
    if told == "signing":
        assert section is None, "no source shows the use of what signs"
        return
    assert section is not None
    answer = Context.of(value, STANDARD).use_of(one)
    assert type(answer).__name__.lower() == told
    said = f"unused for {answer.days} days" if isinstance(answer, Unused) else told
    assert _texts(section) == f"{said}: {'; '.join(answer.because)}"


def test_what_nobody_understands_is_no_known_use(tmp_path: Path) -> None:
    odd = values.secret(1, purpose=Purpose.UNKNOWN)
    bare = values.snapshot(values.application(1, credentials=(odd,)))
    (story,) = _explained(tmp_path, bare).stories
    assert story.verdict == "nobody can say, as its purpose is not understood"
    assert len(story.breaks) == 1
    (story,) = _explained(
        tmp_path, dataclasses.replace(bare, uses=(_USED,), sources=(values.source(_SIGN_INS),))
    ).stories
    assert story.verdict == "one known use stops working"


def test_a_source_without_a_window_says_so(tmp_path: Path) -> None:
    activity = dataclasses.replace(values.source(), since=None)
    timeless = dataclasses.replace(values.source(_SIGN_INS), since=None, until=None)
    whole = values.snapshot(values.application(1, credentials=(values.secret(1),)), sources=(activity, timeless))
    (story,) = _explained(tmp_path, whole).stories
    assert {
        "graph-credential-activity: how far back it sees, and what happened after 2026-03-02 09:00",
        "graph-sign-ins: which time it shows",
    } <= set(story.unseen)


def test_hosts_that_may_be_in_what_azure_did_not_show_are_told(tmp_path: Path) -> None:
    hidden = ScanNote(subject="subscription s", text="Reader not granted on the whole of it")
    bare = values.snapshot(
        values.application(1, credentials=(values.secret(1),)), hosts=(values.host(),), notes=(hidden,)
    )
    (story,) = _explained(tmp_path, bare).stories
    assert f"{hidden.subject}: {hidden.text}" in story.unseen
