"""The files that were parsed last; a syntax tree takes some fifty times the memory of its text."""

from __future__ import annotations

from pathlib import Path

from codemods.names import Module

_BYTES = 512 * 1024


class Recent:
    """Parsed files, None for what is no Python; the one that was asked for longest ago goes first."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Module | None, int]] = {}
        self._size = 0

    def __contains__(self, path: Path) -> bool:
        """Tell whether a file is still here."""
        return path in self._known

    def of(self, path: Path) -> Module | None:
        """Give a file that is here."""
        self._known[path] = found = self._known.pop(path)  # now the last one
        return found[0]

    def add(self, path: Path, module: Module | None, size: int) -> None:
        """Keep a file of some bytes, which may be larger than all that is kept otherwise."""
        self._known[path] = module, size
        self._size += size
        while self._size > _BYTES and len(self._known) > 1:
            _, gone = self._known.pop(next(iter(self._known)))
            self._size -= gone
