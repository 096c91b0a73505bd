"""The plan as a file that people review: stable order, indented, with a digest over everything else in it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from migrate import infile
from migrate.errors import PlanError
from migrate.model import PLAN_SCHEMA, Plan
from reports.text import json_visible

_LARGEST = 1024 * infile.MIB
"""Three times the plan of 100,000 applications."""


def digest(plan: Plan) -> str:
    """Return the SHA-256 over the canonical JSON of a plan without its digest, as hexadecimal text."""
    body = msgspec.json.encode(dataclasses.replace(plan, digest=""), order="sorted")
    return hashlib.sha256(body).hexdigest()


def seal(plan: Plan) -> Plan:
    """Return the plan with its digest."""
    return dataclasses.replace(plan, digest=digest(plan))


def encode(plan: Plan) -> bytes:
    """Return the bytes of the plan file; equal plans give equal bytes."""
    return _text(seal(plan))


def _text(sealed: Plan) -> bytes:
    # People read it in a pull request: a bidirectional override in a name would show them another plan.
    return json_visible(msgspec.json.format(msgspec.json.encode(sealed), indent=2)) + b"\n"


def write(plan: Plan, path: Path) -> Plan:
    """Write the plan file in one step, so that a reader never sees half of it, and return the plan with its digest.

    Raises PlanError.
    """
    sealed = seal(plan)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_text(sealed))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise PlanError(f"cannot write the plan {path}: {error.strerror}; choose another --out") from error
    return sealed


def read(path: Path) -> Plan:
    """Read a plan file; raises PlanError for one that is missing, foreign, newer, or edited by hand.

    The file must be to the byte what we would write (but for line ends, which git may change): a key that stands twice
    would show a reviewer another value than the one that is used.
    """
    try:
        content = infile.read(path, _LARGEST)
        raw: Any = msgspec.json.decode(content)
    except OSError as error:
        raise PlanError(f"cannot read the plan {path}: {error.strerror}; make one with: unsecret plan") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"{path} is not a plan: {error}; make one with: unsecret plan") from error
    except RecursionError:
        raise PlanError(f"{path} is not a plan: it is nested too deeply; make one with: unsecret plan") from None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if not isinstance(schema, int) or "pairings" not in raw:
        raise PlanError(f"{path} is not a plan of unsecret; make one with: unsecret plan")
    if schema != PLAN_SCHEMA:
        raise PlanError(f"{path} has plan schema {schema}, this version reads {PLAN_SCHEMA}; make the plan again")
    try:
        plan = msgspec.convert(raw, Plan)
    except msgspec.ValidationError as error:
        raise PlanError(f"{path} was edited by hand: {error}; make the plan again with: unsecret plan") from error
    content = content.replace(b"\r\n", b"\n")
    if content != encode(plan):
        raise PlanError(
            f"{path} was edited after it was made: its digest does not match; {_what_differs(content, plan)}; "
            "put decisions into unsecret.toml and make the plan again with: unsecret plan"
        )
    return plan


def _what_differs(content: bytes, plan: Plan) -> str:
    """Say which line is not what we write for these values; a value changed in our own form leaves no trace."""
    written = _text(plan)
    if content == written:
        return "a value was changed, but the file cannot tell which"
    pairs = zip_longest(content.split(b"\n"), written.split(b"\n"))
    line = next(number for number, (found, expected) in enumerate(pairs, start=1) if found != expected)
    return f"line {line} is the first that unsecret would not write so"
