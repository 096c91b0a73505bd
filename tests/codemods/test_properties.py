"""Properties over generated modules: idempotent, deterministic, valid, and untouched outside the edits."""

import ast
import difflib
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codemods.engine.run import rewrite
from codemods.model import Request, Run
from tests.codemods.cases import APP, OTHER_APP, TARGETS
from tests.support.examples import share

IMPORTS = st.sampled_from([
    ("from azure.identity import ClientSecretCredential", "ClientSecretCredential"),
    ("from azure.identity import ClientSecretCredential as CSC  # ünï", "CSC"),
    ("from azure.identity import (\n    AzureCliCredential,\n    ClientSecretCredential,\n)", "ClientSecretCredential"),
    ("import azure.identity", "azure.identity.ClientSecretCredential"),
    ("import azure.identity as ai", "ai.ClientSecretCredential"),
    ("from azure import identity", "identity.ClientSecretCredential"),
    ("from azure.identity.aio import ClientSecretCredential", "ClientSecretCredential"),
    ("from azure.identity import aio", "aio.ClientSecretCredential"),
    ("from azure.identity import *", "ClientSecretCredential"),
])  # fmt: skip
SECRETS = st.sampled_from(
    ["os.environ['S']", "os.getenv('S')", "SECRET", "'not-real'", "settings.s", "vault.read('x')", "f(x)", "'lit-eral'"]
)
CLIENTS = st.sampled_from(["A", f"'{APP}'", f"'{OTHER_APP}'", "os.environ['C']"])
GAPS = st.sampled_from([", ", ",", ",\n    ", ",  # é, (\n    ", " , "])
NOISE = st.sampled_from([
    "", "x = 'ClientSecretCredential'", "# ClientSecretCredential(T, A, 'é')", "if SECRET:\n    pass", "y = SECRET",
    "def g(SECRET):\n\treturn SECRET", "z = 1; w = 2", "\x0c", "import json",
    "if True:\n    isinstance(c, object)", "p = '''\n  é\n'''",
])  # fmt: skip


@st.composite
def calls(draw: st.DrawFn, callee: str) -> str:
    client, secret, gap = draw(CLIENTS), draw(SECRETS), draw(GAPS)
    named = draw(st.sampled_from(["positional", "keyword", "unpacked"]))
    if named == "unpacked":
        return f"{callee}(T{gap}**cfg)"
    arguments = ["T", client, secret]
    if named == "keyword":
        names = ("tenant_id", "client_id", "client_secret")
        arguments = [f"{name}={value}" for name, value in zip(names, arguments, strict=True)]
        arguments = draw(st.permutations(arguments))
    end = draw(st.sampled_from(["", ",", ",\n", "\n"]))
    return f"{callee}({gap.join(arguments)}{end})"


@st.composite
def modules(draw: st.DrawFn) -> bytes:
    lines = [draw(st.sampled_from(["", '"""Dóc."""', "from __future__ import annotations"])), "import os"]
    statement, callee = draw(IMPORTS)
    lines += [statement, draw(st.sampled_from(["SECRET = os.environ['S']", "SECRET = os.getenv('S')", ""]))]
    for index in range(draw(st.integers(1, 3))):
        lines.append(draw(NOISE))
        call = draw(calls(callee))
        lines.append(
            draw(st.sampled_from([f"c{index} = {call}", f"def f{index}():\n    return {call}", f"use({call}, 1)"]))
        )
    lines.append(draw(NOISE))
    text = "\n".join(lines) + draw(st.sampled_from(["\n", "", "\n\n"]))
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()


def _run(folder: Path, *, apply: bool) -> Run:
    return rewrite(Request(paths=(folder,), targets=TARGETS, app=APP, apply=apply))


@settings(
    max_examples=share(50), derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(data=modules())
def test_properties_of_a_rewrite(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "app.py"
        path.write_bytes(data)
        dry, again = _run(folder, apply=False), _run(folder, apply=False)
        assert dry == again
        assert path.read_bytes() == data
        applied = _run(folder, apply=True)
        assert not applied.failed
        assert applied.diff == dry.diff
        new = path.read_bytes()
        ast.parse(new)
        _check_scope(data, new, applied)
        second = _run(folder, apply=True)
        assert not second.diff
        assert path.read_bytes() == new


def _check_scope(old: bytes, new: bytes, run: Run) -> None:
    """Check that lines without a call, an import or the secret's own statement are still there, in their order."""
    if not run.rewritten:
        assert old == new
        return
    assert "lit-eral" not in repr(run)
    before, after = old.split(b"\n"), new.split(b"\n")
    touched = (
        b"Credential",
        b"CSC",
        b"SECRET",
        b"os.",
        b"T",
        b"A",
        b"client",
        b"cfg",
        b"settings",
        b"vault",
        b"f(x)",
        b"lit-",
        APP.encode(),
        OTHER_APP.encode(),
    )
    for change in difflib.ndiff([repr(line) for line in before], [repr(line) for line in after]):
        if change.startswith("- "):
            line = change[2:].encode()
            assert any(word in line for word in touched) or line.strip(b"b'\\r") in (b"", b")"), change
