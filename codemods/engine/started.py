"""Whether a file is started or loaded by its path: then nobody imports it, and its own folder may be on no import path.

    python shop/sync.py          runpy.run_path("jobs/sync.py")          spec_from_file_location("sync", path)

https://docs.python.org/3/library/sys_path_init.html, https://docs.python.org/3/library/runpy.html#runpy.run_path
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

from codemods.engine.project import Project
from codemods.names import Module

LOADERS: Final = frozenset({
    "spec_from_file_location", "SourceFileLoader", "load_source", "run_path", "execfile", "exec",
})  # fmt: skip
"""One of these words is in each file that loads another one by its path."""
_STARTERS: Final = frozenset({"executable", "python", "python3"})
WORDS: Final = LOADERS | _STARTERS
"""What is asked for here; who searches the project anyway can search for it at once."""
_READS: Final = (b"open(", b"read_text", b"read_bytes")


def loader_of(project: Project, path: Path) -> str | None:
    """Name a file that loads another one, or whatever stands in its folder, by a path."""
    name, folder = path.name.encode("utf-8", "surrogateescape"), path.parent.name.encode("utf-8", "surrogateescape")
    of_folder = re.compile(rb"[\"'/]%s[\"'/]" % re.escape(folder))
    found = project.mentioning(LOADERS)
    for other in sorted({each for files in found.values() for each in files} - {path}):
        data = project.glance(other)
        if other in found.get("exec", ()) and not _loads(data):
            continue
        if re.search(rb"(?<![\w.-])%s\b" % re.escape(name), data) or (b".py" in data and of_folder.search(data)):
            return project.name(other)
    return None


def _loads(data: bytes) -> bool:
    """Tell whether a file that mentions ``exec`` runs code that it reads, or loads code in another way."""
    named = any(word.encode() in data for word in LOADERS - {"exec"})
    return named or (b"exec(" in data and any(word in data for word in _READS))


def is_started_by_path(project: Project, path: Path) -> bool:
    """Tell whether a command starts a file by its path: ``python shop/sync.py``, ``[sys.executable, "sync.py"]``."""
    name = re.escape(path.name).encode("utf-8", "surrogateescape")
    between = rb"[\"',\s]+(?:-[A-Za-z]+[\"',\s]+)*(?:[\w.-]+[/\\])*"
    search = re.compile(rb"(?:\bpython[\w.]*|\bexecutable)%s%s\b" % (between, name))
    found = project.mentioning(_STARTERS).values()
    others = {*project.others, *(other for files in found for other in files)}
    return any(search.search(project.glance(other)) for other in sorted(others))


def may_be_started(module: Module) -> bool:
    """Tell whether a file has a part for when it is started itself: ``if __name__ == "__main__":``."""
    return any(
        isinstance(node, ast.If) and any(getattr(item, "id", "") == "__name__" for item in ast.walk(node.test))
        for node in module.tree.body
    )
