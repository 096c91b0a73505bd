"""Where the helper module stands and how the files of a run import it.

A file in a package gets the helper in the topmost package below the given paths, imported by its absolute name. A
script gets a sibling. Without ``__init__.py`` the file's own imports tell a namespace package from a script: relative
imports get a relative import, and absolute imports through the file's own folder show its absolute name.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from codemods.assertion import HELPER_FILE, HELPER_STEM, is_ours
from codemods.engine.source import Source, decode, read
from codemods.errors import SourceError
from codemods.names import Module


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A helper module: its file, its name in reports, what it is imported as, and what is there already."""

    path: Path
    name: str
    module: str
    taken: bool
    existing: Source | None


def place_for(base: Path, path: Path, module: Module) -> Place:
    """Find the place of the helper for one file."""
    folder = path.parent
    packages = [folder] if _is_package(folder) else []
    while packages and _is_package(packages[-1].parent):
        packages.append(packages[-1].parent)
    inside = [package for package in packages if package.is_relative_to(base)]
    if not packages or not inside:
        return _place(base, folder, _beside(folder, module))
    home = inside[-1]
    dotted = [package.name for package in reversed(packages[packages.index(home) :])]
    return _place(base, home, ".".join((*dotted, HELPER_STEM)))


def _beside(folder: Path, module: Module) -> str:
    """Say how a file without a package imports a sibling: as its own imports do."""
    if any(binding.qualified.startswith(".") for binding in module.imports):
        return f".{HELPER_STEM}"
    tops = {binding.qualified.partition(".")[0] for binding in module.imports}
    above = (folder, *folder.parents)
    depth = next((depth for depth, item in enumerate(above) if item.name in tops), None)
    if depth is None:
        return HELPER_STEM
    return ".".join((*(item.name for item in reversed(above[: depth + 1])), HELPER_STEM))


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _place(base: Path, folder: Path, module: str) -> Place:
    path = folder / HELPER_FILE
    existing = None
    taken = (folder / HELPER_STEM).exists() or path.is_symlink()
    if path.exists() and not taken:
        try:
            existing = decode(HELPER_FILE, read(path))
            taken = not is_ours(existing.text)
        except SourceError:
            taken = True
    name = Path(os.path.relpath(path, base)).as_posix()
    return Place(path=path, name=name, module=module, taken=taken, existing=None if taken else existing)
