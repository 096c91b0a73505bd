"""Certificates of retirement: why a credential was removed, to be checked offline by whoever did not see it."""

from __future__ import annotations

from migrate.certificate.canonical import canonical, digest, file, parsed
from migrate.certificate.check import Problem, check
from migrate.certificate.claims import UnfitError, retired
from migrate.certificate.document import FORMAT, Origin, Signer, make, name_of
from migrate.certificate.signature import private_key, public_key, sign

__all__ = [
    "FORMAT",
    "Origin",
    "Problem",
    "Signer",
    "UnfitError",
    "canonical",
    "check",
    "digest",
    "file",
    "make",
    "name_of",
    "parsed",
    "private_key",
    "public_key",
    "retired",
    "sign",
]
