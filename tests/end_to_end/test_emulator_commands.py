"""``unsecret emulator``, and env and gaps beside one that runs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from migrate.cli.main import main
from migrate.emulator import environments
from migrate.emulator.announcement import VARIABLE, Announcement, AnnouncementError, announced, announcements
from tests.support.processes import BASH, UNSECRET, isolated, serving, unsecret


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return isolated(tmp_path, monkeypatch)


def here(*arguments: str) -> str:
    """Run a command in this process and return what it printed."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        assert main(["emulator", *arguments]) == 0
    return told.getvalue()


def variables(*options: str) -> dict[str, str]:
    given = json.loads(here("env", "--shell", "json", *options))
    assert not set(given["set"]) & set(given["unset"])
    return dict(given["set"])


def test_a_running_tenant_is_found_and_its_environment_complete(runtime: Path) -> None:
    with serving():
        (file,) = (runtime / "unsecret").iterdir()
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        found = variables()
        assert set(found) == {
            *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"),
            *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"),
            *("AZURE_POD_IDENTITY_AUTHORITY_HOST", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"),
            *("AZURE_CONFIG_DIR", "NODE_USE_ENV_PROXY"),
        }
        assert found["AZURE_CLIENT_SECRET"] not in file.read_text()
        direct = variables("--direct")
        assert direct["AZURE_AUTHORITY_HOST"] == direct["UNSECRET_GRAPH_ENDPOINT"]
        assert direct["AZURE_CORE_INSTANCE_DISCOVERY"] == "false"
        assert "HTTPS_PROXY" not in direct
        other = variables("--app", "orders-api")
        assert other["AZURE_CLIENT_ID"] != found["AZURE_CLIENT_ID"]
        assert variables("--app", other["AZURE_CLIENT_ID"].upper()) == other
        assert (
            unsecret("emulator", "env", "--app", "no\x1bbody").stderr
            == "unsecret: no application is called 'no\\x1bbody'\n"
        )
    assert not file.exists()


@pytest.mark.slow
def test_a_tenant_is_served_whatever_its_clock_has_passed_and_whoever_is_gone(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "old.state"))
    with serving(*state):
        (found,) = announcements()
        httpx.post(f"{found.control}/advance", json={"seconds": 900 * 86_400}, trust_env=False)
        for name in ("unsecret-operator", "read-only-auditor", "orders-api"):
            assert variables("--app", name)["AZURE_CLIENT_SECRET"]
    with serving(*state):
        delete_itself(variables("--direct"))
    with serving(*state) as process:
        told = unsecret("emulator", "env")
        assert (told.returncode, told.stderr) == (2, "unsecret: no application is called 'unsecret-operator'\n")
        assert variables("--app", "read-only-auditor")["AZURE_CLIENT_SECRET"]
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read() == (
            "unsecret: no application is called 'unsecret-operator'; for another, unsecret emulator env --app NAME\n"
        )


def delete_itself(operator: dict[str, str]) -> None:
    trust = ssl.create_default_context(cafile=operator["SSL_CERT_FILE"])
    with httpx.Client(base_url=operator["AZURE_AUTHORITY_HOST"], verify=trust, trust_env=False) as web:
        form = {
            "grant_type": "client_credentials",
            "client_id": operator["AZURE_CLIENT_ID"],
            "client_secret": operator["AZURE_CLIENT_SECRET"],
            "scope": "https://graph.microsoft.com/.default",
        }
        token = web.post(f"/{operator['AZURE_TENANT_ID']}/oauth2/v2.0/token", data=form).json()["access_token"]
        address = f"/v1.0/applications(appId='{operator['AZURE_CLIENT_ID']}')"
        assert web.delete(address, headers={"Authorization": f"Bearer {token}"}).status_code == 204


