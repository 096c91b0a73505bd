"""The page in a real browser, opened as a file: what runs, what shows, what is asked of the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from reports.model import Column, Document, Table
from reports.render import write
from tests.reports.samples import EMPTY, HOSTILE, document
from tests.support.browser import chromium, log, requests

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as driver:
        yield driver


def _open(browser: Chrome, folder: Path, value: Document, width: int = 1400) -> None:
    path = folder / "report.html"
    write(value, "html", path)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 700},
    )
    log(browser, "performance")
    browser.get(path.as_uri())


def _main(browser: Chrome) -> WebElement:
    return browser.find_element(By.CSS_SELECTOR, "section.table[id$='-main']")


def _cells(section: WebElement, column: int = 0) -> list[str]:
    rows = section.find_elements(By.CSS_SELECTOR, "tbody tr")
    return [row.find_elements(By.TAG_NAME, "td")[column].text for row in rows]


def _type(section: WebElement, words: str) -> None:
    field = section.find_element(By.CSS_SELECTOR, "input[type=search]")
    field.clear()
    field.send_keys(words)


def test_it_opens_with_no_error_and_asks_for_nothing_but_itself(browser: Chrome, tmp_path: Path) -> None:
    _open(browser, tmp_path, document())
    assert [url for url in requests(browser) if not url.endswith("/report.html")] == []
    assert log(browser, "browser") == []
    assert browser.execute_script("return window.broken") is None


def test_hostile_names_show_as_text_wherever_they_stand(browser: Chrome, tmp_path: Path) -> None:
    _open(browser, tmp_path, document())
    section = _main(browser)
    section.find_element(By.CSS_SELECTOR, "select[aria-label='Rows on a page']").send_keys("25 rows")
    shown = _cells(section)
    assert shown[:3] == list(HOSTILE[:3])
    assert shown[4] == "a⟨U+202E⟩gnp.exe"
    assert len(shown) == len(HOSTILE)
    assert browser.find_element(By.TAG_NAME, "h1").text == f"Report on {HOSTILE[0]}"
    assert browser.execute_script("return document.images.length + (window.broken || 0)") == 0


def test_search_keeps_the_rows_that_hold_every_word(browser: Chrome, tmp_path: Path) -> None:
    _open(browser, tmp_path, document())
    section = _main(browser)
    _type(section, "SCRIPT live")
    assert _cells(section) == [HOSTILE[1]]
    assert section.find_element(By.CSS_SELECTOR, ".shown").text == f"1 of {len(HOSTILE)} rows"
    _type(section, "no such thing")
    assert section.find_element(By.TAG_NAME, "tbody").text == "No row matches."


def test_columns_sort_both_ways_by_what_they_hold(browser: Chrome, tmp_path: Path) -> None:
    _open(browser, tmp_path, document())
    section = _main(browser)
    headings = section.find_elements(By.CSS_SELECTOR, "thead button")
    headings[3].click()
    headings[3].click()
    assert _cells(section, 3)[:3] == ["14", "13", "12"]
    headings[2].click()
    times = _cells(section, 2)
    assert times == sorted(times)
    assert section.find_element(By.CSS_SELECTOR, "th[aria-sort]").get_attribute("aria-sort") == "ascending"


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Chrome, tmp_path: Path) -> None:
    _open(browser, tmp_path, document(), width=390)
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= 390
    assert _cells(_main(browser))[0].endswith(HOSTILE[0])


def test_three_hundred_thousand_cells_stay_quick(browser: Chrome, tmp_path: Path) -> None:
    columns = tuple(Column(key=f"c{at}", title=f"Column {at}") for at in range(10))
    rows = tuple(tuple(f"value {row} {at}" for at in range(10)) for row in range(30_000))
    _open(browser, tmp_path, replace(EMPTY, tables=(Table(name="main", title="Main", columns=columns, rows=rows),)))
    section = _main(browser)
    assert len(_cells(section)) == 25
    browser.implicitly_wait(5)
    _type(section, "29999 value")
    section.find_element(By.XPATH, ".//span[@class='shown' and text()='1 of 30,000 rows']")
    browser.implicitly_wait(0)
    spent = browser.execute_script("return performance.getEntriesByType('navigation')[0].domComplete")
    assert spent < 10_000, "milliseconds; a DOM of all cells takes far longer"
