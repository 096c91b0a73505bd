"""What the secret of a call comes from, as values: names that hold it, and the reads it is taken out of."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from codemods.model import ReasonCode
from codemods.scope import Binding, Kind, Scope


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NameRead:
    """A name that holds the secret. ``statement`` is what must be deleted with it; None for an imported name.

    ``place`` is the name's place in a statement that binds others too (``tenant, secret = x, y``).
    """

    name: str
    scope: Scope
    binding: Binding
    around: ast.With | None = None
    place: tuple[ast.Assign, int] | None = None

    @property
    def condition(self) -> ast.NamedExpr | None:
        """Give the ``:=`` that binds the name, which goes with what it stands in."""
        return self.binding.node if isinstance(self.binding.node, ast.NamedExpr) else None

    @property
    def node(self) -> ast.stmt | ast.expr | None:
        """Give whatever goes, or loses a part, with the name."""
        return self.statement or self.condition or (None if self.place is None else self.place[0])

    @property
    def statement(self) -> ast.stmt | None:
        """Give the assignment that binds the name, with the file that is opened for nothing else."""
        node = self.around or self.binding.node
        return node if self.binding.kind is Kind.ASSIGNMENT and isinstance(node, ast.stmt) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRead:
    """A read of one thing out of another; an empty ``holder`` means an environment variable."""

    holder: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """Something defined outside the call that the secret is taken from: ``settings`` and the way to ``.secret``."""

    binding: Binding
    attributes: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Trace:
    """What a secret comes from; filled while it is followed, read only afterwards.

    ``inside`` are variables that hold the secret among other things: a JSON text. ``reached`` are those it may come
    from where that is not certain; whoever reads them for something else does not matter, as nothing is rewritten.
    """

    sources: list[str] = field(default_factory=list)
    literals: list[ast.expr] = field(default_factory=list)
    names: list[NameRead] = field(default_factory=list)
    items: list[ItemRead] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    reads: list[ast.expr] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    problem: tuple[ReasonCode, str] | None = None

    @property
    def source(self) -> str | None:
        """Describe the origin by name."""
        return ", ".join(dict.fromkeys(self.sources)) or None

    def reach(self, variables: Iterable[str]) -> None:
        """Add variables that the secret may come from."""
        found = [variable for variable in variables if variable not in {item.key for item in self.items}]
        self.reached += found
        self.sources += [f"os.environ[{variable!r}]" for variable in found]
