"""Reads the config.json of a diffusers UNet or autoencoder; its graph is worked out here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from cutwise.disk.bounded_files import bytes_in
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.diffusers_format.autoencoder import autoencoder, write_autoencoder
from cutwise.importers.diffusers_format.unet import Settings, unet, write_unet
from cutwise.importers.hugging_face.net import BATCH, Net
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.document import read_object, refuse_dims
from cutwise.read_limits import IN_PROCESS_BYTES, JSON_FILE_BYTES

FORMAT = "diffusers"
UNET, AUTOENCODER = "UNet2DConditionModel", "AutoencoderKL"
OWN_KEY = re.compile(rb'"_class_name"\s*:\s*"(UNet2DConditionModel|AutoencoderKL)"')
PASSES = FrozenDict({
    UNET: "one pass is counted, for one image and one text of 77 tokens: a picture takes many",
    AUTOENCODER: "both halves are counted: an image is made small, and large again",
})  # fmt: skip


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph of the UNet or autoencoder that the configuration at `path` describes, for one image.

    Raises `ModelImportError` for one of parts that are not built here.
    """
    refuse_dims(path, dims)
    config = read_object(path)
    kind = AUTOENCODER if config.get("_class_name") == AUTOENCODER else UNET
    net, settings = Net("fp32"), Settings(path.name, config, kind)
    if kind == UNET:
        write_unet(unet(settings), net)
    else:
        write_autoencoder(autoencoder(settings), net)
    digest = hashlib.sha256(bytes_in(path, most_bytes=JSON_FILE_BYTES)).hexdigest()
    return ModelGraph(
        name=kind if path.name == "config.json" else path.stem,
        ops=tuple(net.ops),
        batch_size=BATCH,
        provenance={"format": FORMAT, "file": path.name, "family": kind, "sha256": digest},
        warnings=(PASSES[kind],),
    )


IMPORTER = Importer(
    name=FORMAT,
    about="the config.json of a diffusers UNet or autoencoder",
    suffixes=(".json",),
    sniff=lambda head, path: bool(OWN_KEY.search(head)) and head.lstrip().startswith(b"{"),
    read=read,
    in_process_bytes=IN_PROCESS_BYTES,
)
