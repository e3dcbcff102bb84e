"""Sweep files: the example and others, mutated, written beside what they name, and their scenarios made."""

from __future__ import annotations

import random
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import tomli_w

from cutwise.analyses import Record
from cutwise.pipeline import sweep_file
from cutwise.sweeping.rows.swept_ranges import is_range
from cutwise.sweeping.sweep_file import SweepFile, read_sweep_file
from tests.fuzz.contract import InputKind
from tests.fuzz.mutations import mutated_bytes, mutated_text, mutated_value, written_document
from tests.fuzz.truths import check_same, plain_document

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FILE = "sweep.toml"
MADE: tuple[dict[str, Any], ...] = (
    {"over": {"workload.batch_size": [1, 16], "channel.uplink_bps": [1e6, "20 Mbit/s"]}},
    {"scenario": "toy.toml", "schemes": ["gsfl", "card"], "over": {"devices[0].samples": [5]}},
    {"zip": True, "over": {"devices": {"*": {"flops_per_s": [1e9, 2e9]}}, "rounds": [1, 2]}},
    {"over": {"channel.kind": ["shannon", "fixed_rate"], "privacy.keep_on_device": ["raw_allowed", ["a"]]}},
    {"design": "random", "rows": 3, "seed": 1, "over": {"rounds": {"from": 1, "to": 9}, "seed": [1, 2]}},
    {"part_rows": 2, "over": {"channel": {"uplink_bps": {"from": 1e6, "to": 1e7, "points": 3}}}},
    {"over": {"compression.codec.kind": ["uncompressed", "top_k"], "limits.deadline_s": ["5 min", 1]}},
)  # fmt: skip
MOST_ROWS = 6


@cache
def seeds() -> tuple[str, ...]:
    """Sweep files that can be read."""
    example = (EXAMPLES / "uplink.toml").read_text(encoding="utf-8")
    beside = example.replace("sample:resnet18", "toy.json").replace(
        "../../assets/scenarios/lecture_hall.toml", "toy.toml"
    )
    return (beside, *(tomli_w.dumps({"model": "toy.json", **made}) for made in MADE))


@cache
def documents() -> tuple[dict[str, Any], ...]:
    """The same as values."""
    return tuple(plain_document(text.encode()) for text in seeds())


def drawn(draw: random.Random) -> bytes:
    """A sweep file of which parts or letters were changed."""
    if draw.random() < 0.4:
        return mutated_bytes(draw, mutated_text(draw, draw.choice(seeds()), seeds()))
    return mutated_bytes(
        draw, written_document(draw, mutated_value(draw, draw.choice(documents()), documents()))
    )


def read(content: bytes) -> tuple[SweepFile, Record | None]:
    """What the file says, and what comes of it where it is little."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("toy.json", "toy.toml"):
            (Path(folder) / name).symlink_to(EXAMPLES / name)
        file = Path(folder) / FILE
        file.write_bytes(content)
        spec = read_sweep_file(file)
        rows = len(spec.schemes) * len(spec.models) * (spec.rows or 1)
        for values in spec.over.values():
            rows *= values.get("points", 1) if is_range(values) else len(values)
        is_little = (
            rows <= MOST_ROWS
            and all(model.endswith("toy.json") for model in spec.models)
            and len(spec.scenario.devices) <= MOST_ROWS
        )
        return spec, sweep_file(str(file)) if is_little else None


def checked(content: bytes, found: tuple[SweepFile, Record | None], _: random.Random) -> None:
    """It says what stands in the file, and every row that was asked for is answered."""
    spec, answers = found
    document = plain_document(content)
    check_same(dict(spec.over), _paths(document["over"]))
    assert list(spec.schemes) == document.get("schemes", list(spec.schemes))
    if answers is not None:
        assert len(answers.plain()) == len(answers.to_frame())


def _paths(over: Any) -> dict[str, Any]:
    """Paths with their values, nested tables written with dots."""
    found: dict[str, Any] = {}
    for key, value in over.items():
        inner = _paths(value) if isinstance(value, dict) and not is_range(value) else {"": value}
        found |= {".".join(filter(None, (key, rest))): given for rest, given in inner.items()}
    return found


SWEEP_FILES = InputKind(name="sweep files", drawn=drawn, read=read, checked=checked)
