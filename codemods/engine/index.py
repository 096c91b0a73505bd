"""What the files of a project hold, mention and import: every question costs one pass over them at the most.

Files are read one after the other and not kept. A pass finds whatever is expected to be asked for as well; and what the
first one noted about a few texts, most secrets' names among them, says which files need not be read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from codemods.engine.imported import Importers
from codemods.engine.texts import Texts
from codemods.engine.words import Words

_SPELLED = frozenset({"secret", "password", "certificate", "credential"})
SIGNS = frozenset(form.encode() for name in _SPELLED for form in (name, name.upper(), name.capitalize()))
"""Texts one of which is in the name of most secrets, and in few files."""
READS = frozenset({b"environ", b"getenv", b"decouple", b"starlette"})
"""One of these is in each file that reads a variable: codemods.engine.readers."""
_NOTHING = frozenset[bytes]()
Contents = Callable[[Iterable[str]], Iterator[tuple[str, bytes]]]


class Index:
    """The answers so far; ``files`` are all files of a project, in an order, and ``contents`` reads some of them."""

    def __init__(self, files: Callable[[], Collection[str]], contents: Contents) -> None:
        self._files = files
        self._contents = contents
        self._expected: set[str] = set()
        self._mentions: dict[frozenset[bytes], dict[str, tuple[str, ...]]] = {_NOTHING: {}}
        self._importers: dict[Path, tuple[Path, ...]] = {}
        self._noted: Mapping[bytes, Collection[str]] = {}
        self._passed: Collection[str] = frozenset()
        self._held: dict[frozenset[bytes], tuple[str, ...]] = {}

    def with_contents(self, files: Callable[[], Collection[str]], contents: Contents) -> Index:
        """Take over what files mention for a project in which none of them mentions more."""
        other = Index(files, contents)
        other._mentions = {beside: dict(found) for beside, found in self._mentions.items()}
        other._noted, other._passed = self._noted, self._passed
        return other

    def note(self, passed: Collection[str], noted: Mapping[bytes, Collection[str]]) -> None:
        """Take over which of the files that were read hold some texts."""
        self._passed, self._noted = passed, {text: frozenset(held) for text, held in noted.items()}

    def expect(self, words: Iterable[str]) -> None:
        """Take note of words that will be asked for, so that one pass finds them with others."""
        self._expected.update(words)

    def mentioning(self, words: Collection[str], beside: frozenset[bytes] = frozenset()) -> dict[str, tuple[Path, ...]]:
        """Map words to the files in which they occur as words, ``beside`` one of some texts if there are any."""
        known = self._mentions.setdefault(beside, {})
        if not known.keys() >= frozenset(words):
            self._search(words, (), beside)
        return {word: tuple(map(Path, found)) for word in words if (found := known[word])}

    def importing(self, paths: Iterable[Path]) -> dict[Path, tuple[Path, ...]]:
        """Map files to those that may import them by an absolute name."""
        wanted = tuple(dict.fromkeys(paths))
        if not self._importers.keys() >= frozenset(wanted):
            self._search((), wanted)
        return {path: self._importers[path] for path in wanted}

    def holding(self, texts: frozenset[bytes]) -> tuple[Path, ...]:
        """List the files that hold one of some texts."""
        return tuple(map(Path, self._holding(texts)))

    def _holding(self, texts: frozenset[bytes]) -> tuple[str, ...]:
        if texts not in self._held:
            search, where = Texts(texts), self._where(texts)
            self._held[texts] = tuple(text for text, data in self._contents(where) if search.occur_in(data))
        return self._held[texts]

    def _search(self, words: Iterable[str], paths: Iterable[Path], beside: frozenset[bytes] = frozenset()) -> None:
        """Find what mentions words and imports files, and what was expected."""
        known = self._mentions[beside]
        mentions = {word: list[str]() for word in (set() if beside else self._expected).union(words) - known.keys()}
        imports = {path: list[Path]() for path in paths if path not in self._importers}
        if not beside:
            self._expected.clear()
        sought, importers = Words(mentions), Importers(imports)
        texts = Texts(sought.texts | importers.stems)
        for text, data in self._contents(self._holding(beside) if beside else self._where(texts.texts)):
            if not (held := texts.of(data)):
                continue
            for word in sought.among(data, held):
                mentions[word].append(text)
            for path in importers.of(data) if not importers.stems.isdisjoint(held) else ():
                if str(path) != text:
                    imports[path].append(Path(text))
        known.update((word, tuple(found)) for word, found in mentions.items())
        self._importers.update((path, tuple(found)) for path, found in imports.items())

    def _where(self, texts: Iterable[bytes]) -> Iterable[str]:
        """Name the files that may hold one of some texts: all of them, unless each text holds one that was noted."""
        fewest = sorted(self._noted, key=lambda sign: len(self._noted[sign]))
        signs = {next((sign for sign in fewest if sign in text), None) for text in texts}
        held = {name for sign in signs if sign is not None for name in self._noted[sign]}
        if None in signs:
            return self._files()
        return [text for text in self._files() if text in held or text not in self._passed]
