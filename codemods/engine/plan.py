"""Which sites of a file are rewritten: all of an application's, or none.

A decision can take others with it: a site that stays may share its secret with another, which then has to stay as well.
So sites are taken out until nothing changes any more.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codemods.assertion import Application, guid
from codemods.authority import authority_of
from codemods.engine.alternatives import alternative
from codemods.engine.applications import Policy, decide
from codemods.engine.expected import name_of_body
from codemods.engine.fallback import fallback
from codemods.engine.file import File, collision, no_place
from codemods.engine.flow import Blocked, Dropped, dropped_with, keys_of, obstacle
from codemods.engine.guards import Guards, understand
from codemods.engine.notebook_sites import placed, strays, told
from codemods.engine.option import OPTION, Option, option_of
from codemods.engine.sites import Occurrence
from codemods.engine.traced import NameRead
from codemods.engine.whose import application_key, is_literal
from codemods.model import (
    AlreadyAssertion,
    Cloud,
    Compared,
    ReasonCode,
    Reported,
    Rewritten,
    SiteOutcome,
)
from codemods.names import Module
from codemods.transform import Already, Report, Rewrite

_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - the name of a variable
_NOT_THE_SAME = frozenset({
    ReasonCode.UNKNOWN_APPLICATION,
    ReasonCode.NOT_IN_PLAN,
    ReasonCode.SEVERAL_APPLICATIONS,
    ReasonCode.TEST_CODE,
    ReasonCode.RE_EXPORTED,
    ReasonCode.LITERAL_SECRET,
    ReasonCode.VAULT_SECRET,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rest of the project says about a file.

    ``type_tests`` maps a construct to a place that depends on its type or its inside; ``used_elsewhere`` names a file
    that seems to use a name of this one, given as a text or as the read that would be deleted; ``taken_by`` does so
    where nothing depends on it; ``needed_elsewhere`` says what else cannot do without the secret of a site; ``too_old``
    names the requirement that is too old for it. ``assumed`` are statements that are removed together with the secret.
    """

    type_tests: Mapping[str, Blocked]
    used_elsewhere: Callable[[NameRead | str], str | None]
    taken_by: Callable[[str], str | None]
    needed_elsewhere: Callable[[Occurrence], Blocked | None]
    too_old: Callable[[], str | None]
    assumed: frozenset[ast.AST] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """The decision on a file; ``decided`` says whose a site is, whether it is rewritten or not."""

    file: File
    decided: Mapping[Occurrence, Application]
    rewrites: Mapping[Occurrence, Application]
    blocked: Mapping[Occurrence, Blocked]
    notes: Mapping[Occurrence, str]
    options: Mapping[Occurrence, Option]

    @property
    def changes(self) -> bool:
        """Tell whether anything is to be done."""
        return bool(self.rewrites or self.options)

    @property
    def dropped(self) -> Dropped:
        """Collect what disappears from the file."""
        return _dropped(self.rewrites).and_also(self.guards.nodes)

    @property
    def shortened(self) -> tuple[ast.Assign, ...]:
        """List the statements that bind several names, of which some disappear."""
        reads = (read for occurrence in self.rewrites for read in occurrence.trace.names if read.place is not None)
        found = dict.fromkeys(read.place[0] for read in reads if read.place is not None)
        return tuple(statement for statement in found if statement not in self.dropped.nodes)

    @property
    def guards(self) -> Guards:
        """Say what becomes of the conditions that ask for the secrets."""
        return _guards(self.file, self.rewrites)

    def outcomes(self, compared: Mapping[Occurrence, tuple[Compared, ...]] | None = None) -> tuple[SiteOutcome, ...]:
        """Say what becomes of every site, and what was ``compared`` at those that are rewritten."""
        return tuple(self._outcome(occurrence, compared or {}) for occurrence in self.file.occurrences)

    def _outcome(self, occurrence: Occurrence, compared: Mapping[Occurrence, tuple[Compared, ...]]) -> SiteOutcome:
        application, notebook = self.rewrites.get(occurrence), self.file.notebook
        site = occurrence.site if notebook is None else placed(notebook, occurrence.site)
        if application is not None:
            return Rewritten(
                site=site,
                application=application.key,
                note=self.notes[occurrence],
                compared=compared.get(occurrence, ()),
            )
        if isinstance(occurrence.verdict, Already):
            return AlreadyAssertion(site=site)
        reason, detail = self.blocked[occurrence]
        if occurrence in self.options:
            detail = f"{detail}; callers can pass {OPTION} instead, the secret still works"
        if notebook is not None:
            detail = told(notebook, occurrence.site.line, detail)
        offered = occurrence in self.options
        target = occurrence.verdict.target
        return Reported(site=site, reason=reason, advice=reason.advice, detail=detail, offered=offered, target=target)


