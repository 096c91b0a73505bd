"""Options that every command takes, and what they mean."""

from __future__ import annotations

import functools
import logging
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from inventory.cloud import Cloud


class Named(click.Path):
    """A path that is given: an empty text (a variable of a shell that is not set) would mean this folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty text; everything else as click does."""
        if not os.fspath(value):
            self.fail("it is empty; this folder is .", param, ctx)
        return super().convert(value, param, ctx)


FILE = Named(dir_okay=False, path_type=Path)
_NO_PATH = re.compile(r"[a-z][a-z0-9+._-]+:|.*(?:://|@|password\s*=)", re.IGNORECASE | re.DOTALL)
"""What begins like an address, or may hold a password: a typing error in it must not be shown as the name of a file."""
_QUIET = ("azure", "httpx", "httpcore", "asyncio", "msal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the common options say."""

    journal: str
    cloud: Cloud | None
    tenant: str | None
    graph_endpoint: str | None
    as_json: bool
    arm_endpoint: str | None = None
    variables: str | None = None
    """What the environment variables of the credential begin with, where it is not AZURE."""


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the common options; they reach it as one ``settings`` argument."""
    return _common(function, _OPTIONS)


def common_but_format(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the common options without ``--format``, as it has formats of its own."""
    return _common(function, tuple(option for option in _OPTIONS if option is not _FORMAT))


def reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that reads files alone ``--format`` and ``-v``; it signs in nowhere and has no journal."""

    @functools.wraps(function)
    def command(*, output: str, **rest: Any) -> Any:
        as_json = output == "json"
        settings = Settings(journal="", cloud=None, tenant=None, graph_endpoint=None, as_json=as_json)
        return function(settings=settings, **rest)

    return verbose(_FORMAT(command))  # type: ignore[no-any-return]


def _common(function: Callable[..., Any], options: tuple[Callable[[Any], Any], ...]) -> Callable[..., Any]:
    @functools.wraps(function)
    def command(*, journal: str, cloud: str | None, tenant: str | None, output: str = "text", **rest: Any) -> Any:
        settings = Settings(
            journal=journal,
            cloud=Cloud(cloud) if cloud else None,
            tenant=tenant,
            graph_endpoint=rest.pop("graph_endpoint"),
            arm_endpoint=rest.pop("arm_endpoint"),
            as_json=output == "json",
        )
        return function(settings=settings, **rest)

    for option in reversed(options):
        command = option(command)
    return command


def journal_address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Take a plain path for the SQLite file that it names; anything else is left for the journal to understand."""
    return value if not value or _NO_PATH.match(value) else f"sqlite:///{value}"


def _verbose(_context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own
    """Show requests and tracebacks with -v; libraries stay quiet, as some log more than a secret can bear."""
    logging.basicConfig(stream=sys.stderr, level=logging.CRITICAL, format="%(message)s")
    if value:  # a command below a group that has been told nothing
        logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger("unsecret").setLevel(logging.DEBUG if value else logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)


_FORMAT: Callable[[Any], Any] = click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--journal",
        default="unsecret.db",
        show_default=True,
        envvar="UNSECRET_JOURNAL",
        metavar="FILE|URL",
        callback=journal_address,
        help="File or database of what was meant, done and seen.",
    ),
    click.option(
        "--cloud",
        type=click.Choice([cloud.value for cloud in Cloud]),
        help="Cloud of the tenant; the default is the plan's, that of AZURE_AUTHORITY_HOST, or public.",
    ),
    click.option("--tenant", envvar="AZURE_TENANT_ID", metavar="ID", help="Tenant to sign in to."),
    click.option(
        "--graph-endpoint", envvar="UNSECRET_GRAPH_ENDPOINT", metavar="URL", help="Graph below another address."
    ),
    click.option("--arm-endpoint", envvar="UNSECRET_ARM_ENDPOINT", metavar="URL", help="Azure below another address."),
    _FORMAT,
    click.option(
        "-v", "--verbose", is_flag=True, expose_value=False, callback=_verbose, help="Show requests and tracebacks."
    ),
)
verbose = _OPTIONS[-1]


def selection(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--wave`` and ``--app``, which choose among the pairings of a plan."""
    wave = click.option("--wave", type=click.IntRange(1), help="Only the applications of this wave.")
    app = click.option("--app", metavar="ID", help="Only the application of this client id.")
    return wave(app(function))


def apply_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--apply``, the one word that changes anything."""
    return click.option("--apply", is_flag=True, help="Make the changes; without it nothing is changed.")(function)
