"""The columns of the report's tables, and how cells of the snapshot become cells of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inventory.tables.texts import moment
from reports.model import Align, Cell, Column, Table

_TIMES = frozenset({"end", "start", "last_successful_sign_in", "created", "since", "until", "read_at"})
_TRUTHS = frozenset({"disabled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A table without its rows."""

    name: str
    title: str
    columns: tuple[Column, ...]
    note: str = ""

    def table(self, rows: tuple[tuple[Cell, ...], ...], left_out: str) -> Table:
        """Return the table with rows, and with a word on those that are not shown."""
        note = " ".join(text for text in (self.note, left_out) if text)
        return Table(name=self.name, title=self.title, columns=self.columns, rows=rows, note=note)


def shown(heading: Heading, row: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells of a row as a report has them."""
    return tuple(_cell(column.key, cell) for column, cell in zip(heading.columns, row, strict=True))


def _cell(key: str, cell: Cell) -> Cell:
    if key == "last_successful_sign_in" and not cell:
        return "unknown"
    if key in _TIMES and isinstance(cell, str):
        return moment(cell)
    return bool(cell) if key in _TRUTHS else cell


def overview(states: Sequence[str], rows: tuple[tuple[Cell, ...], ...]) -> Table:
    """Return the table of credentials by purpose and state."""
    figures = tuple(Column(key=state, title=state, align=Align.RIGHT) for state in (*states, "all")) if rows else ()
    heading = Column(key="purpose", title="Purpose")
    return Table(name="overview", title="Credentials by purpose and state", columns=(heading, *figures), rows=rows)


CREDENTIALS = Heading(
    name="credentials",
    title="Credentials",
    columns=(
        Column(key="application", title="Application"),
        Column(key="client_id", title="Client id"),
        Column(key="kind", title="Kind"),
        Column(key="purpose", title="Purpose"),
        Column(key="state", title="State"),
        Column(key="end", title="End"),
        Column(key="last_successful_sign_in", title="Last successful sign-in"),
        Column(key="use", title="Use"),
        Column(key="federated", title="Federated credentials", align=Align.RIGHT),
        Column(key="owners", title="Owners"),
        Column(key="holder", title="Held by"),
        Column(key="name", title="Name"),
        Column(key="hint", title="Hint or thumbprint"),
        Column(key="key_id", title="Key id"),
        Column(key="start", title="Start"),
        Column(key="purpose_reason", title="Why this purpose"),
    ),
    note=(
        "Unknown is not unused: no source of evidence has a row for everything that signs in. The findings say what is "
        "missing, explain credential KEYID for one of them."
    ),
)
APPLICATIONS = Heading(
    name="applications",
    title="Applications",
    columns=(
        Column(key="application", title="Application"),
        Column(key="client_id", title="Client id"),
        Column(key="live", title="Live credentials", align=Align.RIGHT),
        Column(key="credentials", title="All credentials", align=Align.RIGHT),
        Column(key="federated", title="Federated credentials", align=Align.RIGHT),
        Column(key="owners", title="Owners"),
        Column(key="sign_in_audience", title="Audience"),
        Column(key="disabled", title="Disabled"),
        Column(key="created", title="Created"),
    ),
    note=(
        "Live credentials are secrets and certificates that authenticate today; those on the service principal are "
        "counted, those of unknown purpose are not."
    ),
)
IDENTITIES = Heading(
    name="identities",
    title="Managed identities",
    columns=(
        Column(key="name", title="Identity"),
        Column(key="client_id", title="Client id"),
        Column(key="principal_id", title="Principal id"),
        Column(key="kind", title="Kind"),
        Column(key="trusted_by", title="Trusted by applications", align=Align.RIGHT),
        Column(key="hosts", title="Attached to hosts", align=Align.RIGHT),
        Column(key="resource_id", title="Azure resource"),
    ),
    note="Only user-assigned identities can stand in for a secret.",
)
ROLES = Heading(
    name="roles",
    title="Roles, the most far-reaching first",
    columns=(
        Column(key="principal", title="Held by"),
        Column(key="role", title="Role"),
        Column(key="resource", title="Resource"),
        Column(key="scope", title="Scope"),
        Column(key="tier", title="Tier", align=Align.RIGHT),
        Column(key="reason", title="Why this tier"),
        Column(key="credentials", title="Credentials", align=Align.RIGHT),
        Column(key="principal_id", title="Object id"),
    ),
    note="Tier 0 can take the tenant, tier 1 reads or changes all of it, tier 3 is unknown.",
)
HOSTS = Heading(
    name="hosts",
    title="Hosts",
    columns=(
        Column(key="name", title="Host"),
        Column(key="type", title="Type"),
        Column(key="location", title="Location"),
        Column(key="identities", title="User-assigned identities", align=Align.RIGHT),
        Column(key="secrets", title="Settings that look like secrets", align=Align.RIGHT),
        Column(key="applications", title="Applications named in settings", align=Align.RIGHT),
        Column(key="resource_id", title="Azure resource"),
    ),
)
SOURCES = Heading(
    name="sources",
    title="Evidence of use, and what it cannot show",
    columns=(
        Column(key="name", title="Source"),
        Column(key="since", title="Covers since"),
        Column(key="until", title="Newest record"),
        Column(key="retention_days", title="Keeps days", align=Align.RIGHT),
        Column(key="missing", title="Could not be read"),
        Column(key="blind_spots", title="Blind spots"),
        Column(key="read_at", title="Read"),
    ),
    note="Without a source that could be read, use is unknown.",
)
NOTES = Heading(
    name="notes",
    title="What the scan could not see",
    columns=(Column(key="subject", title="Subject"), Column(key="text", title="Note")),
)
