"""A file as it was read, and what an assertion needs in it: a place to come from, and names that are free."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from codemods.assertion import HELPER_STEM, INLINE_NAMES
from codemods.engine.flow import Blocked
from codemods.engine.helpers import Place
from codemods.engine.notebook import Notebook
from codemods.engine.sites import Occurrence
from codemods.engine.source import Source
from codemods.model import ReasonCode
from codemods.names import Module, root_name
from codemods.scope import Kind
from codemods.transform import ASSERTION, HelperClass, Insert, Renamed, Replace, Rewrite

_HELPER_NAMES = re.compile(r"managed_identity_assertion(_for_\w+)?|ManagedIdentityAssertionCredential(For\w+)?")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class File:
    """A candidate as it was read: its text, its bound names, its sites.

    ``where`` finds the place of its helper, which takes a look at the whole project: so it is asked last. The sites of
    a ``held`` file are told and no more; of a ``notebook`` the source is what its cells say together.
    """

    source: Source
    module: Module
    occurrences: tuple[Occurrence, ...]
    is_test: bool
    where: Callable[[], Place]
    without_module: bool = False
    held: bool = False
    add_option: bool = False
    environment_credential: bool = False
    notebook: Notebook | None = None

    @property
    def place(self) -> Place:
        """Say where the helper stands."""
        return self.where()

    @property
    def inline(self) -> bool:
        """Tell whether the file gets an expression instead of a helper module, asked for or not."""
        return self.without_module or bool(self.place.unknown)


def no_place(file: File, occurrence: Occurrence) -> Blocked | None:
    """Say why the assertion can come neither from a module nor from one expression."""
    if not file.inline and file.place.taken:
        return ReasonCode.HELPER_NAME_TAKEN, ""
    if _loses_its_try(file, occurrence):
        return ReasonCode.UNSUPPORTED_FORM, "the program starts without the library, and would not any more"
    if not file.inline or fits_inline(occurrence):
        return None
    if file.notebook is None and file.place.unknown:
        return ReasonCode.HELPER_PLACE_UNKNOWN, file.place.unknown
    return ReasonCode.UNSUPPORTED_FORM, "no single expression can take its place: use a helper module"


def _loses_its_try(file: File, occurrence: Occurrence) -> bool:
    """Tell whether a file goes on without the library while what comes in its place is imported at the top.

    The helper module imports azure-identity when it is first used, its asynchronous class when it is imported itself;
    that import stands where the old one stood if that one imports nothing else.
    """
    root = root_name(occurrence.node.func) if isinstance(occurrence.node, ast.Call) else None
    found = None if root is None else file.module.lookup(root)
    nodes = [binding.node for binding in (() if found is None else found[1]) if binding.kind is Kind.IMPORT]
    optional = [node for node in nodes if any(isinstance(each, ast.Try) for each in file.module.ancestors(node))]
    if file.inline:
        return bool(optional)
    is_async = isinstance(occurrence.verdict, Rewrite) and isinstance(occurrence.verdict.callee, HelperClass)
    return is_async and any(not isinstance(node, ast.ImportFrom) or len(node.names) > 1 for node in optional)


def fits_inline(occurrence: Occurrence) -> bool:
    """Tell whether one expression can take a secret's place: it waits, so it is not for asynchronous code."""
    verdict = occurrence.verdict
    if not isinstance(verdict, Rewrite) or isinstance(verdict.callee, HelperClass):
        return False
    values = [edit.value for edit in verdict.edits if isinstance(edit, Replace | Insert) and ASSERTION in edit.value]
    called = any(f"{ASSERTION}(" in value for value in values)
    return bool(values) and not called and ".aio." not in f".{occurrence.site.construct}"


def collision(file: File, occurrence: Occurrence) -> str | None:
    """Name something visible from the call that the rewrite would need for itself."""
    module, verdict = file.module, occurrence.verdict
    wanted = verdict.callee.name if isinstance(verdict, Rewrite) and isinstance(verdict.callee, Renamed) else None
    read = verdict.names if isinstance(verdict, Rewrite) else ()
    package = occurrence.site.construct.rpartition(".")[0]
    scope = module.scope_at(occurrence.node)
    while scope is not None:
        for name, bindings in scope.bindings.items():
            meanings = {binding.qualified for binding in bindings}
            if name == wanted and meanings != {f"{package}.{wanted}"}:
                return name
            checked_only = any(item.checked_only for item in bindings)
            if _is_taken(file, name, meanings) or (name in {*INLINE_NAMES, *read} and checked_only):
                return name
            if name in read and meanings != {name}:
                return name
        scope = scope.parent
    return None


def _is_taken(file: File, name: str, meanings: set[str]) -> bool:
    """Tell whether a name that comes with the assertion means something else already."""
    if name in INLINE_NAMES:
        return meanings != {INLINE_NAMES[name]} and file.inline
    if _HELPER_NAMES.fullmatch(name) is None or file.inline:
        return False
    modules = (meaning.rpartition(".")[0] for meaning in meanings)
    own = {HELPER_STEM, file.place.module.rpartition(".")[2]}
    return not all(item.rpartition(".")[2] in own for item in modules)
