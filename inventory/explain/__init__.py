"""Everything that is known about one credential, source by source, and what breaks if it goes today."""

from __future__ import annotations

from inventory.explain.code import CodeSite, code_sites
from inventory.explain.lines import lines
from inventory.explain.model import Explanation, Known, Section, Story
from inventory.explain.story import explain

__all__ = ["CodeSite", "Explanation", "Known", "Section", "Story", "code_sites", "explain", "lines"]
