"""What holds for every test."""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections import deque
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace

import certifi
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import is_hypothesis_test, settings

from migrate.emulator.tokens import keys
from tests.support.examples import ALL, FEW, share

# Shared machines are slow at times: a property is about values, never about time.
settings.register_profile("few examples", deadline=None, max_examples=FEW)
settings.register_profile("all examples", deadline=None, max_examples=ALL)
settings.load_profile("few examples")

ALONE = frozenset({"az", "bench", "browser", "packaging"})
"""Markers of tests that measure, or whose set-up is too dear to be done twice."""
APART = ALONE | {"exhaustive", "packages", "terraform"}
"""Markers of tests that are neither in the default run nor slow ones."""


KEYS = 8
"""More than any test has of tenants and of keys that one tenant rolls."""
LEVELS = {each: each.level for each in (logging.getLogger(), logging.getLogger("unsecret"))}


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run the default tests in two processes, chosen ones in this one: ``-n auto`` asks here, even for ``--help``."""
    return 0 if config.option.markexpr in ALONE or getattr(config.option, "file_or_dir", None) else 2


MEMORY = Path("/dev/shm")  # noqa: S108 - folders that only their owner can open are made in it
ROOM = 2 << 30
"""Bytes that must be free there; the default run leaves some 300 MB until its end."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep in memory what tests write, where there is room: most write a journal, and each entry waits for the disk.

    Not where the disk is measured too, or whole environments are installed. Before any test is imported, say how many
    examples properties are tried with.
    """
    settings.load_profile("few examples" if "not slow" in config.option.markexpr else "all examples")
    if config.option.markexpr not in ALONE | {"packages"} and MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        there = os.statvfs(MEMORY)
        runs = not there.f_flag & os.ST_NOEXEC  # some tests start what they wrote
        if runs and there.f_bavail * there.f_frsize >= ROOM:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try every property with all its examples among the slow tests; the default run tries it with a few."""
    if share(ALL) == ALL:
        for item in items:
            apart = any(mark.name in APART for mark in item.iter_markers())
            if isinstance(item, pytest.Function) and is_hypothesis_test(item.function) and not apart:
                item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage only when all modules are there: it is a fifth of what importing them takes, and finds none."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _no_public_authority(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Trust no authority of the world where a client names none: no test talks to a host with a certificate of one.

    Reading all of them again takes each ``httpx.get`` some 30 ms.
    """
    mine = tmp_path_factory.mktemp("authority") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(mine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: str(mine))
        yield


@pytest.fixture(scope="session", autouse=True)
def _few_keys() -> Generator[None]:
    """Let tenants share a few keys, neighbours never the same: to make one takes longer than all else in a tenant."""
    made: deque[rsa.RSAPrivateKey] = deque(maxlen=KEYS)
    one_by_one = threading.Lock()

    def key(**options: int) -> rsa.RSAPrivateKey:
        with one_by_one:
            made.append(rsa.generate_private_key(**options) if len(made) < KEYS else made[0])
            return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "rsa", SimpleNamespace(generate_private_key=key, RSAPrivateKey=rsa.RSAPrivateKey))
        yield


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> None:
    """Undo what ``-v`` did: a command run in this process, by a fixture of a whole module too, makes logging loud."""
    for logger, level in LEVELS.items():
        logger.setLevel(level)
