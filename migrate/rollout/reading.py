"""What a journal says of proofs, code, held and removed credentials, and of plans. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath

import msgspec

from inventory.model import ClientId, KeyId, TenantId
from migrate.circumstances import Deactivation, Stretch
from migrate.entry import Entry, Kind
from migrate.exchanged import ExchangeClaims
from migrate.gate import CodeState
from migrate.glass import GlassSecret, Place
from migrate.model import Abandoned, Carried, CodeFinding, Pairing, Plan, Refusal, Target


def planned(entries: Iterable[Entry]) -> tuple[Pairing, ...]:
    """Return the pairings of the plan that was used last."""
    plans = [entry for entry in entries if entry.kind is Kind.PLAN]
    return tuple(msgspec.convert(plans[-1].data["pairings"], list[Pairing])) if plans else ()


def all_planned(entries: Iterable[Entry], tenant: TenantId) -> tuple[Target, ...] | None:
    """Return whatever may lose credentials by every plan that was used for a tenant, oldest plan first.

    None where there is none.
    """
    plans = [entry for entry in entries if entry.kind is Kind.PLAN and entry.data["tenant"] == tenant]
    found: list[Target] = []
    for entry in plans:
        found += msgspec.convert(entry.data["pairings"], list[Pairing])
        found += msgspec.convert(entry.data.get("abandoned", []), list[Abandoned])
    return tuple(found) if plans else None


def overtaken(entries: Iterable[Entry], plan: Plan) -> str:
    """Return the digest of the plan of a tenant that takes the place of this one, or nothing.

    That is one of a newer scan, or one of the same scan that was used after this one was: both were decided later.
    """
    mine, found = False, ""
    for entry in entries:
        if entry.kind is not Kind.PLAN or entry.data["tenant"] != plan.tenant_id:
            continue
        taken_at = datetime.fromisoformat(str(entry.data["taken_at"]))
        if entry.plan == plan.digest:
            mine = True
        elif taken_at > plan.snapshot_taken_at or (mine and taken_at == plan.snapshot_taken_at):
            found = entry.plan
    return found


def stepped(entries: Iterable[Entry]) -> tuple[Refusal, ...]:
    """Return the applications of the plan that was used last whose steps ``federate`` can carry out."""
    plans = [entry for entry in entries if entry.kind is Kind.PLAN]
    return tuple(msgspec.convert(plans[-1].data.get("stepped", []), list[Refusal])) if plans else ()


def abandoned(entries: Iterable[Entry]) -> tuple[Abandoned, ...]:
    """Return the applications of the plan that was used last that nobody uses, or that were deactivated as such."""
    plans = [entry for entry in entries if entry.kind is Kind.PLAN]
    return tuple(msgspec.convert(plans[-1].data.get("abandoned", []), list[Abandoned])) if plans else ()


def deactivations(entries: Iterable[Entry]) -> dict[ClientId, Deactivation]:
    """Return the applications that were deactivated by us and not activated again, with what was seen since."""
    found: dict[ClientId, Deactivation] = {}
    for entry in entries:
        client_id = entry.application
        if client_id is None:
            continue
        if entry.kind is Kind.DEACTIVATED and client_id not in found:
            found[client_id] = Deactivation(at=entry.tenant_time)
        elif entry.kind is Kind.ACTIVATED:
            found.pop(client_id, None)
        elif client_id in found and entry.kind in {Kind.WATCHING, Kind.SCREAM_FAILED}:
            found[client_id] = _looked(found[client_id], entry)
    return found


def deactivating(entries: Iterable[Entry]) -> frozenset[ClientId]:
    """Return the applications whose deactivation was meant and that nothing confirms or takes back.

    A failure does neither: what failed, or was not seen, may have been done all the same.
    """
    begun: set[ClientId] = set()
    for entry in entries:
        if entry.application is None:
            continue
        if entry.kind is Kind.DEACTIVATE_MEANT:
            begun.add(entry.application)
        elif entry.kind in {Kind.DEACTIVATED, Kind.ACTIVATED}:
            begun.discard(entry.application)
    return frozenset(begun)


def _looked(now: Deactivation, entry: Entry) -> Deactivation:
    if entry.kind is Kind.SCREAM_FAILED:
        return replace(now, scream=now.scream or str(entry.data["message"]))
    since, until = (datetime.fromisoformat(str(entry.data[name])) for name in ("covers_since", "covers_until"))
    return replace(now, looks=(*now.looks, Stretch(since=since, until=until)))


def names(entries: Iterable[Entry]) -> dict[ClientId, str]:
    """Return the display names of all applications that any plan of the journal has paired."""
    plans = [entry for entry in entries if entry.kind is Kind.PLAN]
    pairings = [pairing for entry in plans for pairing in msgspec.convert(entry.data["pairings"], list[Pairing])]
    refusals = [one for entry in plans for one in msgspec.convert(entry.data.get("stepped", []), list[Refusal])]
    unused = [one for entry in plans for one in msgspec.convert(entry.data.get("abandoned", []), list[Abandoned])]
    applications = [*(one.application for one in unused), *(one.application for one in refusals)]
    applications += [one.application for one in pairings]
    return {each.client_id: each.display_name for each in applications}


def proofs(pairing: Pairing, entries: Iterable[Entry]) -> tuple[ExchangeClaims, ...]:
    """Return the successful exchanges of a pairing since its last failed one, oldest first.

    A proof counts for the application, issuer and subject it names, whichever plan it was made under.
    """
    found = [_claims(each) for each in proof_entries(pairing, entries)]
    return tuple(sorted(found, key=lambda each: each.issued_at))


def probes(entries: Iterable[Entry]) -> tuple[ExchangeClaims, ...]:
    """Return every successful exchange of ours, whatever became of it as a proof."""
    return tuple(_claims(each) for each in entries if each.kind is Kind.PROVEN)


def proof_entries(pairing: Pairing, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries of the exchanges that ``proofs`` counts, in the order they were written."""
    wanted = (pairing.federated.issuer, pairing.federated.subject)
    found: list[Entry] = []
    for entry in entries:
        if entry.application != pairing.application.client_id:
            continue
        if entry.kind is Kind.PROOF_FAILED:
            found.clear()
        elif entry.kind is Kind.PROVEN:
            claims = _claims(entry)
            if (claims.assertion_issuer, claims.assertion_subject) == wanted:
                found.append(entry)
    return tuple(found)


