"""What one file of a run can break in another.

Three questions are asked of the whole tree: does anybody depend on the type of a credential, does anybody import a name
that would be deleted, and does the module a secret is imported from need the secret when it starts. The answers are
read from the text; they err on the side of leaving code alone.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath

from codemods.engine.candidates import Candidate, Reading, looks_like_test
from codemods.engine.flow import Blocked
from codemods.engine.listing import Listed, Listing
from codemods.engine.plan import Surroundings
from codemods.engine.required import hard_read, required_line
from codemods.engine.sites import Knowledge, is_rewrite
from codemods.engine.source import decode, parse, read
from codemods.errors import CodemodError
from codemods.model import ReasonCode
from codemods.names import Kind, Module


@dataclass(slots=True, kw_only=True)
class Neighbours:
    """The tree as its files see each other."""

    listing: Listing
    class_names: frozenset[str]
    type_tests: Mapping[str, Blocked]
    mentions: Mapping[str, tuple[tuple[str, bytes], ...]]
    variables: Mapping[str, str]
    definitions: dict[str, Module | None] = field(default_factory=dict)

    def of(self, candidate: Candidate) -> Surroundings:
        """Give what the rest of the tree says about one file."""
        return Surroundings(
            type_tests=self.type_tests,
            imported_elsewhere=partial(self._imported_elsewhere, candidate.listed.name),
            read_elsewhere=self._read_elsewhere,
            variable_elsewhere=self.variables.get,
        )

    def _imported_elsewhere(self, path: str, name: str) -> bool:
        pure = PurePosixPath(path)
        stem = pure.parent.name if pure.stem == "__init__" else pure.stem
        wanted = _import_of(stem, name) if name in self.class_names else re.compile(rf"\b{re.escape(stem)}\b".encode())
        return any(other != path and wanted.search(data) for other, data in self.mentions.get(name, ()))

    def _read_elsewhere(self, qualified: str) -> str | None:
        """Name the file and line that need the secret an imported name stands for."""
        parts = qualified.lstrip(".").split(".")
        for size in range(len(parts) - 1, 0, -1):
            listed = self._file_of(parts[:size])
            module = self._module(listed) if listed is not None else None
            if listed is not None and module is not None:
                line = _needed_line(module, parts[size:])
                return None if line is None else f"{listed.name}:{line}"
        return None

    def _file_of(self, parts: list[str]) -> Listed | None:
        wanted = "/".join(parts)
        endings = (f"{wanted}.py", f"{wanted}/__init__.py")
        return next((item for item in self.listing.files if _ends_with(item.name, endings)), None)

    def _module(self, listed: Listed) -> Module | None:
        if listed.name not in self.definitions:
            try:
                source = decode(listed.name, read(listed.path))
                self.definitions[listed.name] = Module(parse(listed.name, source.text))
            except CodemodError:
                self.definitions[listed.name] = None
        return self.definitions[listed.name]


def look_around(listing: Listing, reading: Reading, known: Knowledge) -> Neighbours:
    """Ask the tree once, for all candidates."""
    names = {
        read.name
        for candidate in reading.candidates
        for occurrence in candidate.file.occurrences
        if is_rewrite(occurrence)
        for read in occurrence.trace.names
        if read.scope is candidate.file.module.top and read.binding.kind is Kind.ASSIGNMENT
    }
    # A file that mentions a class has passed the prefilter; one that imports a constant may be any.
    mentions = _mentions(reading.mentioned.items(), known.class_names)
    if names:
        mentions |= _mentions(_all_files(listing), names)
    return Neighbours(
        listing=listing,
        class_names=known.class_names,
        type_tests=_type_tests(reading.candidates, known),
        mentions=mentions,
        variables=_variables(reading),
    )


def _variables(reading: Reading) -> dict[str, str]:
    """Map environment variables to the first place that cannot do without them and is no part of a site."""
    used: dict[str, set[str]] = {}
    for candidate in reading.candidates:
        for occurrence in candidate.file.occurrences:
            for item in occurrence.trace.items:
                if not item.holder:
                    used.setdefault(item.key, set()).add(candidate.listed.name)
    found: dict[str, str] = {}
    for name, paths in used.items():
        hard = re.compile(rb"\benviron\s*\[\s*[\"']%s[\"']\s*\]" % re.escape(name).encode())
        for path, data in reading.mentioned.items():
            if path not in paths and not looks_like_test(path) and (match := hard.search(data)) is not None:
                line = data.count(b"\n", 0, match.start()) + 1
                found.setdefault(name, f"{path}:{line}")
    return found


def _all_files(listing: Listing) -> Iterator[tuple[str, bytes]]:
    """Read the tree once more; done only when a constant would be deleted."""
    for listed in listing.files:
        with contextlib.suppress(CodemodError):
            yield listed.name, read(listed.path)


def _type_tests(candidates: Iterable[Candidate], known: Knowledge) -> dict[str, Blocked]:
    """Map each construct to the first place that depends on its type or its private attributes."""
    found: dict[str, Blocked] = {}
    for candidate in candidates:
        if candidate.file.is_test:
            continue
        for occurrence in candidate.file.occurrences:
            reason = getattr(occurrence.verdict, "reason", None)
            where = f"{occurrence.site.path}:{occurrence.site.line}"
            if reason is ReasonCode.TYPE_DEPENDENT:
                found.setdefault(occurrence.site.construct, (reason, where))
            elif reason is ReasonCode.PRIVATE_ATTRIBUTE_USE:
                for construct in sorted(known.classes_with(occurrence.site.construct)):
                    found.setdefault(construct, (reason, where))
    return found


def _mentions(files: Iterable[tuple[str, bytes]], names: Collection[str]) -> dict[str, tuple[tuple[str, bytes], ...]]:
    """Map names to the files that mention them."""
    pattern = re.compile(rb"\b(?:%s)\b" % b"|".join(re.escape(name).encode() for name in sorted(names)))
    found: dict[str, list[tuple[str, bytes]]] = {}
    for path, data in files:
        for name in {match.decode() for match in pattern.findall(data)}:
            found.setdefault(name, []).append((path, data))
    return {name: tuple(places) for name, places in found.items()}


def _needed_line(module: Module, rest: list[str]) -> int | None:
    """Find the line where a module or one of its classes cannot do without a value."""
    if len(rest) == 1:
        for binding in module.top.bindings.get(rest[0], ()):
            if binding.value is not None and hard_read(module, binding.value):
                return binding.value.lineno
        return None
    return required_line(module, rest[-1])


def _import_of(stem: str, name: str) -> re.Pattern[bytes]:
    """Match the ways a class is taken from another module; many files mention such a class, few take it from here.

    For a constant any mention of both words counts: to delete one that is needed would be worse than to keep it.
    """
    names = rf"(?:\([^)]*?|[^\n(]*?)\b{re.escape(name)}\b"
    return re.compile(rf"\b{re.escape(stem)}(?:\.{re.escape(name)}\b|\s+import\s+{names})".encode())


def _ends_with(name: str, endings: tuple[str, ...]) -> bool:
    return any(name == ending or name.endswith(f"/{ending}") for ending in endings)
