"""Whose application a site belongs to; a guess here would give one application the identity of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codemods.assertion import Application
from codemods.model import Cloud, ReasonCode, Request, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a run knows: the plan, the application the caller named, or the only one there is."""

    targets: Mapping[str, Target] | None
    app: str | None
    only: str | None = None


def policy_of(request: Request, keys: Iterable[str | None]) -> Policy:
    """Make the policy of a run; ``keys`` stand for the applications of all sites that could be rewritten."""
    app = None if request.app is None else request.app.lower()
    if request.targets is not None:
        return Policy(targets={target.client_id.lower(): target for target in request.targets}, app=app)
    different = set(keys)
    return Policy(targets=None, app=app, only=different.pop() if len(different) == 1 else None)


def decide(policy: Policy, key: str | None, client_id: str | None) -> Application | ReasonCode:
    """Decide on the application of one site.

    With a plan, the client id must be in it; without one, all sites must be of the same application or the caller must
    have named it. ``key`` is the client id or the expression that stands for it.
    """
    wanted = client_id.lower() if client_id is not None else policy.app
    if policy.targets is not None:
        if wanted is None:
            return ReasonCode.UNKNOWN_APPLICATION
        target = policy.targets.get(wanted)
        if target is None:
            return ReasonCode.NOT_IN_PLAN
        return Application(key=target.client_id, scope=target.audience_scope)
    if policy.app is not None:
        return Application(key=policy.app, scope=Cloud.PUBLIC.scope) if wanted == policy.app else ReasonCode.NOT_IN_PLAN
    if key is None:
        return ReasonCode.UNKNOWN_APPLICATION
    return Application(key=key, scope=Cloud.PUBLIC.scope) if key == policy.only else ReasonCode.SEVERAL_APPLICATIONS
