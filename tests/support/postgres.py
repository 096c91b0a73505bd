"""A PostgreSQL server of the tests' own, from the programs that are on this machine; reached by a socket alone."""

from __future__ import annotations

import importlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

PASSWORD = "hunter2-" + secrets.token_hex(8)
REQUIRED = "UNSECRET_TEST_POSTGRES"
"""Set to anything, it makes a missing server a failure: CI must not skip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server, and how to get to it."""

    folder: Path

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://tester:{PASSWORD}@/{database}?host={self.folder}"

    def emptied(self) -> str:
        """Return the URL of the one database that tests share, with nothing in it: a new one for each costs seconds."""
        engine = sa.create_engine(self.url())
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        engine.dispose()
        return self.url()

    def database(self) -> str:
        """Make a database and return its URL."""
        name = f"journal_{secrets.token_hex(6)}"
        engine = sa.create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self.url(name)


def programs() -> Path | None:
    """Return the folder with ``initdb`` and ``pg_ctl``, the newest of the distribution's or that on the PATH."""
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    found = shutil.which("initdb")
    return kept[-1].parent if kept else Path(found).resolve().parent if found else None


def lacking() -> str:
    """Return why there can be no server here; empty where there can."""
    if programs() is None:
        return "no PostgreSQL server here: install the package postgresql"
    try:
        importlib.import_module("psycopg")
    except ImportError as error:
        return f"no driver for PostgreSQL here: pip install 'unsecret[postgres]' ({error})"
    return ""


@contextmanager
def serving(*, durable: bool = False) -> Iterator[Server]:
    """Start a server for as long as the block lasts; ``durable``: with real writes to the disk, to measure."""
    binaries = programs()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    account = _account()
    try:
        (folder / "password").write_text(PASSWORD)
        for path in (folder, folder / "password"):
            os.chown(path, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
        options = ["--username=tester", "--auth=scram-sha-256", "--pwfile", str(folder / "password")]
        _run(account, binaries / "initdb", "--pgdata", folder / "data", "--encoding=UTF8", "--no-sync", *options)
        settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync={'on' if durable else 'off'}"
        control = ("--pgdata", folder / "data", "--silent", "--log", folder / "log")
        _run(account, binaries / "pg_ctl", "start", "--wait", *control, "--options", settings)
        try:
            yield Server(folder=folder)
        finally:
            _run(account, binaries / "pg_ctl", "stop", "--mode=immediate", *control[:2])
    finally:
        shutil.rmtree(folder)


def _account() -> str:
    """Return who runs the server: root may not (initdb refuses)."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    return "postgres" if any(each.pw_name == "postgres" for each in pwd.getpwall()) else "nobody"


def _run(account: str, *command: str | Path) -> None:
    user = account if os.geteuid() == 0 else None
    groups: list[str] | None = [] if user else None
    subprocess.run(
        [str(each) for each in command],
        check=True,
        user=user,
        group=pwd.getpwnam(account).pw_gid if user else None,
        extra_groups=groups,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests of a process."""
    if why := lacking():
        if os.environ.get(REQUIRED):
            pytest.fail(why)
        pytest.skip(why)
    with serving() as server:
        yield server
