"""Where an output may be written: never over an input, a journal, a snapshot, a plan or source code."""

from __future__ import annotations

from pathlib import Path

from inventory.snapshot import is_snapshot
from migrate.errors import OutputError
from migrate.export.notes import MADE
from reports.errors import UnwritableError
from reports.render import save

_SQLITE = b"SQLite format 3\x00"
_HEAD = 100
"""Bytes in which a plan and an export say what they are."""
_SUFFIXES = {
    "html": ("", ".html", ".htm"),
    "json": ("", ".json"),
    "csv": ("", ".csv"),
    "markdown": ("", ".md", ".markdown", ".txt"),
    "sarif": (".sarif", ".json"),
    "diff": (".diff", ".patch"),
}


def for_snapshot(out: Path) -> None:
    """Refuse a place where something else than a snapshot stands; raises OutputError."""
    if _stands(out) and not is_snapshot(out):
        raise _refused(out, "it is no snapshot")


def for_plan(out: Path, source: Path, *others: Path) -> None:
    """Refuse a place where something else than a plan stands; raises OutputError."""
    if _same(out, source):
        raise _refused(out, "it is the snapshot")
    if any(_same(out, other) for other in others):
        raise _refused(out, "it is read for the plan")
    if _stands(out) and not _is_plan(out):
        raise _refused(out, "it is no plan")


def for_journal(out: Path) -> None:
    """Refuse a place where something else than an exported journal stands; raises OutputError."""
    if _stands(out) and not _is_journal(out):
        raise _refused(out, "it is no exported journal")


def for_certificate(out: Path) -> None:
    """Refuse a place where something else than a certificate of retirement stands; raises OutputError."""
    if _stands(out) and b'"format": "unsecret certificate of retirement"' not in out.read_bytes():
        raise _refused(out, "it is no certificate")


def for_proof(out: Path) -> None:
    """Refuse a place where something else than a file of proofs stands; raises OutputError."""
    if _stands(out) and b'"format": "unsecret proof"' not in out.read_bytes():
        raise _refused(out, "it is no file of proofs", "--proof-out")


def is_database(path: Path) -> bool:
    """Whether a file that can be read begins as those of SQLite do."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def write(out: Path, content: bytes) -> None:
    """Write a file that was allowed, whole or not at all; raises OutputError where it cannot be."""
    try:
        save(content, out)
    except UnwritableError as error:
        raise OutputError(str(error)) from error


def for_report(out: Path, name: str, *sources: Path) -> None:
    """Refuse to replace what is reported on, or a file that does not look like a report; raises OutputError."""
    if any(_same(out, source) for source in sources):
        raise _refused(out, "it is what the report is about")
    if _stands(out) and out.suffix.lower() not in _SUFFIXES[name]:
        raise _refused(out, f"its name is not one of a {name} report")
    if _stands(out) and (_is_plan(out) or out.read_bytes().startswith(_SQLITE)):
        raise _refused(out, "it is a snapshot, a plan or a journal")


def for_export(out: Path, source: Path) -> None:
    """Refuse to replace a file that is no export: it may be somebody's own code; raises OutputError."""
    if _same(out, source):
        raise _refused(out, "it is the plan")
    if _stands(out) and MADE not in out.read_bytes()[:_HEAD]:
        raise _refused(out, "it is no export of unsecret")


def _is_plan(path: Path) -> bool:
    head = path.read_bytes()[:_HEAD]
    return b'"schema": ' in head and b'"tenant_id": ' in head


def _is_journal(path: Path) -> bool:
    head = path.read_bytes()[:_HEAD]
    return head.startswith(b'{"entries":') and b'"format":"unsecret journal ' in head


def _stands(out: Path) -> bool:
    """Whether a regular file is there; anything else that is not a file is refused."""
    if not _exists(out):
        return False
    if not out.is_file():
        raise _refused(out, "it is no regular file")
    return True


def _same(out: Path, source: Path) -> bool:
    return _exists(out) and source.exists() and out.samefile(source)


def _exists(out: Path) -> bool:
    try:
        return out.exists()
    except OSError as error:  # a name that is too long, a folder that nobody may look into
        raise OutputError(f"{out} cannot be written: {error.strerror}; choose another place") from None


def _refused(out: Path, why: str, option: str = "--out") -> OutputError:
    return OutputError(f"{out} would be replaced, and {why}; choose another {option}")
