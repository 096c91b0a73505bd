"""Handlers for delta queries: what changed among applications and service principals since the last round.

Pages "Use delta query to track changes in Microsoft Graph data" and "application: delta". Tokens are opaque and carry
the options of the first request; they are good for seven days. Assumed: ``$top`` is taken for the size of a page, and
an object counts as changed whichever of its properties changed, even one that ``$select`` leaves out.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import GraphError, bad_request
from migrate.emulator.graph.kinds import APPLICATIONS, SERVICE_PRINCIPALS
from migrate.emulator.graph.lists import DEFAULT_PAGE, Kind, check_options
from migrate.emulator.graph.odata.options import Options, read_options
from migrate.emulator.graph.routing import Routes, read
from migrate.emulator.state import deletion
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.table import Table

TOKEN_LIFE: Final = timedelta(days=7)
_GUID: Final = r"'?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'?"
_BY_ID: Final = re.compile(rf"\s*id\s+eq\s+{_GUID}(?:\s+or\s+id\s+eq\s+{_GUID})*\s*", re.IGNORECASE)
_LARGEST: Final = 10**12
_LARGEST_PAGE: Final = 999
H = TypeVar("H", Application, ServicePrincipal)


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What a token carries."""

    first: int
    """Changes before this one are known to the client; -1 stands for a client that knows nothing yet."""
    last: int
    """The round tells of changes before this one; the next round begins with it."""
    place: int = 0
    """Where in the round the next page begins."""
    issued: int = 0
    tenant: str = ""
    size: int = DEFAULT_PAGE
    select: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def token(self) -> str:
        content = json.dumps([getattr(self, name) for name in self.__slots__])
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_token(token: str) -> _State:
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        first, last, place, issued, tenant, size, select, ids = content
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise _malformed() from None
    numbers = (first, last, place, issued, size)
    if (
        not all(isinstance(number, int) and -1 <= number <= _LARGEST for number in numbers)
        or not 1 <= size <= _LARGEST_PAGE
    ):
        raise _malformed()
    if not isinstance(tenant, str) or not all(isinstance(names, list) for names in (select, ids)):
        raise _malformed()
    if not all(isinstance(name, str) for name in (*select, *ids)):
        raise _malformed()
    return _State(first=first, last=last, place=place, issued=issued, tenant=tenant, size=size,
                  select=tuple(select), ids=tuple(ids))  # fmt: skip


def _malformed() -> GraphError:
    # Code and text are assumed.
    return bad_request("Badly formed token.", "Request_BadRequest")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tracked(Generic[H]):
    """A collection with the deleted objects that belong to it."""

    kind: Kind[H]
    living: Table[H]
    deleted: Table[H]


def applications_delta(call: Call) -> Reply:
    """GET /applications/delta."""
    tenant = call.tenant
    return _delta(call, _Tracked(kind=APPLICATIONS, living=tenant.applications, deleted=tenant.deleted_applications))


def principals_delta(call: Call) -> Reply:
    """GET /servicePrincipals/delta."""
    tenant = call.tenant
    tracked = _Tracked(
        kind=SERVICE_PRINCIPALS, living=tenant.service_principals, deleted=tenant.deleted_service_principals
    )
    return _delta(call, tracked)


def _delta(call: Call, tracked: _Tracked[H]) -> Reply:
    deletion.forget_old(call.tenant)
    options = read_options({name: value for name, value in call.query.items() if not _is_filter(name)})
    check_options(tracked.kind, call, options)
    state = _state(call, tracked, options)
    if state is None:
        latest = _first_state(call, tracked, options)
        return _answer(call, tracked, replace(latest, first=latest.last), [], end=True)
    found = _everything(call, tracked, state) if state.first < 0 else _changes(call, tracked, state)
    page = list(islice(found, state.size))
    end = len(page) < state.size or next(found, None) is None
    following = replace(state, place=page[-1][0] if page else state.place)
    return _answer(call, tracked, following, [body for _, body in page], end=end)


def _is_filter(name: str) -> bool:
    return name.removeprefix("$").lower() == "filter"


