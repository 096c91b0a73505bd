"""Collections: filter, order, page, expand and select, for every kind of directory object alike."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Generic, Protocol, TypeVar

from msgspec import Raw

from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.encoding import encode_rows
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.odata.filters import Filter
from migrate.emulator.graph.odata.options import Options, check_names, read_options
from migrate.emulator.graph.odata.paging import decode_position, next_link
from migrate.emulator.graph.odata.search import SEARCHABLE, Search, parse_search
from migrate.emulator.graph.shapes import Shape
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.table import Table

DEFAULT_PAGE: Final = 100
MOST_ALTERNATIVES: Final = 15
MOST_ALTERNATIVES_OF_ADVANCED: Final = 250
"""Assumed: that there is a limit, and where it lies."""
R = TypeVar("R", bound=Application | ServicePrincipal)


class Shaping(Protocol[R]):
    """Says how records look; ``wanted`` names the properties to show, None stands for all."""

    def __call__(self, call: Call, wanted: frozenset[str] | None = None, *, with_key: bool = False) -> Shape[R]:
        """Give the shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[R]):
    """What a collection holds and how it is shown."""

    name: str
    type_name: str
    properties: Callable[[str], Iterable[str]]
    """Names of all properties, by version."""
    expandable: Iterable[str]
    shape: Shaping[R]
    expansion: Callable[[Call, Options], Callable[[R], dict[str, Any]]]


def check_options(kind: Kind[R], call: Call, options: Options) -> None:
    """Refuse names that the type does not have, and advanced queries that were not asked for as such.

    Page "Advanced query capabilities on Microsoft Entra ID objects": they need ``ConsistencyLevel: eventual`` and
    ``$count=true``. Following pages are let through without the header, because msgraph-sdk drops it there.
    """
    _check_advanced(call, options)
    known = set(kind.properties(call.version))
    failed = "Parsing OData Select and Expand failed: "
    check_names(options.select, known, kind.type_name, clause=failed)
    check_names((item.name for item in options.expand), kind.expandable, kind.type_name, clause=failed)
    if options.filter is not None:
        navigable = known | set(kind.expandable)
        check_names(options.filter.properties, navigable, kind.type_name, clause="Invalid filter clause: ")
    check_names((name for name, _ in options.order_by), known, kind.type_name, clause="")


def _check_advanced(call: Call, options: Options) -> None:
    if options.skip_token is not None:
        return
    needs = options.filter is not None and (options.filter.is_advanced or bool(options.order_by))
    asked = call.is_advanced and (options.count or call.path.endswith("/$count"))
    if needs and not asked:
        raise bad_request("Unsupported Query.", "Request_UnsupportedQuery")
    if options.search is not None and not call.is_advanced:
        raise bad_request(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'",
            "Request_UnsupportedQuery",
        )
    # Page "Use the $filter query parameter": fifteen expressions, more when the query is an advanced one.
    most = MOST_ALTERNATIVES_OF_ADVANCED if asked else MOST_ALTERNATIVES
    if options.filter is not None and options.filter.alternatives > most:
        raise bad_request(
            "Too many child clauses specified in search filter expression containing 'OR' operators: "
            f"{options.filter.alternatives}. Max allowed: {most}.",
            "Request_UnsupportedQuery",
        )


def list_records(kind: Kind[R], call: Call, table: Table[R]) -> Reply:
    """Answer GET on a collection."""
    options = read_options(call.query)
    check_options(kind, call, options)
    start = decode_position(options.skip_token)
    found = (
        _ordered(kind, call, table, options, start)
        if options.order_by
        else _matching(kind, call, table, options, start)
    )
    size = options.top or DEFAULT_PAGE
    page = list(islice(found, size))
    body: dict[str, Any] = {"@odata.context": call.context(_context(kind.name, options))}
    if options.count and call.is_advanced and options.skip_token is None:
        body["@odata.count"] = sum(1 for _ in _matching(kind, call, table, options, 0))
    if len(page) == size and next(found, None) is not None:
        body["@odata.nextLink"] = next_link(f"{call.base}/{call.path}", call.query, page[-1][0])
    body["value"] = _rows(kind, call, options, [record for _, record in page])
    return Reply(body=body)


def _rows(kind: Kind[R], call: Call, options: Options, records: Sequence[R]) -> Raw | list[dict[str, Any]]:
    shape = kind.shape(call, options.wanted())
    expand = kind.expansion(call, options) if options.expand else None
    own = shape.own if expand is None else lambda record: {**shape.own(record), **expand(record)}
    rows = map(own, records)
    return encode_rows(shape.blank, rows) if call.takes_raw else [{**shape.blank, **row} for row in rows]


def count_records(kind: Kind[R], call: Call, table: Table[R]) -> Reply:
    """Answer GET on a collection's /$count: a bare number."""
    options = read_options(call.query)
    check_options(kind, call, options)
    number = sum(1 for _ in _matching(kind, call, table, options, 0))
    return Reply(body=str(number), headers={"content-type": "text/plain"})


def show_record(kind: Kind[R], call: Call, record: R, options: Options, *, with_key: bool) -> dict[str, Any]:
    """Give one record's body with $select and $expand applied."""
    body = kind.shape(call, options.wanted(), with_key=with_key).body(record)
    return {**body, **kind.expansion(call, options)(record)} if options.expand else body


def _context(name: str, options: Options) -> str:
    return f"{name}({','.join(options.select)})" if options.select else name


def _matching(kind: Kind[R], call: Call, table: Table[R], options: Options, start: int) -> Iterator[tuple[int, R]]:
    direct = None if options.filter is None else _by_index(table, options.filter)
    candidates = table.after(start) if direct is None else iter(direct[start:])
    if options.search is not None:
        candidates = _searched(kind, call, candidates, parse_search(options.search))
    return candidates if options.filter is None else _filtered(kind, call, candidates, options.filter)


def _searched(
    kind: Kind[R], call: Call, candidates: Iterable[tuple[int, R]], search: Search
) -> Iterator[tuple[int, R]]:
    body = kind.shape(call, SEARCHABLE).body
    for position, record in candidates:
        if search(body(record)):
            yield position, record


def _filtered(
    kind: Kind[R], call: Call, candidates: Iterable[tuple[int, R]], condition: Filter
) -> Iterator[tuple[int, R]]:
    body = kind.shape(call, condition.properties).body
    for position, record in candidates:
        if condition.test(body(record)):
            yield position, record


def _by_index(table: Table[R], condition: Filter) -> list[tuple[int, R]] | None:
    for name, find in (("appId", table.with_app_id), ("id", table.get)):
        value = condition.equalities.get(name)
        if isinstance(value, str):
            record = find(value)
            return [] if record is None else [(1, record)]
    return None


def _ordered(kind: Kind[R], call: Call, table: Table[R], options: Options, start: int) -> Iterator[tuple[int, R]]:
    body = kind.shape(call, frozenset(name for name, _ in options.order_by)).body
    shown = [(body(record), record) for _, record in _matching(kind, call, table, options, 0)]
    for name, descending in reversed(options.order_by):
        shown.sort(key=lambda pair, name=name: _sort_key(pair[0].get(name)), reverse=descending)  # type: ignore[misc]
    return iter([(index + 1, record) for index, (_, record) in enumerate(shown)][start:])


def _sort_key(value: Any) -> tuple[bool, str]:
    return (value is not None, str(value).casefold())
