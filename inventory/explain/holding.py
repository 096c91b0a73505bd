"""What the credential is, who holds it, who answers for it, and what it can do."""

from __future__ import annotations

from datetime import datetime

from inventory.classify import Expiry
from inventory.explain.facts import Row, Subject, day
from inventory.explain.model import Known, Section
from inventory.lifetimes import HOLDERS, exempt, spared
from inventory.model import Holder, Purpose


def identity_of(subject: Subject) -> Section:
    """Say what the credential is and why, and when it is valid."""
    one = subject.credential
    marks = [f"{name.replace('_', ' ')} {one[name]}" for name in ("hint", "thumbprint", "usage", "type") if one[name]]
    known = [
        Known(
            text=", ".join([f"{one['kind']} {one['display_name'] or 'without a name'}", *marks]),
            evidence=f"{one['holder']} {one['holder_id']}, {subject.scan}",
            data=one,
        ),
        Known(text=f"purpose: {one['purpose']}, since {one['purpose_reason']}", evidence="classification"),
    ]
    if one["own_purpose"]:
        text = f"its holder alone says {one['own_purpose']} ({one['own_purpose_reason']}); the other holder corrects it"
        known.append(Known(text=text, evidence="classification"))
    dates = (
        f"valid from {day(one['starts'])} to {day(one['ends']) if one['ends'] else 'no end'}: {subject.expiry.value}"
    )
    known.append(Known(text=dates, evidence=f"startDateTime, endDateTime, judged at {subject.scan}"))
    return Section(title="what it is", known=tuple(known), breaks=tuple(_special(subject)))


def _special(subject: Subject) -> list[Known]:
    evidence = str(subject.credential["purpose_reason"])
    match subject.credential["purpose"]:
        case Purpose.SIGNING.value:
            mode = (subject.principal or {}).get("sign_on_mode")
            text = (
                f"single sign-on to {subject.name}{f' ({mode})' if mode else ''}: its tokens are signed with this key"
            )
        case Purpose.ENCRYPTION.value:
            text = f"token decryption at {subject.name}: its tokens are encrypted with this key"
        case Purpose.UNKNOWN.value:
            text = "its purpose is not understood, so whatever relies on it"
        case _:
            return []
    return [Known(text=text, evidence=evidence)]


def holder(subject: Subject) -> Section:
    """Say which objects carry credentials of this client, and what else could take over."""
    known = [
        _holder(subject, "application", subject.application),
        _holder(subject, "service principal", subject.principal),
    ]
    unseen: tuple[str, ...] = ()
    if subject.application is None:
        unseen = (
            "the application is registered in another tenant or gone: what it holds there is not in this snapshot",
        )
    others = subject.row(
        "SELECT count(*) AS others FROM credentials WHERE client_id = ? AND key_id <> ? AND purpose = 'authentication' "
        "AND (ends IS NULL OR ends > (SELECT taken_at FROM scan))",
        subject.client_id,
        subject.credential["key_id"],
    )
    text = f"{others['others']} other credentials of this client authenticate and have not ended"
    known.append(Known(text=text, evidence=subject.scan, data=others))
    return Section(title="holder", known=tuple(known), unseen=unseen)


def _holder(subject: Subject, kind: str, found: Row | None) -> Known:
    if found is None:
        return Known(text=f"no {kind} of this client id is in this tenant", evidence=subject.scan)
    where = ""
    if found.get("home_tenant") not in {None, subject.tenant_id}:
        where = f", registered in tenant {found['home_tenant']}"
    if found.get("disabled") or found.get("enabled") == 0:
        where += ", disabled"
    text = f"{kind} {found['display_name'] or 'without a name'} ({found['client_id']}){where}"
    return Known(text=text, evidence=f"object {found['id']}, {subject.scan}", data=found)


def owners(subject: Subject) -> Section:
    """Say who owns either holder."""
    known: list[Known] = []
    unseen: list[str] = []
    for kind, found in (("application", subject.application), ("service principal", subject.principal)):
        if found is None:
            continue
        if not found["owners_known"]:
            unseen.append(f"the owners of the {kind} could not be read")
            continue
        rows = subject.rows("SELECT * FROM owners WHERE holder_id = ? ORDER BY object_id", found["id"])
        known += [_owner(subject, kind, one) for one in rows]
        if not rows:
            known.append(Known(text=f"nobody owns the {kind}", evidence=subject.scan))
    return Section(title="owners", known=tuple(known), unseen=tuple(unseen))


