"""Sources are found by being there, and none is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest

from inventory import evidence
from inventory.usage import SourceName


def test_every_file_of_the_package_is_a_source() -> None:
    names = [source.name for source in evidence.sources()]
    assert sorted(names) == [
        "exported-logs",
        "exported-user-sign-ins",
        "graph-application-activity",
        "graph-credential-activity",
        "graph-sign-ins",
        "log-analytics",
    ]


def test_every_source_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "evidence.md").read_text("utf-8")
    assert not [source.name for source in evidence.sources() if f"| {source.name} |" not in page]


def test_a_second_source_of_one_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = types.SimpleNamespace(SOURCE=types.SimpleNamespace(name=SourceName("same")))
    monkeypatch.setattr("importlib.import_module", lambda _name: twin)
    evidence.sources.cache_clear()
    try:
        with pytest.raises(ValueError, match="the same name"):
            evidence.sources()
    finally:
        monkeypatch.undo()
        evidence.sources.cache_clear()


def test_finding_the_sources_imports_no_extra() -> None:
    program = (
        "import sys; from inventory.evidence import sources; sources(); "
        "print(sorted({'duckdb', 'azure.monitor.query'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
