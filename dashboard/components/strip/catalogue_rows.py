"""The hardware catalogue as the browser searches it: a short row a profile, sources named once."""

from __future__ import annotations

import json
from typing import Any

from cutwise.hardware.profile_words import class_text, figures_text, source_texts
from cutwise.hardware.profiles import Profile, hardware


def catalogue_script() -> str:
    """The rows as a constant of the strip's script: name, title, about, figures, places of sources."""
    told: dict[str, int] = {}
    rows = [_row(profile, told) for profile in hardware().values()]
    return f"const CATALOGUE_TOLD = {json.dumps(list(told))}\nconst CATALOGUE_ROWS = {json.dumps(rows)}"


def _row(profile: Profile, told: dict[str, int]) -> list[Any]:
    several = f"{len(profile.modes)} power modes" if len(profile.modes) > 1 else "1 power mode"
    figures = figures_text(profile) + (f"; {several}" if profile.modes else "")
    about = f"{profile.vendor}, {profile.kind}, {class_text(profile)}"
    sources = [told.setdefault(text, len(told)) for text in source_texts(profile)]
    return [profile.name, profile.title, about, figures, sources]
