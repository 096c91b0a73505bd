from __future__ import annotations

import base64
import dataclasses
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.classify import (
    Expiry,
    HolderFacts,
    KeyFacts,
    expiry,
    named_thumbprint,
    purposes,
    reconcile,
    reconciled,
    secret_thumbprint,
    thumbprint,
)
from inventory.model import Application, Credential, CredentialKind, KeyId, Purpose, ServicePrincipal
from tests.inventory import values
from tests.inventory.values import NOW, secret

_MARK = base64.b64encode(bytes(range(20))).decode()
_PRINT = bytes(range(20)).hex().upper()
_OTHER = base64.b64encode(bytes(range(32))).decode()


def _secret(key_id: str, identifier: str | None = None) -> KeyFacts:
    return KeyFacts(key_id=key_id, kind=CredentialKind.SECRET, identifier=identifier)


def _key(
    key_id: str, usage: str | None = "Verify", *, form: str | None = "AsymmetricX509Cert", identifier: str | None = None
) -> KeyFacts:
    return KeyFacts(key_id=key_id, kind=CredentialKind.CERTIFICATE, usage=usage, type=form, identifier=identifier)


_TRIPLE = (
    _key("s", "Sign", form="X509CertAndPassword", identifier=_OTHER),
    _key("v", identifier=_OTHER),
    _secret("s", _OTHER),
)


def _judged(holder: HolderFacts, *keys: KeyFacts) -> list[Purpose]:
    return [purpose for purpose, _ in purposes(keys, holder)]


def test_a_plain_secret_and_a_plain_certificate_authenticate() -> None:
    assert _judged(HolderFacts(), _secret("a"), _key("b")) == [Purpose.AUTHENTICATION] * 2


def test_the_whole_signing_triple_is_recognised_and_a_secret_beside_it_is_not_taken_along() -> None:
    assert _judged(HolderFacts(), *_TRIPLE, _secret("x"), _key("y", identifier=_MARK)) == [
        Purpose.SIGNING,
        Purpose.SIGNING,
        Purpose.SIGNING,
        Purpose.AUTHENTICATION,
        Purpose.AUTHENTICATION,
    ]


def test_a_triple_hangs_together_by_identifier_alone_and_by_key_id_alone() -> None:
    by_mark = (_key("1", "Sign", identifier=_MARK), _key("2", identifier=_MARK), _secret("3", _MARK))
    by_id = (_key("1", "Sign"), _secret("1"))
    assert set(_judged(HolderFacts(), *by_mark, *by_id)) == {Purpose.SIGNING}


@pytest.mark.parametrize("spelled", [_PRINT.lower(), "\u200e" + " ".join(_PRINT), ":".join(_PRINT), _MARK])
def test_the_preferred_thumbprint_makes_a_signing_key_however_it_is_written(spelled: str) -> None:
    holder = HolderFacts(signing_thumbprint=spelled)
    assert _judged(holder, _key("a", identifier=_MARK), _secret("b", _MARK)) == [Purpose.SIGNING] * 2


def test_the_encryption_key_comes_before_every_other_rule() -> None:
    holder = HolderFacts(encryption_key_id="s")
    assert _judged(holder, *_TRIPLE) == [Purpose.ENCRYPTION, Purpose.SIGNING, Purpose.ENCRYPTION]
    assert _judged(HolderFacts(), _key("a", "Encrypt")) == [Purpose.ENCRYPTION]


@pytest.mark.parametrize(
    "odd",
    [
        _key("a", None),
        _key("a", "Proof"),
        _key("a", form="Symmetric"),
        _key("a", form=None),
        _key("a", form="X509CertAndPassword"),
    ],
)
def test_what_is_not_understood_is_unknown_and_says_why(odd: KeyFacts) -> None:
    [(purpose, reason)] = purposes([odd], HolderFacts())
    assert purpose is Purpose.UNKNOWN
    assert reason


def test_what_is_left_of_a_triple_is_unknown_and_not_a_secret() -> None:
    verify, password = _key("v", identifier=_OTHER), _secret("s", _OTHER)
    assert _judged(HolderFacts(), verify, password) == [Purpose.UNKNOWN, Purpose.UNKNOWN]


def test_a_lone_certificate_on_a_saml_application_may_verify_requests() -> None:
    assert _judged(HolderFacts(sign_on_mode="saml"), _key("a"), _secret("b")) == [
        Purpose.UNKNOWN,
        Purpose.AUTHENTICATION,
    ]


