"""Baselines of ``unsecret rewrite`` as files: paths in them are relative to the folder of the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from codemods.errors import BaselineError
from codemods.model import Run
from codemods.report import baseline
from codemods.report.baseline import Comparison, Entry
from reports.render import save


def compare(run: Run, paths: tuple[Path, ...], file: Path) -> Comparison:
    """Compare a run over paths with a baseline; BaselineError where there is none."""
    return baseline.compare(run, _read(file), _located(run, file), _covers(paths, file))


def write(run: Run, paths: tuple[Path, ...], file: Path) -> int:
    """Write what a run found, keep what is known of other paths, and return the number of entries."""
    if file.exists() and not file.is_file():  # reading a device may never end
        raise BaselineError(f"{file} would be replaced, and it is no regular file; choose another --baseline")
    covers = _covers(paths, file)
    kept = [entry for entry in (_read(file) if file.exists() else ()) if not covers(entry.mark.path)]
    entries = (*kept, *baseline.entries(run, _located(run, file)))
    save(baseline.render(entries), file)
    return len(entries)


def _read(file: Path) -> tuple[Entry, ...]:
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
