"""The project around the given paths: what its files import, define and mention.

A name that is deleted in one file may be read in another that nobody asked to rewrite, so neighbours are looked for in
the whole work tree of git, or else below the top-most folder that says it is a project. Files are read when a question
is asked. Only files that an answer names are kept: who searches the whole tree asks for many words at once.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from codemods.engine.git import left_out, work_tree
from codemods.engine.index import Index
from codemods.engine.listing import Listing
from codemods.engine.recent import Recent
from codemods.engine.source import decode, parse, read, read_large
from codemods.engine.started import Starts
from codemods.engine.tree import Tree
from codemods.errors import CodemodError, TooLargeError
from codemods.floors.formats import format_of
from codemods.leftovers.places import place_of
from codemods.names import Module

_MARKERS = ("pyproject.toml", "setup.py", ".git")
ImportNode = ast.Import | ast.ImportFrom
_UNREAD = b"\xff"
"""Stands for a file that cannot be read: it follows no encoding, so nobody knows what it does."""


class Project:
    """The Python files around a run; what is read stays here for the next question."""

    def __init__(self, listing: Listing, *, keeps: bool = False) -> None:
        """Take a listing; who changes what other files hold ``keeps`` every one, as nodes are compared by identity."""
        self.listing = listing
        self._keeps = keeps
        self._recent = Recent()
        self._data: dict[Path, bytes] = {}
        self._modules: dict[Path, Module | None] = {}
        self._imports: dict[Path, tuple[ImportNode, ...]] = {}
        self.index = Index(lambda: self.files, self._contents)
        self._unread: set[str] = set()
        self.unsearched: set[str] = set()
        """Files of which not even the words are known, as far as the searches until now have met them."""

    @cached_property
    def left_out(self) -> tuple[Path, ...]:
        """List the files of the project that are not there, as its checkout is a sparse one."""
        return tuple(root / name for root in sorted(self.roots) for name in left_out(root))

    def unknown(self) -> tuple[str, str] | None:
        """Name a file of which nobody knows what it imports, if there is one, and say why."""
        unread = min(self.unsearched, default=None)
        absent = next((path for path in self.left_out if path.suffix == ".py"), None) if unread is None else None
        if unread is not None:
            return self.name(unread), "it cannot be read"
        return None if absent is None else (self.name(absent), "it is not checked out")

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Give the paths of the files of the project and of the run; as texts, for there may be very many."""
        return tuple(text for text in self._all if not _is_notebook(text))

    @cached_property
    def notebooks(self) -> tuple[Path, ...]:
        """List the notebooks of the project and of the run."""
        return tuple(Path(text) for text in self._all if _is_notebook(text))

    @cached_property
    def _all(self) -> tuple[str, ...]:
        found = {text for text in self.listing.files.texts if text not in self.listing.files.problems}
        walks = self.listing.walks
        for root in (root for root in self.roots if not walks.has(root)):  # those were listed already
            found.update(text for text, problem in walks.files_in(root, (root,)) if problem is None)
        return tuple(sorted(found, key=_parts_of))

    @cached_property
    def others(self) -> tuple[Path, ...]:
        """List the files beside the code that may declare dependencies or set variables."""
        return self.tree.beside(self._is_beside)

    @cached_property
    def ignored(self) -> tuple[Path, ...]:
        """List the files that git ignores beside the code and that may set variables: a local ``.env``."""
        return self.tree.ignored(lambda path: place_of(self.below(path)) is not None)

    @cached_property
    def tree(self) -> Tree:
        """Walk the project once for everything that is not Python."""
        return Tree(self.roots, self.listing.walks)

    def below(self, path: Path) -> str:
        """Name a file as its kind is known by: below the top folder of its project."""
        text = str(path)
        top = next((top for top in self._tops if text.startswith(top)), f"{path.parent}{os.sep}")
        return text[len(top) :].replace(os.sep, "/")

    @cached_property
    def _tops(self) -> tuple[str, ...]:
        return tuple(f"{str(root).rstrip(os.sep)}{os.sep}" for root in sorted(self.roots))

    def _is_beside(self, path: Path) -> bool:
        name = self.below(path)
        return format_of(name) is not None or place_of(name) is not None

    @cached_property
    def starts(self) -> Starts:
        """Give what the files of the project start and load by paths."""
        return Starts(self.mentioning, self.glance, lambda: self.others)

    @cached_property
    def roots(self) -> frozenset[Path]:
        """List the top folders of the project."""
        return frozenset(_root_of(folder) for folder in self.listing.folders)

    @cached_property
    def _parts(self) -> frozenset[str]:
        folders, stems = set[str](), set[str]()
        for text in self.files:
            folder, _, stem = _split(text)
            folders.add(folder)
            stems.add(stem)
        parts = {part for folder in folders for part in self.name(folder).split("/")}
        return frozenset((parts | stems) - {"", "."})

    @cached_property
    def _file_set(self) -> frozenset[str]:
        return frozenset(self.files)

    @cached_property
    def _by_folder(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for text in self.files:
            found.setdefault(_split(text)[0], []).append(text)
        return found

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for text in self.files:
            _, above, stem = _split(text)
            found.setdefault(above if stem == "__init__" else stem, []).append(text)
        return found

    def name(self, path: Path | str) -> str:
        """Name a file as the files of the run are named."""
        return self.listing.name(path)

    def has(self, path: Path) -> bool:
        """Tell whether a file is one of the project."""
        return str(path) in self._file_set

    def may_hold(self, top: str) -> bool:
        """Tell whether a top-level name of an import may be a module of this project."""
        return top in self._parts

    def with_changes(self, changed: Mapping[Path, bytes]) -> Project:
        """Look at the same project as if some files had other bytes; none of those may mention more words."""
        other = Project(self.listing, keeps=self._keeps)
        other._data = {**self._data, **changed}
        other.index = self.index.with_contents(lambda: other.files, other._contents)
        other._modules = {path: module for path, module in self._modules.items() if path not in changed}
        other._unread, other.unsearched = set(self._unread), set(self.unsearched)
        other.__dict__.update(files=self.files, roots=self.roots, tree=self.tree)
        return other

    def know(self, path: Path, data: bytes, module: Module) -> None:
        """Take over a file that was read already: its nodes are compared by identity."""
        self._data[path], self._modules[path] = data, module

    def data(self, path: Path) -> bytes:
        """Give the bytes of a file; those that cannot be read are none."""
        if path not in self._data:
            try:
                self._data[path] = read(path)
            except CodemodError:
                self._data[path] = b""
                self._unread.add(str(path))
        return self._data[path]

    def module(self, path: Path) -> Module | None:
        """Give a file with its names bound, or None when it is not Python."""
        if path in self._modules:
            return self._modules[path]
        if self._keeps:
            self.data(path)
            self._modules[path] = _bound(path, self.glance(path))
            return self._modules[path]
        if path not in self._recent:
            data = self.glance(path)
            self._recent.add(path, _bound(path, data), len(data))
        return self._recent.of(path)

    def glimpse(self, path: Path) -> Module | None:
        """Give a file with its names bound without keeping it."""
        if path in self._recent:
            return self._recent.of(path)
        return self._modules[path] if path in self._modules else _bound(path, self.glance(path))

    def imports(self, path: Path) -> tuple[ImportNode, ...]:
        """List the import statements of a file, wherever they stand."""
        if path not in self._imports:
            self._imports[path] = tuple(_import_nodes(self._tree(path)))
        return self._imports[path]

    def _tree(self, path: Path) -> ast.Module | None:
        """Give the syntax of a file without binding its names, which costs five times as much as parsing it."""
        known = self._modules.get(path)
        if known is not None or path in self._modules:
            return None if known is None else known.tree
        try:
            return parse(path.name, decode(path.name, self.glance(path)).text)
        except (CodemodError, RecursionError):
            return None

    def mentioning(self, words: Collection[str]) -> dict[str, tuple[Path, ...]]:
        """Map words to the files in which they occur as words."""
        return self.index.mentioning(words)

    def importing(self, paths: Iterable[Path]) -> dict[Path, tuple[Path, ...]]:
        """Map files to those that may import them by an absolute name."""
        return self.index.importing(paths)

    def _contents(self, texts: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read files one after the other, in an order, without keeping them; of some nobody knows what they hold."""
        known = {str(path): data for path, data in self._data.items()}
        for text in texts:
            data = None if text in self._unread else known.get(text)
            if data is None and (data := self._searched(text)) is None:
                self.unsearched.add(text)
                continue
            yield text, data

    def whole(self, path: Path) -> bytes:
        """Read a file however large it is; one that cannot be read is unknown from then on."""
        return next((data for _, data in self._contents([str(path)])), b"")

    def _searched(self, text: str) -> bytes | None:
        try:
            return read(text)
        except TooLargeError:
            return read_large(text)
        except CodemodError:
            return None

    def glance(self, path: Path) -> bytes:
        """Read a file without keeping it: a tree may be larger than the memory. One that is not read is no Python."""
        if path in self._data:
            return self._data[path] if str(path) not in self._unread else _UNREAD
        try:
            return read(path)
        except CodemodError:
            return _UNREAD

    def beside(self, path: Path) -> tuple[Path, ...]:
        """List the other files of the same folder."""
        return tuple(Path(text) for text in self._by_folder.get(str(path.parent), ()) if text != str(path))

    def targets(self, importer: Path, level: int, dotted: str) -> tuple[Path, ...]:
        """Find the files a module name may stand for; without the import path there may be more than one."""
        parts = [part for part in dotted.split(".") if part]
        if level:
            folder = importer.parents[level - 1] if level <= len(importer.parents) else importer.parent
            place = folder.joinpath(*parts)
            return tuple(
                path for path in (place.with_suffix(".py"), place / "__init__.py") if str(path) in self._file_set
            )
        if not parts:
            return ()
        found = map(Path, self._by_stem.get(parts[-1], ()))
        return tuple(path for path in found if _ends_with(path, parts))


def module_stem(path: Path) -> str:
    """Give the last name by which a file is imported."""
    return path.parent.name if path.stem == "__init__" else path.stem


def _parts_of(text: str) -> str:
    """Write a path so that it has the place of its parts in an order; no name holds a zero byte, the first of all."""
    return text.replace(os.sep, "\0")


def _split(text: str) -> tuple[str, str, str]:
    """Give the folder of a file, the last name of that folder, and the name of the file without its suffix."""
    folder, _, name = text.rpartition(os.sep)
    stem, dot, suffix = name.rpartition(".")
    return folder or os.sep, folder.rpartition(os.sep)[2], stem if dot and stem and suffix else name


def _is_notebook(text: str) -> bool:
    return text.endswith(".ipynb") and _split(text)[2] != ".ipynb"


def _bound(path: Path, data: bytes) -> Module | None:
    try:
        return Module(parse(path.name, decode(path.name, data).text))
    except (CodemodError, RecursionError):
        return None


def module_of(node: ImportNode, alias: ast.alias) -> tuple[int, str]:
    """Give the level and the name of the module an import takes something from."""
    return (node.level, node.module or "") if isinstance(node, ast.ImportFrom) else (0, alias.name)


def _import_nodes(tree: ast.Module | None) -> Iterator[ImportNode]:
    """Yield the import statements of a file; only statements hold statements."""
    stack: list[ast.AST] = [] if tree is None else [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ImportNode):
            yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, field, None)
            stack.extend(inner if isinstance(inner, list) else ())


def _ends_with(path: Path, parts: list[str]) -> bool:
    place = path.parent if path.stem == "__init__" else path.with_suffix("")
    return list(place.parts[-len(parts) :]) == parts


def _root_of(folder: Path) -> Path:
    top, ignored = work_tree(folder)
    if top is not None:
        return folder if ignored else top
    return max(_marked(folder), key=lambda item: -len(item.parts), default=folder)


def _marked(folder: Path) -> Iterator[Path]:
    """Yield the folders above that say they are a project; a home or temporary folder is nobody's."""
    shared = {Path.home(), Path(tempfile.gettempdir()).resolve(), Path(folder.anchor)}
    for place in (folder, *folder.parents):
        if place in shared:
            return
        if any((place / marker).exists() for marker in _MARKERS):
            yield place
