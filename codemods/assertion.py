"""The code that is put in a secret's place: a helper module in the user's own repository.

Why a module: its functions are plain and module-level, so that they pickle; the managed identity credential exists once
per process and keeps its token cache; importing it has no side effect; and cloud and identity stand in one place. The
environment variable is not ``AZURE_CLIENT_ID``, because that one already means the application elsewhere in
azure-identity.

The helper carries a marker. A file with the marker is ours and is extended, never rewritten: people may have edited it.
Each application of the run has a function (and a class where there is asynchronous code) announced by a comment, by
which a later run finds it again.

Helper code needs azure-identity 1.17, the first release that takes keyword arguments for assertions:
https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/identity/azure-identity/CHANGELOG.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

HELPER_STEM = "entra_fic"
HELPER_FILE = f"{HELPER_STEM}.py"
MARKER = "# unsecret: helper module, format 1"

VARIABLE = "MANAGED_IDENTITY_CLIENT_ID"
INLINE_NAMES = {
    "os": "os",
    "ManagedIdentityCredential": "azure.identity.ManagedIdentityCredential",
    "get_bearer_token_provider": "azure.identity.get_bearer_token_provider",
}
"""What the names in the inline expression mean."""
_FUNCTION = "managed_identity_assertion"
_CLASS = "ManagedIdentityAssertionCredential"
_ENTRY = re.compile(r"^# unsecret: application (?P<key>.+)\r?\n(?:async )?(?:def|class) (?P<name>\w+)", re.MULTILINE)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_DOCSTRING = '''\
"""Assertions from the managed identity of this workload, in place of a client secret.

Set the environment variables named below to the client id of the managed identity (not of the application).
Written by `unsecret rewrite`; safe to edit. Needs azure-identity 1.17 or newer.
"""
'''
_SYNC_IMPORTS = """
from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.identity import ManagedIdentityCredential
"""
_BOTH_IMPORTS = """
from __future__ import annotations

import functools
import os
import time
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError
from azure.identity.aio import ClientAssertionCredential as AsyncClientAssertionCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential

if TYPE_CHECKING:
    from azure.identity import ManagedIdentityCredential
"""
_LATE_IMPORTS = """

import time  # noqa: E402
from typing import Any  # noqa: E402

from azure.core.exceptions import AzureError  # noqa: E402
from azure.identity.aio import ClientAssertionCredential as AsyncClientAssertionCredential  # noqa: E402
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential  # noqa: E402
"""
_SYNC_CORE = """

@functools.lru_cache(maxsize=None)
def _managed_identity(client_id: str) -> ManagedIdentityCredential:
    # One instance for each identity and process: it owns the cache of tokens.
    from azure.identity import ManagedIdentityCredential  # here: where azure-identity is optional, it stays so

    return ManagedIdentityCredential(client_id=client_id)


def _assertion(variable: str, scope: str) -> str:
    return _managed_identity(os.environ[variable]).get_token(scope).token
"""
_AIO_CORE = """

class _AssertionCredential:
    # ClientAssertionCredential calls its function without await, so the assertion is fetched before each request.
    # The managed identity has its own cache: most fetches send nothing.
    variable = ""
    scope = ""

    def __init__(self, tenant_id: str, client_id: str, **kwargs: Any) -> None:
        self._identity: Any = None
        self._assertion: Any = None
        self._error: Any = None
        self._credential = AsyncClientAssertionCredential(tenant_id, client_id, self._current, **kwargs)

    def _current(self) -> str:
        if self._assertion is None or self._assertion.expires_on <= time.time():
            raise self._error
        return self._assertion.token

    async def _refresh(self) -> None:
        if self._identity is None:
            self._identity = AsyncManagedIdentityCredential(client_id=os.environ[self.variable])
        try:
            self._assertion = await self._identity.get_token(self.scope)
        except AzureError as error:
            # An earlier assertion or a cached token may still do; _current raises this error if neither does.
            self._error = error

    async def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        await self._refresh()
        return await self._credential.get_token(*scopes, **kwargs)

    if hasattr(AsyncClientAssertionCredential, "get_token_info"):  # azure-identity 1.18

        async def get_token_info(self, *scopes: str, **kwargs: Any) -> Any:
            await self._refresh()
            return await self._credential.get_token_info(*scopes, **kwargs)

    async def close(self) -> None:
        await self._credential.close()
        if self._identity is not None:
            await self._identity.close()

    async def __aenter__(self) -> Any:
        await self._credential.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self.close()
