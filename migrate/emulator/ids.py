"""Ids and choices that depend on a seed alone."""

import hashlib
import random
import uuid


def seeded_guid(*parts: object) -> str:
    """Make the GUID that belongs to these parts: same parts, same GUID."""
    text = "\x1f".join(str(part) for part in parts)
    digits = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    # Version 4, variant 1 (RFC 9562); cut by hand because a large tenant needs a million of them.
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def fresh_guid() -> str:
    """Make a GUID for something that happens while the tenant runs."""
    return str(uuid.uuid4())


def seeded_dice(*parts: object) -> random.Random:
    """Make the source of choices that belongs to these parts."""
    return random.Random("\x1f".join(str(part) for part in parts))  # noqa: S311 - must repeat; guards nothing
