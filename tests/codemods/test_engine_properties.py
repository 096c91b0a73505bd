"""Properties of the engine over generated conditions and trees: same behaviour, same result in any order."""

import ast
import itertools
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codemods.engine.run import rewrite
from codemods.model import LibraryMode, Request, Run
from tests.codemods.cases import APP, OTHER_APP, TARGETS, contents
from tests.support.examples import share

OPEN = "open('s').read()"
HEAD = "from azure.identity import ClientSecretCredential\n"
CALL = f"ClientSecretCredential(T, '{APP}', secret)"
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]

ATOMS = st.sampled_from(["T", "A", "X", "secret", "secret"])
PLAIN = ATOMS.flatmap(
    lambda name: st.sampled_from([
        name, f"not {name}", f"{name} is None", f"{name} is not None", f"{name} == ''", f"({name})", f"bool({name})",
    ])
)  # fmt: skip


def _listed(items: list[str], form: str) -> str:
    return form.format(", ".join(items))


LISTED = st.builds(
    _listed,
    st.lists(ATOMS, min_size=2, max_size=4),
    st.sampled_from([
        "all([{}])", "any([{}])", "all(({}))", "None in ({})", "None not in [{}]", "all(x for x in ({}))",
        "any(x is None for x in [{}])", "any(not x for x in ({}))",
    ]),
)  # fmt: skip
CONDITIONS = st.recursive(
    PLAIN | LISTED,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " and ".join(parts) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " or ".join(parts) + ")"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=5,
)
FORMS = (
    "if {c}:\n    raise ValueError\nc = {call}\n",
    "if {c}:\n    c = {call}\nelse:\n    raise ValueError\n",
    "if {c}:\n    print('off')\n    c = None\nelse:\n    c = {call}\n",
    "c = {call} if {c} else None\n",
    "assert {c}\nc = {call}\n",
    "if {c}:\n    x = 1\n    c = {call}\n    y = '''a\n    b'''\nelse:\n    raise ValueError\n",
)


def _rewrite(folder: Path, *paths: Path, mode: LibraryMode = LibraryMode.REPORT, inline: bool = False) -> Run:
    request = Request(paths=paths or (folder,), targets=TARGETS, app=APP, apply=True, inline=inline, library_mode=mode)
    return rewrite(request)


@settings(max_examples=share(50), derandomize=True, database=None, deadline=None, suppress_health_check=QUIET)
@given(st.sampled_from(FORMS), CONDITIONS)
def test_a_condition_comes_out_as_before_where_the_secret_is_set(form: str, condition: str) -> None:
    source = f"{HEAD}secret = {OPEN}\n" + form.format(c=condition, call=CALL)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "app.py")
        path.write_text(source)
        run = _rewrite(Path(name))
        new = path.read_text()
    assert not run.failed
    if not run.rewritten:
        assert new == source
        return
    for values in itertools.product(("t", "", None), repeat=3):
        assert _behaviour(source, values) == _behaviour(new, values), (values, new)


def _behaviour(source: str, values: tuple[str | None, ...]) -> str:
    """Execute a program without its imports, with something in the place of each sign-in."""
    lines = [line for line in source.splitlines(keepends=True) if not line.startswith("from ")]
    body = "".join(lines).replace(OPEN, "'set'").replace("ClientSecretCredential(", "made(")
    body = body.replace("ClientAssertionCredential(", "made(")
    names: dict[str, object] = dict(zip(("T", "A", "X"), values, strict=True))
    names |= {"made": lambda *_: "credential", "managed_identity_assertion": None, "print": lambda *_: None}
    try:
        exec(compile(body, "case", "exec"), names)  # noqa: S102 - our own text
    except (ValueError, AssertionError) as error:
        return type(error).__name__
    return f"{names.get('c')} {names.get('x')} {names.get('y')}"


SOURCES = st.sampled_from([
    f"{HEAD}c = ClientSecretCredential(T, '{APP}', {OPEN})\n",
    f"{HEAD}secret = {OPEN}\nif not secret:\n    raise ValueError\nc = {CALL}\n",
    f"{HEAD}c = ClientSecretCredential(T, '{OTHER_APP}', {OPEN})\n",
    f"from azure.identity.aio import ClientSecretCredential\nc = ClientSecretCredential(T, '{APP}', {OPEN})\n",
    f"{HEAD}def f(key):\n    return ClientSecretCredential(T, A, key)\n",
    f"{HEAD}c = ClientSecretCredential(**cfg)\n",
    "from a import secret, c\n",
    "x = 1\n",
])  # fmt: skip
TREES = st.dictionaries(st.sampled_from(["a.py", "b.py", "p/__init__.py", "p/c.py", "p/q/d.py"]), SOURCES, min_size=2)


@settings(max_examples=10, derandomize=True, database=None, deadline=None, suppress_health_check=QUIET)
@given(TREES, st.sampled_from(LibraryMode), st.booleans(), st.randoms(use_true_random=False))
def test_no_order_changes_the_result(tree: dict[str, str], mode: LibraryMode, inline: bool, random: object) -> None:  # noqa: FBT001
    assert hasattr(random, "shuffle")
    results = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            names = sorted(tree)
            random.shuffle(names)
            for each in names:
                (folder / each).parent.mkdir(parents=True, exist_ok=True)
                (folder / each).write_text(tree[each])
            run = _rewrite(folder, *(folder / each for each in names), mode=mode, inline=inline)
            assert not run.failed
            found = contents(folder)
            for data in found.values():
                ast.parse(data)
            second = _rewrite(folder, *(folder / each for each in names), mode=mode, inline=inline)
            assert not second.diff
            assert contents(folder) == found
            results.append((found, run.files, run.helpers))
    assert results[0] == results[1] == results[2]
