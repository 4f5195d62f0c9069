"""The page in a real browser, over the foretellable nets: what an illustrator does, with mouse, keyboard and phone."""

from __future__ import annotations

import re
import shutil
import threading

import pytest
from PIL import Image

from inkpose.gallery.server import listen, make_server

sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install 'inkpose[dev]'")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
pytestmark = [pytest.mark.slow, needs_chromium]

PATIENCE_MS = 60_000
# Discs glide when the map changes its width, as it does when a scroll bar comes: at the latest two frames from now.
STANDSTILL = """new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame))
    .then(() => Promise.allSettled(document.getAnimations().map(glide => glide.finished)))"""


@pytest.fixture(scope="module")
def address(pipeline, index, tmp_path_factory):
    """A gallery over a copy of the index that may be changed."""
    place = tmp_path_factory.mktemp("browser") / "index"
    shutil.copytree(index.path, place)
    server = make_server(lambda: pipeline, place)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Opens the page; at the end nothing may have gone wrong in it, and nothing may have been asked elsewhere."""
    pages, wrong = [], []

    def note(message) -> None:
        # A refused upload is an answer of 422, which the browser notes by itself.
        if message.type in ("error", "warning") and "422" not in message.text:
            wrong.append(message.text)

    def open_(view: str = "", **options):
        page = browser.new_context(**options).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", note)
        page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith((address, "blob:", "data:")) else None)
        page.goto(f"{address}#{view}")
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.context.close()
    assert wrong == []


def names(page) -> list[str]:
    page.wait_for_selector(".found:not([data-busy]) .hit-name")
    return page.locator("#view-find .hit-name").all_inner_texts()


def first_is(page, name: str) -> None:
    sync_api.expect(page.locator("#view-find .hit-name").first).to_have_text(name, timeout=PATIENCE_MS)


def test_look_at_pictures_and_find_their_pose(open_page, draw, tmp_path):
    page = open_page()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    page.set_input_files("#view-look input[type=file] >> nth=0", [str(draw(tmp_path / "girl.png")), str(bad)])
    page.wait_for_selector(".toast:has-text('bad.png: not a picture')")
    page.wait_for_selector(".thumb[data-state=failed]")
    sync_api.expect(page.locator(".look-head h2")).to_have_text("girl.png")
    assert page.locator(".tag a").all_inner_texts() == ["solo", "red theme"]
    assert page.locator(".stage .skeleton circle").count() == 16  # the last joint is not in the picture
    assert "16 of 17 joints" in page.locator(".look-head").inner_text()

    page.get_by_role("button", name="One for all").click()
    page.get_by_label("Tags above").fill("0.89")
    sync_api.expect(page.locator(".tag a")).to_have_text(["solo", "red theme"][:1])
    page.get_by_label("Joints surer than").fill("0.55")
    sync_api.expect(page.locator(".stage .skeleton circle")).to_have_count(0)
    page.get_by_role("button", name="Cut-out", exact=True).click()
    assert page.locator(".frame .cutout").evaluate("image => image.complete || image.decode().then(() => true)")
    assert page.locator(".frame .cutout").is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Cut-out").click()
    with Image.open(download.value.path()) as cutout:
        assert (cutout.mode, cutout.size) == ("RGBA", (60, 40))
    page.get_by_label("Outline").fill("0.95")
    page.wait_for_selector(".look-head:has-text('no character found')")
    page.get_by_label("Outline").fill("0.5")
    page.get_by_role("button", name="Find this pose").click()
    assert len(names(page)) == 6
    assert page.locator(".sheet .ghost").get_attribute("href").endswith("/picture")


def test_pose_the_figure_and_see_other_drawings(open_page):
    page = open_page("find")
    assert len(names(page)) == 6
    page.get_by_role("button", name=re.compile(r"^0\.png")).click()
    first_is(page, "0.png")
    page.wait_for_selector("#view-find .likeness >> nth=0 >> text=100 %")

    # Drag the left hand outwards and up, as far as the third drawing's.
    wrist = page.locator(".joint[data-joint=left_wrist]")
    box, sheet = wrist.locator(".dot").bounding_box(), page.locator(".sheet").bounding_box()
    scale = min(sheet["width"] / 300, sheet["height"] / 400) * 0.8 * 400 / 66
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12 * scale, y - 12 * scale, steps=6)
    page.mouse.up()
    first_is(page, "2.png")
    page.get_by_role("button", name="Undo").click()
    first_is(page, "0.png")

    # The same by keyboard.
    wrist.focus()
    before = wrist.get_attribute("aria-label")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowUp")
    assert wrist.get_attribute("aria-label") != before
    first_is(page, "2.png")
    page.keyboard.press("Delete")
    assert wrist.get_attribute("aria-label") == "left wrist, left out"
    page.keyboard.press("Delete")
    first_is(page, "2.png")

    page.get_by_label("Tags", exact=True).fill("ha")
    page.get_by_role("option", name="hat").click()
    sync_api.expect(page.locator("#view-find .hit-name")).to_have_count(3, timeout=PATIENCE_MS)
    assert set(names(page)) == {"1.png", "3.png", "5.png"}
    page.locator("label:has-text('Skeletons')").click()
    assert page.locator(".bones-over").first.evaluate("s => s.getAnimations().length >= 0 && s.childElementCount") == 1
    page.get_by_role("button", name="Open 3.png").click()
    assert page.locator("dialog img").evaluate("i => i.decode().then(() => i.naturalWidth)") == 100
    page.keyboard.press("Escape")
    sync_api.expect(page.locator("dialog")).to_have_count(0)


def test_map_of_poses(open_page):
    page = open_page("poses")
    discs = page.locator(".disc")
    sync_api.expect(discs.first).to_be_visible(timeout=PATIENCE_MS)
    page.evaluate(STANDSTILL)
    boxes = [disc.bounding_box() for disc in discs.all()]
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            away = (
                (a["x"] + a["width"] / 2 - b["x"] - b["width"] / 2) ** 2
                + (a["y"] + a["height"] / 2 - b["y"] - b["height"] / 2) ** 2
            ) ** 0.5
            assert away > (a["width"] + b["width"]) / 2 - 2  # discs lie beside each other
    discs.last.focus()
    page.keyboard.press("Enter")
    assert discs.last.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Find this pose").click()
    page.wait_for_selector("#view-find .likeness >> nth=0 >> text=100 %")


def test_add_a_folder(open_page, draw, tmp_path):
    for n in range(3):
        draw(tmp_path / f"new/{n}.png")
    (tmp_path / "new/broken.jpg").write_bytes(b"\xff\xd8 no")
    page = open_page("index")
    page.get_by_label("Folder on this computer").fill(str(tmp_path / "new"))
    page.get_by_role("button", name="Add folder").click()
    page.wait_for_selector(".job h2:has-text('Done')")
    assert "3 pictures added with 3 characters" in page.locator(".job").inner_text()
    page.locator(".failures summary").click()
    assert "broken.jpg" in page.locator(".failures").inner_text()
    sync_api.expect(page.locator(".tile b").first).to_have_text("9", timeout=PATIENCE_MS)
    page.get_by_label("Folder on this computer").fill("/no/such/folder")
    page.get_by_role("button", name="Add folder").click()
    page.wait_for_selector(".toast:has-text('no such folder')")


@pytest.mark.parametrize("view", ["look", "find", "poses", "index"])
def test_phone_shows_everything_without_sideways_scrolling(open_page, view):
    page = open_page(view, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    page.wait_for_selector(f"#view-{view} button")
    page.wait_for_timeout(300)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    tabs = page.locator(".tabs").bounding_box()
    assert tabs["y"] + tabs["height"] == pytest.approx(740, abs=1)  # at the thumb
    assert page.locator(".tabs a[aria-current]").inner_text() == view.capitalize()