def refusal(file: File, occurrence: Occurrence, around: Surroundings) -> Blocked | None:
    """Say why a site is out of the question whosever application it is, or None."""
    verdict = occurrence.verdict
    if file.is_test and not isinstance(verdict, Already):
        return ReasonCode.TEST_CODE, ""
    if file.held and not isinstance(verdict, Already):
        return ReasonCode.NOTEBOOK, _beneath(verdict)
    if isinstance(verdict, Report):
        return verdict.reason, verdict.detail or _taken_by(occurrence, verdict, around)
    if isinstance(verdict, Rewrite) and verdict.asked and not file.environment_credential:
        return ReasonCode.ENVIRONMENT_STEERED, ""
    known = around.type_tests.get(occurrence.site.construct) or occurrence.trace.problem
    if not known and (line := fallback(file.module, occurrence)) is not None:
        known = ReasonCode.GUARDED_BY_SECRET, f"the program goes on in another way on line {line}"
    early = known or (_without_place(file, occurrence) if file.without_module else None)
    refused = early or _refused_here(file, occurrence) or _refused_there(file, occurrence, around)
    return refused or _without_place(file, occurrence)


def _without_place(file: File, occurrence: Occurrence) -> Blocked | None:
    """Say why nothing can come in place of the secret where the site stands."""
    if (nowhere := no_place(file, occurrence)) is not None:
        return nowhere
    name = collision(file, occurrence)
    return None if name is None else (ReasonCode.NAME_COLLISION, name)


def _taken_by(occurrence: Occurrence, verdict: Report, around: Surroundings) -> str:
    """Name a file that takes a class from here, and may call it by a name that says nothing."""
    aliases = occurrence.node.names if isinstance(occurrence.node, ast.ImportFrom) else []
    if verdict.reason is not ReasonCode.RE_EXPORTED:
        return ""
    names = (alias.asname or alias.name for alias in aliases if alias.name == occurrence.site.construct)
    found = (place for name in names if (place := around.taken_by(name)) is not None)
    return next((f"taken by {place}" for place in found), "")


def _beneath(verdict: Rewrite | Report) -> str:
    """Say what a site of a notebook would be told for anywhere else."""
    if isinstance(verdict, Rewrite):
        return ""
    return f"{verdict.reason}: {verdict.detail}" if verdict.detail else verdict.reason.value


def _refused_there(file: File, occurrence: Occurrence, around: Surroundings) -> Blocked | None:
    if (requirement := around.too_old()) is not None:
        return ReasonCode.VERSION_FLOOR, requirement
    if (needed := around.needed_elsewhere(occurrence)) is not None:
        return needed
    if (place := _taken_as(occurrence, file.module, around)) is not None:
        return ReasonCode.INDIRECT_IMPORT, place
    place = _sent_by(occurrence, file.module, around)
    return None if place is None else (ReasonCode.RAW_HTTP, place)


def _sent_by(occurrence: Occurrence, module: Module, around: Surroundings) -> str | None:
    """Name a file that takes a body from here: it would send an assertion that was made when this one was imported."""
    name = name_of_body(module, occurrence)
    place = None if name is None else around.used_elsewhere(name)
    return None if place is None else f"{name} is used by {place}"


