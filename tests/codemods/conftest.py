"""What holds for every rewrite of these tests."""

from __future__ import annotations

import pytest

from codemods.engine.evidence import Evidence, Seen
from tests.codemods.unfiltered import places_of

_PROVEN: set[tuple[str, Seen]] = set()
"""What was looked for in which texts: most are rewritten more than once."""


@pytest.fixture(autouse=True)
def _evidence_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for sites in every file that a test reads, whatever its evidence is: there must be no others."""
    of = Evidence.of

    def proven(self: Evidence, text: str) -> Seen:
        seen = of(self, text)
        if seen != self.everything and (text, seen) not in _PROVEN:
            assert places_of(text, seen) == places_of(text), text
            _PROVEN.add((text, seen))
        return seen

    monkeypatch.setattr(Evidence, "of", proven)
