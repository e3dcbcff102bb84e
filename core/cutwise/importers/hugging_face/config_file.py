"""Reads Hugging Face configurations (config.json): sizes from which the graph of a known family follows.

The graph is worked out here, op by op, as the transformers library runs the family in training without
dropout and padding; nothing of that library is used and nothing the file names is fetched or run. A
safetensors file beside the configuration tells the weights' dtype and checks their number.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cutwise.disk.bounded_files import first_bytes
from cutwise.errors import ModelImportError, close_names
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise.importers.gate.refused import EXPORT_COMMAND
from cutwise.importers.hugging_face.families import FAMILIES
from cutwise.importers.hugging_face.folder import found_beside, header_bytes_beside
from cutwise.importers.hugging_face.forms.known_form import in_known_form
from cutwise.importers.hugging_face.forms.nested_text import left_out
from cutwise.importers.hugging_face.forms.untyped import is_untyped
from cutwise.importers.hugging_face.keys import Keys, MissingKeyError
from cutwise.importers.hugging_face.layers import SEQUENCE_DIM, Blueprint
from cutwise.importers.hugging_face.net import BATCH, Net
from cutwise.importers.hugging_face.open_lengths import assumed, length_warnings, open_sizes
from cutwise.importers.hugging_face.safetensors_header import ParameterTable, read_header, shards_of
from cutwise.importers.hugging_face.stated import adapter
from cutwise.importers.hugging_face.stated.stated_format import stated_format
from cutwise.importers.hugging_face.stored_files import StoredFile, StoredFiles, beside, on_disk
from cutwise.importers.hugging_face.weights_fit import differences, parameters_of, surplus_of
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.document import object_of, shown
from cutwise.plain import Json
from cutwise.read_limits import IN_PROCESS_BYTES, JSON_FILE_BYTES
from cutwise.units import PREFIXES, in_prefix

FORMAT = "hf_config"
CONFIG_NAME = "config.json"
SEQUENCE = SEQUENCE_DIM

EXPORT = (
    "export the model itself with cutwise.from_torch(model, example), with torch.export.save, with "
    f"{EXPORT_COMMAND}, or to ONNX with "
    "torch.onnx.export(model, example, 'model.onnx', dynamo=True, optimize=False)"
)
NAMED_FAMILIES = 5
USUAL_FAMILIES = ("llama", "qwen3", "gemma3_text", "bert", "t5", "vit")
OWN_KEY = re.compile(rb'"(model_type|architectures|peft_type)"\s*:')


def read(path: Path, dims: Mapping[str, int], *, weights: Path | None = None) -> ModelGraph:
    """The graph of the model that the configuration at `path` describes.

    `dims` may hold "sequence", and "decoder_sequence" for a model with encoder and decoder, 128 unless
    given. `weights` is a safetensors file of the model; without it
    one beside the configuration is used, if there is any. Raises `ModelImportError` for a family that is not
    known, for a key that is missing or out of its range, and for `weights` that cannot be read.
    """
    table = None if weights is None else read_header(*shards_of(weights))
    files = beside(path) if path.name == CONFIG_NAME else FrozenDict()
    return _read(on_disk(path), files, dims, table)


def read_files(files: StoredFiles, dims: Mapping[str, int]) -> ModelGraph:
    """The graph of the model whose configuration, and whatever lies beside it, are `files`.

    Raises `ModelImportError` as `read` does.
    """
    return _read(files[CONFIG_NAME], files, dims, None)


def _read(
    file: StoredFile, files: StoredFiles, dims: Mapping[str, int], table: ParameterTable | None
) -> ModelGraph:
    content = file.whole(JSON_FILE_BYTES)
    around = found_beside(files)
    name = "" if file.name == CONFIG_NAME else Path(file.name).stem
    provenance = {"sha256": hashlib.sha256(content).hexdigest(), **around.provenance}
    keys = Keys(file.name, object_of(file.name, content))
    if table is not None:
        return _graph(keys, dims, name, table, provenance, ())
    return _graph(keys, dims, name, around.table, provenance, around.warnings)


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
    return "config" in graph.provenance and SEQUENCE in graph.dims


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
    sizes = open_sizes(keys, {**graph.dims, SEQUENCE: sequence}, blueprint)
    given = {name for name, size in sizes.items() if assumed(name, size) not in graph.warnings}
    stale = {*length_warnings(graph.dims, blueprint, given=())}
    kept = (warning for warning in graph.warnings if warning not in stale)
    return replace(
        graph,
        ops=_ops(blueprint, sizes, graph.provenance["dtype"]),
        dims=sizes,
        warnings=(*length_warnings(sizes, blueprint, given={SEQUENCE, *given}), *kept),
    )


def is_configuration(head: bytes, path: Path) -> bool:
    """True for a JSON object that names a model type, its classes or an adapter, or shows a family."""
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return False
    return _shows_family(head) or (
        path.stat().st_size <= IN_PROCESS_BYTES and _shows_family(first_bytes(path, IN_PROCESS_BYTES))
    )


def _shows_family(text: bytes) -> bool:
    return bool(OWN_KEY.search(text)) or is_untyped(text)


def _graph(
    keys: Keys,
    dims: Mapping[str, int],
    name: str,
    table: ParameterTable | None,
    provenance: Mapping[str, str],
    warnings: Sequence[str],
) -> ModelGraph:
    asked = keys
    keys, notes = in_known_form(keys, FAMILIES)
    blueprint = _blueprint(keys)
    sizes = open_sizes(keys, dims, blueprint)
    stated = stated_format(keys.values, table)
    ops = _ops(blueprint, sizes, stated.dtype)
    family = keys.values["model_type"]
    return ModelGraph(
        name=name or f"{family}-{_short_count(parameters_of(ops))}",
        ops=ops,
        batch_size=BATCH,
        dims=sizes,
        uncounted=_uncounted(asked, keys, ops, table),
        provenance={
            "format": FORMAT,
            "file": keys.file,
            "family": str(family),
            "architecture": keys.architecture or "not stated",
            "dtype": stated.dtype,
            "config": json.dumps(keys.plain(), sort_keys=True),
            **({"weights": str(table)} if table else {}),
            **stated.provenance,
            **provenance,
        },
        warnings=(
            *length_warnings(sizes, blueprint, given=dims),
            *blueprint.notes,
            *stated.warnings(),
            *(differences(ops, table) if table else []),
            *notes,
            *warnings,
        ),
    )


def _uncounted(asked: Keys, read: Keys, ops: Sequence[Op], table: ParameterTable | None) -> dict[str, int]:
    """Parts of the model that are not built, or by how many parameters the weights differ from the graph."""
    if asked.values.get("model_type") != read.values.get("model_type"):
        return left_out(asked)
    surplus = surplus_of(ops, table) if table else 0
    return {"parameters" if surplus > 0 else "unstored": abs(surplus)} if surplus else {}


def _blueprint(keys: Keys) -> Blueprint:
    family = keys.values.get("model_type")
    if family is None and adapter.OWN_KEY in keys.values:
        raise ModelImportError(f"{keys.file}: {adapter.adapter_refusal(keys.values)}")
    if not isinstance(family, str) or family not in FAMILIES:
        fact = f"model_type is {shown(family)}" if family else "model_type is missing"
        raise ModelImportError(f"{keys.file}: {fact}; read are {_near(family)}; else {EXPORT}{_made(keys)}")
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


def _near(family: Json) -> str:
    """Families of names like this one, or those that most people have, and how many more there are."""
    near = close_names(str(family), FAMILIES, most=NAMED_FAMILIES) or USUAL_FAMILIES
    return f"{', '.join(near)} and {len(FAMILIES) - len(near)} more (docs/formats.md lists them)"


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


def _ops(blueprint: Blueprint, sizes: Mapping[str, int], dtype: str) -> tuple[Op, ...]:
    net = Net(dtype)
    others = {name: sizes[name] for name in blueprint.others}
    blueprint.write(net, sizes.get(SEQUENCE, 0), **others)
    return tuple(net.ops)


def _short_count(count: int) -> str:
    return f"{in_prefix(count, 'G'):.2f}B" if count >= PREFIXES["G"] else f"{in_prefix(count, 'M'):.1f}M"


IMPORTER = Importer(
    name=FORMAT,
    about="the config.json of a transformer",
    suffixes=(".json",),
    sniff=is_configuration,
    read=read,
    in_process_bytes=IN_PROCESS_BYTES,
    reads_beside=header_bytes_beside,
)