def _taken_as(occurrence: Occurrence, module: Module, around: Surroundings) -> str | None:
    """Name a file that takes the class from here under a name that hides what it is."""
    func = occurrence.node.func if isinstance(occurrence.node, ast.Call) else None
    found = module.lookup(func) if isinstance(func, ast.Name) else None
    renamed = found is not None and any(item.alias is not None and item.alias.asname for item in found[1])
    if not renamed or found is None or found[0] is not module.top or not isinstance(func, ast.Name):
        return None
    return around.used_elsewhere(func.id)


def _refused_here(file: File, occurrence: Occurrence) -> Blocked | None:
    if any(text.value == _TOKEN_FILE for text in file.module.strings):
        return ReasonCode.AKS_DIRECT_FEDERATION, ""
    if file.notebook is not None and (line := strays(file.notebook, file.module, occurrence)) is not None:
        return ReasonCode.NOTEBOOK, f"what it needs is in another cell (line {line})"
    if any(isinstance(parent, ast.JoinedStr) for parent in file.module.ancestors(occurrence.node)):
        return ReasonCode.UNSUPPORTED_FORM, "inside an f-string"
    nodes = {other.node for other in file.occurrences if other is not occurrence and isinstance(other.verdict, Rewrite)}
    around = any(parent in nodes for parent in file.module.ancestors(occurrence.node))
    inside = any(occurrence.node in file.module.ancestors(node) for node in nodes)
    return (ReasonCode.UNSUPPORTED_FORM, "one sign-in stands inside another") if around or inside else None


def plan_file(file: File, policy: Policy, around: Surroundings) -> Plan:
    """Decide on every site of a file."""
    blocked: dict[Occurrence, Blocked] = {}
    rewrites: dict[Occurrence, Application] = {}
    decided: dict[Occurrence, Application] = {}
    for occurrence in file.occurrences:
        application = _whose(file, occurrence, policy)
        if isinstance(application, Application):
            decided[occurrence] = application
        reason = _first_reason(file, occurrence, policy, application, around)
        if reason is not None:
            blocked[occurrence] = reason
        elif not isinstance(occurrence.verdict, Already) and isinstance(application, Application):
            rewrites[occurrence] = application
    while (found := _next_obstacle(file, policy, rewrites, blocked, around)) is not None:
        occurrence, reason = found
        blocked[occurrence] = reason
        del rewrites[occurrence]
    guards = _guards(file, rewrites)
    notes = {occurrence: _note(occurrence, guards.notes.get(occurrence, ())) for occurrence in rewrites}
    options = {} if rewrites or not file.add_option else _options(file, blocked)
    return Plan(file=file, decided=decided, rewrites=rewrites, blocked=blocked, notes=notes, options=options)


def _whose(file: File, occurrence: Occurrence, policy: Policy) -> Application | ReasonCode:
    """Decide on the application of a site; one whose default is another application is not the caller's."""
    found = decide(policy, application_key(file.module, occurrence), occurrence.client_id)
    other = isinstance(found, Application) and occurrence.client_id is None and guid(found.key) is not None
    if other and isinstance(found, Application) and occurrence.likely not in {None, guid(found.key)}:
        return ReasonCode.UNKNOWN_APPLICATION
    return found


def _options(file: File, blocked: Mapping[Occurrence, Blocked]) -> dict[Occurrence, Option]:
    """Find the sites that can offer an assertion beside the secret that callers supply."""
    found = {
        occurrence: option_of(file.module, occurrence)
        for occurrence, (reason, _) in blocked.items()
        if reason is ReasonCode.CALLER_SUPPLIED_SECRET and collision(file, occurrence) is None
    }
    return {occurrence: option for occurrence, option in found.items() if option is not None}


