"""Places in code, as ``unsecret rewrite --format json`` tells them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from inventory.errors import CodeFileError


class CodeSite(msgspec.Struct, frozen=True, gc=False):
    """One place where code signs in."""

    path: str
    line: int
    construct: str
    result: str
    """``rewritten``, ``already assertion`` or ``reported``."""
    client_id: str | None = None
    application: str | None = None
    secret_source: str | None = None
    """Name of where the secret comes from, such as a variable."""
    message: str | None = None

    @property
    def whose(self) -> str | None:
        """Return the client id in lower case, None where the code does not say it."""
        told = self.application or self.client_id
        return told.lower() if told else None


class _Results(msgspec.Struct, frozen=True):
    sites: list[CodeSite]


def code_sites(path: Path) -> tuple[CodeSite, ...]:
    """Read the places in a result of rewrite; CodeFileError where it is none."""
    try:
        return tuple(msgspec.json.decode(path.read_bytes(), type=_Results).sites)
    except OSError as error:
        raise CodeFileError(f"{path} cannot be read: {error.strerror or error}; give another --code") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CodeFileError(
            f"{path} is no result of 'unsecret rewrite --format json' ({error}); make one and give it with --code"
        ) from None
