"""The open lengths of a configuration's model: given, assumed, or refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cutwise.errors import ModelImportError
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import SEQUENCE_DIM, Blueprint
from cutwise.importers.json_formats.document import shown


def open_sizes(keys: Keys, dims: Mapping[str, int], blueprint: Blueprint) -> dict[str, int]:
    """The open dimensions and the size of each: given, or assumed, or the largest where that is less."""
    known = blueprint.open_dims
    for name in dims:
        if name not in known:
            raise ModelImportError(
                f"{keys.file}: dims names {shown(name)}, which is not open in this file; open is: "
                f"{', '.join(known) or 'nothing, for the image size is in the file'}"
            )
    sizes = {name: dims.get(name, min(open_.assumed, open_.most)) for name, open_ in known.items()}
    for name, size in sizes.items():
        most, unit = known[name].most, known[name].unit
        if not 1 <= size <= most:
            raise ModelImportError(
                f"{keys.file}: dims gives {shown(name)} = {shown(size)}; this model takes 1 to {most} {unit}"
            )
    return sizes


def length_warnings(
    sizes: Mapping[str, int], blueprint: Blueprint, *, given: Collection[str]
) -> Iterator[str]:
    """What is to be said of lengths that nobody gave, and of layers that see fewer tokens than there are."""
    for name, size in sizes.items():
        if name not in given:
            yield assumed(name, size)
    tokens = sizes.get(SEQUENCE_DIM, 0)
    if blueprint.window is not None and tokens > blueprint.window:
        yield (
            f'some layers see {blueprint.window} tokens at once of {tokens}: attention = "flash" skips the '
            "others; every other kernel computes them, and is counted so"
        )


def assumed(name: str, size: int) -> str:
    """The warning that a length was assumed."""
    return f"dimension {name!r} is open; {size} is assumed, dims={{{name!r}: …}} gives another size"
