"""Put edits into the bytes of a file and prove that nothing else changed.

The proof is made at run time for every file: the bytes outside the edited spans are compared with the old ones one
stretch after another, the new bytes must decode by the same rules, and the result must parse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, takewhile

from codemods.engine.source import Source, decode, parse
from codemods.errors import DoesNotRoundTripError, SourceError


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """Replace the text between two indexes."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """An edit in bytes: where it was, and what stands there now."""

    start: int
    end: int
    data: bytes


def splice(source: Source, edits: Iterable[Edit]) -> bytes:
    """Apply edits to the bytes of a file, from its end to its start, and prove the result."""
    ordered = sorted({_trimmed(source.text, edit) for edit in edits})
    if any(one.end > other.start for one, other in pairwise(ordered)):
        raise DoesNotRoundTripError(f"{source.name}: two edits overlap; rewrite this file by hand")
    spans = _in_bytes(source, ordered)
    data = bytearray(source.data)
    for span in reversed(spans):
        data[span.start : span.end] = span.data
    _prove(source, bytes(data), spans)
    return bytes(data)


def _trimmed(text: str, edit: Edit) -> Edit:
    """Shrink an edit to what differs, so that as many bytes as possible are proven untouched."""
    old = text[edit.start : edit.end]
    head = _common(old, edit.text)
    tail = _common(old[head:][::-1], edit.text[head:][::-1])
    return Edit(start=edit.start + head, end=edit.end - tail, text=edit.text[head : len(edit.text) - tail])


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _in_bytes(source: Source, edits: Iterable[Edit]) -> list[_Span]:
    encoding = source.encoding.removesuffix("-sig") if source.encoding == "utf-8-sig" else source.encoding
    mark = len(source.data) - len(source.text.encode(encoding))
    spans = []
    for edit in edits:
        start = mark + len(source.text[: edit.start].encode(encoding))
        old = len(source.text[edit.start : edit.end].encode(encoding))
        spans.append(_Span(start=start, end=start + old, data=edit.text.encode(encoding)))
    return spans


def _prove(source: Source, data: bytes, spans: Iterable[_Span]) -> None:
    old_at = new_at = 0
    for span in spans:
        length = span.start - old_at
        new_end = new_at + length
        same = source.data[old_at : span.start] == data[new_at:new_end]
        if not same or data[new_end : new_end + len(span.data)] != span.data:
            raise DoesNotRoundTripError(f"{source.name}: bytes outside the edit would change; nothing was done")
        old_at, new_at = span.end, new_end + len(span.data)
    if source.data[old_at:] != data[new_at:]:
        raise DoesNotRoundTripError(f"{source.name}: bytes behind the edits would change; nothing was done")
    try:
        again = decode(source.name, data)
        parse(source.name, again.text)
    except SourceError as error:
        raise DoesNotRoundTripError(f"{source.name}: the result would not be Python; nothing was done") from error
