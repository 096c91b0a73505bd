"""Key Vault's error answers; the texts are those of public reports."""

from collections.abc import Mapping
from typing import Any


class VaultError(Exception):
    """A request that the vault refuses."""

    def __init__(
        self, status: int, code: str, message: str, *, inner: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Give the body of the answer."""
        shown: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.inner:
            shown["innererror"] = {"code": self.inner}
        return {"error": shown}


def bad_parameter(message: str) -> VaultError:
    """Word the refusal of a request that cannot be understood."""
    return VaultError(400, "BadParameter", message)


def not_found(name: str) -> VaultError:
    """Word the refusal of a secret or version that does not exist."""
    message = f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you"
    message += " may be able to recover it using the correct recovery command."
    return VaultError(404, "SecretNotFound", message)


def deleted(name: str) -> VaultError:
    """Word the refusal of a name that a deleted secret holds still."""
    message = f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this"
    message += " state, the secret can only be recovered or purged."
    return VaultError(409, "Conflict", message, inner="ObjectIsDeletedButRecoverable")
