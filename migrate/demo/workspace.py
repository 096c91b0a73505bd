"""The folder of a demonstration."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import DemoError

_MARKER = ".unsecret-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where everything of a demonstration lies."""

    root: Path
    emptied: bool = False
    """Whether an earlier demonstration lay there, which is gone now."""

    @property
    def snapshot(self) -> Path:
        """The scan."""
        return self.root / "snapshot.db"

    @property
    def plan(self) -> Path:
        """The plan."""
        return self.root / "plan.json"

    @property
    def policy(self) -> Path:
        """What people decided."""
        return self.root / "unsecret.toml"

    @property
    def journal_url(self) -> str:
        """The journal, as a database URL."""
        return f"sqlite:///{self.root / 'journal.db'}"

    @property
    def code(self) -> Path:
        """The services, one folder each."""
        return self.root / "services"

    @property
    def patch(self) -> Path:
        """What the codemods changed, as a diff."""
        return self.root / "rewrite.patch"


def prepare(root: Path) -> Workspace:
    """Make the folder, or empty one that an earlier demonstration left; any other folder with content is refused."""
    emptied = False
    try:
        if root.exists() and any(root.iterdir()):
            if not (root / _MARKER).is_file():
                raise DemoError(f"{root} is not empty and not of an earlier demo: choose another --out")
            shutil.rmtree(root)
            emptied = True
        root.mkdir(parents=True, exist_ok=True)
        (root / _MARKER).write_text("This folder was made by unsecret demo and is emptied by the next one.\n")
    except OSError as error:
        raise DemoError(f"cannot use {root}: {error.strerror}; choose another --out") from error
    return Workspace(root=root.resolve(), emptied=emptied)
