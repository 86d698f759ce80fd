"""A picture of the top of a shift report, for the README: ``python .ci/picture.py PAGE PNG``.

It needs Playwright and an installed Chromium, and is taken without a network, in light mode.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WIDTH = 1200
MARGIN = 24
MAX_BYTES = 400_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(page: Path, picture: Path) -> int:
    """Write the picture; returns the exit code."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"no browser; one of {', '.join(BROWSERS)} is needed")
        return 1
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=browser)
        context = opened.new_context(viewport={"width": WIDTH, "height": 900}, color_scheme="light", offline=True)
        shown = context.new_page()
        shown.goto(page.resolve().as_uri())
        bottom = _bottom(shown)
        shown.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom})
        opened.close()
    n_bytes = picture.stat().st_size
    print(f"{picture}: {WIDTH} x {bottom:.0f}, {n_bytes / 1000:.0f} kB")
    return int(n_bytes > MAX_BYTES)


def _bottom(shown: Page) -> float:
    """Where the first actor's rows of the grid end; what leads there stands close together for the picture."""
    shown.add_style_tag(content=CLOSE)
    box = shown.locator("#positions tbody").first.bounding_box()
    if box is None:
        raise ValueError("no grid on the page; the report must have a stance")
    return box["y"] + box["height"] + MARGIN


CLOSE = """
header nav, #firmness > :not(h2, .charts), #positions > p, figure p, figure details { display: none; }
h2 { margin-top: 2rem; }
"""

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
