"""Every kind of credential and holder, classified by a real scan of a tenant that knows what each of them is."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import csv
import io
import json
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import convert, report, snapshot
from inventory.classify import reconcile, reconciled
from inventory.cloud import Cloud
from inventory.estate import RoleKind, Tier
from inventory.explain import explain
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.hygiene import findings
from inventory.model import Application, Credential, CredentialKind, Purpose, ServicePrincipal, Snapshot
from inventory.privilege import tier_of
from inventory.scan import Readers, scan
from migrate.emulator.server import Emulator
from reports.render import render
from tests.inventory.labelled import EXEMPT, FOREIGN_TENANT, MICROSOFT_TENANT, Labels, labelled_tenant
from tests.inventory.values import guid
from tests.support.examples import share

_AUTHENTICATION, _SIGNING = Purpose.AUTHENTICATION, Purpose.SIGNING
_ENCRYPTION, _UNKNOWN = Purpose.ENCRYPTION, Purpose.UNKNOWN
_SECRET = (_AUTHENTICATION, "a client secret that belongs to no signing key")
_CLIENT = (_AUTHENTICATION, "a certificate with usage Verify that belongs to no signing key")
_SIGN = (_SIGNING, "its usage is Sign")
_PREFERRED = (_SIGNING, "preferredTokenSigningKeyThumbprint names it")
_BY_ID = (_SIGNING, "it shares its keyId with a signing key")
_BY_MARK = (_SIGNING, "it shares its customKeyIdentifier with a signing key")
_LEFT = (_UNKNOWN, "certificate and password belong together, and no signing key explains why")
_MAY_VERIFY = (_UNKNOWN, "on a SAML application it may verify signed requests")
_CARRIES_MARK = (_UNKNOWN, "it carries a thumbprint, as the password of a signing key does, and no key explains it")
_NAMED = (_ENCRYPTION, "tokenEncryptionKeyId names it")
_ACROSS = "of the application or of its service principal"

LABELLED: dict[str, tuple[Purpose, str]] = {
    "plain: secret": _SECRET,
    "plain: secret of the principal": _SECRET,
    "made for saml: secret of the principal": _SECRET,
    "secret on the principal: principal secret 0": _SECRET,
    "old portal secret: application secret 0": _SECRET,
    "described on saml: principal secret 0": _SECRET,
    "marked on saml: principal secret 0": _CARRIES_MARK,
    "left over: principal secret 0": _CARRIES_MARK,
    "sha1 certificate: application Verify key 0": _CLIENT,
    "sha256 certificate: application Verify key 0": _CLIENT,
    "certificate for saml: principal Verify key 0": _MAY_VERIFY,
    "application certificate of saml: application Verify key 0": _MAY_VERIFY,
    "new usage: application Attest key 0": (_UNKNOWN, "its usage is Attest"),
    "new type: application Verify key 0": (_UNKNOWN, "its type is PostQuantumKey"),
    "symmetric: application Verify key 0": (_UNKNOWN, "its type is Symmetric"),
    "usage encrypt: application Encrypt key 0": (_ENCRYPTION, "its usage is Encrypt"),
    "saml: principal secret 0": _BY_ID,
    "saml: principal Sign key 0": _SIGN,
    "saml: principal Verify key 1": _BY_MARK,
    "old saml: principal secret 0": _PREFERRED,
    "old saml: principal Sign key 0": _SIGN,
    "old saml: principal Verify key 1": _PREFERRED,
    "saml with a secret: application secret 0": _SECRET,
    "saml with a secret: principal secret 0": _PREFERRED,
    "saml with a secret: principal Sign key 0": _SIGN,
    "saml with a secret: principal Verify key 1": _PREFERRED,
    "custom signing: application secret 0": _SECRET,
    "custom signing: principal secret 0": _BY_ID,
    "custom signing: principal Sign key 0": _SIGN,
    "custom signing: principal Verify key 1": _BY_MARK,
    "saml by key id: principal secret 0": _BY_ID,
    "saml by key id: principal Sign key 0": _SIGN,
    "saml by key id: principal Verify key 1": _BY_MARK,
    "saml by identifier: principal secret 0": _BY_MARK,
    "saml by identifier: principal Sign key 0": _SIGN,
    "saml by identifier: principal Verify key 1": _BY_MARK,
    "rest of a triple: principal secret 0": _LEFT,
    "rest of a triple: principal Verify key 0": _LEFT,
    "torn triple: application secret 0": (_SIGNING, f"it shares its keyId with a signing key {_ACROSS}"),
    "torn triple: application Verify key 0": (_SIGNING, f"it shares its thumbprint with a signing key {_ACROSS}"),
    "torn triple: principal Sign key 0": _SIGN,
    "token encryption: application secret 0": _SECRET,
    "token encryption: application Verify key 0": _NAMED,
    "encryption of the principal: principal Verify key 0": _NAMED,
    "encryption across: application Verify key 0": (_ENCRYPTION, f"it is the encryption key {_ACROSS}"),
    "foreign: principal secret 0": _SECRET,
    "of Microsoft: principal secret 0": _SECRET,
    "switched off: application secret 0": _SECRET,
    **{f"{label}: application secret 0": _SECRET for label in (
        "no owner", "single owner", "disabled owner", "one owner of two disabled", "two owners", "several tenants",
        "made by a program", "expired", "expiring", "too long", "old", "unnamed", "endless", "several",
    )},
    "several: application secret 1": _SECRET,
    "several: application secret 2": _SECRET,
}  # fmt: skip
"""Purpose and reason of every labelled credential."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A scan of the labelled tenant, and what everything in it is."""

    emulator: Emulator
    labels: Labels
    read: Snapshot
    path: Path

    def credential(self, label: str) -> Credential:
        key_id, kind = self.labels.keys[label]
        holders: tuple[Application | ServicePrincipal, ...] = (*self.read.applications, *self.read.service_principals)
        [found] = [
            each for one in holders for each in one.credentials if (each.key_id, each.kind.value) == (key_id, kind)
        ]
        return found

    def application(self, name: str) -> Application:
        return next(one for one in self.read.applications if one.client_id == self.labels.clients[name])

    def principal(self, name: str) -> ServicePrincipal:
        return next(one for one in self.read.service_principals if one.client_id == self.labels.clients[name])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    path: Path = tmp_path_factory.mktemp("labelled") / "s.db"
    with labelled_tenant() as (emulator, labels), pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)

        async def run() -> None:
            async with GraphConnection(GraphSettings(graph_endpoint=emulator.graph_endpoint)) as connection:
                readers = Readers(directory=GraphDirectory(connection, tier_of=tier_of))
                await scan(readers, path, cloud=Cloud.PUBLIC, progress=lambda *_: None)

        asyncio.run(run())
        yield Found(emulator=emulator, labels=labels, read=reconciled(snapshot.read(path)), path=path)


