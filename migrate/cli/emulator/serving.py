"""The tenant in the foreground."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from migrate.cli.emulator import shells
from migrate.emulator import environments
from migrate.emulator.announcement import AnnouncementError, announced
from migrate.emulator.ending import Ending
from migrate.emulator.errors import NotInTenantError
from migrate.emulator.server import Emulator, serve
from reports.text import visible

_LARGE = 10_000
"""Applications that take some seconds and hundreds of megabytes."""


def serve_tenant(options: dict[str, Any], ending: Ending) -> None:
    """Serve a tenant until ^C; print how to reach it, and on standard error what clients ask for in vain."""
    tell_large(options)
    with ExitStack() as until_the_end:
        serve(lambda emulator: _announce(emulator, until_the_end), ending=ending, tell=tell_refused, **options)


def tell_large(tenant: dict[str, Any]) -> None:
    """Say that a tenant is so large that making it takes seconds; one in a state file is read, not made."""
    apps, state = tenant["apps"] or 0, tenant["state"]
    if apps >= _LARGE and not (state is not None and state.exists()):
        click.echo(f"unsecret: making a tenant of {apps:,} applications, which takes a while", err=True)


def tell_refused(host: str) -> None:
    """Say that a client asked for a host that is not here."""
    click.echo(f"unsecret: refused {visible(host)}, which the embedded tenant does not serve", err=True)


def _announce(emulator: Emulator, until_the_end: ExitStack) -> None:
    try:
        until_the_end.enter_context(announced(emulator.announcement))
    except AnnouncementError as error:
        click.echo(f"unsecret: {visible(str(error))}; until then unsecret emulator env cannot find this one", err=True)
    _show_variables(emulator)
    click.echo("# The certificate variables trust this tenant alone: use another shell for anything else.")
    click.echo(f"# {emulator.imds_endpoint}/hosts/NAME as AZURE_POD_IDENTITY_AUTHORITY_HOST is what one host sees.")
    click.echo(f"# tenant {emulator.tenant_id} at {emulator.authority}; ^C ends it")


def _show_variables(emulator: Emulator) -> None:
    """Print the operator's variables; a tenant whose operator was deleted is still one that others can use."""
    try:
        variables = emulator.proxied_environment()
    except NotInTenantError as error:
        click.echo(f"unsecret: {visible(str(error))}; for another, unsecret emulator env --app NAME", err=True)
        return
    click.echo("# The variables of a shell that works with this tenant, as its operator (unsecret emulator env):")
    click.echo(shells.BASH.script(variables, environments.unset(variables)), nl=False)
