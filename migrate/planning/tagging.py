"""What tags are about, by their names: the application, its repository, its environment. Pure.

The names are those of "Define your tagging strategy" (Cloud Adoption Framework) and their usual spellings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from inventory.model import Application, FederatedCredential

Tags = Iterable[tuple[str, str]]
_NOT_WORD = re.compile(r"[\W_]+")
APPLICATION = frozenset({"app", "appname", "application", "applicationname"})
WORKLOAD = APPLICATION | {"service", "servicename", "workload", "workloadname", "component"}
OWNER = frozenset({"owner", "team", "contact", "ownedby", "serviceowner", "opsteam", "businessowner"})
_REPOSITORY = frozenset({"repo", "repository", "repositoryurl", "repourl", "sourcerepository", "sourcecode"})
_ENVIRONMENT = frozenset({"env", "environment", "stage"})
_GITHUB = "https://token.actions.githubusercontent.com"
_HUBS = ("github.com/", "gitlab.com/", "bitbucket.org/", "www.github.com/")
_SCHEME = re.compile(r"^(?:[a-z]+://)?(?:[^/@]*@)?")
_ID = re.compile(r"@\d+")


def key(name: str) -> str:
    """Return the name of a tag without case, blanks and punctuation."""
    return _NOT_WORD.sub("", name).casefold()


def values(tags: Tags, keys: frozenset[str]) -> frozenset[str]:
    """Return what tags of these names say, without case."""
    return frozenset(text for name, value in tags if key(name) in keys and (text := value.strip().casefold()))


def environment(tags: Tags) -> str:
    """Return what tags say of the environment; empty where they say nothing."""
    return " ".join(sorted(values(tags, _ENVIRONMENT)))


def pairs(application: Application) -> tuple[tuple[str, str], ...]:
    """Return the tags of an application, which are plain texts, as names and values: ``name=value``, ``name:value``."""
    found = (re.match(r"([\w .-]+?)\s*[=:]\s*(.+)", tag) for tag in sorted(application.tags))
    return tuple((one[1], one[2]) for one in found if one)


def repositories(tags: Tags, federated: Iterable[FederatedCredential], noted: Iterable[str] = ()) -> frozenset[str]:
    """Return the repositories that tags, federated credentials of GitHub Actions and notes name."""
    named = [*values(tags, _REPOSITORY), *(one for one in noted if one.startswith(_HUBS) or "/_git/" in one)]
    return frozenset(one for one in (*map(_repository, named), *_from_github(federated)) if "/" in one)


def _from_github(federated: Iterable[FederatedCredential]) -> Iterator[str]:
    """Read ``repo:OWNER/NAME:...``, with or without the numbers of immutable subjects (``OWNER@12/NAME@34``)."""
    for one in federated:
        if one.issuer.rstrip("/") == _GITHUB and (one.subject or "").startswith("repo:"):
            yield _ID.sub("", (one.subject or "").split(":")[1]).casefold()


def _repository(text: str) -> str:
    """Return ``owner/name`` on the usual hosts, and the whole address without scheme and user elsewhere."""
    plain = _SCHEME.sub("", text).partition("?")[0].rstrip("/").removesuffix(".git")
    hub = next((one for one in _HUBS if plain.startswith(one)), "")
    return "/".join(plain.removeprefix(hub).split("/")[:2]) if hub else plain