def test_every_label_is_judged_here(found: Found) -> None:
    assert set(found.labels.keys) == set(LABELLED)
    assert {purpose for purpose, _ in LABELLED.values()} == set(Purpose)


@pytest.mark.parametrize("label", LABELLED)
def test_a_labelled_credential_is_what_it_is_and_says_why(found: Found, label: str) -> None:
    one = found.credential(label)
    assert (one.purpose, one.purpose_reason) == LABELLED[label]


def test_thumbprints_of_both_lengths_are_read_and_a_description_is_none(found: Found) -> None:
    lengths = {name: found.credential(f"{name} certificate: application Verify key 0") for name in ("sha1", "sha256")}
    assert {name: len(one.thumbprint or "") for name, one in lengths.items()} == {"sha1": 40, "sha256": 64}
    for label in ("old portal secret: application secret 0", "described on saml: principal secret 0"):
        one = found.credential(label)
        assert (one.thumbprint, one.display_name) == (None, None)
        assert one.hint


def test_values_that_are_new_are_kept(found: Found) -> None:
    assert found.credential("new usage: application Attest key 0").usage == "Attest"
    assert found.credential("new type: application Verify key 0").type == "PostQuantumKey"
    flexible = found.application("flexible")
    assert json.loads(flexible.unknown) == {"somethingNew": {"kind": 7}}
    [trusted] = flexible.federated or ()
    assert (trusted.name, trusted.subject) == ("any-repository", None)


