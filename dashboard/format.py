"""How quantities and names are shown to people: SI prefixes, three figures, percent; names as text alone.

Whatever a file or a person has named passes the function of the language that it is shown in.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from cutwise.frozen import FrozenDict
from cutwise.plans.plan import Cut
from cutwise.units import PREFIXES, percent

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0
LONG_S = 1e4
NO_SMALL_PREFIX = ("B", "bit", "FLOP")
"""Units of what is counted: a part of one is written as it is."""
FULL_FIGURES = 999.5
WORDS_FROM, BEYOND = 1e6, 1e18
NAMED = ((1e12, " trillion"), (1e9, " billion"), (1e6, " million"))
LEAST_WRITTEN = 1e-6
TIMES_FROM = 2.0
UNSEEN_CHANGE_RATIO = 5e-5

JOINER = "\u2060"
"""Takes no room and breaks no word; between two letters it keeps them from being read as one mark."""
MARK = re.compile(r"([\\`*_\[\]<>$~#|:&!])")
LINE_MARK = re.compile(rf"^(\d*)([-+=.)])(?=[\s=-]|{JOINER}|$)", re.MULTILINE)
INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
# Links, icons and arrows are made of the text after its backslashes are gone, so these cannot help there.
MADE_LATER = re.compile(r"(?<=:)(?=[/\w])|(?<=www)(?=\.)|(?=@)|(?<=[-<>~])(?=[-=>])", re.IGNORECASE)
LONGEST_FILE_NAME = 80


def quantity_text(value: float, unit: str) -> str:
    """A number with its unit and an SI prefix; never an exponent.

    >>> quantity_text(3.2e8, "bit/s"), quantity_text(0, "B"), quantity_text(math.inf, "B")
    ('320 Mbit/s', '0 B', 'no limit')
    >>> quantity_text(2.5e-10, "s"), quantity_text(0.25, "B"), quantity_text(1e24, "J")
    ('0.25 ns', '0.25 B', '1 billion PJ')
    """
    if math.isinf(value):
        return "no limit"
    if value == 0:
        return f"0 {unit}"
    counted = unit.startswith(NO_SMALL_PREFIX) and abs(value) < 1
    factor, prefix = (1.0, "") if counted else scale_of(value)
    return f"{figures(value / factor)} {prefix}{unit}"


def scale_of(value: float) -> tuple[float, str]:
    """The SI prefix that suits a number, and what it multiplies by.

    >>> scale_of(3.2e8), scale_of(0.0)
    ((1000000.0, 'M'), (1.0, ''))
    """
    if not value or not math.isfinite(value):
        return 1.0, ""
    smallest = (PREFIXES["n"], "n")
    return next(((f, p) for p, f in PREFIXES.items() if abs(value) >= 0.9995 * f), smallest)


def duration_scale(value_s: float) -> tuple[float, str]:
    """The unit that suits a duration, and its seconds: hours where seconds would be long.

    >>> duration_scale(1029.0), duration_scale(40000.0), duration_scale(0.02)
    ((1.0, 's'), (3600.0, 'h'), (0.001, 'ms'))
    """
    if value_s >= LONG_S:
        return HOUR_S, "h"
    factor, prefix = scale_of(value_s) if value_s < 0.1 else (1.0, "")
    return factor, f"{prefix}s"


def rounded(value: float, digits: int = 4) -> float:
    """A number to so many significant digits.

    >>> rounded(34477.2), rounded(0.00123456)
    (34480.0, 0.001235)
    """
    return float(f"{value:.{digits}g}")


def figures(value: float, digits: int = 3) -> str:
    """So many figures without exponent, in words where there would be more zeros than people count.

    >>> figures(1234), figures(0.5), figures(0.00001234), figures(1.8e9), figures(1e-30)
    ('1,234', '0.5', '0.0000123', '1.8 billion', 'under 0.000001')
    """
    size = abs(value)
    if not math.isfinite(value):
        return "no number" if math.isnan(value) else "no limit"
    if size >= BEYOND:
        return "over 1,000,000 trillion"
    for factor, word in NAMED if size >= WORDS_FROM else ():
        if size >= factor:
            return _digits(value / factor, digits) + word
    if 0 < size < LEAST_WRITTEN:
        return f"under {LEAST_WRITTEN:f}"
    return _digits(value, digits)


def _digits(value: float, digits: int) -> str:
    if abs(value) >= 10**digits - 0.5:
        return f"{value:,.0f}"
    return f"{Decimal(f'{value:.{digits}g}'):f}"


def seconds_text(value: float) -> str:
    """A duration; minutes, hours and days where seconds would be long.

    >>> seconds_text(0.0123), seconds_text(221.04), seconds_text(5400)
    ('12.3 ms', '3 min 41 s', '1 h 30 min')
    >>> seconds_text(719.7), seconds_text(3599.9), seconds_text(7199.9)
    ('12 min 0 s', '1 h 0 min', '2 h 0 min')
    """
    if not math.isfinite(value) or value < 2 * MINUTE_S:
        return quantity_text(value, "s")
    if round(value) < HOUR_S:
        return f"{round(value) // MINUTE_S:.0f} min {round(value) % MINUTE_S:.0f} s"
    if value < 2 * DAY_S:
        minutes = round(value / MINUTE_S)
        return f"{minutes // 60} h {minutes % 60} min"
    days = value / DAY_S
    return f"{f'{days:.0f}' if FULL_FIGURES <= days < WORDS_FROM else figures(days)} days"


def change_text(value: float, base: float, *, less: str = "less", more: str = "more") -> str:
    """A value beside what it is compared with: percent up to double, how many times as much beyond.

    `less` and `more` are the words for the times. Empty where there is nothing to compare with.

    >>> change_text(70.0, 100.0), change_text(150.0, 100.0), change_text(100.0, 100.0)
    ('30 % less', '50 % more', 'the same')
    >>> change_text(50.0, 130.0, less="faster"), change_text(1900.0, 100.0), change_text(0.0, 100.0)
    ('2.6 × faster', '19 × more', '100 % less')
    """
    if _is_same(value, base):
        return "the same"
    if not (0 <= value < math.inf and 0 < base < math.inf):
        return ""
    ratio = value / base
    if 1 / TIMES_FROM <= ratio <= TIMES_FROM or value == 0:
        return f"{figures(percent(abs(1 - ratio)))} % {'less' if ratio < 1 else 'more'}"
    return f"{figures(max(ratio, base / value))} × {less if ratio < 1 else more}"


def change_kind(value: float, base: float) -> str:
    """Whether less than the base ("good"), more ("bad"), or neither to a reader (empty).

    >>> change_kind(1.0, 2.0), change_kind(2.0, 1.0), change_kind(1.0, 1.00001)
    ('good', 'bad', '')
    """
    if not math.isfinite(value - base) or _is_same(value, base):
        return ""
    return "good" if value < base else "bad"


def _is_same(value: float, base: float) -> bool:
    return math.isfinite(value - base) and abs(value - base) <= UNSEEN_CHANGE_RATIO * abs(base)


def share_text(ratio: float, written: str = ".3g") -> str:
    """A part of a whole as percent.

    >>> share_text(0.12345), share_text(0.5, ".0f"), share_text(4e-11), share_text(1.8e5)
    ('12.3 %', '50 %', 'under 0.000001 %', '18 million %')
    """
    text = f"{percent(ratio):{written}}"
    return f"{figures(percent(ratio)) if 'e' in text else text} %"


def rounds_text(median: float | None, least: float | None, most: float | None) -> str:
    """Rounds to a target with their interval over the seeds; empty where nothing is known.

    >>> rounds_text(10.0, 8, 17), rounds_text(30.0, 21, None), rounds_text(None, None, None)
    ('10 (8 to 17)', '30 (21 to more than were run)', '')
    """
    if least is None:
        return ""
    span = f"{least:.0f} to {'more than were run' if most is None else format(most, '.0f')}"
    return f"{'more' if median is None else format(median, '.0f')} ({span})"


def as_written(text: str) -> str:
    """A text as Markdown that shows each of its characters as it is, on any place of a line.

    >>> as_written('targets = ["*/q_proj"]')
    'targets = \\\\["\\\\*/q\\\\_proj"\\\\]'
    >>> as_written("- one"), as_written("1. one"), as_written("12.5 s")
    ('\\\\- one', '1\\\\. one', '12.5 s')
    """
    apart = MADE_LATER.sub(JOINER, INDENT.sub("", text))
    return LINE_MARK.sub(r"\1\\\2", MARK.sub(r"\\\1", apart))


def as_plotly(text: str) -> str:
    """A text as the labels, titles and hover texts of plotly take it: no tags, links or formulas.

    >>> as_plotly("<b>a</b> & $x$")
    '&lt;b&gt;a&lt;/b&gt; &amp; &#36;x&#36;'
    """
    return html.escape(text, quote=False).replace("$", "&#36;")


def file_name(text: str, suffix: str) -> str:
    """A name for a download that every file system takes.

    >>> file_name("../a: <b>", ".csv"), file_name("\\u2026", ".csv")
    ('a b.csv', 'download.csv')
    """
    words = re.sub(r"[^\w.+-]+", " ", text).strip(" .-")
    return f"{words[:LONGEST_FILE_NAME].strip() or 'download'}{suffix}"


def sentence_case(text: str) -> str:
    """A text with a capital first letter, names inside it kept.

    >>> sentence_case("a small CNN")
    'A small CNN'
    """
    return text[:1].upper() + text[1:]


def edge_cut_text(cut: Cut, *, ops: int) -> str:
    """What an edge's cut leaves to the cloud of a model with so many `ops`, in words.

    >>> whole = Cut(label="all on device", device_ops=("x", "conv1"), crossing=(), crossing_bytes=0.0)
    >>> edge_cut_text(whole, ops=2)
    'nothing in the cloud'
    >>> edge_cut_text(Cut(label="after x", device_ops=("x",), crossing=("x",), crossing_bytes=4.0), ops=2)
    'after x'
    """
    return "nothing in the cloud" if len(cut.device_ops) == ops else cut.label


def ops_text(names: Sequence[str], *, most: int = 3) -> str:
    """A few ops by name, and how many more there are.

    >>> ops_text(("a", "b")), ops_text(("a", "b", "c", "d", "e"))
    ('a, b', 'a, b, c and 2 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


NAMES = FrozenDict(
    {
        "resnet18": "ResNet-18", "googlenet": "GoogLeNet", "densenet121": "DenseNet-121",
        "mobilenet_v2": "MobileNetV2", "vgg16": "VGG-16", "vit_b16": "ViT-B/16", "gpt2": "GPT-2",
        "unet": "U-Net", "two_tower": "Two towers", "fast_split": "FastSplit", "split_llm": "SplitLLM",
        "gsfl": "GSFL", "sft": "SFT", "card": "CARD", "u_shape": "U-shape",
        "phone_5g": "phone on 5G", "phone_lte": "phone on LTE", "phone_wifi": "phone on Wi-Fi",
        "device_only": "all on the device", "server_only": "all on the server",
        "first_layer": "first layer on the device", "best_static": "one cut for all",
        "regression": "regression of the delay",
        "iid": "the same mix everywhere", "sgd": "SGD", "sgd_momentum": "SGD with momentum",
        "adamw": "AdamW", "adamw_8bit": "AdamW, 8 bit", "adam": "Adam", "lora": "LoRA", "sdpa": "SDPA",
    }
)  # fmt: skip
"""Registered names as their papers and people write them, where that is not the name with spaces."""


def readable(name: Any) -> str:
    """A registered name as people read it; a file's name as it is.

    >>> readable("gpt2"), readable("time_division"), readable(None), readable("my_model.onnx")
    ('GPT-2', 'time division', 'automatic', 'my_model.onnx')
    """
    if name is None:
        return "automatic"
    if isinstance(name, bool):
        return "yes" if name else "no"
    return NAMES.get(name) or (str(name) if "." in str(name) else str(name).replace("_", " "))