def _state(call: Call, tracked: _Tracked[H], options: Options) -> _State | None:
    """Work out where the client is; None stands for one that wants to start from now."""
    if options.delta_token == "latest":  # noqa: S105 - a word of the protocol
        return None
    token = options.skip_token or options.delta_token
    if not token:
        return _first_state(call, tracked, options)
    state = _read_token(token)
    if state.tenant != tracked.living.generation:
        # Page "Use delta query ...", section "Synchronization reset"; the code is recorded of another service of Graph.
        start = f"{call.base}/{call.path}?$deltatoken="
        raise GraphError(410, "syncStateNotFound", "The delta token is not valid any more.", {"location": start})
    age = call.tenant.clock.timestamp() - state.issued
    if age > TOKEN_LIFE.total_seconds():
        raise bad_request(
            "The sync state generation is not found. The delta token is expired and data must be synchronized again.",
            "syncStateNotFound",
        )
    if state.last > tracked.living.written or (options.delta_token and not options.skip_token and state.place):
        raise _malformed()
    if options.skip_token:
        return state
    return replace(state, first=state.last, last=tracked.living.written, select=options.select or state.select)


def _first_state(call: Call, tracked: _Tracked[H], options: Options) -> _State:
    if options.expand or options.order_by or options.count or options.search:
        raise bad_request("Only $select and $filter on id are supported with delta.", "Request_UnsupportedQuery")
    return _State(
        first=-1,
        last=tracked.living.written,
        tenant=tracked.living.generation,
        size=options.top or DEFAULT_PAGE,
        select=options.select,
        ids=_ids(call),
    )


def _ids(call: Call) -> tuple[str, ...]:
    for name, text in call.query.items():
        if _is_filter(name) and text.strip():
            if not _BY_ID.fullmatch(text):
                raise bad_request("With delta, $filter can name objects by id only.", "Request_UnsupportedQuery")
            return tuple(found.lower() for found in re.findall(_GUID, text, re.IGNORECASE))
    return ()


def _everything(call: Call, tracked: _Tracked[H], state: _State) -> Iterator[tuple[int, dict[str, Any]]]:
    for place, record in tracked.living.after(state.place):
        if not state.ids or record.id in state.ids:
            yield place, _shown(call, tracked.kind, record, state)


def _changes(call: Call, tracked: _Tracked[H], state: _State) -> Iterator[tuple[int, dict[str, Any]]]:
    ids: Iterable[str] = tracked.living.changed_between(state.first, state.last)
    for index, object_id in enumerate(ids):
        if index < state.place or (state.ids and object_id not in state.ids):
            continue
        record = tracked.living.get(object_id)
        if record is not None:
            yield index + 1, _shown(call, tracked.kind, record, state)
        else:
            reason = "deleted" if tracked.deleted.get(object_id) is None else "changed"
            yield index + 1, {"id": object_id, "@removed": {"reason": reason}}


def _shown(call: Call, kind: Kind[H], record: H, state: _State) -> dict[str, Any]:
    wanted = frozenset(state.select) | {"id"} if state.select else None
    return kind.shape(call, wanted).body(record)


def _answer(call: Call, tracked: _Tracked[H], state: _State, rows: list[dict[str, Any]], *, end: bool) -> Reply:
    named = f"{tracked.kind.name}({','.join(state.select)})" if state.select else tracked.kind.name
    body: dict[str, Any] = {"@odata.context": call.context(named)}
    issued = replace(state, issued=call.tenant.clock.timestamp(), place=0 if end else state.place)
    where = f"{call.base}/{call.path}?"
    if end:
        body["@odata.deltaLink"] = f"{where}$deltatoken={issued.token()}"
    else:
        body["@odata.nextLink"] = f"{where}$skiptoken={issued.token()}"
    return Reply(body={**body, "value": rows})


ROUTES: Final[Routes] = {
    ("applications", "delta"): {"GET": read(applications_delta)},
    ("servicePrincipals", "delta"): {"GET": read(principals_delta)},
}
