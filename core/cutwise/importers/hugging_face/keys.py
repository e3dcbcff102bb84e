"""What is read of a Hugging Face configuration: a list of keys, each with its kind and range.

Every other key is passed over: code to run, kernels to fetch, quantisation, file names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn, TypeGuard

from cutwise.errors import ModelImportError
from cutwise.importers.hugging_face.key_bounds import (
    CAPS,
    COUNTS,
    DROPOUTS,
    FACTORS,
    FLAGS,
    LAYER_LISTS,
    NULLABLE,
    PARTS,
    RATIOS,
    SWITCHES,
    WORD_LISTS,
    WORDS,
)
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json
from cutwise.read_limits import WORD_CHARACTERS

MOST_LAYERS = COUNTS["num_hidden_layers"][1]
MOST_STAGES = 16
# Names of one size: the library saves the second for families whose files have the first.
SAME_COUNTS = (("num_experts", "num_local_experts"),)
MOST_FACTOR = 1000
CLASS_NAME = re.compile(rf"\w{{1,{WORD_CHARACTERS}}}", re.ASCII)


class MissingKeyError(ModelImportError):
    """A configuration lacks `key`, which its family needs."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one configuration; `file` is what messages call it.

    Null is as good as absent, but for caps and what is `NULLABLE`. Every reader raises `ModelImportError`
    for a value of another kind or out of its range.
    """

    file: str
    values: Mapping[str, Json]
    architecture: str = field(init=False)

    def __post_init__(self) -> None:
        nulls = CAPS | NULLABLE
        values = {name: value for name, value in self.values.items() if value is not None or name in nulls}
        object.__setattr__(self, "architecture", self._first_architecture(values))
        object.__setattr__(self, "values", values | _from_tables(values))

    def with_defaults(self, defaults: Mapping[str, Json]) -> Keys:
        """These keys and, for those that are not there, `defaults`."""
        return replace(self, values={**defaults, **self.values})

    def count(self, name: str, default: int | None = None) -> int:
        """The whole number under `name`; without a default the key has to be there."""
        return self._count(name, self.values.get(name, default))

    def count_of(self, *names: str) -> int:
        """The whole number under the first of `names` that is there: one size, by its several names."""
        return self.count(next((name for name in names if name in self.values), names[0]))

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(name, default)
        if name not in FLAGS or not isinstance(value, bool):
            self.refuse(f"{name} is {shown(value)}", "true or false")
        return value

    def ratio(self, name: str, default: float) -> float:
        """A number from 0 to 1."""
        value = self.values.get(name, default)
        if name not in RATIOS or not _is_number(value) or not 0 <= value <= 1:
            self.refuse(f"{name} is {shown(value)}", "a number from 0 to 1")
        return float(value)

    def cap(self, name: str, default: bool) -> bool:
        """Whether there is a cap; the key holds its height, or null where there is none."""
        value = self.values.get(name, 1.0 if default else None)
        if name not in CAPS or (value is not None and not (_is_number(value) and 0 < value < math.inf)):
            self.refuse(f"{name} is {shown(value)}", "a number above 0, or null")
        return value is not None

    def factor(self, name: str, default: float) -> float:
        """A number above 0."""
        value = self.values.get(name, default)
        if name not in FACTORS or not _is_number(value) or not 0 < value <= MOST_FACTOR:
            self.refuse(f"{name} is {shown(value)}", f"a number above 0, at most {MOST_FACTOR}")
        return float(value)

    def word(self, name: str, known: Mapping[str, object] | frozenset[str], default: str) -> str:
        """One of the `known` words."""
        value = self.values.get(name, default)
        if name not in WORDS or not isinstance(value, str) or value not in known:
            self.refuse(f"{name} is {shown(value)}", f"one of {', '.join(sorted(known))}")
        return str(value)

    def words(self, name: str, known: frozenset[str], count: int) -> tuple[str, ...]:
        """A list of `count` of the `known` words under `name`: one for each layer."""
        value = self.values.get(name)
        if (
            name not in WORD_LISTS
            or not isinstance(value, list)
            or not all(isinstance(word, str) and word in known for word in value)
            or len(value) != count
        ):
            self.refuse(f"{name} is {shown(value)}", f"a list of {count} of {', '.join(sorted(known))}")
        return tuple(str(word) for word in value)

    def switches(self, name: str, default: tuple[bool, ...]) -> tuple[bool, ...]:
        """A list of 0 and 1 under `name`, as long as the default: one for each layer."""
        value = self.values.get(name, list(default))
        if name not in SWITCHES or not _is_switch_list(value) or len(value) != len(default):
            self.refuse(f"{name} is {shown(value)}", f"a list of {len(default)} of 0 and 1")
        return tuple(map(bool, value))

    def counts(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """The whole numbers under `name`, a list of one for each stage."""
        value = self.values.get(name, list(default))
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_STAGES:
            self.refuse(f"{name} is {shown(value)}", f"a list of 1 to {MOST_STAGES} whole numbers")
        return tuple(self._count(name, size) for size in value)

    def weighted(self, name: str, default: float) -> bool:
        """Whether what begins at the number under `name` is there: it is left out at 0."""
        value = self.values.get(name, default)
        if name not in FACTORS or not _is_number(value) or not 0 <= value <= MOST_FACTOR:
            self.refuse(f"{name} is {shown(value)}", f"a number from 0 to {MOST_FACTOR}")
        return value > 0

    def part(self, name: str) -> Keys:
        """The configuration under `name`, of one tower of the model; without it an empty one."""
        value = self.values.get(name, {})
        if name not in PARTS or not isinstance(value, dict):
            self.refuse(f"{name} is {shown(value)}", "the configuration of that part of the model")
        return Keys(f"{self.file}: {name}", value)

    def square(self, name: str, default: int | None = None) -> tuple[int, int]:
        """Height and width under `name`: one whole number for both, or a list of two."""
        value = self.values.get(name, default)
        sides = value if isinstance(value, list) and len(value) == 2 else [value, value]
        return self._count(name, sides[0]), self._count(name, sides[1])

    def dropout(self, name: str, default: float) -> float:
        """The share that is dropped in training under `name`; `default` is transformers' own."""
        value = self.values.get(name, default)
        if name not in DROPOUTS or not _is_number(value) or not 0 <= value < 1:
            self.refuse(f"{name} is {shown(value)}", "a number from 0 to below 1")
        return float(value)

    def layers(self, name: str) -> frozenset[int]:
        """Numbers in a list under `name`, of layers or in layers; none without it."""
        value = self.values.get(name, [])
        if name not in LAYER_LISTS or not _is_layer_list(value):
            self.refuse(f"{name} is {shown(value)}", "a list of numbers of layers")
        return frozenset(value)

    def divided(self, whole: str, parts: str, *, size: int, count: int) -> int:
        """`size` / `count` without remainder; `whole` and `parts` are their keys in the message."""
        if size % count:
            raise ModelImportError(
                f"{self.file}: {whole} is {size}, which is no multiple of {parts} = {count}; correct either"
            )
        return size // count

    def plain(self) -> dict[str, Json]:
        """The keys of this list that are there, as JSON values: enough to read the same model again."""
        kept = COUNTS.keys() | FLAGS | RATIOS | FACTORS | CAPS | WORDS | WORD_LISTS | SWITCHES | DROPOUTS
        plain = {name: value for name, value in self.values.items() if name in kept and _is_plain(value)}
        found = {name: self.values[name] for name in LAYER_LISTS & self.values.keys()}
        plain |= {name: [*value] for name, value in found.items() if _is_layer_list(value)}
        parts = {name: self.part(name).plain() for name in self.values.keys() & PARTS}
        return plain | parts | ({"architectures": [self.architecture]} if self.architecture else {})

    def refuse(self, fact: str, wanted: str) -> NoReturn:
        """Raises `ModelImportError`: a fact about this file, and what to give instead."""
        raise ModelImportError(f"{self.file}: {fact}; give {wanted}")

    def _count(self, name: str, value: Json) -> int:
        least, most = COUNTS[name]
        wanted = f"a whole number from {least} to {most}"
        if value is None:
            raise MissingKeyError(f"{self.file}: {name} is missing; give {wanted}", name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(f"{name} is {shown(value)}", wanted)
        return value

    def _first_architecture(self, values: Mapping[str, Json]) -> str:
        names = values.get("architectures", [])
        if not isinstance(names, list) or not all(map(_is_class_name, names)):
            self.refuse(f"architectures is {shown(names)}", "a list of class names")
        return str(names[0]) if names else ""


def _from_tables(values: Mapping[str, Json]) -> dict[str, Json]:
    """What stands inside nested tables: the number of labels, and the part of a head that is rotated."""
    found: dict[str, Json] = {}
    labels, rotary = values.get("id2label"), values.get("rope_parameters")
    inside_attention = values.get("attn_config")
    if isinstance(labels, dict) and labels and "num_labels" not in values:
        found["num_labels"] = len(labels)
    if isinstance(rotary, dict) and rotary.get("partial_rotary_factor") is not None:
        found["partial_rotary_factor"] = rotary["partial_rotary_factor"]
    if isinstance(kinds := values.get("attention_types"), list) and "attention_layers" not in values:
        found["attention_layers"] = _spelled_out(kinds)
    if isinstance(inside_attention, dict):
        names = ("clip_qkv", "attn_pdrop")
        found |= {name: inside_attention[name] for name in names if inside_attention.get(name) is not None}
    if "max_position_embeddings" not in values and values.get("max_sequence_length") is not None:
        found["max_position_embeddings"] = values["max_sequence_length"]
    for name, other in (*SAME_COUNTS, *(pair[::-1] for pair in SAME_COUNTS)):
        if name not in values and other in values:
            found[name] = values[other]
    for part in PARTS:
        # Old CLIP: the sizes stand in a table of this name, and the other is absent or says only the kind.
        if isinstance(sizes := values.get(f"{part}_dict"), dict) and not _has_sizes(values.get(part)):
            found[part] = sizes
    return found


def _has_sizes(table: Json) -> bool:
    return isinstance(table, dict) and "hidden_size" in table


def _spelled_out(kinds: list[Json]) -> list[Json]:
    """GPT-Neo's short list, [[["global", "local"], 12]], word by word."""
    words: list[Json] = []
    for kind in kinds:
        if not isinstance(kind, list) or len(kind) != 2 or not isinstance(kind[0], list):
            return list(kinds)
        repeats = kind[1] if isinstance(kind[1], int) else 0
        words += kind[0][: MOST_LAYERS + 1] * min(repeats, MOST_LAYERS)
        if len(words) > MOST_LAYERS:
            break
    return words[: MOST_LAYERS + 1]


def _is_class_name(name: Json) -> TypeGuard[str]:
    return isinstance(name, str) and bool(CLASS_NAME.fullmatch(name))


def _is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_short(value: Json) -> bool:
    return isinstance(value, str) and len(value) <= WORD_CHARACTERS


def _is_switch_list(value: Json) -> TypeGuard[list[int]]:
    return isinstance(value, list) and len(value) <= MOST_LAYERS and all(one in (0, 1) for one in value)


def _is_layer_list(value: Json) -> TypeGuard[list[int]]:
    most = COUNTS["num_hidden_layers"][1]
    return (
        isinstance(value, list)
        and len(value) <= most
        and all(isinstance(layer, int) and _is_number(layer) and 0 <= layer < most for layer in value)
    )


def _is_plain(value: Json) -> bool:
    if isinstance(value, list):
        sides = len(value) <= MOST_STAGES and all(isinstance(side, int) for side in value)
        words = len(value) <= MOST_LAYERS and all(map(_is_short, value))
        return sides or words or _is_switch_list(value)
    return (
        _is_short(value)
        or value is None
        or isinstance(value, bool)
        or (_is_number(value) and math.isfinite(value))
    )
