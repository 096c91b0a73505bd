"""The sites of a text as they are found when nothing is left out before."""

import re

from codemods.engine.evidence import Seen
from codemods.engine.knowledge import Knowledge, join
from codemods.engine.sites import Occurrence, find
from codemods.engine.source import Source, parse
from codemods.errors import CodemodError
from codemods.model import Site
from codemods.names import Module
from codemods.transforms import load

KNOWN = join(load())


def sites_of(text: str, known: Knowledge = KNOWN, seen: Seen | None = None) -> tuple[Occurrence, ...]:
    """Find the sites of a text, by default whatever is in it; every name that is imported may be the project's own."""
    starts = (0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text)))
    source = Source(name="app.py", data=b"", text=text, encoding="utf-8", starts=starts)
    return find(source, Module(parse("app.py", text)), known, lambda _: True, seen=seen)


def places_of(text: str, seen: Seen | None = None) -> list[tuple[Site, str]]:
    """Write the sites of a text and what becomes of each in a form that can be compared."""
    if seen is not None and not seen:
        return []
    try:
        found = sites_of(text, seen=seen)
    except CodemodError:
        return []  # it does not parse, and says so where it has evidence
    return [(each.site, f"{type(each.verdict).__name__} {getattr(each.verdict, 'reason', '')}") for each in found]
