"""Reads Hugging Face configurations (config.json): sizes from which the graph of a known family follows.

The graph is worked out here, op by op, as the transformers library runs the family in training without
dropout and padding; nothing of that library is used and nothing the file names is fetched or run. A
safetensors file beside the configuration tells the weights' dtype and checks their number.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise.importers.gate.refused import EXPORT_COMMAND
from cutwise.importers.hugging_face.families import FAMILIES
from cutwise.importers.hugging_face.keys import Keys, MissingKeyError
from cutwise.importers.hugging_face.layers import SEQUENCE_DIM, Blueprint
from cutwise.importers.hugging_face.net import BATCH, Net
from cutwise.importers.hugging_face.safetensors_header import ParameterTable, read_header, shards_of
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.document import read_object, shown
from cutwise.read_limits import IN_PROCESS_BYTES
from cutwise.units import PREFIXES, in_prefix

FORMAT = "hf_config"
CONFIG_NAME = "config.json"
WEIGHTS_NAMES = ("model.safetensors", "model-00001-of-*.safetensors")
SEQUENCE = SEQUENCE_DIM

# Headers that nobody named are read in this process: bounded like any JSON that is.
BESIDE_BYTES = IN_PROCESS_BYTES

EXPORT = (
    "export the model itself with cutwise.from_torch(model, example), with torch.export.save, with "
    f"{EXPORT_COMMAND}, or to ONNX with "
    "torch.onnx.export(model, example, 'model.onnx', dynamo=True, optimize=False)"
)
OWN_KEY = re.compile(rb'"(model_type|architectures)"\s*:')


def read(path: Path, dims: Mapping[str, int], *, weights: Path | None = None) -> ModelGraph:
    """The graph of the model that the configuration at `path` describes.

    `dims` may hold "sequence", and "decoder_sequence" for a model with encoder and decoder, 128 unless
    given. `weights` is a safetensors file of the model; without it
    one beside the configuration is used, if there is any. Raises `ModelImportError` for a family that is not
    known, for a key that is missing or out of its range, and for `weights` that cannot be read.
    """
    config = read_object(path)
    warnings: tuple[str, ...] = ()
    table = None
    if weights is not None:
        table = read_header(*shards_of(weights))
    elif beside := _weights_beside(path):
        try:
            table = read_header(*beside, most=BESIDE_BYTES)
        except ModelImportError as error:
            warnings = (f"the weights beside the configuration are left aside: {error}",)
    name = "" if path.name == CONFIG_NAME else path.stem
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return _graph(Keys(path.name, config), dims, name, table, {"sha256": digest}, warnings)


def from_config(
    config: Mapping[str, Any],
    dims: Mapping[str, int],
    *,
    name: str = "",
    file: str = CONFIG_NAME,
    table: ParameterTable | None = None,
) -> ModelGraph:
    """The graph that `config`, the content of a config.json, describes; `file` is what messages call it.

    Raises `ModelImportError` as `read` does.

    >>> sizes = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    >>> tiny = {"model_type": "llama", "vocab_size": 10, "max_position_embeddings": 32, **sizes}
    >>> from_config(tiny, {"sequence": 4}).parameters    # 2 x 10 x 8 + 4 x 8 x 8 + 3 x 8 x 16 + 3 x 8
    824
    """
    return _graph(Keys(file, config), dims, name, table, {}, ())


def can_regenerate(graph: ModelGraph) -> bool:
    """True for a graph that `regenerate` makes at another length: it came from a configuration of text."""
    return graph.provenance.get("format") == FORMAT and SEQUENCE in graph.dims


def regenerate(graph: ModelGraph, *, sequence: int) -> ModelGraph:
    """The model of `graph` at `sequence` tokens, made again from its provenance without a file.

    Raises `ModelImportError` for a graph that came from no configuration, for a model of images, and for a
    sequence longer than the model can take.
    """
    if "config" not in graph.provenance:
        raise ModelImportError(
            f"{graph.name}: was not read from a configuration; load its file with "
            f"dims={{{SEQUENCE!r}: {sequence}}}"
        )
    keys = Keys(graph.provenance["file"], json.loads(graph.provenance["config"]))
    blueprint = _blueprint(keys)
    sizes = _sizes(keys, {**graph.dims, SEQUENCE: sequence}, blueprint)
    given = {name for name, size in sizes.items() if _assumed(name, size) not in graph.warnings}
    stale = {*_length_warnings(graph.dims, blueprint, given=())}
    kept = (warning for warning in graph.warnings if warning not in stale)
    return replace(
        graph,
        ops=_ops(blueprint, sizes, graph.provenance["dtype"]),
        dims=sizes,
        warnings=(*_length_warnings(sizes, blueprint, given={SEQUENCE, *given}), *kept),
    )


def is_configuration(head: bytes, path: Path) -> bool:
    """True for a JSON object that names a model type or its classes."""
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return False
    if OWN_KEY.search(head):
        return True
    return path.stat().st_size <= IN_PROCESS_BYTES and bool(OWN_KEY.search(path.read_bytes()))


def _weights_beside(path: Path) -> tuple[Path, ...]:
    if path.name != CONFIG_NAME:
        return ()
    found = (other for pattern in WEIGHTS_NAMES for other in sorted(path.parent.glob(pattern)))
    first = next((other for other in found if other.is_file()), None)
    return shards_of(first) if first else ()


def _graph(
    keys: Keys,
    dims: Mapping[str, int],
    name: str,
    table: ParameterTable | None,
    provenance: Mapping[str, str],
    warnings: Sequence[str],
) -> ModelGraph:
    blueprint = _blueprint(keys)
    sizes = _sizes(keys, dims, blueprint)
    dtype = table.dtype if table else "fp32"
    ops = _ops(blueprint, sizes, dtype)
    family = keys.values["model_type"]
    return ModelGraph(
        name=name or f"{family}-{_short_count(_parameters(ops))}",
        ops=ops,
        batch_size=BATCH,
        dims=sizes,
        provenance={
            "format": FORMAT,
            "file": keys.file,
            "family": str(family),
            "architecture": keys.architecture or "not stated",
            "dtype": dtype,
            "config": json.dumps(keys.plain(), sort_keys=True),
            **({"weights": str(table)} if table else {}),
            **provenance,
        },
        warnings=(
            *_length_warnings(sizes, blueprint, given=dims),
            *blueprint.notes,
            *(_differences(ops, table) if table else []),
            *warnings,
        ),
    )


def _blueprint(keys: Keys) -> Blueprint:
    family = keys.values.get("model_type")
    if not isinstance(family, str) or family not in FAMILIES:
        fact = f"model_type is {shown(family)}" if family else "model_type is missing"
        known = ", ".join(sorted(FAMILIES))
        raise ModelImportError(f"{keys.file}: {fact}; read are {known}; else {EXPORT}{_made(keys)}")
    if keys.flag("add_cross_attention", False):
        raise ModelImportError(
            f"{keys.file}: add_cross_attention is true; decoders that read an encoder are not built here; "
            f"{EXPORT}"
        )
    try:
        return FAMILIES[family](keys)
    except MissingKeyError as error:
        _, *others = _missing(keys, family, error.key)
        if not others:
            raise
        raise ModelImportError(
            f"{error}, and {', '.join(others)}, which family {family!r} needs too"
        ) from error


def _missing(keys: Keys, family: str, *names: str) -> tuple[str, ...]:
    """All keys that a configuration lacks, as far as can be told with 1 in their places."""
    try:
        FAMILIES[family](Keys(keys.file, {**keys.values, **dict.fromkeys(names, 1)}))
    except MissingKeyError as error:
        return _missing(keys, family, *names, error.key)
    except ModelImportError:
        pass
    return names


def _made(keys: Keys) -> str:
    """How the transformers library makes the model that a configuration describes."""
    config = "AutoConfig.from_pretrained(FOLDER, use_cache=False)"
    make = f"{keys.architecture}({config})" if keys.architecture else f"AutoModel.from_config({config})"
    return f"; transformers makes it with {make}, for .pt2 on torch.device('meta'), which takes no memory"


def _sizes(keys: Keys, dims: Mapping[str, int], blueprint: Blueprint) -> dict[str, int]:
    """The open dimensions and the size of each: given, or assumed, or the largest where that is less."""
    known = blueprint.open_dims
    for name in dims:
        if name not in known:
            raise ModelImportError(
                f"{keys.file}: dims names {name!r}, which is not open in this file; open is: "
                f"{', '.join(known) or 'nothing, for the image size is in the file'}"
            )
    sizes = {name: dims.get(name, min(open_.assumed, open_.most)) for name, open_ in known.items()}
    for name, size in sizes.items():
        most, unit = known[name].most, known[name].unit
        if not 1 <= size <= most:
            raise ModelImportError(
                f"{keys.file}: dims gives {name!r} = {shown(size)}; this model takes 1 to {most} {unit}"
            )
    return sizes


def _ops(blueprint: Blueprint, sizes: Mapping[str, int], dtype: str) -> tuple[Op, ...]:
    net = Net(dtype)
    others = {name: sizes[name] for name in blueprint.others}
    blueprint.write(net, sizes.get(SEQUENCE, 0), **others)
    return tuple(net.ops)


def _length_warnings(
    sizes: Mapping[str, int], blueprint: Blueprint, *, given: Collection[str]
) -> Iterator[str]:
    for name, size in sizes.items():
        if name not in given:
            yield _assumed(name, size)
    tokens = sizes.get(SEQUENCE, 0)
    if blueprint.window is not None and tokens > blueprint.window:
        yield (
            f"some layers see {blueprint.window} tokens at once and are counted as if they saw all {tokens}: "
            "their attention costs less where the kernel skips the others"
        )


def _assumed(name: str, size: int) -> str:
    return f"dimension {name!r} is open; {size} is assumed, dims={{{name!r}: …}} gives another size"


def _differences(ops: Sequence[Op], table: ParameterTable) -> Iterator[str]:
    """What does not fit between graph and weights."""
    described = _parameters(ops)
    if table.parameters not in _stored_parameters(ops, described):
        yield (
            f"{table.file} holds {table.parameters:,} parameters, the configuration describes {described:,} "
            f"({table.parameters - described:+,}): parts that are not built here, or files of two models"
        )


def _stored_parameters(ops: Sequence[Op], described: int) -> frozenset[int]:
    """Numbers of parameters that files of a model hold.

    Tied weights are stored once, or for each layer; the largest, a table of tokens, under any of the names
    it has, its own beside those of its readers. Tables that are computed, not trained, may be left out.
    """
    readers = Counter(weight for op in ops for weight in op.weights)
    shared = {weight: count for weight, count in readers.items() if count > 1}
    repeated = sum(weight.elements * (count - 1) for weight, count in shared.items())
    largest = max(shared, key=lambda weight: weight.elements, default=None)
    names = range(shared[largest] + 1) if largest else ()
    more = {0, repeated, *(largest.elements * count for count in names if largest)}
    computed = _parameters([op for op in ops if op.attrs.get("stops_gradient")])
    return frozenset(described + extra - less for extra in more for less in (0, computed))


def _parameters(ops: Sequence[Op]) -> int:
    return sum({weight.id: weight.elements for op in ops for weight in op.weights}.values())


def _short_count(count: int) -> str:
    return f"{in_prefix(count, 'G'):.2f}B" if count >= PREFIXES["G"] else f"{in_prefix(count, 'M'):.1f}M"


IMPORTER = Importer(
    name=FORMAT,
    about="the config.json of a transformer",
    suffixes=(".json",),
    sniff=is_configuration,
    read=read,
    in_process_bytes=IN_PROCESS_BYTES,
)
