"""Texts that look like a secret, wherever somebody put them: in a name, a tag, a property that is not known. Pure.

What looks like one is never kept; a name that is withheld by mistake costs a name. Sources of the shapes: RFC 6750
(bearer tokens), RFC 7519 (JWT), RFC 7468 (PEM); Azure Storage, "Service SAS" (``sig``) and "Configure connection
strings" (``AccountKey``, ``SharedAccessKey``); Microsoft Purview, "Azure AD client secret" (a digit and ``Q~`` after
the third character).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

WITHHELD = "[withheld: it looks like a secret]"
_WORD = r"pwd|passw(?:or)?d|passphrase|passcode|(?<![a-z])pass|secret|token|credentials?|signature|key"
_RANDOM = r"(?=[^\s\"';,&]*\d)(?=[^\s\"';,&]*[A-Z])(?=[^\s\"';,&]*[a-z])[\w+/.~-]{20}"
_SHAPES = re.compile(
    rf"""
      (?i:\bbearer\b[\s:"']+[\w.~+/-]{{4}})
    | (?i:(?<![a-z])sig["'\s]*=["'\s]*[^\s&"'])
    | (?i:(?:{_WORD})["'\s]*=["'\s]*[^\s"'])
    | (?i:{_WORD})\W{{0,4}}[:=>]\W{{0,4}}{_RANDOM}
    | (?i:pwd|passw(?:or)?d)\b.{{0,12}}?(?<!\w){_RANDOM}
    | [\w.~-]{{3}}\dQ~[\w.~-]{{20}}
    | -----BEGIN\ [A-Z0-9\ ]*PRIVATE\ KEY
    | (?<![\w-])eyJ[\w-]{{6,}}\.[\w-]{{4,}}
    """,
    re.VERBOSE | re.ASCII,
)
_SIGNS = (
    "bearer", "sig=", "pwd", "passw", "passphrase=", "passphrase:", "passcode=", "passcode:", "pass=", "pass:",
    "secret=", "secret:", "secret>", "token=", "token:", "token>", "credential=", "credentials=", "credential:",
    "credentials:", "signature=", "signature:", "key=", "key:", "key>", "q~", "privatekey", "eyj",
)  # fmt: skip
"""One of these is in every text of a shape, in lower case and without blanks and quotes: a look that costs little."""
_BLANKS = str.maketrans("", "", " \t\r\f\v\u00a0\"'\\")
_RUN = re.compile(r"[\w+/~-]{24,}={0,2}", re.ASCII)
_MIXED = re.compile(r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])", re.ASCII)


def looks_secret(text: str) -> bool:
    """Whether a text carries what looks like a secret, beside whatever else is in it."""
    return _SHAPES.search(text) is not None


def looks_random(text: str) -> bool:
    """Whether a text carries a long run of letters and digits without words, as keys are in base64."""
    return any(_MIXED.match(run) for run in _RUN.findall(text))


def suspicious(texts: Iterable[str]) -> bool:
    """Whether one of many texts may look like a secret; where this says no, none does."""
    whole = "\n".join(texts).lower().translate(_BLANKS)
    return any(sign in whole for sign in _SIGNS)


def withheld(text: str) -> str:
    """Return a text, or WITHHELD for one that carries what looks like a secret."""
    return WITHHELD if looks_secret(text) else text