def _owner(subject: Subject, kind: str, one: Row) -> Known:
    state = "" if one["enabled"] is None else ", enabled" if one["enabled"] else ", disabled"
    text = f"{one['kind']} {one['display_name'] or one['object_id']}{state}, of the {kind}"
    return Known(text=text, evidence=f"owners, {subject.scan}", data=one)


def roles(subject: Subject) -> Section:
    """Say what whoever has the credential can do."""
    unseen = subject.notes("roles", "directory roles")
    if subject.principal is None:
        text = "without a service principal here it can hold no role in this tenant"
        return Section(title="roles", known=(Known(text=text, evidence=subject.scan),), unseen=unseen)
    rows = subject.rows("SELECT * FROM roles WHERE principal_id = ? ORDER BY tier, role", subject.principal["id"])
    known = [
        Known(text=_role(one), evidence=f"{one['kind']} {one['role_id']}, {subject.scan}", data=one) for one in rows
    ]
    if not rows and not unseen:
        known.append(Known(text="holds no role", evidence=subject.scan))
    return Section(title="roles", known=tuple(known), unseen=unseen)


def _role(one: Row) -> str:
    where = f" on {one['resource']}" if one["resource"] else f" in {one['scope']}"
    return f"{one['role']}{where}: tier {one['tier']}, {one['reason']}"


def rules(subject: Subject) -> Section:
    """Say which app management policy and which lock bind its holder."""
    own = subject.rows(_OWN_POLICIES, subject.credential["holder_id"])
    unseen = () if own else subject.notes("policies", "app management policy")
    default = [] if own or unseen else subject.rows("SELECT * FROM policies WHERE is_default")
    known = [known for one in (*own, *default) for known in _restrictions(subject, one)]
    return Section(title="policies and lock", known=(*known, *_lock(subject)), unseen=unseen)


_OWN_POLICIES = (
    "SELECT DISTINCT p.* FROM policies AS p JOIN policy_assignments AS a ON a.policy_id = p.id "
    "WHERE NOT p.is_default AND lower(a.object_id) = lower(?)"
)


def _restrictions(subject: Subject, policy: Row) -> list[Known]:
    sort = "passwordCredentials" if subject.credential["kind"] == "secret" else "keyCredentials"
    rows = subject.rows(
        "SELECT * FROM policy_restrictions WHERE policy_id = ? AND credentials = ? AND holder IN ('', ?) ORDER BY type",
        policy["id"],
        sort,
        HOLDERS[Holder(str(subject.credential["holder"]))],
    )
    title = f"{'default' if policy['is_default'] else 'assigned'} policy {policy['name']}"
    title += "" if policy["enabled"] else " (not enabled)"
    told = [
        Known(
            text=f"{title}: {one['type']} {one['state'] or ''} {one['longest'] or ''}".rstrip()
            + _sparing(subject, one)
            + _exempting(one),
            evidence=f"policy {policy['id']}, {subject.scan}",
            data=one,
        )
        for one in rows
    ]
    return told or [Known(text=f"{title}: restricts no {sort} of such holders", evidence=subject.scan, data=policy)]


def _sparing(subject: Subject, restriction: Row) -> str:
    """Say from which day on holders are restricted, and whether that spares this one."""
    since = restriction["for_apps_created_after"]
    if not since:
        return ""
    local = subject.credential["holder"] == Holder.SERVICE_PRINCIPAL.value
    held = (subject.principal if local else subject.application) or {}
    created = datetime.fromisoformat(str(held["created"])) if held.get("created") else None
    return f", for those created after {since}" + (": not for this one" if spared(str(since), created) else "")


def _exempting(restriction: Row) -> str:
    told = restriction["excluded_actors"]
    who = exempt(None if told is None else str(told))
    return f", not for {who}" if who else ""


def _lock(subject: Subject) -> list[Known]:
    application = subject.application
    if application is None:
        return []
    if not application["lock_enabled"]:
        return [
            Known(
                text="no lock on its service principals", evidence=f"servicePrincipalLockConfiguration, {subject.scan}"
            )
        ]
    parts = [name for name in ("everything", "verify", "sign", "encryption") if application[f"lock_{name}"]]
    text = f"locked on its service principals: {', '.join(parts) or 'nothing'}"
    return [Known(text=text, evidence=f"servicePrincipalLockConfiguration, {subject.scan}")]


def ended(subject: Subject) -> bool:
    """Whether it authenticates nobody any more."""
    authenticates = subject.credential["purpose"] == Purpose.AUTHENTICATION.value
    return authenticates and subject.expiry is Expiry.EXPIRED
