"""What no client would send on purpose."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

DEEP: Final = "[" * 100_000 + "]" * 100_000
LONG: Final = "x" * 70_000
TRACES: Final = ("Traceback", 'File "', ".py", "Error(")
"""What an exception of our own would leave in an answer."""

BODIES: Final[dict[str, bytes]] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"5",
    "a text": b'"x"',
    "half an object": b'{"displayName": "x"',
    "no JSON": b"<xml/>",
    "NaN": b'{"displayName": NaN}',
    "no UTF-8": b'{"displayName": "\xff\xfe"}',
    "UTF-16": '{"displayName": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"displayName": "x"}',
    "a NUL": b'{"displayName": "a\x00b"}',
    "deep nesting": DEEP.encode(),
    "a deep property": b'{"tags": ' + DEEP.encode() + b"}",
    "a huge number": b'{"displayName": ' + b"9" * 5_000 + b"}",
    "a huge exponent": b'{"displayName": 1e999}',
    "a repeated property": b'{"displayName": "x", "displayName": []}',
    "an empty name": b'{"": 1}',
    "an unknown property": b'{"nobodyKnowsThis": true}',
    "annotations": b'{"@odata.type": 5, "@odata.id": [], "@x": {}}',
}

VALUES: Final[tuple[Any, ...]] = (
    None, True, -1, 10**400, 1.5, "", " ", "x", LONG, "\x00", "\ud800", "\U0001f600\u202e", [], [[]], [None],
    ["\ud800"], [{}], {}, {"": {}}, {"value": []}, {"keyId": "x", "startDateTime": "0000-00-00"},
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999-14:00", "not-a-date", "{}", "' or 1 eq 1",
)  # fmt: skip

KEYS: Final = (
    "%00", "..", "%2e%2e%2f", "x", "'", "('')", "*", "$ref", "$count", "11111111-1111-4111-8111-111111111111",
    "%F0%9F%98%80", "%ff", "x" * 2_000, "a(b='c')", "microsoft.graph.user", "%2F", ";x=1", "null",
)  # fmt: skip

QUERIES: Final[tuple[Mapping[str, str], ...]] = tuple(
    {name: value}
    for name, values in {
        "$top": ("", "-1", "0", "1.5", "9" * 40, "x", "\x00", "\u0661"),
        "$skip": ("-1", "x", "9" * 40),
        "$skiptoken": ("", "x", "%00", "9" * 40, "eyJ4IjogMX0="),
        "$deltatoken": ("", "x", "latest", "9" * 40),
        "$select": (",", "*", "id,", "nobody", "id;name", "$", LONG[:3_000]),
        "$expand": ("owners(", "nobody", "owners($expand=owners($expand=owners))", "owners($filter=", ")", ","),
        "$filter": (
            "displayName eq", "displayName eq 'x", "(" * 500, "not " * 300 + "true", "nobody eq 1", "displayName eq 5",
            "startswith(displayName)", "tags/any(t:t eq)", "tags/any(t:t/any(u:u eq 1))", "createdDateTime ge x",
            "id in ()", "1 eq 1", "displayName eq '\x00'", "displayName eq null", "appId eq '" + LONG[:3_000] + "'",
        ),
        "$orderby": ("nobody", "displayName sideways", ",", "displayName desc desc"),
        "$count": ("maybe", "1"),
        "$search": ("x", '"displayName:', '"nobody:x"', '""'),
        "$format": ("xml", "\x00"),
        "$nobody": ("1",),
        "api-version": ("", "x", "9999-99-99"),
    }.items()
    for value in values
)  # fmt: skip


def one_of_each_option(turn: int) -> Iterator[Mapping[str, str]]:
    """Give a query for each option; from turn to turn another value's turn comes."""
    options: dict[str, list[Mapping[str, str]]] = {}
    for query in QUERIES:
        options.setdefault(next(iter(query)), []).append(query)
    for values in options.values():
        yield values[turn % len(values)]


def spoiled(body: Any, limit: int = 400) -> Iterator[bytes]:
    """Give a body with one value after another replaced by each of the strange ones."""
    for index, changed in enumerate(_changed(body)):
        if index == limit:
            return
        yield json.dumps(changed).encode("utf-8")


def _changed(body: Any) -> Iterator[Any]:
    parts = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for place, part in list(parts):
        for value in (*VALUES, *_changed(part)):
            copied = body.copy()
            copied[place] = value
            yield copied
