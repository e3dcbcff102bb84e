from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest

from cutwise_dashboard.charts.palette import (
    DARK,
    LIGHT,
    PALETTES,
    ROLES,
    Palette,
    color_of,
    contrast_ratio,
)

CONFIG = tomllib.loads(
    (Path(__file__).parents[2] / "dashboard" / ".streamlit" / "config.toml").read_text("utf-8")
)

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(color: str, vision: str) -> np.ndarray:
    share = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(VISION[vision] @ linear, 0, 1)
    xyz = TO_XYZ @ seen / np.array([0.9505, 1, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", PALETTES)
def test_the_browser_gets_the_same_colours(theme: str) -> None:
    told, palette = CONFIG["theme"][theme], PALETTES[theme]
    assert tuple(told["chartCategoricalColors"]) == palette.categorical
    assert tuple(told["chartSequentialColors"]) == palette.sequential
    assert told["primaryColor"] == palette.primary
    assert told["backgroundColor"] == palette.background
    assert told["secondaryBackgroundColor"] == palette.surface
    assert told["textColor"] == palette.text
    assert told["borderColor"] == palette.border


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_there_are_exactly_ten_categorical_colours(palette: Palette) -> None:
    assert len(palette.categorical) == len(set(palette.categorical)) == len(ROLES) == 10


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("vision", VISION)
def test_the_first_five_colours_stay_apart_for_every_eye(palette: Palette, vision: str) -> None:
    seen = [lab(color, vision) for color in palette.categorical[:5]]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) >= 15


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_the_cut_and_text_read_on_the_background(palette: Palette) -> None:
    for color in (palette.cut, palette.text, palette.primary):
        assert contrast_ratio(color, palette.background) >= 4.5


def test_a_role_has_one_place_in_both_themes() -> None:
    assert color_of("server") == LIGHT.categorical[1]
    assert color_of("server", "dark") == DARK.categorical[1]


def test_the_page_asks_nobody_outside_and_listens_here_only() -> None:
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["runner"]["postScriptGC"] is False


def test_every_font_named_is_shipped_with_its_licence() -> None:
    static = Path(__file__).parents[2] / "dashboard" / "static"
    for face in CONFIG["theme"]["fontFaces"]:
        assert (static / Path(face["url"]).name).is_file()
        licence = static / f"{face['family'].lower().replace(' ', '-')}-OFL.txt"
        assert "SIL Open Font License" in licence.read_text("utf-8")
