"""Tables of records with the indexes that the endpoints need."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from migrate.emulator.ids import fresh_guid


class Identified(Protocol):
    """What a table can hold."""

    @property
    def id(self) -> str:
        """The object id."""

    @property
    def app_id(self) -> str:
        """The application (client) id."""


R = TypeVar("R", bound=Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableImage(Generic[R]):
    """Everything that a table holds, for keeping it elsewhere."""

    order: Sequence[str | None]
    """Object ids by place; None where a record was removed."""
    records: Sequence[R]
    """Those that are there, in the same order."""
    journal: Sequence[str]
    generation: str

    def slots(self) -> list[R | None]:
        """Give what stands at each place."""
        following = iter(self.records)
        return [None if object_id is None else next(following) for object_id in self.order]


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
        """Places of the first so many in the order; the others are entered when somebody asks."""
        self._entered = 0
        self._journal: list[str] = []
        self.generation = fresh_guid()[:8]
        """Tells this journal from that of another run, whose numbers mean other changes."""
        self.watch: Callable[[str, R | None, int], None] | None = None
        """Told of each change before it is made: object id, the record as it was, and its place in the order."""

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
        object_id = record.id
        if object_id not in self._by_id:
            self._order.append(object_id)
        if self.watch is not None:
            self._tell(object_id)
        self._by_id[object_id] = record
        self._id_of_app[record.app_id] = object_id
        self._journal.append(object_id)

    def remove(self, object_id: str) -> R | None:
        """Take a record out; its place in the order stays empty."""
        self._tell(object_id.lower())
        record = self._by_id.pop(object_id.lower(), None)
        if record is not None:
            self._id_of_app.pop(record.app_id, None)
            self._order[self._places().pop(record.id)] = None
            self._journal.append(record.id)
        return record

    def image(self) -> TableImage[R]:
        """Copy what the table holds, pointer by pointer; writers are to be kept out meanwhile."""
        return TableImage(
            order=self._order.copy(),
            records=list(self._by_id.values()),
            journal=self._journal.copy(),
            generation=self.generation,
        )

    def resume(self, image: TableImage[R]) -> None:
        """Hold what an image shows and nothing else; ValueError where two records have the same id."""
        self._by_id = {record.id: record for record in image.records}
        if len(self._by_id) != len(image.records):
            raise ValueError("two records have the same id")
        self._id_of_app = {record.app_id: record.id for record in image.records}
        self._order = list(image.order)
        self._place, self._entered = {}, 0
        ids = {object_id: object_id for object_id in self._by_id}
        self._journal = [ids.get(object_id, object_id) for object_id in image.journal]
        self.generation = image.generation

    def _tell(self, object_id: str) -> None:
        place = None if self.watch is None else self._places().get(object_id)
        if self.watch is not None and place is not None:
            self.watch(object_id, self._by_id.get(object_id), place)

    def _places(self) -> dict[str, int]:
        for place in range(self._entered, len(self._order)):
            object_id = self._order[place]
            if object_id is not None:
                self._place[object_id] = place
        self._entered = len(self._order)
        return self._place

    # Delta queries ask what changed since a moment. A journal of ids answers that without a look at every record: it
    # costs a pointer for each write and nothing for a record that stays as it is.
    @property
    def written(self) -> int:
        """How many changes there have been; the next one gets this number."""
        return len(self._journal)

    def changed_between(self, first: int, last: int) -> tuple[str, ...]:
        """Give the ids that the changes from one number up to another touched, each once, in the order of time."""
        return tuple(dict.fromkeys(self._journal[first:last]))

    def touch(self, object_id: str) -> None:
        """Count a change of something that belongs to a record, or that was one, and is not kept here."""
        self._journal.append(object_id)

    def after(self, position: int) -> Iterator[tuple[int, R]]:
        """Walk the records from a position on, each with the position that follows it."""
        for index in range(position, len(self._order)):
            object_id = self._order[index]
            record = None if object_id is None else self._by_id.get(object_id)
            if record is not None:
                yield index + 1, record