def test_principals_of_others_are_set_apart(found: Found) -> None:
    assert found.principal("foreign").home_tenant == FOREIGN_TENANT
    assert found.principal("of Microsoft").home_tenant == MICROSOFT_TENANT
    registered = {one.client_id for one in found.read.applications}
    assert not registered & {found.labels.clients[name] for name in ("foreign", "of Microsoft")}


def test_managed_identities_are_no_principals_with_certificates(found: Found) -> None:
    tenant = found.emulator.tenant
    assert {one.principal_id: one.user_assigned for one in found.read.identities} == {
        one.principal_id: one.user_assigned for one in tenant.identities.values()
    }
    assert {one.user_assigned for one in found.read.identities} == {True, False}
    listed = {one.id for one in found.read.service_principals}
    assert not listed & set(tenant.identities)
    rotated = {key.key_id for one in tenant.service_principals if one.type == "ManagedIdentity" for key in one.keys}
    assert rotated
    assert not rotated & {one.key_id for holder in found.read.service_principals for one in holder.credentials}


def test_locks_policies_and_switches_are_read(found: Found) -> None:
    lock = found.application("plain").lock
    assert lock is not None
    assert (lock.enabled, lock.everything) == (True, True)
    assert found.application("deactivated").disabled is True
    assert found.principal("switched off").enabled is False
    default, own = sorted(found.read.policies, key=lambda one: not one.is_default)
    assert (default.enabled, [one.longest for one in default.restrictions]) == (True, ["P180D"])
    assert [json.loads(one.excluded_actors or "") for one in default.restrictions] == [EXEMPT]
    assert [one.excluded_actors for one in own.restrictions] == [""]
    assert (own.name, own.applies_to) == ("lenient", (found.application("plain").id,))


def test_roles_have_their_tier_and_its_reason(found: Found) -> None:
    held = {(one.role, one.scope.split("/")[1] if one.scope else ""): one.tier for one in found.read.roles}
    assert held["Global Administrator", ""] is held["Application Administrator", ""] is Tier.CONTROL
    assert held["User Administrator", "administrativeUnits"] is held["Directory Readers", ""] is Tier.MANAGEMENT
    assert held["Application.ReadWrite.All", ""] is Tier.CONTROL
    assert held["Organization.Read.All", ""] is Tier.WORKLOAD
    assert {one.kind for one in found.read.roles} == set(RoleKind)
    assert all(one.reason for one in found.read.roles)
    assert len([one for one in found.read.roles if one.kind is RoleKind.DIRECTORY_ROLE]) == 4


def test_hygiene_finds_what_is_wrong_with_each_and_nothing_about_what_signs(found: Found) -> None:
    rules: dict[str, set[str]] = {}
    for each in findings(found.read):
        rules.setdefault(each.subject, set()).add(each.rule)

    def of(name: str) -> set[str]:
        return rules.get(f"{name} ({found.labels.clients[name]})", set())

    assert {"several-live-secrets", "credential-on-service-principal"} <= of("plain")
    assert "credential-longer-than-policy" not in of("plain"), "a policy of its own allows more than the default"
    assert "credential-longer-than-policy" in of("old portal secret")
    assert "credential-unnamed" in of("old portal secret")
    assert "credential-on-service-principal" in of("secret on the principal")
    assert "foreign-principal-with-credential" in of("foreign")
    assert "microsoft-principal-with-credential" in of("of Microsoft")
    for name in ("saml", "old saml", "saml by key id", "torn triple", "encryption across", "new usage", "symmetric"):
        assert of(name) == {"application-without-owner"}


