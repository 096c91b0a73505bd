"""Certificates encoded by hand are those that a general builder makes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from migrate.emulator.certificates import issuing_key, pool_key
from migrate.emulator.der import certificate

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUMMER = timezone(timedelta(hours=2))


@pytest.mark.parametrize("subject", ["a", "orders-api.contoso.example", "\N{ROCKET} é", "n" * 64])
@pytest.mark.parametrize("serial", [1, 127, 128, 255, 256, 2**119, 2**120])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, START + timedelta(days=100)),
        (START, datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (START, datetime(2050, 1, 1, tzinfo=UTC)),
        (START.astimezone(SUMMER), datetime(2050, 1, 1, 1, tzinfo=SUMMER)),
    ],
)
def test_it_is_the_builders_certificate(subject: str, serial: int, start: datetime, end: datetime) -> None:
    public, name = pool_key(0).public_key(), NameOID.COMMON_NAME
    expected = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(name, "Contoso Issuing CA")]),
        subject_name=x509.Name([x509.NameAttribute(name, subject)]),
        public_key=public,
        serial_number=serial,
        not_valid_before=start,
        not_valid_after=end,
    ).sign(issuing_key(), None)
    made = certificate(
        issuer="Contoso Issuing CA",
        subject=subject,
        serial=serial,
        start=start,
        end=end,
        public_key=public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        sign=issuing_key().sign,
    )
    assert made == expected.public_bytes(Encoding.DER)