"""
_SYNC_ENTRY = '''

# unsecret: application {key}
def {name}() -> str:
    """Return an assertion; azure-identity and msal call this each time they need one."""
    return _assertion("{variable}", "{scope}")
'''
_AIO_ENTRY = '''

# unsecret: application {key}
class {name}(_AssertionCredential):
    """Sign in with an assertion; takes the place of the asynchronous secret and certificate credentials."""

    variable = "{variable}"
    scope = "{scope}"
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Whose assertion is wanted: the client id, or the expression that stands for it when there is no plan."""

    key: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What one application is called in one helper module."""

    application: Application
    function: str
    credential: str
    variable: str


def guid(text: str | None) -> str | None:
    """Give a client or tenant id in its one spelling, or None when a text is no such id."""
    plain = (text or "").strip().removeprefix("{").removesuffix("}").strip().lower()
    return plain if _GUID.fullmatch(plain) else None


def is_ours(text: str) -> bool:
    """Tell whether a file is a helper that this tool wrote."""
    return MARKER in text.splitlines()[:20]


def name_all(
    applications: Iterable[Application], existing: str | None = None, *, plain: bool = True
) -> dict[Application, Names]:
    """Choose names: plain ones for a single application, names with a suffix when a helper serves several.

    An application that an existing helper already serves keeps the names it has there. Without ``plain`` every name
    gets a suffix, because the plain variable may be another application's.
    """
    wanted = sorted(set(applications), key=lambda application: application.key)
    suffixes = {key: _suffix_of(name) for key, name in _entries(existing or "")}
    single = plain and len(wanted) == 1 and not suffixes
    for application in wanted:
        key = _one_line(application.key)
        if key not in suffixes:
            suffixes[key] = "" if single else _free_slug(key, set(suffixes.values()))
    return {application: _names(application, suffixes[_one_line(application.key)]) for application in wanted}


def render(wanted: Iterable[tuple[Names, bool]], existing: str | None = None) -> str:
    """Write a helper module, or extend one of ours, for (names, asynchronous?) pairs; add nothing that is there."""
    pairs = sorted(set(wanted), key=lambda pair: (pair[0].application.key, pair[1]))
    asynchronous = any(is_async for _, is_async in pairs)
    text = _fresh(asynchronous=asynchronous) if existing is None else _extended(existing, asynchronous=asynchronous)
    for names, is_async in pairs:
        name = names.credential if is_async else names.function
        if not re.search(rf"^(def|class) {name}\b", text, re.MULTILINE):
            text += (_AIO_ENTRY if is_async else _SYNC_ENTRY).format(
                key=_one_line(names.application.key), name=name, variable=names.variable, scope=names.application.scope
            )
    return text


def inline(names: Names) -> str:
    """Write the assertion as one expression (needs azure-identity 1.15), for a file that has no module to import from.

    The provider keeps its managed identity, and so the cache of tokens, as long as the credential that holds it.
    """
    identity = f'ManagedIdentityCredential(client_id=os.environ["{names.variable}"])'
    return f'get_bearer_token_provider({identity}, "{names.application.scope}")'


def serves_only(text: str, key: str) -> bool:
    """Tell whether a helper serves one application and no other."""
    return {found for found, _ in _entries(text)} == {_one_line(key)}


def _fresh(*, asynchronous: bool) -> str:
    imports, core = (_BOTH_IMPORTS, _SYNC_CORE + _AIO_CORE) if asynchronous else (_SYNC_IMPORTS, _SYNC_CORE)
    return _DOCSTRING + MARKER + "\n" + imports + core


def _extended(existing: str, *, asynchronous: bool) -> str:
    text = existing if existing.endswith("\n") else existing + "\n"
    if not asynchronous or "class _AssertionCredential" in text:
        return text
    plain = _fresh(asynchronous=False)
    if text.startswith(plain):
        return _fresh(asynchronous=True) + text.removeprefix(plain)
    return text + _LATE_IMPORTS + _AIO_CORE


def _one_line(key: str) -> str:
    """Write a key so that it cannot leave its comment: what cannot be printed is escaped."""
    shown = "".join(item if item.isprintable() else item.encode("unicode_escape").decode() for item in key)
    return shown.strip()


def _entries(text: str) -> list[tuple[str, str]]:
    return [(match["key"].strip(), match["name"]) for match in _ENTRY.finditer(text)]


def _suffix_of(name: str) -> str:
    lowered = name.removeprefix(_FUNCTION).removeprefix(_CLASS).lower()
    return lowered.removeprefix("_for_").removeprefix("for")


def _free_slug(key: str, taken: set[str]) -> str:
    """Make a short name from a client id or an expression, and a longer one when that is taken."""
    plain = re.sub(r"[^0-9a-z]+", "", key.lower())
    if _GUID.fullmatch(key):
        lengths: Iterable[int] = (8, 16, 32)
        candidates = [plain[:length] for length in lengths]
    else:
        candidates = [plain[:32] or "x"]
    numbered = (f"{candidates[-1]}{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (*candidates, *numbered) if slug not in taken)


def _names(application: Application, slug: str) -> Names:
    if not slug:
        return Names(application=application, function=_FUNCTION, credential=_CLASS, variable=VARIABLE)
    return Names(
        application=application,
        function=f"{_FUNCTION}_for_{slug}",
        credential=f"{_CLASS}For{slug.capitalize()}",
        variable=f"{VARIABLE}_{slug.upper()}",
    )
