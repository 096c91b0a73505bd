from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import pytest

from tests.inventory.madeup import MadeUpGraph

_ELSEWHERE = (
    "AZURE_",
    "UNSECRET_",
    "IDENTITY_",
    "MSI_",
    "IMDS_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "SSL_CERT_",
    "REQUESTS_CA",
)


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may ever ask a real metadata service, sign-in host or proxy."""
    for name in tuple(os.environ):
        if name.upper().startswith(_ELSEWHERE):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def graph() -> MadeUpGraph:
    return MadeUpGraph()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Skip the waits between retries, and list how long they would have been."""
    listed: list[float] = []
    real, mine = asyncio.sleep, threading.get_ident()

    async def sleep(delay: float, *_: Any) -> None:
        if threading.get_ident() != mine:  # an embedded tenant that other tests left running
            await real(delay)
            return
        listed.append(delay)
        await real(0)

    monkeypatch.setattr("asyncio.sleep", sleep)
    return listed
