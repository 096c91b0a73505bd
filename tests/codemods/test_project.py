"""The project around the given paths: what other files import, define and need."""

import ast
import subprocess
from pathlib import Path

import pytest

from codemods.engine import project, recent, source
from codemods.engine.indirect import last_name
from codemods.engine.listing import list_files
from codemods.engine.project import Project
from codemods.engine.run import rewrite
from codemods.engine.uses import may_call
from codemods.model import Request, Run
from codemods.names import Module
from tests.codemods.cases import APP, TARGETS, reasons_of

HEAD = "import os\nfrom azure.identity import ClientSecretCredential\n"
SITE = f"{HEAD}SECRET = os.environ['S']\nc = ClientSecretCredential(T, '{APP}', SECRET)\n"


def _run(folder: Path, files: dict[str, str], *paths: str) -> Run:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    roots = tuple(folder / path for path in paths) or (folder,)
    return rewrite(Request(paths=roots, targets=TARGETS, app=APP, apply=True))


IMPORTS = {
    "from the package itself": {"pkg/__init__.py": SITE, "pkg/use.py": "from . import SECRET\n"},
    "star of a package": {
        "pkg/__init__.py": "from .config import *\n",
        "pkg/config.py": SITE,
        "main.py": "from pkg import SECRET\n",
    },
    "star and a bare name": {"config.py": SITE, "main.py": "from config import *\nprint(SECRET)\n"},
    "brackets in a comment": {"config.py": SITE, "main.py": "from config import (\n    c,  # (old)\n    SECRET,\n)\n"},
    "backslash": {"config.py": SITE, "main.py": "from config import c, \\\n    SECRET\n"},
    "attribute": {"config.py": SITE, "main.py": "import config as me\nprint(me.SECRET)\n"},
    "module loaded by name": {"config.py": SITE, "main.py": "m = load('config')\nprint(m.SECRET)\n"},
    "patched": {"config.py": SITE, "main.py": "patch('pkg.config.SECRET')\n"},
    "attribute of a class": {
        "config.py": f"{HEAD}class C:\n  SECRET = os.environ['S']\n  x = ClientSecretCredential(T, '{APP}', SECRET)\n",
        "main.py": "from config import C\nprint(C.SECRET)\n",
    },
}


@pytest.mark.parametrize("form", IMPORTS)
def test_a_name_that_another_file_uses_is_not_deleted(tmp_path: Path, form: str) -> None:
    run = _run(tmp_path, IMPORTS[form])
    assert reasons_of(run) == ["leftover"]
    assert not run.rewritten


def test_a_name_of_another_meaning_is_no_use(tmp_path: Path) -> None:
    files = {
        "config.py": SITE,
        "a.py": "SECRET = 1\n",
        "b.py": "from other import SECRET\n",
        "other.py": "SECRET = 2\n",
    }
    assert len(_run(tmp_path, files).rewritten) == 1


@pytest.mark.parametrize("marker", [".git", "pyproject.toml", None])
def test_the_whole_project_is_asked(tmp_path: Path, marker: str | None) -> None:
    if marker == ".git":
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S607
    elif marker is not None:
        (tmp_path / marker).write_text("")
    files = {"app/__init__.py": "", "app/auth.py": SITE, "jobs/use.py": "from app.auth import SECRET\n"}
    run = _run(tmp_path, files, "app/auth.py")
    assert reasons_of(run) == (["leftover"] if marker else [])


def test_a_class_under_another_name_is_found_where_it_is_taken_from(tmp_path: Path) -> None:
    files = {
        "compat.py": SITE.replace("Credential\n", "Credential as Cred\n").replace(
            "c = ClientSecretCredential", "c = Cred"
        ),
        "use.py": "from compat import Cred\nd = Cred(1, 2, 3)\n",
    }
    run = _run(tmp_path, files)
    assert [(item.reason.value, item.detail) for item in run.reported] == [("indirect-import", "use.py")]


