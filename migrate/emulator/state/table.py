"""Tables of records with the indexes that the endpoints need."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Identified(Protocol):
    """What a table can hold."""

    @property
    def id(self) -> str:
        """The object id."""

    @property
    def app_id(self) -> str:
        """The application (client) id."""


R = TypeVar("R", bound=Identified)


class Table(Generic[R]):
    """Records by object id and by application id, in the order of their arrival.

    A position in that order stays valid while others add and remove records, so that a client which pages through a
    changing tenant sees every record that stays exactly once.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, R] = {}
        self._id_of_app: dict[str, str] = {}
        self._order: list[str | None] = []
        self._place: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[R]:
        return iter(tuple(self._by_id.values()))

    def get(self, object_id: str) -> R | None:
        """Find by object id; GUIDs compare without case."""
        return self._by_id.get(object_id.lower())

    def with_app_id(self, app_id: str) -> R | None:
        """Find by application id."""
        object_id = self._id_of_app.get(app_id.lower())
        return None if object_id is None else self._by_id.get(object_id)

    def put(self, record: R) -> None:
        """Add a record or replace the one with its id."""
        if record.id not in self._by_id:
            self._place[record.id] = len(self._order)
            self._order.append(record.id)
        self._by_id[record.id] = record
        self._id_of_app[record.app_id] = record.id

    def remove(self, object_id: str) -> R | None:
        """Take a record out; its place in the order stays empty."""
        record = self._by_id.pop(object_id.lower(), None)
        if record is not None:
            self._id_of_app.pop(record.app_id, None)
            self._order[self._place.pop(record.id)] = None
        return record

    def after(self, position: int) -> Iterator[tuple[int, R]]:
        """Walk the records from a position on, each with the position that follows it."""
        for index in range(position, len(self._order)):
            object_id = self._order[index]
            record = None if object_id is None else self._by_id.get(object_id)
            if record is not None:
                yield index + 1, record