_SAML = (HolderFacts(sign_on_mode="SAML"), HolderFacts(signing_thumbprint="F" * 40))
_DESCRIPTIONS = ("production", "пароль 202", "ci-for-orders-16")  # ten and sixteen letters, as long as a digest


@pytest.mark.parametrize("holder", [*_SAML, HolderFacts(), HolderFacts(sign_on_mode="oidc")])
@pytest.mark.parametrize("identifier", [_MARK, _OTHER, _PRINT])
def test_a_password_that_carries_a_thumbprint_is_not_known_to_be_a_client_secret(
    holder: HolderFacts, identifier: str
) -> None:
    """It may be what is left of a signing triple, also where nothing else says that tokens are signed."""
    [(purpose, reason)] = purposes([_secret("a", identifier)], holder)
    assert purpose is Purpose.UNKNOWN
    assert "thumbprint" in reason


@pytest.mark.parametrize("holder", [*_SAML, HolderFacts()])
@pytest.mark.parametrize("text", ["ci for orders, no. 20", "twenty letters here!", "thirty-two letters, as a SHA-256"])
def test_a_text_that_a_tool_kept_there_makes_no_signing_password(holder: HolderFacts, text: str) -> None:
    identifier = base64.b64encode(text.encode()).decode()
    assert secret_thumbprint(identifier) is None
    assert _judged(holder, _secret("a", identifier)) == [Purpose.AUTHENTICATION]


@pytest.mark.parametrize("holder", _SAML)
@pytest.mark.parametrize("text", [*_DESCRIPTIONS, "ci", "\ufeffterraform"])
def test_a_description_from_the_old_portal_makes_no_signing_password(holder: HolderFacts, text: str) -> None:
    identifier = base64.b64encode(text.encode("utf-16-le")).decode()
    assert secret_thumbprint(identifier) is None
    assert _judged(holder, _secret("a", identifier)) == [Purpose.AUTHENTICATION]


