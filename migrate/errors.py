"""What can go wrong while planning, changing, proving and retiring.

MigrateError
|-- PlanError              a plan file that is edited, foreign, stale or not of this tenant
|-- PolicyError            an unsecret.toml that is not understood, or names what the tenant does not have
|-- JournalError           a journal that cannot be opened, read or written, or is of a newer version
|   |-- LeaseHeldError     somebody else acts on the application just now
|   `-- LeaseLostError     the lease ran out and somebody else has taken the application over
|-- WriteFailedError       Graph refused a change, or a change did not show up when read back
|-- VaultFailedError       a key vault cannot be reached, read or written, or the library for it is missing
|-- IllegalTransitionError a change that does not follow from where the application stands; nothing was changed
|-- FrozenError            a change inside a freeze window
|-- OutputError            a file that would be replaced is not of unsecret's making, or is an input
|-- CertificateError       certificates cannot be made of this journal, or a key for them cannot be used
|-- ProofError             a proof file that is not to be taken into the journal
|-- HostError              a host on which nothing can be run
|-- ExchangeFailedError    the exchange could not be tried at all (no managed identity endpoint, no network)
|-- RetirementStoppedError a removal was followed by a failing exchange: the run stops at once
`-- DemoError              a step of the demonstration failed
"""

from __future__ import annotations


class MigrateError(Exception):
    """Base of every error of this package; the message says what failed, on what, and what to do next."""


class PlanError(MigrateError):
    """A plan file cannot be used."""


class PolicyError(MigrateError):
    """Decisions cannot be used; the message names the key."""


class JournalError(MigrateError):
    """The journal cannot be used."""


class LeaseHeldError(JournalError):
    """Another operator, or another run of the same one, has the lease of the application."""


class LeaseLostError(JournalError):
    """Nothing more may be done to the application: the lease was never had, or is another's by now."""


class WriteFailedError(MigrateError):
    """A change of the tenant failed or did not show up."""


class VaultFailedError(MigrateError):
    """A key vault does not do what is needed of it."""


class IllegalTransitionError(MigrateError):
    """A change does not follow from where the application stands; it was refused before it was made."""


class FrozenError(MigrateError):
    """A change was asked for on a day on which nothing is to be changed."""


class OutputError(MigrateError):
    """An output may not be written where it was asked for."""


class CertificateError(MigrateError):
    """A certificate of retirement cannot be made or signed."""


class ProofError(MigrateError):
    """A proof that was carried here does not count."""


class HostError(MigrateError):
    """What was named is no host that a command can be run on."""


class ExchangeFailedError(MigrateError):
    """The exchange could not be tried."""


class RetirementStoppedError(MigrateError):
    """A credential was removed and the exchange failed afterwards."""


class DemoError(MigrateError):
    """A step of the demonstration failed."""
