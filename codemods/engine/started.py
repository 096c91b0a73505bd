"""Whether a file is started or loaded by its path: then nobody imports it, and its own folder may be on no import path.

    python shop/sync.py          runpy.run_path("jobs/sync.py")          spec_from_file_location("sync", path)

https://docs.python.org/3/library/sys_path_init.html, https://docs.python.org/3/library/runpy.html#runpy.run_path
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from codemods.names import Module

_LOADERS: Final = frozenset({
    "spec_from_file_location", "SourceFileLoader", "load_source", "run_path", "execfile", "exec",
})  # fmt: skip
"""One of these words is in each file that loads another one by its path."""
_STARTERS: Final = frozenset({"executable", "subprocess", "Popen"})
WORDS: Final = _LOADERS | _STARTERS
"""What is asked for here; who searches the project anyway can search for it at once."""
_READS: Final = (b"open(", b"read_text", b"read_bytes")
_FILES: Final = re.compile(rb"(?<![\w.-])([\w.-]+\.pyw?)\b")
_FOLDERS: Final = re.compile(rb"[\"'/]([\w.-]+)(?=[\"'/])")
_COMMANDS: Final = re.compile(
    rb"(?:\bpython[\w.]*|\bexecutable)[\"',\s]+(?:-[A-Za-z]+[\"',\s]+)*(?:[\w.-]+[/\\])*([\w.-]+\.pyw?)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loader:
    """A file that loads others, the files that it names, and the folders, in which it may look for any."""

    path: Path
    files: frozenset[bytes]
    folders: frozenset[bytes]


class Starts:
    """What the files of a project start and load by paths; looked at when it is asked for, each file once."""

    def __init__(
        self,
        mentioning: Callable[[Collection[str]], Mapping[str, Iterable[Path]]],
        glance: Callable[[Path], bytes],
        others: Callable[[], Iterable[Path]],
    ) -> None:
        self._mentioning = mentioning
        self._glance = glance
        self._others = others

    def loader_of(self, path: Path) -> Path | None:
        """Give a file that loads another one, or whatever stands in its folder, by a path."""
        name, folder = (part.encode("utf-8", "surrogateescape") for part in (path.name, path.parent.name))
        named = (each for each in self._loaders if name in each.files or folder in each.folders)
        return next((each.path for each in named if each.path != path), None)

    def are_started(self, path: Path) -> bool:
        """Tell whether a command starts a file of this name: ``python a/b.py``, ``[sys.executable, "b.py"]``."""
        return path.name.encode("utf-8", "surrogateescape") in self._started

    @cached_property
    def _loaders(self) -> tuple[_Loader, ...]:
        files = {path for found in self._mentioning(_LOADERS).values() for path in found}
        return tuple(
            _Loader(
                path=path,
                files=frozenset(_FILES.findall(data)),
                folders=frozenset(_FOLDERS.findall(data) if b".py" in data else ()),
            )
            for path in sorted(files)
            if _loads(data := self._glance(path))
        )

    @cached_property
    def _started(self) -> frozenset[bytes]:
        code = {path for found in self._mentioning(_STARTERS).values() for path in found}
        return frozenset(name for path in {*code, *self._others()} for name in _COMMANDS.findall(self._glance(path)))


def _loads(data: bytes) -> bool:
    """Tell whether a file that mentions ``exec`` runs code that it reads, or loads code in another way."""
    named = any(word.encode() in data for word in _LOADERS - {"exec"})
    return named or (b"exec(" in data and any(word in data for word in _READS))


def may_be_started(module: Module) -> bool:
    """Tell whether a file has a part for when it is started itself: ``if __name__ == "__main__":``."""
    return any(
        isinstance(node, ast.If) and any(getattr(item, "id", "") == "__name__" for item in ast.walk(node.test))
        for node in module.tree.body
    )