@given(st.sampled_from([20, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_a_digest_in_a_password_is_taken_for_a_description_only_where_every_letter_could_be_one(raw: bytes) -> None:
    letters = all(
        " " <= letter < "\u0600" or letter == "\ufeff" for letter in raw.decode("utf-16-le", errors="replace")
    ) or all(0x20 <= byte <= 0x7E for byte in raw)
    assert letters or secret_thumbprint(base64.b64encode(raw).decode()) == raw.hex().upper()


def test_the_preferred_thumbprint_makes_a_signing_password_without_any_certificate() -> None:
    holder = HolderFacts(signing_thumbprint=_PRINT)
    assert _judged(holder, _secret("a", _MARK), _secret("a"), _secret("b"), _secret(_PRINT.lower())) == [
        Purpose.SIGNING,
        Purpose.SIGNING,
        Purpose.AUTHENTICATION,
        Purpose.SIGNING,
    ]


_IDENTIFIERS = st.sampled_from([None, "", _MARK, _OTHER, "cAByAG8AZAA="])
_KEY_IDS = st.sampled_from(["a", "b", "c", "d"])
_ANY_KEY = st.one_of(
    st.builds(_secret, _KEY_IDS, _IDENTIFIERS),
    st.builds(
        _key,
        _KEY_IDS,
        st.sampled_from([None, "Verify", "verify", "Sign", "Encrypt", "Other"]),
        form=st.sampled_from([None, "AsymmetricX509Cert", "X509CertAndPassword", "Symmetric"]),
        identifier=_IDENTIFIERS,
    ),
)
_ANY_HOLDER = st.builds(
    HolderFacts,
    encryption_key_id=st.one_of(st.none(), _KEY_IDS),
    signing_thumbprint=st.sampled_from([None, "", _PRINT]),
    sign_on_mode=st.sampled_from([None, "saml", "oidc"]),
)


@given(st.lists(_ANY_KEY, max_size=8), _ANY_HOLDER, st.randoms())
def test_order_never_matters(keys: list[KeyFacts], holder: HolderFacts, random: object) -> None:
    shuffled = list(range(len(keys)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    straight = purposes(keys, holder)
    mixed = purposes([keys[index] for index in shuffled], holder)
    assert [straight[index] for index in shuffled] == list(mixed)


@given(st.lists(_ANY_KEY, max_size=8), _ANY_HOLDER)
def test_nothing_near_a_signing_or_encryption_key_is_ever_offered_for_removal(
    keys: list[KeyFacts], holder: HolderFacts
) -> None:
    signing = [key for key in keys if key.usage == "Sign"]
    for key, (purpose, reason) in zip(keys, purposes(keys, holder), strict=True):
        assert reason
        if purpose is Purpose.AUTHENTICATION:
            assert key.key_id != holder.encryption_key_id
            assert key.key_id not in {one.key_id for one in signing}
            assert not key.identifier or key.identifier not in {one.identifier for one in signing}


@given(st.lists(_ANY_KEY, max_size=6), _ANY_HOLDER)
def test_adding_a_triple_of_its_own_changes_nothing_else(keys: list[KeyFacts], holder: HolderFacts) -> None:
    mark = base64.b64encode(b"q" * 20).decode()
    triple = [_key("t", "Sign", identifier=mark), _key("u", identifier=mark), _secret("t", mark)]
    assert purposes([*keys, *triple], holder)[: len(keys)] == purposes(keys, holder)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (_MARK, _PRINT),
        (_OTHER, bytes(range(32)).hex().upper()),
        (_PRINT.lower(), _PRINT),
        (base64.b64encode(_PRINT.encode()).decode(), _PRINT),
        (":".join(bytes([byte]).hex() for byte in range(20)), _PRINT),
        (f"\u200e{_PRINT[:20]} {_PRINT[20:]} ", _PRINT),
        (base64.urlsafe_b64encode(b"\xfb\xff" * 10).decode().rstrip("="), "FBFF" * 10),
        (base64.b64encode(b"\xfb\xff" * 10).decode(), "FBFF" * 10),
        ("cAByAG8AZAA=", None),
        ("not base64!", None),
        ("", None),
        (None, None),
    ],
)
def test_thumbprints_are_read_in_every_spelling(identifier: str | None, expected: str | None) -> None:
    assert thumbprint(identifier) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (NOW - timedelta(days=9), NOW + timedelta(days=9), Expiry.LIVE),
        (NOW - timedelta(days=9), NOW, Expiry.EXPIRED),
        (NOW + timedelta(days=1), NOW + timedelta(days=9), Expiry.PENDING),
        (NOW - timedelta(days=9), None, Expiry.ENDLESS),
        (None, None, Expiry.ENDLESS),
        (NOW - timedelta(days=9), NOW.replace(year=2299), Expiry.ENDLESS),
        (None, NOW.replace(year=2099), Expiry.ENDLESS),
        (NOW.replace(year=2000), NOW - timedelta(days=1), Expiry.EXPIRED),
    ],
)
def test_dates_are_judged_at_the_time_given(start: datetime | None, end: datetime | None, expected: Expiry) -> None:
    assert expiry(dataclasses.replace(secret(), start=start, end=end), NOW) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [(None, None), (" ", None), (_MARK, _PRINT), ("ab:12", "AB12"), ("odd one", "ODDONE")]
)
def test_what_is_named_as_a_thumbprint_is_kept_where_it_is_none(text: str | None, expected: str | None) -> None:
    assert named_thumbprint(text) == expected


def _held(
    number: int, purpose: Purpose = Purpose.AUTHENTICATION, *, mark: str | None = None, secret: bool = False
) -> Credential:
    kind = CredentialKind.SECRET if secret else CredentialKind.CERTIFICATE
    return dataclasses.replace(values.secret(number, purpose=purpose), kind=kind, thumbprint=mark)


def _both(
    on_application: tuple[Credential, ...],
    on_principal: tuple[Credential, ...],
    *,
    keys: tuple[KeyId | None, KeyId | None] = (None, None),
) -> tuple[Application, ServicePrincipal]:
    return (
        values.application(credentials=on_application, encryption_key=keys[0]),
        values.principal(credentials=on_principal, encryption_key=keys[1]),
    )


def test_the_encryption_key_of_either_object_may_be_held_by_the_other() -> None:
    one, two, other = _held(1), _held(2), _held(3)
    crossed = reconcile(*_both((one, other), (two,), keys=(two.key_id, one.key_id)))
    assert [each.purpose for each in crossed] == [Purpose.ENCRYPTION, Purpose.AUTHENTICATION, Purpose.ENCRYPTION]
    assert "encryption key" in crossed[0].purpose_reason
    assert crossed[1] is other


