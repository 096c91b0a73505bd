"""Real packages: no crash, nothing torn, and the counts of the reviewed table.

UNSECRET_TEST_PACKAGES may name a folder that keeps the archives. With UNSECRET_TEST_PACKAGES_REVIEW=1 new counts are
written into packages.toml and docs/packages.md instead of being compared: read what changed, then commit it.
"""

import os
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import packages
from tests.support.packages import Package, fetch, look, look_alone, unpack, write_down

PACKAGES = packages.table()
REVIEWED_FAILURES = {"failed-does-not-parse"}
"""Python 2, and templates of code: told, and left alone."""


def test_the_page_shows_the_table() -> None:
    assert packages.PAGE.read_text("utf-8") == packages.page(PACKAGES)
    assert len(PACKAGES) >= 30


@pytest.mark.packages
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package(package: Package, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    kept = os.environ.get("UNSECRET_TEST_PACKAGES")
    archive = fetch(package, Path(kept) if kept else tmp_path_factory.getbasetemp() / "archives")
    original = unpack(archive, tmp_path / "original")
    alone: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # what others write into their regular expressions
        project, run = look(unpack(archive, tmp_path / "project"))
        inside = (run.base / file.path for file in run.files)
        for at, path in enumerate(item.relative_to(tmp_path / "project") for item in inside):
            alone += look_alone(original / path, tmp_path / "alone" / str(at))
    found = replace(package, project=dict(project), alone=dict(alone))
    assert {name for name in {**project, **alone} if name.startswith("failed")} <= REVIEWED_FAILURES
    if os.environ.get("UNSECRET_TEST_PACKAGES_REVIEW"):
        write_down(found)
    else:
        assert found == package
