"""Names of applications and identities compared by what they mean: words, and the environment they name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rapidfuzz import fuzz

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_NOISE = frozenset(
    {"id", "mi", "uai", "uami", "umi", "msi", "identity", "managed", "app", "application", "sp", "spn", "registration"}
)
"""Words that say what kind of object it is (Azure naming recommendations put ``id-`` before identities)."""
_ENVIRONMENTS = {
    spelling: name
    for name, spellings in {
        "prod": ("prod", "prd", "production", "live"),
        "staging": ("staging", "stage", "stg", "preprod", "acc", "uat"),
        "test": ("test", "tst", "qa"),
        "dev": ("dev", "development", "sandbox", "sbx"),
    }.items()
    for spelling in spellings
}
_FUZZY_FROM = 92
SAME, ONE_SIDED, ALIKE = 60, 45, 30
"""Points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name taken apart: words without noise, sorted, and the environments among them."""

    words: tuple[str, ...]
    environments: frozenset[str]


def parse(text: str) -> Name:
    """Take a display name apart; case, separators and the order of words do not matter."""
    found = [word.casefold() for word in _WORD.findall(text if text.isascii() else unicodedata.normalize("NFKC", text))]
    environments = frozenset([_ENVIRONMENTS[word] for word in found if word in _ENVIRONMENTS])
    words = tuple(sorted([word for word in found if word not in _NOISE and word not in _ENVIRONMENTS]))
    return Name(words=words, environments=environments)


def completed(name: Name, environments: frozenset[str]) -> Name:
    """Add environments that something else states to a name that states none."""
    return name if name.environments or not environments else Name(words=name.words, environments=environments)


def points(application: Name, identity: Name) -> tuple[int, str]:
    """Return the points a pair of names is worth and the reason in words; 0 where they do not speak for each other."""
    one_sided = application.environments ^ identity.environments
    if not application.words or (one_sided and application.environments and identity.environments):
        return 0, ""
    if application.words == identity.words:
        if not one_sided:
            return SAME, "same name"
        return ONE_SIDED, "same name, but only one of them names an environment"
    likeness = fuzz.ratio(" ".join(application.words), " ".join(identity.words))
    if likeness >= _FUZZY_FROM and not one_sided:
        return ALIKE, f"similar name ({likeness:.0f} %)"
    return 0, ""
