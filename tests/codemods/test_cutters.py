"""What is cut out of a file that sets variables: nothing but the entries, whatever stands around them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.leftovers.cut import Cut
from codemods.leftovers.masking import MASK, masked
from codemods.leftovers.places import place_of
from tests.support.examples import share

NAME = "SHOP_SECRET"
VALUE = "hunter2-hunter2"
_names = st.sampled_from(["A", "SHOP", "SHOP_SECRET_OLD", "MY_SHOP_SECRET", "shop_secret", "Ünïcode", "LAST_ONE"])
_values = st.sampled_from(["", "x", "1", "a b", "'q'", "x#y", "${SHOP_SECRET}", "é", "\U0001f511", VALUE])
_ends = st.sampled_from(["\n", "\r\n"])
_entries = st.lists(st.tuples(_names | st.just(NAME), _values), max_size=6)


def cut(name: str, text: str) -> Cut:
    place = place_of(name)
    assert place is not None
    assert place.cut is not None
    return place.cut(name, text, frozenset({NAME}))


def is_cut(before: str, found: Cut) -> None:
    """Check that a text lost its spans and nothing else, and that a second cut finds nothing."""
    spans, at = [], 0
    for span in sorted(found.gone):
        spans.append(before[at : max(at, span.start)])
        at = max(at, span.end)
    assert "".join((*spans, before[at:])) == found.text
    assert all(NAME in before[span.start : span.end] for span in found.gone)
    assert not (found.gone and found.kept)


@given(_entries, _ends, st.sampled_from(["", "comment", "end"]))
def test_an_environment_file_loses_its_lines(entries: list[tuple[str, str]], end: str, tail: str) -> None:
    lines = [f"{name}={value}" for name, value in entries] + ([f"# {NAME}=x"] if tail == "comment" else [])
    text = end.join(lines) + (end if tail == "end" else "")
    found = cut(".env", text)
    is_cut(text, found)
    rest = [line for line in lines if not line.startswith(f"{NAME}=")]
    assert [line.rstrip("\r") for line in found.text.split("\n") if line.strip()] == rest
    assert not cut(".env", found.text).gone


def _compose(entries: list[tuple[str, str]], end: str, *, listed: bool) -> str:
    rows = [
        f"- {json.dumps(f'{name}={value}')}" if listed else f"{name}: {json.dumps(value)}" for name, value in entries
    ]
    head = ["services:", "  web:", "    build: .  # here", "    environment:"]
    return end.join([*head, *(f"      {row}" for row in rows), "  other:", "    image: x", ""])


@settings(max_examples=share(40))
@given(_entries.filter(bool), _ends, st.booleans())
def test_a_compose_file_loses_its_entries(entries: list[tuple[str, str]], end: str, listed: bool) -> None:  # noqa: FBT001 - generated
    text = _compose(entries, end, listed=listed)
    found = cut("compose.yaml", text)
    is_cut(text, found)
    before, after = yaml.safe_load(text), yaml.safe_load(found.text)
    environment = after["services"]["web"].get("environment", [] if listed else {})
    if found.gone:
        assert not any(str(each).partition("=")[0] == NAME for each in environment)
        rest = [name for name, _ in entries if name != NAME]
        assert [str(each).partition("=")[0] for each in environment] == (rest if listed else list(dict.fromkeys(rest)))
    before["services"]["web"].pop("environment")
    after["services"]["web"].pop("environment", None)
    assert before == after
    assert not cut("compose.yaml", found.text).gone


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(NAME),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names | st.just(NAME), inner, max_size=4),
    max_leaves=12,
)


def _lost(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {key: _lost(inner) for key, inner in value.items() if key != NAME}


@given(st.dictionaries(_names | st.just(NAME), _json, max_size=5), st.sampled_from([None, 0, 2, "\t"]))
def test_settings_lose_their_members(value: dict[str, object], indent: int | str | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    found = cut("appsettings.json", text)
    is_cut(text, found)
    assert not found.kept
    assert json.dumps(json.loads(found.text)) == json.dumps(_lost(value))
    assert not cut("appsettings.json", found.text).gone


@given(_entries, _ends)
def test_a_map_of_terraform_loses_its_lines(entries: list[tuple[str, str]], end: str) -> None:
    rows = [f"    {name} = {json.dumps(value, ensure_ascii=False)}  # {name}" for name, value in entries]
    text = end.join(['resource "a" "b" {', "  app_settings = {", *rows, "  }", "}", ""])
    found = cut("main.tf", text)
    is_cut(text, found)
    assert len(found.gone) == sum(name == NAME for name, _ in entries)
    assert not cut("main.tf", found.text).gone


@settings(max_examples=share(40))
@given(st.text(max_size=60), st.booleans())
def test_any_text_is_cut_exactly_or_not_at_all(text: str, named: bool) -> None:  # noqa: FBT001 - generated
    text = f"{text}\n{NAME}={text}\n{text}" if named else text
    for name in (".env", "compose.yaml", "appsettings.json", "main.tf", "main.bicep", "k.yaml", "azure-pipelines.yml"):
        is_cut(text, cut(name, text))


_lines: dict[str, Callable[[str], str]] = {
    ".env": lambda value: f"{NAME}={value}",
    "a.env": lambda value: f'# export {NAME} = "{value}"',
    "compose.yaml": lambda value: f"      {NAME}: {value}  # note",
    "docker-compose.yml": lambda value: f'      - "{NAME}={value}"',
    "compose.dev.yml": lambda value: f"      environment: {{A: 1, {NAME}: {value}, B: ${{B}}}}",
    ".github/workflows/a.yml": lambda value: f"  PASSWORD: ${{{{ secrets.A || '{value}' }}}}",
    "azure-pipelines.yml": lambda value: f"  value: '{value}'",
    "k8s.yaml": lambda value: f"    - {{name: A, value: {value}}}",
    "chart/values.yaml": lambda value: f"  clientSecret: {value}",
    "local.settings.json": lambda value: f'    "{NAME}": "{value}",',
    "main.tf": lambda value: f'    {NAME} = "{value}"',
    "main.bicep": lambda value: f"          value: '{value}'",
}


@pytest.mark.parametrize("name", _lines)
@settings(max_examples=share(30))
@given(value=st.from_regex(r"[A-Za-z0-9~][A-Za-z0-9~_.+/=-]{7,30}[A-Za-z0-9]", fullmatch=True))
def test_no_value_is_shown(name: str, value: str) -> None:
    place = place_of(name)
    assert place is not None
    shown = masked(place.kind, _lines[name](value) + "\r\n")
    assert value not in shown
    assert MASK in shown
    assert shown.endswith("\r\n")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (".env", f"{NAME}="),
        (".env", "# Set the secret"),
        ("compose.yaml", f"      {NAME}: ${{{NAME}}}"),
        ("compose.yaml", "    image: shop:1.2"),
        (".github/workflows/a.yml", f"  {NAME}: ${{{{ secrets.{NAME} }}}}"),
        (".github/workflows/a.yml", "    - uses: actions/checkout@v4"),
        ("azure-pipelines.yml", f"    {NAME}: $({NAME})"),
        ("k8s.yaml", "            key: shop"),
        ("main.tf", f"    {NAME} = var.shop_secret"),
        ("main.tf", f'    name = "{NAME}"'),
        ("main.bicep", "          value: shopSecret"),
    ],
)
def test_what_is_no_value_is_shown(name: str, line: str) -> None:
    place = place_of(name)
    assert place is not None
    assert masked(place.kind, line) == line
