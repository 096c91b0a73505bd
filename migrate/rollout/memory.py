"""What is remembered of an application beside where it stands: what was made, attached, trusted, removed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from migrate.entry import Entry, Kind
from migrate.glass import GlassSecret
from migrate.rollout.reading import glass_of
from migrate.rollout.standing import Standing, Trust


def remembered(now: Standing, entry: Entry) -> Standing:
    """Return a standing that knows what an entry tells; where the application stands is not decided here."""
    remember = _MEMORY.get(entry.kind)
    return remember(now, entry) if remember else now


def _attached(now: Standing, entry: Entry) -> Standing:
    host = entry.subject.lower()
    ours = now.attached | {host} if entry.data.get("attached") else now.attached
    return replace(now, hosts=now.hosts | {host}, attached=ours)


def _detached(now: Standing, entry: Entry) -> Standing:
    host = frozenset({entry.subject.lower()})
    return replace(now, hosts=now.hosts - host, attached=now.attached - host)


def _created(now: Standing, entry: Entry) -> Standing:
    return replace(now, created=now.created | {entry.subject.lower()}) if entry.data.get("created") else now


def _deleted(now: Standing, entry: Entry) -> Standing:
    return replace(now, created=now.created - {entry.subject.lower()})


def _trusted(now: Standing, entry: Entry) -> Standing:
    """Keep a federated credential as ours although a later run found it there already."""
    told = str(entry.data.get("id", ""))
    kept = now.trust is not None and now.trust.ours and now.trust.id in {told, ""}
    ours = bool(entry.data.get("created")) or kept
    subject = str(entry.data.get("subject", ""))
    return replace(now, trust=Trust(name=entry.subject, id=told, ours=ours, subject=subject))


def _untrusted(now: Standing, entry: Entry) -> Standing:
    del entry
    return replace(now, trust=None)


def _sealed(now: Standing, entry: Entry) -> Standing:
    return replace(now, sealed=now.sealed | {entry.subject})


def _unsealed(now: Standing, entry: Entry) -> Standing:
    return replace(now, sealed=now.sealed - {entry.subject})


def _removed(now: Standing, entry: Entry) -> Standing:
    left = tuple(each for each in now.glass if each.carried != entry.carried)
    return replace(now, removed=now.removed | {entry.carried}, glass=left)


def _glass_made(now: Standing, entry: Entry) -> Standing:
    return replace(now, glass=(*_without(now, entry.subject), glass_of(entry)))


def _glass_over(now: Standing, entry: Entry) -> Standing:
    return replace(now, glass=_without(now, entry.subject))


def _without(now: Standing, label: str) -> tuple[GlassSecret, ...]:
    return tuple(each for each in now.glass if each.label != label)


_MEMORY: Final[Mapping[Kind, Callable[[Standing, Entry], Standing]]] = {
    Kind.ATTACHED: _attached,
    Kind.DETACHED: _detached,
    Kind.IDENTITY_CREATED: _created,
    Kind.IDENTITY_DELETED: _deleted,
    Kind.FEDERATED: _trusted,
    Kind.UNFEDERATED: _untrusted,
    Kind.RETIRED: _removed,
    Kind.BREAK_GLASS_MADE: _glass_made,
    Kind.BREAK_GLASS_OVER: _glass_over,
    Kind.SEALED: _sealed,
    Kind.UNSEALED: _unsealed,
}
