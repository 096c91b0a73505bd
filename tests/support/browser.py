"""A real Chromium without a window, for pages that are opened as files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_CHROMIUM, _DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def chromium() -> Iterator[Chrome]:
    """Start it, or skip the test where there is none."""
    if not (_CHROMIUM.exists() and _DRIVER.exists()):
        pytest.skip("needs chromium and chromedriver")
    options = ChromeOptions()
    options.binary_location = str(_CHROMIUM)
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(str(_DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


def log(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    """Return what was written to a log (``browser``, ``performance``) since it was last asked for."""
    return list(browser.get_log(kind))  # type: ignore[no-untyped-call]


def requests(browser: Chrome) -> list[str]:
    """Return the addresses that were asked for since this was last asked."""
    events = [json.loads(entry["message"])["message"] for entry in log(browser, "performance")]
    sent: list[dict[str, Any]] = [one["params"] for one in events if one["method"] == "Network.requestWillBeSent"]
    return [one["request"]["url"] for one in sent]
