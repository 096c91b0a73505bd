"""From decoded pages of applications and service principals to columns of the snapshot's tables. Pure.

A large tenant has hundreds of thousands of objects, and a value for each takes as long to make as its page takes to be
read. Most are plain: nothing on them signs or encrypts, and no credential names another one. Their rows are made here a
column at a time, and are to the letter those that ``inventory.tables.rows`` makes of the values; every other object is
left to ``inventory.convert``, and so is the whole page where one of its objects makes no sense.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, repeat
from typing import Any, TypeVar

from inventory.convert_credentials import alone, mark
from inventory.decoded import Decoded
from inventory.ids import each_spelled, spelled
from inventory.model import CredentialKind, Holder
from inventory.noting import noted
from inventory.tables.rows import Row
from inventory.tables.texts import items_text
from inventory.tables.times import times
from inventory.wire import WireApplication, WireCertificate, WireHolder, WireOwner, WireSecret, WireServicePrincipal

_HINT = 3  # as convert_credentials
_LOCK = ("is_enabled", "all_properties", "credentials_with_usage_verify", "credentials_with_usage_sign",
         "token_encryption_key_id")  # fmt: skip
_Kept = TypeVar("_Kept", WireSecret, WireCertificate, WireOwner)


@dataclass(frozen=True, slots=True)
class Same:
    """A column with one cell in all rows, which is a text of ours, a number or None."""

    cell: str | int | None


Column = list[Any] | Same


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows of one table as columns, in the order of ``inventory.tables.schema``."""

    table: str
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return next((len(one) for one in self.columns if isinstance(one, list)), 0)

    def rows(self) -> Iterator[Row]:
        """Yield the rows."""
        return zip(*(repeat(one.cell) if isinstance(one, Same) else one for one in self.columns), strict=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The plain objects of a page, and the places of the others in it."""

    table: str
    ids: list[str]
    blocks: tuple[Block, ...]
    others: list[int]


def plain(page: Decoded[Any, Any]) -> Plain | None:
    """Return the plain objects of a page as columns; None where all of it has to be converted object by object.

    That is where an object comes twice, a key id does or is missing, or one holds a time that is none.
    """
    shape = type(page.wires[0]) if page.wires else None
    if shape is None or len({wire.id for wire in page.wires}) != len(page.wires):
        return None
    principals = issubclass(shape, WireServicePrincipal)
    if not principals and not issubclass(shape, WireApplication):
        return None
    chosen = [_is_plain(wire) for wire in page.wires] if not principals else [_is_face(one) for one in page.wires]
    try:
        blocks = _blocks(
            list(compress(page.wires, chosen)), list(compress(page.unknown, chosen)), principals=principals
        )
    except ValueError:  # in whatever row: who converts one by one says in which
        return None
    ids = blocks[0].columns[0]
    if not isinstance(ids, list) or _comes_twice(blocks):
        return None
    others = [at for at, one in enumerate(chosen) if not one]
    return Plain(table=blocks[0].table, ids=ids, blocks=blocks, others=others)


def _is_plain(wire: WireHolder) -> bool:
    """Whether nothing signs or encrypts, and no credential can name another: ``purposes`` then judges each alone."""
    certificates, secrets = wire.key_credentials, wire.password_credentials
    if certificates is None or secrets is None:
        return False
    if wire.token_encryption_key_id or (certificates and len(certificates) > 1):
        return False
    for one in secrets or ():  # noqa: SIM110 - a generator for each object takes longer than all else
        if one.custom_key_identifier:
            return False
    return True


def _is_face(wire: WireServicePrincipal) -> bool:
    """Whether a service principal is plain; managed identities are told in a table of their own."""
    told = wire.preferred_single_sign_on_mode or wire.preferred_token_signing_key_thumbprint
    return not told and wire.service_principal_type != "ManagedIdentity" and _is_plain(wire)


def _comes_twice(blocks: Sequence[Block]) -> bool:
    keys = [key for one in blocks if one.table == "credentials" for key in _listed(one.columns[1])]
    return len(set(keys)) != len(keys)


def _listed(column: Column) -> list[Any]:
    return [] if isinstance(column, Same) else column


def _blocks(wires: list[Any], unknown: list[str], *, principals: bool) -> tuple[Block, ...]:
    ids, clients = [wire.id for wire in wires], each_spelled([wire.app_id for wire in wires])
    holder = Holder.SERVICE_PRINCIPAL if principals else Holder.APPLICATION
    first = _principals(wires, ids, clients, unknown) if principals else _applications(wires, ids, clients, unknown)
    secrets, held = _children(wires, lambda wire: wire.password_credentials)
    certificates, signed = _children(wires, lambda wire: wire.key_credentials)
    owners, owned = _children(wires, lambda wire: wire.owners)
    return (
        first,
        _secrets(secrets, [ids[at] for at in held], [clients[at] for at in held], holder),
        _certificates(certificates, [ids[at] for at in signed], [clients[at] for at in signed], holder),
        _owners(owners, [ids[at] for at in owned]),
    )


def _children(wires: list[Any], of: Callable[[Any], list[_Kept] | None]) -> tuple[list[_Kept], list[int]]:
    """Return what objects have of a kind, and of each the place of its object."""
    found: list[_Kept] = []
    places: list[int] = []
    for at, wire in enumerate(wires):
        held = of(wire)
        if held:
            found += held
            places += (at,) * len(held)
    return found, places


def _applications(wires: list[WireApplication], ids: list[str], clients: list[str], unknown: list[str]) -> Block:
    return Block(
        table="applications",
        columns=(
            ids,
            clients,
            [wire.display_name or "" for wire in wires],
            times([wire.created_date_time for wire in wires]),
            [spelled(wire.created_by_app_id) if wire.created_by_app_id else None for wire in wires],
            [wire.sign_in_audience for wire in wires],
            [int(_is_disabled(wire)) for wire in wires],
            [items_text(tuple(wire.tags)) if wire.tags else "[]" for wire in wires],
            Same(None),
            [wire.service_management_reference or None for wire in wires],
            *_locks([wire.service_principal_lock_configuration for wire in wires]),
            [0 if wire.owners is None else 1 for wire in wires],
            Same(0),
            unknown if any(unknown) else Same(""),
            [items_text(noted(wire.notes)) if wire.notes else "[]" for wire in wires],
        ),
    )


def _is_disabled(wire: WireApplication) -> bool:
    status = wire.disabled_by_microsoft_status
    return bool(wire.is_disabled) or (status is not None and status != "NotDisabled")


def _locks(locks: list[Any]) -> tuple[Column, ...]:
    if not any(locks):
        return (Same(None),) * len(_LOCK)
    return tuple([None if lock is None else int(bool(getattr(lock, name))) for lock in locks] for name in _LOCK)


def _principals(wires: list[WireServicePrincipal], ids: list[str], clients: list[str], unknown: list[str]) -> Block:
    return Block(
        table="service_principals",
        columns=(
            ids,
            clients,
            [wire.display_name or "" for wire in wires],
            [wire.service_principal_type or "unknown" for wire in wires],
            [wire.app_owner_organization_id.lower() if wire.app_owner_organization_id else None for wire in wires],
            [_number(wire.account_enabled) for wire in wires],
            times([wire.created_date_time for wire in wires]),
            [items_text(tuple(wire.tags)) if wire.tags else "[]" for wire in wires],
            [wire.preferred_single_sign_on_mode for wire in wires],
            Same(None),
            [0 if wire.owners is None else 1 for wire in wires],
            unknown if any(unknown) else Same(""),
        ),
    )


def _number(value: bool | None) -> int | None:  # noqa: FBT001 - a cell
    return None if value is None else int(value)


def _keys(wires: Sequence[WireSecret | WireCertificate]) -> list[str]:
    keys = each_spelled([one.key_id for one in wires])
    if not all(keys):
        raise ValueError("a credential without a key id")
    return keys


def _secrets(wires: list[WireSecret], ids: list[str], clients: list[str], holder: Holder) -> Block:
    purpose, reason = alone(CredentialKind.SECRET, None, None)
    return Block(
        table="credentials",
        columns=(
            ids,
            _keys(wires),
            Same(str(CredentialKind.SECRET)),
            Same(str(purpose)),
            Same(reason),
            Same(None),
            Same(None),
            Same(str(holder)),
            clients,
            [one.display_name for one in wires],
            [one.hint and one.hint[:_HINT] for one in wires],
            Same(None),
            Same(None),
            Same(None),
            times([one.start_date_time for one in wires]),
            times([one.end_date_time for one in wires]),
        ),
    )


def _certificates(wires: list[WireCertificate], ids: list[str], clients: list[str], holder: Holder) -> Block:
    judged = [alone(CredentialKind.CERTIFICATE, one.usage, one.type) for one in wires]
    return Block(
        table="credentials",
        columns=(
            ids,
            _keys(wires),
            Same(str(CredentialKind.CERTIFICATE)),
            [str(purpose) for purpose, _ in judged],
            [reason for _, reason in judged],
            Same(None),
            Same(None),
            Same(str(holder)),
            clients,
            [one.display_name for one in wires],
            Same(None),
            [mark(one) for one in wires],
            [one.usage for one in wires],
            [one.type for one in wires],
            times([one.start_date_time for one in wires]),
            times([one.end_date_time for one in wires]),
        ),
    )


def _owners(wires: list[WireOwner], ids: list[str]) -> Block:
    return Block(
        table="owners",
        columns=(
            ids,
            [one.id for one in wires],
            [_kind(one.odata_type) for one in wires],
            [one.display_name for one in wires],
            [_number(one.account_enabled) for one in wires],
        ),
    )


@lru_cache(maxsize=64)
def _kind(type_name: str | None) -> str:
    return (type_name or "").rpartition(".")[2] or "unknown"
