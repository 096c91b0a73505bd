"""Entries of the journal, as values. None of them can carry the text of a secret or a token."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from inventory.model import ClientId, Holder, KeyId
from migrate.model import Carried


class Kind(enum.StrEnum):
    """What a journal entry records. A change has two: what was meant, then what was seen, or why it failed."""

    PLAN = "plan"
    FREEZE_OVERRIDDEN = "freeze-overridden"
    IDENTITY_MEANT = "identity-meant"
    IDENTITY_CREATED = "identity-created"
    IDENTITY_FAILED = "identity-failed"
    ATTACH_MEANT = "attach-meant"
    ATTACHED = "attached"
    ATTACH_FAILED = "attach-failed"
    FEDERATE_MEANT = "federate-meant"
    FEDERATED = "federated"
    FEDERATE_FAILED = "federate-failed"
    CODE_SCANNED = "code-scanned"
    PROOF_REQUESTED = "proof-requested"
    """Proofs are to be made on a host without the journal; the subject is the nonce."""
    PROOF_IMPORTED = "proof-imported"
    """What answered it was taken in; the nonce counts no more."""
    PROVEN = "proven"
    PROOF_FAILED = "proof-failed"
    OWNER_TOLD = "owner-told"
    CALLERS = "callers"
    HELD = "held"
    SCHEDULED = "scheduled"
    """The set of credentials to be removed is fixed, and the soak begins."""
    SOAKING = "soaking"
    """A look during the soak that found nothing amiss."""
    SOAKED = "soaked"
    UNSCHEDULED = "unscheduled"
    RETIRE_MEANT = "retire-meant"
    RETIRED = "retired"
    RETIRE_FAILED = "retire-failed"
    GONE = "gone"
    """A credential was found removed by somebody else."""
    WATCHING = "watching"
    """A look after the removal that found nothing amiss."""
    WATCHED = "watched"
    WATCH_FAILED = "watch-failed"
    SEAL_MEANT = "seal-meant"
    SEALED = "sealed"
    SEAL_FAILED = "seal-failed"
    BREAK_GLASS_MEANT = "break-glass-meant"
    """A new secret is to be made after a removal that went wrong; the subject is its label."""
    BREAK_GLASS_MADE = "break-glass-made"
    BREAK_GLASS_FAILED = "break-glass-failed"
    BREAK_GLASS_OVER = "break-glass-over"
    """It has ended, was removed again, or never came to be; ``because`` says which."""
    DEACTIVATE_MEANT = "deactivate-meant"
    DEACTIVATED = "deactivated"
    DEACTIVATE_FAILED = "deactivate-failed"
    ACTIVATE_MEANT = "activate-meant"
    ACTIVATED = "activated"
    ACTIVATE_FAILED = "activate-failed"
    SCREAM_FAILED = "scream-failed"
    """Somebody misses a deactivated application: a sign-in was tried, or its owners said no."""
    UNSEAL_MEANT = "unseal-meant"
    UNSEALED = "unsealed"
    UNSEAL_FAILED = "unseal-failed"
    UNFEDERATE_MEANT = "unfederate-meant"
    UNFEDERATED = "unfederated"
    UNFEDERATE_FAILED = "unfederate-failed"
    DETACH_MEANT = "detach-meant"
    DETACHED = "detached"
    DETACH_FAILED = "detach-failed"
    IDENTITY_DELETE_MEANT = "identity-delete-meant"
    IDENTITY_DELETED = "identity-deleted"
    IDENTITY_DELETE_FAILED = "identity-delete-failed"
    REVERTED = "reverted"
    CHAIN_STARTED = "chain-started"
    """Written once, where a journal of an older version was upgraded: its entries are chained only since then."""


Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal; everything from ``number`` on is given by the journal when it is recorded.

    A change has two entries. The first holds what is ``meant`` and what was ``seen_before``; the second what was
    ``done`` and what was ``seen_after``. ``data`` holds facts that belong to no change: proofs, gates, plans.
    """

    kind: Kind
    plan: str
    """Digest of the plan, in hex."""
    application: ClientId | None = None
    """An entry about an application is taken only from whoever has its lease."""
    subject: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)
    meant: Mapping[str, Json] = field(default_factory=dict)
    seen_before: Mapping[str, Json] = field(default_factory=dict)
    done: Mapping[str, Json] = field(default_factory=dict)
    seen_after: Mapping[str, Json] = field(default_factory=dict)
    number: int = 0
    at: datetime | None = None
    """By the journal's clock: the database's where it is a server, this machine's for SQLite."""
    actor: str = ""
    """``user@host``."""
    fence: int | None = None
    """The lease's fencing token under which it was written; None for an entry about no application."""
    previous: str = ""
    """Hash of the entry before it, of the journal's id for the first; SHA-256 in hex."""
    hash: str = ""
    """Hash of all the above."""

    @property
    def carried(self) -> Carried:
        """Return which credential of its application an entry about one is about."""
        return Holder(str(self.data.get("holder", Holder.APPLICATION))), KeyId(self.subject)

    @property
    def tenant_time(self) -> datetime:
        """Return the tenant's own time of what was seen, or the journal's where it was not written down.

        Raises ValueError for an entry that has neither.
        """
        told = self.data.get("tenant_time")
        if isinstance(told, str):
            return datetime.fromisoformat(told)
        if self.at is None:
            raise ValueError("the entry has no time")
        return self.at
