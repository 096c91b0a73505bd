"""``unsecret explain``: everything known about one credential, reason of the rewriter, or library it knows."""

from __future__ import annotations

import difflib

import click

from migrate.cli.lazy import LazyGroup

__all__ = ["COMMANDS", "command"]

COMMANDS = {
    "credential": "Tell everything known about one credential, and what breaks if it goes.",
    "reasons": "List the words of the rewriter: reasons, leftovers, failures.",
}


class _Topics(LazyGroup):
    """A group that takes the word it is asked about for a command: a reason code, or the name of a transform."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command, or the one that explains a word."""
        known = super().get_command(ctx, cmd_name)
        if known is not None or cmd_name.startswith("-"):
            return known
        from codemods.report.reasons import topics  # noqa: PLC0415 - reads every transform
        from migrate.cli.explain.topic import about  # noqa: PLC0415 - the same

        if cmd_name in topics():
            return about(cmd_name)
        near = difflib.get_close_matches(cmd_name, topics(), n=3, cutoff=0.4)
        told = f"is it {', '.join(near)}?" if near else "'unsecret explain reasons' lists the reasons"
        raise click.UsageError(f"{cmd_name!r} is no reason, transform or command: {told}", ctx)


@click.group(cls=_Topics, package=__name__, summaries=COMMANDS, subcommand_metavar="REASON|TRANSFORM|COMMAND ...")
def command() -> None:
    """Tell everything known about one thing: a REASON of the rewriter, a TRANSFORM, or a credential of the tenant.

    A reason is a word that unsecret rewrite prints, such as guarded-by-secret or hard-read; a transform is the name of
    a library family such as msal.
    """
