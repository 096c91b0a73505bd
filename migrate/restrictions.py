"""What app management policies restrict, which of two is the stricter, and what seals an application. Pure.

Sources: Microsoft Graph reference, "Microsoft Entra application management policies API overview" (a policy of an
object's own takes the place of the tenant's default whole, nothing is inherited, only one can be assigned),
"passwordCredentialConfiguration", "keyCredentialConfiguration", "identifierUriRestriction" (what ``state``,
``restrictForAppsCreatedAfterDateTime`` and ``excludeActors`` mean) and "customAppManagementConfiguration" (where a
policy of an object's own has what the default says of applications alone).

Restrictions are kept as the JSON that Graph tells them in, so that what this version does not know is kept as well.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from inventory.instants import instant
from inventory.lifetimes import duration

Restriction = Mapping[str, Any]
Path = tuple[str, ...]
"""Where a restriction stands in ``restrictions``: ``("passwordCredentials", "passwordAddition")``, or three names below
``applicationRestrictions``."""
Restrictions = Mapping[Path, Restriction]

_LISTS: Final = ("keyCredentials", "passwordCredentials")
_OF_APPLICATIONS: Final = "applicationRestrictions"
_TYPE, _STATE, _LONGEST = "restrictionType", "state", "maxLifetime"
_SINCE, _EXEMPT = "restrictForAppsCreatedAfterDateTime", "excludeActors"
_EXEMPT_LIST: Final = "customSecurityAttributes"
_SPARING: Final = ("excludeSaml", "excludeAppsReceivingV2Tokens")
_READ_ONLY: Final = "isStateSetByMicrosoft"
_KNOWN: Final = frozenset({_TYPE, _STATE, _LONGEST, _SINCE, _EXEMPT, *_SPARING, _READ_ONLY})
_IN_V1: Final = frozenset(
    {
        ("passwordCredentials", "passwordAddition"), ("passwordCredentials", "passwordLifetime"),
        ("passwordCredentials", "customPasswordAddition"), ("passwordCredentials", "symmetricKeyAddition"),
        ("passwordCredentials", "symmetricKeyLifetime"), ("keyCredentials", "asymmetricKeyLifetime"),
        (_OF_APPLICATIONS, "identifierUris", "nonDefaultUriAddition"),
        (_OF_APPLICATIONS, "identifierUris", "uriAdditionWithoutUniqueTenantIdentifier"),
    }
)  # fmt: skip
ADDITIONS: Final = ("customPasswordAddition", "passwordAddition", "symmetricKeyAddition")
"""What a sealed application takes no more. Graph has no restriction on adding certificates (v1.0 and beta)."""
EVERY_APPLICATION: Final = "2001-01-01T00:00:00Z"
"""A date before any application was created: a restriction since then spares none."""
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


class CombinationError(ValueError):
    """Two policies restrict the same in ways of which neither is the stricter, or that this version cannot compare."""


def of_default(policy: Mapping[str, Any]) -> Restrictions:
    """Return what a ``tenantAppManagementPolicy`` restricts for applications, as a policy of their own would say it."""
    told = policy.get("applicationRestrictions") or {}
    lists = {name: told.get(name) for name in _LISTS}
    rest = {name: value for name, value in told.items() if name not in _LISTS}
    return _flat({**lists, _OF_APPLICATIONS: rest}) if policy.get("isEnabled") else {}


def of_policy(policy: Mapping[str, Any]) -> Restrictions:
    """Return what an ``appManagementPolicy`` restricts; one that is switched off restricts nothing (assumed)."""
    return of_body(policy.get("restrictions")) if policy.get("isEnabled") else {}


def of_body(body: Mapping[str, Any] | None) -> Restrictions:
    """Return the restrictions of a ``customAppManagementConfiguration``; raises CombinationError."""
    return _flat(body or {})


def _flat(body: Mapping[str, Any]) -> Restrictions:
    found: dict[Path, Restriction] = {}
    for name in _LISTS:
        for each in _listed(body.get(name), name):
            plain, path = _plain(each, name), (name, str(each.get(_TYPE)))
            found[path] = _stricter(path, found.get(path), plain)
    for group, members in _named(body.get(_OF_APPLICATIONS), _OF_APPLICATIONS):
        for name, each in _named(members, group):
            found[_OF_APPLICATIONS, group, name] = _plain(each, f"{group}.{name}")
    if unknown := [name for name, value in body.items() if value and "@" not in name and name not in _TOP]:
        raise CombinationError(f"{unknown[0]} is a restriction that this version does not know")
    return found


_TOP: Final = frozenset({*_LISTS, _OF_APPLICATIONS})


def _listed(told: Any, where: str) -> list[Any]:
    if told is None or isinstance(told, list):
        return told or []
    raise CombinationError(f"{where} is a restriction that this version does not know")


def _named(told: Any, where: str) -> Iterator[tuple[str, Any]]:
    if told is None:
        return
    if not isinstance(told, Mapping):
        raise CombinationError(f"{where} is a restriction that this version does not know")
    yield from ((name, value) for name, value in told.items() if "@" not in name and value is not None)


def _plain(each: Any, where: str) -> Restriction:
    """Leave out what Graph tells and does not take."""
    if not isinstance(each, Mapping):
        raise CombinationError(f"{where} is a restriction that this version does not know")
    try:
        instant(each.get(_SINCE))
    except (ValueError, TypeError):
        raise CombinationError(f"{where} holds since {each.get(_SINCE)}, which is no date") from None
    if not isinstance(each.get(_LONGEST), str | None):
        raise CombinationError(f"{where} restricts lives in a form that is not known")
    _exemptions(each.get(_EXEMPT), where)
    return {name: value for name, value in each.items() if "@" not in name and name != _READ_ONLY}


def body(restrictions: Restrictions) -> dict[str, Any]:
    """Return restrictions as the ``restrictions`` of an ``appManagementPolicy``, in an order of their own."""
    told: dict[str, Any] = {name: [] for name in _LISTS}
    for path, each in sorted(restrictions.items()):
        written = {_STATE: "enabled", **{name: value for name, value in each.items() if name != _STATE or value}}
        if len(path) == len(("list", "type")):
            told[path[0]].append(written)
        else:
            told.setdefault(path[0], {}).setdefault(path[1], {})[path[2]] = written
    return told


def version(restrictions: Restrictions) -> str:
    """Return the version of Graph that knows all of them."""
    return "v1.0" if set(restrictions) <= _IN_V1 else "beta"


def _exemptions(told: Any, where: str) -> None:
    """Raise CombinationError where it is not told in the known form who is exempt."""
    if told is not None and not isinstance(told, Mapping):
        raise CombinationError(f"{where} exempts in a form that is not known")
    _listed(told.get(_EXEMPT_LIST) if told else None, f"{where}.{_EXEMPT}.{_EXEMPT_LIST}")


# --- which is the stricter -------------------------------------------------------------------------------------------


def looser(ours: Restrictions, theirs: Restrictions) -> tuple[str, ...]:
    """Name what ``ours`` restricts less than ``theirs``; empty where ours is at least as strict in everything."""
    return tuple(
        ".".join(path) for path, each in sorted(theirs.items()) if not _at_least(ours.get(path), each)
    )  # fmt: skip


def same(one: Restrictions, other: Restrictions) -> bool:
    """Whether two configurations restrict the same, however they are written."""
    return not looser(one, other) and not looser(other, one)


def _at_least(ours: Restriction | None, theirs: Restriction) -> bool:
    if not _in_force(theirs, doubtful=True):
        return True
    if ours is None or not _in_force(ours, doubtful=False):
        return False
    return (
        _longest(ours, theirs.get(_LONGEST))
        and _since(ours) <= _since(theirs)
        and _exempt(ours) <= _exempt(theirs)
        and all(theirs.get(name) or not ours.get(name) for name in _SPARING)
        and _others(ours) == _others(theirs)
    )


def _in_force(each: Restriction, *, doubtful: bool) -> bool:
    """Whether a restriction is evaluated; one without a state is (older samples), one with an unknown state may be."""
    state = str(each.get(_STATE) or "enabled").casefold()
    return state == "enabled" or (doubtful and state != "disabled")


def _longest(ours: Restriction, theirs: str | None) -> bool:
    """Whether ours lets credentials live no longer than theirs."""
    mine = ours.get(_LONGEST)
    if theirs is None or mine == theirs:
        return True
    limit, own = duration(theirs), duration(mine)
    return own is not None and limit is not None and own <= limit


def _since(each: Restriction) -> datetime:
    """Return since when an application must be created to be restricted; no date spares nobody."""
    return instant(each.get(_SINCE)) or _BEGINNING


def _exempt(each: Restriction) -> frozenset[bytes]:
    """Return who is exempt; exemptions of a kind that this version does not know count as one of their own."""
    told = each.get(_EXEMPT) or {}
    some = {_canonical(one) for one in told.get(_EXEMPT_LIST) or ()}
    rest = {name: value for name, value in told.items() if name != _EXEMPT_LIST and "@" not in name and value}
    return frozenset(some | ({_canonical(rest)} if rest else set()))


def _others(each: Restriction) -> bytes:
    return _canonical({name: value for name, value in each.items() if name not in _KNOWN and value is not None})


def _canonical(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


# --- the strictest of several ----------------------------------------------------------------------------------------


def strictest(several: Iterable[Restrictions]) -> Restrictions:
    """Return restrictions that are at least as strict as each of several; raises CombinationError."""
    found: Restrictions = functools.reduce(_joined, several, {})
    return found


def _joined(one: Restrictions, other: Restrictions) -> Restrictions:
    paths = {*one, *other}
    return {path: _stricter(path, one.get(path), other.get(path)) for path in paths}


def _stricter(path: Path, one: Restriction | None, other: Restriction | None) -> Restriction:
    if one is None or other is None:
        return one or other or {}
    if _at_least(one, other):
        return one
    return other if _at_least(other, one) else _both(path, one, other)


def _both(path: Path, one: Restriction, other: Restriction) -> Restriction:
    """Put together what neither of two restrictions has whole: shortest life, earliest date, exempt in both."""
    if _others(one) != _others(other):
        raise CombinationError(f"{'.'.join(path)} is restricted in two ways that this version cannot compare")
    earliest = min((one, other), key=_since)
    both = _exempt(one) & _exempt(other)
    exempt = [each for each in (one.get(_EXEMPT) or {}).get(_EXEMPT_LIST) or () if _canonical(each) in both]
    return {
        **one,
        _STATE: "enabled",
        _LONGEST: _shortest(path, one.get(_LONGEST), other.get(_LONGEST)),
        _SINCE: earliest.get(_SINCE),
        _EXEMPT: {_EXEMPT_LIST: exempt} if exempt else None,
        **{name: one.get(name) and other.get(name) for name in _SPARING if name in one or name in other},
    }


def _shortest(path: Path, one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return one if other is None else other
    lives: dict[str, timedelta | None] = {one: duration(one), other: duration(other)}
    known = {text: life for text, life in lives.items() if life is not None}
    if len(known) < len(lives):
        raise CombinationError(f"{'.'.join(path)}: the lifetimes {one} and {other} cannot be compared")
    return min(known, key=lambda text: known[text])


# --- sealing ---------------------------------------------------------------------------------------------------------


def sealing(several: Iterable[Restrictions]) -> Restrictions:
    """Return what seals an application: the strictest of several, and no new secrets whenever it was created.

    Who is exempt from a restriction that is in force stays so; from one that is new nobody is. Raises CombinationError.
    """
    kept = dict(strictest(several))
    for name in ADDITIONS:
        kept["passwordCredentials", name] = _forbidding(name, kept.get(("passwordCredentials", name)))
    return kept


def _forbidding(name: str, kept: Restriction | None) -> Restriction:
    if kept is None or not _in_force(kept, doubtful=False):
        return {_TYPE: name, _STATE: "enabled", _LONGEST: None, _SINCE: EVERY_APPLICATION, _EXEMPT: None}
    late = _since(kept) > _since({_SINCE: EVERY_APPLICATION})
    return {**kept, _SINCE: EVERY_APPLICATION} if late else kept


def exempt(restrictions: Restrictions) -> bool:
    """Whether somebody may add a secret all the same."""
    return any(_exempt(restrictions["passwordCredentials", name]) for name in ADDITIONS)


def digest(restrictions: Restrictions) -> str:
    """Return a short name for what is in force: the same for restrictions that are the same (hex)."""
    told = [
        (path, str(duration(each.get(_LONGEST))) if each.get(_LONGEST) else "", _since(each).isoformat(),
         sorted(one.hex() for one in _exempt(each)), [bool(each.get(name)) for name in _SPARING],
         _others(each).hex())
        for path, each in sorted(restrictions.items())
        if _in_force(each, doubtful=True)
    ]  # fmt: skip
    return hashlib.sha256(_canonical(told)).hexdigest()[:12]
