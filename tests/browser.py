"""The browser in which the tests of pages open them."""

import os
import shutil
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def missing(reason):
    """Skip the test for want of a program; where CI is set it fails, so that it is not lost there unseen."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def launched():
    """The installed Chromium, driven by Playwright, which only an installation for development has."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing(f"Chromium is missing: none of {', '.join(NAMES)} is on the path")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path)
        yield started
        started.close()
