"""Who else in the project uses a name of a file: by an import, as an attribute, or as a text.

To keep a name that nobody needs costs nothing; to delete one that is imported elsewhere stops a program. So a file that
mentions the name counts unless its text or its syntax shows that it means something else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

from codemods.engine.project import Project, module_stem
from codemods.engine.source import decode
from codemods.engine.uses import Hint, Uses, hints, loose_names, uses_of
from codemods.engine.words import words_of
from codemods.errors import CodemodError
from codemods.scope import Kind

_BY_ITSELF = (b"import_module", b"__import__", b"globals(", b"vars(", b"__getattr__", b"exec(", b"__dict__")


class References:
    """The mentions of the names that would be deleted or renamed."""

    def __init__(self, project: Project, asked: Collection[tuple[Path, str]]) -> None:
        """Take the names that will be asked for, each with its file."""
        self.project = project
        self.asked = frozenset(asked)
        self._depends = False
        self._in_notebooks: dict[Path, tuple[frozenset[bytes], frozenset[bytes]]] = {}
        self._takers: dict[Path, bool] = {}
        self._hints: dict[Path, dict[str, Hint]] = {}
        self._uses: dict[Path, tuple[frozenset[str], Uses | None]] = {}
        self._loose: dict[Path, dict[str, bool]] = {}
        self._users: dict[tuple[Path, str, str | None], Path | None] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        """Give the names that others may know."""
        self.project.index.expect(module_stem(path) for path, name in self.asked if not name.isupper())
        return frozenset(name for path, name in self.asked if self._is_known(path, name))

    @cached_property
    def _names_in(self) -> Mapping[Path, frozenset[str]]:
        found: dict[Path, set[str]] = {}
        for name, paths in self.project.mentioning(self.names).items():
            for path in paths:
                found.setdefault(path, set()).add(name)
        return {path: frozenset(names) for path, names in found.items()}

    def _asked_of(self, other: Path, name: str) -> frozenset[str]:
        """Give the names that a file is looked at for, once: those that will be asked for, too."""
        together = self._names_in.get(other, frozenset()) if self._depends else frozenset[str]()
        return together | {name}

    def used_elsewhere(self, path: Path, name: str, owner: str | None = None) -> str | None:
        """Name a file that seems to use a name of another file, or may, as nobody can tell.

        ``owner`` is the class the name belongs to.
        """
        asked, self._depends = (path, name, owner), True
        if asked not in self._users:
            is_known = owner is not None or self._is_known(path, name)
            self._users[asked] = self._user(*asked) if is_known else self._notebook(*asked)
        if (found := self._users[asked]) is not None:
            return self.project.name(found)
        unknown = self.project.unknown()
        return None if unknown is None else f"{unknown[0]} ({unknown[1]})"

    def taken_by(self, path: Path, name: str) -> str | None:
        """Name a file that seems to take a name of another one, which is told and changes nothing."""
        found = self._user(path, name, None)
        return None if found is None else self.project.name(found)

    def _user(self, path: Path, name: str, owner: str | None) -> Path | None:
        others = (other for other in self.project.mentioning({name}).get(name, ()) if other != path)
        found = next((other for other in others if self._refers(other, path, name, owner)), None)
        return found or self._notebook(path, name, owner)

    def _notebook(self, path: Path, name: str, owner: str | None) -> Path | None:
        """Give a notebook that says a name, and the file or the class it belongs to."""
        said = {_encoded(name), _encoded(module_stem(path) if owner is None else owner)}
        others = (other for other in self.project.notebooks if other != path)
        return next((other for other in others if said <= self._words_of(other, said)), None)

    def _words_of(self, notebook: Path, wanted: Collection[bytes]) -> frozenset[bytes]:
        """Give those of some words, and of the names that will be asked for, that stand in a notebook."""
        asked, found = self._in_notebooks.get(notebook, (frozenset[bytes](), frozenset[bytes]()))
        if not asked.issuperset(wanted):
            asked = asked.union(wanted, *({_encoded(name), _encoded(module_stem(path))} for path, name in self.asked))
            found = asked & words_of(self.project.whole(notebook))
            self._in_notebooks[notebook] = asked, found
        return found

    def _is_known(self, path: Path, name: str) -> bool:
        """Tell whether others may know a name of a file: whoever takes it in, by whatever way, says the file somewhere.

        A framework may be told from outside where its settings stand; it reads those in capital letters.
        https://docs.djangoproject.com/en/5.2/topics/settings/, https://flask.palletsprojects.com/en/stable/config/
        """
        stem = module_stem(path)
        if path.stem == "__init__" or name.isupper() or not (stem.isascii() and stem.isidentifier()):
            return True  # of a package, ``from . import name`` does not say which
        if any(map(self._takes_whatever_it_finds, path.parents)):
            return True
        return any(other != path for other in self.project.mentioning({stem}).get(stem, ()))

    def _takes_whatever_it_finds(self, folder: Path) -> bool:
        """Tell whether a package may import its files without saying them, and hand on their names."""
        if folder not in self._takers:
            data = self.project.glance(folder / "__init__.py") if self.project.has(folder / "__init__.py") else b""
            self._takers[folder] = any(sign in data for sign in _BY_ITSELF)
        return self._takers[folder]

    def _refers(self, other: Path, path: Path, name: str, owner: str | None) -> bool:
        word, hint = module_stem(path) if owner is None else owner, self._hint(other, name)
        matters = hint.matters(said=hint.item and self._says(other, word))
        if not matters and not (hint.star and owner is None and self._is_loose(other, name)):
            return False
        uses = self._use(other, name)
        if uses is None or name in uses.settings:
            return True
        said = self._says(other, word)
        if owner is not None and not said:
            return False
        if owner is None and any(self._may_come_from(other, *taken, path, name) for taken in uses.taken.get(name, ())):
            return True
        is_item = name in uses.theirs or (said and name in uses.open)
        return is_item or any(text.endswith(f"{word}.{name}") for text in uses.texts)

    def _hint(self, other: Path, name: str) -> Hint:
        known = self._hints.setdefault(other, {})
        if name not in known:
            known.update(hints(self.project.glance(other), self._asked_of(other, name)))
        return known[name]

    def _use(self, other: Path, name: str) -> Uses | None:
        """Say what a file does with a name; None where it is not Python and may do anything."""
        names, found = self._uses.get(other, (frozenset[str](), None))
        if name not in names:
            names |= self._asked_of(other, name)
            module = self.project.glimpse(other)
            found = None if module is None else uses_of(module, names, self.project.may_hold)
            self._uses[other] = names, found
        return found

    def _says(self, other: Path, word: str) -> bool:
        return word.encode("utf-8", "surrogateescape") in self.project.glance(other)

    def _is_loose(self, other: Path, name: str) -> bool:
        """Tell whether a file may have a name as it is; one that cannot be read may do anything."""
        known = self._loose.setdefault(other, {})
        if name not in known:
            names = self._asked_of(other, name)
            known |= dict.fromkeys(names, False)
            known |= dict.fromkeys(self._loose_in(other, names), True)
        return known[name]

    def _loose_in(self, other: Path, names: Collection[str]) -> Collection[str]:
        try:
            return loose_names(decode(other.name, self.project.glance(other)).text, names)
        except CodemodError:
            return names

    def _may_come_from(self, other: Path, level: int, dotted: str, path: Path, name: str) -> bool:
        targets = self.project.targets(other, level, dotted)
        if path in targets or dotted.rpartition(".")[2] == module_stem(path):
            return True
        if not targets:
            return level > 0 or self.project.may_hold(dotted.partition(".")[0])
        return not all(self._defines(target, name) for target in targets)

    def _defines(self, path: Path, name: str) -> bool:
        """Tell whether a file gives a name its meaning by itself, without an import."""
        module = self.project.module(path)
        bindings = [] if module is None else module.top.bindings.get(name, [])
        return bool(bindings) and all(binding.kind is not Kind.IMPORT for binding in bindings)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
