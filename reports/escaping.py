"""Text inside GitHub Flavored Markdown, as text: it can start no tag, link, mention, emphasis, formula or new cell."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[\\`*_\[\]|~#$!{}]")
_ORDERED = re.compile(r"\d{1,9}(?=[.)](?:\s|$))")
_MARK = re.compile(r"[-+](?=\s|$)|[-=]+\s*$")
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "&#64;"), ("://", "&#58;//"), ("www.", "www&#46;"))


def markdown(text: str) -> str:
    """Return text escaped for a line or cell; characters that hide or break lines are to be shown beforehand."""
    for plain, entity in _ENTITIES:
        text = text.replace(plain, entity)
    # An entity holds # and ;, so its # must not be escaped: only the characters that no entity above has are left.
    return _begun(_SPECIAL.sub(lambda found: found.group() if _in_entity(found) else f"\\{found.group()}", text))


def _begun(text: str) -> str:
    """Keep the beginning of a line from being code, an item of a list or a rule, even inside an item."""
    bare = text.lstrip(" ")
    number = _ORDERED.match(bare)
    if number:
        return f"{number.group()}\\{bare[number.end() :]}"
    return f"\\{bare}" if _MARK.match(bare) else bare


def _in_entity(found: re.Match[str]) -> bool:
    return found.group() == "#" and found.string[found.start() - 1 : found.start()] == "&"
