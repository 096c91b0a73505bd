"""Shapes of JSON bodies, and how a body differs from one."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a body is not what the shape says; ``path`` names no positions (``value[].id``)."""

    kind: Literal["missing", "unexpected", "wrong"]
    path: str
    found: Any = None


class Shape(Protocol):
    """What a value must be."""

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        """List how a value differs."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of one kind."""

    name: str
    fits: Callable[[Any], bool]

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        """List how a value differs."""
        if not self.fits(value):
            yield Difference(kind="wrong", path=path, found=f"{value!r} is not {self.name}")


@dataclass(frozen=True, slots=True)
class Nullable:
    """A value that may be null."""

    of: Shape

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        """List how a value differs."""
        return iter(()) if value is None else self.of.differences(value, path)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose items all have one shape."""

    of: Shape

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        """List how a value differs."""
        if not isinstance(value, list):
            yield Difference(kind="wrong", path=path, found=f"{value!r} is not a list")
            return
        for item in value:
            yield from self.of.differences(item, f"{path}[]")


@dataclass(frozen=True, slots=True)
class Maybe:
    """A field that real bodies do not always have."""

    of: Shape

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        """List how a value differs."""
        return self.of.differences(value, path)


@dataclass(frozen=True, slots=True)
class Fields:
    """An object; the order of its fields never matters."""

    shapes: Mapping[str, Shape]

    def differences(self, value: Any, path: str) -> Iterator[Difference]:
        """List how a value differs."""
        if not isinstance(value, dict):
            yield Difference(kind="wrong", path=path, found=f"{value!r} is not an object")
            return
        for name, shape in self.shapes.items():
            place = f"{path}.{name}" if path else name
            if name in value:
                yield from shape.differences(value[name], place)
            elif not isinstance(shape, Maybe):
                yield Difference(kind="missing", path=place)
        for name in value.keys() - self.shapes.keys():
            yield Difference(kind="unexpected", path=f"{path}.{name}" if path else name, found=value[name])


def text(pattern: str, name: str = "") -> Scalar:
    """Make the shape of a text that matches a pattern whole."""
    compiled = re.compile(pattern, re.ASCII | re.DOTALL)
    return Scalar(
        name or f"a text like {pattern}", lambda value: isinstance(value, str) and bool(compiled.fullmatch(value))
    )


def constant(value: Any) -> Scalar:
    """Make the shape of the one value that the protocol fixes."""
    return Scalar(repr(value), lambda found: type(found) is type(value) and found == value)


def one_of(*wanted: str) -> Scalar:
    """Make the shape of an enumeration."""
    return Scalar(f"one of {wanted}", lambda value: value in wanted)


_GUID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TEXT: Final = Scalar("a text", lambda value: isinstance(value, str))
BOOLEAN: Final = Scalar("a boolean", lambda value: isinstance(value, bool))
INTEGER: Final = Scalar("an integer", lambda value: isinstance(value, int) and not isinstance(value, bool))
NULL: Final = Scalar("null", lambda value: value is None)
ANYTHING: Final = Scalar("anything", lambda _: True)
GUID: Final = text(_GUID, "a GUID in lower case")
UPPER_GUID: Final = text(_GUID.replace("a-f", "A-F"), "a GUID in upper case")
DIGITS: Final = text(r"\d+", "a number as text")
BASE64: Final = text(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", "base64")
MOMENT: Final = text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{7})?Z", "a moment in UTC with no or seven decimals")
SECOND: Final = text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "a moment without a zone")
STAMP: Final = text(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "a moment with a blank, to the second")
JWT: Final = text(r"[\w-]+\.[\w-]+\.[\w-]+", "a signed token")
ADDRESS: Final = text(r"https://[^\s/]+/\S*", "an https address")
TEXTS: Final = ListOf(TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A body whose real form is known."""

    name: str
    source: str
    """Page or place, and whether somebody recorded it."""
    sure: Literal["recorded", "documented", "read in a client", "assumed"]
    shape: Shape
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Fields of the real body that the emulator does not give, each with the reason."""
    added: Mapping[str, str] = field(default_factory=dict)
    """Fields that the emulator gives although the known body lacks them, each with the reason."""


def unexplained(known: Known, body: Any) -> list[str]:
    """List the differences that the description does not explain, and the explanations that nothing needs."""
    found = list(known.shape.differences(body, ""))
    missing = {item.path for item in found if item.kind == "missing"}
    unexpected = {item.path: item.found for item in found if item.kind == "unexpected"}
    return [
        *(f"wrong: {item.path}: {item.found}" for item in found if item.kind == "wrong"),
        *(f"missing: {path}" for path in sorted(missing - known.left_out.keys())),
        *(f"unexpected: {path}: {unexpected[path]!r}" for path in sorted(unexpected.keys() - known.added.keys())),
        *(f"is not left out: {path}" for path in sorted(known.left_out.keys() - missing)),
        *(f"is not added: {path}" for path in sorted(known.added.keys() - unexpected.keys())),
    ]
