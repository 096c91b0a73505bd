"""The page of a replay in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.cli.main import main
from tests.support.browser import chromium, log, requests
from tests.support.exported import TENANT

pytestmark = pytest.mark.browser


def test_it_shows_the_policies_and_both_curves_and_asks_nobody(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(logs.parent)
    policy = Path("<img src=x onerror='window.broken=1'>.toml")
    policy.write_text("[retire]\nunused_days = 28\n")
    arguments = ["replay", "--logs", "logs", "--tenant", TENANT, "--policy", str(policy), "--html", "out.html"]
    assert main(arguments) == 1
    with chromium() as browser:
        browser.get((logs.parent / "out.html").as_uri())
        assert len(browser.find_elements("css selector", "svg")) == 2
        shown = browser.find_element("tag name", "body").text
        for told in ("deactivated first", "Would break", "203.0.113.9", "revert activates it", str(policy)):
            assert told in shown, told
        assert [url for url in requests(browser) if not url.endswith("/out.html")] == []
        assert log(browser, "browser") == []
        assert browser.execute_script("return document.images.length + (window.broken || 0)") == 0
