"""Rules about single credentials: their dates, their use, their names. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import assert_never

from inventory.classify import Expiry, expiry
from inventory.hygiene_context import Context, label
from inventory.hygiene_rules import finding
from inventory.model import Application, Credential, CredentialKind, Purpose, ServicePrincipal
from inventory.usage_verdict import Unknown, Unused, Used
from reports.model import Finding

_SHOWN = 3

Held = Application | ServicePrincipal


def dates(context: Context, holder: Held, credential: Credential) -> Iterator[Finding]:
    """Yield what is wrong with begin and end of a credential; of those that sign, only that they end soon."""
    if credential.purpose is Purpose.SIGNING:
        yield from _signing(context, holder, credential)
    if credential.purpose is not Purpose.AUTHENTICATION:
        return
    subject = label(holder.display_name, holder.client_id)
    what = _what(credential)
    state = expiry(credential, context.snapshot.taken_at)
    match state:
        case Expiry.EXPIRED:
            message = f"The {what} ended on {credential.end:%Y-%m-%d} and is still there."
            yield finding("credential-expired", message, subject)
        case Expiry.ENDLESS:
            yield finding("credential-endless", f"The {what} practically never expires.", subject)
        case Expiry.LIVE | Expiry.PENDING:
            pass
        case _:
            assert_never(state)
    if state is not Expiry.EXPIRED:
        yield from _ends_soon(context, "credential-expiring", subject, credential)
        yield from _lasts(context, holder, credential, state)
    if context.in_force(credential):
        yield from _old(context, subject, credential)


def _what(credential: Credential) -> str:
    name = f" {credential.display_name!r}" if credential.display_name else ""
    return f"{credential.kind.value} {credential.key_id}{name}"


def _signing(context: Context, holder: Held, credential: Credential) -> Iterator[Finding]:
    """One finding for a triple: its private key."""
    if (credential.usage or "").casefold() == "sign":
        subject = label(holder.display_name, holder.client_id)
        yield from _ends_soon(context, "signing-key-expiring", subject, credential)


def _ends_soon(context: Context, rule: str, subject: str, credential: Credential) -> Iterator[Finding]:
    now, end = context.snapshot.taken_at, credential.end
    if end is not None and now < end <= now + timedelta(days=context.thresholds.expiring_days):
        left = (end - now) // timedelta(days=1)
        yield finding(rule, f"The {_what(credential)} ends on {end:%Y-%m-%d}, {left} days from the scan.", subject)


def _lasts(context: Context, holder: Held, credential: Credential, state: Expiry) -> Iterator[Finding]:
    start, end = credential.start, credential.end
    life = end - start if start is not None and end is not None else None
    subject, what = label(holder.display_name, holder.client_id), _what(credential)
    longest = timedelta(days=context.thresholds.longest_days)
    if state is not Expiry.ENDLESS and life is not None and life > longest:
        lives = _span(life, longest)
        yield finding("credential-too-long", f"The {what} lives {lives}, {longest.days} are enough.", subject)
    limit = context.policies.limit(credential, holder.created)
    if limit is not None and (end is None or (life is not None and life > limit.longest)):
        lives = "has no end" if end is None else f"lives {_span(life, limit.longest)}" if life else "lives longer"
        policy = "the tenant's default policy" if limit.policy.is_default else f"policy {limit.policy.name!r}"
        exempt = f", and more to {limit.exempt}" if limit.exempt else ""
        message = f"The {what} {lives}; {policy} allows {_span(limit.longest)}{exempt}."
        yield finding("credential-longer-than-policy", message, subject)


def _span(life: timedelta, beside: timedelta | None = None) -> str:
    """Write a time for people: in days where those are all, or tell it from the one that stands beside it."""
    rest = life - timedelta(days=life.days)
    if not rest or (beside is not None and 0 < life.days != beside.days):
        return f"{life.days} days"
    hours = f"{rest / timedelta(hours=1):.3g} hours"
    return f"{life.days} days and {hours}" if life.days else hours


def _old(context: Context, subject: str, credential: Credential) -> Iterator[Finding]:
    age = context.snapshot.taken_at - (credential.start or context.snapshot.taken_at)
    if age > timedelta(days=context.thresholds.old_days):
        message = f"The {_what(credential)} works since {credential.start:%Y-%m-%d}, {age.days} days."
        yield finding("credential-old", message, subject)


def names(context: Context, holder: Held, credential: Credential) -> Iterator[Finding]:
    """Yield a live secret that nobody named; certificates carry a subject of their own."""
    if credential.kind is not CredentialKind.SECRET or credential.display_name or not context.in_force(credential):
        return
    hint = f"begins with {credential.hint}" if credential.hint else "has no hint either: it cannot be told from others"
    message = f"The secret {credential.key_id} has no name; it {hint}."
    yield finding("credential-unnamed", message, label(holder.display_name, holder.client_id))


@dataclass(slots=True)
class _Alike:
    """Credentials of which nothing can be told for the same reasons: a large tenant has hundreds of thousands."""

    credentials: int = 0
    clients: set[str] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)
    """The first holders."""
    before: str = ""
    """What is known of the last success of the last of them."""

    def add(self, holder: Held, before: str) -> None:
        self.credentials += 1
        self.before = before
        if len(self.shown) < _SHOWN and holder.client_id not in self.clients:
            self.shown.append(label(holder.display_name, holder.client_id))
        self.clients.add(holder.client_id)


class Untold:
    """Counts live credentials of which nobody can tell whether they are used, by the reasons why; over many pieces."""

    def __init__(self) -> None:
        self._alike: defaultdict[tuple[str, ...], _Alike] = defaultdict(_Alike)

    def add(self, holder: Held, answer: Unknown) -> None:
        """Count one credential of a holder."""
        self._alike[answer.because].add(holder, answer.before)

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for all that share their reasons."""
        return (_unknown(because, alike) for because, alike in self._alike.items())


def uses(context: Context, held: Iterable[tuple[Held, Credential]], untold: Untold) -> Iterator[Finding]:
    """Yield live credentials that are shown to be unused; those of which nobody can tell are counted."""
    for holder, credential in held:
        if not context.in_force(credential):
            continue
        answer = context.use_of(credential)
        match answer:
            case Unused():
                message = f"The {_what(credential)} was not used: {'; '.join(answer.because)}."
                yield finding("credential-unused", message, label(holder.display_name, holder.client_id))
            case Unknown():
                untold.add(holder, answer)
            case Used():
                pass
            case _:
                assert_never(answer)


def _unknown(because: tuple[str, ...], alike: _Alike) -> Finding:
    holders = len(alike.clients)
    count = "one credential is" if alike.credentials == 1 else f"{alike.credentials} credentials are"
    more = f" and {holders - _SHOWN} more" if holders > _SHOWN else ""
    of = f" (of {', '.join(alike.shown)}{more})" if holders > 1 else ""
    said = (*because, alike.before) if alike.credentials == 1 and alike.before else because
    message = f"Whether {count} used is unknown{of}: {'; '.join(said)}."
    return finding("credential-use-unknown", message, alike.shown[0] if holders == 1 else "")
