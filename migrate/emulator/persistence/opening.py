"""The memory that an emulator starts with: out of its state file, or new."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from migrate.emulator.persistence.keeper import StateFile
from migrate.emulator.persistence.memory import Memory, Wanted, remember
from migrate.emulator.seed import seed_tenant

_APPS: Final = 40
_SEED: Final = 1
_CLOUD: Final = "public"
_RETENTION: Final = timedelta(days=30)


def open_memory(wanted: Wanted, path: Path | None) -> tuple[Memory, StateFile | None]:
    """Give the memory that the file holds, or a new one, which is saved at once; without a file, nothing is saved.

    StateFileError for a file that is no use, EmulatorError for a tenant that cannot be made.
    """
    if path is None:
        return _new(wanted), None
    state = StateFile(path)
    try:
        memory = state.load(wanted) or _new(wanted)
        state.keep(memory)
    except BaseException:
        state.close()
        raise
    return memory, state


def _new(wanted: Wanted) -> Memory:
    apps = _APPS if wanted.apps is None else wanted.apps
    seed = _SEED if wanted.seed is None else wanted.seed
    tenant = seed_tenant(
        apps=apps,
        seed=seed,
        cloud=wanted.cloud or _CLOUD,
        start=wanted.start,
        retention=wanted.retention or _RETENTION,
    )
    return remember(tenant, apps=apps, seed=seed)
