"""The browser that pages are tested in sees what a page must not do."""

from pathlib import Path

import pytest

from tests.report.browser import PHONE, Opener

HEAD = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A page</title>'
POLICY = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-wrong'\">"


def page(folder: Path, body: str, head: str = "") -> Path:
    path = folder / "page.html"
    path.write_text(f"{HEAD}{head}</head><body><main><h1>A page</h1>{body}</main></body></html>", encoding="utf-8")
    return path


def test_a_good_page_has_no_violation_and_asks_for_nothing(tmp_path: Path, open_page: Opener) -> None:
    script = '<script>document.getElementById("p").textContent = "run"</script>'
    opened = open_page(page(tmp_path, f'<p id="p"></p>{script}'))
    assert opened.page.inner_text("#p") == "run"
    assert (opened.violations(), opened.overflow()) == ([], 0)


@pytest.mark.parametrize(("body", "head", "where"), [
    ('<img alt="" src="https://example.org/x.png">', "", "requests"),
    ('<img alt="" src="other.png">', "", "requests"),
    ("<script>nothing.there()</script>", "", "logged"),
    ("<script>1 + 1</script>", POLICY, "logged"),
])
def test_a_request_an_exception_and_a_refused_script_are_seen(
        tmp_path: Path, open_page: Opener, body: str, head: str, where: str) -> None:
    opened = open_page(page(tmp_path, body, head))
    assert getattr(opened, where)
    opened.requests.clear()
    opened.logged.clear()


def test_a_picture_without_words_and_an_overflow_are_seen(tmp_path: Path, open_page: Opener) -> None:
    image = '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
    opened = open_page(page(tmp_path, f'{image}<p style="width: 900px">wide</p>'), PHONE)
    assert [one.split(":")[0] for one in opened.violations()] == ["image-alt"]
    assert opened.overflow() > 400
    opened.logged.clear()
