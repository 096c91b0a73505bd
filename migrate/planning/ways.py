"""Steps of the way that does work, where an existing identity cannot simply be trusted. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from shlex import quote

from inventory.estate import Host
from inventory.model import Application, FederatedCredential
from migrate.model import ApplicationRef, IdentityRef, Pairing
from migrate.planning.facts import Facts
from migrate.planning.federated import federated_name
from migrate.steps import Action, DirectTrust, Step, step

_NOT_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST = 60
"""Of the application's name in an identity's, which may have 3 to 128 characters ("Naming rules", Azure)."""


def new_identity(application: Application | ApplicationRef, hosts: Sequence[Host], facts: Facts) -> tuple[Step, ...]:
    """Create an identity beside the first host, attach it to every host, and trust it.

    Its name ends in the client id's first part, so that applications of one name get two identities.
    """
    name = f"id-{_slug(application.display_name)}-{application.client_id[:8]}"
    home = hosts[0]
    group = f"/subscriptions/{home.subscription_id}/resourceGroups/{home.resource_group}"
    resource = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    made = step(
        Action.CREATE_IDENTITY,
        resource,
        f"create the user-assigned identity {name} in the resource group {home.resource_group}",
        identity=resource,
        location=home.location,
    )
    trust = DirectTrust(name=f"unsecret-{name}", issuer=facts.issuer, subject=None, audience=facts.audience)
    text = f"let {application.display_name} trust {name}: its principal id is the subject"
    return (made, *_attach(resource, name, hosts), step(Action.CREATE_FEDERATED, application.id, text, federated=trust))


def attach(identity: IdentityRef, hosts: Iterable[Host]) -> tuple[Step, ...]:
    """Attach an existing identity to hosts; scan and plan again afterwards, and it is paired."""
    return _attach(identity.resource_id or identity.principal_id, identity.name, hosts)


def _attach(resource: str, name: str, hosts: Iterable[Host]) -> tuple[Step, ...]:
    return tuple(
        step(Action.ATTACH_IDENTITY, host.resource_id, f"attach {name} to {host.name}", identity=resource)
        for host in hosts
    )


def split(apart: Sequence[Pairing], facts: Facts) -> tuple[Step, ...]:
    """Give applications that the same hosts use an identity of their own."""
    first, *others = apart
    hosts = [one.host for one in facts.running(first.application.client_id)]
    if not hosts:
        return ()
    steps = new_identity(first.application, hosts, facts)
    trust = steps[-1]
    more = (
        step(
            Action.CREATE_FEDERATED,
            one.application.id,
            f"let {one.application.display_name} trust the same identity",
            federated=trust.federated,
        )
        for one in others
    )
    return (*steps, *more)


def direct(application: Application, facts: Facts, *, issuer: str | None, subject: str | None, what: str) -> Step:
    """Let the application trust an outside issuer itself, without an identity between."""
    name = f"unsecret-{_slug(what)}"
    trust = DirectTrust(name=name, issuer=issuer, subject=subject, audience=facts.audience)
    told = "" if issuer and subject else "; name issuer and subject with [[runs]] in unsecret.toml"
    text = f"let {application.display_name} trust {what} directly{told}"
    return step(Action.CREATE_FEDERATED, application.id, text, federated=trust)


def replaced(application: Application, identity: IdentityRef, facts: Facts) -> tuple[Step, ...]:
    """Delete federated credentials that stand where the right one has to: of its name or subject, and not right.

    No command does this. A secret is removed because its callers were seen with the federated credential that replaced
    it; nothing replaces this one, so that its callers cannot be seen with anything. What is left, a log, shows who used
    it, never that nobody will.
    """
    return tuple(
        step(
            Action.DELETE_FEDERATED,
            application.id,
            _by_hand(application, one),
            federated=DirectTrust(
                name=one.name, issuer=one.issuer, subject=one.subject, audience=", ".join(one.audiences)
            ),
        )
        for one in application.federated or ()
        if one.name == federated_name(identity) or (one.issuer, one.subject) == (facts.issuer, identity.principal_id)
    )


def _by_hand(application: Application, one: FederatedCredential) -> str:
    """Say what a person has to find out, and the exact commands there and back (Azure CLI, "az ad app ...")."""
    audience = ", ".join(one.audiences)
    what = f"issuer {one.issuer}, subject {one.subject or one.expression or 'unknown'}, audience {audience}"
    az = f"az ad app federated-credential {{}} --id {quote(application.id)}"
    back = "back: it is a flexible one, create it again with Graph beta"
    if one.subject is not None:
        body = {"name": one.name, "issuer": one.issuer, "subject": one.subject, "audiences": list(one.audiences)}
        back = f"back: {az.format('create')} --parameters {quote(json.dumps(body))}"
    return (
        f"delete the federated credential {one.name} of {application.display_name} when you know that nobody needs it, "
        f"which no log can show: {az.format('delete')} --federated-credential-id {quote(one.id)}; it has {what}; its "
        f"sign-ins are those with federatedCredentialId {one.id} in auditLogs/signIns (beta); {back}"
    )


def abandon(application: Application) -> tuple[Step, ...]:
    """Deactivate, which can be taken back at any time, and only later delete, which can for 30 days."""
    name = application.display_name
    return (
        step(Action.DEACTIVATE, application.id, f"deactivate {name} (isDisabled): no new tokens, everything is kept"),
        step(Action.DELETE_APPLICATION, application.id, f"delete {name} when nobody has missed it"),
    )


def _slug(text: str) -> str:
    return _NOT_NAME.sub("-", text.casefold()).strip("-")[:_LONGEST].strip("-") or "application"
