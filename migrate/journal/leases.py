"""One writer per application at a time: leases with an expiry and a fencing token.

Every function runs inside of the one transaction that may write, so that nothing here races.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from inventory.model import ClientId
from migrate.errors import LeaseHeldError, LeaseLostError
from migrate.journal import process
from migrate.journal.schema import leases_table

_AGAIN = "run the command again: it reads the tenant and goes on from what is there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """Who wants or has a lease, and until when, by the journal's clock."""

    holder: str
    """``user@host``, for people."""
    process: str
    """See ``process.token``."""
    now: datetime
    until: datetime


def take(connection: sa.Connection, application: ClientId, tenure: Tenure) -> int:
    """Take the lease and return its fence; raises LeaseHeldError where somebody else has it.

    It is free where it was given back, where its time is over, or where the process that had it has certainly ended.
    """
    row = _row(connection, application)
    values = {"holder": tenure.holder, "process": tenure.process, "expires_at": tenure.until.isoformat()}
    if row is None:
        connection.execute(leases_table.insert().values(application=application, fence=1, **values))
        return 1
    if row["expires_at"] is not None:
        until = datetime.fromisoformat(row["expires_at"])
        if until > tenure.now and not process.is_dead(row["process"]):
            raise LeaseHeldError(
                f"{row['holder']} acts on application {application} until {until:%Y-%m-%d %H:%M:%S} UTC or longer: "
                "wait for it to end"
            )
    fence = int(row["fence"]) + 1
    connection.execute(_of(application).values(fence=fence, **values))
    return fence


def keep(connection: sa.Connection, application: ClientId, fence: int | None, until: datetime) -> None:
    """Make a lease last until then; raises LeaseLostError where this fence is not the current one.

    A lease whose time is over and that nobody has taken is still its holder's.
    """
    if fence is None:
        raise LeaseLostError(f"nothing can be recorded about application {application} without its lease")
    changed = connection.execute(
        _of(application).where(*_current(fence)).values(expires_at=until.isoformat())
    ).rowcount  # fmt: skip
    if changed != 1:
        row = _row(connection, application)
        whose = f"{row['holder']} has taken it over" if row else "the journal has forgotten it"
        raise LeaseLostError(f"the lease of application {application} ran out and {whose}; {_AGAIN}")


def give_back(connection: sa.Connection, application: ClientId, fence: int) -> None:
    """Free a lease for the next; nothing happens where it is another's by now."""
    connection.execute(_of(application).where(*_current(fence)).values(expires_at=None))


def tenure(holder: str, now: datetime, length: timedelta) -> Tenure:
    """Return the tenure of this process from now on."""
    return Tenure(holder=holder, process=process.token(), now=now, until=now + length)


def _current(fence: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (leases_table.c.fence == fence, leases_table.c.expires_at.is_not(None))


def _of(application: ClientId) -> sa.Update:
    return leases_table.update().where(leases_table.c.application == application)


def _row(connection: sa.Connection, application: ClientId) -> sa.RowMapping | None:
    query = sa.select(leases_table).where(leases_table.c.application == application)
    return connection.execute(query).mappings().first()
