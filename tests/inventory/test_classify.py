from __future__ import annotations

import base64
import dataclasses
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.classify import Expiry, HolderFacts, KeyFacts, expiry, purposes, thumbprint
from inventory.model import CredentialKind, Purpose
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


def test_the_preferred_thumbprint_makes_a_signing_key_whatever_its_case() -> None:
    holder = HolderFacts(signing_thumbprint=_PRINT.lower())
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
