"""The claim of a rewrite, checked by comparing two syntax trees; it shares no code with what makes the edits."""
