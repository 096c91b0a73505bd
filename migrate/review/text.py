"""Text of a tenant inside lines that people read: on one line, as text, and never endlessly long. Pure."""

from __future__ import annotations

from inventory.model import Holder
from reports.escaping import markdown
from reports.text import visible

LONGEST = 200
"""Characters of one name; Entra takes 120 for a display name today and has others on record."""
_LONGEST_LINE = 4_000
"""Characters of a sentence that holds names."""


def shown(text: str, longest: int = LONGEST) -> str:
    """Return text with everything that hides or breaks lines made visible, cut where it is longer than a name is."""
    return visible(text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)")


def safe(text: str) -> str:
    """Return a sentence for Markdown: escaped, on one line, cut only where a name in it is endless."""
    return markdown(shown(text, _LONGEST_LINE))


def name(text: str) -> str:
    """Return a name for Markdown: escaped, on one line, cut."""
    return markdown(shown(text)) or "(no name)"


def holder(of: Holder) -> str:
    """Return the words for what holds a credential."""
    return "service principal" if of is Holder.SERVICE_PRINCIPAL else "application"
