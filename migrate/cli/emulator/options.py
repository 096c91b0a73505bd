"""The options that say which tenant to make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{value!r} is no time such as 2026-01-31T08:00:00Z") from None


def _named(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    if value == "":
        raise click.BadParameter("the name is empty: leave --app out to be the operator")
    return value or ""


APPS = click.option(
    "--apps", type=click.IntRange(5, 100_000), default=40, show_default=True, help="Applications in the tenant."
)
SEED = click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives another tenant.")
APPLICATION = click.option(
    "--app",
    default=None,
    callback=_named,
    metavar="NAME",
    help="Be this application (name or client id) instead of the operator.",
)
DIRECT = click.option("--direct", is_flag=True, help="Explicit endpoints instead of the proxy.")
PORT = click.option("--port", type=click.IntRange(1, 65535), help="HTTPS port of the tenant, where several run.")
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    APPS,
    SEED,
    click.option(
        "--cloud",
        type=click.Choice(["public", "usgov", "china"]),
        default="public",
        show_default=True,
        help="Its cloud.",
    ),
    click.option(
        "--time",
        "start",
        callback=_moment,
        metavar="ISO8601",
        help="The time at which the tenant's clock starts, UTC; the default is now.",
    ),
    click.option(
        "--retention",
        "retention_days",
        type=click.Choice([7, 30]),
        default=30,
        show_default=True,
        help="Days for which sign-in logs are kept.",
    ),
    click.option(
        "--faults",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="What goes wrong, in TOML; unsecret emulator faults prints a file to start from.",
    ),
    click.option(
        "--state",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Keep the tenant in FILE, secrets included (only you can read it): begin with what it holds, else with a "
        "new tenant. An existing FILE says how many applications there are and so on; options that say otherwise are "
        "refused, --faults is not part of it.",
    ),
)
_MAKING = ("apps", "seed", "cloud", "start", "retention_days")
"""What an existing state file answers, where the command line does not."""


def tenant_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a tenant; they reach it as one ``tenant``, the arguments of ``Emulator``."""
    names = (*_MAKING, "faults", "state")

    @functools.wraps(function)
    def command(*positional: Any, **given: Any) -> Any:
        tenant = {name: given.pop(name) for name in names}
        source = click.get_current_context().get_parameter_source
        tenant |= {name: None for name in _MAKING if source(name) is ParameterSource.DEFAULT}
        return function(*positional, tenant=tenant, **given)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command
