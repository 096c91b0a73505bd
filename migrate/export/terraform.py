"""A plan as Terraform configuration: azuread for federated credentials, azurerm for new identities. Pure.

Strings are quoted templates of HCL ("Native Syntax Specification", template expressions): quotes, backslashes and line
ends are escaped, and ``${`` and ``%{`` doubled, so that nothing in a name is ever evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inventory.cloud import Cloud
from migrate.export import attaching, notes
from migrate.export.work import Attachment, Job, NewIdentity, Trust, Work
from migrate.steps import FEDERATED_DESCRIPTION

_NOT_LABEL = re.compile(r"[^A-Za-z0-9]+")
_ENVIRONMENTS = {Cloud.PUBLIC: "public", Cloud.USGOV: "usgovernment", Cloud.CHINA: "china"}
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def render(work: Work) -> str:
    """Return the configuration: a folder of its own, or a part of one that has the providers already."""
    return "\n".join(_lines(work)) + "\n"


def quoted(text: str) -> str:
    """Return a string of HCL that means exactly this text."""
    inner = "".join(_escaped(character) for character in text)
    return f'"{inner.replace("${", "$${").replace("%{", "%%{")}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"  # noqa: PLR2004


def _lines(work: Work) -> Iterator[str]:
    yield from notes.head(work, "#", attaches=False)
    yield ""
    yield from _providers(work)
    for job in work.jobs:
        yield ""
        yield f"# {job.why}"
        for identity in job.identities:
            yield from _identity(identity)
        for attachment in job.attachments:
            yield from _attachment(attachment, job)
        for trust in job.trusts:
            yield from _trust(job, trust)
    yield from notes.left(work, "#")


def _providers(work: Work) -> Iterator[str]:
    cloud = quoted(_ENVIRONMENTS[work.plan.cloud])
    subscriptions = sorted({one.subscription for one in work.identities})
    yield "terraform {"
    yield "  required_providers {"
    yield '    azuread = { source = "hashicorp/azuread", version = ">= 3.0" }'
    if subscriptions:
        yield '    azurerm = { source = "hashicorp/azurerm", version = ">= 4.0" }'
    yield from ("  }", "}", "")
    yield from _block('provider "azuread"', tenant_id=quoted(work.plan.tenant_id), environment=cloud)
    for subscription in subscriptions:
        yield ""
        yield from _block(
            'provider "azurerm"',
            "  features {}",
            alias=quoted(_alias(subscription)),
            tenant_id=quoted(work.plan.tenant_id),
            subscription_id=quoted(subscription),
            environment=cloud,
        )


def _identity(identity: NewIdentity) -> Iterator[str]:
    yield from _block(
        f'resource "azurerm_user_assigned_identity" {quoted(_label(identity))}',
        provider=f"azurerm.{_alias(identity.subscription)}",
        name=quoted(identity.name),
        location=quoted(identity.location),
        resource_group_name=quoted(identity.resource_group),
    )


def _attachment(attachment: Attachment, job: Job) -> Iterator[str]:
    """Say what to attach: the host's own resource states its identities, and two that did would undo each other."""
    made = next((one for one in job.identities if one.resource_id == attachment.identity), None)
    value = f"azurerm_user_assigned_identity.{_label(made)}.id" if made else quoted(attachment.identity)
    yield f"# Not done here: attach it to {quoted(attachment.host)}"
    yield "#   Where Terraform configures that host, in its block identity, beside those it has:"
    yield f"#     identity_ids = [{value}]"
    command = attaching.command(attachment)
    if command:
        yield "#   Where it does not, after the identity is there:"
        yield f"#     {command}"


def _trust(job: Job, trust: Trust) -> Iterator[str]:
    label = f"app_{_slug(job.application.client_id)}_{_slug(trust.name)}"
    subject = f"azurerm_user_assigned_identity.{_label(trust.created)}.principal_id" if trust.created else None
    yield from _block(
        f'resource "azuread_application_federated_identity_credential" {quoted(label)}',
        application_id=quoted(f"/applications/{job.application.id}"),
        display_name=quoted(trust.name),
        description=quoted(FEDERATED_DESCRIPTION),
        audiences=f"[{quoted(trust.audience)}]",
        issuer=quoted(trust.issuer),
        subject=subject or quoted(trust.subject or ""),
    )


def _block(head: str, *more: str, **arguments: str) -> Iterator[str]:
    width = max(map(len, arguments))
    yield f"{head} {{"
    yield from (f"  {name:{width}} = {value}" for name, value in arguments.items())
    yield from more
    yield "}"


def _label(identity: NewIdentity) -> str:
    return f"id_{_slug(identity.name)}_{identity.short}"


def _alias(subscription: str) -> str:
    return f"s_{_slug(subscription)}"


def _slug(text: str) -> str:
    return _NOT_LABEL.sub("_", text).lower()
