"""The DER encoding of the tenant's plain certificates (X.690, RFC 5280 section 4.1, RFC 8410).

A client that lists every application for the first time has tens of thousands of certificates made. What is the same in
all of them is encoded once; a general builder takes as long for that as the signature takes.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

_INTEGER, _BITS, _TEXT, _SEQUENCE, _SET = 0x02, 0x03, 0x0C, 0x30, 0x31
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_VERSION_3: Final = bytes.fromhex("a003020102")
_ED25519: Final = bytes.fromhex("300506032b6570")
_COMMON_NAME: Final = bytes.fromhex("0603550403")
_SHORT, _BYTE = 0x80, 0x100
_FIRST_GENERALIZED_YEAR: Final = 2050
"""RFC 5280, section 4.1.2.5."""


def certificate(
    *, issuer: str, subject: str, serial: int, start: datetime, end: datetime, public_key: bytes,
    sign: Callable[[bytes], bytes],
) -> bytes:  # fmt: skip
    """Encode a certificate signed with Ed25519, without extensions; ``public_key`` is a SubjectPublicKeyInfo."""
    content = _item(
        _SEQUENCE,
        _VERSION_3,
        _item(_INTEGER, serial.to_bytes(serial.bit_length() // 8 + 1)),
        _ED25519,
        _name(issuer),
        _item(_SEQUENCE, _time(start), _time(end)),
        _name(subject),
        public_key,
    )
    return _item(_SEQUENCE, content, _ED25519, _item(_BITS, b"\0", sign(content)))


def _item(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < _SHORT:
        return bytes((tag, size)) + content
    if size < _BYTE:
        return bytes((tag, 0x81, size)) + content
    return bytes((tag, 0x82)) + size.to_bytes(2) + content


def _name(common_name: str) -> bytes:
    return _item(_SEQUENCE, _item(_SET, _item(_SEQUENCE, _COMMON_NAME, _item(_TEXT, common_name.encode()))))


def _time(moment: datetime) -> bytes:
    moment = moment.astimezone(UTC)
    if moment.year < _FIRST_GENERALIZED_YEAR:
        return _item(_UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())
    return _item(_GENERALIZED_TIME, moment.strftime("%Y%m%d%H%M%SZ").encode())
