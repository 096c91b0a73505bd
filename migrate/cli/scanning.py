"""What the options of ``scan`` mean together, and scans of several tenants one after the other."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from inventory.errors import InventoryError
from inventory.scan import ScanSummary
from migrate.cli.ending import UnfinishedError
from migrate.cli.options import Settings
from migrate.cli.output import typed
from migrate.cli.tenants import Wanted
from migrate.errors import MigrateError, OutputError
from reports.text import visible

_LOG: Final = logging.getLogger("unsecret")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A tenant that could not be scanned."""

    tenant: str
    snapshot: str
    reason: str


def check(
    settings: Settings, out: Path, *, tenants: Path | None, only: tuple[str, ...], refreshed: bool, anew: bool,
    workspace: str | None, **_: Any,
) -> None:  # fmt: skip
    """Refuse options that contradict each other, or an id that can be none; raises click.UsageError, OutputError."""
    if only and not tenants:
        raise click.UsageError("--only names tenants of --tenants: give that too")
    if refreshed and anew:
        raise click.UsageError("--refresh begins from the snapshot and --anew from nothing: give one of them")
    for name in ("out", "tenant") if tenants else ():
        if click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} has no meaning with --tenants, whose file says it for each tenant")
    if workspace is not None and not _GUID.fullmatch(workspace):
        raise click.UsageError(
            f"--workspace {workspace}: a workspace is named by its workspace id, a GUID (not its name or resource id)"
        )
    if not tenants and out.absolute() == _journal(settings):
        raise OutputError(f"{out} is the place of the journal; choose another --out, or another --journal")


def _journal(settings: Settings) -> Path | None:
    parts = urlsplit(settings.journal)
    return Path(parts.path.removeprefix("/")).absolute() if parts.scheme == "sqlite" and parts.path else None


def all_of(
    wanted: Sequence[Wanted], scan: Callable[[Wanted], ScanSummary], *, alone: bool
) -> tuple[list[ScanSummary], list[Failure]]:
    """Scan one tenant after the other, those too that come after one that fails; ``alone``: its error is raised.

    An interrupt names the command that scans those that failed and those that are left.
    """
    summaries: list[ScanSummary] = []
    failures: list[Failure] = []
    for number, each in enumerate(wanted):
        try:
            summaries.append(scan(each))
        except KeyboardInterrupt as error:
            left = [*(one.tenant for one in failures), *(one.settings.tenant or "" for one in wanted[number:])]
            raise UnfinishedError(click.get_current_context().obj if alone else _only(left)) from error
        except (InventoryError, MigrateError) as error:
            if alone:
                raise
            _LOG.debug("the tenant %s", each.settings.tenant, exc_info=True)
            failures.append(_failure(each, str(error)))
    return summaries, [*failures, *_twice(summaries)]


def _failure(wanted: Wanted, reason: str) -> Failure:
    return Failure(tenant=wanted.settings.tenant or "", snapshot=str(wanted.out), reason=reason)


def _twice(summaries: Sequence[ScanSummary]) -> Iterator[Failure]:
    """Tell tenants that answered to two of the ids: a domain and a GUID, or two domains."""
    first: dict[str, Path] = {}
    for each in summaries:
        if first.setdefault(each.tenant_id, each.path) != each.path:
            reason = f"it is the tenant of {first[each.tenant_id]} too: name each tenant once"
            yield Failure(tenant=each.tenant_id, snapshot=str(each.path), reason=reason)


def chosen(wanted: Sequence[Wanted], only: Sequence[str]) -> list[Wanted]:
    """Return the tenants of a list that are named; all where none is. Raises click.UsageError for one not in it."""
    asked = {one.lower() for one in only}
    listed = {(each.settings.tenant or "").lower() for each in wanted}
    if missing := [one for one in only if one.lower() not in listed]:
        raise click.UsageError(f"--only {missing[0]}: the file of --tenants lists no such id")
    return [each for each in wanted if not asked or (each.settings.tenant or "").lower() in asked]


def _only(tenants: Sequence[str]) -> list[str]:
    """Return the arguments of the command that is running, for some of its tenants alone."""
    given = iter(click.get_current_context().obj)
    kept: list[str] = []
    for argument in given:
        if argument == "--only":
            next(given, None)
        elif not argument.startswith("--only="):
            kept.append(argument)
    return [*kept, *(word for one in dict.fromkeys(tenants) for word in ("--only", one))]


def tell(failures: Sequence[Failure], wanted: Sequence[Wanted]) -> None:
    """Say on standard error which tenants could not be scanned, and how to scan those that the file names so."""
    if failures:
        names = list(dict.fromkeys(each.tenant for each in failures))
        listed = [each.settings.tenant for each in wanted]
        again = f"scan those again: {typed(_only([each for each in names if each in listed]))}"
        then = again if any(each in listed for each in names) else "mend the file"
        message = f"{len(failures)} of {len(wanted)} tenants could not be scanned: {', '.join(names)}; {then}"
        click.echo(f"unsecret: {visible(message)}", err=True)
