"""Renders a document by the name of a format."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from reports.errors import UnknownFormatError, UnwritableError
from reports.formats import formats
from reports.model import Document


def render(document: Document, format_name: str) -> bytes:
    """Return the document in a format; UnknownFormatError names those that exist."""
    known = formats()
    if format_name not in known:
        raise UnknownFormatError(f"no format {format_name!r}; choose one of {', '.join(known)}")
    return known[format_name].render(document)


def write(document: Document, format_name: str, path: Path) -> None:
    """Render to a file, whole or not at all; UnwritableError where the place cannot be written."""
    save(render(document, format_name), path)


def save(content: bytes, path: Path) -> None:
    """Write a file, whole or not at all; UnwritableError where the place cannot be written."""
    try:
        _replace(path, content)
    except OSError as error:
        raise UnwritableError(f"{path} cannot be written: {error.strerror or error}; choose another place") from None


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
