"""What all transforms know, joined for one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain

from codemods.engine.evidence import Evidence
from codemods.transform import Judge, Transform


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What all transforms know, joined for one run; ``last_names`` end every construct, method, class and attribute."""

    transforms: tuple[Transform, ...]
    constructs: Mapping[str, Judge]
    methods: Mapping[str, tuple[str, Judge]]
    classes: frozenset[str]
    class_names: frozenset[str]
    last_names: frozenset[str]
    private: Mapping[str, frozenset[str]]
    targets: Mapping[str, str]
    evidence: Evidence

    def classes_with(self, attribute: str) -> frozenset[str]:
        """Give the classes a private attribute belongs to."""
        return self.private.get(attribute, frozenset())

    def named(self, construct: str) -> frozenset[str]:
        """Give the classes a name stands for; a bare one stands for every class of that name."""
        return frozenset({construct}) | {name for name in self.classes if name.endswith(f".{construct}")}


@cache
def join(transforms: tuple[Transform, ...]) -> Knowledge:
    """Join the tables of the transforms, once in a process."""
    classes = frozenset(chain.from_iterable(item.classes for item in transforms))
    named = chain(classes, *((*item.constructs, *item.methods, *item.private_attributes) for item in transforms))
    return Knowledge(
        transforms=transforms,
        constructs={name: judge for item in transforms for name, judge in item.constructs.items()},
        methods={name: rule for item in transforms for name, rule in item.methods.items()},
        classes=classes,
        class_names=frozenset(name.rpartition(".")[2] for name in classes),
        last_names=frozenset(name.rpartition(".")[2] for name in named),
        targets={name: text for item in transforms for name, text in item.targets.items()},
        evidence=Evidence(transforms),
        private={name: item.classes for item in transforms for name in item.private_attributes},
    )
