"""Makes docs/images/gallery_*.jpg: ``python scripts/gallery_pictures.py INDEX PICTURE`` after ``inkpose index add``.

The real page over the nets that come with inkpose, in Chromium: three views on a desk, four on a phone.
"""

from __future__ import annotations

import io
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from inkpose.gallery.server import listen, make_server
from inkpose.pipeline import Pipeline
from inkpose.weights import SHIPPED
from shared.images import write_jpeg

OUT = Path("docs/images")
DESK = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
GAP_PX = 24
#: What is there when a view is complete.
READY = {"look": ".stage .skeleton circle", "find": ".found:not([data-busy]) .hit-name", "poses": ".disc"}


def shot(page: Any) -> NDArray[np.uint8]:
    """Returns what the window shows, once it is at rest."""
    page.wait_for_timeout(1500)
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))


def views(browser: Browser, address: str, picture: Path, names: list[str], device: dict[str, Any]) -> list[Any]:
    """Returns a picture of each view."""
    shots = []
    for name in names:
        page = browser.new_context(**device).new_page()
        page.goto(f"{address}#{name}")
        if name == "look":
            page.set_input_files("#view-look input[type=file] >> nth=0", str(picture))
        if name == "find" and "is_mobile" not in device:
            page.wait_for_selector(READY["find"])
            page.locator("#view-find .hit-main").nth(3).click()
        if name in READY:
            page.wait_for_selector(READY[name])
        if name == "poses":
            page.locator(".disc").first.click()
        shots.append(shot(page))
        page.context.close()
    return shots


def main(index: Path, picture: Path) -> None:
    """Writes the four files."""
    server = make_server(lambda: Pipeline.load(SHIPPED), index)
    with listen("127.0.0.1", 0) as listening, sync_playwright() as playwright:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            names = ["look", "find", "poses"]
            for name, image in zip(names, views(browser, address, picture, names, DESK), strict=True):
                write_jpeg(OUT / f"gallery_{name}.jpg", image)
            phones = views(browser, address, picture, [*names, "index"], PHONE)
        finally:
            browser.close()
            server.should_exit = True
            thread.join()
    height, width = phones[0].shape[:2]
    sheet = np.full((height + 2 * GAP_PX, GAP_PX + len(phones) * (width + GAP_PX), 3), (226, 222, 212), np.uint8)
    for number, phone in enumerate(phones):
        left = GAP_PX + number * (width + GAP_PX)
        sheet[GAP_PX : GAP_PX + height, left : left + width] = phone
    write_jpeg(OUT / "gallery_phone.jpg", sheet)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
