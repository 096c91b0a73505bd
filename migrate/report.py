"""Plans and journals as documents that every report format can write. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.model import ClientId, TenantId
from migrate import rollout
from migrate.entry import Entry, Json, Kind
from migrate.model import Candidate, Plan, PlannedCredential
from reports.model import Align, Column, Confidence, Curve, Document, Fact, Finding, Severity, Table

_IDENTITY_COLUMNS = (
    Column(key="application", title="Application"),
    Column(key="client_id", title="Client id"),
)


def plan_document(plan: Plan) -> Document:
    """Return a plan as a document: what is paired and why, what is refused and why."""
    return Document(
        title=f"Migration plan for tenant {plan.tenant_id}",
        as_of=plan.snapshot_taken_at,
        facts=(
            Fact(label="Applications paired", value=len(plan.pairings)),
            Fact(label="Credentials to retire", value=plan.credential_count),
            Fact(label="Applications refused", value=len(plan.refusals)),
            Fact(
                label="Federated credentials to create", value=sum(not each.federated.exists for each in plan.pairings)
            ),
            Fact(label="Cloud", value=plan.cloud.value),
            Fact(label="Waves", value=len(plan.waves)),
            Fact(label="Identities shared", value=len(plan.shared)),
            Fact(label="Faulty federated credentials", value=len(plan.audit)),
            Fact(label="Plan digest", value=plan.digest),
            Fact(label="Policy digest", value=plan.policy_digest),
        ),
        curves=(_curve(plan),) if plan.waves else (),
        tables=(_pairings(plan), _refusals(plan), _waves(plan), _audit(plan), _shared(plan), _notes(plan)),
    )


def _curve(plan: Plan) -> Curve:
    whole = sum(each.risk for each in plan.waves)
    points = (("now", whole), *((f"wave {each.number}", each.risk_left) for each in plan.waves))
    return Curve(title="Risk left after each wave", points=points, note="points of risk of the paired applications")


def _pairings(plan: Plan) -> Table:
    columns = (
        Column(key="wave", title="Wave", align=Align.RIGHT),
        Column(key="application", title="Application"),
        Column(key="identity", title="Managed identity"),
        Column(key="score", title="Points", align=Align.RIGHT),
        Column(key="confidence", title="Confidence"),
        Column(key="reasons", title="Why this one"),
        Column(key="alternatives", title="Why no other"),
        Column(key="order", title="Why in this wave"),
        Column(key="credentials", title="Credentials to retire"),
        Column(key="client_id", title="Client id"),
        Column(key="identity_client_id", title="Identity's client id"),
        Column(key="principal_id", title="Identity's principal id"),
        Column(key="federated", title="Federated credential"),
    )
    rows = tuple(
        (
            each.wave,
            each.application.display_name,
            each.identity.name,
            each.score,
            each.confidence.value,
            "; ".join(each.reasons),
            _candidates(each.alternatives),
            "; ".join(each.order),
            _credentials(each.credentials),
            each.application.client_id,
            each.identity.client_id,
            each.identity.principal_id,
            f"{each.federated.name} ({'exists' if each.federated.exists else 'to create'})",
        )
        for each in plan.pairings
    )
    return Table(name="pairings", title="Pairings", columns=columns, rows=rows)


def _refusals(plan: Plan) -> Table:
    columns = (
        Column(key="code", title="Code"),
        *_IDENTITY_COLUMNS,
        Column(key="explanation", title="Why not"),
        Column(key="candidates", title="Identities considered"),
        Column(key="steps", title="The way that works"),
        Column(key="credentials", title="Credentials that stay"),
    )
    rows = tuple(
        (
            each.code.value,
            each.application.display_name,
            each.application.client_id,
            each.explanation,
            _candidates(each.candidates),
            "; ".join(step.text for step in each.steps),
            _credentials(each.credentials),
        )
        for each in plan.refusals
    )
    return Table(name="refusals", title="Refusals", columns=columns, rows=rows)


def _candidates(candidates: Iterable[Candidate]) -> str:
    return "; ".join(
        f"{one.identity.name} ({one.score}: {', '.join(one.reasons)}){f': {one.why_not}' if one.why_not else ''}"
        for one in candidates
    )


def _waves(plan: Plan) -> Table:
    columns = (
        Column(key="number", title="Wave", align=Align.RIGHT),
        Column(key="name", title="Hazard"),
        Column(key="applications", title="Applications", align=Align.RIGHT),
        Column(key="risk", title="Risk removed", align=Align.RIGHT),
        Column(key="risk_left", title="Risk left", align=Align.RIGHT),
        Column(key="start", title="Starts"),
    )
    rows = tuple(
        (each.number, each.name, each.applications, each.risk, each.risk_left, str(each.start or ""))
        for each in plan.waves
    )
    return Table(name="waves", title="Waves", columns=columns, rows=rows)


def _audit(plan: Plan) -> Table:
    columns = (
        Column(key="code", title="Code"),
        *_IDENTITY_COLUMNS,
        Column(key="federated", title="Federated credential"),
        Column(key="explanation", title="What is wrong"),
        Column(key="advice", title="What to do"),
    )
    rows = tuple(
        (
            each.code,
            each.application.display_name,
            each.application.client_id,
            each.federated,
            each.explanation,
            each.advice,
        )
        for each in plan.audit
    )
    return Table(name="audit", title="Audit of federated credentials", columns=columns, rows=rows)


def _shared(plan: Plan) -> Table:
    columns = (
        Column(key="identity", title="Managed identity"),
        Column(key="applications", title="Applications"),
        Column(key="paths", title="Lateral paths", align=Align.RIGHT),
        Column(key="split", title="Smallest split"),
    )
    rows = tuple(
        (
            each.identity.name,
            ", ".join(one.display_name for one in each.applications),
            each.lateral_paths,
            "; ".join(step.text for step in each.split),
        )
        for each in plan.shared
    )
    return Table(name="shared", title="Shared identities", columns=columns, rows=rows)


def _notes(plan: Plan) -> Table:
    columns = (Column(key="note", title="Note"),)
    return Table(
        name="notes", title="What the plan could not see", columns=columns, rows=tuple((one,) for one in plan.notes)
    )


def _credentials(credentials: Iterable[PlannedCredential]) -> str:
    return "; ".join(
        f"{each.kind} {each.key_id}" + (f" until {each.end:%Y-%m-%d}" if each.end else "") for each in credentials
    )


def journal_document(entries: tuple[Entry, ...]) -> Document:
    """Return a journal as a document: where every application stands, and every entry."""
    pairings = rollout.planned(entries)
    states = rollout.states(pairings, entries)
    names = rollout.names(entries)
    columns = (
        *_IDENTITY_COLUMNS,
        Column(key="identity", title="Managed identity"),
        Column(key="state", title="State"),
        Column(key="credentials", title="Credentials planned", align=Align.RIGHT),
    )
    rows = tuple(
        (
            each.application.display_name,
            each.application.client_id,
            each.identity.name,
            states[each.application.client_id].value,
            len(each.credentials),
        )
        for each in pairings
    )
    held = rollout.held(entries)
    return Document(
        title="Rollout journal",
        as_of=None,
        facts=(
            Fact(label="Applications in the plan", value=len(pairings)),
            Fact(label="Credentials planned", value=len(rollout.to_remove(pairings))),
            Fact(label="Retired", value=len(rollout.removed(entries))),
            Fact(label="Held by gates", value=len(held)),
            Fact(label="Journal entries", value=len(entries)),
            Fact(label="Last entry", value=entries[-1].at if entries else None),
        ),
        tables=(
            Table(name="applications", title="Applications", columns=columns, rows=rows),
            _removed(entries, names),
            _entries(entries, names),
        ),
        findings=tuple(finding for entry in held for finding in _findings(entry, names)),
    )


def _findings(entry: Entry, names: dict[ClientId, str]) -> tuple[Finding, ...]:
    client_id = entry.application
    return tuple(
        Finding(
            rule=gate,
            message=f"{entry.data['kind']} {entry.subject} is held: {answer['because']}",
            severity=Severity.WARNING,
            confidence=Confidence.HIGH,
            subject=names.get(client_id, client_id) if client_id else "",
            advice=answer["opens"],
        )
        for gate, answer in rollout.closed_gates(entry).items()
    )


def _removed(entries: tuple[Entry, ...], names: dict[ClientId, str]) -> Table:
    columns = (
        Column(key="at", title="When"),
        *_IDENTITY_COLUMNS,
        Column(key="kind", title="Kind"),
        Column(key="key_id", title="Key id"),
        Column(key="holder", title="Held by"),
        Column(key="plan", title="Plan digest"),
    )
    rows = tuple(
        (
            entry.at,
            names.get(entry.application, "") if entry.application else "",
            entry.application or "",
            str(entry.data["kind"]),
            entry.subject,
            str(entry.data["holder"]),
            entry.plan,
        )
        for entry in entries
        if entry.kind is Kind.RETIRED
    )
    return Table(name="removed", title="Removed credentials", columns=columns, rows=rows)


def _entries(entries: tuple[Entry, ...], names: dict[ClientId, str]) -> Table:
    columns = (
        Column(key="number", title="No.", align=Align.RIGHT),
        Column(key="at", title="When"),
        Column(key="actor", title="Who"),
        Column(key="kind", title="What"),
        *_IDENTITY_COLUMNS,
        Column(key="subject", title="On"),
        Column(key="detail", title="Detail"),
    )
    rows = tuple(
        (
            entry.number,
            entry.at,
            entry.actor,
            entry.kind.value,
            names.get(entry.application, "") if entry.application else "",
            entry.application or "",
            entry.subject,
            _detail(entry),
        )
        for entry in entries
    )
    return Table(name="entries", title="Journal", columns=columns, rows=rows)


def _detail(entry: Entry) -> str:
    """Return what an entry holds on one line; a plan is in its own file, and the places in code are counted."""
    if entry.kind is Kind.PLAN:
        return f"snapshot of {entry.data['taken_at']}"
    if entry.kind is Kind.CODE_SCANNED:
        if reason := entry.data.get("taken_back"):
            return f"its scans were taken back: {reason}"
        found = rollout.code_state([entry], TenantId(str(entry.data["tenant"]))).findings
        return f"{entry.data['scanned']} files read, {len(found)} open places"
    if entry.kind is Kind.HELD:
        return "; ".join(f"{gate}: {answer['because']}" for gate, answer in rollout.closed_gates(entry).items())
    return "; ".join(f"{key}: {_plain(value)}" for key, value in sorted(entry.data.items()))


def _plain(value: Json) -> str:
    return ", ".join(f"{key}: {each}" for key, each in value.items()) if isinstance(value, dict) else str(value)
