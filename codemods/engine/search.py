"""Search the whole project for what may read a variable, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from codemods.engine.candidates import looks_like_test
from codemods.engine.mentions import Mention, Spelling, is_documentation, is_python, mention, mention_in_code
from codemods.engine.project import Project
from codemods.leftover import LeftoverKind
from codemods.leftovers.compose_services import unseen_taker
from codemods.leftovers.place import Place
from codemods.leftovers.places import place_of

_BLOCK = 4 * 1024 * 1024
_OVERLAP = 512
_YAML = frozenset({".yml", ".yaml"})
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"


class Unproven(Exception):  # noqa: N818 - an answer, not an error
    """Something may need a variable, or nobody can tell; the message says what."""


class Search:
    """Which files may hold which names; every file is read once."""

    def __init__(self, project: Project, names: Iterable[str]) -> None:
        self.project = project
        self.spellings = {name: Spelling(name) for name in sorted(names)}
        self.unread: list[str] = []
        self._found: dict[str, list[Path]] = {name: [] for name in self.spellings}
        self.ignored = frozenset(project.ignored)
        for path in sorted({*project.tree.files, *self.ignored}):
            for name in self._names_in(path):
                self._found[name].append(path)

    def files(self, name: str) -> tuple[Path, ...]:
        """List the files that may hold a name, in any spelling."""
        return tuple(self._found[name])

    def kind(self, path: Path) -> Place | None:
        """Give the kind of a file, if it is one that sets variables."""
        return place_of(self.project.below(path))

    @cached_property
    def taker(self) -> str | None:
        """Name a service of a compose file that is given whole environment files and is not built here."""
        for path in self.project.tree.files:
            place = self.kind(path) if path.suffix in _YAML else None
            if place is not None and place.kind is LeftoverKind.COMPOSE:
                service = unseen_taker(text_of(self.project.data(path)))
                if service:
                    return f"service {service} of {self.project.name(path)}"
        return None

    def check_links(self, name: str) -> None:
        """Refuse when a link leads to a folder, or to a file with the name, that was not searched."""
        for link in self.project.tree.links:
            where = self.project.name(link)
            if link.is_dir():
                raise Unproven(f"{where} leads out of the project, and what is behind it was not searched")
            if link.is_file() and name in self._names_in(link):
                raise Unproven(f"{where} leads out of the project and names it")
        if self.project.left_out:
            raise Unproven(f"{self.project.name(self.project.left_out[0])} is not checked out, and was not searched")
        if self.unread:
            raise Unproven(f"{self.unread[0]} cannot be searched")

    def check(self, name: str, view: Project, changed: Iterable[Path]) -> None:
        """Raise Unproven with the first place that may read a variable in a project as it will be."""
        for path in sorted({*self._found[name], *changed}):
            found = self._mention(name, view, path)
            if found is not None:
                raise Unproven(f"{self.project.name(path)}:{found.line} {found.what}")

    def check_reach(self, bound: str) -> None:
        """Raise Unproven with the first place in another language that may reach a name of Python: a template."""
        pattern = re.compile(rf"\.{re.escape(bound)}\b|[\"']{re.escape(bound)}[\"']")
        for path in self._found[bound]:
            if not is_python(path.name) and not is_documentation(path.name):
                found = pattern.search(text := text_of(self.project.data(path)))
                if found is not None:
                    line = text.count("\n", 0, found.start()) + 1
                    raise Unproven(f"{self.project.name(path)}:{line} may reach {bound}")

    def _mention(self, name: str, view: Project, path: Path) -> Mention | None:
        spelling = self.spellings[name]
        if is_python(path.name) and not spelling.may_be_in_code(text_of(view.data(path))):
            return None
        module = view.module(path) if is_python(path.name) else None
        if module is not None:
            is_test = looks_like_test(view.name(path), view.data(path))
            return mention_in_code(spelling, module, is_test=is_test)
        place = None if is_python(path.name) else self.kind(path)
        text = text_of(view.data(path))
        if path in self.ignored and place is not None:
            text = _without_settings(place, self.project.below(path), text, name)
        return mention(spelling, path.name, text, place)

    def _names_in(self, path: Path) -> set[str]:
        found: set[str] = set()
        try:
            for lowered in _blocks(path):
                found |= {name for name, spelling in self.spellings.items() if spelling.may_be_in(lowered)}
        except OSError:
            self.unread.append(self.project.name(path))
        return found


def text_of(data: bytes) -> str:
    """Decode a file for a search; what is no UTF-8 is read byte by byte."""
    if data.startswith(_UTF_16):
        return data.decode("utf-16", "replace")
    plain = data.replace(b"\0", b"")  # UTF-16 without a mark
    try:
        return plain.decode("utf-8-sig")
    except UnicodeDecodeError:
        return plain.decode("latin-1")


def _blocks(path: Path) -> Iterator[bytes]:
    """Read a file in parts that overlap, in lower case; zero bytes of UTF-16 do not hide anything."""
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield (whole := tail + block.replace(b"\0", b"").lower())
            tail = whole[-_OVERLAP:]


def _without_settings(place: Place, below: str, text: str, name: str) -> str:
    """Leave out what only sets a name in a file that git ignores and nobody changes."""
    if place.kind is LeftoverKind.ENV_FILE:
        lines = text.split("\n")
        return "\n".join("" if _sets(line, name) and "$" not in line else line for line in lines)
    return text if place.cut is None or not place.applies(text) else place.cut(below, text, frozenset({name})).text


def _sets(line: str, name: str) -> bool:
    return line.partition("=")[0].strip().removeprefix("export").strip() == name
