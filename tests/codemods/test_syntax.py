"""Whatever a file is written with, each part of it is bound to what it stands in."""

import ast

from codemods.names import Module
from codemods.syntax import LEAVES

EVERYTHING = '''\
from __future__ import annotations
import a.b, c as d
from .. import e as f
from g import *
@d(1)
class C(B, metaclass=M):
    x: int
    y: int = 1
@d
def function(a, /, b=1, *c: int, d=2, **e) -> None:
    """Text."""
    global g
    def inner():
        nonlocal a
        yield
        yield from a
    if not a and b or c: pass
    elif a: return
    else: raise E from a
    lambda: (a, [b], {c}, {d: e, **a})
    assert -a + ~b, +c
    del a.b, a[1], a[1:2, ::3]
    return a @ b ** c % d // e / a << b >> c | d ^ e & a * b - c
async def asynchronous():
    async with a as b, c: await d
    async for a in b: continue
    else: break
    k = l = [x async for x in y if x], {x for x in y}, {x: x for x in y}, (x for x in y)
while a < b <= c > d >= e == f != g is h is not i in j not in k: break
for a, *b in c: a += b
try: pass
except (A, B) as e: pass
else: pass
finally: pass
try: pass
except* A: pass
with a: (b := c) if d else e
print(f"{a!r:>{b}} {c}", b"", 1, 1.0, 1j, ..., None, True, *a, **b)
match a:
    case True | False | None: pass
    case 1 | -1 | "a" | a.b: pass
    case [1, *rest, _] | (a, *_): pass
    case {"a": b, **others} if b: pass
    case C(1, a=2) as c: pass
    case d: pass
'''
OF_OTHERS = {
    "AugLoad", "AugStore", "Bytes", "Ellipsis", "ExtSlice", "Expression", "FunctionType", "Index", "Interactive",
    "NameConstant", "Num", "Param", "Str", "Suite", "TypeIgnore",
}  # fmt: skip
"""No parts of a module, or of one that this Python reads."""


def _kinds(kind: type[ast.AST]) -> set[type[ast.AST]]:
    inner = kind.__subclasses__()
    return {kind} if not inner else {each for other in inner for each in _kinds(other)}


def test_every_part_of_every_syntax_has_its_parent() -> None:
    module = Module(ast.parse(EVERYTHING))
    nodes = list(ast.walk(module.tree))
    missing = {kind.__name__ for kind in _kinds(ast.AST)} - {type(node).__name__ for node in nodes} - OF_OTHERS
    assert missing <= {"TypeAlias", "TypeVar", "TypeVarTuple", "ParamSpec", "TemplateStr", "Interpolation"}
    inside = (child for node in nodes for child in ast.iter_child_nodes(node))
    assert set(module.parents) == {each for each in inside if type(each) not in {*LEAVES, ast.arguments}}
    for child, parent in module.parents.items():
        assert child in {
            inner for each in ast.iter_child_nodes(parent) for inner in (each, *ast.iter_child_nodes(each))
        }
