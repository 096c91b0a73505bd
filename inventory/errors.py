"""What can go wrong while reading.

InventoryError
|-- TenantUnreachableError no answer from Graph or the token endpoint
|-- SignInFailedError      no credential was found, or Entra refused it
|-- PermissionMissingError Graph said 403; names the permission that is missing
|-- ReadFailedError        any other refusal or answer that cannot be understood
|-- CursorExpiredError     a place in a listing that Graph does not know any more: begin that listing anew
|-- SnapshotError          a snapshot file that is truncated, foreign, incomplete or too new
|-- CodeFileError          a file that should be a result of rewrite and is none
`-- NoSuchCredentialError  a key id that no credential of a snapshot has
"""


class InventoryError(Exception):
    """Base of every error of this package; the message says what failed, on what, and what to do next."""


class TenantUnreachableError(InventoryError):
    """Graph or the token endpoint did not answer."""


class SignInFailedError(InventoryError):
    """No credential was found, or Entra refused it."""


class PermissionMissingError(InventoryError):
    """Graph refused a call for lack of a permission."""

    def __init__(self, message: str, *, permission: str) -> None:
        super().__init__(message)
        self.permission = permission


class ReadFailedError(InventoryError):
    """Graph answered something else than expected.

    ``status`` is the HTTP status (None where the answer itself could not be understood) and ``code`` Graph's own error
    code (empty where it gave none), so that a writer can tell "already there" from "not there".
    """

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class CursorExpiredError(InventoryError):
    """A cursor or delta link is expired or was refused; what it belongs to has to be read from its beginning."""


class SnapshotError(InventoryError):
    """A snapshot file cannot be used."""


class CodeFileError(InventoryError):
    """A file that should hold results of ``unsecret rewrite`` cannot be used."""


class NoSuchCredentialError(InventoryError):
    """No credential of the snapshot has the key id."""
