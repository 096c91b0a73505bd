"""What holds for every rewrite of these tests."""

from __future__ import annotations

import pytest

from codemods.engine.evidence import Evidence, Seen
from tests.codemods.unfiltered import places_of


@pytest.fixture(autouse=True)
def _evidence_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for sites in every file that a test reads, whatever its evidence is: there must be no others."""
    of = Evidence.of

    def proven(self: Evidence, text: str) -> Seen:
        seen = of(self, text)
        assert seen == self.everything or places_of(text, seen) == places_of(text), text
        return seen

    monkeypatch.setattr(Evidence, "of", proven)
