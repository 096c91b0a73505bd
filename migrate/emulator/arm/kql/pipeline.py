"""Operators: what each step of a query makes of the rows before it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import islice
from typing import Any, Final

from migrate.emulator.arm.kql.aggregates import Aggregate, read_aggregate
from migrate.emulator.arm.kql.expressions import Expression, Row, as_text
from migrate.emulator.arm.kql.lexer import tokens_of
from migrate.emulator.arm.kql.parser import Words
from migrate.emulator.arm.kql.work import Work

Step = Callable[[Iterable[Row]], Iterable[Row]]
_MOST_STEPS: Final = 100


class DerivedRow:
    """A row whose named columns are computed from another row, once, when they are asked for; the rest are its own."""

    __slots__ = ("_expressions", "_known", "_source")

    def __init__(self, source: Row, expressions: Mapping[str, Expression]) -> None:
        self._source = source
        self._expressions = expressions
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        expression = self._expressions.get(name)
        if expression is None:
            return self._source[name]
        if name not in self._known:
            self._known[name] = expression.evaluate(self._source)
        return self._known[name]


class _ExpandedRow:
    __slots__ = ("_name", "_source", "_value")

    def __init__(self, source: Row, name: str, value: Any) -> None:
        self._source = source
        self._name = name
        self._value = value

    def __getitem__(self, name: str) -> Any:
        return self._value if name == self._name else self._source[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed query."""

    table: str
    steps: tuple[Step, ...]
    columns: Mapping[str, str]
    """Names and types of what comes out."""
    is_limited: bool
    """Whether ``take``, ``limit`` or ``top`` stands in it, which rules out paging."""
    work: Work

    def run(self, table: Collection[Row]) -> Sequence[Row]:
        """Run the query over a table's rows."""
        self.work.allow(len(table))
        rows: Iterable[Row] = table
        for step in self.steps:
            rows = step(rows)
        return list(rows)


def parse(query: str, tables: Mapping[str, Mapping[str, str]]) -> Query:
    """Parse a query over known tables; KqlError for whatever is not in the subset. A query may leave its table out."""
    words = Words(tokens_of(query))
    table = next(iter(tables))
    if not _begins_with_operator(words):
        token = words.next
        table = words.name().lower()
        if table not in tables:
            raise token.error("InvalidTableName" if words.next.text in ("|", "") else "ParserFailure")
        if words.next.kind != "end":
            _expect_step(words)
    return _read_steps(words, table, tables[table])


def _expect_step(words: Words) -> None:
    """Read a pipe that something follows, or refuse."""
    words.expect("|")
    if words.next.kind == "end":
        raise words.next.error(expected="operator")


def _begins_with_operator(words: Words) -> bool:
    return words.next.text.lower() in _OPERATORS and words.following.text not in ("|", "")


def _read_steps(words: Words, table: str, columns: Mapping[str, str]) -> Query:
    words.columns = dict(columns)
    steps: list[Step] = []
    limited = False
    while words.next.kind != "end":
        token = words.take()
        read = _OPERATORS.get(token.text.lower()) if token.kind == "name" else None
        if read is None or len(steps) >= _MOST_STEPS:
            raise token.error("InvalidQueryLanguage" if token.kind == "name" else "ParserFailure")
        limited = limited or token.text.lower() in ("take", "limit", "top")
        begin = words.read
        step = read(words)
        steps.append(_worked(words.work, words.read - begin, step))
        if words.next.kind != "end":
            _expect_step(words)
    steps.append(_worked(words.work, len(words.columns), lambda rows: rows))
    return Query(
        table=table, steps=tuple(steps), columns=dict(words.columns), is_limited=limited, work=words.work
    )


def _worked(work: Work, words: int, step: Step) -> Step:
    return lambda rows: step(work.rows(rows, words + 1))


# --- operators -------------------------------------------------------------------------------------------------------


def _where(words: Words) -> Step:
    test = words.expression().evaluate
    return lambda rows: (row for row in rows if test(row) is True)


def _named_list(words: Words) -> dict[str, Expression]:
    found = dict([words.named_expression()])
    while words.accepts(","):
        name, expression = words.named_expression()
        found[name] = expression
    return found


def _project(words: Words) -> Step:
    chosen = _named_list(words)
    words.columns = {name: each.type for name, each in chosen.items()}
    return lambda rows: (DerivedRow(row, chosen) for row in rows)


def _extend(words: Words) -> Step:
    added = _named_list(words)
    words.columns = {**words.columns, **{name: each.type for name, each in added.items()}}
    return lambda rows: (DerivedRow(row, added) for row in rows)


def _column(words: Words) -> str:
    token = words.next
    name = words.name()
    if name not in words.columns:
        raise token.error("UnresolvedColumn")
    return name


