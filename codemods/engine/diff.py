r"""Unified diffs that ``git apply`` and ``patch -p1`` take.

Lines are split at line feeds only, as git does, and bytes that are not UTF-8 travel as surrogate escapes, so that the
diff of a Latin-1 file with CRLF line ends can be written back byte for byte. A last line without a line feed is marked
with ``\ No newline at end of file``.

A literal secret in the source would be printed by its own removal. So in a file that has one, the printed diff shows
asterisks in its place and a line above says that this diff cannot be applied by git (``--apply`` is not affected).

Format: https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from codemods.shapes import ENTRA_SECRET

_NO_NEWLINE = "\n\\ No newline at end of file\n"
_MASK = "********"
_LONG_ENOUGH = 6


def unified(name: str, old: bytes | None, new: bytes) -> str:
    """Compare two versions of a file; ``old`` is None for a new file."""
    before = "/dev/null" if old is None else _label("a", name)
    lines = difflib.unified_diff(_lines(old or b""), _lines(new), before, _label("b", name))
    return "".join(line if line.endswith("\n") else line + _NO_NEWLINE for line in lines)


def printable(name: str, old: bytes, new: bytes, literals: Iterable[str]) -> tuple[str, bool]:
    """Compare two versions; hide literal secrets under a line that says so, and tell whether there were any."""
    plain = unified(name, old, new)
    hidden = set(literals)
    diff = unified(name, _mask(old, hidden), _mask(new, hidden))
    if diff == plain:
        return plain, False
    return f"# {name}: literal secrets are masked in this diff; git cannot apply it, use --apply\n{diff}", True


def _mask(data: bytes, literals: Iterable[str]) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    # The longest first: a part that is masked before the whole would leave the rest of it to be seen.
    for literal in sorted({*literals, *ENTRA_SECRET.findall(text)}, key=len, reverse=True):
        lines = literal.split("\n")
        text = text.replace(literal, "\n".join(_MASK if line.strip() else line for line in lines))
    return text.encode("utf-8", "surrogateescape")


def spellings(segment: str, value: object) -> Iterator[str]:
    """List the texts under which a literal may be seen: as it is written, and its bare value if that is long enough."""
    yield segment
    if isinstance(value, str) and len(value) >= _LONG_ENOUGH:
        yield value


def _lines(data: bytes) -> list[str]:
    *whole, rest = data.decode("utf-8", "surrogateescape").split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _label(side: str, name: str) -> str:
    """Write a file name as git does: quoted when it has odd characters, ended by a tab when it has spaces."""
    path = f"{side}/{name}"
    if any(character in '"\\\x7f' or character < " " for character in path):
        return '"' + "".join(_quoted(character) for character in path) + '"'
    return f"{path}\t" if " " in path else path


def _quoted(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return f"\\{ord(character):03o}" if character < " " or character == "\x7f" else character
