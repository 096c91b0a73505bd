"""Keys of many parts, told from the text of a TOML document."""

from __future__ import annotations

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.floors.format import FormatError
from codemods.floors.toml import parsed
from codemods.tomlkeys import DEEPEST, deep_key

DEEP = ".".join(["a"] * (DEEPEST + 1))
AS_DEEP_AS_MAY_BE = ".".join(["a"] * DEEPEST)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{DEEP} = 1", 1),
        (f"x = 1\n\n[{DEEP}]", 3),
        (f"[[ {DEEP.replace('.', ' . ')} ]]", 1),
        ("x = {" + DEEP.replace("a", '"a.b"') + " = 1}", 1),
        (DEEP.replace("a", "'\"'") + " = 1", 1),
        (f"x = '''\n'''\n{DEEP}=1", 3),
        (f"{AS_DEEP_AS_MAY_BE} = 1", 0),
        ("[" + AS_DEEP_AS_MAY_BE.replace("a", '"a.b"') + "]", 0),
        (f"# {DEEP}\nx = '{DEEP}'\ny = \"{DEEP}\"", 0),
        (f'x = \'\'\'\n{DEEP}\'\'\'\ny = """\\"""\n{DEEP}"""', 0),
        ("x = [1.5, 2.5]\n" * DEEPEST, 0),
    ],
)
def test_the_line_of_the_first_key_of_too_many_parts(text: str, line: int) -> None:
    assert deep_key(text) == line


_PARTS = st.lists(st.sampled_from(["a", "b-1", '"x.y"', "'q\"'", '"\\""']), min_size=1, max_size=2 * DEEPEST)
_VALUES = st.sampled_from(["1", "1.5", f'"{DEEP}"', f"'{DEEP}' # {DEEP}", f'"""\n{DEEP}\\""" = \n"""', f"'''{DEEP}'''"])


@given(st.lists(st.tuples(_PARTS, st.sampled_from([".", " . ", ".\t"]), _VALUES), max_size=4))
def test_only_what_a_parser_takes_for_a_key_is_counted(rows: list[tuple[list[str], str, str]]) -> None:
    text = "".join(f"k{number}.{dot.join(parts)} = {value}\n" for number, (parts, dot, value) in enumerate(rows))
    tomllib.loads(text)
    assert (deep_key(text) > 0) == any(1 + len(parts) > DEEPEST for parts, _, _ in rows)


@pytest.mark.parametrize("unit", ["a.", "a ", '"', "'", '"""', "'''", '"a".', "a.a..", "[", '"\\', '"""\\', '"\n'])
def test_no_text_takes_long(unit: str) -> None:
    begun = time.process_time()
    deep_key(unit * 100_000)
    assert time.process_time() - begun < 1


def test_the_file_of_a_repository_with_such_a_key_is_not_parsed() -> None:
    with pytest.raises(FormatError, match="line 2 has a key of more than 32 parts"):
        parsed(f"x = 1\n{'a.' * 50_000}a = 1\n")
