"""``unsecret.toml``: what people decide on a plan. Strict: what is not understood is an error that names the key."""

from __future__ import annotations

import codecs
import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from codemods.tomlkeys import DEEPEST, deep_key
from migrate import infile
from migrate.circumstances import BreakGlass, GoneCaller, OptOut, Policy, RetirePolicy
from migrate.days import Freeze
from migrate.errors import PolicyError
from migrate.glass import LONGEST_HOURS
from migrate.model import Confidence
from migrate.planning.decisions import (
    Decisions,
    Exclude,
    Limits,
    Managed,
    OwnerRule,
    Pair,
    Repository,
    Runs,
    RunsOn,
    Schedule,
    Thresholds,
)
from migrate.retirerule import RetireKey, RetireRule

NAME = "unsecret.toml"
_Value = TypeVar("_Value")
_THRESHOLDS, _LIMITS, _SCHEDULE, _RETIRE = Thresholds(), Limits(), Schedule(), Policy()
Text = Annotated[str, msgspec.Meta(min_length=1)]
Guid = Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Issuer = Annotated[str, msgspec.Meta(pattern="^https://[^\\s]+$")]
"""An issuer is compared to the letter: https, and no blank anywhere (Entra, "federated credential considerations")."""
Vault = Annotated[str, msgspec.Meta(pattern="^https://[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z][.][a-z.]+/?$")]
"""3 to 24 letters, digits and hyphens ("Naming rules", Azure), and a domain, which the cloud of the plan decides."""
SecretName = Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Za-z-]|[{]client_id[}]){1,90}\Z")]
"""1 to 127 letters, digits and hyphens ("Set Secret"), of which a client id takes 36."""
Positive = Annotated[int, msgspec.Meta(ge=1)]
Days = Annotated[int, msgspec.Meta(ge=1, le=365)]
Hours = Annotated[int, msgspec.Meta(ge=1, le=365 * 24)]
"""A year at most: what is longer is a slip of the pen, and some centuries more than a date can hold."""
Texts = tuple[Text, ...]
_WORDS = {
    r"Object missing required field (`[^`]*`)": r"the key \1 is missing",
    r"Object contains unknown field (`[^`]*`)": r"the key \1 is not known",
    r"Expected `str` matching regex '\^\[0-9a-fA-F\].*?'(?= - at|$)": "this is no GUID",
    r"Expected `str` matching regex '\^https:.*?'(?= - at|$)": "this is no https address",
    r"Expected `str` matching regex '\^\(\[0-9A-Za-z-\].*?'(?= - at|$)": (
        "this is no name of a secret: letters, digits, hyphens, and {client_id} once"
    ),
    r"Expected `str` of length >= 1": "this is empty",
    r"Expected `date`, got `\w+`": "this is no day: write it as 2026-12-31, without quotes and without a time",
    r"Expected `array`, got `object`": "tables of which there may be several have double brackets, lists single ones",
}
"""msgspec's words, in the file's own."""
_LARGEST = 16 * infile.MIB
"""A hundred times a file that decides for a thousand applications."""
_WHERE = re.compile(r"(?P<what>.*) - at `\$\.?(?P<key>[^`]*)`", re.DOTALL)


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file, in which every key is known."""


class _ThresholdsTable(_Table, frozen=True, kw_only=True):
    score: Positive = _THRESHOLDS.score
    margin: Positive = _THRESHOLDS.margin
    confidence: Confidence = _THRESHOLDS.confidence
    unused_days: Annotated[int, msgspec.Meta(ge=7, le=365)] = _THRESHOLDS.unused_days


class _LimitsTable(_Table, frozen=True, kw_only=True):
    wave: Positive = _LIMITS.wave
    owner: Positive = _LIMITS.owner
    canary: Positive = _LIMITS.canary


class _ScheduleTable(_Table, frozen=True, kw_only=True):
    start: date | None = _SCHEDULE.start
    days_between: Days = _SCHEDULE.days_between


class _RetireTable(_Table, frozen=True, kw_only=True):
    unused_days: Annotated[int, msgspec.Meta(ge=28, le=365)] = _RETIRE.unused_days
    proof_hours: Hours = _RETIRE.proof_hours
    log_hours: Annotated[int, msgspec.Meta(ge=1, le=24)] = _RETIRE.log_hours
    proof_successes: Positive = _RETIRE.proof_successes
    proof_spread_minutes: Annotated[int, msgspec.Meta(ge=0, le=7 * 24 * 60)] = _RETIRE.proof_spread_minutes
    sign_ins_from_wave: Positive = _RETIRE.sign_ins_from_wave
    plan_hours: Hours = _RETIRE.plan_hours
    soak_hours: Annotated[int, msgspec.Meta(ge=0, le=365 * 24)] = _RETIRE.soak_hours
    watch_hours: Annotated[int, msgspec.Meta(ge=2, le=365 * 24)] = _RETIRE.watch_hours
    owner_days: Annotated[int, msgspec.Meta(ge=0, le=365)] | None = _RETIRE.owner_days
    scream_days: Annotated[int, msgspec.Meta(ge=28, le=365)] = _RETIRE.scream_days
    scream_activates: bool = _RETIRE.scream_activates
    per_run: Positive | None = _RETIRE.per_run
    per_hour: Positive | None = _RETIRE.per_hour
    rollback: bool = _RETIRE.rollback


class _BreakGlassTable(_Table, frozen=True, kw_only=True):
    vault: Vault
    name: SecretName = "unsecret-{client_id}"
    hours: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_HOURS)] = 24


class _CallerTable(_Table, frozen=True, kw_only=True):
    application: Text
    address: Text
    reason: Text


class _PairTable(_Table, frozen=True, kw_only=True):
    application: Text
    identity: Text
    reason: Text
    shared: bool = False
    tenants: tuple[Guid, ...] = ()


class _ExcludeTable(_Table, frozen=True, kw_only=True):
    application: Text
    reason: Text
    until: date


class _OwnerTable(_Table, frozen=True, kw_only=True):
    name: Text
    applications: Texts = ()
    subscriptions: Texts = ()
    resource_groups: Texts = ()


class _FreezeTable(_Table, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    first: date
    last: date
    reason: Text


class _RunsTable(_Table, frozen=True, kw_only=True):
    application: Text
    on: Runs
    reason: str = ""
    issuer: Issuer | None = None
    subject: Text | None = None


class _RepositoryTable(_Table, frozen=True, kw_only=True):
    path: Text
    hosts: Texts


class _ManagedTable(_Table, frozen=True, kw_only=True):
    tool: Text
    created_by: tuple[Guid, ...] = ()
    tags: Texts = ()
    names: Texts = ()


class _File(_Table, frozen=True, kw_only=True):
    thresholds: _ThresholdsTable = _ThresholdsTable()
    limits: _LimitsTable = _LimitsTable()
    schedule: _ScheduleTable = _ScheduleTable()
    retire: _RetireTable = _RetireTable()
    break_glass: _BreakGlassTable | None = None
    caller: tuple[_CallerTable, ...] = ()
    pair: tuple[_PairTable, ...] = ()
    exclude: tuple[_ExcludeTable, ...] = ()
    owner: tuple[_OwnerTable, ...] = ()
    freeze: tuple[_FreezeTable, ...] = ()
    runs: tuple[_RunsTable, ...] = ()
    repository: tuple[_RepositoryTable, ...] = ()
    managed: tuple[_ManagedTable, ...] = ()


def read(path: Path) -> Decisions:
    """Read decisions; raises PolicyError for a file that is missing, is no TOML, or says what nobody understands."""
    return _read(path, decode)


def read_retirement(path: Path) -> RetirePolicy:
    """Read what a removal is judged by, and where a break-glass secret goes.

    That is ``[retire]``, ``[[exclude]]``, ``[[caller]]``, ``[[freeze]]`` and ``[break_glass]``: what holds today,
    beside what the plan was made with (``Policy.bound``). Raises PolicyError as ``read`` does.
    """
    return _read(path, decode_retirement)


def _read(path: Path, understand: Callable[[bytes], _Value]) -> _Value:
    try:
        content = infile.read(path, _LARGEST)
    except OSError as error:
        raise PolicyError(f"cannot read {path}: {error.strerror}; give another --policy") from error
    try:
        return understand(content)
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from None


def decode(content: bytes) -> Decisions:
    """Return what the text of a file decides, with its digest; raises PolicyError that names the key."""
    file = _file(content)
    said = msgspec.toml.decode(content.removeprefix(codecs.BOM_UTF8)).get("retire", {})
    rules = (RetireRule(key=key, value=getattr(file.retire, key)) for key in RetireKey if key in said)
    return sealed(dataclasses.replace(_decisions(file), retire=tuple(rules)))


def decode_retirement(content: bytes) -> RetirePolicy:
    """Return what the text of a file says of removals; raises PolicyError that names the key."""
    file = _file(content)
    return RetirePolicy(
        policy=_value(Policy, file.retire),
        opt_outs=_values(OptOut, file.exclude),
        callers=_values(GoneCaller, file.caller),
        freezes=_values(Freeze, file.freeze),
        break_glass=_value(BreakGlass, file.break_glass) if file.break_glass else None,
    )


def _file(content: bytes) -> _File:
    if line := deep_key(content.decode(errors="replace")):
        raise PolicyError(f"line {line} has a key of more than {DEEPEST} parts; docs/plan.md lists the keys")
    try:
        file = msgspec.toml.decode(content.removeprefix(codecs.BOM_UTF8), type=_File)
    except msgspec.ValidationError as error:
        raise PolicyError(_said(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"it is no TOML: {error}") from None
    except (RecursionError, ValueError):  # tomllib follows each bracket, and int() refuses thousands of digits
        raise PolicyError("it is no TOML that anybody means: too many brackets or digits") from None
    if file.break_glass and (times := file.break_glass.name.count("{client_id}")) != 1:
        often = "more than once" if times else "nowhere, so that applications would take each other's place"
        raise PolicyError(f"break_glass.name: {{client_id}} stands there {often}; docs/plan.md lists the keys")
    for at, freeze in enumerate(file.freeze):
        if freeze.last < freeze.first:
            raise PolicyError(f"freeze[{at}].to: it ends before it begins; exchange the two days")
    return file


def sealed(decisions: Decisions) -> Decisions:
    """Return decisions with the SHA-256 over their canonical JSON; layout and comments of the file are not in it."""
    body = msgspec.json.encode(dataclasses.replace(decisions, digest=""), order="sorted")
    return dataclasses.replace(decisions, digest=hashlib.sha256(body).hexdigest())


def _said(message: str) -> str:
    """Put the key first: "pair[0].identity: Expected `str`, got `int`"."""
    for theirs, ours in _WORDS.items():
        message = re.sub(theirs, ours, message)
    found = _WHERE.fullmatch(message)
    what, key = (found["what"], found["key"]) if found else (message, "")
    return f"{key}: {what}; docs/plan.md lists the keys" if key else f"{what}; docs/plan.md lists the keys"


def _decisions(file: _File) -> Decisions:
    return Decisions(
        thresholds=_value(Thresholds, file.thresholds),
        limits=_value(Limits, file.limits),
        schedule=_value(Schedule, file.schedule),
        pairs=tuple(_value(Pair, one, "tenants") for one in file.pair),
        excludes=_values(Exclude, file.exclude),
        owners=_values(OwnerRule, file.owner),
        freezes=_values(Freeze, file.freeze),
        runs=_values(RunsOn, file.runs),
        repositories=_values(Repository, file.repository),
        managed=tuple(_value(Managed, one, "created_by") for one in file.managed),
    )


def _values(kind: type[_Value], tables: Iterable[_Table]) -> tuple[_Value, ...]:
    return tuple(_value(kind, one) for one in tables)


def _value(kind: type[_Value], table: _Table, *ids: str) -> _Value:
    """Make the value of a table; ids are compared in lower case everywhere else."""
    told: dict[str, Any] = msgspec.structs.asdict(table)
    for name in ids:
        told[name] = tuple(one.lower() for one in told[name])
    return kind(**told)
