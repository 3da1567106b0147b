"""The report opened in a real browser without a screen or a network, used as a reader would."""

import re
import shutil

import pytest
from report_payload import METHODS, payload, slides

from reald2iff.bench.html import write_html

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra dev)")


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_api.sync_playwright() as playwright:
        try:
            # Without a sandbox Chromium also runs as root; the page is our own.
            found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except sync_api.Error as error:
            pytest.skip(f"no browser: make system installs chromium ({str(error).splitlines()[0]})")
        yield found
        found.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_html(tmp_path_factory.mktemp("report") / "realism.html", payload(), slides())


@pytest.fixture
def page(browser, report):
    """The report with the network cut; fails if it complains on the console or asks for anything."""
    context = browser.new_context(offline=True)
    opened = context.new_page()
    complaints, requests = [], []
    opened.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(report.as_uri())
    yield opened
    context.close()
    assert complaints == []
    assert [url[:60] for url in requests if not url.startswith(("file:", "data:"))] == []


def shown_share(page) -> float:
    """Share of the slider's image that shows its left side."""
    clip = page.eval_on_selector("#over", "image => getComputedStyle(image).clipPath")
    found = re.search(r"([\d.]+)%", clip)
    assert found, clip
    return 1 - float(found[1]) / 100


def test_every_part_has_its_rows(page):
    assert page.locator("#paired table.sortable").first.locator("tbody tr").count() == len(METHODS)
    assert page.locator("#real-0 table.sortable tbody tr").count() == len(METHODS) - 1
    accuracy, sigma = page.locator("#real-0 figure svg").all()
    assert accuracy.locator("circle").count() == 2 * (len(METHODS) - 1)
    assert sigma.locator("circle").count() == 3 * (len(METHODS) - 1)
    assert "one segment" in page.locator("#real-1 .problem").inner_text()


def test_a_heading_sorts_its_table(page):
    table = page.locator("#paired table.sortable").first
    heading = table.get_by_role("button", name="Accuracy 16")
    heading.click()
    assert table.locator("tbody th").first.inner_text() == "twin_redrawn"
    heading.click()
    assert table.locator("tbody th").first.inner_text() in ("identity", "gaussian")


def test_a_figure_that_is_missing_is_sorted_last_either_way(page):
    table = page.locator("#paired table.sortable").first
    for _ in range(2):
        table.get_by_role("button", name="ms / frame").click()
        assert table.locator("tbody th").last.inner_text() == "twin_redrawn"


def test_the_slider_starts_between_clean_and_the_model(page):
    assert page.locator("#tag-left").inner_text() == "clean"
    assert page.locator("#tag-right").inner_text() == "coarse_fine"
    assert shown_share(page) == pytest.approx(0.5)
    assert page.eval_on_selector("#under", "image => image.complete && image.naturalWidth") == 64


def test_arrow_keys_move_the_slider(page):
    page.focus("#cut")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert shown_share(page) == pytest.approx(0.6)
    page.keyboard.press("Home")
    assert shown_share(page) == pytest.approx(0.0)


def test_dragging_moves_the_slider(page):
    page.locator("#stage").scroll_into_view_if_needed()
    box = page.locator("#stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 60)
    page.mouse.up()
    assert shown_share(page) == pytest.approx(0.25, abs=0.01)


def test_frame_method_and_view_are_chosen(page):
    seen = {page.get_attribute("#under", "src")}
    for menu, choice in (("#right", "gaussian"), ("#view", "relief"), ("#frame", "1")):
        page.select_option(menu, choice)
        seen.add(page.get_attribute("#under", "src"))
    assert len(seen) == 4
    assert page.locator("#tag-right").inner_text() == "gaussian"
    assert page.get_attribute("#over", "alt") == "frame </script> 1: clean, relief"


def test_a_name_in_the_legend_hides_its_line(page):
    figure = page.locator("#paired figure", has_text="Holes by distance")
    figure.get_by_role("button", name="perlin").click()
    assert "off" in figure.locator('g.curve[data-method="perlin"]').get_attribute("class")


def test_the_button_changes_to_dark_and_back(page):
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    assert page.evaluate(ground) != light
    page.click("#theme")
    assert page.evaluate(ground) == light


def test_names_from_outside_are_text_and_never_markup(page):
    assert page.locator("#real-1 h2").inner_text() == "Real frames: </script><script>alert(1)</script>"
    assert page.locator("#real-0 li", has_text="<nothing>").count() == 1
    assert page.locator("#paired tbody th[title*='<b>as described</b> & more']").count() == 2 * len(METHODS)


def test_nothing_is_wider_than_a_telephone(page):
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
