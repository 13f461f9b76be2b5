"""A browser for the tests of pages."""

from tests.report.browser import browser, open_page

__all__ = ["browser", "open_page"]
