"""What still reads, needs or sets a secret besides the sites themselves, tied to applications by names.

The names are those from which sites read their secret: environment variables, entries of settings, names of Key Vault
secrets. A name that leads to several applications is nobody's. Nothing is searched when no site says a name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from codemods.assertion import guid
from codemods.engine.candidates import Candidate, looks_like_test
from codemods.engine.flow import Dropped
from codemods.engine.leftover_code import in_code
from codemods.engine.leftover_makers import TEXTS, makers, may_make
from codemods.engine.leftover_notebooks import Opened, in_notebook, in_other_notebook, open_notebook
from codemods.engine.leftover_values import named_in_values
from codemods.engine.listing import list_files
from codemods.engine.named import Named, Place, named_sites, owners_of
from codemods.engine.neighbours import Neighbours
from codemods.engine.plan import Plan
from codemods.engine.project import Project
from codemods.engine.spelled import any_as_variable, spellings
from codemods.leftover import IGNORED, Leftover, LeftoverKind, variable_of
from codemods.leftovers.place import hits, key_hits, pattern_of
from codemods.leftovers.places import place_of

MAX_BYTES = 1024 * 1024
_IN_CODE = frozenset({LeftoverKind.HARD_READ, LeftoverKind.START_UP_CHECK, LeftoverKind.OTHER_USE})
_LOCAL = frozenset({LeftoverKind.ENV_FILE, LeftoverKind.SETTINGS_FILE})
_GUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_Owners = Mapping[str, frozenset[str | None]]


def leftovers_of(plans: Collection[tuple[Candidate, Plan]], neighbours: Neighbours) -> tuple[Leftover, ...]:
    """List the leftovers of all sites, by file and line."""
    sites = named_sites(plans, neighbours)
    if not sites:
        return ()
    owners = owners_of(sites)
    applications = frozenset(site.application for site in sites)
    read_at: dict[Place, bool] = {}
    for site in sites:
        read_at |= {place: read_at.get(place, True) and site.is_rewritten for place in site.read_at}
    code = _code(owners, neighbours.project, neighbours.sites, read_at)
    opened = {item.listed.path: _opened(item, neighbours, read_at) for item, _ in plans}
    code = chain(code, _in_notebooks(owners, neighbours.project, opened), _makers(neighbours.project))
    entries = tuple(_settings(sites, neighbours.project))
    found = [*code, *_beside(owners, applications, neighbours.project), *entries]
    found += _named_by(entries, owners, neighbours.project)
    return _sorted([*found, *_around(owners_of(sites, inside=True), neighbours.project)])


def _named_by(entries: Iterable[Leftover], owners: _Owners, project: Project) -> Iterator[Leftover]:
    """List where the variables are read and set that entries of settings are filled from."""
    named = named_in_values(entries, project.listing.base)
    more = {name: whose for name, whose in named.items() if name not in owners}
    found = (
        (_code(more, project, {}), _in_notebooks(more, project, {}), _beside(more, frozenset(), project))
        if more
        else ()
    )
    told = {(each.path, each.line) for each in entries}
    yield from (each for each in chain(*found) if each.name in more and (each.path, each.line) not in told)


def _around(owners: _Owners, project: Project) -> Iterator[Leftover]:
    """List where variables are read and set that hold the secret among other things: they stay, the secret goes."""
    found = (_code(owners, project, {}), _in_notebooks(owners, project, {}), _beside(owners, frozenset(), project))
    for each in chain(*found) if owners else ():
        if each.name in owners and each.kind is not LeftoverKind.TEST:
            where = "" if each.kind in _IN_CODE else each.kind.value
            yield replace(each, kind=LeftoverKind.HOLDS_MORE, detail=each.detail or where)


def leftovers_by_name(paths: Iterable[Path], names: Collection[str]) -> tuple[Leftover, ...]:
    """List what sets or needs variables that no sign-in reads any more, below the paths and nowhere else."""
    given = [Path(os.path.abspath(path)).resolve() for path in paths]  # noqa: PTH100 - as the listing names them
    project = Project(list_files(tuple(given)))
    owners = dict.fromkeys(names, frozenset[str | None]({None}))
    found = [
        *_code(owners, project, {}),
        *_in_notebooks(owners, project, {}),
        *_beside(owners, frozenset(), project),
    ]
    inside = (
        each
        for each in found
        if any((project.listing.base / each.path).resolve().is_relative_to(root) for root in given)
    )
    return _sorted(inside)


def _sorted(found: Iterable[Leftover]) -> tuple[Leftover, ...]:
    return tuple(sorted(set(found), key=lambda each: (each.path, each.line, each.name, each.kind)))


def _only(whose: Iterable[str | None]) -> str | None:
    known = set(whose)
    return known.pop() if len(known) == 1 else None


def _code(
    owners: _Owners, project: Project, sites: Mapping[Path, Dropped], read_at: Mapping[Place, bool] | None = None
) -> Iterator[Leftover]:
    words = {spelling for name in owners for spelling in spellings(name)}
    for path in sorted({path for found in project.mentioning(words).values() for path in found}):
        data = project.glance(path)
        if not any_as_variable(owners, data) or (module := project.glimpse(path)) is None:
            continue
        dropped = sites.get(path)
        is_test = looks_like_test(project.name(path), data)
        own = {(line, column): gone for (at, line, column), gone in (read_at or {}).items() if at == path}
        for line, name, kind, dead in in_code(module, set(owners), dropped, is_test=is_test, read_at=own):
            yield Leftover(
                kind=kind, path=project.name(path), line=line, name=name, application=_only(owners[name]), dead=dead
            )


def _makers(project: Project) -> Iterator[Leftover]:
    """List the code that adds a secret to some application: nobody says to which."""
    for path in sorted(project.index.holding(TEXTS)):
        data = project.glance(path)
        if not may_make(data) or looks_like_test(project.name(path), data):
            continue
        module = project.glimpse(path)
        for line, name in () if module is None else makers(module):
            yield Leftover(kind=LeftoverKind.MAKES_SECRET, path=project.name(path), line=line, name=name)


def _opened(candidate: Candidate, neighbours: Neighbours, read_at: Mapping[Place, bool]) -> Opened | None:
    path, notebook = candidate.listed.path, candidate.file.notebook
    if notebook is None:
        return None
    own = {(line, column): gone for (at, line, column), gone in read_at.items() if at == path}
    return Opened(notebook=notebook, module=candidate.file.module, dropped=neighbours.sites.get(path), read_at=own)


def _in_notebooks(owners: _Owners, project: Project, sites: Mapping[Path, Opened | None]) -> Iterator[Leftover]:
    """List the places of the notebooks of the project, ``sites`` among them."""
    words = [name.encode() for name in owners]
    for path in project.notebooks if words else ():
        data = project.glance(path)
        if not any(word in data for word in words):
            continue
        opened = sites.get(path) or open_notebook(project.name(path), data)
        found = in_other_notebook(data, set(owners)) if opened is None else in_notebook(opened, set(owners))
        for line, name, kind, dead in found:
            yield Leftover(
                kind=kind, path=project.name(path), line=line, name=name, application=_only(owners[name]), dead=dead
            )


def _beside(owners: _Owners, sites: frozenset[str | None], project: Project) -> Iterator[Leftover]:
    names = pattern_of(owners) if owners else None
    ignored = frozenset(project.ignored)
    for path in sorted({*project.others, *ignored}):
        name, place = project.name(path), place_of(project.below(path))
        if place is not None and place.mounted:
            yield from _mounted(owners, project, path, ignored=path in ignored)
            continue
        text, problem = (None, "") if place is None else _text(path)
        if text is not None:
            place = place_of(project.below(path), text)
        elif place is not None and place.guessed:
            place = None
        if place is None or (path in ignored and place.kind not in _LOCAL):
            continue
        detail = IGNORED if path in ignored else ""
        mentioned = None if text is None else names is not None and names.search(text) is not None
        if text is None and problem:
            yield Leftover(kind=LeftoverKind.UNREADABLE, path=name, line=1, name="", detail=problem)
        elif text is not None and (mentioned or any(construct.search(text) for construct, _ in place.constructs)):
            named = _only(found for each in _GUID.findall(text) if (found := guid(each)) in sites)
            for hit in hits(place, text, names if mentioned else None):
                whose = _only(owners[hit.name]) if hit.name in owners else named
                yield Leftover(kind=hit.kind, path=name, line=hit.line, name=hit.name, application=whose, detail=detail)


def _mounted(owners: _Owners, project: Project, path: Path, *, ignored: bool) -> Iterator[Leftover]:
    """Tell a file that is called by the name of a secret: it holds nothing else."""
    for name in {path.name, path.stem} & owners.keys():
        yield Leftover(
            kind=LeftoverKind.SETTINGS_FILE,
            path=project.name(path),
            line=1,
            name=name,
            application=_only(owners[name]),
            detail=IGNORED if ignored else "",
        )


def _settings(sites: Collection[Named], project: Project) -> Iterator[Leftover]:
    """List the entries of settings files that a secret is read from, in whatever case they are written.

    A file that a site's own code opens is asked for its very keys; any other only for those that say what they are.
    """
    loaded = {name for site in sites for name in site.loaded}
    owners = owners_of(sites)
    every = {key for site in sites for key in site.keys}
    keys = {key: frozenset(site.application for site in sites if key in site.keys) for key in every}
    telling = {name: owners[name] for key in every if (name := variable_of(key)) is not None}
    ignored = frozenset(project.ignored)
    for path in sorted({*project.others, *ignored}) if keys else ():
        asked = {**telling, **keys} if path.name in loaded else telling
        place = place_of(project.below(path))
        if place is None or not asked or not (path.name in loaded or (place.kind in _LOCAL and not place.guessed)):
            continue
        for line, key in key_hits(_text(path)[0] or "", asked, owners):
            yield Leftover(
                kind=place.kind if place.kind in _LOCAL else LeftoverKind.SETTINGS_FILE,
                path=project.name(path),
                line=line,
                name=key,
                application=_only(asked[key]),
                detail=IGNORED if path in ignored else "",
            )


def _text(path: Path) -> tuple[str | None, str]:
    """Read a file that people write; one that is no text sets no variables."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return None, f"it cannot be read: {error.strerror}"
    if len(data) > MAX_BYTES:
        return None, f"it is larger than {MAX_BYTES // 1024**2} MB"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), ""
    return (None, "") if b"\0" in data else (data.decode("utf-8-sig", "replace"), "")
