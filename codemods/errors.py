"""What can go wrong with a file or a path; a message says what failed, on what, and what to do next.

    CodemodError
    |-- PathNotFoundError        a path that was asked for does not exist
    |-- BaselineError            a file is no baseline
    |-- SourceError              the file cannot be read as Python
    |   |-- DoesNotParseError
    |   |-- UndecodableError
    |   |-- TooLargeError
    |   `-- UnreadableError
    |-- DoesNotRoundTripError    the edit could not be proven to touch only its own spans
    `-- WriteRefusedError        the file was not written
        |-- ChangedMeanwhileError
        |-- ReadOnlyError
        |-- SymlinkError
        `-- WriteFailedError

Every class has a ``code`` that is stable: reports and scripts may rely on it. No message quotes source code.
"""

from __future__ import annotations

from typing import ClassVar


class CodemodError(Exception):
    """Anything this package refuses or fails to do."""

    code: ClassVar[str] = "codemod"

    def __init__(self, message: str, *, line: int = 1) -> None:
        """Keep the line the message is about, so that a report can point at it."""
        super().__init__(message)
        self.line = line


class PathNotFoundError(CodemodError):
    """A path given by the caller does not exist."""

    code = "path-not-found"


class BaselineError(CodemodError):
    """A file that should be a baseline cannot be read as one."""

    code = "baseline"


class SourceError(CodemodError):
    """The file cannot be read as Python source."""

    code = "source"


class DoesNotParseError(SourceError):
    """The interpreter that runs this tool refuses the syntax (Python 2, notebook exports, broken code)."""

    code = "does-not-parse"


class UndecodableError(SourceError):
    """The bytes do not follow the encoding the file declares (PEP 263)."""

    code = "undecodable"


class TooLargeError(SourceError):
    """The file is larger than anything a person writes."""

    code = "too-large"


class UnreadableError(SourceError):
    """The operating system would not give the bytes."""

    code = "unreadable"


class DoesNotRoundTripError(CodemodError):
    """An edit that cannot be proven to leave everything else alone is not made."""

    code = "does-not-round-trip"


class WriteRefusedError(CodemodError):
    """The new text was computed but not written."""

    code = "write-refused"


class ChangedMeanwhileError(WriteRefusedError):
    """Somebody else wrote the file after it was read."""

    code = "changed-meanwhile"


class ReadOnlyError(WriteRefusedError):
    """The file has no write permission: replacing it would go around its owner's decision."""

    code = "read-only"


class SymlinkError(WriteRefusedError):
    """The path is a symbolic link that leads out of the folder it stands in."""

    code = "symlink"


class WriteFailedError(WriteRefusedError):
    """The operating system refused a step of the write; the old file is whole."""

    code = "write-failed"
