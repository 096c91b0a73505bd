"""No file with a site is left out: neither by the literals nor by the evidence, however its texts are spelled."""

from __future__ import annotations

import copy
import functools
import io
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.cases import REPORTED, REWRITTEN, cases, subjects
from codemods.engine import evidence
from codemods.engine.evidence import Evidence
from codemods.engine.knowledge import join
from codemods.engine.run import rewrite
from codemods.engine.texts import Texts
from codemods.errors import CodemodError
from codemods.model import Request
from codemods.signs import Sign
from codemods.transform import Transform
from codemods.transforms import load
from tests.codemods.cases import APP, TARGETS
from tests.codemods.unfiltered import places_of, sites_of

SUBJECTS = [name for kind in (REPORTED, REWRITTEN, "unrelated") for name in subjects(kind)]
TRANSFORMS = load()
LITERALS = Texts({literal for each in TRANSFORMS for literal in each.literals})
EVIDENCE = Evidence(TRANSFORMS)
SPELLINGS: dict[str, Callable[[str], str]] = {
    "side by side": lambda text: f'("{text[:2]}" \\\n  "{text[2:]}")',
    "in lines": lambda text: f'("{text[:5]}"  # ünï "\n  f"{text[5:]}")',
    "hexadecimal": lambda text: f'"{text[0]}\\x{ord(text[1]):02x}{text[2:]}"',
    "octal": lambda text: f'"{text[:3]}\\{ord(text[3]):o}" "{text[4:]}"',
    "unicode": lambda text: f'"\\u{ord(text[0]):04x}\\U{ord(text[1]):08x}{text[2:]}"',
    "over a line": lambda text: f'"{text[:4]}\\\n{text[4:]}"',
}


_CALLS = ("client.post({})", "client.request(verb, {})", "urlopen({})", "session.fetch({})")
_HOSTS = (
    "login.microsoftonline.com/t",
    "login.windows.net/t",
    "login.chinacloudapi.cn/t",
    "sso.example.com/t/oauth2/v2.0",
)
NEEDED = (
    *(call.format(f"'https://{host}/token', make()") for host in _HOSTS for call in _CALLS),
    *(f"send('https://{host}/x', {{'client_secret': s}})" for host in _HOSTS[:3]),
    "send('/t/oauth2/v2.0/token', {'client_secret': s})",
    *(f"make('https://{host}/token', shop_secret)" for host in _HOSTS),
    "send(u, {'client_secret': s})\nscope = 'https://vault.azure.net/.default'",
    "from msal.oauth2cli import JwtSigner\nb['client_assertion'] = JwtSigner(k)\nx = 'grant_type'",
    "PATH = '/v2.0/token'\nclient.post(f'https://sso.example.com/t/oauth2{PATH}', make())",
    "from databricks.sdk import x\ny = {'azure_client_id': a, 'azure_client_secret': k}",
    "body = {'grant_type': g, 'client_secret': s}",
    "b['client_secret'] = s\nx = urlencode(b)",
    "b['client_secret'] = s\nsend(u, data=b)",
    "b['client_secret'] = s\nurlopen(u, b)",
    "b['client_secret'] = s\nclient.post(u, b)",
    "b['client_secret'] = s\nclient.request(verb, u, b)",
    "b['client_secret'] = s\nclient.fetch(u, b)",
    "u = f'kustosql+https://h/d?azure_ad_client_secret={s}'",
    "options = {}\noptions['account_name'] = n\noptions['client_secret'] = s\nu = 'abfs://x'",
    "read(path, filesystem_options={'client_secret': s})",
    "conf = {'fs.adl.oauth2.credential': s}",
    "text = f'Data Source=x;AppKey={s}'",
    "import os\nos.environ['AZURE_CLIENT_CERTIFICATE_PATH'] = p",
    "import os\nos.environ['AZURE_CLIENT_CERTIFICATE_PASSWORD'] = p",
    "from authlib.integrations.requests_client import OAuth2Session\nsession = OAuth2Session(c, s)",
    "from authlib.integrations.httpx_client import AsyncOAuth2Client\nclient = AsyncOAuth2Client(c, s)",
    "secret = notebookutils.credentials.getSecret(vault, 'client-secret')",
)
"""Forms of which only some stand among the cases."""


@pytest.fixture(autouse=True)
def _evidence_hides_nothing() -> None:
    """Look at the evidence as it is: it is judged here itself."""


def _texts(name: str) -> Iterator[str]:
    for case in cases(name):
        for path, text in (*case.files, *((("app.py", case.after),) if case.after else ())):
            if path.endswith((".py", ".pyw")):
                yield text


