from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from inventory.evidence_source import Entry, EvidenceRequest, EvidenceSource
from inventory.model import ScanNote
from inventory.usage import Source, Use

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CLIENT = "dddddddd-0000-4000-8000-000000000001"
KEY = "eeeeeeee-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    uses: tuple[Use, ...]
    notes: tuple[ScanNote, ...]
    source: Source
    cursors: tuple[str | None, ...]


def told(entries: Iterable[Entry], cursors: Iterable[str | None] = ()) -> Told:
    listed = list(entries)
    sources = [entry for entry in listed if isinstance(entry, Source)]
    assert len(sources) == 1
    assert listed[-1] is sources[0]
    return Told(
        uses=tuple(entry for entry in listed if isinstance(entry, Use)),
        notes=tuple(entry for entry in listed if isinstance(entry, ScanNote)),
        source=sources[0],
        cursors=tuple(cursors),
    )


async def reading(source: EvidenceSource, request: EvidenceRequest, cursor: str | None = None) -> Told:
    entries: list[Entry] = []
    cursors: list[str | None] = []
    async for page in source.read(request, cursor):
        entries.extend(page.entries)
        cursors.append(page.cursor)
    assert cursors[-1] is None
    assert None not in cursors[:-1]
    return told(entries, cursors)


def read(source: EvidenceSource, request: EvidenceRequest, cursor: str | None = None) -> Told:
    return asyncio.run(reading(source, request, cursor))
