"""What ``unsecret rewrite`` prints: a diff or another format on standard output, the rest on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from codemods.model import Changed, Run
from codemods.report import document, findings, left
from codemods.report.context import Context, variables
from codemods.report.verdict import judge
from migrate.cli.rewrite.asking import Asked
from reports.model import Finding
from reports.render import save
from reports.text import visible


def show(asked: Asked, run: Run, context: Context) -> None:
    """Print or write the run in the format that was asked for, and say on standard error what there is to say."""
    content = _content(asked.name, run, context)
    if asked.out is not None:
        from migrate.cli import outputs  # noqa: PLC0415 - it knows what a snapshot is, which takes long to load

        outputs.for_report(asked.out, asked.name, *asked.paths)
        save(content, asked.out)
    elif asked.name == "diff" and sys.stdout is not None and sys.stdout.isatty():
        for line in content.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n"):
            click.echo("\t".join(map(visible, line.split("\t"))))
    else:
        click.echo(content, nl=False)
    if asked.name == "diff" or asked.out is not None:
        for line in _lines(run, context):
            click.echo(visible(line), err=True)
    click.echo(_summary(run, context), err=True)


def _content(name: str, run: Run, context: Context) -> bytes:
    accepted = context.compared.accepted
    if name == "json":
        from codemods.report.data import render as as_json  # noqa: PLC0415 - each format loads its own

        return as_json(run, context)
    if name == "markdown":
        from codemods.report.pull_request import render as as_markdown  # noqa: PLC0415 - the same

        return as_markdown(run, context)
    if name == "sarif":
        from reports.formats.to_sarif import left_out  # noqa: PLC0415 - the same
        from reports.formats.to_sarif import render as as_sarif  # noqa: PLC0415 - the same

        whole = document(run, accepted=accepted, rewritable=not context.applied)
        for text in left_out(whole):
            click.echo(f"sarif: {text}", err=True)
        return as_sarif(whole)
    return run.diff.encode("utf-8", "surrogateescape")


def _lines(run: Run, context: Context) -> Iterator[str]:
    """Say what needs a person, tests apart, then what is gone from the baseline and what must be set."""
    found = findings(run, accepted=context.compared.accepted)
    news = [finding for finding in found if not finding.accepted]
    yield from (_line(finding) for finding in news if not finding.group)
    apart = [finding for finding in news if finding.group]
    if apart:
        yield "in tests, documentation and mocks:"
        yield from (f"  {_line(finding)}" for finding in apart)
    yield from left.lines(run, context)
    for entry in context.compared.vanished:
        yield f"{entry.mark.path}: {entry.rule}: gone; --write-baseline takes it out of the baseline"
    for one in variables(run, context):
        yield f"where {one.path} runs, set {one.name}={one.value or 'CLIENT_ID_OF_THE_MANAGED_IDENTITY'}"


def _line(finding: Finding) -> str:
    place = f"{finding.location.path}:{finding.location.line}: " if finding.location else ""
    return f"{place}{finding.rule}: {finding.message}" + (f"; {finding.advice}" if finding.advice else "")


def _summary(run: Run, context: Context) -> str:
    open_ = judge(run, context)
    known = len(context.compared.accepted)
    rest = (f", {known} in the baseline" if known else "") + f", {len(open_.failed)} files failed"
    if context.check:
        left_ = f", {len(open_.leftovers)} places that set or need one that is gone" if open_.leftovers else ""
        return f"{run.scanned} files read: {len(open_.sites)} sign-ins with a secret{left_}{rest}"
    written = any(isinstance(file, Changed) and file.written for file in run.files)
    done = "rewritten" if written else "can be rewritten (--apply does it)"
    breaking = sum(each.kind.holds for each in left.staying(run))
    rest += f", {breaking} places break without the secret" if breaking else ""
    return f"{run.scanned} files read: {len(run.rewritten)} sign-ins {done}, {len(open_.sites)} reported{rest}"
