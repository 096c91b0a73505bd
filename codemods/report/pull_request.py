"""A run as the body of a pull request (GitHub Flavored Markdown): what changed, what is left, what to check.

Everything that comes from source code is escaped by ``reports.formats.to_markdown``. A body may have 65,536 characters
(GitHub refuses a longer one): tables are cut, and say by how much.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Final

from codemods.leftover import Leftover
from codemods.model import AlreadyAssertion, Category, Reported, Rewritten, Run, SiteOutcome
from codemods.report import left
from codemods.report.context import Context, variables
from codemods.report.fingerprints import marks
from reports.formats.to_markdown import render as markdown
from reports.model import Align, Cell, Column, Document, Fact, Table

_LONGEST: Final = 65_000
_UNKNOWN: Final = "client id of the identity"
_LINE = Column(key="line", title="Line", align=Align.RIGHT)
_FILE = Column(key="path", title="File")
_Rows = Iterable[tuple[Cell, ...]]


def render(run: Run, context: Context) -> bytes:
    """Return the Markdown of a run."""
    whole = Document(
        title="Sign in with managed identities instead of secrets",
        as_of=None,
        facts=tuple(Fact(label=label, value=value) for label, value in _facts(run, context)),
        tables=tuple(table for table in _tables(run, context) if table.rows),
    )
    checks = "\n".join(f"- [ ] {text}" for text in _checks(run))
    tail = f"\n## Before this is merged\n\n{checks}\n".encode()
    most = max((len(table.rows) for table in whole.tables), default=0)
    while True:
        body = markdown(dataclasses.replace(whole, tables=tuple(_cut(table, most) for table in whole.tables)))
        if len(body) + len(tail) <= _LONGEST or not most:
            return body + tail
        most = min(most - 1, most * 2 // 3)


def _facts(run: Run, context: Context) -> Iterator[tuple[str, int]]:
    if not context.check:
        yield "Sign-ins rewritten" if context.applied else "Sign-ins that can be rewritten", len(run.rewritten)
    yield (
        "Sign-ins with a secret" if context.check else "Places that need a person",
        sum(_is_code(outcome) for outcome in run.reported),
    )
    yield "Places in tests, documentation and mocks", sum(not _is_code(outcome) for outcome in run.sites)
    yield "Sign-ins that send an assertion already", sum(isinstance(outcome, AlreadyAssertion) for outcome in run.sites)
    if context.compared.accepted:
        yield "Places in the baseline", len(context.compared.accepted)
    yield "Files that could not be read or changed", len(run.failed)
    yield "Files read", run.scanned


def _tables(run: Run, context: Context) -> Iterator[Table]:
    yield _table(
        "Variables to set",
        (_FILE, _column("Variable"), _column("Value"), _column("Application")),
        (
            (one.path, one.name, one.value or "client id of the identity", one.application)
            for one in variables(run, context)
        ),
        note="Where the program that imports the file runs, the variable names the managed identity that acts for it.",
    )
    yield _table("What changed", (_FILE, _LINE, *map(_column, _CHANGED)), _changed(run))
    literal = [outcome.site for outcome in run.sites if outcome.site.literal_secret]
    yield _table(
        "Secrets in the source",
        (_FILE, _LINE, _column("Argument of")),
        ((site.path, site.line, site.construct) for site in literal),
        note="They stay in the history of the repository: treat them as leaked, and remove the credentials.",
    )
    yield _table("What needs a person", (_FILE, _LINE, *map(_column, _NEEDS)), _needs(run, context))
    yield from _left(run, context)
    failed = ((one.path, one.error.line, one.error.code, str(one.error)) for one in run.failed)
    yield _table("Files that failed", (_FILE, _LINE, _column("Reason"), _column("What happened")), failed)
    apart = ((one.site.path, one.site.line, one.site.construct, _kind(one)) for one in run.sites if not _is_code(one))
    columns = (_FILE, _LINE, _column("Construct"), _column("Kind"))
    yield _table("Tests, documentation and mocks", columns, apart)
    gone = ((one.mark.path, one.construct, one.rule) for one in context.compared.vanished)
    yield _table("Gone from the baseline", (_FILE, _column("Construct"), _column("Rule")), gone)


_CHANGED = ("Sign-in", "Application", "Secret came from", "Compared and the same", "Note")
_NEEDS = ("Construct", "Reason", "What was seen", "What to do", "For example")


_LEFT = ("Application", "Kind", "Name", "What happens", "What to do")


def _left(run: Run, context: Context) -> Iterator[Table]:
    """List what is left when the secret is gone, application by application, and the releases that are needed."""
    stays = [each for group in left.by_application(left.staying(run)).values() for each in group]
    columns = (_column(_LEFT[0]), _FILE, _LINE, *map(_column, _LEFT[1:]))
    breaking = [each for each in stays if each.kind.holds]
    yield _table("What still breaks when the secret is gone", columns, (_leftover(each, context) for each in breaking))
    setting = [each for each in stays if not each.kind.holds]
    note = "Nothing fails by it. Delete a variable, never blank it."
    yield _table("What still sets the secret", columns, (_leftover(each, context) for each in setting), note=note)
    gone = ((each.path, each.line, each.kind.value, each.name) for each in run.leftovers if each.dead)
    yield _table("Leftovers that are removed", (_FILE, _LINE, _column("Kind"), _column("Name")), gone)
    declared = (
        (one.path, one.line, one.package, left.seen(one)) for file in run.requirements for one in file.requirements
    )
    yield _table("Releases that are needed", (_FILE, _LINE, _column("Package"), _column("What was seen")), declared)


def _leftover(each: Leftover, context: Context) -> tuple[Cell, ...]:
    seen = f"{each.breaks}; it stays: {each.kept}" if each.kept else each.breaks
    return left.named(each.application, context), each.path, each.line, each.kind.value, each.name, seen, each.advice


def _changed(run: Run) -> _Rows:
    for outcome in run.rewritten:
        site = outcome.site
        same = ", ".join(each.what for each in outcome.compared)
        yield site.path, site.line, site.construct, outcome.application, site.secret_source, same, outcome.note


def _needs(run: Run, context: Context) -> _Rows:
    for outcome, mark in zip(run.sites, marks(run), strict=True):
        site = outcome.site
        if isinstance(outcome, Reported) and _is_code(outcome) and mark not in context.compared.accepted:
            seen = f"{outcome.reason.meaning}" + (f" ({outcome.detail})" if outcome.detail else "")
            yield site.path, site.line, site.construct, outcome.reason.value, seen, outcome.advice, outcome.target


def _checks(run: Run) -> Iterator[str]:
    if run.rewritten:
        yield "In each file only the credential, its import and what read the secret changed."
        yield "Each application under *What changed* is the one that the code is meant to sign in as."
        yield "Its federated credential exists, and `unsecret verify` proved the exchange where the code runs."
        yield "The variables above are set in every environment where the code runs."
        yield "What is installed there has azure-identity 1.17 or later, and msal 1.23 or later if msal is used."
        yield "No secret is removed by hand: `unsecret retire` does it when nothing needs it any more."
    if any(isinstance(outcome, Reported) and _is_code(outcome) for outcome in run.sites):
        yield "Each place under *What needs a person* has somebody who takes it on."
    if any(each.kind.holds for each in left.staying(run)):
        yield "Each place under *What still breaks when the secret is gone* is mended before the secret is removed."
    if any(each.dead for each in run.leftovers):
        yield "No program outside this repository is given one of the variables under *Leftovers that are removed*."
    if any(outcome.site.literal_secret for outcome in run.sites):
        yield "The secrets in the source are treated as leaked."
    if not run.sites:
        yield "Nothing to check: no place signs in to Entra."


def _is_code(outcome: SiteOutcome) -> bool:
    return outcome.site.category is Category.CODE


def _kind(outcome: SiteOutcome) -> str:
    done = ", rewritten" if isinstance(outcome, Rewritten) else ""
    return f"{outcome.site.category.value}{done}"


def _column(title: str) -> Column:
    return Column(key=title, title=title)


def _table(title: str, columns: tuple[Column, ...], rows: _Rows, note: str = "") -> Table:
    return Table(name=title, title=title, columns=columns, rows=tuple(rows), note=note)


def _cut(table: Table, most: int) -> Table:
    if len(table.rows) <= most:
        return table
    told = f"{table.note} {len(table.rows) - most} more are left out here.".strip()
    return dataclasses.replace(table, rows=table.rows[:most], note=told)
