"""Names of a made-up company's applications."""

from collections.abc import Iterator
from itertools import count, product
from random import Random
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


def application_names(dice: Random) -> Iterator[str]:
    """Give names without end, each one once."""
    first = [f"{team}-{thing}-{environment}" for team, thing, environment in product(TEAMS, THINGS, ENVIRONMENTS)]
    dice.shuffle(first)
    yield from first
    for number in count(2):
        yield from (f"{name.rpartition('-')[0]}{number}-{name.rpartition('-')[2]}" for name in first)
