"""Errors become values at the border of one file, so that a run goes on with the others."""

from __future__ import annotations

from codemods.errors import CodemodError, DoesNotParseError
from codemods.model import Failed, Problem


def failed(path: str, error: CodemodError) -> Failed:
    """Say that a file failed, and why."""
    return Failed(path=path, error=Problem(code=error.code, message=str(error), line=error.line))


def too_deep(path: str) -> Failed:
    """Say that a file is nested more deeply than the interpreter can follow."""
    return failed(path, DoesNotParseError(f"{path} is nested too deeply; it was left alone"))
