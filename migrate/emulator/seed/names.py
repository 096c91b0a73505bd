"""Names of a made-up company's applications."""

from collections.abc import Iterator
from itertools import count, product
from random import Random
from string import digits
from typing import Final

TEAMS: Final = (
    "orders", "billing", "payroll", "catalog", "search", "shipping", "returns", "pricing", "loyalty", "identity",
    "reporting", "finance", "tax", "fleet", "claims", "support", "survey", "campaign", "inventory", "procurement",
)  # fmt: skip
THINGS: Final = (
    "api", "worker", "sync", "export", "import", "portal", "scheduler", "notifier", "gateway", "indexer", "archiver",
    "bridge", "etl", "webhook", "mailer",
)  # fmt: skip
ENVIRONMENTS: Final = ("prod", "test", "dev", "stage")

SERVICES: Final = ("orders-api", "invoice-worker", "report-mailer")
OPERATOR: Final = "unsecret-operator"
AUDITOR: Final = "read-only-auditor"

HOSTILE: Final = (
    "Quote \"double\" and 'single' `back`",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "$(touch x)",
    "right\u202eto-left",
    "two\nlines",
    "n" * 250,
    "\N{ROCKET} launch \N{GRINNING FACE}",
)
"""Names that break careless reports, logs, shells and spreadsheets; a directory accepts them all."""

PEOPLE: Final = (
    "Adele Vance", "Alex Wilber", "Diego Siciliani", "Grady Archie", "Henrietta Mueller", "Isaiah Langer",
    "Johanna Lorenz", "Joni Sherman", "Lee Gu", "Lidia Holloway", "Lynne Robbins", "Megan Bowen", "Miriam Graham",
    "Nestor Wilke", "Patti Fernandez", "Pradeep Gupta",
)  # fmt: skip


DIFFERENT_NAMES: Final = len(TEAMS) * len(THINGS) * len(ENVIRONMENTS)
"""Names without a number in them; one round through them."""


def stem_of(name: str) -> str:
    """Give a name without its environment."""
    return name.rpartition("-")[0]


def name_in_round(name: str, number: int) -> str:
    """Give the name that stands in another round, counted from zero, where this one stands in its own."""
    stem, _, environment = name.rpartition("-")
    return f"{stem.rstrip(digits)}{number + 1 if number else ''}-{environment}"


def application_names(dice: Random) -> Iterator[str]:
    """Give names without end, each one once."""
    first = [f"{team}-{thing}-{environment}" for team, thing, environment in product(TEAMS, THINGS, ENVIRONMENTS)]
    dice.shuffle(first)
    for number in count():
        yield from (name_in_round(name, number) for name in first)
