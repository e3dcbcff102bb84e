"""What parsers, numbers, names and pages stumble over: texts to insert, values to put in a value's place."""

from __future__ import annotations

from typing import Any

from tests.marked_names import MARKERS

TOKENS = (
    *MARKERS, "\x00", "\ufeff", "\u202e", "\u2066", "\u2028", "\u0085", "\x1b[2J", "\u200b", "\u00ad",
    "\ud800", "\udfff", "e\u0301", "\u0301" * 40, "\U000e0041", "ﬁ", "İ", "ß", "１２", "²", "٣", "−1", "½",
    "🤖\u200d🤖", "\U0010ffff", "\n", "\r", "\r\n", "\t", '"', '""', '"""', "'", "'''", "\\", "\\u0000",
    "\\ud800", "#", "=", ".", ",", ";", ":", "[", "]", "{", "}", "[[", "]]", "[devices]", "[[devices]]",
    "a.b.c", "x=1", "\n[over]\n", "/", "..", "../", "*", "&", "nan", "-nan", "inf", "-inf", "1e400",
    "-1e400", "1e-400", "0x7fffffff", "0b1", "1_000", "1.000", "1,000", "1'000", "-0.0", "00", "9" * 50,
    "9" * 400, "1e308", "5e-324", "9007199254740993", "9223372036854775808", "0.1e1e1", "%", "5 GB", "5 min",
    "1 h 30 min", "3 dBm", "20 Mbit/s", "1e9999999 s", "true", "false", "null", "none", "1979-05-27",
    "07:32:00", "1979-05-27T07:32:00Z", "k.0123456789abcdef", "1.", "2.", "A" * 300, "name", "samples",
    "kind", "format", "devices", "*", "-1", "--help", "-", "%s%n", "{0}", "${HOME}", "$(id)", "`id`", "|id",
    "/dev/zero", "C:\\x", "CON", "sample:", "sample:resnet18", "cutwise-scenario/1", "cutwise-question/1",
    "cutwise-scenario/2", "gsfl", "best",
)  # fmt: skip

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -0.0, -1, 1, 2, 0.5, 1e-320, 5e-324, 1e308, -1e308, 1e400, -1e400, float("nan"),
    2**31, 2**53 + 1, 2**63, 2**64, 10**30, -(10**30), 10**400, "", " ", "nan", "inf", "1e400", "1.000",
    "5 GB", "3 dBm", "2 h", "-1", "٣", "²", [], {}, [[]], [{}], {"": {}}, [None], {"kind": None},
    {"kind": "x"}, {"kind": []}, {"layers": 1}, {"layers": -1}, [1, "1"], "raw_allowed", "first_layer",
    ["a", "a"], "none", "fixed_rate", "shannon", "lora", "1979-05-27", "\ud800", "\u202e", "a\nb", "a\x00b",
    "x" * 3_000, {"a\nb": 1}, {"\u202e": {"\ud800": 1}}, {"x" * 700: "y" * 700}, {"__proto__": 1},
    {".": 1, "a.b": 2},
)  # fmt: skip
