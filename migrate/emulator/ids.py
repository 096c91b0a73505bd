"""Ids and choices that depend on a seed alone."""

import base64
import hashlib
import random
import uuid


def guid_of(digits: str) -> str:
    """Make the GUID of 32 hexadecimal digits that look random: version 4, variant 1 (RFC 9562)."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def seeded_guid(*parts: object) -> str:
    """Make the GUID that belongs to these parts: same parts, same GUID."""
    text = "\x1f".join(map(str, parts))
    return guid_of(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def fresh_guid() -> str:
    """Make a GUID for something that happens while the tenant runs."""
    return str(uuid.uuid4())


def seeded_dice(*parts: object) -> random.Random:
    """Make the source of choices that belongs to these parts."""
    return random.Random("\x1f".join(str(part) for part in parts))  # noqa: S311 - must repeat; guards nothing


def random_looking(*parts: object, length: int = 22) -> str:
    """Make the opaque text of a claim such as ``uti`` or ``aio``."""
    digest = hashlib.sha512("|".join(str(part) for part in parts).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]
