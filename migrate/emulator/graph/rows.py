"""Small collections whose bodies are made at once: filter, order, count, page and select."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.lists import DEFAULT_PAGE
from migrate.emulator.graph.odata.options import Options, check_names, pick, read_options
from migrate.emulator.graph.odata.paging import decode_position, next_link
from migrate.emulator.graph.odata.search import parse_search


@dataclass(frozen=True, slots=True, kw_only=True)
class RowType:
    """What rows of a small collection hold."""

    context: str
    """The collection in ``@odata.context``."""
    type_name: str
    properties: frozenset[str] = frozenset()
    """Names that a client may select and filter by; none stands for any."""
    shown: Callable[[dict[str, Any]], Mapping[str, Any]] = dict
    """What of a row appears when nothing is selected."""


def answer_rows(call: Call, kind: RowType, rows: Iterable[dict[str, Any]]) -> Reply:
    """Answer GET on a small collection."""
    options = read_options(call.query)
    check_row_options(kind, options)
    found = _found(rows, options)
    start = decode_position(options.skip_token)
    size = options.top or DEFAULT_PAGE
    body: dict[str, Any] = {"@odata.context": call.context(_context(kind, options))}
    if options.count and options.skip_token is None:
        body["@odata.count"] = len(found)
    if len(found) > start + size:
        body["@odata.nextLink"] = next_link(f"{call.base}/{call.path}", call.query, start + size)
    body["value"] = [show_row(kind, row, options) for row in found[start : start + size]]
    return Reply(body=body)


def check_row_options(kind: RowType, options: Options) -> None:
    """Refuse names that the type does not have."""
    if not kind.properties:
        return
    failed = "Parsing OData Select and Expand failed: "
    check_names(options.select, kind.properties, kind.type_name, clause=failed)
    if options.filter is not None:
        check_names(options.filter.properties, kind.properties, kind.type_name, clause="Invalid filter clause: ")
    check_names((name for name, _ in options.order_by), kind.properties, kind.type_name, clause="")


def show_row(kind: RowType, row: dict[str, Any], options: Options) -> dict[str, Any]:
    """Give a row as $select asks for it; what is selected and not known of it is null."""
    if not options.select:
        return dict(kind.shown(row))
    empty = dict.fromkeys(name for name in options.select if name in kind.properties)
    return {**empty, **pick(row, (*options.select, *(item.name for item in options.expand)))}


def _found(rows: Iterable[dict[str, Any]], options: Options) -> list[dict[str, Any]]:
    test = options.filter.test if options.filter else None
    search = parse_search(options.search) if options.search else None
    found = [row for row in rows if (test is None or test(row)) and (search is None or search(row))]
    for name, descending in reversed(options.order_by):
        found.sort(key=lambda row, name=name: _sort_key(row.get(name)), reverse=descending)  # type: ignore[misc]
    return found


def _context(kind: RowType, options: Options) -> str:
    return f"{kind.context}({','.join(options.select)})" if options.select else kind.context


def _sort_key(value: Any) -> tuple[bool, str]:
    return value is not None, str(value).casefold()
