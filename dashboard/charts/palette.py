"""The colours of the page as Python values; `dashboard/.streamlit/config.toml` repeats them for the browser.

Lightness varies as well as hue, so that the first colours stay apart for people with any of the
three colour-vision deficiencies and in grey print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one theme; `cut` marks what crosses, `good` and `bad` changes."""

    background: str
    surface: str
    text: str
    border: str
    primary: str
    cut: str
    good: str
    bad: str
    categorical: tuple[str, ...]
    sequential: tuple[str, ...]


LIGHT = Palette(
    background="#FFFFFF",
    surface="#F3F5F8",
    text="#101722",
    border="#D5DCE4",
    primary="#0B5CAD",
    cut="#C2185B",
    good="#14713F",
    bad="#B3261E",
    categorical=(
        "#1F6FEB", "#A5480D", "#0F4C4C", "#C06BB0", "#B87900",
        "#5B2A86", "#5E6B78", "#6E962F", "#4C9BE8", "#2B2B2B",
    ),
    sequential=(
        "#F7FBFF", "#E1EDF8", "#CADEF0", "#A8CEE5", "#7FB8DA",
        "#559FCD", "#3484BF", "#1A68AD", "#0A4D92", "#08306B",
    ),
)  # fmt: skip

DARK = Palette(
    background="#10151C",
    surface="#1A212B",
    text="#E6EBF1",
    border="#33404F",
    primary="#6FA8FF",
    cut="#FF7AB6",
    good="#6FD39B",
    bad="#FF9A92",
    categorical=(
        "#6FA8FF", "#E8822A", "#3C9E86", "#E56BC0", "#F4E3A1",
        "#A98BEB", "#A7B3C0", "#B7E06A", "#5A86C8", "#FFFFFF",
    ),
    sequential=LIGHT.sequential[::-1],
)  # fmt: skip

PALETTES: Mapping[str, Palette] = MappingProxyType({"light": LIGHT, "dark": DARK})

ROLES: Mapping[str, int] = MappingProxyType(
    {
        "device": 0,
        "server": 1,
        "cloud": 2,
        "uplink": 3,
        "downlink": 4,
        "model_exchange": 5,
        "waiting": 6,
        "energy": 7,
        "device_backward": 8,
        "baseline": 9,
    }
)
"""What each categorical colour stands for wherever it appears; a filter never changes it."""


def color_of(role: str, theme: str = "light") -> str:
    """The colour of a role in a theme.

    >>> color_of("device"), color_of("device", "dark")
    ('#1F6FEB', '#6FA8FF')
    """
    return PALETTES[theme].categorical[ROLES[role]]


def contrast_ratio(one: str, other: str) -> float:
    """How far two colours stand apart in brightness, from 1 to 21; text wants 4.5 (WCAG 2.1, 1.4.3).

    >>> contrast_ratio("#FFFFFF", "#000000")
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    shares = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (_linear(share) for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
