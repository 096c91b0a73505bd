"""What must not be seen in a diff of a file with sites."""

from __future__ import annotations

import json

from codemods.engine.candidates import Candidate
from codemods.engine.diff import spellings


def hidden_in(candidate: Candidate) -> list[str]:
    """List the literal secrets of a file, in every spelling."""
    source = candidate.file.source
    literals = [node for occurrence in candidate.file.occurrences for node in occurrence.trace.literals]
    hidden = [text for node in literals for text in spellings(source.segment(node), getattr(node, "value", None))]
    if candidate.file.notebook is not None:
        hidden += [json.dumps(text)[1:-1] for text in hidden]
    return hidden
