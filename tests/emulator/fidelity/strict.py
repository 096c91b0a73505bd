"""Parses a body with a model of msgraph-sdk and tells what the model did not understand.

kiota puts a property that a model does not know into ``additional_data`` and turns a value of the wrong type into None.
So a body is faithful when no additional data is left, and when the model, written out again, says what was read.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

from tests.emulator.fidelity.shapes import Shape

Extras = Mapping[str, Mapping[str, Shape]]
"""Properties that a model of v1.0 does not know and beta has: by class, by name."""

ANNOTATIONS: Final = {
    "@odata.context": "which metadata the answer follows; every answer of the service has it",
    "@odata.id": "the address of a federated credential, which the reference page shows in its answers",
    "@odata.type": "the type of an object in a list of several types; a model knows only its own",
    "@odata.nextLink": "a collection without a model of its own (owners inside an application) has no place for it",
    "@removed": "what a delta query says of an object that is gone",
}
"""Annotations that models do not know and answers may carry, each with the reason."""


def misunderstandings(body: Any, model: str, extras: Extras | None = None) -> list[str]:
    """List what a model ("module:Class") does not understand of a body."""
    from kiota_serialization_json.json_parse_node import JsonParseNode  # noqa: PLC0415 - importing it warns
    from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter  # noqa: PLC0415

    module, _, name = model.partition(":")
    try:
        parsed = JsonParseNode(body).get_object_value(getattr(import_module(module), name))
        writer = JsonSerializationWriter()
        writer.write_object_value(None, parsed)
        written = json.loads(writer.get_serialized_content())
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        return [f"the model cannot read it: {type(error).__name__}: {error}"]
    return [*_unknown(parsed, "", extras or {}), *_altered(body, written, "")]


def _unknown(model: Any, path: str, extras: Extras) -> Iterator[str]:
    expected = extras.get(type(model).__name__, {})
    for name, value in (getattr(model, "additional_data", None) or {}).items():
        if name in expected:
            yield from (f"{path}.{item.path}: {item.found}" for item in expected[name].differences(_plain(value), name))
        elif name not in ANNOTATIONS:
            yield f"{path}.{name} is not a property of {type(model).__name__}"
    for field in fields(model):
        if field.name in ("additional_data", "backing_store"):
            continue
        value = getattr(model, field.name, None)
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if is_dataclass(item):
                position = f"[{index}]" if isinstance(value, list) else ""
                yield from _unknown(item, f"{path}.{field.name}{position}", extras)


def _plain(value: Any) -> Any:
    """Undo what kiota guesses about values that no model describes: dates and GUIDs."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat() + ("0Z" if value.microsecond else "Z")
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _altered(read: Any, written: Any, path: str) -> Iterator[str]:
    """Compare a body with what the model made of it."""
    if isinstance(read, dict) and isinstance(written, dict):
        for name, value in read.items():
            if value is not None and name not in ANNOTATIONS:
                yield from _altered(value, written.get(name), f"{path}.{name}")
    elif isinstance(read, list) and isinstance(written, list) and len(read) == len(written):
        for index, (one, other) in enumerate(zip(read, written, strict=True)):
            yield from _altered(one, other, f"{path}[{index}]")
    elif read in ([], {}) and written is None:
        return  # empty lists and objects are not written
    elif not _is_same(read, written):
        yield f"{path} is {read!r}, which the model takes for {written!r}"


def _is_same(read: Any, written: Any) -> bool:
    if type(read) is type(written) and read == written:
        return True
    if not (isinstance(read, str) and isinstance(written, str)):
        return False
    return _is_same_moment(read, written) or _is_same_duration(read, written)


def _is_same_duration(read: str, written: str) -> bool:
    """Compare a duration (ISO 8601) with what kiota makes of it, which is Python's own way to write one."""
    from kiota_abstractions.date_utils import parse_timedelta_string  # noqa: PLC0415 - importing it warns

    try:
        return read.startswith("P") and str(parse_timedelta_string(read)) == written
    except ValueError:
        return False


def _is_same_moment(read: str, written: str) -> bool:
    """Compare to the microsecond, because Python knows no finer one."""
    try:
        return abs(datetime.fromisoformat(read) - datetime.fromisoformat(written)) < timedelta(microseconds=1)
    except (ValueError, TypeError):
        return False
