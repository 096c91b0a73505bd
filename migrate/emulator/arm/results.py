"""Query results that clients read page by page."""

import secrets
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

_MOST: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The rows of a query, not yet evaluated where that is expensive."""

    key: Hashable
    rows: Sequence[Any]


class ResultCache:
    """Keeps the last few results, so that a page costs a page and not the whole query.

    A result that was dropped is computed again from its query, which the client sends with every page.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._results: OrderedDict[str, Result] = OrderedDict()

    def keep(self, result: Result) -> str:
        """Store a result and give the name under which it can be found again."""
        with self._lock:
            name = secrets.token_urlsafe(9)
            self._results[name] = result
            while len(self._results) > _MOST:
                self._results.popitem(last=False)
            return name

    def find(self, name: str, key: Hashable) -> Result | None:
        """Find a result by its name, if it is the one of this query."""
        with self._lock:
            result = self._results.get(name)
            if result is None or result.key != key:
                return None
            self._results.move_to_end(name)
            return result
