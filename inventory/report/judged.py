"""Whether the credentials of the report are used: what all sources of evidence come to, as findings and explain say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from inventory.model import Purpose
from inventory.tables import schema, values
from inventory.tables.texts import time_text
from inventory.usage import Use
from inventory.usage_subject import of_holder
from inventory.usage_verdict import USED, Terms, in_words, verdict
from reports.model import Cell

COLUMN = 7
"""Where the answer stands among the cells of a credential."""
PURPOSE, LAST_SUCCESS = 3, 6
"""Where its purpose and its last success stand."""


class Judge:
    """Judges at the time of the scan; the rows of one holder stand together, so that its uses are read once."""

    def __init__(self, database: sqlite3.Connection, at: datetime) -> None:
        self._at, self._begin = at, time_text(at - timedelta(days=Terms().days))
        self._sources = tuple(map(values.source, database.execute(schema.select("sources"))))

        @lru_cache(maxsize=1)
        def uses(client_id: str) -> tuple[Use, ...]:
            rows = database.execute(schema.select("uses", "WHERE client_id = ?"), (client_id,))
            return tuple(map(values.use, rows))

        self._uses = uses

    def judged(self, rows: Iterable[tuple[Any, ...]], shown: int) -> Iterator[tuple[Cell, ...]]:
        """Yield the cells to be shown with the answer among them; in ``rows`` follows what it is judged by."""
        for row in rows:
            yield (*row[:COLUMN], self._use(row, shown), *row[COLUMN:shown])

    def _use(self, row: tuple[Any, ...], shown: int) -> Cell:
        if row[PURPOSE] != Purpose.AUTHENTICATION.value:
            return None
        if (row[LAST_SUCCESS] or "") >= self._begin:  # no other evidence makes less of it: few are left to be judged
            return USED
        *cells, audience, agents = row[shown:]
        credential = values.credential(tuple(cells))
        asked = of_holder(credential, audience, agents=bool(agents))
        return in_words(verdict(asked, self._uses(credential.client_id), self._sources, self._at))
