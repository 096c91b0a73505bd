"""What can go wrong with a file or a path; a message says what failed, on what, and what to do next.

    CodemodError
    |-- PathNotFoundError        a path that was asked for does not exist
    |-- BaselineError            a file is no baseline
    |-- SourceError              the file cannot be read as Python
    |   |-- DoesNotParseError
    |   |-- UndecodableError
    |   |-- TooLargeError
    |   |-- UnreadableError
    |   `-- NotARegularFileError
    |-- HelperModuleError        the helper module cannot have the name that was asked for
    |-- DoesNotRoundTripError    the edit could not be proven to touch only its own spans
    |   |-- ClaimError           the new source does not mean what the rewrite says it means
    |   `-- NotIdempotentError   a second run would change the new source again
    `-- WriteRefusedError        the file was not written
        |-- ChangedMeanwhileError
        |-- UncommittedError
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


class NotARegularFileError(SourceError):
    """The path is a pipe, a socket or a device, which might never end."""

    code = "not-a-regular-file"


class HelperModuleError(CodemodError):
    """The name given for the helper module is no module name, or is none below these paths."""

    code = "helper-module"


class DoesNotRoundTripError(CodemodError):
    """An edit that cannot be proven to leave everything else alone is not made."""

    code = "does-not-round-trip"


class ClaimError(DoesNotRoundTripError):
    """Comparing the syntax trees showed a difference that is no part of the rewrite."""

    code = "claim-failed"


class NotIdempotentError(DoesNotRoundTripError):
    """The new source still has a site that would be rewritten."""

    code = "not-idempotent"


class WriteRefusedError(CodemodError):
    """The new text was computed but not written."""

    code = "write-refused"


class ChangedMeanwhileError(WriteRefusedError):
    """Somebody else wrote the file after it was read."""

    code = "changed-meanwhile"


class UncommittedError(WriteRefusedError):
    """Git could not bring the file back: it has changes, those of an earlier rewrite included, that no commit has."""

    code = "uncommitted"


class ReadOnlyError(WriteRefusedError):
    """The file has no write permission: replacing it would go around its owner's decision."""

    code = "read-only"


class SymlinkError(WriteRefusedError):
    """The path is a symbolic link that leads out of the folder it stands in."""

    code = "symlink"


class WriteFailedError(WriteRefusedError):
    """The operating system refused a step of the write; the old file is whole."""

    code = "write-failed"
