"""Who signs in to a demonstration's tenant: jobs with the old secrets, and programs that have moved."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from migrate.emulator.host_environments import METADATA_VARIABLE
from migrate.emulator.server import Emulator
from migrate.model import Pairing, Plan

_DAY = timedelta(days=1)
_HERE = "127.0.0.1"
"""Where everything that is alive in a demonstration signs in from."""
_GONE = """
[[caller]]
application = "{application}"
address = "{address}"
reason = "it is of the time before the demonstration, and nothing runs there"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody's job with the secret of an application."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Caller({self.client_id})"


def find(emulator: Emulator, pairings: list[dict[str, str]], count: int) -> tuple[Caller, ...]:
    """Return callers for the first live secrets among the paired credentials."""
    callers = (
        Caller(client_id=row["client_id"], secret=emulator.tenant.secret_of(row["key_id"]))
        for row in pairings
        if row["kind"] == "secret"
    )
    working = (caller for caller in callers if sign_in(emulator, caller))
    return tuple(caller for caller, _ in zip(working, range(count), strict=False))


def give_up(plan: Plan, policy: Path) -> int:
    """Say in a policy of the callers that a scan saw and that are only history that they are gone; count them."""
    seen = sorted({(each.client_id, each.address) for each in plan.seen if each.address not in {None, _HERE}})
    policy.write_text("".join(_GONE.format(application=one, address=address) for one, address in seen), "utf-8")
    return len(seen)


def neighbour(emulator: Emulator) -> Caller:
    """Return an application that is no part of the migration, so that the sign-in log of the tenant goes on."""
    application = emulator.tenant.application_named("read-only-auditor")
    return Caller(client_id=application.app_id, secret=emulator.tenant.live_secret_of(application).secret)


def sign_in(emulator: Emulator, caller: Caller, opener: urllib.request.OpenerDirector | None = None) -> bool:
    """Ask the token endpoint for a Graph token with the old secret, over the wire; say whether one came."""
    form = {
        "grant_type": "client_credentials",
        "client_id": caller.client_id,
        "client_secret": caller.secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    return _token(emulator, form, opener)


def moved(emulator: Emulator, pairings: Iterable[Pairing]) -> tuple[Pairing, ...]:
    """Let the programs of applications sign in once with their identities, as rewritten code does, over the wire.

    Returns those that got a token.
    """
    opener = _opener(emulator.ca_file)
    return tuple(each for each in pairings if _has_moved(emulator, each, opener))


def _has_moved(emulator: Emulator, pairing: Pairing, opener: urllib.request.OpenerDirector) -> bool:
    assertion = _assertion(emulator, pairing, opener)
    form = {
        "grant_type": "client_credentials",
        "client_id": pairing.application.client_id,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion or "",
        "scope": "https://graph.microsoft.com/.default",
    }
    return assertion is not None and _token(emulator, form, opener)


def _assertion(emulator: Emulator, pairing: Pairing, opener: urllib.request.OpenerDirector) -> str | None:
    """Ask the metadata service for the identity's token (api-version 2018-02-01)."""
    asked = {
        "api-version": "2018-02-01",
        "resource": pairing.federated.audience,
        "client_id": pairing.identity.client_id,
    }
    url = f"{emulator.environment()[METADATA_VARIABLE]}/metadata/identity/oauth2/token?{urllib.parse.urlencode(asked)}"
    request = urllib.request.Request(url, headers={"Metadata": "true"})  # noqa: S310 - loopback
    try:
        with opener.open(request, timeout=30) as answer:
            return str(json.load(answer)["access_token"])
    except urllib.error.HTTPError as error:
        error.close()
        return None


def _token(emulator: Emulator, form: dict[str, str], opener: urllib.request.OpenerDirector | None) -> bool:
    url = f"{emulator.authority}/{emulator.tenant_id}/oauth2/v2.0/token"
    request = urllib.request.Request(url, data=urllib.parse.urlencode(form).encode())  # noqa: S310 - loopback, https
    try:
        with (opener or _opener(emulator.ca_file)).open(request, timeout=30):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return False


def _opener(bundle: Path) -> urllib.request.OpenerDirector:
    trusting = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=bundle))
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), trusting)


def live_on(emulator: Emulator, callers: tuple[Caller, ...], days: int) -> None:
    """Let days pass in the embedded tenant; every caller signs in every day."""
    opener = _opener(emulator.ca_file)
    for _ in range(days):
        emulator.advance(_DAY)
        for caller in callers:
            sign_in(emulator, caller, opener)
