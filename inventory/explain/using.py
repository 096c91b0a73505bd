"""Who uses the credential: what each source of evidence saw, and what code says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from inventory.explain.code import CodeSite
from inventory.explain.facts import Row, Subject, day
from inventory.explain.model import Cell, Known, Section
from inventory.model import Purpose
from inventory.tables import values
from inventory.usage_subject import BLUEPRINT, of_holder
from inventory.usage_verdict import Unknown, in_words, verdict

_SHOWN = 20
_HOW: Mapping[Cell, str] = {None: "", 0: ", without a user", 1: ", on behalf of a user"}
_OF = (
    "FROM uses WHERE client_id = ?1 AND source = ?2 AND "
    "(key_id = ?3 OR (key_id IS NULL AND thumbprint IS NOT NULL AND thumbprint = ?4))"
)
_SUMMARY = (
    "SELECT count(*) AS rows, min(first_seen) AS first_seen, max(last_seen) AS last_seen, max(last_success) AS "
    f"last_success, sum(successes) AS successes, sum(failures) AS failures {_OF}"
)
_CALLERS = f"SELECT * {_OF} ORDER BY last_success DESC, last_seen DESC LIMIT {_SHOWN}"


def evidence(subject: Subject) -> tuple[Section, ...]:
    """Say what each source saw, one section for each."""
    sources = subject.rows("SELECT * FROM sources ORDER BY name")
    names = {one["name"] for one in sources}
    told = subject.rows("SELECT DISTINCT source AS name FROM uses WHERE client_id = ?", subject.client_id)
    found = [*sources, *({"name": one["name"]} for one in told if one["name"] not in names)]
    if not found:
        return (Section(title="use", unseen=("no source of evidence was read: use is unknown",)),)
    return tuple(_source(subject, one) for one in found)


def together(subject: Subject) -> Section:
    """Say what all sources come to, as the report does; nothing of what does not authenticate, whose use none shows."""
    credential = subject.value
    if credential.purpose is not Purpose.AUTHENTICATION:
        return Section(title="use, taken together")
    holders = [one for one in (subject.application, subject.principal) if one is not None]
    audience = (subject.application or {}).get("sign_in_audience")
    agents = any(BLUEPRINT in str(one["unknown"]) for one in holders)
    asked = of_holder(credential, None if audience is None else str(audience), agents=agents)
    uses = map(values.use, subject.cells("uses", "WHERE client_id = ?", subject.client_id))
    sources = map(values.source, subject.cells("sources"))
    answer = verdict(asked, uses, sources, subject.of.taken_at)
    before = answer.before if isinstance(answer, Unknown) else ""
    told = "; ".join((*answer.because, *([before] if before else [])))
    known = Known(text=f"{in_words(answer)}: {told}", evidence=f"all sources, judged at {subject.scan}")
    return Section(title="use, taken together", known=(known,))


def _source(subject: Subject, source: Row) -> Section:
    parameters = (subject.client_id, source["name"], subject.credential["key_id"], subject.credential["thumbprint"])
    summary = subject.row(_SUMMARY, *parameters)
    callers = subject.rows(_CALLERS, *parameters)
    window = _window(source)
    known = [Known(text="could not be read", evidence=window)] if source.get("missing") else [_summary(summary, window)]
    seen = [_caller(subject, one, window) for one in callers]
    more = int(summary["rows"] or 0) - len(callers)
    if more:
        seen.append(Known(text=f"and {more} more rows in table uses", evidence=window))
    breaks = tuple(told for one, told in zip(callers, seen, strict=False) if one["last_success"] or one["successes"])
    unseen = [*_unseen(source), *_unnamed(subject, source), *_unclear(source, callers)]
    return Section(title=f"use, by {source['name']}", known=(*known, *seen), breaks=breaks, unseen=tuple(unseen))


def _window(source: Row) -> str:
    if "read_at" not in source:
        return f"{source['name']}, of which the snapshot says nothing else"
    kept = f", keeps {source['retention_days']} days" if source["retention_days"] else ""
    covers = f"covers {day(source['since'])} to {day(source['until'])}{kept}"
    return f"{source['name']}, read {day(source['read_at'])}, {covers}"


def _summary(summary: Row, window: str) -> Known:
    if not summary["rows"]:
        return Known(text="no row about it, which is not the same as unused", evidence=window, data=summary)
    counts = ""
    if summary["successes"] is not None or summary["failures"] is not None:
        counts = f"; {summary['successes'] or 0} successes, {summary['failures'] or 0} failures"
    last = f"last success {day(summary['last_success'])}, last attempt {day(summary['last_seen'])}"
    return Known(text=last + counts, evidence=window, data=summary)


def _caller(subject: Subject, one: Row, window: str) -> Known:
    who = one["address"] or "caller not told"
    what = f" for {_resource(subject, str(one['resource']))}" if one["resource"] else ""
    how = _HOW.get(one["delegated"], _HOW[None])
    when = (
        f"last success {day(one['last_success'])}" if one["last_success"] else f"last attempt {day(one['last_seen'])}"
    )
    return Known(text=f"{who}{what}{how}, {when}", evidence=window, data=one)


def _resource(subject: Subject, resource: str) -> str:
    found = subject.rows("SELECT display_name FROM service_principals WHERE client_id = ? LIMIT 1", resource.lower())
    return f"{found[0]['display_name']} ({resource})" if found and found[0]["display_name"] else resource


def _unseen(source: Row) -> list[str]:
    name = source["name"]
    if source.get("missing"):
        return [f"{name}: {source['missing']}"]
    if "read_at" not in source:
        return [f"{name}: its window and blind spots"]
    blind = msgspec.json.decode(str(source["blind_spots"]), type=list[str])
    return [f"{name}: {_outside(source)}", *(f"{name}: {one}" for one in blind)]


def _outside(source: Row) -> str:
    if source["since"] and source["until"]:
        return f"what happened before {day(source['since'])}, or after {day(source['until'])}"
    if source["until"]:
        return f"how far back it sees, and what happened after {day(source['until'])}"
    return "which time it shows"


def _unnamed(subject: Subject, source: Row) -> list[str]:
    """Say that the application was used with something that the source does not name."""
    found = subject.row(
        "SELECT count(*) AS rows, max(last_success) AS last FROM uses WHERE client_id = ? AND source = ? "
        "AND key_id IS NULL AND thumbprint IS NULL AND federated_credential_id IS NULL "
        "AND coalesce(last_seen, last_success) IS NOT NULL",
        subject.client_id,
        source["name"],
    )
    if not found["rows"]:
        return []
    return [f"{source['name']}: the application was used, last {day(found['last'])}, by a credential it does not name"]


def _unclear(source: Row, callers: Sequence[Row]) -> list[str]:
    untold = [one for one in callers if not one["last_success"] and one["failures"] is None and one["last_seen"]]
    if not untold or any(one["last_success"] for one in callers):
        return []
    return [f"{source['name']}: whether the attempt of {day(untold[0]['last_seen'])} succeeded"]


def code(subject: Subject, sites: Sequence[CodeSite] | None) -> Section:
    """Say which code signs in as the application; which of its credentials it uses is rarely written there."""
    if sites is None:
        return Section(title="code", unseen=("no code was looked at: give results of 'unsecret rewrite' with --code",))
    mine = [one for one in sites if one.whose == subject.client_id]
    known = tuple(_site(one) for one in mine)
    breaks = tuple(_site(one) for one in mine if one.result != "already assertion")
    nameless = sum(one.whose is None for one in sites)
    several = f"{nameless} places in the code do not say whose sign-in they are"
    one = "one place in the code does not say whose sign-in it is"
    unseen = (one if nameless == 1 else several,) if nameless else ()
    if not mine:
        known = (Known(text="no place in the code given names this client id", evidence="results of rewrite"),)
    return Section(title="code", known=known, breaks=breaks, unseen=unseen)


def _site(site: CodeSite) -> Known:
    source = f", secret from {site.secret_source}" if site.secret_source else ""
    done = {"rewritten": "rewritten, or can be"}.get(site.result, site.result)
    return Known(
        text=f"{site.path}:{site.line}: {site.construct}{source} ({done})",
        evidence="results of rewrite",
        data={"path": site.path, "line": site.line, "construct": site.construct, "result": site.result},
    )
