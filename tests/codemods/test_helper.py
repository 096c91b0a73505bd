"""The helper module: where it stands, what it says, how its asynchronous credential behaves."""

import asyncio
import importlib.util
import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import azure.identity
import pytest
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError

from codemods.assertion import Application, is_ours, name_all, render
from codemods.engine.run import rewrite
from codemods.model import Cloud, Request
from tests.codemods.cases import APP, TARGETS, check_second_run, contents, reasons_of, run_on

SITE = (
    "import os\nfrom azure.identity import ClientSecretCredential\n"
    f"c = ClientSecretCredential(T, '{APP}', os.environ['S'])\n"
)
ASYNC_SITE = SITE.replace("identity", "identity.aio")
ONE = Application(key=APP, scope=Cloud.PUBLIC.scope)


def _lay(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/', 1)}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


# ---------------------------------------------------------------------- where it stands


def test_a_script_gets_a_sibling(tmp_path: Path) -> None:
    run = run_on(tmp_path, SITE, name="jobs/nightly.py")
    assert [helper.path for helper in run.helpers] == ["jobs/entra_fic.py"]
    assert "from entra_fic import" in (tmp_path / "jobs" / "nightly.py").read_text()


def test_a_package_gets_one_at_its_top(tmp_path: Path) -> None:
    for name in ("shop/__init__.py", "shop/auth/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "shop" / "other.py").write_text(SITE)
    run = run_on(tmp_path, SITE, name="shop/auth/login.py")
    assert [helper.path for helper in run.helpers] == ["shop/entra_fic.py"]
    assert "from shop.entra_fic import" in (tmp_path / "shop" / "auth" / "login.py").read_text()
    check_second_run(tmp_path)


def test_a_package_above_the_paths_is_not_written_to(tmp_path: Path) -> None:
    for name in ("shop/__init__.py", "shop/auth/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    run = run_on(tmp_path / "shop" / "auth", SITE, name="login.py")
    assert [helper.path for helper in run.helpers] == ["entra_fic.py"]
    assert "from shop.auth.entra_fic import" in (tmp_path / "shop" / "auth" / "login.py").read_text()


def test_relative_imports_without_a_package_get_a_relative_import(tmp_path: Path) -> None:
    run_on(tmp_path, "from . import other\n" + SITE, name="space/login.py")
    assert "from .entra_fic import" in (tmp_path / "space" / "login.py").read_text()


def test_absolute_imports_through_the_own_folder_show_its_name(tmp_path: Path) -> None:
    run = run_on(tmp_path, "from space.jobs import other\n" + SITE, name="space/jobs/login.py")
    assert [helper.path for helper in run.helpers] == ["space/jobs/entra_fic.py"]
    assert "from space.jobs.entra_fic import" in (tmp_path / "space" / "jobs" / "login.py").read_text()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "undecodable"])
def test_a_foreign_file_of_that_name_stops_the_rewrite(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "entra_fic.py"
    if kind == "file":
        place.write_text("x = 1\n")
    elif kind == "folder":
        (tmp_path / "entra_fic").mkdir()
    elif kind == "link":
        (tmp_path / "elsewhere.txt").write_text("")
        place.symlink_to("elsewhere.txt")
    else:
        place.write_bytes(b"\xff\n")
    before = contents(tmp_path)
    run = run_on(tmp_path, SITE)
    assert reasons_of(run) == ["helper-name-taken"]
    assert contents(tmp_path) == {**before, "app.py": SITE.encode()}


def test_an_edited_helper_is_kept_and_extended(tmp_path: Path) -> None:
    run_on(tmp_path, SITE, name="one.py")
    helper = tmp_path / "entra_fic.py"
    helper.write_text(helper.read_text().replace("# One instance", "# Ours: one instance"))
    run = run_on(tmp_path, ASYNC_SITE, name="two.py")
    text = helper.read_text()
    assert len(run.rewritten) == 1
    assert "# Ours: one instance" in text
    assert text.count("def managed_identity_assertion(") == 1
    compile(text, "entra_fic.py", "exec")
    check_second_run(tmp_path)


def test_a_helper_with_windows_line_ends_keeps_them(tmp_path: Path) -> None:
    run_on(tmp_path, SITE, name="one.py")
    helper = tmp_path / "entra_fic.py"
    helper.write_bytes(helper.read_bytes().replace(b"\n", b"\r\n"))
    run_on(tmp_path, ASYNC_SITE, name="two.py")
    data = helper.read_bytes()
    assert b"class ManagedIdentityAssertionCredential" in data
    assert data.count(b"\n") == data.count(b"\r\n")


def test_the_helper_has_no_asynchronous_code_that_nobody_needs() -> None:
    names = name_all([ONE])[ONE]
    assert "aio" not in render([(names, False)])
    assert "aio" in render([(names, True)])


def test_an_untouched_helper_is_extended_as_if_it_were_new() -> None:
    names = name_all([ONE])[ONE]
    first = render([(names, False)])
    both = render([(names, True)], first)
    assert both == render([(names, False), (names, True)])
    assert render([(names, True)], both) == both
    assert is_ours(both)


def test_names_are_stable_and_different() -> None:
    keys = ["os.environ['A']", "os.environ['B']", APP, APP[:-1] + "2", "é"]
    applications = [Application(key=key, scope="s") for key in keys]
    names = name_all(applications)
    assert len({item.function for item in names.values()}) == len(keys)
    assert len({item.credential for item in names.values()}) == len(keys)
    assert len({item.variable for item in names.values()}) == len(keys)
    text = render([(item, True) for item in names.values()])
    compile(text, "entra_fic.py", "exec")
    assert name_all(applications, text) == names


# ---------------------------------------------------------------------- how it behaves


class FakeIdentity:
    """Stands for azure.identity.aio.ManagedIdentityCredential."""

    made: list["FakeIdentity"]

    def __init__(self, *, client_id: str) -> None:
        self.client_id = client_id
        self.calls: list[str] = []
        self.lifetime = 86_400
        self.error: Exception | None = None
        self.closed = False
        FakeIdentity.made.append(self)

    async def get_token(self, scope: str) -> AccessToken:
        self.calls.append(scope)
        if self.error is not None:
            raise self.error
        return AccessToken(f"assertion-{len(self.calls)}", int(time.time()) + self.lifetime)

    async def close(self) -> None:
        self.closed = True


class FakeCredential:
    """Stands for azure.identity.aio.ClientAssertionCredential: calls its function without await."""

    def __init__(self, tenant_id: str, client_id: str, func: Any, **kwargs: Any) -> None:
        self.arguments = tenant_id, client_id, kwargs
        self.func = func
        self.cached: AccessToken | None = None
        self.entered = self.closed = False

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return self.cached or AccessToken(f"token for {self.func()} {scopes} {kwargs}", 0)

    get_token_info = get_token

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> Self:
        self.entered = True
        return self


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    names = name_all([ONE])[ONE]
    path = tmp_path / "entra_fic.py"
    path.write_text(render([(names, False), (names, True)]))
    spec = importlib.util.spec_from_file_location("entra_fic", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "entra_fic", module)
    spec.loader.exec_module(module)
    FakeIdentity.made = []
    monkeypatch.setenv("MANAGED_IDENTITY_CLIENT_ID", "the-identity")
    monkeypatch.setattr(module, "AsyncManagedIdentityCredential", FakeIdentity)
    return module


@pytest.fixture
def credential(helper: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(helper, "AsyncClientAssertionCredential", FakeCredential)
    return helper.ManagedIdentityAssertionCredential("t", "a", authority="h")


def _run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


def test_the_assertion_is_awaited_before_each_request(credential: Any) -> None:
    token = _run(credential.get_token("scope", tenant_id="x"))
    assert token.token == "token for assertion-1 ('scope',) {'tenant_id': 'x'}"
    assert credential._credential.arguments == ("t", "a", {"authority": "h"})
    (identity,) = FakeIdentity.made
    assert identity.client_id == "the-identity"
    assert identity.calls == ["api://AzureADTokenExchange/.default"]
    assert "assertion-2" in _run(credential.get_token_info("scope")).token
    assert len(FakeIdentity.made) == 1


def test_a_valid_assertion_outlives_a_failing_identity(credential: Any) -> None:
    _run(credential.get_token("scope"))
    FakeIdentity.made[0].error = ClientAuthenticationError(message="endpoint is down")
    assert "assertion-1" in _run(credential.get_token("scope")).token


def test_an_expired_assertion_is_not_used(credential: Any) -> None:
    _run(credential.get_token("scope"))
    identity = FakeIdentity.made[0]
    identity.lifetime = -1
    identity.error = None
    with pytest.raises(RuntimeError):
        _run(_expire(credential, identity))


async def _expire(credential: Any, identity: FakeIdentity) -> None:
    credential._assertion = AccessToken("old", int(time.time()) - 1)
    identity.error = ClientAuthenticationError(message="endpoint is down")
    try:
        await credential.get_token("scope")
    except ClientAuthenticationError as error:
        raise RuntimeError("refused, as it should be") from error


def test_a_cached_token_is_served_while_the_identity_fails(credential: Any) -> None:
    _run(credential.get_token("scope"))
    credential._assertion = None
    credential._credential.cached = AccessToken("cached", 0)
    FakeIdentity.made[0].error = ClientAuthenticationError(message="endpoint is down")
    assert _run(credential.get_token("scope")).token == "cached"


def test_a_failing_identity_says_why_at_first(credential: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_self: FakeIdentity, _scope: str) -> AccessToken:
        raise ClientAuthenticationError(message="no such identity")

    monkeypatch.setattr(FakeIdentity, "get_token", refuse)
    with pytest.raises(ClientAuthenticationError, match="no such identity"):
        _run(credential.get_token("scope"))


def test_a_missing_variable_is_named(credential: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MANAGED_IDENTITY_CLIENT_ID")
    with pytest.raises(KeyError, match="MANAGED_IDENTITY_CLIENT_ID"):
        _run(credential.get_token("scope"))


def test_both_credentials_are_closed(credential: Any) -> None:
    async def use() -> None:
        async with credential as same:
            assert same is credential
            await credential.get_token("scope")

    _run(use())
    assert credential._credential.entered
    assert credential._credential.closed
    assert FakeIdentity.made[0].closed


def test_a_credential_that_was_never_used_closes(credential: Any) -> None:
    _run(credential.close())
    assert credential._credential.closed
    assert not FakeIdentity.made


def test_the_real_classes_fit(helper: ModuleType) -> None:
    credential = helper.ManagedIdentityAssertionCredential(tenant_id="t", client_id="a", authority="https://localhost")
    assert isinstance(credential, AsyncTokenCredential)
    assert hasattr(credential, "get_token_info")
    _run(credential.close())


def test_the_function_keeps_one_identity_and_pickles(helper: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    class Identity:
        def __init__(self, *, client_id: str) -> None:
            made.append(client_id)

        def get_token(self, scope: str) -> AccessToken:
            return AccessToken(f"assertion for {scope}", 0)

    monkeypatch.setattr(azure.identity, "ManagedIdentityCredential", Identity)
    assert helper.managed_identity_assertion() == "assertion for api://AzureADTokenExchange/.default"
    helper.managed_identity_assertion()
    assert made == ["the-identity"]
    assert pickle.loads(pickle.dumps(helper.managed_identity_assertion)) is helper.managed_identity_assertion  # noqa: S301


OPTIONAL = (
    "try:\n    from azure.identity import ClientSecretCredential\nexcept ImportError:\n"
    "    ClientSecretCredential = None\n"
    f"def make():\n    return ClientSecretCredential('t', '{APP}', os.environ['S'])\n"
)
LAZY = f"""def make():
    from azure.identity import ClientSecretCredential
    return ClientSecretCredential('t', '{APP}', os.environ['S'])
"""


@pytest.mark.parametrize("source", [OPTIONAL.replace("ClientSecretCredential = None", "pass"), LAZY])
def test_a_program_that_does_without_azure_identity_still_starts_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    assert run_on(tmp_path, f"import os\n{source}").rewritten
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "entra_fic", raising=False)
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    made: dict[str, Any] = {}
    exec(compile((tmp_path / "app.py").read_text(), "app.py", "exec"), made)  # noqa: S102 - what the rewriter wrote
    monkeypatch.delitem(sys.modules, "entra_fic")
    with pytest.raises((ImportError, NameError)):
        made["make"]()


def test_the_asynchronous_class_pickles_before_it_is_used(helper: ModuleType) -> None:
    credential = helper.ManagedIdentityAssertionCredential("t", "a")
    again = pickle.loads(pickle.dumps(credential))  # noqa: S301
    assert type(again) is helper.ManagedIdentityAssertionCredential
    _run(credential.close())
    _run(again.close())


# ---------------------------------------------------------------------- what one file can break in another


def test_a_name_that_another_file_imports_stays(tmp_path: Path) -> None:
    source = (
        "import os\nfrom azure.identity import ClientSecretCredential\nSECRET = os.environ['S']\n"
        "c = ClientSecretCredential(T, A, SECRET)\n"
    )
    (tmp_path / "user.py").write_text("from app import SECRET\n")
    assert reasons_of(run_on(tmp_path, source)) == ["leftover"]
    (tmp_path / "user.py").write_text("SECRET = 1\n")
    assert len(run_on(tmp_path, source).rewritten) == 1


@pytest.mark.parametrize(
    ("user", "stays"),
    [
        ("from app import ClientSecretCredential\n", True),
        ("from .app import other, ClientSecretCredential\n", True),
        ("from shop.app import (\n    other,\n    ClientSecretCredential,\n)\n", True),
        ("import app\nc = app.ClientSecretCredential\n", True),
        ("mock.patch('app.ClientSecretCredential')\n", True),
        ("from azure.identity import ClientSecretCredential\nimport app\n", False),
        ("from app import other\nfrom azure.identity import ClientSecretCredential\n", False),
    ],
)
def test_a_class_that_another_file_takes_from_here_stays(tmp_path: Path, user: str, *, stays: bool) -> None:
    (tmp_path / "user.py").write_text(user)
    run_on(tmp_path, SITE)
    text = (tmp_path / "app.py").read_text()
    assert ("import ClientAssertionCredential, ClientSecretCredential" in text) is stays
    assert "ClientAssertionCredential(T" in text


@pytest.mark.parametrize(
    ("config", "source", "stays"),
    [
        ("import os\nSECRET = os.environ['S']\n", "from config import SECRET\n", True),
        ("import os\nSECRET = os.getenv('S')\n", "from config import SECRET\n", False),
        ("import os\nSECRET = os.environ['S']\n", "import config\nSECRET = config.SECRET\n", True),
        (
            "class S(B):\n    secret: str\nsettings = S()\n",
            "from config import settings\nSECRET = settings.secret\n",
            True,
        ),
        ("class S(B):\n    secret: str = ''\ns = S()\n", "from config import s\nSECRET = s.secret\n", False),
    ],
)
def test_a_module_that_cannot_start_without_the_secret_keeps_the_site(
    tmp_path: Path, config: str, source: str, *, stays: bool
) -> None:
    (tmp_path / "config.py").write_text(config)
    run = run_on(
        tmp_path,
        source + "from azure.identity import ClientSecretCredential\nc = ClientSecretCredential(T, A, SECRET)\n",
    )
    assert reasons_of(run) == (["leftover"] if stays else [])
    assert bool(run.rewritten) is not stays
    assert not stays or run.reported[0].detail.startswith("config.py:")


def test_a_type_test_in_another_file_keeps_the_site(tmp_path: Path) -> None:
    test = "from azure.identity import ClientSecretCredential\nx = isinstance(c, ClientSecretCredential)\n"
    (tmp_path / "check.py").write_text(test)
    run = run_on(tmp_path, SITE)
    assert reasons_of(run) == ["type-dependent", "type-dependent"]
    assert run.reported[0].detail == "check.py:2"
    (tmp_path / "check.py").rename(tmp_path / "test_check.py")
    assert len(rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP)).rewritten) == 1


def test_one_file_that_stays_does_not_keep_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(SITE.replace("os.environ['S']", "**k"))
    run = run_on(tmp_path, SITE)
    assert len(run.rewritten) == 1
    assert reasons_of(run) == ["hidden-in-kwargs"]