def _claims(entry: Entry) -> ExchangeClaims:
    return msgspec.convert(dict(entry.data), ExchangeClaims)


def code_state(entries: Iterable[Entry], tenant: TenantId) -> CodeState:
    """Return what is still open in code: each scan replaces everything known below the folder or file it looked at.

    What was found in a repository is replaced by a scan of that repository: another one may be at the same path on
    another machine, or later. What names none (code outside of git, or without a remote) is known by its path alone.
    Scans for another tenant say nothing, nor does one that found no Python file. A path that is gone can be forgotten:
    its findings go, and nothing is known of it any more. Scans of a path that were taken back count as never made: what
    they settled is open again, and what they showed to be clean is not shown any more.
    """
    roots: dict[PurePath, bool] = {}
    findings: list[CodeFinding] = []
    named: frozenset[ClientId] | None = frozenset()
    for entry in _scans(entries, tenant):
        root = PurePath(entry.subject)
        roots = {each: seen for each, seen in roots.items() if not each.is_relative_to(root)}
        roots[root] = bool(entry.data["scanned"])
        there = msgspec.convert(entry.data.get("repositories"), dict[str, str | None] | None)
        findings = [each for each in findings if not _looked_at_again(each, root, there)]
        findings += msgspec.convert(entry.data["findings"], list[CodeFinding])
        if entry.data["scanned"]:
            told = msgspec.convert(entry.data.get("applications"), frozenset[ClientId] | None)
            named = None if named is None or told is None else named | told
    looked = tuple(str(root) for root, seen in roots.items() if seen)
    return CodeState(roots=looked, findings=tuple(findings), named=named)


