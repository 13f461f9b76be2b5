"""Pages in a real browser, offline: what they ask for, what they log, and what axe-core finds wrong with them.

A test takes the fixture `open_page`, which `tests/report/conftest.py` gives to every test of this folder; other folders
import both fixtures into a conftest of theirs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Playwright's own browsers cannot be had everywhere; a distribution's Chromium can: apt-get install chromium.
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
DESK, PHONE = (1280, 900), (390, 844)  # CSS pixels


@dataclass(frozen=True, eq=False)
class OpenedPage:
    """Page in a browser.

    Attributes:
        page: Playwright's handle: `page.locator(...)`, `page.keyboard.press("ArrowRight")`, …
        requests: addresses asked for, the page's own file and data URIs left out; `logged`: errors and warnings of the
            console, violations of its Content-Security-Policy among them, and exceptions. Both are to be empty.

    """

    page: Page
    requests: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What axe-core finds: its rule, its words, and the elements."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes']][:5]}" for one in found]

    def overflow(self) -> int:
        """CSS pixels by which the page is wider than the window; 0 if nothing has to be scrolled sideways."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width

    def screenshot(self, path: Path | str) -> Path:
        """A PNG of the whole page."""
        self.page.screenshot(path=path, full_page=True)
        return Path(path)


Opener = Callable[..., OpenedPage]


def find_browser() -> str | None:
    """The Chromium to use: $STRIATE_BROWSER, else the first on the path; None if there is none."""
    return os.environ.get("STRIATE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one file; skips them where there is none, unless $STRIATE_BROWSER names one."""
    if (found := find_browser()) is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or name one in STRIATE_BROWSER")
    from playwright.sync_api import sync_playwright

    # Stopped with the file's last test: as long as it runs, no other test of this process can use asyncio.run.
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Opener]:
    """A function that opens a page file offline: (path, size=DESK, dark=False, media="screen", **context options).

    `media` is `screen` or `print`; `javascript=False` turns scripts off. When the test ends, it fails if a page asked
    for anything or logged an error.
    """
    opened: list[OpenedPage] = []

    def open_one(path: Path | str, size: tuple[int, int] = DESK, dark: bool = False, media: str = "screen",
                 javascript: bool = True, **options: Any) -> OpenedPage:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True,
                                      color_scheme="dark" if dark else "light", java_script_enabled=javascript,
                                      has_touch=size[0] < 600, **options)
        page = context.new_page()
        one = OpenedPage(page)
        own = Path(path).resolve().as_uri()
        page.on("request", lambda request: None if request.url == own or request.url.startswith("data:")
                else one.requests.append(request.url))
        page.on("console", lambda message: one.logged.append(message.text) if message.type in ("error", "warning")
                else None)
        page.on("pageerror", lambda error: one.logged.append(str(error)))
        page.emulate_media(media=media)  # type: ignore[arg-type]
        page.goto(own)
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        one.page.context.close()
    assert [one.requests for one in opened] == [[]] * len(opened)
    assert [one.logged for one in opened] == [[]] * len(opened)
