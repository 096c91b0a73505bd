"""The clouds of Microsoft; a value of its own, as every command knows it and few need the rest of the inventory."""

from __future__ import annotations

import enum


class Cloud(enum.StrEnum):
    """The Microsoft clouds an Entra tenant can live in; an exchange never crosses from one to another."""

    PUBLIC = "public"
    USGOV = "usgov"
    CHINA = "china"