SETTINGS = "class Settings(BaseSettings):\n    secret: {}\nsettings = Settings()\n"
DEFINITIONS = {
    "required field": ({"conf.py": SETTINGS.format("str")}, "from conf import settings", "leftover"),
    "optional field": ({"conf.py": SETTINGS.format("str | None = None")}, "from conf import settings", None),
    "field with a default": ({"conf.py": SETTINGS.format("str = Field('')")}, "from conf import settings", None),
    "field that must be given": (
        {"conf.py": SETTINGS.format("str = Field(...)")},
        "from conf import settings",
        "leftover",
    ),
    "through a package": (
        {"core/__init__.py": "from .conf import settings\n", "core/conf.py": SETTINGS.format("str")},
        "from core import settings",
        "leftover",
    ),
    "optional, through a package": (
        {"core/__init__.py": "from .conf import settings\n", "core/conf.py": SETTINGS.format("str = ''")},
        "from core import settings",
        None,
    ),
    "checked where it is defined": (
        {"conf.py": SETTINGS.format("str = ''") + "if not settings.secret:\n    raise SystemExit\n"},
        "from conf import settings",
        "leftover",
    ),
    "checked elsewhere": (
        {
            "conf.py": SETTINGS.format("str = ''"),
            "main.py": "from conf import settings as s\nif not s.secret:\n    raise SystemExit\n",
        },
        "from conf import settings",
        "secret-used-elsewhere",
    ),
    "from a function": (
        {"conf.py": SETTINGS.format("str = ''") + "def get():\n    return Settings()\n"},
        "from conf import get\nsettings = get()",
        None,
    ),
    "not in the project": ({}, "from django.conf import settings", "leftover"),
}


@pytest.mark.parametrize("form", DEFINITIONS)
def test_a_setting_must_be_seen_to_be_optional(tmp_path: Path, form: str) -> None:
    files, lead, reason = DEFINITIONS[form]
    site = f"{lead}\n{HEAD}c = ClientSecretCredential(T, '{APP}', settings.secret)\n"
    run = _run(tmp_path, {**files, "app.py": site})
    assert reasons_of(run) == ([] if reason is None else [reason])
    assert len(run.rewritten) == (reason is None)


def test_a_constant_that_a_function_requires_is_not_optional(tmp_path: Path) -> None:
    files = {
        "config.py": "SECRET = require('S')\n",
        "app.py": f"{HEAD}from config import SECRET\nc = ClientSecretCredential(T, '{APP}', SECRET)\n",
    }
    run = _run(tmp_path, files)
    assert [(item.reason.value, item.detail) for item in run.reported] == [("leftover", "config.py:1")]


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        ("import os\nclient_secret = os.environ['S']\n", True),
        ("from environs import env\nclient_secret = env('S')\n", True),
        ("import os\nclient_secret = os.getenv('S')\nif not client_secret:\n    raise SystemExit\n", True),
        ("NEEDED = ['T', 'S']\n", True),
        ("class Settings(BaseSettings):\n    s: str\n", True),
        ("import os\nclient_secret = os.getenv('S')\n", False),
        ("values = {'S': 1}\n", False),
        ("import os\nNEEDED = {'S': 'a secret'}\nfor name, what in NEEDED.items():\n    os.environ[name]\n", True),
        ("import os\nNAME = 'S'\nif not os.getenv(NAME):\n    raise SystemExit\n", True),
        ("import os\nNAME = 'S'\nclient_secret = os.getenv(NAME)\n", False),
        ("SECRET_NAME = 'S'\n", True),
        ("class Names(Enum):\n    SECRET = 'S'\n", True),
        ("def f():\n    name = 'S'\n", False),
        ("import os\nNEEDED = 'T,S'\nfor name in NEEDED.split(','):\n    os.environ[name]\n", True),
        ("start(env={'S': 'not-real'})\n", False),
    ],
)
def test_a_variable_that_another_file_needs_keeps_the_site(tmp_path: Path, other: str, *, stays: bool) -> None:
    (tmp_path / "config.py").write_text(other)
    run = _run(tmp_path, {"app.py": SITE})
    assert reasons_of(run) == (["secret-used-elsewhere"] if stays else [])
    assert not stays or run.reported[0].detail.startswith("S in config.py:")


