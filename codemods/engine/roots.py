"""From which folder a file's imports start: as its own imports, those of its importers and its neighbours' show.

A folder with ``__init__.py`` is usually a package, but people also run its files as scripts, and a folder without one
may be a package all the same. Evidence is an import that only works when a certain folder is on the import path.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from codemods.engine.imported import depths, importable
from codemods.engine.project import Project, module_of

# Names of libraries may also be names of files; such an import shows nothing.
_LIBRARIES = (
    frozenset({"azure", "msal", "adal", "msrestazure", "requests", "O365", "office365"}) | sys.stdlib_module_names
)
_Evidence = frozenset[Path]


class Contradiction(Exception):  # noqa: N818 - not an error: the place of one helper cannot be told
    """Two imports need different folders on the import path."""


def import_root(project: Project, path: Path, default: Path, *, packaged: bool = False) -> Path:
    """Find the folder the imports of a file start from; ``default`` is what the folders say by themselves.

    ``packaged`` asks for what relative imports of its neighbours show as well.
    """
    evidence = [*_own(project, path), *_importers(project, path)]
    if packaged:
        evidence += _packaged(project, path)
    if not evidence:
        evidence = [roots for item in project.beside(path) for roots in _own(project, item)]
        evidence += _started(project, path)
    if not evidence or all(default in roots for roots in evidence):
        return default
    common = frozenset.intersection(*evidence)
    if len(common) != 1:
        raise Contradiction
    return next(iter(common))


def is_rooted(project: Project, path: Path) -> bool:
    """Tell whether an import of the file, of whoever imports it, or a command shows where its imports start."""
    return any(True for found in (_own, _importers, _started) for _ in found(project, path))


def _own(project: Project, path: Path) -> Iterator[_Evidence]:
    """Yield, for each import of something that stands around the file, the folders it can start from."""
    above = [folder for folder in path.parents if any(folder.is_relative_to(item) for item in project.roots)]
    for node in project.imports(path):
        if isinstance(node, ast.ImportFrom) and node.level:
            continue
        for alias in node.names:
            _, dotted = module_of(node, alias)
            top = dotted.partition(".")[0]
            found = frozenset(folder for folder in above if top not in _LIBRARIES and _holds(folder, top, path))
            if found:
                yield found


def _holds(folder: Path, top: str, path: Path) -> bool:
    place = folder / top
    if place.with_suffix(".py").is_file() and place.with_suffix(".py") != path:
        return True
    return path.is_relative_to(place) or (place / "__init__.py").is_file() or any(place.glob("*.py"))


def _importers(project: Project, path: Path) -> Iterator[_Evidence]:
    """Yield the folder that each absolute import of the file starts from."""
    place = importable(path)
    known = {count for count, part in enumerate(reversed(place.parts), start=1) if part in _LIBRARIES}
    named = depths(place)
    for other in project.importing([path])[path]:
        if named(project.glance(other)) <= known:
            continue  # whatever it imports says nothing new
        for node in project.imports(other):
            for alias in node.names:
                level, dotted = module_of(node, alias)
                names = [dotted] if isinstance(node, ast.Import) else [dotted, f"{dotted}.{alias.name}"]
                for name in names if not level else ():
                    root = _above(place, name.split("."))
                    if root is not None and name.partition(".")[0] not in _LIBRARIES:
                        known.add(name.count(".") + 1)
                        yield frozenset({root})


def _packaged(project: Project, path: Path) -> Iterator[_Evidence]:
    """Yield the folders above: a relative import of a neighbour works only where their folder is a package."""
    above = [folder for folder in path.parents if any(folder.is_relative_to(item) for item in project.roots)]
    for item in project.beside(path):
        if item.suffix == ".py" and b"from ." in project.glance(item):
            levels = (node.level for node in project.imports(item) if isinstance(node, ast.ImportFrom))
            yield from (frozenset(above[level:]) for level in levels if level)


def _started(project: Project, path: Path) -> Iterator[_Evidence]:
    """Yield the folders from which commands start the file as a module: ``uvicorn api.main:app``, ``-m api.main``.

    https://www.uvicorn.org/#usage, https://docs.gunicorn.org/en/stable/run.html
    """
    place = importable(path)
    own = re.escape(place.name).encode("utf-8", "surrogateescape")
    search = re.compile(rb"(?<![\w./\\-])((?:\w+\.)*%s):[a-z_]\w*|\s-m[\s\"',]+((?:\w+\.)*%s)(?![\w.])" % (own, own))
    for other in project.others:
        for one, two in search.findall(project.glance(other)):
            root = _above(place, (one or two).decode("utf-8", "surrogateescape").split("."))
            if root is not None:
                yield frozenset({root})


def _above(place: Path, parts: list[str]) -> Path | None:
    if list(place.parts[-len(parts) :]) != parts:
        return None
    return place.parents[len(parts) - 1]
