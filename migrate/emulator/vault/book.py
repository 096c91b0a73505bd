"""What is in the vaults. It lives in memory alone: no state file, no log and no other endpoint has a value of it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from types import MappingProxyType

_NO_TAGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """One version of a secret."""

    version: str
    value: str = field(repr=False)
    created: datetime
    enabled: bool = True
    not_before: int | None = None
    expires: int | None = None
    """Seconds since the epoch, as on the wire."""
    content_type: str | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: _NO_TAGS)


class VaultBook:
    """The secrets of every vault, by the vault's name and their own, in lower case; the oldest version first."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._secrets: dict[tuple[str, str], tuple[str, tuple[SecretVersion, ...]]] = {}
        self._deleted: dict[tuple[str, str], tuple[str, tuple[SecretVersion, ...]]] = {}

    def put(self, vault: str, name: str, version: SecretVersion) -> None:
        """Add a version; the name keeps the spelling that it was first given."""
        with self._lock:
            spelt, versions = self._secrets.get(_key(vault, name), (name, ()))
            self._secrets[_key(vault, name)] = (spelt, (*versions, version))

    def versions(self, vault: str, name: str) -> tuple[SecretVersion, ...]:
        """Give the versions of a secret; none where there is no such secret."""
        return self._secrets.get(_key(vault, name), ("", ()))[1]

    def names(self, vault: str) -> tuple[str, ...]:
        """Give the names of a vault's secrets, sorted."""
        return tuple(sorted(spelt for (of, _), (spelt, _) in self._secrets.items() if of == vault.lower()))

    def delete(self, vault: str, name: str) -> tuple[SecretVersion, ...]:
        """Put a secret among the deleted ones, where its name is taken still."""
        with self._lock:
            found = self._secrets.pop(_key(vault, name), ("", ()))
            if found[1]:
                self._deleted[_key(vault, name)] = found
            return found[1]

    def deleted(self, vault: str, name: str) -> tuple[SecretVersion, ...]:
        """Give the versions of a deleted secret, whose name is taken; none where there is no such secret."""
        return self._deleted.get(_key(vault, name), ("", ()))[1]

    def clear(self) -> None:
        """Forget everything, for tests that begin anew."""
        with self._lock:
            self._secrets.clear()
            self._deleted.clear()

    def values(self) -> frozenset[str]:
        """Give every value that there is or was, for tests that look for them where they must not be."""
        with self._lock:
            kept = (*self._secrets.values(), *self._deleted.values())
            return frozenset(version.value for _, versions in kept for version in versions)


def fresh_version() -> str:
    """Make an id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def _key(vault: str, name: str) -> tuple[str, str]:
    return vault.lower(), name.lower()
