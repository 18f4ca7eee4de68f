"""All dashboards in Chromium: no request leaves the page, and no widget is empty, cut off or on another one.

The pictures are written beside the pages; pytest keeps the folders of its last three runs.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture_forwarder.configuration.observability import DashboardName
from capture_ops.observability.chromium import CHROMIUM_VARIABLE, Page, opened
from capture_ops.observability.rendering.page import WIDTH_PX
from tests.observability.boards_of import EVERY_DASHBOARD, EXAMPLE, MORE_ENDPOINTS, SECTION
from tests.support.command_line import run

pytestmark = pytest.mark.e2e
CHROMIUM = str(Path(".chromium/chromium").absolute())
PNG = b"\x89PNG\r\n\x1a\n"
# Each widget's title, place, number of drawn things, and whether its content is cut off.
WIDGETS = """
[...document.querySelectorAll("section")].map(section => {
  const box = section.getBoundingClientRect();
  const drawn = section.querySelectorAll("polyline, tr, .bar, p:not(.none)").length;
  return {title: section.textContent.trim().slice(0, 40), drawn,
    left: box.left, top: box.top, right: box.right, bottom: box.bottom,
    cut: section.scrollHeight > section.clientHeight + 1};
})
"""
# Texts of a chart that lie on each other.
TEXTS = """
[...document.querySelectorAll("svg")].flatMap(svg => {
  const boxes = [...svg.querySelectorAll("text.tick, text.unit")].map(text =>
    ({text: text.textContent, box: text.getBoundingClientRect()}));
  return boxes.flatMap((one, index) => boxes.slice(index + 1).filter(other =>
    one.box.left < other.box.right - 1 && other.box.left < one.box.right - 1 &&
    one.box.top < other.box.bottom - 4 && other.box.top < one.box.bottom - 4)
    .map(other => [one.text, other.text]));
})
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the pages and pictures of all dashboards."""
    folder = tmp_path_factory.mktemp("dashboards")
    config = folder / "forwarder.toml"
    config.write_text(EXAMPLE.replace(SECTION, f"{SECTION}{EVERY_DASHBOARD}\n") + MORE_ENDPOINTS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CHROMIUM_VARIABLE, CHROMIUM)
        done = run("dashboards", "--synthetic", 3, "--png", "--out", folder, "--config", config)
    assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """Run the Chromium of `make browser`."""
    with opened(CHROMIUM, WIDTH_PX) as page:
        yield page


@pytest.mark.parametrize("name", DashboardName)
def test_a_dashboard_in_chromium(pages: Path, browser: Page, name: DashboardName) -> None:
    """Each widget has content, in the page's width, on a place of its own."""
    browser.requested.clear()
    html = pages / f"{name}.html"
    browser.open(html.as_uri())
    assert browser.requested == [html.as_uri()]
    widgets = browser.evaluate(WIDGETS)
    assert widgets
    for index, one in enumerate(widgets):
        assert one["drawn"], one
        assert not one["cut"], one
        assert 0 <= one["left"] < one["right"] <= WIDTH_PX
        for other in widgets[index + 1 :]:
            beside = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"], (one, other)
    assert browser.evaluate(TEXTS) == []


@pytest.mark.parametrize("name", DashboardName)
def test_a_picture_shows_the_whole_page(pages: Path, browser: Page, name: DashboardName) -> None:
    """It is as wide and as high as the page."""
    picture = (pages / f"{name}.png").read_bytes()
    assert picture.startswith(PNG)
    browser.open((pages / f"{name}.html").as_uri())
    height = browser.evaluate("document.documentElement.scrollHeight")
    assert int.from_bytes(picture[16:20]) == WIDTH_PX
    assert abs(int.from_bytes(picture[20:24]) - height) <= 1


def test_the_checks_see_a_page_that_is_wrong(tmp_path: Path, browser: Page) -> None:
    """A page with a request, and with one widget on another, in the words of the checks above."""
    page = tmp_path / "wrong.html"
    page.write_text(
        '<img src="https://example.com/x.png"><section style="position:absolute;top:0">a</section>'
        '<section style="position:absolute;top:0">b</section><svg><text class="tick" y="20">1</text>'
        '<text class="tick" y="20">2</text></svg>',
        encoding="utf-8",
    )
    browser.requested.clear()
    browser.open(page.as_uri())
    assert "https://example.com/x.png" in browser.requested
    one, other = browser.evaluate(WIDGETS)
    assert (one["top"], one["drawn"]) == (other["top"], 0)
    assert browser.evaluate(TEXTS) == [["1", "2"]]


def test_chromium_is_the_one_of_the_target() -> None:
    """`make browser` made it, as `make e2e` does first."""
    assert os.access(CHROMIUM, os.X_OK)
