"""From the body of a page to the values in it, and to notes for the rows that cannot be understood. Pure.

A page is decoded at once, which is several times faster than row by row. Where that fails - one odd row, or a
property that is not documented - its rows are decoded one by one, so that one bad row does not cost the page. Names of
unknown properties are learned, because what one row has the others of a tenant mostly have too: the next page is
decoded at once again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from inventory.decoded import Decoded
from inventory.mending import DEEP, pruned
from inventory.model import ScanNote
from inventory.secret_texts import looks_random, looks_secret, withheld
from inventory.wire import WireIdentified, WireObject, WirePage

_Wire = TypeVar("_Wire", bound=WireObject)
_Value = TypeVar("_Value")

_MOST_LEARNED = 64  # a tenant that makes up names without end is read row by row
_LONGEST = 4000  # characters of one unknown property
_SECRETIVE = re.compile(rb"secret|passw|token|private|credential|\bkey", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.@-]{1,100}")  # msgspec names no field after a name with quotes in it
_PLAIN_TYPES = (b'"#microsoft.graph.application"', b'"#microsoft.graph.servicePrincipal"')
_WITHHELD = msgspec.Raw(b'"not kept"')
_ABSENT = msgspec.Raw(b"")
_ANYTHING = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PAGE = msgspec.json.Decoder(WirePage)
_IDENTIFIED = msgspec.json.Decoder(WireIdentified)


Json = bytes | msgspec.Raw


class SenselessError(ValueError):
    """A row says what makes no sense; the message is our own and quotes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage(Generic[_Value]):
    """The values of a page in its order, and the links it ends with."""

    entries: Sequence[_Value | ScanNote]
    next_link: str | None
    delta_link: str | None = None