def test_import_statements_are_found_wherever_they_stand(tmp_path: Path) -> None:
    places = [
        "import a1",
        "if x:\n    import a2\nelse:\n    from a3 import *",
        "try:\n    import a4\nexcept E:\n    import a5\nelse:\n    import a6\nfinally:\n    import a7",
        "def f():\n    for x in y:\n        import a8\n    else:\n        import a9",
        "class C:\n    async def f(self):\n        async with y:\n            import b1",
        "match x:\n    case 1:\n        import b2",
        "try:\n    pass\nexcept* E:\n    import b3",
        "while x:\n    from . import b4",
    ]
    path = tmp_path / "a.py"
    path.write_text("\n".join(places) + "\n")
    module = Module(ast.parse(path.read_text()))
    bound = {getattr(binding.node, "lineno", 0) for binding in module.imports}
    bound |= {star.lineno for star in module.star_imports}
    found = {node.lineno for node in Project(list_files([tmp_path])).imports(path)}
    assert found == bound
    assert len(found) == 13


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the names of the files that are parsed, each time that they are; none is kept for long."""
    found: list[str] = []
    bound = project._bound

    def note(path: Path, data: bytes) -> Module | None:
        found.append(path.name)
        return bound(path, data)

    monkeypatch.setattr(project, "_bound", note)
    monkeypatch.setattr(recent, "_BYTES", 1)
    return found


def test_a_file_is_parsed_once_for_all_sites(tmp_path: Path, parsed: list[str]) -> None:
    other = "".join(f"x = ['S{i}' + 'y']\n" for i in range(9))
    injected = (
        f"{HEAD}from fastapi import Depends\nfrom conf import Settings\n"
        "def get():\n    return Settings()\n"
        "def sign_in(settings: Settings = Depends(get)):\n"
        f"    return ClientSecretCredential(T, '{APP}', settings.secret)\n"
    )
    files = {f"app{i}.py": SITE.replace("'S'", f"'S{i}'") for i in range(9)}
    files |= {f"web{i}.py": injected for i in range(3)} | {"conf.py": SETTINGS.format("str = ''")}
    files |= {"other.py": other, "calls.py": "sign_in()\nx = 'sign_in(1)'\n", "more.py": "sign_in\n"}
    run = _run(tmp_path, files)
    assert len(run.rewritten) == 12
    assert parsed.count("other.py") <= 2  # for the variables, and for what is left over
    assert parsed.count("calls.py") == 1
    assert parsed.count("more.py") == 0


def test_a_file_is_parsed_once_for_all_unions_of_a_name(tmp_path: Path, parsed: list[str]) -> None:
    union = "from azure.identity import ClientSecretCredential, AzureCliCredential\nLogin = {} | {}\n"
    both = union.format("ClientSecretCredential", "AzureCliCredential")
    files = {f"app{i}.py": SITE.replace("'S'", f"'S{i}'") for i in range(3)} | {f"u{i}.py": both for i in range(3)}
    files |= {"asks.py": "import other\nx = isinstance(y, other.Login)\n", "own.py": "class Login:\n    pass\n"}
    files |= {"taken.py": "from django import Login\nx = isinstance(y, Login)\n", "other.py": ""}
    assert len(_run(tmp_path, files).rewritten) == 3
    assert parsed.count("asks.py") == 1
    assert not {"own.py", "taken.py"} & set(parsed)


def test_a_name_in_another_case_is_no_variable_but_of_settings(tmp_path: Path, parsed: list[str]) -> None:
    files = {"app.py": SITE, "low.py": "x = ['s']\ndef f(s: str): pass\n"}
    assert len(_run(tmp_path, files).rewritten) == 1
    assert "low.py" not in parsed
    run = _run(tmp_path, {"app.py": SITE, "settings.py": "class Own(BaseSettings):\n    s: str\n"})
    assert reasons_of(run) == ["secret-used-elsewhere"]


def test_a_definition_that_is_not_in_memory_any_more_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "_BYTES", 1)
    settings = (
        "from .base import BaseSettings\nclass Settings(BaseSettings):\n    secret: str = ''\n"
        "    def ready(self):\n        return all(self.model_dump().values())\nsettings = Settings()\n"
    )
    lead = f"{HEAD}from core import settings\n"
    files = {
        "core/__init__.py": "from .conf import settings\n",
        "core/conf.py": settings,
        "core/base.py": "import pydantic\nclass BaseSettings(pydantic.BaseSettings):\n    pass\n",
        "app.py": f"{lead}c = ClientSecretCredential(T, '{APP}', settings.secret)\n",
        "more.py": "x = object()\n(x).secret\n",
    }
    run = _run(tmp_path, files)
    assert [each.detail for each in run.reported] == ["with all of settings in core/conf.py:5"]


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("get(1)", True),
        ("app.get (\n 1)", True),
        ("(get)(1)", True),
        ("((get) # it\n)(1)", True),
        ("get\\\n(*x)", True),
        ("\uff47et(1)", True),
        ("f'{get(1)}'", True),
        ("get()", False),
        ("get( # nothing\n )", False),
        ("(get) ( )", False),
        ("target(1)", False),
        ("get_all(1)", False),
        ("x = get; f(1)", False),
    ],
)
def test_a_call_with_arguments_is_told_from_the_text(text: str, *, called: bool) -> None:
    assert may_call(text.encode(), "get") is called
    tree = ast.parse(text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and last_name(node.func) == "get"]
    assert any(node.args for node in calls) <= called


def test_a_call_in_another_encoding_is_not_told_from_the_text() -> None:
    assert may_call("# coding: latin-1\né = 1\n".encode("latin-1"), "get")


@pytest.mark.parametrize(
    ("text", "searched", "why"),
    [
        ("from pkg.app import SECRET\n", source.MAX_SEARCHED, "SECRET on line 3 is used by ../big.py"),
        ("from pkg.app import OTHER\n", source.MAX_SEARCHED, ""),
        ("from pkg.app import OTHER\n", 1000, "SECRET on line 3 is used by ../big.py (it cannot be read)"),
    ],
)
def test_a_name_stays_that_a_file_may_import_which_nobody_can_parse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, searched: int, why: str
) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 4000)
    monkeypatch.setattr(source, "MAX_SEARCHED", searched)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "big.py").write_text(f"{text}# {'x' * 5000}\n")
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").touch()
    (tmp_path / "pkg/app.py").write_text(
        "import os\nfrom azure.identity import ClientSecretCredential\n"
        'SECRET = os.environ["APP_SECRET"]\nc = ClientSecretCredential(T, A, SECRET)\n'
    )
    run = rewrite(Request(paths=(tmp_path / "pkg",), targets=TARGETS, app=APP))
    assert [each.detail for each in run.reported] == [why] * bool(why)
    assert len(run.rewritten) == (not why)


def test_files_that_a_sparse_checkout_leaves_out_keep_names_and_variables(tmp_path: Path) -> None:
    files = {"pkg/app.py": SITE, "pkg/.env": "S=not-real\n", "other/use.py": "from pkg.app import SECRET\n"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    for command in ("init -q", "add -A", "commit -qm x", "sparse-checkout set --no-cone /pkg/"):
        subprocess.run(("git", "-C", str(tmp_path), *identity, *command.split()), check=True)  # noqa: S607
    assert not (tmp_path / "other").exists()
    request = Request(paths=(tmp_path,), targets=TARGETS, app=APP)
    assert [each.detail for each in rewrite(request).reported] == [
        "SECRET on line 3 is used by other/use.py (it is not checked out)"
    ]
    (tmp_path / "pkg/app.py").write_text(
        SITE.replace("SECRET = os.environ['S']\n", "").replace("SECRET)", "os.environ['S'])")
    )
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, fix_leftovers=True))
    assert len(run.rewritten) == 1
    assert [each.kept for each in run.leftovers] == ["other/use.py is not checked out, and was not searched"]
