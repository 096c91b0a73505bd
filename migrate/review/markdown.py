"""A plan as Markdown (GitHub Flavored Markdown) for a pull request: one block for each application. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from migrate.model import Candidate, Pairing, Plan, PlannedCredential, Refusal, SharedIdentity, TrustFault
from migrate.review.schedule import calendar
from migrate.review.text import holder, name, safe
from reports.text import rfc3339

_DECIDE = (
    "Where an identity fits, decide in unsecret.toml: a table \\[\\[pair\\]\\] with application (client id), identity "
    "(principal id) and reason; then plan again."
)


def render(plan: Plan) -> str:
    """Return the whole plan; blocks stand in the order of the file, so that equal plans give equal text."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield from _head(plan)
    yield from calendar(plan)
    yield from _section("Pairings", (_pairing(each) for each in plan.pairings))
    yield from _refusals(plan.refusals)
    yield from _section("Shared identities", (_shared(each) for each in plan.shared))
    yield from _section("Audit of federated credentials", (_fault(each) for each in plan.audit))
    if plan.notes:
        yield from ("", "## What the plan could not see", "", *(f"- {safe(note)}" for note in plan.notes))


def _head(plan: Plan) -> Iterator[str]:
    missing = sum(not each.federated.exists for each in plan.pairings)
    yield f"# Migration plan for tenant {safe(plan.tenant_id)}"
    yield ""
    yield (
        f"{len(plan.pairings)} applications are paired, {plan.credential_count} credentials are to be retired, "
        f"{missing} federated credentials to be created; {len(plan.refusals)} applications are left alone."
    )
    yield ""
    yield f"- Snapshot of {rfc3339(plan.snapshot_taken_at)}, digest {safe(plan.snapshot_digest)}"
    yield f"- Policy digest {safe(plan.policy_digest) or 'none'}"
    yield f"- Plan digest {safe(plan.digest)}, cloud {plan.cloud}"
    if plan.retire:
        yield f"- Removals are judged no laxer than by: {', '.join(map(str, plan.retire))}"


def _section(title: str, blocks: Iterable[Iterable[str]]) -> Iterator[str]:
    found = list(blocks)
    if found:
        yield from ("", f"## {title} ({len(found)})")
        for block in found:
            yield ""
            yield from block


def _pairing(one: Pairing) -> Iterator[str]:
    federated, place = one.federated, one.identity.resource_id or "its place is not known"
    yield f"### {name(one.application.display_name)} → {name(one.identity.name)}"
    yield ""
    yield f"- Application: client id {safe(one.application.client_id)}"
    yield f"- Identity: principal id {safe(one.identity.principal_id)}, {safe(place)}"
    yield f"- Confidence: **{one.confidence}**, {one.score} points"
    yield from _list("Why this one", one.reasons)
    yield from _list("Why no other", map(_candidate, one.alternatives))
    yield from _list(f"Wave {one.wave}, {one.risk} points of risk", one.order)
    yield (
        f"- Federated credential {safe(federated.name)}: {'is there, kept' if federated.exists else 'to be created'}; "
        f"issuer {safe(federated.issuer)}, subject {safe(federated.subject)}, audience {safe(federated.audience)}"
    )
    if len(one.tenants) > 1:
        yield f"- To be proven in {len(one.tenants)} tenants: {', '.join(map(safe, one.tenants))}"
    yield from _list("Credentials to retire", map(_credential, one.credentials))


def _refusals(refusals: tuple[Refusal, ...]) -> Iterator[str]:
    if refusals:
        counts = Counter(each.code.value for each in refusals)
        yield from ("", f"## Left alone ({len(refusals)})", "", "| Code | Applications |", "| --- | ---: |")
        yield from (f"| {code} | {count} |" for code, count in counts.most_common())
        yield from ("", _DECIDE)
    for each in refusals:
        yield from ("", f"### {name(each.application.display_name)}: {each.code}", "")
        yield f"- Application: client id {safe(each.application.client_id)}"
        yield f"- Why not: {safe(each.explanation)}"
        yield from _list("Identities considered", map(_candidate, each.candidates))
        if each.steps:
            yield "- The way that works:"
            yield from (
                f"  {at}. {safe(step.text)} (undone by {step.reverse})" for at, step in enumerate(each.steps, 1)
            )
        yield from _list("Credentials that stay", map(_credential, each.credentials))


def _shared(one: SharedIdentity) -> Iterator[str]:
    yield f"### {name(one.identity.name)}"
    yield ""
    yield f"- Principal id {safe(one.identity.principal_id)}"
    yield f"- Lateral paths: **{one.lateral_paths}** times a host can act as an application that it does not use itself"
    yield from _list("Trusted by", (each.display_name for each in one.applications))
    yield from _list("Smallest split", (step.text for step in one.split))


def _fault(one: TrustFault) -> Iterator[str]:
    yield f"### {name(one.application.display_name)}: {safe(one.code)}"
    yield ""
    yield f"- Federated credential {name(one.federated)} of client id {safe(one.application.client_id)}"
    yield f"- What is wrong: {safe(one.explanation)}"
    yield f"- What to do: {safe(one.advice)}"


def _list(title: str, entries: Iterable[str]) -> Iterator[str]:
    found = list(entries)
    if found:
        yield f"- {title}:"
        yield from (f"  - {safe(each)}" for each in found)


def _candidate(one: Candidate) -> str:
    why = f": {one.why_not}" if one.why_not else ""
    place = one.identity.resource_id or "its place is not known"
    about = f"principal id {one.identity.principal_id}, {place}"
    return f"{one.identity.name}, {one.score} points, {one.confidence}{why} ({'; '.join(one.reasons)}); {about}"


def _credential(one: PlannedCredential) -> str:
    label = f" {one.display_name!r}" if one.display_name else ""
    until = f"until {one.end:%Y-%m-%d}" if one.end else "no end that can be read"
    return f"{one.kind} {one.key_id}{label} of the {holder(one.holder)}, {until}"
