"""A plan as a script for bash and Azure CLI. Pure.

Every value is one quoted word (POSIX, "Quoting": nothing inside single quotes is special), so that no name of a tenant
is ever read by the shell; display names stand in quotes and comments alone, without line ends.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from importlib import resources

from migrate.export import notes
from migrate.export.work import Job, NewIdentity, Trust, Work
from migrate.steps import FEDERATED_DESCRIPTION


def render(work: Work) -> str:
    """Return the script; without ``--apply`` it only says what it would do."""
    prelude = resources.files(__package__).joinpath("prelude.sh").read_text("utf-8")
    return "\n".join(["#!/usr/bin/env bash", *notes.head(work, "#"), prelude, *_body(work)]) + "\n"


def _body(work: Work) -> Iterator[str]:
    yield _call("check_tenant", work.plan.tenant_id)
    yield "graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)"
    yield "graph=${graph%/}"
    for job in work.jobs:
        yield ""
        yield from _job(job)
    yield from notes.left(work, "#")
    yield from ("", 'exit "$failed"')


def _job(job: Job) -> Iterator[str]:
    yield _call("job", f"{job.why}, client id {job.application.client_id}")
    for identity in job.identities:
        yield _call("create_identity", *_place(identity))
    for attachment in job.attachments:
        yield _call("attach", attachment.host, attachment.identity)
    for trust in job.trusts:
        yield _federate(job, trust)


def _place(identity: NewIdentity) -> tuple[str, ...]:
    return identity.subscription, identity.resource_group, identity.name, identity.location


def _federate(job: Job, trust: Trust) -> str:
    """Write the call; the principal id of an identity that was just created is put in by the shell."""
    body = {
        "name": trust.name,
        "issuer": trust.issuer,
        "audiences": [trust.audience],
        "description": FEDERATED_DESCRIPTION,
        "subject": trust.subject or "",
    }
    before = _call("federate", job.application.id, trust.name, trust.issuer)
    whole = json.dumps(body)
    if trust.subject is not None:
        return f"{before} {shlex.join([trust.subject, trust.audience, whole])}"
    start, end = whole[: -len('"}')], whole[-len('"}') :]
    return f'{before} "$principal" {shlex.quote(trust.audience)} {shlex.quote(start)}"$principal"{shlex.quote(end)}'


def _call(name: str, *values: str) -> str:
    return f"{name} {shlex.join(values)}"
