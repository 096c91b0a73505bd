"""What a person should look at in a snapshot: credentials and their holders that are not as they should be. Pure.

The rules are in ``hygiene_rules``; what is unknown is never taken for a fault, and said where it hides one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from inventory.classify import reconciled
from inventory.hygiene_context import STANDARD, Context, Thresholds, in_force, label
from inventory.hygiene_credentials import Untold, dates, names, uses
from inventory.hygiene_federated import Trust, federated
from inventory.hygiene_holders import origin, owners, placed, privileged, several
from inventory.model import Application, ServicePrincipal, Snapshot
from reports.model import Finding

__all__ = ["STANDARD", "Thresholds", "Untold", "findings", "in_force", "label"]


def findings(
    snapshot: Snapshot,
    thresholds: Thresholds = STANDARD,
    creators: Mapping[str, Application | ServicePrincipal] | None = None,
    untold: Untold | None = None,
) -> tuple[Finding, ...]:
    """Return all findings, those about single credentials first; times are judged at ``taken_at``.

    For a piece of a snapshot ``creators`` are those of the whole: by client id, what registers applications. ``untold``
    then counts the credentials whose use is unknown, over all pieces, and no finding here speaks of them.
    """
    snapshot = reconciled(snapshot)
    context = Context.of(snapshot, thresholds, creators)
    holders: tuple[Application | ServicePrincipal, ...] = (*snapshot.applications, *snapshot.service_principals)
    held = [(holder, credential) for holder in holders for credential in holder.credentials]
    counted = Untold() if untold is None else untold
    single = chain.from_iterable((*dates(context, *one), *names(context, *one)) for one in held)
    unused = tuple(uses(context, held, counted))
    unknown = counted.findings() if untold is None else ()
    return (*single, *unused, *unknown, *_about_holders(context))


def _about_holders(context: Context) -> list[Finding]:
    snapshot = context.snapshot
    trust = Trust.of(snapshot)
    found: list[Finding] = []
    for application in snapshot.applications:
        found += (*owners(context, application), *origin(context, application))
        found += (*several(context, application), *privileged(context, application))
        found += (each for one in application.federated or () for each in federated(application, one, trust))
    for principal in snapshot.service_principals:
        found += placed(context, principal)
        if principal.client_id not in context.applications:
            found += (*several(context, principal), *privileged(context, principal))
    return found
