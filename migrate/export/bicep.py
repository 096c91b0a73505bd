"""A plan as Bicep with the Microsoft Graph extension. Pure.

Strings are in single quotes (Bicep, "Data types: strings"): quote, backslash, line ends and ``${`` are escaped, so that
nothing in a name is ever evaluated. An application is known to the extension by its ``uniqueName`` alone ("Onboard
existing Microsoft Graph resources for use in Bicep templates"), which one that was made elsewhere lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.export import attaching, notes
from migrate.export.work import Attachment, Job, NewIdentity, Trust, Work
from migrate.steps import FEDERATED_DESCRIPTION

_NOT_NAME = re.compile(r"[^A-Za-z0-9]+")
_ESCAPES = {"'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_IDENTITY_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31"
_TRUST_TYPE = "Microsoft.Graph/applications/federatedIdentityCredentials@v1.0"
_EXTENSION = "br:mcr.microsoft.com/bicep/extensions/microsoftgraph/v1.0:1.0.0"


def render(work: Work) -> str:
    """Return a template for a resource group; it is deployed once in each group that gets an identity."""
    return "\n".join(_lines(work)) + "\n"


def quoted(text: str) -> str:
    """Return a string of Bicep that means exactly this text."""
    inner = "".join(_escaped(character) for character in text)
    return f"'{inner.replace('${', chr(92) + '${')}'"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"


def _lines(work: Work) -> Iterator[str]:
    yield from notes.head(work, "//", attaches=False)
    yield from _how(work)
    yield from ("", "targetScope = 'resourceGroup'", "extension microsoftGraphV1", "")
    yield from _unique_names(work)
    yield "var here = toLower('${subscription().subscriptionId}/${resourceGroup().name}')"
    for job in work.jobs:
        yield from ("", f"// {job.why}")
        for identity in job.identities:
            yield from _identity(identity)
        for attachment in job.attachments:
            yield from _attachment(attachment)
        for trust in job.trusts:
            yield from _trust(job, trust)
    yield from notes.left(work, "//")


def _how(work: Work) -> Iterator[str]:
    yield f'// bicepconfig.json beside it: {{"extensions": {{"microsoftGraphV1": "{_EXTENSION}"}}}}'
    groups = sorted({(one.subscription, one.resource_group) for one in work.identities})
    if groups:
        yield "// Deploy it once in each of these resource groups (az deployment group create):"
        yield from (f"//   {quoted(group)} of subscription {quoted(subscription)}" for subscription, group in groups)
    else:
        yield "// Deploy it in any one resource group (az deployment group create): it makes nothing there."


def _unique_names(work: Work) -> Iterator[str]:
    yield "// The extension finds an application by its uniqueName. Give it to those that have none, once:"
    yield "//   az rest --method patch --url https://graph.microsoft.com/v1.0/applications/OBJECT-ID \\"
    yield """//     --headers Content-Type=application/json --body '{"uniqueName": "CLIENT-ID"}'"""
    yield "@description('uniqueName of each application, by client id')"
    yield "param uniqueNames object = {"
    for job in work.jobs:
        if job.trusts:
            client_id = quoted(job.application.client_id)
            yield f"  {client_id}: {client_id} // object id {quoted(job.application.id)}"
    yield "}"


def _identity(identity: NewIdentity) -> Iterator[str]:
    yield f"resource {_symbol(identity)} '{_IDENTITY_TYPE}' = if ({_here(identity)}) {{"
    yield f"  name: {quoted(identity.name)}"
    yield f"  location: {quoted(identity.location)}"
    yield "}"


def _attachment(attachment: Attachment) -> Iterator[str]:
    """Say what to attach: the host's own resource states its identities, and two that did would undo each other."""
    yield f"// Not done here: attach it to {quoted(attachment.host)}"
    yield "//   Where a template declares that host, in its identity, beside those it has:"
    yield f"//     userAssignedIdentities: {{ {quoted(attachment.identity)}: {{}} }}"
    yield "//     type: 'UserAssigned', or 'SystemAssigned, UserAssigned' where it has a system-assigned one"
    command = attaching.command(attachment)
    if command:
        yield "//   Where none does, after the identity is there:"
        yield f"//     {command}"


def _trust(job: Job, trust: Trust) -> Iterator[str]:
    condition = f"if ({_here(trust.created)}) " if trust.created else ""
    symbol = f"trust_{_slug(job.application.client_id)}_{_slug(trust.name)}"
    unique = f"${{uniqueNames[{quoted(job.application.client_id)}]}}"
    subject = f"{_symbol(trust.created)}!.properties.principalId" if trust.created else quoted(trust.subject or "")
    yield f"resource {symbol} '{_TRUST_TYPE}' = {condition}{{"
    yield f"  name: '{unique}/{quoted(trust.name)[1:-1]}'"
    yield f"  description: {quoted(FEDERATED_DESCRIPTION)}"
    yield f"  audiences: [{quoted(trust.audience)}]"
    yield f"  issuer: {quoted(trust.issuer)}"
    yield f"  subject: {subject}"
    yield "}"


def _here(identity: NewIdentity) -> str:
    return f"here == {quoted(f'{identity.subscription}/{identity.resource_group}'.lower())}"


def _symbol(identity: NewIdentity) -> str:
    return f"id_{_slug(identity.name)}_{identity.short}"


def _slug(text: str) -> str:
    return _NOT_NAME.sub("_", text).lower()
