"""Reads the config.json of a diffusers UNet; its graph is worked out here, as the library runs it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.diffusers_format.unet import Settings, unet, write_unet
from cutwise.importers.hugging_face.net import BATCH, Net
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.document import read_object, refuse_dims
from cutwise.read_limits import IN_PROCESS_BYTES

FORMAT, CLASS = "diffusers", "UNet2DConditionModel"
OWN_KEY = re.compile(rb'"_class_name"\s*:\s*"UNet2DConditionModel"')


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph of the UNet that the configuration at `path` describes: one pass for one image and text.

    Raises `ModelImportError` for a UNet of parts that are not built here.
    """
    refuse_dims(path, dims)
    model = unet(Settings(path.name, read_object(path)))
    net = Net("fp32")
    write_unet(model, net)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ModelGraph(
        name="unet" if path.name == "config.json" else path.stem,
        ops=tuple(net.ops),
        batch_size=BATCH,
        provenance={"format": FORMAT, "file": path.name, "family": CLASS, "sha256": digest},
        warnings=("one pass is counted, for one image and one text of 77 tokens: a picture takes many",),
    )


IMPORTER = Importer(
    name=FORMAT,
    about="the config.json of a diffusers UNet",
    suffixes=(".json",),
    sniff=lambda head, path: bool(OWN_KEY.search(head)) and head.lstrip().startswith(b"{"),
    read=read,
    in_process_bytes=IN_PROCESS_BYTES,
)