@functools.cache
def _has_sites(text: str, *transforms: Transform) -> bool:
    try:
        return bool(sites_of(text, join(transforms)) if transforms else sites_of(text))
    except CodemodError:
        return False  # it does not parse, which is told before anybody asks for evidence


def _respelled(text: str, spell: Callable[[str], str]) -> str:
    """Write every plain text of a program in another way."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    for token in reversed(tokens):
        inner = token.string[1:-1]
        plain = token.type == tokenize.STRING and token.string[0] in "\"'" and token.string[:3] not in {'"""', "'''"}
        if plain and len(inner) > 5 and inner.isascii() and not {'"', "'", "\\", "\n"} & set(inner):
            start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
            text = text[:start] + spell(inner) + text[end:]
    return text


@pytest.mark.parametrize("name", SUBJECTS)
def test_no_case_is_left_out(name: str) -> None:
    for text in _texts(name):
        if _has_sites(text):
            assert LITERALS.occur_in(text.encode()), text
            assert places_of(text, EVIDENCE.of(text)) == places_of(text), text


@pytest.mark.parametrize("name", SUBJECTS)
def test_each_transform_asks_only_for_what_its_own_sites_have(name: str) -> None:
    for transform in TRANSFORMS:
        evidence, known = Evidence((transform,)), join((transform,))
        for text in (text for text in _texts(name) if _has_sites(text, transform)):
            seen = evidence.of(text)
            assert len(sites_of(text, known, seen)) == len(sites_of(text, known)), f"{transform.name}: {text}"


@pytest.mark.parametrize(
    "form", [pytest.param(each, marks=[pytest.mark.slow] * (each not in {"in lines", "unicode"})) for each in SPELLINGS]
)
def test_a_text_is_evidence_however_it_is_spelled(form: str) -> None:
    found = [text for name in SUBJECTS for text in (_respelled(each, SPELLINGS[form]) for each in _texts(name))]
    assert any(_has_sites(text) for text in found)
    for text in found:
        assert places_of(text, EVIDENCE.of(text)) == places_of(text), text


GROUPS = [
    pytest.param(transform, group, id=f"{transform.name}-{number}")
    for transform in TRANSFORMS
    for number, group in enumerate(transform.evidence)
    if group != ("Q~",)  # the engine looks for it as well, in comments
]


@pytest.mark.parametrize(("transform", "group"), GROUPS)
def test_a_case_needs_every_group(transform: Transform, group: tuple[Sign, ...]) -> None:
    """Show that the cases would tell a group that is missing."""
    poorer = copy.copy(transform)
    object.__setattr__(poorer, "evidence", tuple(each for each in transform.evidence if each != group))
    left = Evidence((poorer,))
    texts = [*NEEDED, *(text for name in SUBJECTS for text in _texts(name))]
    known = join((transform,))
    with_sites = (text for text in texts if _has_sites(text, transform))
    assert any(len(sites_of(text, known, left.of(text))) < len(sites_of(text, known)) for text in with_sites)


@pytest.mark.parametrize("text", NEEDED)
def test_other_forms_are_not_left_out(text: str) -> None:
    assert _has_sites(text)
    assert places_of(text, EVIDENCE.of(text)) == places_of(text)


def test_a_search_says_what_it_needs() -> None:
    with pytest.raises(ValueError, match="what its search needs"):
        Transform(name="no-evidence", literals=(b"x",), search=lambda _module: iter(()))
    with pytest.raises(ValueError, match="what its search needs"):
        Transform(name="no-search", literals=(b"x",), evidence=(("x",),))
    assert {each.name for each in load()} == {each.name for each in TRANSFORMS}


def test_a_run_gives_what_a_run_without_evidence_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SUBJECTS:
        for number, case in enumerate(cases(name)):
            for path, text in case.files:
                target = tmp_path / name / f"case_{number}" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)  # noqa: S607
    request = Request(paths=(tmp_path,), targets=TARGETS, app=APP, include_tests=True)
    run = rewrite(request)
    assert len(run.sites) > len(SUBJECTS)
    monkeypatch.setattr(Evidence, "of", lambda self, _text: self.everything)
    monkeypatch.setattr(Texts, "of", lambda self, _data: set(self.texts))
    monkeypatch.setattr(Texts, "occur_in", lambda *_: True)
    assert replace(rewrite(request), candidates=run.candidates) == run


@given(st.text(alphabet="\"'#\n \\()+rbx\xa0\u2003", max_size=24))
def test_joints_are_those_that_their_pattern_finds(text: str) -> None:
    assert list(evidence._joints(text)) == [found.span() for found in evidence._FIND_JOINT.finditer(text)]
