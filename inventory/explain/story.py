"""Puts the sections together and answers what breaks."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from inventory.errors import NoSuchCredentialError
from inventory.explain import holding, surroundings, using
from inventory.explain.code import CodeSite
from inventory.explain.facts import Row, Subject, day, select
from inventory.explain.model import Explanation, Known, Section, Story
from inventory.model import Purpose
from inventory.snapshot import Header, header, opened
from inventory.tables import schema
from inventory.tables.texts import time_text
from inventory.usage_subject import AGENTS, BLUEPRINT

_MOST = 5


def explain(path: Path, key_id: str, sites: Sequence[CodeSite] | None = None) -> Explanation:
    """Tell everything a snapshot knows about the credentials of a key id; ``sites`` None: no code was looked at.

    The beginning of a key id will do where no other begins so. Raises NoSuchCredentialError where no holder has one, or
    several begin so; SnapshotError for a file that cannot be read.
    """
    of = header(path)
    with opened(path) as database:
        wanted = _whole(database, path, key_id.strip().strip("{}").lower())
        columns = ", ".join(schema.names("credentials"))
        statement = f"SELECT {columns} FROM credentials WHERE key_id = ? ORDER BY {columns}"  # noqa: S608 - our own
        found = list(select(database, statement, wanted))
        if not found:
            raise NoSuchCredentialError(_nowhere(database, path, wanted))
        stories = tuple(_story(_subject(database, of, one), sites) for one in found)
    return Explanation(key_id=wanted, tenant_id=of.tenant_id, taken_at=time_text(of.taken_at), stories=stories)


def _whole(database: sqlite3.Connection, path: Path, given: str) -> str:
    """Complete a key id; what no key id begins with stays as it is, to be looked for among what was seen in use."""
    statement = "SELECT DISTINCT key_id FROM credentials WHERE key_id >= ?1 AND key_id < ?1 || '~' ORDER BY key_id"
    found = [str(row["key_id"]) for row in select(database, f"{statement} LIMIT {_MOST + 1}", given)]
    if given in found or not found or not given:
        return given
    if len(found) == 1:
        return found[0]
    told = ", ".join(found[:_MOST]) + (", ..." if len(found) > _MOST else "")
    raise NoSuchCredentialError(f"several key ids of {path} begin with {given}: {told}; give more of it")


def _nowhere(database: sqlite3.Connection, path: Path, key_id: str) -> str:
    statement = (
        "SELECT client_id, source, max(last_seen) AS last FROM uses WHERE key_id = ? GROUP BY 1, 2 ORDER BY 3 DESC"
    )
    seen = next(select(database, statement, key_id), None)
    message = f"no credential of {path} has the key id {key_id}"
    if seen:
        where = f"{seen['source']} saw it, last {day(seen['last'])}, at the client {seen['client_id']}"
        return f"{message}; {where}: it is gone"
    return f"{message}; key ids are in its table credentials"


def _subject(database: sqlite3.Connection, of: Header, credential: Row) -> Subject:
    return Subject(
        database=database,
        of=of,
        credential=credential,
        application=_holder(database, "applications", credential),
        principal=_holder(database, "service_principals", credential),
    )


def _holder(database: sqlite3.Connection, table: str, credential: Row) -> Row | None:
    """Return the holder itself before any other object of its client id."""
    statement = f"SELECT * FROM {table} WHERE client_id = ? ORDER BY id <> ?, id LIMIT 1"  # noqa: S608 - our own
    return next(select(database, statement, credential["client_id"], credential["holder_id"]), None)


def _story(subject: Subject, sites: Sequence[CodeSite] | None) -> Story:
    told = (
        holding.identity_of(subject),
        holding.holder(subject),
        holding.owners(subject),
        holding.roles(subject),
        *using.evidence(subject),
        using.together(subject),
        surroundings.federated(subject),
        surroundings.identities(subject),
        surroundings.settings(subject),
        holding.rules(subject),
        using.code(subject, sites),
    )
    sections = tuple(one for one in told if one.known or one.unseen)
    unseen = tuple(dict.fromkeys(text for section in sections for text in section.unseen))
    unread = subject.row("SELECT count(*) AS objects FROM unreadable")["objects"]
    if unread:
        unseen = (*unseen, f"{unread} objects of the tenant could not be understood")
    holders = (subject.application, subject.principal)
    if any(BLUEPRINT in str(one["unknown"]) for one in holders if one is not None):
        unseen = (*unseen, AGENTS)
    breaks = _breaks(subject, sections)
    kind, key = subject.credential["kind"], subject.credential["key_id"]
    title = f"{kind} {key} of {subject.name} ({subject.client_id}), held by the {_word(subject)}"
    return Story(
        title=title, sections=sections, breaks=breaks, unseen=unseen, verdict=_verdict(subject, breaks, unseen)
    )


def _word(subject: Subject) -> str:
    return "application" if subject.credential["holder"] == "application" else "service principal"


def _breaks(subject: Subject, sections: Sequence[Section]) -> tuple[Known, ...]:
    return () if holding.ended(subject) else tuple(known for section in sections for known in section.breaks)


def _verdict(subject: Subject, breaks: tuple[Known, ...], unseen: tuple[str, ...]) -> str:
    if holding.ended(subject):
        return f"it ended {day(subject.credential['ends'])}: it authenticates nobody any more"
    puzzling = subject.credential["purpose"] == Purpose.UNKNOWN.value
    if uses := len(breaks) - puzzling:
        return "one known use stops working" if uses == 1 else f"{uses} known uses stop working"
    if puzzling:
        return "nobody can say, as its purpose is not understood"
    return "nothing known uses it, and here is what could not be seen" if unseen else "nothing known uses it"
