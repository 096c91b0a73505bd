"""The options of ``unsecret rewrite``, in the order of its help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from codemods.model import LibraryMode
from migrate.cli.options import FILE, Named, apply_option, common_but_format
from migrate.cli.rewrite.asking import FORMATS


def options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command its paths and options."""
    function = common_but_format(function)
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def _flag(name: str, help_text: str) -> Callable[[Any], Any]:
    return click.option(name, is_flag=True, help=help_text)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("paths", nargs=-1, required=True, type=Named(path_type=Path)),
    click.option("--plan", "plan_file", type=FILE, help="Rewrite only what this plan pairs, and journal what is left."),
    click.option("--app", metavar="ID", help="Client id of the application that code without one belongs to."),
    click.option("--identity", metavar="ID", help="With --app: client id of the identity that acts for it."),
    _flag("--forget", "With --plan: these paths are gone; forget what was found in them."),
    click.option(
        "--take-back",
        metavar="REASON",
        help="With --plan: the scans of these paths were a mistake; they count no more.",
    ),
    apply_option,
    _flag("--uncommitted", "With --apply: change files that have uncommitted changes, too."),
    _flag("--include-tests", "Rewrite test and documentation code too."),
    _flag("--notebooks", "Rewrite the cells of notebooks (.ipynb) too."),
    click.option(
        "--library-mode",
        type=click.Choice([mode.value for mode in LibraryMode]),
        default=LibraryMode.REPORT.value,
        show_default=True,
        help="Code that is given its secret by callers: report it, or let it take an assertion as well.",
    ),
    click.option(
        "--environment-credential",
        type=click.Choice(["report", "assertion"]),
        default="report",
        show_default=True,
        help="EnvironmentCredential(): report it, or replace it by an assertion.",
    ),
    _flag("--fix-leftovers", "Remove what sets or reads the secret elsewhere, where that is certain."),
    click.option("--helper-module", metavar="NAME", help="Dotted name of the module for the generated functions."),
    _flag("--inline", "Write the assertion into each file instead of a module."),
    _flag("--check", "Change nothing: exit with 1 if any code signs in with a secret."),
    click.option("--baseline", type=FILE, metavar="FILE", help="Sites that are known: counted, not failed."),
    _flag("--write-baseline", "Write what is found now to the file of --baseline."),
    click.option(
        "--format", "name", type=click.Choice(FORMATS), default="diff", show_default=True, help="What is printed."
    ),
    click.option("--out", type=FILE, metavar="FILE", help="Write it to a file instead of standard output."),
)