_DATED = "credential-longer-than-policy"  # all but the two whose life is shorter than the 180 days of the default
_UNOWNED = "application-without-owner"
FOUND: dict[str, set[str]] = {
    "no owner": {_UNOWNED},
    "single owner": {"application-with-single-owner"},
    "disabled owner": {"application-with-single-owner", "owner-disabled"},
    "one owner of two disabled": {"owner-disabled"},
    "two owners": set(),
    "several tenants": set(),
    "made by a program": {"application-created-by-application"},
    "expired": {_UNOWNED, "credential-expired"},
    "expiring": {_UNOWNED, "credential-expiring"},
    "too long": {_UNOWNED, "credential-too-long", _DATED},
    "old": {_UNOWNED, "credential-old", _DATED},
    "unnamed": {_UNOWNED, "credential-unnamed"},
    "endless": {_UNOWNED, "credential-endless", "credential-unnamed", _DATED},
    "several": {_UNOWNED, "several-live-secrets", "credential-expired"},
}
"""Rules that find something wrong with each, beside that its use is unknown."""


@pytest.mark.parametrize("label", FOUND)
def test_owners_dates_and_names_are_judged_as_labelled(found: Found, label: str) -> None:
    subject = f"{label} ({found.labels.clients[label]})"
    rules = {each.rule for each in findings(found.read) if each.subject == subject}
    assert rules - {"credential-use-unknown"} == FOUND[label]


def test_every_view_of_the_snapshot_says_the_same_of_each_credential(found: Found) -> None:
    whole = report.document(found.path, limit=None)
    told = {name: render(whole, name) for name in ("csv", "json", "html", "markdown")}
    of_csv = list(csv.DictReader(io.StringIO(told["csv"].decode("utf-8-sig"))))
    of_json = next(one["rows"] for one in json.loads(told["json"])["tables"] if one["name"] == "credentials")
    with contextlib.closing(sqlite3.connect(found.path)) as database:
        frame = pd.read_sql("SELECT * FROM credentials", database)
    assert len(of_csv) == len(of_json) == len(frame)
    for label, (purpose, reason) in LABELLED.items():
        key_id, kind = found.labels.keys[label]
        [row] = [one for one in of_json if (one["key_id"], one["kind"]) == (key_id, kind)]
        [line] = [one for one in of_csv if (one["key_id"], one["kind"]) == (key_id, kind)]
        [cells] = frame[(frame.key_id == key_id) & (frame.kind == kind)].to_dict("records")
        assert (row["purpose"], row["purpose_reason"]) == (purpose.value, reason)
        assert (line["purpose"], line["purpose_reason"]) == (purpose.value, reason)
        assert (cells["purpose"], cells["purpose_reason"]) == (purpose.value, reason)
        assert key_id in told["html"].decode()
        assert key_id in told["markdown"].decode()
        [story] = [one for one in explain(found.path, key_id).stories if one.title.startswith(kind)]
        said = {known.text for section in story.sections for known in section.known}
        assert f"purpose: {purpose.value}, since {reason}" in said
        used = {text.partition(":")[0] for section in story.sections if section.title == "use, taken together"
                for text in [section.known[0].text]}  # fmt: skip
        assert used == ({row["use"]} if row["use"] else set())
        assert line["use"] == (row["use"] or "")


_Part = tuple[str, dict[str, Any]]


def _mark(number: int, size: int) -> str:
    return base64.b64encode(random.Random(number).randbytes(size)).decode()  # noqa: S311 - the same in every run


def _key(key_id: str, usage: str, form: str, mark: str | None) -> _Part:
    return "keyCredentials", {"keyId": key_id, "usage": usage, "type": form, "customKeyIdentifier": mark}


