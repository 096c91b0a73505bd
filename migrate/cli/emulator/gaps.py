"""``unsecret emulator gaps``: what is not served."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from migrate.cli.emulator import running
from migrate.cli.emulator.options import PORT
from migrate.cli.options import verbose
from migrate.emulator.gaps import GAPS
from reports.text import visible


@click.command()
@click.option("--running", "of_running", is_flag=True, help="What clients of a running tenant asked for in vain.")
@PORT
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@verbose
def command(*, of_running: bool, port: int | None, output: str) -> None:
    """List what the real services answer and the embedded tenant does not."""
    if port is not None and not of_running:
        raise click.UsageError("--port chooses a running tenant: add --running")
    data: Any
    if of_running:
        data = running.ask(running.find(port), "gaps")
        lines = _asked(data)
    else:
        data = [{"service": gap.service, "path": gap.path, "why": gap.why} for gap in GAPS]
        lines = (f"{gap.service}  {gap.path}  {gap.why}" for gap in GAPS)
    for line in [json.dumps(data, indent=2)] if output == "json" else map(visible, lines):
        click.echo(line)


def _asked(data: dict[str, Any]) -> Iterable[str]:
    for row in data["requests"]:
        yield f"{row['count']}  {row['method']} {row['host']}{row['path']}"
    for host, count in data["hosts"].items():
        yield f"{count}  refused {host}"
    if not data["requests"] and not data["hosts"]:
        yield "nothing was asked for in vain"
