"""Puts the alias table and the released models into a wheel; an editable install reads them where they lie."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLED = ("data/actors.csv", "models/tfidf", "models/transformer")


class BundleHook(BuildHookInterface):
    """Adds the bundle of ``stance.paths`` to standard wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a wheel is built."""
        if version == "standard":
            build_data["force_include"].update({path: f"stance/bundle/{path}" for path in BUNDLED})