def test_what_hangs_on_a_signing_key_of_the_other_object_signs_too() -> None:
    signing = _held(1, Purpose.SIGNING, mark=_PRINT)
    same_id, same_mark, chained = _held(1, secret=True), _held(2, mark=_PRINT, secret=True), _held(2)
    for found in (
        reconcile(*_both((same_id, same_mark, chained, _held(4)), (signing,))),
        reconcile(*_both((chained,), (signing, same_id, same_mark, _held(4)))),
    ):
        assert sorted(each.purpose for each in found) == [Purpose.AUTHENTICATION, *[Purpose.SIGNING] * 4]
        assert all(each.purpose_reason for each in found)


def test_an_application_or_service_principal_alone_is_reconciled_with_itself() -> None:
    application, principal = _both((_held(1),), (_held(2),), keys=(KeyId(_held(1).key_id), None))
    assert reconcile(None, None) == ()
    assert reconcile(None, principal) == principal.credentials
    assert [one.purpose for one in reconcile(application, None)] == [Purpose.ENCRYPTION]


_ANY_HELD = st.lists(
    st.builds(
        _held,
        st.integers(1, 4),
        st.sampled_from(Purpose),
        mark=st.sampled_from([None, "A", "B", "C"]),
        secret=st.booleans(),
    ),
    max_size=5,
).map(tuple)
_ANY_KEY_ID = st.one_of(st.none(), st.integers(1, 5).map(lambda number: KeyId(values.guid("e", number))))
_ANY_BOTH = st.builds(_both, _ANY_HELD, _ANY_HELD, keys=st.tuples(_ANY_KEY_ID, _ANY_KEY_ID))


@given(_ANY_BOTH, st.randoms())
def test_reconciling_depends_on_no_order_and_frees_nothing(
    both: tuple[Application, ServicePrincipal], random: object
) -> None:
    straight = reconcile(*both)
    application, principal = both
    orders = (list(application.credentials), list(principal.credentials))
    for order in orders:
        random.shuffle(order)  # type: ignore[attr-defined]
    mixed = _both(tuple(orders[0]), tuple(orders[1]), keys=(application.encryption_key, principal.encryption_key))
    given_ = [one for holder in both for one in holder.credentials]
    answers = dict(zip(given_, straight, strict=True))
    shuffled_given = [one for holder in mixed for one in holder.credentials]
    assert list(reconcile(*mixed)) == [answers[one] for one in shuffled_given]
    for before, after in zip(given_, straight, strict=True):
        assert dataclasses.replace(after, purpose=before.purpose, purpose_reason=before.purpose_reason) == before
        assert after.purpose is not Purpose.AUTHENTICATION or before.purpose is Purpose.AUTHENTICATION
        assert after.purpose is not Purpose.AUTHENTICATION or after.key_id not in {one.encryption_key for one in both}


@given(_ANY_BOTH)
def test_a_snapshot_is_reconciled_as_its_objects_are_and_once_is_enough(
    both: tuple[Application, ServicePrincipal],
) -> None:
    application, principal = both
    found = reconciled(values.snapshot(application, values.application(2), principals=(principal, values.principal(3))))
    own = (*found.applications[0].credentials, *found.service_principals[0].credentials)
    assert own == reconcile(application, principal)
    assert reconciled(found) == found


def test_what_a_service_principal_says_of_its_sign_on_holds_for_the_certificates_of_its_application() -> None:
    certificate, secret_ = _held(1), _held(2, secret=True)
    marked = _held(3, secret=True, mark=_PRINT)
    application, principal = _both((certificate, secret_, marked), ())
    assert {one.purpose for one in reconcile(application, principal)} == {Purpose.AUTHENTICATION}
    saml = dataclasses.replace(principal, sign_on_mode="SAML")
    found = reconcile(application, saml)
    assert [one.purpose for one in found] == [Purpose.UNKNOWN, Purpose.AUTHENTICATION, Purpose.UNKNOWN]
    assert all(one.purpose_reason for one in found)


def test_what_is_left_of_a_triple_is_unknown_on_two_objects_too() -> None:
    for other in (_held(1, secret=True), _held(2, secret=True, mark=_PRINT)):
        application, principal = _both((_held(1, mark=_PRINT),), (other,))
        assert {one.purpose for one in reconcile(application, principal)} == {Purpose.UNKNOWN}
