"""The file of ``scan --tenants``: which tenants, in which clouds, into which snapshots.

.. code-block:: toml

    [[tenant]]
    id = "aaaaaaaa-0000-4000-8000-000000000000"
    out = "contoso.db"      # by default the id with .db, beside this file
    cloud = "usgov"         # by default --cloud, or public
    variables = "CONTOSO"   # CONTOSO_CLIENT_ID, CONTOSO_CLIENT_SECRET, ... instead of AZURE_CLIENT_ID, ...

Without ``variables`` a tenant is signed in to as azure-identity finds credentials, for that tenant: an application that
is registered in one of them and consented to in all, or an account that is a guest in all ("Tenancy in Microsoft Entra
ID"). With them it has a credential of its own. The file never holds one.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from codemods.tomlkeys import DEEPEST, deep_key
from inventory.cloud import Cloud
from migrate import infile
from migrate.cli.options import Settings

_KEYS: Final = frozenset({"id", "out", "cloud", "variables"})
_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*", re.ASCII)
"""A GUID or a domain; anything else in a request's path would ask for something else."""


_PREFIX: Final = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One tenant to be scanned."""

    settings: Settings
    out: Path


def read_tenants(path: Path, settings: Settings) -> list[Wanted]:
    """Read the file; click.UsageError, one line, for whatever is wrong in it."""
    try:
        text = infile.read(path, infile.MIB).decode("utf-8-sig")
        if line := deep_key(text):
            raise _wrong(path, f"line {line} has a key of more than {DEEPEST} parts")
        found = tomllib.loads(text)
    except OSError as error:
        raise _wrong(path, f"it cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(path, f"it is no TOML ({error})") from None
    except (RecursionError, ValueError):  # tomllib follows each bracket, and int() refuses thousands of digits
        raise _wrong(path, "it is no TOML that anybody means (too many brackets or digits)") from None
    tenants = found.get("tenant")
    if not isinstance(tenants, list) or not tenants or set(found) != {"tenant"}:
        raise _wrong(path, "it holds no [[tenant]], or something else beside them")
    wanted = list(_wanted(path, tenants, settings))
    if any("\0" in str(each.out) or each.out == path.parent for each in wanted):
        raise _wrong(path, "an out is no name of a file")
    if len({each.out.parent.resolve() / each.out.name for each in wanted}) != len(wanted):
        raise _wrong(path, "two tenants have the same out")
    ids = [(each.settings.tenant or "").lower() for each in wanted]
    again = next((one for at, one in enumerate(ids) if one in ids[:at]), None)
    if again is not None:
        raise _wrong(path, f"it lists the tenant {again} twice")
    return wanted


def _wanted(path: Path, tenants: list[Any], settings: Settings) -> Iterator[Wanted]:
    for number, tenant in enumerate(tenants, 1):
        where = f"tenant {number}"
        if not isinstance(tenant, dict) or not all(isinstance(value, str) for value in tenant.values()):
            raise _wrong(path, f"{where} is no table of texts")
        unknown = sorted(set(tenant) - _KEYS)
        if unknown:
            raise _wrong(path, f"{where} has {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
        if not _NAME.fullmatch(tenant.get("id", "")):
            raise _wrong(path, f"{where} has no id: a GUID or a domain")
        clouds = [cloud.value for cloud in Cloud]
        if tenant.get("cloud", "public") not in clouds:
            raise _wrong(path, f"{where} names no cloud; known are {', '.join(clouds)}")
        if not _PREFIX.fullmatch(tenant.get("variables", "AZURE")):
            raise _wrong(path, f"{where} has variables that are none: capital letters, digits and _, as in CONTOSO")
        yield _one(path, tenant, settings)


def _one(path: Path, tenant: dict[str, str], settings: Settings) -> Wanted:
    chosen = dataclasses.replace(
        settings,
        tenant=tenant["id"],
        cloud=Cloud(tenant["cloud"]) if "cloud" in tenant else settings.cloud,
        variables=tenant.get("variables"),
    )
    return Wanted(settings=chosen, out=path.parent / tenant.get("out", f"{tenant['id']}.db"))


def _wrong(path: Path, what: str) -> click.UsageError:
    return click.UsageError(f"--tenants {path}: {what}")
