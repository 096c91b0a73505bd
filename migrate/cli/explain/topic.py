"""``unsecret explain REASON`` and ``unsecret explain TRANSFORM``: what it means, and the cases that test it."""

from __future__ import annotations

import dataclasses

import click

from codemods.report.reasons import explain, lines
from migrate.cli.options import Settings, common
from migrate.cli.output import emit


def about(topic: str) -> click.Command:
    """Make the command that explains a topic that is known."""

    @click.command(name=topic)
    @click.option("--all", "every", is_flag=True, help="Show every case.")
    @common
    def command(*, settings: Settings, every: bool) -> None:
        found = explain(topic)
        text = (line for one in found for line in (*lines(one, every=every), ""))
        emit(settings, text, [dataclasses.asdict(one) for one in found])

    return command
