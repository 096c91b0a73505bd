"""An assertion is offered beside a secret that callers supply; who does not ask for it sees no difference."""

import ast
from pathlib import Path

import pytest

from codemods.engine.claims.option import check_option
from codemods.engine.run import rewrite
from codemods.errors import ClaimError
from codemods.model import Changed, LibraryMode, Request, Run
from codemods.names import Module
from tests.codemods.cases import APP, TARGETS

IMPORT = "from azure.identity import ClientSecretCredential\n"
BOTH = "from azure.identity import ClientAssertionCredential, ClientSecretCredential\n"
PARAMETER = "client_assertion_func=None"
CHOICE = " if client_assertion_func is not None else "
OLD = "ClientSecretCredential(T, A, secret)"
NEW = f"(ClientAssertionCredential(T, A, client_assertion_func){CHOICE}{OLD})"


def _run(folder: Path, source: str, mode: LibraryMode = LibraryMode.ADD_OPTION) -> Run:
    (folder / "lib.py").write_bytes(source.encode())
    return rewrite(Request(paths=(folder,), apply=True, library_mode=mode))


OFFERED = {
    "a function": (f"def f(secret):\n    return {OLD}\n", f"def f(secret, *, {PARAMETER}):\n    return {NEW}\n"),
    "a default": (f"def f(secret=None):\n    return {OLD}\n",
        f"def f(secret=None, *, {PARAMETER}):\n    return {NEW}\n"),
    "a trailing comma": (f"def f(\n    secret,  # é\n):\n    return {OLD}\n",
        f"def f(\n    secret, *, {PARAMETER}  # é\n):\n    return {NEW}\n"),
    "keywords only": (f"def f(*, secret: str = (1)):\n    return {OLD}\n",
        f"def f(*, secret: str = (1), {PARAMETER}):\n    return {NEW}\n"),
    "a star": (f"def f(secret, *rest):\n    return {OLD}\n", f"def f(secret, *rest, {PARAMETER}):\n    return {NEW}\n"),
    "two stars": (f"def f(secret, **rest: int) -> object:\n    return {OLD}\n",
        f"def f(secret, *, {PARAMETER}, **rest: int) -> object:\n    return {NEW}\n"),
    "powers in a default": (f"def f(secret, n=2**8):\n    return {OLD}\n",
        f"def f(secret, n=2**8, *, {PARAMETER}):\n    return {NEW}\n"),
    "brackets in a default": (f"def f(secret, n=(1, {{2: 3}})):\n    return {OLD}\n",
        f"def f(secret, n=(1, {{2: 3}}), *, {PARAMETER}):\n    return {NEW}\n"),
    "positions only": (f"def f(secret, /):\n    return {OLD}\n",
        f"def f(secret, /, *, {PARAMETER}):\n    return {NEW}\n"),
    "a method": (f"class C:\n    def __init__(self, secret):\n        self.c = {OLD}\n",
        f"class C:\n    def __init__(self, secret, *, {PARAMETER}):\n        self.c = {NEW}\n"),
    "a class method": (f"class C:\n    @classmethod\n    async def f(cls, secret):\n        return {OLD}\n",
        f"class C:\n    @classmethod\n    async def f(cls, secret, *, {PARAMETER}):\n        return {NEW}\n"),
    "an argument of something": (f"def f(secret):\n    return use({OLD}, 1).x\n",
        f"def f(secret, *, {PARAMETER}):\n    return use({NEW}, 1).x\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", OFFERED)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_option_is_added(tmp_path: Path, name: str, newline: str) -> None:
    before, after = (text.replace("\n", newline) for text in OFFERED[name])
    run = _run(tmp_path, IMPORT + before)
    assert (tmp_path / "lib.py").read_bytes().decode() == BOTH + after
    (changed,) = (file for file in run.files if isinstance(file, Changed))
    assert changed.written
    (found,) = run.reported
    assert found.reason.value == "caller-supplied-secret"
    assert found.detail == "parameter secret; callers can pass client_assertion_func instead, the secret still works"
    assert not run.rewritten
    assert not run.helpers
    again = rewrite(Request(paths=(tmp_path,), apply=True, library_mode=LibraryMode.ADD_OPTION))
    assert not again.diff
    assert not again.failed
    assert [item.reason.value for item in again.reported] == ["caller-supplied-secret"]


def test_msal_chooses_between_two_values(tmp_path: Path) -> None:
    call = "ConfidentialClientApplication(A, authority=f'https://login.microsoftonline.com/{t}', client_credential="
    _run(tmp_path, f"import msal\ndef f(key, t):\n    return msal.{call}key)\n")
    value = f'{{"client_assertion": client_assertion_func}}{CHOICE}key'
    assert (tmp_path / "lib.py").read_text() == (
        f"import msal\ndef f(key, t, *, {PARAMETER}):\n    return msal.{call}{value})\n"
    )


def test_two_functions_and_other_names_of_the_class(tmp_path: Path) -> None:
    source = "import azure.identity as ai\nfrom azure.identity import ClientSecretCredential as C\n"
    source += (
        "def f(s):\n    return C(T, A, s)\ndef g(s):\n    return ai.ClientSecretCredential(T, A, client_secret=s)\n"
    )
    _run(tmp_path, source)
    text = (tmp_path / "lib.py").read_text()
    assert "import ClientAssertionCredential, ClientSecretCredential as C\n" in text
    assert f"(ai.ClientAssertionCredential(T, A, func=client_assertion_func){CHOICE}ai.Client" in text
    assert f"(ClientAssertionCredential(T, A, client_assertion_func){CHOICE}C(T, A, s))" in text


LEFT = {
    "the parameter is used": f"def f(secret):\n    print(secret)\n    return {OLD}\n",
    "it is checked": f"def f(secret):\n    if not secret:\n        raise ValueError\n    return {OLD}\n",
    "it is bound anew": f"def f(secret):\n    secret = secret or g()\n    return {OLD}\n",
    "a decorator": f"@click.command()\ndef f(secret):\n    return {OLD}\n",
    "a name that is there": f"def f(secret, client_assertion_func):\n    return {OLD}\n",
    "locals": f"def f(secret):\n    log(locals())\n    return {OLD}\n",
    "a function inside": f"def f(secret):\n    def g():\n        return {OLD}\n    return g\n",
    "a lambda": f"f = lambda secret: {OLD}\n",
    "an attribute": f"class C:\n    def __init__(self, secret):\n        self.s = secret\n    def f(self):\n"
    f"        return {OLD.replace('secret', 'self.s')}\n",
    "computed": "def f(secret):\n    return ClientSecretCredential(T, A, secret.strip())\n",
    "hidden": "def f(secret, **kw):\n    return ClientSecretCredential(T, A, secret, **kw)\n",
    "a class of that name": f"class ClientAssertionCredential: ...\ndef f(secret):\n    return {OLD}\n",
}


@pytest.mark.parametrize("name", LEFT)
def test_where_it_is_not_certain_nothing_is_added(tmp_path: Path, name: str) -> None:
    run = _run(tmp_path, IMPORT + LEFT[name])
    assert (tmp_path / "lib.py").read_text() == IMPORT + LEFT[name]
    assert run.reported
    assert not run.failed


def test_asynchronous_classes_and_the_default_mode_are_left(tmp_path: Path) -> None:
    source = IMPORT.replace("identity", "identity.aio") + OFFERED["a function"][0]
    assert not _run(tmp_path, source).diff
    assert not _run(tmp_path, IMPORT + OFFERED["a function"][0], LibraryMode.REPORT).diff


def test_a_file_with_a_rewrite_gets_no_option(tmp_path: Path) -> None:
    site = f"c = ClientSecretCredential(T, '{APP}', open('s').read())\n"
    (tmp_path / "lib.py").write_text(IMPORT + site + OFFERED["a function"][0].replace("A,", "'other',"))
    request = Request(paths=(tmp_path,), targets=TARGETS, apply=True, library_mode=LibraryMode.ADD_OPTION)
    rewrite(request)
    assert PARAMETER not in (tmp_path / "lib.py").read_text()


def _module(text: str) -> Module:
    return Module(ast.parse(text))


WRONG = {
    "another default": (PARAMETER, "client_assertion_func=1"),
    "turned round": ("is not None", "is None"),
    "another old call": ("else ClientSecretCredential(T, A,", "else ClientSecretCredential(A, T,"),
    "another new call": ("(ClientAssertionCredential(T, A,", "(ClientAssertionCredential(A, T,"),
    "another value": ("A, client_assertion_func)", "A, other)"),
    "something else": ("return ", "return not "),
    "another class": ("(ClientAssertionCredential", "(CertificateCredential"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_claim_that_does_not_hold_is_refused(name: str) -> None:
    before, after = (BOTH + text for text in OFFERED["a function"])
    before = before.replace("ClientAssertionCredential, ", "")
    check_option("lib.py", _module(before), _module(after), parameter="client_assertion_func", count=1)
    old, new = WRONG[name]
    assert old in after
    with pytest.raises(ClaimError):
        check_option(
            "lib.py", _module(before), _module(after.replace(old, new)), parameter="client_assertion_func", count=1
        )


def test_an_option_needs_no_other_package(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("msal>=1.20\n")
    source = "import msal\ndef f(secret):\n    return msal.ConfidentialClientApplication(A, secret, authority=U)\n"
    run = _run(tmp_path, source.replace("A, secret", f"'{APP}', secret"))
    assert PARAMETER in (tmp_path / "lib.py").read_text()
    assert (tmp_path / "requirements.txt").read_text() == "msal>=1.23.0\n"
    assert [each.package for file in run.requirements for each in file.requirements] == ["msal"]
