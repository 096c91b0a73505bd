"""Environments of the processes that a demonstration starts: nothing of the user's own sign-in gets in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import migrate

_FOREIGN = ("AZURE_", "ARM_", "IDENTITY_", "MSI_", "IMDS_", "UNSECRET_", "PYTHON")
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


def clean() -> dict[str, str]:
    """Return the environment of this process without anything that steers a sign-in or sends it elsewhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name.casefold() not in _PROXIES
    }


def of_command(emulator: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an ``unsecret`` command that works as the operator of the embedded tenant."""
    return clean() | dict(emulator)


def of_service(emulator: Mapping[str, str], graph_endpoint: str) -> dict[str, str]:
    """Return the environment of a service: where its cloud is, but no credential of anybody."""
    inherited = {name: value for name, value in emulator.items() if name not in _OPERATOR}
    return clean() | inherited | {"GRAPH_ENDPOINT": graph_endpoint}


_OPERATOR = frozenset({"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "UNSECRET_ARM_ENDPOINT",
                       "UNSECRET_GRAPH_ENDPOINT"})  # fmt: skip


def launcher() -> Path:
    """Return the file that starts the command line: beside the packages in a checkout, above them when installed."""
    folder = Path(migrate.__file__).parents[1]
    beside = folder / "unsecret.py"
    return beside if beside.is_file() else folder / "__init__.py"
