"""What came of an exchange of a managed identity token for one of the application. Values only, and no token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeClaims:
    """What the token of a successful exchange says; never the token itself."""

    application: str
    tenant: str
    credential_class: str
    """``appidacr`` or ``azpacr``: "1" a secret, "2" a certificate or an assertion."""
    audience: str
    issued_at: datetime
    expires_at: datetime
    token_id: str
    assertion_issuer: str
    assertion_subject: str
    assertion_audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """Entra issued a token for the assertion."""

    claims: ExchangeClaims


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRefused:
    """Entra, or the managed identity endpoint, said no."""

    code: int | None
    message: str
    hint: str
    asserted: bool
    """Whether there was an assertion to exchange; without one nothing was learnt about the exchange itself."""


ExchangeResult = Exchanged | ExchangeRefused
