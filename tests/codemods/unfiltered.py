"""The sites of a text as they are found when nothing is left out before."""

import re

from codemods.engine.knowledge import Knowledge, join
from codemods.engine.sites import Occurrence, find
from codemods.engine.source import Source, parse
from codemods.names import Module
from codemods.transforms import load

KNOWN = join(load())


def sites_of(text: str, known: Knowledge = KNOWN) -> tuple[Occurrence, ...]:
    """Find the sites of a text whatever is in it; every name that is imported may be the project's own."""
    starts = (0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text)))
    source = Source(name="app.py", data=b"", text=text, encoding="utf-8", starts=starts)
    return find(source, Module(parse("app.py", text)), known, lambda _: True)
