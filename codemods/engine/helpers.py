"""Where the helper module stands and how the files of a run import it.

A file in a package gets the helper in the topmost package below the given paths, imported by its absolute name. A
script gets a sibling. Where imports show that the import path starts elsewhere (a package whose files are run as
scripts, a folder without ``__init__.py`` that others import through), the helper stands beside the file and is imported
from there; where they contradict each other, nobody knows and nothing is rewritten.
"""

from __future__ import annotations

import keyword
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from codemods.assertion import HELPER_STEM, is_ours
from codemods.engine.project import Project
from codemods.engine.roots import Contradiction, import_root, is_rooted
from codemods.engine.source import Source, decode, read
from codemods.engine.started import may_be_started
from codemods.errors import HelperModuleError, SourceError
from codemods.names import Module

_OTHERS = sys.stdlib_module_names | {"azure", "identity", "msal"}
"""Names under which the standard library, or what signs in, could not be imported any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A helper module: its file, its name in reports, what it is imported as, and what is there already.

    ``unknown`` says why nobody can tell how it would be imported.
    """

    path: Path
    name: str
    module: str
    taken: bool
    existing: Source | None
    unknown: str = ""


def nowhere(path: Path) -> Place:
    """Give the place of a helper that nobody needs."""
    return Place(path=path, name="", module="", taken=False, existing=None)


def check_name(dotted: str) -> None:
    """Refuse a name for the helper that no module can have, or that a module of Python or of Azure has."""
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in dotted.split(".")):
        raise HelperModuleError(f"{dotted!r} is no name of a module; give one such as shop.auth.{HELPER_STEM}")
    if dotted in _OTHERS:
        raise HelperModuleError(
            f"a module named {dotted} would be imported in place of another one; give a name such as {HELPER_STEM}"
        )


def named_place(project: Project, path: Path, dotted: str) -> Place:
    """Find the place of a helper whose dotted name was given: below the folder that imports of the file start from."""
    *packages, stem = dotted.split(".")
    base, top = project.listing.base, _outermost(path.parent).parent
    try:
        first = import_root(project, path, top)
    except Contradiction:
        first = top
    above = [folder for folder in path.parents if any(folder.is_relative_to(item) for item in project.roots)]
    folders = [folder for item in above for folder in (item, item / "src")]
    found = [folder for folder in (first, *folders) if folder.joinpath(*packages).is_dir()]
    if not found or (found[0] != first and len(set(found)) > 1):
        which = "more than one folder" if found else "no folder"
        return _place(base, path.parent, dotted, stem=stem, unknown=f"{which} that {dotted} could stand in")
    return _place(base, found[0].joinpath(*packages), dotted, stem=stem)


def _outermost(folder: Path) -> Path:
    """Find the topmost package a folder belongs to; a folder that is no package stands for a file in itself."""
    if not _is_package(folder):
        return folder / "file"
    while _is_package(folder.parent):
        folder = folder.parent
    return folder


def place_for(project: Project, path: Path, module: Module) -> Place:
    """Find the place of the helper for one file."""
    folder, base, common = path.parent, project.listing.base, project.listing.common
    packages = [folder] if _is_package(folder) else []
    while packages and _is_package(packages[-1].parent):
        packages.append(packages[-1].parent)
    default = packages[-1].parent if packages else folder
    relative = any(binding.qualified.startswith(".") for binding in module.imports)
    try:
        root = import_root(project, path, default, packaged=not relative and not packages)
    except Contradiction:
        return _place(base, folder, HELPER_STEM, unknown="imports around it start from different folders")
    if unknown := _unknown(project, path, module, is_package=bool(packages) and not relative and root == default):
        return _place(base, folder, HELPER_STEM, unknown=unknown)
    if relative and root == folder:
        unknown = "it has relative imports and is imported as a script" if packages else ""
        return _place(base, folder, HELPER_STEM if packages else f".{HELPER_STEM}", unknown=unknown)
    if root != default or not packages:
        return _place(base, folder, ".".join((*folder.relative_to(root).parts, HELPER_STEM)))
    inside = [package for package in packages if package.is_relative_to(common)]
    home = inside[-1] if inside else folder
    return _place(base, home, ".".join((*home.relative_to(root).parts, HELPER_STEM)))


def _unknown(project: Project, path: Path, module: Module, *, is_package: bool) -> str:
    """Say why nobody can tell whether what stands around a file can be imported when it runs.

    A file of a package that imports its package, or is imported by way of it, is known not to be run by its path alone.
    """
    if (loader := project.starts.loader_of(path)) is not None:
        return f"{project.name(loader)} loads it by its path"
    if is_package and project.starts.are_started(path):
        return "it is started by its path"
    if is_package and may_be_started(module) and not is_rooted(project, path):
        return "it may be started by its path, or be imported"
    return ""


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _place(base: Path, folder: Path, module: str, *, stem: str = HELPER_STEM, unknown: str = "") -> Place:
    path = folder / f"{stem}.py"
    existing = None
    taken = (folder / stem).exists() or path.is_symlink()
    if path.exists() and not taken:
        try:
            existing = decode(path.name, read(path))
            taken = not is_ours(existing.text)
        except SourceError:
            taken = True
    name = Path(os.path.relpath(path, base)).as_posix()
    shown = None if taken else existing
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in module.split(".") if part):
        unknown = "a folder has a name that cannot be imported"
    return Place(path=path, name=name, module=module, taken=taken, existing=shown, unknown=unknown)
