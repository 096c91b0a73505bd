from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.postgres import postgres

__all__ = ["postgres", "url"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a database with nothing in it, of each kind that a journal can be in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'journal.db'}"
    server = request.getfixturevalue("postgres")
    return str(server.emptied())
