"""Whose application a site belongs to; a guess here would give one application the identity of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codemods.assertion import Application, guid
from codemods.engine.whose import is_literal
from codemods.model import Cloud, ReasonCode, Request, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a run knows: the plan, the application the caller named, or the only one there is.

    ``several`` says that the sites whose source names no application cannot all be of the one the caller named.
    """

    targets: Mapping[str, Target] | None
    app: str | None
    only: str | None = None
    several: bool = False

    def other_tenant(self, application: Application, tenant: str | None) -> bool:
        """Tell whether a site names a tenant that is not the one its application is planned for."""
        target = None if self.targets is None else self.targets.get(_spelled(application.key))
        planned = None if target is None else guid(target.tenant_id)
        return planned is not None and tenant is not None and tenant != planned


def policy_of(request: Request, keys: Iterable[str | None]) -> Policy:
    """Make the policy of a run; ``keys`` stand for the applications of all sites that could be rewritten."""
    app = None if request.app is None else _spelled(request.app)
    different = set(keys)
    several = len({key for key in different if key is not None and guid(key) is None}) > 1
    if request.targets is not None:
        targets = {_spelled(target.client_id): target for target in request.targets}
        return Policy(targets=targets, app=app, several=several)
    return Policy(targets=None, app=app, only=different.pop() if len(different) == 1 else None, several=several)


def decide(policy: Policy, key: str | None, client_id: str | None) -> Application | ReasonCode:
    """Decide on the application of one site.

    With a plan, the client id must be in it; without one, all sites must be of the same application or the caller must
    have named it. ``key`` is the client id or the expression that stands for it.
    """
    asked = client_id is None and (policy.targets is not None or policy.app is not None)
    if key is None or (asked and (policy.app is None or is_literal(key))):
        return ReasonCode.UNKNOWN_APPLICATION
    if asked and policy.several:
        return ReasonCode.SEVERAL_APPLICATIONS
    wanted = client_id if client_id is not None else policy.app
    if policy.targets is not None:
        target = policy.targets.get(wanted or "")
        planned = None if target is None else Application(key=target.client_id, scope=target.audience_scope)
        return planned or ReasonCode.NOT_IN_PLAN
    if policy.app is not None:
        return Application(key=policy.app, scope=Cloud.PUBLIC.scope) if wanted == policy.app else ReasonCode.NOT_IN_PLAN
    return Application(key=key, scope=Cloud.PUBLIC.scope) if key == policy.only else ReasonCode.SEVERAL_APPLICATIONS


def _spelled(client_id: str) -> str:
    return guid(client_id) or client_id.lower()
