"""What becomes of a test for which a program is missing."""

import shutil

import pytest
from browser import launched, missing


def test_a_missing_program_skips_the_test(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="npm is missing"):
        missing("npm is missing")


def test_on_ci_a_missing_program_fails_the_test(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="npm is missing"):
        missing("npm is missing")


def test_on_ci_a_missing_browser_fails_the_test(monkeypatch):
    pytest.importorskip("playwright.sync_api")
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(pytest.fail.Exception, match="Chromium is missing: none of chromium, "), launched():
        pass
