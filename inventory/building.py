"""Builds frozen values at less than half the time that their own constructors take. Pure.

The constructor of a frozen dataclass sets each field through ``object.__setattr__``, which took a third of the time of
a whole scan. A twin of the class that is not frozen is filled instead, and becomes the class it is a twin of: Python
lets an object change its class where both have the same slots.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

_Value = TypeVar("_Value")


def quick(frozen: type[_Value]) -> type[_Value]:
    """Return what is called like the class, with the same arguments, and returns the same values.

    Only for dataclasses with slots and keyword arguments whose defaults are plain values.
    """

    def become(self: Any) -> None:
        self.__class__ = frozen

    fields = dataclasses.fields(cast("Any", frozen))
    content: dict[str, Any] = {field.name: field.default for field in fields if _has_default(field)}
    content |= {"__annotations__": {field.name: field.type for field in fields}, "__post_init__": become}
    bare: type[Any] = type(frozen.__name__, (), content)
    return cast("type[_Value]", dataclasses.dataclass(slots=True, kw_only=True, eq=False, repr=False)(bare))


def _has_default(field: dataclasses.Field[Any]) -> bool:
    if field.default_factory is not dataclasses.MISSING:
        raise TypeError(f"{field.name}: a default that is made anew each time is not supported")
    return field.default is not dataclasses.MISSING
