"""Which repository code at a path is of: machines may have different repositories at the same path, one after another.

A repository is known by the address of its remote ``origin``, without scheme, user, password and query, so that one
that is cloned by HTTPS and by SSH is the same. Source: git-clone, "GIT URLS".
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from codemods.engine import git

_LONGEST = 500
_SHORT_FORM = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?!//)(?P<path>.*)", re.DOTALL)


class Repositories:
    """Tells of paths which repository they are in; git is asked once for each."""

    def __init__(self) -> None:
        self._known: dict[Path, str | None] = {}

    def top(self, path: Path) -> Path | None:
        """Return the work tree that a path is in or, as its folders may be gone, was in; None outside of any."""
        return next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), None)

    def of(self, path: Path) -> str | None:
        """Name the repository of a path; None outside of any, and where it has no remote ``origin``."""
        top = self.top(path)
        if top is None:
            return None
        if top not in self._known:
            told = git.ask(top, "config", "--get", "remote.origin.url")
            self._known[top] = named(os.fsdecode(told)) if told else None
        return self._known[top]


def named(address: str) -> str | None:
    """Return what is left of the address of a remote without what differs between clones; None where nothing is."""
    told = address.strip()
    if "://" in told:
        try:
            parts = urlsplit(told)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return None
    elif found := _SHORT_FORM.fullmatch(told):
        host, path = found["host"].lower(), found["path"]
    else:
        host, path = "", told
    short = f"{host}/{path.strip('/').removesuffix('.git').strip('/')}"
    return short[:_LONGEST] if short != "/" else None