def _password(key_id: str, mark: str | None) -> _Part:
    return "passwordCredentials", {"keyId": key_id, "hint": "aB1", "customKeyIdentifier": mark}


def _triple(number: int, size: int, *, by_id: bool, by_mark: bool) -> list[_Part]:
    """A signing triple whose password hangs on its key by keyId, by identifier or by both."""
    sign, verify, password = (guid("e", 10 * number + at) for at in range(3))
    mark = _mark(number, size)
    return [
        _key(sign, "Sign", "X509CertAndPassword", mark),
        _key(verify, "Verify", "AsymmetricX509Cert", mark),
        _password(sign if by_id or not by_mark else password, mark if by_mark else None),
    ]


def _family(kind: str, number: int, size: int) -> list[_Part]:
    match kind:
        case "secret":
            return [_password(guid("e", 10 * number), None)]
        case "described":
            return [_password(guid("e", 10 * number), base64.b64encode("production".encode("utf-16-le")).decode())]
        case "certificate":
            return [_key(guid("e", 10 * number), "Verify", "AsymmetricX509Cert", _mark(number, size))]
        case "left":
            return _triple(number, size, by_id=False, by_mark=True)[1:]
        case _:
            return _triple(number, size, by_id=kind != "by mark", by_mark=kind != "by id")


_KINDS = st.sampled_from(["secret", "described", "certificate", "left", "by id", "by mark", "by both"])
_FAMILIES = st.lists(st.tuples(_KINDS, st.sampled_from([20, 32])), min_size=1, max_size=5)


def _judged(
    application: list[_Part], principal: list[_Part], mode: str | None
) -> dict[tuple[str, CredentialKind], Purpose]:
    """Convert both objects as Graph tells them, let them hear each other, and say what each credential is."""

    def body(parts: list[_Part], **more: Any) -> bytes:
        lists: dict[str, list[Any]] = {"keyCredentials": [], "passwordCredentials": []}
        for name, part in parts:
            lists[name].append(part)
        return json.dumps({"appId": guid("d", 1), "displayName": "x", **lists, **more}).encode()

    one = convert.application(body(application, id=guid("c", 1)), ())
    other = convert.service_principal(
        body(principal, id=guid("7", 1), servicePrincipalType="Application", preferredSingleSignOnMode=mode)
    )
    assert isinstance(one, Application)
    assert isinstance(other, ServicePrincipal)
    return {(each.key_id, each.kind): each.purpose for each in reconcile(one, other)}


@settings(max_examples=share(300))
@given(_FAMILIES, st.sampled_from([None, "saml", "oidc"]), st.randoms(use_true_random=False), st.data())
def test_any_mix_is_classified_the_same_in_any_order_and_on_either_object(
    families: list[tuple[str, int]], mode: str | None, dice: random.Random, data: st.DataObject
) -> None:
    parts = [part for number, (kind, size) in enumerate(families) for part in _family(kind, number, size)]
    straight = _judged(parts, [], mode)
    shuffled = list(parts)
    dice.shuffle(shuffled)
    here = data.draw(st.lists(st.booleans(), min_size=len(parts), max_size=len(parts)))
    split = [[part for part, own in zip(shuffled, here, strict=True) if own is side] for side in (True, False)]
    assert _judged(split[0], split[1], mode) == straight
    for number, (kind, _) in enumerate(families):
        found = {purpose for (key_id, _), purpose in straight.items() if int(key_id[-12:]) // 10 == number}
        if kind in ("by id", "by mark", "by both"):
            assert found == {Purpose.SIGNING}
        elif kind == "left":
            assert found == {Purpose.UNKNOWN}
        elif kind == "certificate":
            assert found == {Purpose.UNKNOWN if mode == "saml" else Purpose.AUTHENTICATION}
        else:
            assert found == {Purpose.AUTHENTICATION}
