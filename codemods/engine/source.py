"""A file as text and as bytes, and the way from one to the other.

Encoding: a byte order mark or a coding comment, else UTF-8 (https://peps.python.org/pep-0263/). A file whose text does
not encode back to the same bytes is refused, so that an edit can be spliced into the bytes and leave the rest alone.
``ast`` counts columns in UTF-8 bytes of the decoded line, and knows three kinds of line ends.
"""

from __future__ import annotations

import ast
import io
import os
import re
import sys
import tokenize
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from codemods.errors import DoesNotParseError, SourceError, TooLargeError, UndecodableError, UnreadableError

MAX_BYTES = 5 * 1024 * 1024
MAX_SEARCHED = 64 * 1024 * 1024
"""What is larger is not searched for names either: memory is bounded."""
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """The bytes of a file, their text, and where its lines start."""

    name: str
    data: bytes
    text: str
    encoding: str
    starts: tuple[int, ...]

    def offset(self, line: int, column: int) -> int:
        """Turn a position of ``ast`` into an index of the text."""
        start = self.starts[line - 1]
        head = self.text[start : start + column]
        if head.isascii():
            return start + column
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int]:
        """Give the start and end of a node in the text."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise SourceError(f"{self.name}: the parser gave no end for a node")
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def segment(self, node: ast.expr | ast.stmt) -> str:
        """Give the source text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_start(self, line: int) -> int:
        """Give the index where a line starts; one behind the last line is the end of the text."""
        return self.starts[line - 1] if line <= len(self.starts) else len(self.text)

    @property
    def newline(self) -> str:
        """Give the line end this file uses first."""
        found = _LINE_END.search(self.text)
        return "\n" if found is None else found[0]


def read(path: Path | str) -> bytes:
    """Read a file, refusing what no person wrote."""
    try:
        data = _all_of(path)
    except OSError as error:
        raise UnreadableError(f"{Path(path).name} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise TooLargeError(f"{Path(path).name} is larger than {MAX_BYTES // 1024**2} MB; split it or leave it out")
    return data


def read_large(path: Path | str) -> bytes | None:
    """Read a file that is too large to be rewritten, to search it; None where it cannot be, or is larger than that."""
    try:
        if os.stat(path).st_size > MAX_SEARCHED:  # noqa: PTH116 - as for most files, no object is made
            return None
        return Path(path).read_bytes()
    except OSError:
        return None


def _all_of(path: Path | str) -> bytes:
    """Read at most one byte too many; to make a file object takes longer than to read most files."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        size = os.fstat(descriptor).st_size
        data = os.read(descriptor, min(size, MAX_BYTES) + 1)
        while len(data) <= MAX_BYTES and len(data) != size:
            if not (more := os.read(descriptor, MAX_BYTES + 1 - len(data))):
                break  # it is shorter than it was; else it grew, or nobody knows how long it is
            data += more
    finally:
        os.close(descriptor)
    return data


def decode(name: str, data: bytes) -> Source:
    """Decode the bytes of a file by its own declaration."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        same = text.encode(encoding) == data
    except (SyntaxError, UnicodeError, LookupError) as error:
        raise UndecodableError(f"{name} does not follow its encoding; save it as UTF-8") from error
    if not same:
        raise UndecodableError(f"{name}: {encoding} does not give the same bytes back; save it as UTF-8")
    starts = tuple(_starts(text))
    return Source(name=name, data=data, text=text, encoding=encoding, starts=starts)


def _starts(text: str) -> Iterable[int]:
    """List the indexes at which lines start; most files know one kind of line end."""
    if "\r" in text:
        return [0, *(match.end() for match in _LINE_END.finditer(text))]
    return accumulate((len(line) + 1 for line in text.split("\n")[:-1]), initial=0)


def parse(name: str, text: str) -> ast.Module:
    """Parse source text; the message names the line and never quotes it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escapes in other people's strings are not ours to warn about
            return ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 1
        raise DoesNotParseError(
            f"{name}:{line} does not parse as Python {_version()} ({_reason(error)}); it was left alone: "
            "if it is for another release, run this with that one",
            line=line,
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise DoesNotParseError(f"{name} cannot be parsed ({type(error).__name__}); it was left alone") from None


def _version() -> str:
    """Name the grammar that files are read with: that of the Python which runs this."""
    return ".".join(map(str, sys.version_info[:2]))


def _reason(error: SyntaxError) -> str:
    """Keep the parser's own words where they do not quote the source."""
    return error.msg if error.msg and not re.search(r"['\"`]", error.msg) else "syntax error"
