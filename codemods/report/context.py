"""What a command knows beside a run: whose identity acts as an application, and what a baseline holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codemods.model import Run
from codemods.report.baseline import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """The identity that acts as an application; name and wave are those of the plan, if there is one."""

    identity_client_id: str
    application_name: str | None = None
    wave: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """``acting`` is by client id in lower case.

    ``check`` says that sites that can be rewritten are findings, too; ``tests`` that those in tests, documentation and
    mocks are.
    """

    acting: Mapping[str, Acting] = field(default_factory=dict)
    compared: Comparison = field(default_factory=Comparison)
    applied: bool = False
    check: bool = False
    tests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable that must be set where the program at ``path`` runs; an empty value is not known."""

    path: str
    name: str
    application: str
    value: str


def variables(run: Run, context: Context) -> tuple[Variable, ...]:
    """List the variables that helpers read: the client id of the identity that acts as each application."""
    return tuple(
        Variable(path=helper.path, name=name, application=whose, value=_identity(context, whose))
        for helper in run.helpers
        for name, whose in zip(helper.variables, helper.applications, strict=True)
    )


def _identity(context: Context, application: str) -> str:
    acting = context.acting.get(application.lower())
    return "" if acting is None else acting.identity_client_id
