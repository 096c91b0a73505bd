"""Applications that nobody uses: they are better deactivated than federated. Pure. Unknown is never unused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from inventory.model import Application, Credential, Purpose, Snapshot
from inventory.usage import Use
from inventory.usage_subject import has_agents, subject
from inventory.usage_verdict import Terms, Unused, verdict


def unused(
    application: Application, credentials: Iterable[Credential], uses: Iterable[Use], snapshot: Snapshot, days: int
) -> str:
    """Say by what it is shown that no credential of the application was used; empty where that is not shown."""
    live = [
        one
        for one in credentials
        if one.purpose is Purpose.AUTHENTICATION and (one.end is None or one.end > snapshot.taken_at)
    ]
    if not live or not any(not source.missing and source.since and source.until for source in snapshot.sources):
        return ""
    seen = tuple(uses)
    since = snapshot.taken_at - timedelta(days=days)
    if any((use.last_success or use.last or since) > since for use in seen):
        return ""  # by whatever it signed in: somebody uses the application
    elsewhere = application.sign_in_audience != "AzureADMyOrg"  # not told is not "here alone"
    agents = has_agents((application,))
    terms = Terms(days=days)
    because = ""
    for one in live:
        said = verdict(
            subject(one, elsewhere=elsewhere, agents=agents), seen, snapshot.sources, snapshot.taken_at, terms
        )
        if not isinstance(said, Unused):
            return ""
        # No time of the evidence is said: it would make every plan differ from that of the scan before.
        because = f"no success in {days} days by {', '.join(said.by)}; a job that runs less often would not show"
    return because
