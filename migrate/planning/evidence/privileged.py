"""Applications that hold roles over the tenant: names and tags alone are not enough for those.

Who may create identities in any subscription may give them any name and tag, and would get the roles with the trust.
Where the application runs, or signs in from, is not for such a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from inventory.model import ClientId, PrincipalId
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage


def _hints(facts: Facts, pairs: Pairs) -> Iterator[Hint]:
    for application in facts.applications if facts.privileged else ():
        role = facts.privileged.get(application.client_id)
        shown = _shown(facts, application.client_id) if role else set()
        for identity in pairs.get(application.client_id, ()) if role else ():
            if identity not in shown:
                reason = f"it holds {role}, and nothing but names and tags speaks for this identity"
                yield Hint(application.client_id, identity, 0, reason, doubtful=True)


def _shown(facts: Facts, client_id: ClientId) -> set[PrincipalId]:
    """Return the identities of hosts whose settings name the application, or from whose addresses it signs in."""
    hosts = [one.host for one in facts.running(client_id) if not one.tagged]
    hosts += [host for address in facts.addresses.get(client_id, ()) for host in facts.by_address.get(address, ())]
    return {identity for host in hosts for identity in facts.attached(host)}


EVIDENCE = Evidence(name="privileged", stage=Stage.JUDGES, hints=_hints)
