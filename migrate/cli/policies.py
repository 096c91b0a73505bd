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
from migrate.naming import Named
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


def ruling(path: Path | None, plan_file: Path, plan: Plan) -> str:
    """Say what removals of a plan are judged by; raises PolicyError."""
    found = _found(path, plan_file)
    policy = _today(found).policy
    told = ", ".join(str(each) for each in plan.retire if policy.bound([each]) != policy)
    judged = f"judged by {found}" if found else f"judged without an {policyfile.NAME}"
    return f"{judged}, and by what is stricter in the one that the plan was made with ({told})" if told else judged


def retirement(
    path: Path | None, plan_file: Path, plan: Plan, *, unused_days: int | None = None, most: int | None = None
) -> RetirePolicy:
    """Read what removals of a plan are judged by: the file of today, and ``[retire]`` as the plan was made with.

    Options can make it stricter, never laxer. Raises PolicyError.
    """
    rules = _today(_found(path, plan_file))
    policy = rules.policy.bound(plan.retire)
    limits = [each for each in (most, policy.per_run) if each is not None]
    stricter = dataclasses.replace(
        policy, unused_days=max(unused_days or 0, policy.unused_days), per_run=min(limits, default=None)
    )
    return dataclasses.replace(rules, policy=stricter)


def _today(found: Path | None) -> RetirePolicy:
    return policyfile.read_retirement(found) if found else RetirePolicy()


def check_names(path: Path | None, plan_file: Path, plan: Plan) -> None:
    """Refuse what would protect less than people think; raises PolicyError.

    That is an exclusion of nobody, as it is misspelt (those that the plan was made with were looked up in the snapshot
    then), a caller of several applications of one name, and no file at all where the plan was made with one.
    """
    found, named = _found(path, plan_file), Named(plan)
    if found is None:
        _check_made_without(plan, plan_file)
        return
    for at, caller in enumerate(policyfile.read_retirement(found).callers):
        if (count := named.count(caller.application)) > 1:
            raise PolicyError(
                f"{found}: caller[{at}].application: {count} applications of the plan are called "
                f"{caller.application!r}: give the client id"
            )
    decided = policyfile.read(found)
    planned = policyfile.sealed(dataclasses.replace(decided, retire=plan.retire)).digest == plan.policy_digest
    for at, one in enumerate(() if planned else decided.excludes):
        if not named.count(one.application):
            raise PolicyError(
                f"{found}: exclude[{at}].application: the plan has no {one.application!r}: correct it, or scan and "
                "plan again with it"
            )


def _check_made_without(plan: Plan, plan_file: Path) -> None:
    if plan.policy_digest not in {"", policyfile.sealed(NOTHING).digest}:
        raise PolicyError(
            f"{plan_file} was made with an {policyfile.NAME}, and there is none in this folder or beside the plan, so "
            "that owners, limits and a soak that it asks for would not count: name it with --policy, or plan again"
        )
