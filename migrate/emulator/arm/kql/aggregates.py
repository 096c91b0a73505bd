"""Aggregates of ``summarize``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from migrate.emulator.arm.kql.expressions import Expression, Row, as_text
from migrate.emulator.arm.kql.parser import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """What becomes of a group of rows."""

    over: Callable[[Sequence[Row]], Any]
    type: str


def _values(expression: Expression, rows: Sequence[Row]) -> list[Any]:
    return [value for value in (expression.evaluate(row) for row in rows) if value is not None]


def _distinct(expression: Expression, rows: Sequence[Row]) -> list[Any]:
    return list({as_text(value): value for value in _values(expression, rows)}.values())


_OVER_ONE: Final[Mapping[str, tuple[Callable[[Expression, Sequence[Row]], Any], str]]] = {
    "dcount": (lambda expression, rows: len(_distinct(expression, rows)), "long"),
    "countif": (lambda expression, rows: sum(1 for row in rows if expression.evaluate(row) is True), "long"),
    "make_set": (_distinct, "dynamic"),
    "make_list": (_values, "dynamic"),
    "min": (lambda expression, rows: min(_values(expression, rows), key=as_text, default=None), "dynamic"),
    "max": (lambda expression, rows: max(_values(expression, rows), key=as_text, default=None), "dynamic"),
}


def read_aggregate(words: Words) -> tuple[str, Aggregate]:
    """Read ``name = aggregate(...)`` or an aggregate, which Kusto names after itself."""
    name = ""
    if words.following.text == "=" and words.following.kind == "symbol":
        name = words.name()
        words.take()
    token = words.next
    function = words.name().lower()
    words.expect("(")
    if function == "count":
        words.expect(")")
        return name or "count_", Aggregate(over=len, type="long")
    if function not in _OVER_ONE:
        raise token.error("InvalidQueryLanguage")
    expression = words.expression()
    words.expect(")")
    over, kind = _OVER_ONE[function]
    return name or f"{function}_{expression.name}", Aggregate(over=lambda rows: over(expression, rows), type=kind)
