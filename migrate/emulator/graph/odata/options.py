"""Query options of a Graph request."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from migrate.emulator.graph.errors import GraphError, bad_request
from migrate.emulator.graph.odata.filters import Filter, parse_filter

_KNOWN: Final = (
    "select", "filter", "top", "expand", "count", "orderby", "skiptoken", "search", "skip", "format", "deltatoken",
)  # fmt: skip
_MOST_FIELDS: Final = 100
LONGEST_ADDRESS: Final = 16_384
"""Characters of an address, as http.sys bounds them by default (page "Http.sys registry settings"); the parts of a
batch are bounded alike, although they arrive in a body (assumed)."""
_MARKS: Final = re.compile(r"[(),]")
_NAME: Final = re.compile(r"[A-Za-z_@][\w.@]*")
_EXPANDED: Final = re.compile(r"([A-Za-z]\w*)\s*(?:\((.*)\))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expand:
    """One navigation property to expand, with its nested $select."""

    name: str
    select: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options as read; absent ones are empty."""

    select: tuple[str, ...] = ()
    filter: Filter | None = None
    top: int | None = None
    expand: tuple[Expand, ...] = ()
    count: bool = False
    order_by: tuple[tuple[str, bool], ...] = ()
    """Property and whether it descends."""
    skip_token: str | None = None
    delta_token: str | None = None
    search: str | None = None
    """As sent; it is read only once the request has said that it is an advanced one."""

    def wanted(self) -> frozenset[str] | None:
        """Name the properties that the answer needs, or None for all."""
        return frozenset(self.select) or None


def check_length(address: str) -> None:
    """Refuse an address that no server would read (RFC 9110 section 15.5.15; the code is assumed)."""
    if len(address) > LONGEST_ADDRESS:
        raise GraphError(414, "RequestUriTooLong", "The address of the request is too long.")


def parse_query(text: str) -> dict[str, str]:
    """Take a query string apart; the option that stands in it twice is refused (OData 4.0 part 2, section 5.2)."""
    check_length(text)
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise bad_request("The query string has too many parameters.") from None
    query: dict[str, str] = {}
    for name, value in pairs:
        if name in query and name.startswith("$"):
            raise bad_request(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        query[name] = value
    return query


def read_options(query: Mapping[str, str], *, largest_page: int = 999) -> Options:
    """Read the query options; Graph takes them with and without the leading dollar sign."""
    given: dict[str, str] = {}
    for name, value in query.items():
        bare = name.removeprefix("$").lower()
        if bare in given:
            raise bad_request(
                f"Query option '${bare}' was specified more than once, but it must be specified at most once."
            )
        if bare in _KNOWN:
            given[bare] = value
        elif name.startswith("$"):
            raise bad_request(f"The query parameter '{name}' is not supported.")
    if "skip" in given:
        raise bad_request("'$skip' is not supported by the service.", "Request_UnsupportedQuery")
    if given.get("format", "json").partition(";")[0].lower() not in ("json", "application/json"):
        raise bad_request(f"The value '{given['format']}' of $format is not supported.")
    return Options(
        select=_names(given.get("select", "")),
        filter=parse_filter(given["filter"]) if given.get("filter", "").strip() else None,
        top=_top(given.get("top"), largest_page),
        expand=_expand(given.get("expand", "")),
        count=_flag(given.get("count")),
        order_by=_order(given.get("orderby", "")),
        skip_token=given.get("skiptoken"),
        delta_token=given.get("deltatoken"),
        search=given.get("search", "").strip() or None,
    )


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",")) if text.strip() else ()
    if "*" in names:
        return ()
    for name in names:
        if not _NAME.fullmatch(name):
            raise bad_request(f"Parsing OData Select and Expand failed: Syntax error in '{text}'.")
    return names


def _top(text: str | None, largest: int) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise bad_request(
            f"Invalid value '{text}' for $top query option found. The $top query option requires a non-negative "
            "integer value."
        )
    if not 1 <= int(text) <= largest:
        raise bad_request(
            f"Invalid page size specified: '{text}'. Must be between 1 and {largest} inclusive.",
            "Request_UnsupportedQuery",
        )
    return int(text)


def _flag(text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise bad_request(f"Invalid value '{text}' for $count query option found. Valid values are 'true' or 'false'.")
    return text == "true"


def _expand(text: str) -> tuple[Expand, ...]:
    found = []
    for part in _split_outside_parentheses(text):
        match = _EXPANDED.fullmatch(part.strip())
        if match is None:
            raise bad_request(f"Parsing OData Select and Expand failed: Syntax error in '{text}'.")
        select: tuple[str, ...] = ()
        for option in (match[2] or "").split(";"):
            name, _, value = option.partition("=")
            if name.strip().removeprefix("$") == "select":
                select = _names(value)
            elif name.strip():
                raise bad_request(f"Parsing OData Select and Expand failed: '{name}' is not supported here.")
        found.append(Expand(name=match[1], select=select))
    return tuple(found)


def _split_outside_parentheses(text: str) -> Iterable[str]:
    parts, depth, start = [], 0, 0
    for mark in _MARKS.finditer(text):
        if mark[0] == "," and depth == 0:
            parts.append(text[start : mark.start()])
            start = mark.end()
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
    return (*parts, text[start:]) if text.strip() else ()


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    keys = []
    for part in map(str.strip, text.split(",") if text.strip() else ()):
        name, _, direction = part.partition(" ")
        if direction.strip() not in ("", "asc", "desc") or not _NAME.fullmatch(name):
            raise bad_request(f"Syntax error in the $orderby clause '{text}'.")
        keys.append((name, direction.strip() == "desc"))
    return tuple(keys)


def check_names(names: Iterable[str], known: Iterable[str], type_name: str, *, clause: str) -> None:
    """Refuse properties that a type does not have (the text is recorded)."""
    unknown = [name for name in names if name not in known and not name.startswith("@")]
    if unknown:
        raise bad_request(f"{clause}Could not find a property named '{unknown[0]}' on type '{type_name}'.")


def pick(body: Mapping[str, Any], select: Iterable[str]) -> dict[str, Any]:
    """Keep the selected properties and the annotations."""
    names = set(select)
    return (
        {name: value for name, value in body.items() if name in names or name.startswith("@")} if names else dict(body)
    )
