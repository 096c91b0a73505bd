"""Turns the words of a query into a pipeline of operators."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from migrate.emulator.arm.kql.expressions import (
    COMPARISONS,
    FUNCTIONS,
    WORDS,
    Expression,
    column_name,
    member,
)
from migrate.emulator.arm.kql.lexer import Token
from migrate.emulator.arm.kql.work import Work

_DEEPEST: Final = 60
_CONSTANTS: Final = {"true": True, "false": False, "null": None}

Columns = Mapping[str, str]
"""The columns at some point of a pipeline, with their types."""


class Words:
    """Reads words one by one, and expressions out of them."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self.work = Work()
        self.columns: Columns = {}

    # --- words -------------------------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        """The word that comes next."""
        return self._tokens[self._at]

    @property
    def following(self) -> Token:
        """The word after the next one."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    @property
    def read(self) -> int:
        """How many words were read."""
        return self._at

    def take(self) -> Token:
        """Read a word."""
        token = self.next
        if token.kind != "end":
            self._at += 1
        return token

    def accepts(self, *texts: str) -> bool:
        """Read a symbol or keyword if it is the next word."""
        if self.next.kind in ("symbol", "name") and self.next.text.lower() in texts:
            self.take()
            return True
        return False

    def expect(self, text: str) -> None:
        """Read a symbol or keyword, or refuse."""
        if not self.accepts(text):
            raise self.next.error(expected=text)

    def name(self) -> str:
        """Read a name, or refuse."""
        if self.next.kind != "name":
            raise self.next.error(expected="name")
        return self.take().text

    def number(self) -> int:
        """Read a whole number, or refuse."""
        if self.next.kind != "number" or not self.next.text.isdigit() or len(self.next.text) > 9:  # noqa: PLR2004
            raise self.next.error(expected="number")
        return int(self.take().text)

    # --- expressions -------------------------------------------------------------------------------------------------

    def named_expression(self) -> tuple[str, Expression]:
        """Read ``name = expression`` or an expression that names itself."""
        name = ""
        if self.next.kind == "name" and self.following.kind == "symbol" and self.following.text == "=":
            name = self.take().text
            self.take()
        first = self.next
        expression = self.expression()
        if not (name or expression.name):
            raise first.error(expected="name =")
        return name or expression.name, expression

    def expression(self) -> Expression:
        """Read an expression: ``or`` binds least, then ``and``, then comparisons."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.next.error()
        parts = [self._conjunction()]
        while self.accepts("or"):
            parts.append(self._conjunction())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else _either(parts)

    def _conjunction(self) -> Expression:
        parts = [self._comparison()]
        while self.accepts("and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else _both(parts)

    def _comparison(self) -> Expression:
        left = self._operand()
        negated = self._negation()
        word = self.next.text.lower()
        if word == "in" and self.next.kind == "name":
            self.take()
            folded = self.accepts("~")
            return _in(left, self._list(), self.work, folded=folded, negated=negated)
        if word in COMPARISONS and self.next.kind in ("symbol", "name") and (not negated or word in WORDS):
            self.take()
            return _compare(word, left, self._operand(), self.work, negated=negated)
        if word in ("!=", "!~") and not negated:
            self.take()
            return _compare("==" if word == "!=" else "=~", left, self._operand(), self.work, negated=True)
        if negated:
            raise self.next.error()
        return left

    def _negation(self) -> bool:
        follows = self.following.text.lower()
        if self.next.kind == "symbol" and self.next.text == "!" and follows in (*WORDS, "in"):
            self.take()
            return True
        return False

    def _list(self) -> list[Expression]:
        self.expect("(")
        found = [self.expression()]
        while self.accepts(","):
            found.append(self.expression())
        self.expect(")")
        return found

    def _operand(self) -> Expression:
        token = self.next
        if self.accepts("("):
            found = self.expression()
            self.expect(")")
            return found
        if token.kind == "string":
            return _constant(self.take().text, "string")
        if token.kind == "number":
            text = self.take().text
            return _constant(float(text) if "." in text else int(text[:18]), "long")
        if token.kind != "name":
            raise token.error()
        if self.following.text == "(" and self.following.kind == "symbol":
            return self._call()
        if token.text in _CONSTANTS and token.text not in self.columns:
            return _constant(_CONSTANTS[self.take().text], "bool")
        return self._path()

    def _call(self) -> Expression:
        token = self.take()
        name = token.text.lower()
        if name == "not":
            arguments = self._list()
            return _negated(arguments[0])
        function = FUNCTIONS.get(name)
        if function is None:
            raise token.error("InvalidQueryLanguage")
        arguments = self._list()
        if not function.least <= len(arguments) <= function.most:
            raise token.error()
        call, made = function.call, self.work.made
        evaluators = [each.evaluate for each in arguments]
        shown = next((each.name for each in arguments if each.name), "")
        return Expression(
            evaluate=lambda row: made(call(*(each(row) for each in evaluators))),
            type=function.type,
            name=f"{name}_{shown}" if shown and name not in ("tolower", "toupper", "tostring") else shown,
        )

    def _path(self) -> Expression:
        first = self.take()
        if first.text not in self.columns:
            raise first.error("UnresolvedColumn")
        parts: list[Any] = []
        while True:
            if self.accepts("."):
                parts.append(self.name())
            elif self.accepts("["):
                token = self.take()
                if token.kind not in ("string", "number"):
                    raise token.error()
                parts.append(token.text if token.kind == "string" else int(float(token.text[:9])))
                self.expect("]")
            else:
                break
        return _path(first.text, parts, self.columns[first.text])


def _constant(value: Any, kind: str) -> Expression:
    return Expression(evaluate=lambda _: value, type=kind)


def _path(column: str, parts: list[Any], kind: str) -> Expression:
    if not parts:
        return Expression(evaluate=lambda row: row[column], type=kind, name=column)

    def evaluate(row: Any) -> Any:
        value = row[column]
        for part in parts:
            value = member(value, part)
        return value

    return Expression(evaluate=evaluate, name=column_name([column, *(str(part) for part in parts)]))


def _either(parts: Sequence[Expression]) -> Expression:
    return Expression(evaluate=lambda row: any(part.evaluate(row) for part in parts), type="bool")


def _both(parts: Sequence[Expression]) -> Expression:
    return Expression(evaluate=lambda row: all(part.evaluate(row) for part in parts), type="bool")


def _negated(one: Expression) -> Expression:
    return Expression(evaluate=lambda row: not one.evaluate(row), type="bool")


def _compare(operator: str, left: Expression, right: Expression, work: Work, *, negated: bool) -> Expression:
    test = COMPARISONS[operator]

    def evaluate(row: Any) -> bool:
        one, other = left.evaluate(row), right.evaluate(row)
        work.handle(one, other)
        return test(one, other) is not negated

    return Expression(evaluate=evaluate, type="bool")


def _in(left: Expression, choices: list[Expression], work: Work, *, folded: bool, negated: bool) -> Expression:
    test = COMPARISONS["=~" if folded else "=="]

    def evaluate(row: Any) -> bool:
        value = left.evaluate(row)
        for each in choices:
            choice = each.evaluate(row)
            work.handle(value, choice)
            if test(value, choice):
                return not negated
        return negated

    return Expression(evaluate=evaluate, type="bool")