@pytest.mark.slow
def test_a_shell_that_evaluates_it_reaches_the_tenant_and_nothing_else() -> None:
    steering = dict.fromkeys({*environments.STEERING} - {VARIABLE}, "https://elsewhere.example")
    script = f"""
    set -eu
    eval "$({shlex.join([*UNSECRET, "emulator", "env"])})"
    env | grep elsewhere && exit 9
    {shlex.join([*UNSECRET, "scan", "--out", "snapshot.db"])} > /dev/null
    curl -sS -o /dev/null -w '%{{http_code}}' https://login.microsoftonline.com/$AZURE_TENANT_ID/v2.0/.well-known/openid-configuration
    """
    with serving():
        done = subprocess.run(
            [BASH, "-c", script],
            env={**os.environ, **steering},
            cwd=os.environ["XDG_RUNTIME_DIR"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "200", "")


def test_a_path_that_looks_like_a_program_stays_a_path(tmp_path: Path) -> None:
    hostile = tmp_path / "a 'b' $(touch pwned) `touch pwned` \n;touch pwned"
    hostile.mkdir()
    with serving(TMPDIR=str(hostile)):
        script = f'eval "$({shlex.join([*UNSECRET, "emulator", "env"])})"; printf %s "$SSL_CERT_FILE"'
        told = subprocess.run([BASH, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert Path(told).is_file()
        assert told.startswith(str(hostile))
    assert not (tmp_path / "pwned").exists()


def test_without_a_running_tenant_there_is_one_line(runtime: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["env"], ["env", "--port", "8443"], ["gaps", "--running"]):
        assert main(["emulator", *arguments]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("unsecret: no tenant is being served")
        assert told.err.count("\n") == 1
    assert list(runtime.iterdir()) == [], "who only reads makes no folder"


@pytest.mark.slow
def test_of_several_one_must_be_chosen() -> None:
    with serving(), serving():
        told = unsecret("emulator", "env")
        assert (told.returncode, told.stdout) == (2, "")
        ports = [each.port for each in announcements()]
        assert str(ports[0]) in told.stderr
        assert str(ports[1]) in told.stderr
        assert variables("--port", str(ports[0]))["HTTPS_PROXY"] != variables("--port", str(ports[1]))["HTTPS_PROXY"]
        wrong = unsecret("emulator", "env", "--port", "1")
        assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


@pytest.mark.slow
def test_a_tenant_that_was_killed_is_forgotten(runtime: Path) -> None:
    with serving() as process:
        (file,) = (runtime / "unsecret").iterdir()
        process.kill()
        process.wait()
        assert file.exists()
        assert unsecret("emulator", "env").returncode == 2
        assert not file.exists()


@pytest.mark.slow
def test_a_folder_that_others_could_have_written_is_not_trusted(runtime: Path, tmp_path: Path) -> None:
    folder = runtime / "unsecret"
    folder.mkdir()
    folder.chmod(0o755)
    told = unsecret("emulator", "env")
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "not a private folder of yours" in told.stderr
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    assert "not a private folder of yours" in unsecret("emulator", "env").stderr
    with serving() as process:  # it is served all the same, but cannot be found
        assert not list((tmp_path / "elsewhere").iterdir())
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "cannot find this one" in process.stderr.read()


def test_a_folder_of_another_user_is_not_trusted(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (runtime / "unsecret").mkdir(mode=0o700)
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(AnnouncementError, match="not a private folder of yours"):
        announcements()


def test_a_file_that_is_no_announcement_is_passed_over(runtime: Path) -> None:
    ours = Announcement(pid=1, port=2, tenant_id="t", control="http://127.0.0.1:1/_control", key="hidden")
    assert "hidden" not in repr(ours)
    with announced(ours):
        assert announcements() == [ours]
        for number, text in enumerate(("", "{}", "[]", "null", '{"pid": 1}', "\x00")):
            (runtime / "unsecret" / f"emulator-{number + 10}.json").write_text(text)
        assert announcements() == [ours]
        told = unsecret("emulator", "env")
        assert told.returncode == 2
        assert "does not answer" in told.stderr
    assert announcements() == []


def test_an_environment_is_given_only_for_the_key() -> None:
    with serving():
        (found,) = announcements()
        for headers in ({}, {"x-emulator-key": "x"}, {"x-emulator-key": found.key.upper()}):
            told = httpx.get(f"{found.control}/environment", headers=headers, trust_env=False)
            assert told.status_code == 403
            assert "AZURE" not in told.text
        told = httpx.get(f"{found.control}/environment", headers={"x-emulator-key": found.key}, trust_env=False)
        assert "AZURE_CLIENT_SECRET" in told.json()["set"]


@pytest.mark.slow
def test_what_was_asked_for_in_vain_is_shown() -> None:
    with serving() as process:
        assert unsecret("emulator", "gaps", "--running").stdout == "nothing was asked for in vain\n"
        found = variables()
        guid = "1f1f1f1f-2222-4222-8222-222222222222"
        with httpx.Client(verify=False, proxy=found["HTTPS_PROXY"], trust_env=False) as web:  # noqa: S501 - a local one
            for host in ("login.microsoftonline.com", "management.azure.com"):
                for number in range(2):
                    web.get(f"https://{host}/odd/{guid}/x{number}('it')/a%20b?secret=hunter2")
            with pytest.raises(httpx.ProxyError):
                web.get("https://vault.example/")
            assert web.get(f"https://login.microsoftonline.com/{guid}/discovery/v2.0/keys").status_code == 400
        shown = json.loads(unsecret("emulator", "gaps", "--running", "--format", "json").stdout)
        assert shown["hosts"] == {"vault.example:443": 1}
        paths = {(row["method"], row["host"], row["path"], row["count"]) for row in shown["requests"]}
        assert ("GET", "login.microsoftonline.com", "/odd/{id}/x0('{id}')/{name}", 1) in paths
        lines = unsecret("emulator", "gaps", "--running").stdout.splitlines()
        assert "1  refused vault.example:443" in lines
        assert "hunter2" not in str(lines)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert (
            process.stderr.read() == "unsecret: refused vault.example:443, which the embedded tenant does not serve\n"
        )


def test_gaps_are_listed_without_a_tenant() -> None:
    lines = here("gaps").splitlines()
    listed = json.loads(here("gaps", "--format", "json"))
    assert len(lines) == len(listed) > 10
    assert all(set(row) == {"service", "path", "why"} for row in listed)
    assert main(["emulator", "gaps", "--port", "8443"]) == 2


def test_options_of_a_command_come_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emulator", "--apps", "5", "env"]) == 2
    assert "come after its name" in capsys.readouterr().err
    for wrong in (
        ["--time", "noon"],
        ["--retention", "8"],
        ["--cloud", "moon"],
        ["nosuch"],
        ["run"],
        ["--http-port", "x"],
    ):
        assert main(["emulator", *wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_without_the_demo_extra_there_is_one_line_and_env_and_gaps_work() -> None:
    code = """
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
sys.modules.update(dict.fromkeys(("starlette", "uvicorn", "trustme")))
from migrate.cli.main import main
for command in sys.argv[2:]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as told:
        code = main(command.split())
    print(json.dumps([code, told.getvalue()]))
"""
    without = ("emulator", "emulator run true", "demo")
    helped = ("emulator gaps", "demo --help", "emulator --help", "emulator run --help")
    command = [sys.executable, "-c", code, str(Path(__file__).parents[2]), *without, *helped, "emulator env"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(without) + len(helped) + 1
    for number, said in told[: len(without)]:
        assert number == 2
        assert "[demo]" in said
        assert said.count("\n") == 1
    assert [number for number, _ in told[len(without) : -1]] == [0] * len(helped)
    assert "no tenant is being served" in told[-1][1]


def test_chosen_ports_are_used_and_a_taken_one_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for option in ("--port", "--http-port", "--proxy-port"):
            free = ("--port", "0", "--http-port", "0", "--proxy-port", "0")
            assert main(["emulator", "--apps", "5", *free, option, port]) == 2
            told = capsys.readouterr().err
            assert f"127.0.0.1:{port}" in told
            assert told.count("\n") == 1


def test_there_is_no_option_for_an_address() -> None:
    for name in ("--host", "--address", "--bind"):
        assert main(["emulator", name, "0.0.0.0"]) == 2  # noqa: S104 - it is refused
