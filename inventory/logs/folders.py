"""Folders of exported sign-in logs: which files of a folder they are, of which tenant, and when others were written.

Source: Azure Monitor, "Send resource logs to a storage account": a container ``insights-logs-<category>`` for each
category, in it ``tenantId=<id>/y=2026/m=02/d=01/h=13/m=00/PT1H.json`` with one JSON object a line; some clouds still
write one object with a list ``records``. "Log Analytics workspace data export": containers ``am-<table>`` with flat
rows.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from inventory.logs.extent import Span
from inventory.logs.files import Found, Kind, Passed, Unusable, described, hour_of, is_log, no_log
from inventory.model import TenantId

_OWN = "serviceprincipalsigninlogs"
_LOGS = ("serviceprincipalsignin", "managedidentitysignin")
OTHER_LOGS = (
    "adfssigninlogs",
    "auditlogs",
    "b2crequestlogs",
    "enrichedoffice365auditlogs",
    "firstpartytofirstpartysigninlogs",
    "graphactivitylogs",
    "managedidentitysigninlogs",
    "microsoftgraphactivitylogs",
    "microsoftserviceprincipalsigninlogs",
    "networkaccessalerts",
    "networkaccesstrafficlogs",
    "noninteractiveusersigninlogs",
    "provisioninglogs",
    "remotenetworkhealthlogs",
    "riskyserviceprincipals",
    "riskyusers",
    "serviceprincipalriskevents",
    "signinlogs",
    "userriskevents",
)
"""Categories of Microsoft Entra ID's diagnostic settings beside that of service principals."""
OF_USERS = ("noninteractiveusersigninlogs", "signinlogs")
"""Those of them that hold the sign-ins of users."""
_NOT_READ = frozenset(OTHER_LOGS) - {"managedidentitysigninlogs"}
_WRITTEN = frozenset({"auditlogs", "managedidentitysigninlogs", "noninteractiveusersigninlogs", "signinlogs"})
"""Those of them that are busy enough to show that an export went on."""
_CONTAINER = re.compile(r"(?:insights-(?:logs|metrics)-|am-(?:aad)?)(.+)", re.IGNORECASE)
_BLOB = re.compile(r"insights-logs-([a-z0-9-]+)[/\\](?:(.*)[/\\])?y=\d{4}[/\\]m=", re.IGNORECASE)
_TENANT = re.compile(
    r"[/\\](?:tenantid=|tenants[/\\])([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=[/\\]|$)", re.IGNORECASE
)


def log_files(folder: Path, tenant: TenantId | None, *, users: bool = False) -> Iterator[Found]:
    """Yield all that a folder holds in the order of ``Path.parts``: log files, what is passed over, what is unusable.

    Of folders that are named as a log's containers only those of applications and identities, or those of ``users``.

    Links to folders are not followed, as they may lead in circles; they are unusable. Files of other logs of the
    directory (``OTHER_LOGS``) are not mentioned.
    """
    entries = _entries(folder)
    if isinstance(entries, Unusable):
        yield entries
        return
    for entry in entries:
        path = Path(entry.path)
        if _is_folder(entry):
            yield from _of_folder(path, tenant, link=entry.is_symlink(), users=users)
        elif _foreign(path, tenant):
            yield Passed(path=path, kind=Kind.FOREIGN)
        elif no_log(entry.name):
            yield Passed(path=path, kind=Kind.NO_LOG)
        else:
            file = described(path, named=tenant is not None and _tenant_of(path) == tenant.lower())
            if file is not None:
                yield file


def _of_folder(path: Path, tenant: TenantId | None, *, link: bool, users: bool) -> Iterator[Found]:
    found = _CONTAINER.fullmatch(path.name)
    category = re.sub("[^a-z0-9]", "", found[1].lower()) if found else _OWN
    if found and (category not in OF_USERS if users else category in _NOT_READ):
        return
    if not users and not any(log in category for log in _LOGS):
        yield Passed(path=path, kind=Kind.SERVICE)
    elif link and _foreign(path, tenant):
        yield Passed(path=path, kind=Kind.FOREIGN)
    elif link:
        yield Unusable(path=path, why="it is a link to a folder; copy what it leads to")
    else:
        yield from log_files(path, tenant, users=users)


def _entries(folder: Path) -> list[os.DirEntry[str]] | Unusable:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        return Unusable(path=folder, why=error.strerror or type(error).__name__)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _tenant_of(path: Path) -> str | None:
    """Return the tenant that folders name, the innermost of several."""
    found = _TENANT.findall(str(path))
    return found[-1].lower() if found else None


def _foreign(path: Path, tenant: TenantId | None) -> bool:
    named = _tenant_of(path)
    return tenant is not None and named is not None and named != tenant.lower()


def fingerprint(folder: Path) -> str:
    """Return a digest of where a folder is, and of the names, sizes and times of all files below it."""
    digest = hashlib.sha256(os.fsencode(folder.absolute()))
    for path, size, moment in _listing(folder):
        digest.update(b"\0".join((os.fsencode(path), str(size).encode(), str(moment).encode())) + b"\0\0")
    return digest.hexdigest()


def _listing(folder: Path) -> Iterator[tuple[str, int, int]]:
    entries = _entries(folder)
    for entry in () if isinstance(entries, Unusable) else entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _listing(Path(entry.path))
            continue
        try:
            told = entry.stat()
        except OSError:
            yield entry.path, -1, 0
        else:
            yield entry.path, told.st_size, told.st_mtime_ns


def other_hours(folder: Path, tenant: TenantId | None) -> list[Span]:
    """Return the hours of which a folder holds blobs of other logs that the same diagnostic setting exports.

    Of the same tenant, that is: what stands between container and date names it, and is the same as for the log of
    service principals. A blob is written when there is a record, and appended to; an empty one shows nothing.
    """
    hours: dict[str, set[Span]] = {}
    own: set[str] = set()
    for path in _blobs(folder):
        found, span = _BLOB.search(str(path)), hour_of(path)
        if found is None or span is None or tenant is None or _tenant_of(path) != tenant.lower():
            continue
        log, place = found[1].lower(), (found[2] or "").casefold()
        if log == _OWN:
            own.add(place)
        elif log in _WRITTEN:
            hours.setdefault(place, set()).add(span)
    return sorted({span for place in own for span in hours.get(place, ())})


def _blobs(folder: Path) -> Iterator[Path]:
    entries = _entries(folder)
    for entry in () if isinstance(entries, Unusable) else entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _blobs(Path(entry.path))
        elif is_log(entry.name) and _holds_something(entry):
            yield Path(entry.path)


def _holds_something(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_size > 0
    except OSError:
        return False
