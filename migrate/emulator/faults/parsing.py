"""Reads fault plans, from a TOML file or a JSON document; whatever is wrong is one line that names the key."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from migrate.emulator.errors import EmulatorError
from migrate.emulator.faults.model import FaultPlan
from migrate.emulator.faults.wording import explain

_LARGEST: Final = 1024 * 1024
_LONGEST_LINE: Final = 600
_DEEP: Final = re.compile(rb"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+[.][ \t]*+){32}")
"""A key of more than 32 parts: tomllib takes time by the square of them, and no fault has more than three."""


class FaultPlanError(EmulatorError):
    """A fault plan that cannot be read or says something that no fault means."""


def read_file(path: Path) -> FaultPlan:
    """Read a fault file (TOML)."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name"
        raise FaultPlanError(_line(f"{path}: {reason}; name a fault file in TOML")) from None
    if len(raw) > _LARGEST:
        raise FaultPlanError(_line(f"{path}: larger than a fault file may be (1 MiB)"))
    if _DEEP.search(raw):
        raise FaultPlanError(_line(f"{path}: a key of it has more than 32 parts"))
    try:
        return convert(tomllib.loads(raw.decode()))
    except UnicodeDecodeError:
        raise FaultPlanError(_line(f"{path}: not UTF-8")) from None
    except tomllib.TOMLDecodeError as error:
        raise FaultPlanError(_line(f"{path}: not TOML: {error}")) from None
    except FaultPlanError as error:
        raise FaultPlanError(_line(f"{path}: {error}")) from None
    except (ValueError, RecursionError):  # numbers of thousands of digits, brackets without end
        raise FaultPlanError(_line(f"{path}: not TOML that anybody means")) from None


def read_json(raw: bytes) -> FaultPlan:
    """Read a JSON document."""
    try:
        return convert(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FaultPlanError("the document is not JSON") from None


def convert(content: Any) -> FaultPlan:
    """Check the content of a document."""
    try:
        return msgspec.convert(content, FaultPlan)
    except msgspec.ValidationError as error:
        raise FaultPlanError(_line(explain(error, content))) from None


def _line(text: str) -> str:
    shown = (letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return "".join(shown)[:_LONGEST_LINE]