def _first_reason(
    file: File,
    occurrence: Occurrence,
    policy: Policy,
    application: Application | ReasonCode,
    around: Surroundings,
) -> Blocked | None:
    verdict = occurrence.verdict
    if isinstance(verdict, Already):
        return None
    if application is ReasonCode.NOT_IN_PLAN and isinstance(verdict, Rewrite) and not file.is_test:
        return application, ""
    refused = refusal(file, occurrence, around)
    if refused is not None or isinstance(application, ReasonCode):
        return (
            refused
            if refused is not None or isinstance(application, Application)
            else (application, _why(file, occurrence, policy, application))
        )
    if policy.other_tenant(application, _tenant(file.module, verdict)):
        return ReasonCode.OTHER_TENANT, ""
    cloud = verdict.cloud if isinstance(verdict, Rewrite) else None
    if cloud is not None and cloud is not Cloud.of_scope(application.scope):
        return ReasonCode.CLOUD_MISMATCH, f"the authority is of {cloud.name.lower()}"
    return None


def _why(file: File, occurrence: Occurrence, policy: Policy, reason: ReasonCode) -> str:
    """Say why ``--app`` does not settle whose a site is, and what would; nothing where it was not given."""
    if policy.app is None or reason is not ReasonCode.UNKNOWN_APPLICATION:
        return ""
    shown = occurrence.site.client_expression or "its client id"
    key = application_key(file.module, occurrence)
    if key is None:
        return f"{shown} may be more than one application, so --app does not settle it: bind it once, or write the id"
    if is_literal(key):
        return f"{shown} is no client id, so --app does not settle it: write the id"
    if occurrence.likely is not None:
        return f"where nothing else is set it is {occurrence.likely}, so --app does not settle it: make the two agree"
    return ""


def _tenant(module: Module, verdict: Rewrite | Report) -> str | None:
    """Give the tenant a site names outright: as an argument, or in the path of its authority."""
    if (named := guid(module.constant(verdict.tenant))) is not None:
        return named
    authority = authority_of(module, verdict.authority) if isinstance(verdict, Rewrite) else None
    return next((found for part in (authority or "").split("/") if (found := guid(part)) is not None), None)


def _next_obstacle(
    file: File,
    policy: Policy,
    rewrites: Mapping[Occurrence, Application],
    blocked: Mapping[Occurrence, Blocked],
    around: Surroundings,
) -> tuple[Occurrence, Blocked] | None:
    dropped = _dropped(rewrites).and_also((*_guards(file, rewrites).nodes, *around.assumed))
    for occurrence in rewrites:
        reason = obstacle(file.source, file.module, occurrence.trace, dropped, around.used_elsewhere)
        if reason is not None:
            return occurrence, reason
        if (line := alternative(file.module, occurrence.node)) is not None:
            return occurrence, (ReasonCode.LIBRARY_API, f"another way to sign in on line {line}")
    for occurrence, application in rewrites.items():
        for other, (reason_code, _) in blocked.items():
            if reason_code not in _NOT_THE_SAME and _may_be(file.module, policy, other, application):
                return occurrence, (ReasonCode.OTHER_SITE_BLOCKS, f"line {other.site.line}: {reason_code}")
    return None


def _may_be(module: Module, policy: Policy, other: Occurrence, application: Application) -> bool:
    """Tell whether a site that stays may belong to an application; one that names nobody may belong to all."""
    key = application_key(module, other)
    if key is None or key == application.key:
        return True
    decided = decide(policy, key, other.client_id)
    return isinstance(decided, Application) and decided.key == application.key


def _dropped(rewrites: Mapping[Occurrence, Application]) -> Dropped:
    verdicts = [item.verdict for item in rewrites]
    secrets = [secret for verdict in verdicts if isinstance(verdict, Rewrite) for secret in verdict.secrets]
    keys = {key for item in rewrites for key in keys_of(item.node, secrets)}
    return dropped_with(secrets, [item.trace for item in rewrites]).and_also(keys)


def _guards(file: File, rewrites: Mapping[Occurrence, Application]) -> Guards:
    return understand(file.source, file.module, tuple(rewrites), _dropped(rewrites).statements)


def _note(occurrence: Occurrence, guards: Sequence[str]) -> str:
    own = occurrence.verdict.note if isinstance(occurrence.verdict, Rewrite) else ""
    notes: Sequence[str] = (own, *occurrence.trace.notes, *guards)
    return "; ".join(dict.fromkeys(note for note in notes if note))
