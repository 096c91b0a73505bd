"""What the free text of ``notes`` points at: ids, ARM ids and repositories. The text itself is not kept. Pure."""

from __future__ import annotations

import re

_POINTERS = re.compile(
    r"/subscriptions/[\w./()-]+"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\bhttps?://(?:[^\s/@]*@)?(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org)/[\w.-]+/[\w.-]+"
    r"|\bhttps?://(?:[^\s/@]*@)?(?:dev\.azure\.com/[\w.-]+|[\w-]+\.visualstudio\.com)/[\w.%-]+/_git/[\w.%-]+",
    re.IGNORECASE | re.ASCII,
)
"""Of web addresses those of repositories alone: others may carry a secret in their path, as webhooks do."""
_SCHEME = re.compile(r"^https?://(?:[^/@]*@)?")
_MOST = 20


def noted(text: str) -> tuple[str, ...]:
    """Return GUIDs, ARM ids and repositories (without scheme, user and query) in a text, in lower case, sorted.

    Microsoft Graph lets ``notes`` have 1,024 characters; of more pointers than 20 the first are kept.
    """
    found = dict.fromkeys(_SCHEME.sub("", one.lower()).rstrip("./") for one in _POINTERS.findall(text))
    return tuple(sorted(list(found)[:_MOST]))
