"""Baselines of ``unsecret rewrite`` as files: paths in them are relative to the folder of the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from codemods.engine.leftovers import leftovers_by_name
from codemods.errors import BaselineError
from codemods.model import Run
from codemods.report import baseline
from codemods.report.baseline import Baseline, Comparison
from reports.render import save


def compare(run: Run, paths: tuple[Path, ...], file: Path, *, check: bool) -> Comparison:
    """Compare a run over paths with a baseline; BaselineError where there is none.

    Only a check looks for what sets or needs the names that are retired.
    """
    compared = baseline.compare(run, _read(file), _located(run, file), _covers(paths, file))
    seen = tuple(entry for entry in compared.vanished if check or not entry.is_leftover)
    return replace(compared, vanished=seen)


def refuse_device(file: Path) -> None:
    """Refuse to write a baseline over what is no regular file; reading a device may never end."""
    if file.exists() and not file.is_file():
        raise BaselineError(f"{file} would be replaced, and it is no regular file; choose another --baseline")


def with_leftovers(run: Run, paths: tuple[Path, ...], file: Path) -> Run:
    """Add to a check what still sets or needs the names that a baseline knows and no sign-in reads any more."""
    retired = compare(run, paths, file, check=True).retired if file.exists() else frozenset()
    return replace(run, leftovers=leftovers_by_name(paths, retired)) if retired else run


def write(run: Run, paths: tuple[Path, ...], file: Path) -> int:
    """Write what a run found, keep what is known of other paths, and return the number of entries."""
    covers = _covers(paths, file)
    known = _read(file) if file.exists() else Baseline()
    kept = [entry for entry in known.entries if not covers(entry.mark.path)]
    entries = (*kept, *baseline.entries(run, _located(run, file)))
    retired = baseline.compare(run, known, _located(run, file), covers).retired
    save(baseline.render(Baseline(entries=entries, retired=retired)), file)
    return len(entries)


def _read(file: Path) -> Baseline:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BaselineError(f"{file} cannot be read: {error.strerror}; write one with --write-baseline") from error
    return baseline.read(data, str(file))


def _located(run: Run, file: Path) -> Callable[[str], str]:
    home = _home(file)
    return lambda path: Path(os.path.relpath(run.base / path, home)).as_posix()


def _covers(paths: tuple[Path, ...], file: Path) -> Callable[[str], bool]:
    home = _home(file)
    roots = [Path(os.path.abspath(path)).resolve() for path in paths]  # noqa: PTH100 - as the run names them
    return lambda path: any(Path(os.path.normpath(home / path)).is_relative_to(root) for root in roots)


def _home(file: Path) -> Path:
    return file.absolute().parent.resolve()