def _project_away(words: Words) -> Step:
    gone = {_column(words)}
    while words.accepts(","):
        gone.add(_column(words))
    words.columns = {name: kind for name, kind in words.columns.items() if name not in gone}
    return lambda rows: rows


def _mv_expand(words: Words) -> Step:
    name, expression = words.named_expression()
    kind = "dynamic"
    if words.accepts("to"):
        words.expect("typeof")
        words.expect("(")
        kind = words.name().lower()
        words.expect(")")
    words.columns = {**words.columns, name: kind}
    return lambda rows: _expanded(rows, name, expression)


def _expanded(rows: Iterable[Row], name: str, expression: Expression) -> Iterator[Row]:
    for row in rows:
        value = expression.evaluate(row)
        if isinstance(value, dict):
            value = [{key: held} for key, held in value.items()]
        # A row with nothing to expand stays, with null (assumed from the reference of mv-expand).
        for each in value or [None] if isinstance(value, list) else [value]:
            yield _ExpandedRow(row, name, each)


def _take(words: Words) -> Step:
    number = words.number()
    return lambda rows: islice(rows, number)


def _order(words: Words) -> Step:
    words.expect("by")
    return _sorter(_keys(words))


def _keys(words: Words) -> list[tuple[Expression, bool]]:
    keys = []
    while True:
        expression = words.expression()
        is_ascending = words.accepts("asc")
        if not is_ascending:
            words.accepts("desc")
        keys.append((expression, is_ascending))
        if not words.accepts(","):
            return keys


def _sorter(keys: list[tuple[Expression, bool]]) -> Step:
    def key(row: Row) -> list[Any]:
        return [expression.evaluate(row) for expression, _ in keys]

    def compare(one: tuple[list[Any], Row], other: tuple[list[Any], Row]) -> int:
        for (_, is_ascending), left, right in zip(keys, one[0], other[0], strict=True):
            order = _order_of(left, right)
            if order:
                return order if is_ascending else -order
        return 0

    def sort(rows: Iterable[Row]) -> Iterable[Row]:
        decorated = sorted(((key(row), row) for row in rows), key=cmp_to_key(compare))
        return [row for _, row in decorated]

    return sort


def _order_of(one: Any, other: Any) -> int:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return (one > other) - (one < other)
    left, right = as_text(one), as_text(other)
    return (left > right) - (left < right)


def _top(words: Words) -> Step:
    number = words.number()
    words.expect("by")
    sort = _sorter(_keys(words))
    return lambda rows: islice(iter(sort(rows)), number)


def _count(words: Words) -> Step:
    words.columns = {"Count": "long"}
    return lambda rows: iter([{"Count": sum(1 for _ in rows)}])


def _distinct(words: Words) -> Step:
    names = list(words.columns) if words.accepts("*") else []
    if not names:
        names.append(_column(words))
        while words.accepts(","):
            names.append(_column(words))
    words.columns = {name: words.columns[name] for name in names}

    def distinct(rows: Iterable[Row]) -> Iterator[Row]:
        seen = set()
        for row in rows:
            values = {name: row[name] for name in names}
            key = tuple(as_text(value) for value in values.values())
            if key not in seen:
                seen.add(key)
                yield values

    return distinct


def _summarize(words: Words) -> Step:
    aggregates: dict[str, Aggregate] = {}
    while words.next.text.lower() != "by":
        name, aggregate = read_aggregate(words)
        aggregates[name] = aggregate
        if not words.accepts(","):
            break
    groups = _named_list(words) if words.accepts("by") else {}
    if not (aggregates or groups):
        raise words.next.error()
    words.columns = {
        **{name: each.type for name, each in groups.items()},
        **{name: each.type for name, each in aggregates.items()},
    }
    return lambda rows: _summary(rows, aggregates, groups)


def _summary(
    rows: Iterable[Row], aggregates: Mapping[str, Aggregate], groups: Mapping[str, Expression]
) -> Iterator[Row]:
    found: dict[tuple[str, ...], tuple[dict[str, Any], list[Row]]] = {}
    for row in rows:
        values = {name: each.evaluate(row) for name, each in groups.items()}
        key = tuple(as_text(value) for value in values.values())
        found.setdefault(key, (values, []))[1].append(row)
    if not groups and not found:
        found[()] = ({}, [])
    for values, members in found.values():
        yield {**values, **{name: each.over(members) for name, each in aggregates.items()}}


_OPERATORS: Final[Mapping[str, Callable[[Words], Step]]] = {
    "where": _where, "filter": _where, "project": _project, "extend": _extend, "project-away": _project_away,
    "mv-expand": _mv_expand, "mvexpand": _mv_expand, "take": _take, "limit": _take, "order": _order, "sort": _order,
    "top": _top, "count": _count, "distinct": _distinct, "summarize": _summarize,
}  # fmt: skip
