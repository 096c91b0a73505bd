"""Before/after checks for the transforms: every rewrite parses, and a second run changes nothing."""

import ast
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from codemods.cases import Case, cases
from codemods.engine.run import rewrite
from codemods.model import Failed, Reported, Request, Run, Target

__all__ = ["Case"]  # the tests of forms take it from here

APP = "11111111-1111-4111-8111-111111111111"
OTHER_APP = "22222222-2222-4222-8222-222222222222"
TARGETS = (Target(client_id=APP),)


def cases_of(name: str) -> list[ParameterSet]:
    """Give the cases of a file in ``codemods/cases`` as parameters of a test."""
    return [pytest.param(case, id=case.name) for case in cases(name)]


def run_on(
    folder: Path,
    source: str,
    *,
    name: str = "app.py",
    app: str | None = APP,
    targets: tuple[Target, ...] | None = TARGETS,
    apply: bool = True,
    include_tests: bool = False,
) -> Run:
    """Write a source file into a folder and rewrite the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.encode())
    return rewrite(Request(paths=(folder,), targets=targets, app=app, apply=apply, include_tests=include_tests))


def check_transformed(folder: Path, before: str, after: str, *, name: str = "app.py", app: str | None = APP) -> Run:
    """Check the exact text after a rewrite, that it parses, and that nothing is left for a second run."""
    ast.parse(after)
    run = run_on(folder, before, name=name, app=app)
    assert (folder / name).read_text() == after, _explain(run)
    assert run.rewritten
    assert not run.reported
    assert not run.failed
    check_second_run(folder, app=app)
    return run


def check_noop(folder: Path, source: str, *reasons: str, name: str = "app.py", app: str | None = APP) -> Run:
    """Check that a file is left alone, for exactly these reasons in the order of the file."""
    run = run_on(folder, source, name=name, app=app)
    assert (folder / name).read_bytes() == source.encode(), _explain(run)
    assert not run.rewritten
    assert not run.helpers
    assert tuple(item.reason.value for item in run.reported) == reasons
    return run


def check_second_run(folder: Path, *, app: str | None = APP) -> None:
    """Check that a rewritten folder gives nothing more to do."""
    before = contents(folder)
    run = rewrite(Request(paths=(folder,), targets=TARGETS, app=app, apply=True))
    assert not run.diff
    assert not run.rewritten
    assert contents(folder) == before


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file of a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def reasons_of(run: Run) -> list[str]:
    """List the reasons of a run."""
    return [item.reason.value for item in run.reported]


def _explain(run: Run) -> str:
    reported = [f"{item.site.line}: {item.reason} {item.detail}" for item in run.sites if isinstance(item, Reported)]
    failed = [f"{item.path}: {item.error}" for item in run.files if isinstance(item, Failed)]
    return "\n".join(("", *reported, *failed, run.diff))
