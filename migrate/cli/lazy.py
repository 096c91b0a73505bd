"""Commands that are known by name and imported only when they run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from migrate.cli.held import held_back


class LazyGroup(click.Group):
    """A group whose commands are modules of ``package``; the help of all stands in ``summaries``."""

    def __init__(self, *arguments: Any, package: str, summaries: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._package = package
        self._summaries = dict(summaries)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List the commands in the order of their help."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command."""
        if cmd_name not in self._summaries:
            return None
        with held_back():
            command = importlib.import_module(f"{self._package}.{cmd_name.replace('-', '_')}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """Write the help of all commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))


class DefaultGroup(LazyGroup):
    """A group that is a command itself: what begins with the name of none of its commands is for ``default``.

    So a file of a command's name is reached by its path: ``./diff``. Errors and help name the group, as nobody types
    the default.
    """

    def __init__(self, *arguments: Any, default: str, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default before arguments that name no command."""
        if not args or args[0] not in {*self._summaries, *ctx.help_option_names}:
            args = ["", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is meant; the default has no name of its own."""
        if args and not args[0]:
            return "", self._main(), args[1:]
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the default, then the commands."""
        main = self._main()
        with main.make_context(ctx.info_name, [], parent=ctx.parent, resilient_parsing=True) as own:
            main.format_help(own, formatter)
        self.format_commands(ctx, formatter)

    def _main(self) -> click.Command:
        with held_back():
            command = importlib.import_module(f"{self._package}.{self._default}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"{self._package}.{self._default} holds no command")
        return command
