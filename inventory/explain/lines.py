"""An explanation as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.explain.facts import day
from inventory.explain.model import Explanation, Known, Section, Story


def lines(explanation: Explanation) -> Iterator[str]:
    """Yield the lines; text of the tenant is not made harmless here."""
    stories = explanation.stories
    yield f"key id {explanation.key_id}, tenant {explanation.tenant_id}, scan of {day(explanation.taken_at)}"
    if len(stories) > 1:
        yield f"{len(stories)} credentials have this key id"
    for story in stories:
        yield ""
        yield from _story(story)


def _story(story: Story) -> Iterator[str]:
    yield story.title
    for section in story.sections:
        yield from _section(section)
    yield "  what breaks if it goes today"
    yield f"    {story.verdict}"
    yield from (_known(one) for one in story.breaks)
    if story.unseen:
        yield "  what could not be seen"
        yield from (f"    {text}" for text in story.unseen)


def _section(section: Section) -> Iterator[str]:
    if not section.known and not section.unseen:
        return
    yield f"  {section.title}"
    yield from (_known(one) for one in section.known)
    if not section.known:  # each is told once, at the end
        yield "    unknown, see the end"


def _known(known: Known) -> str:
    return f"    {known.text}  [{known.evidence}]"