class Reading(Generic[_Wire, _Value]):
    """Reads pages, and single objects, of one kind.

    ``shape`` names the fields that are used and ``documented`` every name that is no news (None: nothing is).
    ``convert`` is given the decoded row and its unknown properties, a JSON object as text, empty where there is none;
    it raises SenselessError for what makes no sense, ValueError for a time that is none.
    """

    def __init__(
        self,
        what: str,
        shape: type[_Wire],
        convert: Callable[[_Wire, str], _Value],
        documented: frozenset[str] | None = None,
    ) -> None:
        self._what = what
        self._shape = shape
        self._convert = convert
        self._documented = documented
        self._learned: frozenset[str] = frozenset()

    def page(self, body: bytes) -> ReadPage[_Value]:
        """Read a page; raises msgspec.DecodeError where it is no JSON, its subclass ValidationError where no page."""
        page = self.decoded(body)
        return ReadPage(entries=tuple(page.entries), next_link=page.next_link, delta_link=page.delta_link)

    def decoded(self, body: bytes) -> ReadPage[_Value]:
        """Read a page as ``page`` does; its values are made when they are asked for, see ``Decoded``."""
        try:
            page = _decoder(self._shape, self._documented, self._learned).decode(body)
        except (msgspec.ValidationError, UnicodeDecodeError, RecursionError):
            return self._piecemeal(body)
        extra = _fields(self._learned) if self._learned else {}
        unknown = [_told(row, extra) for row in page.value] if extra else [""] * len(page.value)
        entries: Sequence[_Value | ScanNote] = Decoded(page.value, unknown, self._value)
        return ReadPage(entries=entries, next_link=page.next_link, delta_link=page.delta_link)

    def one(self, raw: Json) -> _Value | ScanNote:
        """Read one object."""
        try:
            row = _row_decoder(self._shape).decode(raw)
            unknown = self._unknown(raw)
        except RecursionError:
            return self._too_deep(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # msgspec names the field and the types, never the value.
            reason = str(error) if isinstance(error, msgspec.MsgspecError) else "it is not UTF-8"
            return ScanNote(subject=f"{self._what} {_id_in(raw)}".rstrip(), text=f"unreadable: {reason}")
        return self._value(row, _text(unknown))

    def _too_deep(self, raw: Json) -> ScanNote:
        return ScanNote(subject=f"{self._what} {_id_in(raw)}".rstrip(), text="unreadable: it is nested too deeply")

    def _value(self, row: _Wire, unknown: str) -> _Value | ScanNote:
        try:
            return self._convert(row, unknown)
        except ValueError as error:  # the words of all but our own might quote the tenant's
            reason = str(error) if isinstance(error, SenselessError) else "it holds a time that is none"
            subject = f"{self._what} {getattr(row, 'id', '')}".rstrip()
            return ScanNote(subject=subject, text=f"unreadable: {reason}")

    def _piecemeal(self, body: bytes) -> ReadPage[_Value]:
        page, deep = _rows_of(body)
        entries = tuple(self._too_deep(row) if deep and DEEP in bytes(row) else self.one(row) for row in page.value)
        return ReadPage(entries=entries, next_link=page.next_link, delta_link=page.delta_link)

    def _unknown(self, raw: Json) -> dict[str, msgspec.Raw]:
        if self._documented is None:
            return {}
        found = {name: value for name, value in _ANYTHING.decode(raw).items() if name not in self._documented}
        if found and len(self._learned) + len(found) <= _MOST_LEARNED:
            self._learned = self._learned.union(name for name in found if _PLAIN.fullmatch(name))
        return found


def _rows_of(body: bytes) -> tuple[WirePage, bool]:
    """Return the rows of a page, and whether something is cut out of them that is nested too deeply."""
    try:
        return _PAGE.decode(body), False
    except RecursionError:
        return _PAGE.decode(pruned(body)), True


@cache
def _row_decoder(shape: type[_Wire]) -> msgspec.json.Decoder[_Wire]:
    return msgspec.json.Decoder(shape)


@cache
def _decoder(
    shape: type[WireObject], documented: frozenset[str] | None, learned: frozenset[str]
) -> msgspec.json.Decoder[Any]:
    """Return a decoder of pages that refuses names it was not told of, so that none is overlooked."""
    row: type[msgspec.Struct] = shape
    if documented is not None:
        used = {field.encode_name for field in msgspec.structs.fields(shape)}
        skipped = {f"skipped_{at}": name for at, name in enumerate(sorted(documented - used))}
        named = {**skipped, **_fields(learned)}
        absent: dict[str, Any] = {key: msgspec.field(default=_ABSENT, name=name) for key, name in named.items()}
        fields = [(key, msgspec.Raw, default) for key, default in absent.items()]
        row = msgspec.defstruct(
            shape.__name__, fields, bases=(shape,), frozen=True, gc=False, forbid_unknown_fields=True
        )
    page = msgspec.defstruct("Page", [("value", list[row])], bases=(_Links,), frozen=True, gc=False)  # type: ignore[valid-type]
    return msgspec.json.Decoder(page)


class _Links(WireObject, frozen=True, gc=False, kw_only=True):
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    delta_link: str | None = msgspec.field(default=None, name="@odata.deltaLink")


@cache
def _fields(learned: frozenset[str]) -> Mapping[str, str]:
    """Name the fields for learned properties, whose own names need not be names in Python."""
    return {f"learned_{at}": name for at, name in enumerate(sorted(learned))}


def _told(row: WireObject, extra: Mapping[str, str]) -> str:
    values = ((name, getattr(row, field)) for field, name in extra.items())
    return _text({name: value for name, value in values if value is not _ABSENT})


def _text(unknown: Mapping[str, msgspec.Raw]) -> str:
    """Write unknown properties as a JSON object without OData's own remarks, of which a special type alone is kept.

    What may be a secret by its name or by its looks, or by those of something inside it, or is very long, is told to be
    there and not kept.
    """
    kept = {withheld(name): _safe(name, value) for name, value in sorted(unknown.items()) if _tells(name, value)}
    return msgspec.json.encode(kept).decode(errors="replace") if kept else ""


def _tells(name: str, value: msgspec.Raw) -> bool:
    """Whether a property is the object's own: of OData's remarks only the type, where it is a special one."""
    return "@" not in name or (name == "@odata.type" and bytes(value) not in _PLAIN_TYPES)


def _safe(name: str, value: msgspec.Raw) -> msgspec.Raw:
    whole = bytes(value)
    if len(whole) > _LONGEST or _SECRETIVE.search(name.encode() + b" " + whole):
        return _WITHHELD
    try:
        secret = any(looks_secret(text) or looks_random(text) for text in _texts(name, whole))
    except (msgspec.DecodeError, UnicodeDecodeError):
        secret = True
    return _WITHHELD if secret else value


def _texts(name: str, value: bytes) -> Iterator[str]:
    """Yield every text in an unknown property, escapes resolved: the names of members too."""
    yield name
    waiting = [msgspec.json.decode(value)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one


def _id_in(raw: Json) -> str:
    try:
        return _IDENTIFIED.decode(raw).id
    except RecursionError:
        return _id_in(pruned(bytes(raw)))
    except (msgspec.DecodeError, ValueError):
        return ""