def _looked_at_again(finding: CodeFinding, root: PurePath, repositories: Mapping[str, str | None] | None) -> bool:
    """Whether a scan of a path speaks of a finding; ``repositories`` by their tops, None where it did not tell them."""
    path = PurePath(finding.path)
    if not path.is_relative_to(root):
        return False
    if finding.repository is None or repositories is None:
        return True
    tops = [top for top in repositories if path.is_relative_to(top)]
    return bool(tops) and finding.repository == repositories[max(tops, key=len)]


def _scans(entries: Iterable[Entry], tenant: TenantId) -> Iterable[Entry]:
    """Leave out the scans that were taken back; a later one of the same path counts again."""
    kept: list[Entry] = []
    for entry in entries:
        if entry.kind is not Kind.CODE_SCANNED or entry.data["tenant"] != tenant:
            continue
        if entry.data.get("taken_back"):
            kept = [each for each in kept if each.subject != entry.subject]
        else:
            kept.append(entry)
    return kept


def removed(entries: Iterable[Entry]) -> frozenset[tuple[ClientId, Carried]]:
    """Return the credentials whose removal was confirmed by a read: applications may share a key id, too."""
    found = (entry for entry in entries if entry.kind is Kind.RETIRED)
    return frozenset((entry.application, entry.carried) for entry in found if entry.application is not None)


def held(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the newest ``held`` entry of each credential that was not removed since."""
    latest = {(one.application, one.carried): one for one in entries if one.kind in {Kind.HELD, Kind.RETIRED}}
    return tuple(one for one in latest.values() if one.kind is Kind.HELD)


def to_remove(targets: Iterable[Target]) -> frozenset[tuple[ClientId, Carried]]:
    """Return the credentials that a plan means to remove."""
    return frozenset((one.application.client_id, each.carried) for one in targets for each in one.credentials)


def glass_of(entry: Entry) -> GlassSecret:
    """Return the break-glass secret that an entry says was made."""
    told = entry.data
    return GlassSecret(
        label=entry.subject,
        key_id=KeyId(str(told["key_id"])),
        until=datetime.fromisoformat(str(told["until"])),
        place=Place(vault=str(told["vault"]), name=str(told["name"])),
        version=str(told["version"]),
    )


def glass_left(entries: Iterable[Entry]) -> dict[ClientId, tuple[GlassSecret, ...]]:
    """Return the break-glass secrets of which nothing says that they are over, by application, of whichever plan."""
    left: dict[tuple[ClientId, str], GlassSecret] = {}
    for entry in entries:
        if entry.application is None:
            continue
        if entry.kind is Kind.BREAK_GLASS_MADE:
            left[entry.application, entry.subject] = glass_of(entry)
        elif entry.kind is Kind.BREAK_GLASS_OVER:
            left.pop((entry.application, entry.subject), None)
        elif entry.kind is Kind.RETIRED:
            gone = (entry.application, entry.carried)
            left = {key: each for key, each in left.items() if (key[0], each.carried) != gone}
    return {app: tuple(each for (of, _), each in left.items() if of == app) for app, _ in left}


def closed_gates(entry: Entry) -> Mapping[str, Mapping[str, str]]:
    """Return the gates that held a credential, each with ``because`` and ``opens``, from a ``held`` entry."""
    return msgspec.convert(entry.data["gates"], dict[str, dict[str, str]])


def unfinished(entries: Iterable[Entry], meant: Kind, done: Kind) -> frozenset[str]:
    """Return the subjects of changes that were meant and never confirmed: a run ended in between."""
    open_subjects: set[str] = set()
    for entry in entries:
        if entry.kind is meant:
            open_subjects.add(entry.subject)
        elif entry.kind is done:
            open_subjects.discard(entry.subject)
    return frozenset(open_subjects)
