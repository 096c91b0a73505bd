"""``unsecret.toml``, as the commands that take ``--policy`` read it."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import click

from migrate import policyfile
from migrate.circumstances import RetirePolicy
from migrate.cli.options import FILE
from migrate.errors import PolicyError
from migrate.model import Plan
from migrate.planning.decisions import NOTHING, Decisions


def policy_option(function: Any) -> Any:
    """Give a command ``--policy``."""
    told = f"What people decided; the default is {policyfile.NAME} in this folder, if it is there."
    return click.option("--policy", type=FILE, help=told)(function)


def decisions(path: Path | None, plan: Path | None = None) -> Decisions:
    """Read what people decided; a file that was not asked for may be missing. Raises PolicyError."""
    found = _found(path, plan)
    return policyfile.read(found) if found else policyfile.sealed(NOTHING)


def _found(path: Path | None, plan: Path | None = None) -> Path | None:
    """Return the file that rules: the named one, else that of this folder, else that beside the plan.

    A link that leads nowhere is one that cannot be read: without what people decided removals are judged more laxly.
    """
    usual = [Path(policyfile.NAME)] + ([plan.parent / policyfile.NAME] if plan else [])
    return path or next((each for each in usual if os.path.lexists(each)), None)


def ruling(path: Path | None, plan: Path) -> str:
    """Say what removals of a plan are judged by."""
    return f"judged by {found}" if (found := _found(path, plan)) else f"judged without an {policyfile.NAME}"


def retirement(
    path: Path | None, plan: Path, *, unused_days: int | None = None, most: int | None = None
) -> RetirePolicy:
    """Read what removals of a plan are judged by; options can make it stricter, never laxer. Raises PolicyError."""
    found = _found(path, plan)
    rules = policyfile.read_retirement(found) if found else RetirePolicy()
    policy = rules.policy
    limits = [each for each in (most, policy.per_run) if each is not None]
    stricter = dataclasses.replace(
        policy, unused_days=max(unused_days or 0, policy.unused_days), per_run=min(limits, default=None)
    )
    return dataclasses.replace(rules, policy=stricter)


def check_names(path: Path | None, plan_file: Path, plan: Plan) -> None:
    """Refuse an exclusion that protects nobody, as it is misspelt; raises PolicyError.

    What the plan was made with was looked up in the snapshot then.
    """
    found = _found(path, plan_file)
    if found is None or policyfile.read(found).digest == plan.policy_digest:
        return
    named = [*(each.application for each in plan.pairings), *(each.application for each in plan.refusals)]
    known = {text.casefold() for each in named for text in (each.client_id, each.id, each.display_name)}
    for at, one in enumerate(policyfile.read(found).excludes):
        if one.application.casefold() not in known:
            raise PolicyError(
                f"{found}: exclude[{at}].application: the plan has no {one.application!r}: correct it, or scan and "
                "plan again with it"
            )
