"""Does what a secret is read from come into being without it: a settings field, an entry, a constant, an option.

The definition is looked for in this file and, through imports, in the project. It is optional only where that is seen:
a default, an empty text, a read of the environment that does not fail. What is defined elsewhere (a framework, a
library, a function that may refuse) is not known to be optional, and a place that reads it stays as it is.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from weakref import WeakKeyDictionary

from codemods.engine.declarations import DEEP, Declarations, Place
from codemods.engine.django_settings import SETTINGS, settings_modules
from codemods.engine.fields import (
    filled_from,
    handed_to_field,
    nested_variable,
    part_of_settings,
    refuses_default,
    returned_by,
    values_of_field,
    variable_of_dynaconf,
)
from codemods.engine.flask_config import entry_put_in, taken_by_app
from codemods.engine.indirect import last_name
from codemods.engine.injected import function_of, provider_of
from codemods.engine.items import item_of
from codemods.engine.optional import is_definition, is_optional, is_variable
from codemods.engine.project import Project
from codemods.engine.reached import reached
from codemods.engine.readers import variables_inside
from codemods.engine.traced import Origin
from codemods.names import Module
from codemods.scope import Binding, Kind

# Files of settings have no schema: an entry that nobody reads may be missing.
_DATA = frozenset({
    "json.load", "json.loads", "yaml.safe_load", "yaml.load", "tomllib.load", "tomllib.loads", "toml.load",
    "configparser.ConfigParser", "configparser.RawConfigParser", "dotenv.dotenv_values",
})  # fmt: skip
# https://docs.streamlit.io/develop/api-reference/connections/st.secrets: read from a file when an entry is asked for
_SECRETS_OF_APPS = "streamlit.secrets."
_UNSEEN = "where {} is defined cannot be seen"


@dataclass(slots=True, kw_only=True)
class Definition:
    """What was found out about one origin: why it needs the secret (or None), and the variables it reads.

    ``places`` are the expressions that give it its value: file, line and column; ``inside`` are variables that hold it
    among other things.
    """

    home: Path
    problem: str | None = None
    variables: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    places: list[tuple[Path, int, int]] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)


class Definitions:
    """Follows origins through the project; what was found once is kept, the syntax it was found in is not."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.assumed: frozenset[ast.AST] = frozenset()
        """Statements that will be removed with what needs them: nothing has to come into being there."""
        self._found: WeakKeyDictionary[Module, dict[tuple[Binding, tuple[str, ...]], Definition]] = WeakKeyDictionary()
        self.declarations = Declarations(project)

    def assume(self, statements: frozenset[ast.AST]) -> None:
        """Judge from now on as if some statements were not there."""
        self.assumed = statements
        self._found.clear()

    def find(self, path: Path, module: Module, origin: Origin) -> Definition:
        """Say whether the program starts without the thing an origin names; nobody changes what is found."""
        known = self._found.setdefault(module, {})
        asked = origin.binding, origin.attributes
        if asked not in known:
            found, place = Definition(home=path), Place(path=path, module=module)
            found.problem = self._binding(place, origin.binding, origin.attributes, found, 0)
            known[asked] = found
        return known[asked]

    def _binding(
        self, place: Place, binding: Binding, attributes: tuple[str, ...], found: Definition, depth: int
    ) -> str | None:
        if depth > DEEP:
            return _UNSEEN.format(binding.name)
        found.holders.append(binding.name)
        if binding.kind is Kind.IMPORT:
            return self._imported(place, binding, attributes, found, depth)
        value = _given(place.module, binding)
        if value is not None:
            if binding.node in self.assumed and not attributes:
                is_optional(place.module, value, found.variables)
                return None
            return self._value(place, value, attributes, found, depth)
        if isinstance(binding.node, ast.ClassDef) and attributes:
            return self._kept(place, binding.node, attributes, found, depth)
        return self._injected(place, binding, attributes, found, depth)

    def _kept(
        self, place: Place, owner: ast.ClassDef, way: tuple[str, ...], found: Definition, depth: int
    ) -> str | None:
        """Judge an attribute of a class, or what the one value of an attribute leads to."""
        if len(way) == 1:
            return self._field(place, owner, way[0], found, depth)
        values = [value for _, value in values_of_field(owner, way[0])]
        known = values[0] if len(values) == 1 else None
        return self._at(place, owner) if known is None else self._value(place, known, way[1:], found, depth + 1)

    def _injected(
        self, place: Place, binding: Binding, attributes: tuple[str, ...], found: Definition, depth: int
    ) -> str | None:
        """Judge what FastAPI puts into a parameter; whoever calls the function himself may put in something else."""
        provider, function = provider_of(place.module, binding), function_of(place.module, binding)
        if provider is None or function is None or not attributes:
            return _UNSEEN.format(binding.name)
        made = ast.copy_location(ast.Call(func=provider, args=[], keywords=[]), provider)
        return self._made(place, made, attributes, found, depth + 1) or self.declarations.caller_of(
            place, function.name
        )

    def _imported(
        self, place: Place, binding: Binding, attributes: tuple[str, ...], found: Definition, depth: int
    ) -> str | None:
        node, alias = binding.node, binding.alias
        names: list[tuple[int, str, tuple[str, ...]]] = []
        if isinstance(node, ast.ImportFrom) and alias is not None:
            base = node.module or ""
            names.append((node.level, base, (alias.name, *attributes)))
            names.append((node.level, f"{base}.{alias.name}", attributes))
        elif isinstance(node, ast.Import):
            parts = (*binding.qualified.split("."), *attributes)
            names += [(0, ".".join(parts[:size]), parts[size:]) for size in range(len(parts) - 1, 0, -1)]
        for level, dotted, rest in names:
            targets = self.project.targets(place.path, level, dotted) if rest else ()
            answers = [self._top(target, rest, found, depth + 1) for target in targets]
            known = [answer for answer in answers if answer != ""]
            if known:
                return next((answer for answer in known if answer is not None), None)
        if binding.qualified == SETTINGS and len(attributes) == 1:
            answers = [self._top(module, attributes, found, depth + 1) for module in settings_modules(self.project)]
            known = [answer for answer in answers if answer != ""]
            return next((answer for answer in known if answer is not None), None) if known else _UNSEEN.format(SETTINGS)
        if ".".join((binding.qualified, *attributes)).startswith(_SECRETS_OF_APPS):
            found.holders += _SECRETS_OF_APPS.rstrip(".").split(".")
            return None
        return _UNSEEN.format(binding.name)

    def _top(self, path: Path, names: tuple[str, ...], found: Definition, depth: int) -> str | None:
        """Judge a top-level name of a file; an empty text says that the file does not define it."""
        module = self.project.module(path)
        if module is None or depth > DEEP:
            return _UNSEEN.format(names[0])
        bindings = module.top.bindings.get(names[0], [])
        if not bindings:
            stars = [(star.level, star.module or "") for star in module.star_imports]
            inner = [target for level, dotted in stars for target in self.project.targets(path, level, dotted)]
            answers = [self._top(target, names, found, depth + 1) for target in inner]
            return next((answer for answer in answers if answer != ""), "")
        place = Place(path=path, module=module)
        if len(bindings) > 1:
            return self._at(place, bindings[0].node)
        uses = (use for use in module.uses(module.top, names[0]) if not self._goes(module, use))
        said = (text for text in module.strings if text.value == names[0] and not is_variable(module, text))
        texts = (text for text in said if not is_definition(module, text))
        use = next(chain(uses, texts), None) if len(names) == 1 else None
        if use is not None:
            if (value := _given(module, bindings[0])) is not None:
                is_optional(module, value, found.variables)  # which variable it is, is worth knowing
            return self._at(place, use)
        if len(names) > 1 and (line := self._touched(module, names[-1])) is not None:
            self._binding(place, bindings[0], names[1:], found, depth)  # which variable it is, is worth knowing
            return f"{self.project.name(path)}:{line}"
        return self._binding(place, bindings[0], names[1:], found, depth)

    def _value(
        self, place: Place, value: ast.expr, attributes: tuple[str, ...], found: Definition, depth: int
    ) -> str | None:
        if not attributes:
            found.places.append(_spot(place.path, value))
            soft = is_optional(place.module, value, found.variables)
            return None if soft else self._at(place, value)
        entries = _entries(place.module, value)
        if entries is not None:
            entry = entries.get(attributes[0])
            return (
                self._at(place, value) if entry is None else self._value(place, entry, attributes[1:], found, depth + 1)
            )
        if isinstance(value, ast.Name | ast.Attribute | ast.Subscript):
            return self._alias(place, value, attributes, found, depth)
        if isinstance(value, ast.Call):
            return self._made(place, value, attributes, found, depth)
        return self._at(place, value)

    def _alias(
        self, place: Place, value: ast.expr, attributes: tuple[str, ...], found: Definition, depth: int
    ) -> str | None:
        names: list[str] = []
        while not isinstance(value, ast.Name):
            item = item_of(value)
            if item is None:
                return self._at(place, value)
            value, name = item
            names.insert(0, name)
        bound = place.module.lookup(value)
        if bound is None or len(bound[1]) != 1:
            return self._at(place, value)
        return self._binding(place, bound[1][0], (*names, *attributes), found, depth + 1)

    def _made(
        self, place: Place, call: ast.Call, attributes: tuple[str, ...], found: Definition, depth: int
    ) -> str | None:
        """Judge an object by the class it is made of, the function that returns it, or the file it is read from."""
        if (place.module.qualified(call.func) or "") in _DATA:
            found.inside += variables_inside(place.module, call)
            return None
        if last_name(call.func) in {"parse_args", "parse_known_args"} and len(attributes) == 1:
            return self._option(place, call, attributes[0], found)
        found.variables += variable_of_dynaconf(place.module, call, attributes)
        answers = (
            self._made_by(place, call, owner, node, attributes, found, depth)
            for owner, node in self.declarations.of(place, call.func, depth)
        )
        known = next((answer for answer in answers if answer != ""), self._taken_over(place, attributes, found, depth))
        if known is None:
            return None
        found.variables += self.declarations.handed(
            place, call, attributes[0], depth
        )  # what may be it, is worth knowing
        return known or self._put_in(place, attributes[-1], found) or self._at(place, call)

    def _taken_over(self, place: Place, way: tuple[str, ...], found: Definition, depth: int) -> str | None:
        """Judge an entry of a Flask app that takes over the names of one class or module, and nothing else."""
        taken = taken_by_app(place.module, way)
        bound = None if taken is None else place.module.lookup(taken)
        if bound is None or len(bound[1]) != 1:
            return ""
        return self._binding(place, bound[1][0], way[1:], found, depth + 1)

    def _put_in(self, place: Place, key: str, found: Definition) -> str | None:
        """Find where an entry is put into something that was made without it."""
        statement = entry_put_in(place.module, key)
        found.variables += [] if statement is None else reached(place.module, [statement.value])
        return None if statement is None else self._at(place, statement)

    def _made_by(  # noqa: PLR0917 - the state of one walk
        self,
        place: Place,
        call: ast.Call,
        owner: Place,
        node: ast.stmt,
        attributes: tuple[str, ...],
        found: Definition,
        depth: int,
    ) -> str | None:
        """Judge an object by the class or the function that is called; an empty text says nothing about it."""
        given = handed_to_field(owner.module, node, call, attributes[0])
        if given is not None and owner.path == place.path:  # who else touches it is looked for in this file
            return self._value(place, given, attributes[1:], found, depth + 1)
        if call.args or call.keywords:  # what is handed in may be the secret itself
            return self._at(place, call)
        if isinstance(node, ast.ClassDef):
            return self._reached(owner, node, attributes, found, depth)
        returns = [item for item in ast.walk(node) if isinstance(item, ast.Return)]
        if isinstance(node, ast.FunctionDef) and len(returns) == 1 and returns[0].value is not None:
            return self._value(owner, returns[0].value, attributes, found, depth + 1)
        return ""

    def _reached(
        self, place: Place, owner: ast.ClassDef, way: tuple[str, ...], found: Definition, depth: int
    ) -> str | None:
        """Judge a field of a class, or one of the class that a field of settings holds."""
        if len(way) == 1:
            return self._field(place, owner, way[0], found, depth)
        found.variables += nested_variable(place.module, owner, way)
        part = part_of_settings(owner, way[0])
        for inner, node in () if part is None else self.declarations.of(place, part, depth + 1):
            if isinstance(node, ast.ClassDef):
                found.holders.append(node.name)
                return self._reached(inner, node, way[1:], found, depth + 1)
        return ""

    def _field(self, place: Place, owner: ast.ClassDef, key: str, found: Definition, depth: int) -> str | None:
        values = list(values_of_field(owner, key))
        found.variables += reached(place.module, returned_by(owner, key))
        found.variables += filled_from(place.module, owner, key)
        found.places += [_spot(place.path, value) for _, value in values if value is not None]
        for node, value in ((node, value) for node, value in values if node not in self.assumed):
            optional = value is not None and is_optional(place.module, value, found.variables)
            if value is None or not optional or refuses_default(place.module, owner, node, value):
                return self._at(place, node)
        if values:
            # The file of the site itself is searched for other uses when the site is judged.
            line = None if place.path == found.home else self._touched(place.module, key)
            return None if line is None else f"{self.project.name(place.path)}:{line}"
        for base in owner.bases:
            for inner, node in self.declarations.of(place, base, depth + 1):
                if isinstance(node, ast.ClassDef) and depth < DEEP:
                    return self._field(inner, node, key, found, depth + 1)
        return self._at(place, owner)

    def _option(self, place: Place, call: ast.Call, key: str, found: Definition) -> str | None:
        """Judge an option of argparse (https://docs.python.org/3/library/argparse.html): positional ones are needed."""
        seen = False
        for text in place.module.strings:
            adds = place.module.parents[text]
            if not isinstance(adds, ast.Call) or last_name(adds.func) != "add_argument":
                continue
            if str(text.value).lstrip("-").replace("-", "_") != key:
                continue
            named = {keyword.arg: keyword.value for keyword in adds.keywords if keyword not in self.assumed}
            if not str(text.value).startswith("-") or "required" in named or None in named:
                return self._at(place, text)
            found.places += [_spot(place.path, named["default"])] if "default" in named else []
            seen = "default" not in named or is_optional(place.module, named["default"], found.variables)
        return None if seen else self._at(place, call)

    def _goes(self, module: Module, node: ast.AST) -> bool:
        return bool(self.assumed) and any(parent in self.assumed for parent in module.ancestors(node))

    def _touched(self, module: Module, key: str) -> int | None:
        """Find the first line of a defining file that does something with an item besides giving it its value.

        A variable of the same name is no item: whoever needs it is found by its own search.
        """
        nodes = [
            node
            for node in module.parents
            if (found := item_of(node)) is not None and found[1] == key and not is_definition(module, node)
        ]
        texts = [text for text in module.strings if text.value == key and not is_definition(module, text)]
        lines = [
            getattr(node, "lineno", 1)
            for node in (*nodes, *texts)
            if not self._goes(module, node) and not is_variable(module, node)
        ]
        return min(lines, default=None)

    def _at(self, place: Place, node: ast.AST) -> str:
        return f"{self.project.name(place.path)}:{getattr(node, 'lineno', 1)}"


def _spot(path: Path, value: ast.expr) -> tuple[Path, int, int]:
    return path, value.lineno, value.col_offset


def _given(module: Module, binding: Binding) -> ast.expr | None:
    """Give what a statement gives a name, alone or among others (``tenant, secret = a, b``)."""
    unpacked = module.unpacked(binding) is not None
    return module.given(binding) if binding.kind is Kind.ASSIGNMENT or unpacked else None


def _entries(module: Module, value: ast.expr) -> dict[str | None, ast.expr] | None:
    if isinstance(value, ast.Dict):
        return {module.constant(key): item for key, item in zip(value.keys, value.values, strict=True)}
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict" and not value.args:
        return {keyword.arg: keyword.value for keyword in value.keywords}
    return None
