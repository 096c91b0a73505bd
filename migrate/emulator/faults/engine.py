"""The fault engine: a plan at work on a tenant. It stands where ``NoFaults`` stands otherwise."""

import copy
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from migrate.emulator.faults.addressing import addressed
from migrate.emulator.faults.disturbance import Disturbance, Disturbances
from migrate.emulator.faults.history import History, LateTable
from migrate.emulator.faults.lag import Lag, known_late, through
from migrate.emulator.faults.model import (
    FaultPlan,
    IdentityCache,
    LaggingReads,
    Propagation,
    SecondWriter,
    SignIns,
    Skew,
    Throttle,
)
from migrate.emulator.faults.second_writer import Intruder
from migrate.emulator.faults.signins import ReducedLog, as_documented
from migrate.emulator.faults.throttle import Throttling
from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.state.hooks import H, Handler, Keys, NoFaults, Part, Pattern, Unsettled
from migrate.emulator.state.records import Application, ManagedIdentity, ServicePrincipal
from migrate.emulator.state.rules import not_found
from migrate.emulator.state.table import Identified
from migrate.emulator.state.tenant import Tenant

_REPORT: Final = ("reports", "appCredentialSignInActivities")
F = TypeVar("F")
R = TypeVar("R", bound=Identified)


class FaultEngine(NoFaults):
    """Faults of one plan on one tenant, with their counters."""

    def __init__(self, plan: FaultPlan, tenant: Tenant, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._tenant = tenant
        salted = tuple((fault, f"{plan.seed}|{index}") for index, fault in enumerate(plan.faults))
        self._lags = {
            index: Lag(fault, salt, tenant.clock)
            for index, (fault, salt) in enumerate(salted)
            if isinstance(fault, (Propagation, LaggingReads))
        }
        self._throttles = {index: Throttling(fault, monotonic) for index, fault in self._of(Throttle)}
        self._intruders = {index: Intruder(fault, salted[index][1]) for index, fault in self._of(SecondWriter)}
        self._disturbances = Disturbances(salted, tenant.clock)
        self._used: Counter[int] = Counter()
        self.on_the_wire = bool(self._disturbances.by_index)
        self._watch()

    def unsettled(self) -> dict[str, list[Unsettled]]:
        """Give the changes that have not spread everywhere, by table, for keeping them elsewhere."""
        if not self._lags:
            return {}
        return {
            "applications": self._applications.unsettled(),
            "service_principals": self._principals.unsettled(),
        }

    def resume(self, unsettled: Mapping[str, Sequence[Unsettled]]) -> None:
        """Note such changes of an earlier run, if this plan has a fault that delays any."""
        if self._lags:
            self._applications.resume(unsettled.get("applications", ()))
            self._principals.resume(unsettled.get("service_principals", ()))

    def _of(self, kind: type[F]) -> list[tuple[int, F]]:
        return [(index, fault) for index, fault in enumerate(self._plan.faults) if isinstance(fault, kind)]

    def _watch(self) -> None:
        if not self._lags:
            return
        tenant, horizon = self._tenant, max(lag.longest for lag in self._lags.values())
        self._applications = History(tenant.applications, tenant.clock.now, horizon)
        self._principals = History(tenant.service_principals, tenant.clock.now, horizon)
        self._histories: dict[type, History[Any]] = {
            Application: self._applications,
            ServicePrincipal: self._principals,
        }

    # --- the token endpoint -----------------------------------------------------------------------------------------

    def at_token_endpoint(self, holder: H) -> H:
        """Give a holder of credentials as one of the replicas knows it."""
        for lag in self._lags.values():
            if isinstance(lag.fault, Propagation):
                holder = self._late(lag, holder)
        return holder

    def _late(self, lag: Lag, holder: H) -> H:
        if not lag.concerns(holder):
            return holder
        history: History[Any] = self._histories[type(holder)]
        changes: dict[str, Any] = known_late(lag, history.as_of(holder.id, lag.moment(), holder), holder)
        return replace(holder, **changes)

    # --- Microsoft Graph --------------------------------------------------------------------------------------------

    def serve(self, call: Call, method: str, pattern: Pattern, keys: Keys, handler: Handler) -> Reply:
        """Let a handler answer, out of buckets, through replicas and beside another administrator."""
        headers: dict[str, str] = {}
        for throttling in self._throttles.values():
            headers.update(throttling.charge(call, method, pattern, keys))
        reply = (
            self._read(call, pattern, keys, handler) if method == "GET" else self._write(call, pattern, keys, handler)
        )
        return replace(reply, headers={**reply.headers, **headers}) if headers else reply

    def _read(self, call: Call, pattern: Pattern, keys: Keys, handler: Handler) -> Reply:
        reply = handler(replace(call, tenant=self._seen(call.tenant, pattern)), *keys)
        application = self._addressed(pattern, keys) if self._intruders else None
        if application is not None:
            for intruder in self._intruders.values():
                intruder.after_read(call.tenant, application, call.caller.app_id)
        return self._spelt(reply) if pattern == _REPORT else reply

    def _write(self, call: Call, pattern: Pattern, keys: Keys, handler: Handler) -> Reply:
        lags = self._moments("writes")
        late = lags and addressed(call.tenant, pattern, keys)
        if late and not addressed(self._seen_through(call.tenant, lags), pattern, keys):
            raise not_found(keys[0][1])
        application = self._addressed(pattern, keys) if self._intruders else None
        if application is not None:
            for intruder in self._intruders.values():
                intruder.before_write(call.tenant, application, call.caller.app_id)
        reply: Reply = handler(call, *keys)
        return reply

    def _addressed(self, pattern: Pattern, keys: Keys) -> Application | None:
        found = addressed(self._tenant, pattern, keys)
        return found if isinstance(found, Application) else None

    def _seen(self, tenant: Tenant, pattern: Pattern) -> Tenant:
        """Give the tenant as a read sees it."""
        if pattern[0] in ("auditLogs", "reports"):
            return self._with_reduced_log(tenant)
        lags = self._moments("objects" if pattern[-1] == "*" else "lists")
        return self._seen_through(tenant, lags) if lags else tenant

    def _moments(self, kind: str) -> list[tuple[Lag, datetime]]:
        reading = [lag for lag in self._lags.values() if isinstance(lag.fault, LaggingReads) and kind in lag.fault.of]
        return [(lag, lag.moment()) for lag in reading]

    def _seen_through(self, tenant: Tenant, lags: Sequence[tuple[Lag, datetime]]) -> Tenant:
        seen = copy.copy(tenant)
        moment = min(moment for _, moment in lags)
        seen.applications = LateTable(self._applications, through(self._applications, lags), moment)
        seen.service_principals = LateTable(self._principals, through(self._principals, lags), moment)
        return seen

    def _with_reduced_log(self, tenant: Tenant) -> Tenant:
        for index, fault in self._of(SignIns):
            self._used[index] += 1
            seen = copy.copy(tenant)
            seen.retention = timedelta(days=fault.retention_days) if fault.retention_days else tenant.retention
            if fault.delay or fault.dropped:
                cutoff = tenant.clock.now() - timedelta(seconds=fault.delay)
                salt = f"{self._plan.seed}|{index}"
                seen.sign_ins = ReducedLog(tenant.sign_ins, cutoff=cutoff, dropped=fault.dropped, salt=salt)
            tenant = seen
        return tenant

    def _spelt(self, reply: Reply) -> Reply:
        if not any(fault.spelling == "documentation" for _, fault in self._of(SignIns)):
            return reply
        body: Any = reply.body
        return replace(reply, body={**body, "value": [as_documented(row) for row in body["value"]]})

    # --- managed identities, clocks, whole requests -----------------------------------------------------------------

    def identity_cache_life(self, identity: ManagedIdentity, usual: timedelta) -> timedelta:
        """Say for how long a token of a managed identity is given out again."""
        known = (identity.client_id, identity.principal_id, identity.resource_id.lower())
        for index, fault in self._of(IdentityCache):
            names = fault.identities
            if not names or any(name == identity.name or name.lower() in known for name in names):
                self._used[index] += 1
                return timedelta.max if fault.mode == "frozen" else timedelta(0)
        return usual

    def skew(self, part: Part) -> int:
        """Say by how many seconds a clock of the service is ahead."""
        seconds = 0
        for index, fault in self._of(Skew):
            if part in fault.of:
                self._used[index] += 1
                seconds += fault.seconds
        return seconds

    def disturb(self, method: str, path: str, authorization: str) -> Disturbance | None:
        """Say what befalls a request."""
        return self._disturbances.find(method, path, authorization)

    def shown(self) -> dict[str, Any]:
        """Give the plan and, in its order, how often each fault was considered (``seen``) and happened (``fired``)."""
        plan = self._plan.shown()
        counted = [(fault["kind"], *self._counts(index)) for index, fault in enumerate(plan["faults"])]
        return {**plan, "state": [{"kind": kind, "seen": seen, "fired": fired} for kind, seen, fired in counted]}

    def _counts(self, index: int) -> tuple[int, int]:
        disturber = self._disturbances.by_index.get(index)
        intruder = self._intruders.get(index)
        counted = self._lags.get(index) or self._throttles.get(index)
        if counted is not None:
            return counted.seen, counted.fired
        if disturber is not None:
            return disturber.counts
        return intruder.counts if intruder is not None else (self._used[index], self._used[index])


def install(tenant: Tenant, plan: FaultPlan) -> None:
    """Let a plan take effect from now on, in the place of any other; what was changed before counts as settled."""
    with tenant.lock:
        remove(tenant)
        if plan.faults:
            tenant.faults = FaultEngine(plan, tenant)


def remove(tenant: Tenant) -> None:
    """End all faults."""
    with tenant.lock:
        tenant.faults = NoFaults()
        tenant.applications.watch = None
        tenant.service_principals.watch = None
