"""What a failure of a file or a path means, and what to do: a row for each code of ``codemods.errors``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FAILURES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "codemod": ("something could not be done", "do what its message says"),
    "path-not-found": ("a path that was asked for does not exist", "give the path of a file or folder that is there"),
    "baseline": ("the file given as a baseline is none", "write one with --write-baseline, and check that in"),
    "source": ("the file cannot be read as Python", "look at it by hand"),
    "does-not-parse": (
        "this version of Python refuses the syntax, as of Python 2, of templates and of broken code",
        "run unsecret with the version of Python that the project uses, or adapt the file by hand",
    ),
    "undecodable": (
        "the bytes of the file do not follow the encoding that it declares (UTF-8 where it declares none)",
        "save it as UTF-8, or declare its encoding in the first two lines, then run again",
    ),
    "too-large": ("the file is larger than anything a person writes", "adapt what generates it"),
    "unreadable": ("the operating system would not give the bytes", "give yourself the right to, then run again"),
    "not-a-regular-file": ("the path is a pipe, a socket or a device", "name the file itself"),
    "helper-module": ("the helper module cannot have the name that was asked for", "give another --helper-module"),
    "does-not-round-trip": (
        "it could not be proven that the edit leaves everything else as it is, so none was made",
        "adapt the file by hand",
    ),
    "claim-failed": (
        "the new source would differ in more than what the rewrite says, so nothing was changed",
        "adapt the file by hand",
    ),
    "not-idempotent": ("a second run would change the new source again, so none was written", "adapt the file by hand"),
    "write-refused": ("the new text was not written", "do what its message says, then run again"),
    "changed-meanwhile": ("somebody else wrote the file after it was read", "run again"),
    "uncommitted": (
        "the file has changes that no commit has: git could not bring it back",
        "commit or stash them, or give --uncommitted, then run again",
    ),
    "read-only": ("the file has no write permission", "give it that permission if you may, then run again"),
    "symlink": (
        "the path is a symbolic link that leads out of the folder it stands in",
        "run again where the file itself is",
    ),
    "write-failed": (
        "the operating system refused a step of the write, and the old file is whole",
        "mend what its message names, such as a full disk, then run again",
    ),
})  # fmt: skip
"""Code: what it means, what to do."""
