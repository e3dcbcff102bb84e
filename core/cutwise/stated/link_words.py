"""What links of one version are told from: shipped scenarios as they were then, and words that are short."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from cutwise.caches import kept

NEWEST = "3"
"""The version of links that are made; its files, and those of every version before, never change."""
VERSIONS = ("1", "2", NEWEST)


@kept
def link_dictionary(version: str = NEWEST) -> bytes:
    """The deflate dictionary of this version."""
    folder = files("cutwise.assets").joinpath("links")
    presets = folder.joinpath(f"{version}.presets.json").read_bytes()
    return presets + folder.joinpath(f"{version}.words.txt").read_bytes()


@kept
def link_presets(version: str = NEWEST) -> Mapping[str, Mapping[str, Any]]:
    """The shipped scenarios as plain values, as they were when this version was made.

    Links tell what differs from these, so that a link still means its scenario after a shipped one changes.

    >>> link_presets()["phone_on_lte"]["name"]
    'phone on LTE'
    """
    text = files("cutwise.assets").joinpath(f"links/{version}.presets.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return found
