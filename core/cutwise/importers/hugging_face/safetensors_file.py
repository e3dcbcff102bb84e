"""Safetensors files given as a model: read with the configuration beside them, refused without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face import config_file as hf_config
from cutwise.importers.hugging_face.safetensors_header import (
    SUFFIX,
    looks_like_safetensors,
    read_header,
    shards_of,
)
from cutwise.importers.importer import Importer


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph that the config.json beside the weights at `path` describes, checked against them.

    Raises `ModelImportError` where there is none: weights alone do not say what is done with them.
    """
    config = path.with_name(hf_config.CONFIG_NAME)
    if config.is_file():
        return hf_config.read(config, dims, weights=path)
    table = read_header(*shards_of(path))
    raise ModelImportError(
        f"{table.file}: holds weights without a graph: {table}; give the {hf_config.CONFIG_NAME} beside it, "
        f"or {hf_config.EXPORT}"
    )


IMPORTER = Importer(
    name="safetensors",
    about=".safetensors",
    suffixes=(SUFFIX,),
    sniff=looks_like_safetensors,
    read=read,
)
