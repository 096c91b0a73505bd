"""What ``unsecret rewrite`` is asked for: its options as one value, and what does not go together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from codemods.model import LibraryMode, Request
from migrate.clientid import client_id

FORMATS = ("diff", "json", "sarif", "markdown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the command, under the names that click gives them."""

    paths: tuple[Path, ...]
    plan_file: Path | None
    app: str | None
    identity: str | None
    apply: bool
    forget: bool
    take_back: str | None
    check: bool
    baseline: Path | None
    write_baseline: bool
    include_tests: bool
    library_mode: str
    helper_module: str | None
    inline: bool
    notebooks: bool
    environment_credential: str
    fix_leftovers: bool
    uncommitted: bool
    name: str
    out: Path | None

    def request(self) -> Request:
        """Return what the codemods are asked, without what only a plan says."""
        return Request(
            paths=self.paths,
            app=self.app,
            apply=self.apply,
            include_tests=self.include_tests,
            library_mode=LibraryMode(self.library_mode),
            helper_module=self.helper_module,
            inline=self.inline,
            notebooks=self.notebooks,
            environment_credential=self.environment_credential == "assertion",
            fix_leftovers=self.fix_leftovers,
            uncommitted=self.uncommitted,
        )


def refuse(asked: Asked) -> None:
    """Refuse options that do not go together and ids that are none; raises click.UsageError."""
    context = click.get_current_context()
    for option, value in (("--app", asked.app), ("--identity", asked.identity)):
        by_name = option == "--app" and asked.plan_file is not None  # the plan knows applications by other words, too
        if value is not None and not by_name and client_id(value) is None:
            raise click.BadParameter(f"{value!r} is no client id", context, param_hint=option)
    wrong = (
        (
            asked.take_back is not None and not (asked.take_back.strip() and asked.plan_file),
            "--take-back needs a reason, which the journal keeps, and --plan",
        ),
        (asked.take_back is not None and asked.forget, "--take-back and --forget exclude each other"),
        (asked.take_back is not None and (asked.apply or asked.check), "--take-back looks at no code: without options"),
        (asked.identity and asked.plan_file, "--identity: the plan says which identity acts for the application"),
        (asked.identity and not asked.app, "--identity needs --app: the application that the identity acts for"),
        (asked.inline and asked.helper_module, "--inline and --helper-module exclude each other"),
        (asked.check and asked.apply, "--check and --apply exclude each other: a check changes nothing"),
        (asked.check and asked.plan_file, "--check and --plan exclude each other: a check asks for every application"),
        (asked.write_baseline and asked.apply, "--write-baseline and --apply exclude each other"),
        (asked.write_baseline and asked.plan_file, "--write-baseline and --plan exclude each other"),
        (asked.write_baseline and not asked.baseline, "--write-baseline needs --baseline FILE: where it is written"),
    )
    for given, message in wrong:
        if given:
            raise click.UsageError(message, context)
