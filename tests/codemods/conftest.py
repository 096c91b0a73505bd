"""What holds for every rewrite of these tests."""

from __future__ import annotations

import pytest

from codemods.engine.evidence import Evidence
from tests.codemods.unfiltered import sites_of


@pytest.fixture(autouse=True)
def _evidence_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for sites in every file that a test reads and the evidence leaves out: there must be none."""
    is_in = Evidence.is_in

    def proven(self: Evidence, text: str) -> bool:
        found = is_in(self, text)
        assert found or not sites_of(text), text
        return found

    monkeypatch.setattr(Evidence, "is_in", proven)
