"""The files that change because variables are dead: their bytes, their diffs without values, and their writing."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from codemods.engine.attempt import Attempt
from codemods.engine.diff import printable, spellings, unified
from codemods.engine.fixing import Fixes
from codemods.engine.hidden import hidden_in
from codemods.engine.mentions import is_python
from codemods.engine.project import Project
from codemods.engine.readers import environment_variable
from codemods.engine.search import text_of
from codemods.engine.write import write
from codemods.errors import CodemodError
from codemods.leftover import FixedFile, Leftover, LeftoverKind
from codemods.leftovers.masking import MASK, literal, masked
from codemods.leftovers.places import place_of
from codemods.names import Module

_IGNORED = "git ignores it, so it is never changed"
_HARMLESS = "it only sets or names the variable, and reads nothing"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fixed:
    """A file as it is, and as it will be without some names; ``waits`` are the files whose sites are written before."""

    path: Path
    names: frozenset[str]
    old: bytes
    new: bytes
    waits: frozenset[Path]
    file: FixedFile


def with_fixes(attempt: Attempt, fixes: Fixes) -> Attempt:
    """Take statements that are dead out of the files that have sites."""
    prepared = []
    for new in attempt.prepared:
        files = []
        for each in new.files:
            data = fixes.changes.get(each.candidate.listed.path, each.data)
            hidden = [
                *hidden_in(each.candidate),
                *_defaults(each.candidate.file.module, each.candidate.file.source.text),
            ]
            diff, hides = printable(each.candidate.listed.name, each.candidate.data, data, hidden)
            files.append(each if data == each.data else replace(each, data=data, diff=diff, masked=hides))
        prepared.append(replace(new, files=tuple(files)))
    return replace(attempt, prepared=tuple(prepared))


def fixed_files(attempt: Attempt, fixes: Fixes, project: Project) -> tuple[Fixed, ...]:
    """Describe the other files that change."""
    return tuple(_fixed(path, fixes, project) for path in sorted(fixes.changes) if path not in attempt.changes)


def _fixed(path: Path, fixes: Fixes, project: Project) -> Fixed:
    names = [name for name, files in sorted(fixes.files.items()) if path in files]
    name, old, new = project.name(path), project.data(path), fixes.changes[path]
    diff, hides = _code_diff(project, path, new) if is_python(path.name) else _masked_diff(project, path, new)
    waits = frozenset(owner for each in names for owner in fixes.owners[each])
    places = tuple(sorted((line, each) for where, line, each in fixes.gone if where == path))
    file = FixedFile(path=name, places=places, diff=diff, masked=hides)
    return Fixed(path=path, names=frozenset(names), old=old, new=new, waits=waits, file=file)


def _code_diff(project: Project, path: Path, new: bytes) -> tuple[str, bool]:
    """Show Python with the defaults of variables hidden."""
    module, data = project.module(path), project.data(path)
    hidden = () if module is None else _defaults(module, text_of(data))
    return printable(project.name(path), data, new, hidden)


def _defaults(module: Module, text: str) -> Iterator[str]:
    """List what code takes where a variable is missing: it may be as secret as the variable."""
    calls = (call for call in module.calls if environment_variable(module, call) is not None)
    for item in (item for call in calls for item in call.args[1:]):
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value:
            yield from spellings(ast.get_source_segment(text, item) or item.value, item.value)


def _masked_diff(project: Project, path: Path, new: bytes) -> tuple[str, bool]:
    """Show a file that sets variables: every line without its value, so that the two versions stay alike."""
    place, name, old = place_of(project.below(path)), project.name(path), project.data(path)
    kind = LeftoverKind.ENV_FILE if place is None else place.kind
    lines = old.decode("utf-8", "surrogateescape").split("\n")
    literals = sorted({text for line in lines if (text := literal(kind, line))}, key=len, reverse=True)

    def hide(data: bytes) -> bytes:
        text = "\n".join(masked(kind, line) for line in data.decode("utf-8", "surrogateescape").split("\n"))
        for each in literals:
            text = text.replace(each, MASK)
        return text.encode("utf-8", "surrogateescape")

    plain, diff = unified(name, old, new), unified(name, hide(old), hide(new))
    if plain == diff:
        return plain, False
    return f"# {name}: values are masked in this diff; git cannot apply it, use --apply\n{diff}", True


def write_fixed(files: Iterable[Fixed], written: Collection[Path]) -> tuple[FixedFile, ...]:
    """Write the files whose sites are written, code first; a variable that code still reads stays everywhere."""
    done: dict[str, FixedFile] = {}
    failed: set[str] = set()
    for each in sorted(files, key=lambda item: (not is_python(item.path.name), item.path)):
        found = _write(each, set(written), failed)
        done[found.path] = found
        if found.problem:
            failed |= each.names
    return tuple(done[path] for path in sorted(done))


def _write(each: Fixed, written: set[Path], failed: set[str]) -> FixedFile:
    if not each.waits <= written or each.names & failed:
        why = f"{each.file.path} is not written, because code that reads the variable is not"
        return replace(each.file, problem=why)
    try:
        write(each.path, old=each.old, new=each.new)
    except CodemodError as error:
        return replace(each.file, problem=str(error))
    return replace(each.file, written=True)


def marked(
    leftovers: Iterable[Leftover], fixes: Fixes, project: Project, written: Collection[str]
) -> tuple[Leftover, ...]:
    """Say of each leftover whether it is dead, and why the others stay; ``written`` are names of files."""
    gone = {(project.name(path), line, name) for path, line, name in fixes.gone}
    ignored = {project.name(path) for path in project.ignored}
    found = []
    for each in leftovers:
        if (each.path, each.line, each.name) in gone:
            found.append(replace(each, dead=True, removed=each.path in written))
        else:
            variable = fixes.why.get(each.name, _HARMLESS if each.name in fixes.files else "")
            found.append(replace(each, kept=_IGNORED if each.path in ignored else variable))
    return tuple(found)
