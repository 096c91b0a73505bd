"""Programs in other languages beside the Python code, and descriptions of builds, which see the same variables.

A Snakefile that names one among its ``envvars`` stops without it:
https://snakemake.readthedocs.io/en/stable/snakefiles/configuration.html#environment-variables
"""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.makes import MAKES
from codemods.leftovers.place import Place

_FILE = re.compile(
    r".*\.(?:[cm]?[jt]sx?|go|java|kts?|scala|cs|fs|vb|rb|php|rs|lua|p[lm]|swift|groovy|[rR]|jl|exs?|clj|c|cc|cpp|dart"
    r"|rake|ru|smk|bzl|bazel|http)|(?:.*/)?(?:Rakefile|Capfile|Fastfile|Gemfile|Snakefile|SCons(?:truct|cript)|BUILD)"
)
_TEST = re.compile(
    r"(?:.*/)?(?:tests?|__tests__|__mocks__|specs?|testdata|fixtures)/.*|.*(?:[._-](?:test|spec)s?|Tests?)\.\w+"
)
_SET = r"(?:^|[{{,(])\s*[\"'`]?{name}[\"'`]?\s*(?::(?!:)|=>|=(?!=))(?!\s*(?:\w+\s*\.\s*)?(?:string|str)\()"
_ASSIGNED = r"\benv[\w.]*\s*(?:\.|\[)\s*[\"'`]?{name}[\"'`]?\s*\]?\s*=(?![=>])|\bset_?env\w*\(\s*[\"']{name}\b"


def _use(lines: list[str], at: int, name: str) -> LeftoverKind | None:
    """Tell a line that sets the variable for another program; any other may need it."""
    sets = (each.format(name=re.escape(name)) for each in (_SET, _ASSIGNED))
    return LeftoverKind.CODE_SETS if any(re.search(each, lines[at], re.IGNORECASE) for each in sets) else None


PLACE = Place(
    kind=LeftoverKind.OTHER_USE,
    matches=lambda name: _FILE.fullmatch(name) is not None and _TEST.fullmatch(name) is None,
    comment=("//", "/*", "*", "#", "--"),
    constructs=MAKES,
    use=_use,
    rank=5,
    guessed=True,
)
