"""``$batch``: several requests in one.

Page "Combine multiple HTTP requests using JSON batching": at most twenty, ids unique without regard to case, each one
judged by itself, answers in an order of their own, ``dependsOn``, and 424 for what depends on a request that failed.
Recorded are the texts for a malformed batch, for too many requests and for an id that stands twice, and the beginning
of the one for a dependency on a request that does not stand before it. Assumed: the text for a write without a body
and its type; text bodies come as base64, as the page has it for what is not JSON and as msgraph-sdk reads them; whole
addresses, which msgraph-sdk sends, are taken when they lead here; a batch inside a batch is refused by itself; the
answers come last first, so that no client can rely on their order.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import GraphError, bad_request, error_body
from migrate.emulator.graph.odata.options import check_length, parse_query

MOST_REQUESTS: Final = 20
SEGMENT: Final = "$batch"
_METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_WITH_BODY: Final = frozenset({"POST", "PATCH", "PUT"})
_VERSION: Final = re.compile(r"(v1\.0|beta)(?:/|$)")
_FAILED: Final = 400

Dispatch = Callable[[Call, str], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One request of a batch."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    depends_on: tuple[str, ...]


def answer_batch(call: Call, dispatch: Dispatch) -> Reply:
    """POST /$batch; ``dispatch`` answers one request, as it does for those that come alone."""
    answers: dict[str, dict[str, Any]] = {}
    for part in _read_parts(call):
        if any(answers[parent]["status"] >= _FAILED for parent in part.depends_on):
            answer = _refusal(call, GraphError(424, "FailedDependency", ""))  # the empty text is assumed
        else:
            answer = _answer_part(call, part, dispatch)
        answers[part.id.lower()] = {"id": part.id, **answer}
    return Reply(body={"responses": list(reversed(answers.values()))})


def _malformed() -> GraphError:
    return bad_request("Invalid batch payload format.")


def _read_parts(call: Call) -> Iterator[_Part]:
    requests = call.json().get("requests")
    if not isinstance(requests, list) or not requests or not all(isinstance(entry, dict) for entry in requests):
        raise _malformed()
    if len(requests) > MOST_REQUESTS:
        raise bad_request("Number of requests inside batch exceed the limit.")
    parts = [_read_part(entry) for entry in requests]
    known: set[str] = set()
    for part in parts:
        if part.id.lower() in known:
            raise bad_request(f"Request Id {part.id} has to be unique in a batch.")
        if not known.issuperset(part.depends_on):
            raise bad_request(f"Invalid dependency for request Id {part.id}.")
        known.add(part.id.lower())
    return iter(parts)


def _read_part(entry: Mapping[str, Any]) -> _Part:
    name, method, url = entry.get("id"), entry.get("method"), entry.get("url")
    headers, parents = entry.get("headers") or {}, entry.get("dependsOn") or []
    if not (isinstance(name, str) and name and isinstance(method, str) and isinstance(url, str) and url):
        raise _malformed()
    if not isinstance(headers, dict) or not isinstance(parents, list) or method.upper() not in _METHODS:
        raise _malformed()
    if not all(isinstance(parent, str) for parent in parents):
        raise _malformed()
    sent = {header.lower() for header in headers}
    if method.upper() in _WITH_BODY and not ("content-type" in sent and entry.get("body") is not None):
        raise bad_request(f"Write request id : {name} does not contain Content-Type header or body.")
    return _Part(
        id=name,
        method=method.upper(),
        url=url,
        headers={header.lower(): str(value) for header, value in headers.items()},
        body=entry.get("body"),
        depends_on=tuple(parent.lower() for parent in parents),
    )


def _answer_part(call: Call, part: _Part, dispatch: Dispatch) -> dict[str, Any]:
    try:
        reply = dispatch(_call_of(call, part), part.method)
    except GraphError as error:
        return _refusal(call, error)
    if reply.body is None:
        return {"status": reply.status, "headers": _headers(reply.headers), "body": None}
    if isinstance(reply.body, str):
        encoded = base64.b64encode(reply.body.encode()).decode()
        return {"status": reply.status, "headers": _headers(reply.headers), "body": encoded}
    shown = {"OData-Version": "4.0", "Content-Type": _JSON, **_headers(reply.headers)}
    return {"status": reply.status, "headers": shown, "body": reply.body}


_JSON: Final = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


def _headers(own: Mapping[str, str]) -> dict[str, str]:
    return {"Cache-Control": "no-cache", **{name.title(): value for name, value in own.items()}}


def _refusal(call: Call, error: GraphError) -> dict[str, Any]:
    body = error_body(error, call.tenant.clock.now(), call.request_id, call.client_request_id)
    headers = {**_headers(error.headers), "Content-Type": "application/json"}
    return {"status": error.status, "headers": headers, "body": body}


def _call_of(call: Call, part: _Part) -> Call:
    path, query = _address(call, part.url)
    return replace(call, path=path, query=parse_query(query), headers=part.headers, body=_body(part), takes_raw=False)


def _address(call: Call, url: str) -> tuple[str, str]:
    check_length(url)
    try:
        url.encode()  # half a surrogate pair is no character, and no address that stands alone could hold one
        whole = urlsplit(url.lstrip("/"))  # doubled slashes in front do not name a host here
    except ValueError:
        raise bad_request("The address of a request is not valid.") from None
    if whole.scheme or whole.netloc:
        hosts = {call.base.partition("://")[2], *call.tenant.cloud.graph_hosts}
        if whole.scheme not in ("http", "https") or whole.netloc not in hosts:
            raise bad_request(f"The address '{url}' does not lead to this service.")
    path = "/".join(filter(None, whole.path.split("/")))
    match = _VERSION.match(path)
    if match is None:
        return f"{call.version}/{path}", whole.query
    if match[1] != call.version:
        raise bad_request(f"Resource not found for the segment '{match[1]}'.")
    return path, whole.query


def _body(part: _Part) -> bytes:
    if part.body is None:
        return b""
    if not isinstance(part.body, str):
        return json.dumps(part.body).encode()
    try:
        return base64.b64decode(part.body + "=" * (-len(part.body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise bad_request(f"The body of request id {part.id} is neither a JSON object nor base64.") from None
