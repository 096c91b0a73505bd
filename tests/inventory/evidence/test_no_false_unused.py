"""Nothing that was used is called unused, however little of it the sources show: a tenant whose truth is known.

What is taken from the sources: permissions, rows of reports, retention, days in the middle of the log, late records,
what a record says of its credential or outcome, and records that cannot be read.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from inventory.evidence import graph_application_activity, graph_credential_activity, graph_sign_ins
from inventory.evidence_source import EvidenceRequest
from inventory.model import ClientId
from inventory.usage import Source, Use
from inventory.usage_subject import Subject
from inventory.usage_verdict import Unknown, Unused, Used, Verdict, verdict
from tests.inventory.evidence.support import CLIENT, KEY, NOW, reading
from tests.inventory.madeup import MadeUpGraph

_OTHER_KEY = "eeeeeeee-0000-4000-8000-000000000002"
_OTHER_APP = "dddddddd-0000-4000-8000-000000000009"
_SOURCES = (graph_sign_ins.SOURCE, graph_credential_activity.SOURCE, graph_application_activity.SOURCE)
_PATHS = {
    "log": "/beta/auditLogs/signIns",
    "credentials": "/beta/reports/appCredentialSignInActivities",
    "applications": "/beta/reports/servicePrincipalSignInActivities",
}
_DENIED = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}
_SUBJECT = Subject(
    client_id=ClientId(CLIENT), kind="secret", id=KEY, thumbprint=None, elsewhere=False, begins=NOW - timedelta(days=99)
)
_TAKEN = (
    "log denied", "credentials denied", "applications denied", "credential row", "application row",
    "who acts", "7 days", "hole", "late", "stopped", "key", "outcome", "unreadable", "page", "resumed",
)  # fmt: skip


@dataclass(frozen=True)
class _Event:
    """A sign-in with a credential of the application; ``user``: of a user, so that no log of applications has it."""

    at: datetime
    key: str
    user: bool
    error: int


def _events(dice: random.Random) -> list[_Event]:
    kinds = [(KEY, False), (KEY, True), (_OTHER_KEY, False), (_OTHER_KEY, True)]
    chosen = dice.sample(kinds, dice.randint(0, 2))
    return [
        _Event(NOW - timedelta(days=dice.uniform(0, 45)), key, user, 0 if dice.random() < 0.8 else 7000222)
        for key, user in chosen
        for _ in range(dice.randint(1, 3))
    ]


@dataclass
class _Tenant:
    """What the three sources answer when some of it is taken from them."""

    events: list[_Event]
    taken: set[str]
    until: datetime = NOW - timedelta(hours=1)
    hole: tuple[datetime, datetime] = (NOW, NOW)
    graph: MadeUpGraph = field(default_factory=MadeUpGraph)

    def answer(self, dice: random.Random) -> None:
        if "late" in self.taken:
            self.until = NOW - timedelta(hours=dice.uniform(1, 47))
        if "stopped" in self.taken:
            self.until = NOW - timedelta(days=dice.uniform(3, 20))
        if "hole" in self.taken:
            begin = NOW - timedelta(days=dice.uniform(6, 26))
            self.hole = (begin, begin + timedelta(days=dice.uniform(2, 5)))
        self._log(dice)
        self._reports(dice)

    def shown(self, moment: datetime) -> bool:
        """Whether a log holds a record of that time."""
        kept = 7 if "7 days" in self.taken else 30
        return NOW - timedelta(days=kept) <= moment <= self.until and not self.hole[0] < moment < self.hole[1]

    def _log(self, dice: random.Random) -> None:
        if "log denied" in self.taken:
            self.graph.answer(_PATHS["log"], _DENIED, status=403)
            return
        others = [NOW - timedelta(hours=12 * number) for number in range(90)]
        rows = [(at, _record(at, _OTHER_APP, _OTHER_KEY, 0)) for at in others]
        rows += [(one.at, self._own(one, dice)) for one in self.events if not one.user]
        listed = [row for at, row in sorted(rows, key=lambda one: one[0], reverse=True) if self.shown(at)]
        cut = 20 if "page" in self.taken else len(listed)
        parts = [listed[at : at + cut] for at in range(0, len(listed), cut or 1)] or [[]]
        for number, part in enumerate(parts):
            link = {"@odata.nextLink": f"{{url}}/beta/next/{number + 1}"} if number + 1 < len(parts) else {}
            self.graph.pages[f"/beta/next/{number}" if number else _OWN] = {"value": part, **link}
        self.graph.pages[_IDENTITIES] = {"value": []}

    def _own(self, one: _Event, dice: random.Random) -> dict[str, Any]:
        row = _record(one.at, CLIENT, one.key, one.error)
        if "key" in self.taken and dice.random() < 0.5:
            row["servicePrincipalCredentialKeyId"] = dice.choice([None, "", "N/A"])
        if "outcome" in self.taken and dice.random() < 0.5:
            row["status"] = None
        if "unreadable" in self.taken and dice.random() < 0.5:
            row[dice.choice(["createdDateTime", "appId"])] = dice.choice([None, "?", 7])
        return row

    def _reports(self, dice: random.Random) -> None:
        seen = [one for one in self.events if one.at <= self.until]
        keys = {key: _last([one for one in seen if one.key == key]) for key in (KEY, _OTHER_KEY)}
        rows = [
            {"keyId": key, "appId": CLIENT, "keyType": "clientSecret", "signInActivity": last}
            for key, last in keys.items()
            if last
        ]
        if "credential row" in self.taken:
            rows = []
        self._report("credentials", [*rows, {"keyId": _OTHER_KEY, "appId": _OTHER_APP, "signInActivity": self._now()}])
        row = {
            "appId": CLIENT,
            "applicationAuthenticationClientSignInActivity": _last([one for one in seen if not one.user]),
            "delegatedClientSignInActivity": _last([one for one in seen if one.user]) or dice.choice([None, {}]),
        }
        if "who acts" in self.taken:
            del row["delegatedClientSignInActivity"]
        other = {"appId": _OTHER_APP, "applicationAuthenticationClientSignInActivity": self._now()}
        self._report("applications", [other] if "application row" in self.taken else [row, other])

    def _now(self) -> dict[str, Any]:
        return {"lastSignInDateTime": _text(self.until), "lastSuccessfulSignInDateTime": _text(self.until)}

    def _report(self, name: str, rows: list[dict[str, Any]]) -> None:
        if f"{name} denied" in self.taken:
            self.graph.answer(_PATHS[name], _DENIED, status=403)
        else:
            self.graph.answer(_PATHS[name], {"value": rows})

    def judged(self) -> Verdict:
        async def run() -> tuple[list[Use], list[Source]]:
            async with self.graph.connected(paced=False) as connection:
                request = EvidenceRequest(at=NOW, graph=connection)
                told = [await reading(source, request) for source in _SOURCES]
                if "resumed" in self.taken:
                    told[0] = await self._resumed(request)
                return [use for one in told for use in one.uses], [one.source for one in told]

        uses, sources = asyncio.run(run())
        return verdict(_SUBJECT, uses, sources, NOW)

    @staticmethod
    async def _resumed(request: EvidenceRequest) -> Any:
        """Break the reading of the log off after each page, and go on from what was committed."""
        entries: list[Any] = []
        cursor: str | None = None
        while True:
            page = await anext(graph_sign_ins.SOURCE.read(request, cursor))
            entries += page.entries
            cursor = page.cursor
            if cursor is None:
                return _Told(tuple(one for one in entries if isinstance(one, Use)), entries[-1])


@dataclass(frozen=True)
class _Told:
    uses: tuple[Use, ...]
    source: Source


_OWN, _IDENTITIES = (
    f"?$filter=signInEventTypes/any(t:%20t%20eq%20'{event}')&$top=1000"
    for event in ("servicePrincipal", "managedIdentity")
)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _record(at: datetime, app: str, key: str, error: int) -> dict[str, Any]:
    return {
        "createdDateTime": _text(at),
        "appId": app,
        "servicePrincipalCredentialKeyId": key,
        "clientCredentialType": "clientSecret",
        "status": {"errorCode": error},
    }


def _last(events: list[_Event]) -> dict[str, Any] | None:
    if not events:
        return None
    good = [one.at for one in events if one.error == 0]
    return {
        "lastSignInDateTime": _text(max(one.at for one in events)),
        "lastSuccessfulSignInDateTime": _text(max(good)) if good else None,
    }


def _used(tenant: _Tenant) -> bool:
    """Whether it was used in the window; what came after the newest record of all was not there to be seen."""
    begin, end = NOW - timedelta(days=28), max(tenant.until, NOW - timedelta(days=2))
    return any(one.key == KEY and one.error == 0 and begin <= one.at <= end for one in tenant.events)


@pytest.mark.parametrize(
    "begin", [0, 20, 40, *(pytest.param(at, marks=pytest.mark.slow) for at in range(60, 2000, 20))]
)
def test_what_was_used_is_never_called_unused(begin: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_sign_ins, "_PAGES", 1)
    for seed in range(begin, begin + 20):
        dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
        tenant = _Tenant(_events(dice), set(dice.sample(_TAKEN, dice.randint(0, 3))))
        tenant.answer(dice)
        said = tenant.judged()
        assert not (isinstance(said, Unused) and _used(tenant)), (seed, tenant.taken, tenant.events, said)
        assert not isinstance(said, Used) or any(one.error == 0 or "outcome" in tenant.taken for one in tenant.events)


_WHOLE = ("credentials denied", "credential row", "page", "resumed", "late")
"""What takes nothing away that "unused" rests on: the log and the report of applications."""


@pytest.mark.parametrize("taken", [one for one in _TAKEN if one != "outcome"])
def test_each_thing_that_is_taken_leaves_it_unknown_whether_it_was_used(
    taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another credential of the application is in use; the same is unused where nothing is taken."""
    monkeypatch.setattr(graph_sign_ins, "_PAGES", 1)
    for seed in range(2):
        dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
        others = [_Event(NOW - timedelta(days=number), _OTHER_KEY, user=False, error=0) for number in range(3, 26)]
        tenant = _Tenant(others, {taken})
        tenant.answer(dice)
        said = tenant.judged()
        assert isinstance(said, Unused if taken in _WHOLE else Unknown), (seed, said)
