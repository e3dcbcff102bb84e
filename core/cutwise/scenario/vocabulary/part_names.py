"""Names of hardware as people write them, and the catalogue's row for each."""

from __future__ import annotations

import re

from cutwise.errors import close_names, shown
from cutwise.hardware.profiles import hardware
from cutwise.scenario.vocabulary.words import word_of, words

MAKERS = re.compile(
    r"(nvidia|geforce|tesla|apple|qualcomm|intel|quadro)_|_(laptop|gpu|soc|dev_?kit|developer_kit)$"
)
MAYBE = "if that is meant"
OWN_FIGURES = "give flops_per_s and memory_bytes"


def nearest_profile(text: str) -> tuple[str, str]:
    """The catalogue's name for a part, and what has to be said of it; no name where none is near.

    >>> nearest_profile("Raspberry Pi 5"), nearest_profile("NVIDIA A100 80GB")
    (('raspberry_pi_5', ''), ('a100_80', ''))
    >>> nearest_profile("RTX 3090 Ti")
    ('rtx_3090', 'the nearest row of the catalogue, or give flops_per_s and memory_bytes')
    """
    word = _plain(text)
    names = {_plain(spelled): name for name, row in hardware().items() for spelled in (row.title, name)}
    without_size = re.sub(r"_\d+$", "", word)
    if exact := names.get(word) or names.get(without_size):
        return exact, ""
    if listed := words().profiles.get(word) or words().profiles.get(without_size):
        return listed, f"the nearest row of the catalogue, or {OWN_FIGURES}"
    close = close_names(word, names, alike=0.8)
    return (names[close[0]], f"{MAYBE}, or {OWN_FIGURES}") if close else ("", "")


def unknown_profile(text: str) -> str:
    """The sentence on a profile that the catalogue does not have.

    >>> unknown_profile("Raspberry Pi 5")
    'unknown hardware profile \\'Raspberry Pi 5\\'; write profile = "raspberry_pi_5"'
    """
    name, remark = nearest_profile(text)
    if remark.startswith(MAYBE):
        return f"unknown hardware profile {shown(text)}; did you mean {name!r}?"
    if not name:
        return (
            f"unknown hardware profile {shown(text)}; the command `cutwise devices` lists the catalogue, or "
            f"{OWN_FIGURES} of the part itself"
        )
    return (
        f'unknown hardware profile {shown(text)}; write profile = "{name}"{f", {remark}" if remark else ""}'
    )


def _plain(text: str) -> str:
    word = re.sub(r"(\d+)_?gb\b", r"\1", word_of(text.lower()))
    while (shorter := MAKERS.sub("", word)) != word:
        word = shorter
    return word
