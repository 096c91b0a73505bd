"""The ``unsecret`` commands of a demonstration, run as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from migrate.demo.environment import launcher
from migrate.demo.workspace import Workspace
from migrate.errors import DemoError

_FAILURE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Runs commands in a workspace, as the operator of the embedded tenant."""

    workspace: Workspace
    environment: Mapping[str, str]

    def json(self, *arguments: str) -> Any:
        """Run a command that talks to the tenant or the journal and return its result."""
        output = self.run(*arguments, "--journal", self.workspace.journal_url, "--format", "json")
        return msgspec.json.decode(output)

    def run(self, *arguments: str) -> bytes:
        """Run a command and return what it printed; raises DemoError with its message where it fails."""
        done = subprocess.run(
            [sys.executable, "-P", str(launcher()), *arguments],
            cwd=self.workspace.root,
            env=dict(self.environment),
            capture_output=True,
            check=False,
        )
        if done.returncode >= _FAILURE or done.returncode < 0:
            message = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
            raise DemoError(f"unsecret {arguments[0]} failed: {message}")
        return done.stdout
