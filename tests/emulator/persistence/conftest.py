"""Emulators that share a state file one after the other."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrate.emulator.persistence.memory import Wanted
from migrate.emulator.persistence.opening import open_memory
from migrate.emulator.server import Emulator
from tests.emulator.conftest import World, make_world

Run = Callable[..., AbstractContextManager[World]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "tenant.json"


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give what a state file of 12 applications holds; a new tenant would need a new key, which takes its time."""
    path = tmp_path_factory.mktemp("state") / "tenant.json"
    _, kept = open_memory(Wanted(apps=12, seed=3), path)
    assert kept is not None
    kept.close()
    return path.read_bytes()


@pytest.fixture
def saved(state: Path, content: bytes) -> Path:
    """Make a state file."""
    state.write_bytes(content)
    state.chmod(0o600)
    return state


@pytest.fixture
def run(saved: Path) -> Run:
    """Run an emulator on the test's state file."""

    @contextmanager
    def running(**options: Any) -> Iterator[World]:
        with Emulator(state=saved, **options) as emulator:
            world = make_world(emulator)
            try:
                yield world
            finally:
                world.web.close()

    return running
